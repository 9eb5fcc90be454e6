"""The columns of an aggregate in conditions, which rules make of them and stores evaluate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .attributes import PythonField
    from .domain import PythonAggregate

_ORDERED = frozenset({"bigint", "date", "datetime", "decimal", "float", "int", "time"})
"""The kinds of fields whose values have the same order in Python and in SQL; that of text depends on a database."""


class ConditionColumn(NamedTuple):
    """A column by its attribute, and the expression that makes it."""

    attribute: str
    code: str
    python: str
    """The type of its values."""


def condition_columns(aggregate: PythonAggregate) -> tuple[ConditionColumn, ...]:
    """The columns of an aggregate with one value each; lists and documents are in no condition."""
    found = [_column("id", "id", "UUID", "uuid")]
    for field in aggregate.fields:
        found += _columns(field)
    if aggregate.declared.lifecycle:
        found.append(_column("status", "status", "str", "text"))
    found.append(_column("created_at", "created_at", "datetime", "timestamptz", ordered=True))
    found.append(_column("modified_at", "modified_at", "datetime", "timestamptz", ordered=True))
    return tuple(found)


def _columns(field: PythonField) -> list[ConditionColumn]:
    if field.members:
        return [each for member in field.members for each in _inside(field, member)]
    name, kind = field.attribute, field.declared.kind
    first = field.columns[0]
    if field.declared.type.inner or kind == "json":
        return []
    if kind == "money":
        currency = field.columns[1]
        return [
            _column(f"{name}_amount", first.name, "Decimal", first.cast, f"{name}.amount", ordered=True),
            _column(f"{name}_currency", currency.name, "str", currency.cast, f"{name}.currency"),
        ]
    python = "str" if field.declared.enum else field.python
    return [_column(name, first.name, python, first.cast, name, ordered=kind in _ORDERED)]


def _inside(field: PythonField, member: PythonField) -> list[ConditionColumn]:
    """The columns of a field of a value object, which has its place in the object."""
    above = member._replace(attribute=f"{field.attribute}.{member.attribute}")
    return [each._replace(attribute=each.attribute.replace(".", "_", 1)) for each in _columns(above)]


def _column(
    attribute: str, name: str, python: str, cast: str, path: str = "", *, ordered: bool = False
) -> ConditionColumn:
    kind = "OrderedColumn" if ordered else "Column"
    where = f', "{path}"' if path not in ("", name) else ""
    return ConditionColumn(attribute, f'{kind}[{python}]("{name}", "{cast}"{where})', python)
