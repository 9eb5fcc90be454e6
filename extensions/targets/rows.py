"""What the type tables of the targets have in common: a row for each type of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..types import Spec

Row = TypeVar("Row")


class MissingRowError(LookupError):
    """A target does not know a type of the language."""


def row_of(table: Mapping[str, Row], spec: Spec, module: str) -> Row:
    """The type's row of the table in the module; raises MissingRowError, which names both."""
    try:
        return table[spec.type.kind]
    except KeyError:
        place = module.partition(".targets.")[2].replace(".", "/")
        raise MissingRowError(f"the type {spec.type.kind!r} has no row in targets/{place}.py") from None
