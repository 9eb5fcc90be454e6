"""The SQL statements of a repository: what they select, and the numbers of their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...text.columns import WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...model.domain import Field
    from .relation import Column, Table

CLAIM_ARGS = 9
"""The arguments of `CLAIM` in platform/idempotency.py; those of an aggregate's INSERT follow."""

FIRST_CHANGED = 3
"""The first parameter of an aggregate's UPDATE that it sets; its id and its version before are those ahead."""

_CONDITION_INDENT = 12
"""Columns by which the condition of a part's subquery is indented."""


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
    id_number: int
    """The number of the id's parameter in INSERT."""
    insert_values: tuple[str, ...]
    update_values: tuple[str, ...]
    constraints: tuple[ConstraintPlace, ...]
    """Those that a client's value can violate, of the aggregate and of its parts."""


class PartStatements(NamedTuple):
    """The place and the parameters of a part in the statements of its aggregate."""

    condition: str
    place: int
    """Where a row has the part's items."""
    data_number: int
    """The number of the items' parameter in INSERT."""
    update_number: int
    """The number of the items' parameter in UPDATE."""


class FieldStatements(NamedTuple):
    """A field in the statements."""

    json_select: str
    """The field's value as JSON."""


def statements(table: Table, parts: Sequence[Table]) -> Statements:
    """The columns and parameters of the statements for an aggregate's table and those of its parts."""
    names = [column.name for column in table.columns]
    shown = [column.name for column in table.columns if not column.secret]
    changed = [name for name in names if name not in {"id", "created_at"}]
    first = CLAIM_ARGS + 1
    return Statements(
        columns=tuple(names),
        shown_columns=tuple(shown),
        places={name: place for place, name in enumerate(shown)},
        has_secrets=len(shown) < len(names),
        id_number=first,
        insert_values=tuple(f"${number}::{column.cast}" for number, column in enumerate(table.columns, first)),
        update_values=tuple(f"{name} = ${number}" for number, name in enumerate(changed, FIRST_CHANGED)),
        constraints=tuple(
            ConstraintPlace(name=constraint.name, pointer=constraint.pointer)
            for owner in (table, *parts)
            for constraint in owner.constraints
            if constraint.pointer and constraint.kind != "pk"
        ),
    )


def part_statements(table: Table, parts: Sequence[Table], own: Statements) -> tuple[PartStatements, ...]:
    """The places and parameters of the parts of a table, which come after the table's `own`."""
    return tuple(
        PartStatements(
            condition=_condition(part, table.name),
            place=len(own.shown_columns) + index,
            data_number=own.id_number + len(own.columns) + index,
            update_number=FIRST_CHANGED + len(own.update_values) + index,
        )
        for index, part in enumerate(parts)
    )


def field_statements(field: Field, columns: Sequence[Column]) -> FieldStatements:
    """How the statements name a field's value; an amount of money is an object of its two columns."""
    first = columns[0].name
    if field.kind != "money":
        return FieldStatements(first)
    value = f"json_build_object(\n    'amount', {first}::text,\n    'currency', {columns[1].name}\n)"
    if field.optional:
        inner = value.replace("\n", "\n    ")
        value = f"CASE\n    WHEN {first} IS NOT NULL\n    THEN {inner}\nEND"
    return FieldStatements(value)


def _condition(part: Table, parent: str) -> str:
    """Which items belong to the row of the parent's table."""
    condition = f"WHERE {part.keys[0].name} = {parent}.id"
    return condition if len(condition) <= WIDTH - _CONDITION_INDENT else condition.replace(" = ", "\n    = ")
