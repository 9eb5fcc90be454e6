"""A field's value on its way between what clients send and see, the domain and a row, as expressions of the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .domain import PythonField, PythonPart


class AttributeValue(NamedTuple):
    """An attribute of an object that is made, and the expression for its value."""

    attribute: str
    value: str


class ColumnValue(NamedTuple):
    """A column that is written, and the expression for its value."""

    column: str
    value: str


def view_from_row(field: PythonField, places: Mapping[str, int]) -> str:
    """What clients see of a row of asyncpg that has its columns in these places."""
    first = f"row[{places[field.columns[0].name]}]"
    if field.declared.kind != "money":
        return first
    currency = f"row[{places[field.columns[1].name]}]"
    return _unless_absent(field, first, lambda value: f"MoneyView(str({value}), {currency})")


def domain_from_row(field: PythonField) -> str:
    """The domain's value in a row of asyncpg."""
    first = f'row["{field.columns[0].name}"]'
    if field.declared.kind == "money":
        currency = f'row["{field.columns[1].name}"]'
        return _unless_absent(field, first, lambda value: f"Money({value}, {currency})")
    return _unless_absent(field, first, lambda value: _enum(field, value)) if field.declared.enum else first


def domain_from_view(fields: Iterable[PythonField], variable: str) -> tuple[AttributeValue, ...]:
    """The domain's values in a view."""
    return tuple(AttributeValue(field.attribute, _domain_from_view(field, variable)) for field in fields)


def _domain_from_view(field: PythonField, variable: str) -> str:
    value = f"{variable}.{field.attribute}"
    if field.declared.kind == "money":
        return _unless_absent(field, value, "{}.to_domain()".format)
    return _unless_absent(field, value, lambda seen: _enum(field, seen)) if field.declared.enum else value


def view_from_domain(fields: Iterable[PythonField], variable: str) -> tuple[AttributeValue, ...]:
    """What clients see of the domain's values."""
    return tuple(AttributeValue(field.attribute, _view_from_domain(field, variable)) for field in fields)


def _view_from_domain(field: PythonField, variable: str) -> str:
    value = f"{variable}.{field.attribute}"
    if field.declared.kind == "money":
        return _unless_absent(field, value, "MoneyView.of({})".format)
    return f"list({value})" if field.declared.type.inner and field.declared.enum else value


def row_from_domain(fields: Iterable[PythonField], variable: str) -> tuple[ColumnValue, ...]:
    """The values of every column of the fields."""
    found = []
    for field in fields:
        value = f"{variable}.{field.attribute}"
        if field.declared.kind != "money":
            found.append(ColumnValue(field.columns[0].name, value))
            continue
        for column, member in zip(field.columns, ("amount", "currency"), strict=True):
            expression = f"{value} and {value}.{member}" if field.declared.optional else f"{value}.{member}"
            found.append(ColumnValue(column.name, expression))
    return tuple(found)


def patched(field: PythonField) -> str:
    """The domain's value after a merge patch, which has None for what is absent, and for what is to be emptied."""
    name = field.attribute
    sent, before = f"self.{name}", f"before.{name}"
    if field.declared.readonly:
        return before
    is_json = field.declared.kind == "json"
    after = f'merged({before}, {sent}, "{field.declared.wire}")' if is_json else sent
    if not field.declared.optional:
        return f"{before} if {sent} is None else {after}"
    after = f"None if {sent} is None else {after}" if is_json else after
    return f'{before} if "{name}" not in self.model_fields_set else {after}'


def patched_part(part: PythonPart) -> str:
    """The domain's items of a part after a merge patch."""
    name, variable = part.attribute, part.variable
    return f"before.{name} if self.{name} is None else [{variable}.to_domain() for {variable} in self.{name}]"


def _enum(field: PythonField, value: str) -> str:
    """The words of an enum as its members."""
    if field.declared.type.inner:
        return f"[{field.declared.enum}(each) for each in {value}]"
    return f"{field.declared.enum}({value})"


def _unless_absent(field: PythonField, value: str, convert: Callable[[str], str]) -> str:
    converted = convert(value)
    return f"None if {value} is None else {converted}" if field.declared.optional else converted
