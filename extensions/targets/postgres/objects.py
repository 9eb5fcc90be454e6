"""Value objects in a table: the columns of their fields, and what keeps an absent one from being there by half."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model.fields import Field
    from .relation import Column


class MemberColumns(NamedTuple):
    """A field of a value object with its columns."""

    member: Field
    columns: tuple[Column, ...]


def by_member(field: Field, columns: Sequence[Column], counts: Sequence[int]) -> list[MemberColumns]:
    """The columns of a value object by its fields, which have so many each."""
    found, start = [], 0
    for member, count in zip(field.members, counts, strict=True):
        found.append(MemberColumns(member, tuple(columns[start : start + count])))
        start += count
    return found


def present(members: Sequence[MemberColumns]) -> Column | None:
    """The column that has a value where the object is there, rather one that readers see; none where it always is."""
    needed = [each for each in members if not each.member.optional]
    first = min(needed, key=lambda each: each.member.is_secret, default=None)
    return first and first.columns[0]


def together(field: Field, members: Sequence[MemberColumns]) -> tuple[tuple[str, ...], str] | None:
    """The columns that are all there or all absent, and the condition that says so; nothing where that is no matter."""
    needed = tuple(column.name for each in members if not each.member.optional for column in each.columns)
    if not field.optional or len(needed) < 2:
        return None
    return needed, f"num_nonnulls({', '.join(needed)}) IN (0, {len(needed)})"


def alone(field: Field, members: Sequence[MemberColumns]) -> Iterator[tuple[str, str]]:
    """Column → the condition that it is absent where the object is."""
    if field.optional:
        first = present(members)
        for each in members:
            if first and each.member.optional:
                yield each.columns[0].name, f"{each.columns[0].name} IS NULL OR {first.name} IS NOT NULL"
