"""The SQL statements of a repository: what they select, and their parameters, which are named as the columns are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...text.columns import WIDTH
from .objects import present
from .tables import members_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...model.fields import Field
    from .relation import Column, Table

_CONDITION_INDENT = 12
"""Columns by which the condition of a part's subquery is indented."""

_VALUE_INDENT = 16
"""The same of the values that it selects."""


class ConstraintPlace(NamedTuple):
    """A constraint by its name, and the member of a request's body that breaks it, as a JSON pointer."""

    name: str
    pointer: str


class Statements(NamedTuple):
    """The columns and parameters in the statements of an aggregate."""

    columns: tuple[str, ...]
    shown_columns: tuple[str, ...]
    """Those that clients see: no secrets."""
    places: Mapping[str, int]
    """Where a row for clients has its columns."""
    has_secrets: bool
    insert_values: tuple[str, ...]
    update_values: tuple[str, ...]
    constraints: tuple[ConstraintPlace, ...]
    """Those that a client's value can violate, of the aggregate and of its parts."""


class PartStatements(NamedTuple):
    """The place of a part in the statements of its aggregate."""

    condition: str
    place: int
    """Where a row has the part's items."""


class LinkStatements(NamedTuple):
    """A list of references in the statements of its aggregate."""

    column: str
    """The name of the list in a row, and of the parameter that has it."""
    table: str
    owner: str
    target: str
    condition: str


class FieldStatements(NamedTuple):
    """A field in the statements."""

    json_select: str
    """The field's value as JSON."""


def statements(table: Table, parts: Sequence[Table]) -> Statements:
    """The columns and parameters of the statements for an aggregate's table and those of its parts."""
    names = [column.name for column in table.columns]
    shown = [column.name for column in table.columns if not column.secret]
    changed = [name for name in names if name not in {"id", "created_at"}]
    return Statements(
        columns=tuple(names),
        shown_columns=tuple(shown),
        places={name: place for place, name in enumerate(shown)} | _places(table, len(shown) + len(parts)),
        has_secrets=len(shown) < len(names),
        insert_values=tuple(f":{column.name}::{column.cast}" for column in table.columns),
        update_values=tuple(f"{name} = :{name}" for name in changed),
        constraints=tuple(
            ConstraintPlace(name=constraint.name, pointer=constraint.pointer)
            for owner in (table, *parts, *(link.table for link in table.links))
            for constraint in owner.constraints
            if constraint.pointer and constraint.kind != "pk"
        ),
    )


def part_statements(table: Table, parts: Sequence[Table], own: Statements) -> tuple[PartStatements, ...]:
    """The places of the parts of a table, which come after the table's `own`."""
    return tuple(
        PartStatements(
            condition=_condition(part, table.name),
            place=len(own.shown_columns) + index,
        )
        for index, part in enumerate(parts)
    )


def link_statements(table: Table) -> tuple[LinkStatements, ...]:
    """The lists of references of the aggregate that has this table."""
    return tuple(
        LinkStatements(
            column=link.column.name,
            table=link.table.name,
            owner=link.owner,
            target=link.target,
            condition=_condition(link.table, table.name),
        )
        for link in table.links
    )


def _places(table: Table, first: int) -> dict[str, int]:
    """Where a row has the lists of references: behind the parts."""
    return {link.column.name: place for place, link in enumerate(table.links, start=first)}


def field_statements(field: Field, columns: Sequence[Column]) -> FieldStatements:
    """How the statements name a field's value; money and value objects are objects of their columns."""
    return FieldStatements(_json(field, columns, _VALUE_INDENT))


def _json(field: Field, columns: Sequence[Column], indent: int) -> str:
    """The value as JSON, in lines that are indented by so many columns."""
    there = columns[0].name
    above = indent + (8 if field.optional else 4)
    if field.members:
        members = members_of(field, columns)
        first = present(members)
        there = first.name if first else there
        values = [_member(member.wire, _json(member, own, above), above) for member, own in members]
    elif field.kind == "money":
        values = [f"'amount', {there}::text", f"'currency', {columns[1].name}"]
    else:
        return there
    inner = _indented("\n" + ",\n".join(values))
    value = f"json_build_object({inner}\n)"
    return f"CASE\n    WHEN {there} IS NOT NULL\n    THEN {_indented(value)}\nEND" if field.optional else value


def _member(wire: str, value: str, indent: int) -> str:
    """A member of an object with its value, below its name where both do not fit on one line."""
    line = f"'{wire}', {value}"
    longest = max(map(len, line.splitlines()))
    return line if longest + 1 <= WIDTH - indent or "\n" in value else f"'{wire}',\n    {value}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def _condition(part: Table, parent: str) -> str:
    """Which items belong to the row of the parent's table."""
    condition = f"WHERE {part.keys[0].name} = {parent}.id"
    return condition if len(condition) <= WIDTH - _CONDITION_INDENT else condition.replace(" = ", "\n    = ")
