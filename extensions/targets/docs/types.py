"""The type table of the documents: what an entity-relationship diagram of Mermaid says of a field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...types.numbers import is_wide
from ..rows import row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...types import Spec


def mermaid_type(spec: Spec) -> str:
    """The word for the field's type in a diagram."""
    return row_of(TABLE, spec, __name__)(spec)


def _own_word(spec: Spec) -> str:
    return spec.type.kind


def _identity(_spec: Spec) -> str:
    return "uuid"


TABLE: Mapping[str, Callable[[Spec], str]] = {
    "string": _own_word,
    "text": _own_word,
    "int": lambda spec: "bigint" if is_wide(spec) else "int",
    "bigint": _own_word,
    "decimal": _own_word,
    "float": _own_word,
    "money": lambda _spec: "Money",
    "bool": _own_word,
    "date": _own_word,
    "time": _own_word,
    "datetime": _own_word,
    "uuid": _identity,
    "email": _own_word,
    "url": _own_word,
    "phone": _own_word,
    "enum": lambda spec: spec.enum_class or "enum",
    "json": _own_word,
    "list": lambda spec: f"{mermaid_type(spec.item)}[]",
    "ref": _identity,
    "refs": lambda spec: f"{mermaid_type(spec.item)}[]",
    "id": _identity,
    "value object": lambda spec: spec.target,
}
