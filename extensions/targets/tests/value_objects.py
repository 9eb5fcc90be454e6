"""What the generated tests try of value objects: patches that merge, that remove, and that send too little.

Of those in parts, which are replaced, it is what an item is without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..python.literals import python_text, row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ...model.domain import Aggregate
    from ...model.fields import Field


class ObjectTest(NamedTuple):
    """What is tried of a value object, as code."""

    wire: str
    change: str
    """Members of it that a patch changes, or takes away by None."""
    needed: str
    """What has to be sent of one that was absent; None where it is never absent."""


def object_tests(aggregate: Aggregate) -> Iterator[ObjectTest]:
    """The tests of the value objects that a new aggregate has."""
    ruled = {wire for rule in aggregate.rules for wire in rule.wires}
    for field in aggregate.input_fields:
        if field.members and not (field.is_secret or field.left_out):
            needed = [member.wire for member in field.members if member.required]
            goes = field.optional and field.wire not in ruled
            yield ObjectTest(field.wire, python_text(_change(field)), row(needed) if goes else "None")


def item_object_tests(aggregate: Aggregate, without: Collection[str]) -> Iterator[tuple[str, str]]:
    """The parts, and the value objects that their items may do without, as far as a new aggregate has items."""
    for part in aggregate.parts:
        ruled = {wire for rule in part.rules for wire in rule.wires}
        for field in part.input_fields:
            shown = field.members and field.optional and not field.left_out
            if shown and field.wire not in ruled and part.entity not in without:
                yield part.name, field.wire


def another(field: Field) -> dict[str, Any]:
    """Another value of one member of the value object; nothing where none has one that is no reference."""
    others = (
        member for member in field.members if len(member.examples) > 1 and not (member.target or member.is_secret)
    )
    return next(({member.wire: member.examples[1]} for member in others), {})


def _change(field: Field) -> dict[str, Any]:
    """Another value of one member, and none of another."""
    change = another(field)
    optional = (member for member in field.members if member.optional and not member.is_secret)
    gone = next((member for member in optional if member.wire not in change), None)
    return change if gone is None else change | {gone.wire: None}
