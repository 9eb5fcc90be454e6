"""Annotations that deserve a name of their own."""

from __future__ import annotations

from typing import NamedTuple

from ...text.columns import WIDTH


class Alias(NamedTuple):
    """The name of an annotation that deserves one, and the statement that gives it."""

    name: str
    definition: str


def alias_of(name: str, annotation: str) -> Alias:
    """The name with the statement, which is broken where the formatter breaks it."""
    statement = f"{name} = {annotation}"
    if len(statement) > WIDTH:
        inner = annotation.removeprefix("Annotated[").removesuffix("]")
        statement = f"{name} = Annotated[\n    {inner}\n]"
    return Alias(name=name, definition=statement)
