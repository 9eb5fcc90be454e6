"""References to any number of aggregates of this context."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from .base import FieldTypeError, Spec, whole_number
from .choices import ListType
from .wire import LONGEST_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator


class RefsType(ListType):
    kind = "refs"
    syntax = "refs X"
    meaning = "references to up to 100 aggregates X of this context, each once"
    sample = "refs Tag"
    shape = r"refs\s+[A-Z][A-Za-z0-9]*"
    arguments = structured = defaultable = False
    filterable = True
    asks = ("any",)
    refers = local = many = True
    nullable = "refs is never absent; where it refers to nothing it is empty: drop the '?'"

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        if low is not None:
            raise FieldTypeError("min has no meaning for refs, which may always be empty; drop it")
        most = whole_number(high, "max")
        if not 1 <= most <= LONGEST_LIST:
            raise FieldTypeError(f"max of refs is how many there may be; expected 1 to {LONGEST_LIST}")
        return replace(spec, high=most)

    def written(self, spec: Spec) -> str:
        return f"refs {spec.target}"

    def value(self, spec: Spec, raw: object) -> list[Any]:
        values = super().value(spec, raw)
        if len({*values}) < len(values):
            raise FieldTypeError("the list has a value twice; drop one")
        return values

    def examples(self, spec: Spec) -> Iterator[list[str]]:
        values = list(islice(spec.item.type.examples(replace(spec.item, name=spec.name)), 2))
        yield values[:1]
        if spec.high != 1:
            yield values
