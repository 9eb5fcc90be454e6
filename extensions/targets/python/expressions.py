"""A field's value on its way between what clients send and see, the domain and a row, as expressions of the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .attributes import PythonField
    from .domain import PythonPart


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
    if field.members:
        return _object_from_row(field, places, "show")
    return view_from_columns(field, [f"row[{places[column.name]}]" for column in field.columns])


def view_from_columns(field: PythonField, columns: Sequence[str]) -> str:
    """What clients see of the values of its columns."""
    first = columns[0]
    if field.declared.kind != "money":
        return first
    return _unless_absent(field, first, lambda value: f"MoneyView(str({value}), {columns[1]})")


def domain_from_row(field: PythonField, stored: Mapping[str, int]) -> str:
    """The domain's value in a row of asyncpg, which has all columns, in these places."""
    if field.members:
        return _object_from_row(field, stored, "read")
    return domain_from_columns(field, [f'row["{column.name}"]' for column in field.columns])


def domain_from_columns(field: PythonField, columns: Sequence[str]) -> str:
    """The domain's value in the values of its columns."""
    first = columns[0]
    if field.declared.kind == "money":
        return _unless_absent(field, first, lambda value: f"Money({value}, {columns[1]})")
    return _unless_absent(field, first, lambda value: _enum(field, value)) if field.declared.enum else first


def _object_from_row(field: PythonField, places: Mapping[str, int], how: str) -> str:
    """A value object in a row that has its columns, next to each other, in these places."""
    columns = [column for column in field.columns if how == "read" or not column.secret]
    first = places[columns[0].name]
    present = field.present or columns[0]
    made = f"{field.declared.type.target}Mapper.{how}(row[{first}:{first + len(columns)}])"
    return _unless_absent(field, f"row[{places[present.name]}]", lambda _: made)


def domain_from_view(fields: Iterable[PythonField], variable: str, model: str = "") -> tuple[AttributeValue, ...]:
    """The domain's values in a view; `model` stands before the names of enums."""
    return tuple(AttributeValue(field.attribute, _domain_from_view(field, variable, model)) for field in fields)


def _domain_from_view(field: PythonField, variable: str, model: str) -> str:
    value = f"{variable}.{field.attribute}"
    if field.declared.kind == "money" or field.members:
        return _unless_absent(field, value, "{}.to_domain()".format)
    return _unless_absent(field, value, lambda seen: _enum(field, seen, model)) if field.declared.enum else value


def view_from_domain(fields: Iterable[PythonField], variable: str) -> tuple[AttributeValue, ...]:
    """What clients see of the domain's values."""
    return tuple(AttributeValue(field.attribute, _view_from_domain(field, variable)) for field in fields)


def _view_from_domain(field: PythonField, variable: str) -> str:
    value = f"{variable}.{field.attribute}"
    if field.declared.kind == "money" or field.members:
        return _unless_absent(field, value, f"{field.view}.of({{}})".format)
    return f"list({value})" if field.declared.type.inner and field.declared.enum else value


def row_from_domain(fields: Iterable[PythonField], variable: str) -> tuple[ColumnValue, ...]:
    """The values of every column of the fields."""
    found = []
    for field in fields:
        value = f"{variable}.{field.attribute}"
        if field.members:
            found.append(ColumnValue(field.columns[0].name, f"*{field.declared.type.target}Mapper.write({value})"))
            continue
        found += _by_column(field, value)
    return tuple(found)


def item_from_domain(fields: Iterable[PythonField], variable: str) -> tuple[ColumnValue, ...]:
    """The values of every column of the fields of a part, whose rows are JSON."""
    return tuple(each for field in fields for each in _by_column(field, f"{variable}.{field.attribute}"))


def _by_column(field: PythonField, value: str, there: str = "") -> Iterator[ColumnValue]:
    """The values of its columns; `there` is what has to be there above it."""
    inner = f"{there}{value} and " if field.declared.optional else there
    if field.members:
        for member in field.members:
            yield from _by_column(member, f"{value}.{member.attribute}", inner)
    elif field.declared.kind == "money":
        for column, name in zip(field.columns, ("amount", "currency"), strict=True):
            yield ColumnValue(column.name, f"{inner}{value}.{name}")
    else:
        yield ColumnValue(field.columns[0].name, f"{there}{value}")


def patched(field: PythonField) -> str:
    """The domain's value after a merge patch, which has None for what is absent, and for what is to be emptied."""
    name = field.attribute
    sent, before = f"self.{name}", f"before.{name}"
    if field.declared.readonly:
        return before
    is_merged, after = True, sent
    if field.members:
        place = f', "/{field.declared.wire}"' if field.takes_place else ""
        after = f"{sent}.apply({before}{place})"
    elif field.declared.kind == "json":
        after = f'merged({before}, {sent}, "{field.declared.wire}")'
    else:
        is_merged = False
    if not field.declared.optional:
        return f"{before} if {sent} is None else {after}"
    after = f"None if {sent} is None else {after}" if is_merged else after
    return f'{before} if "{name}" not in self.model_fields_set else {after}'


def created(field: PythonField) -> str:
    """The domain's value in what is sent of something new."""
    sent = f"self.{field.attribute}"
    return _unless_absent(field, sent, "{}.to_domain()".format) if field.members else sent


def begun(field: PythonField) -> str:
    """The domain's value in the patch of a value object that was absent; `place` is the object's."""
    sent = f"self.{field.attribute}"
    if field.declared.optional:
        return sent
    if field.default is not None:
        return f"{field.default.python} if {sent} is None else {sent}"
    return f'_sent({sent}, f"{{place}}/{field.declared.wire}")'


def patched_part(part: PythonPart) -> str:
    """The domain's items of a part after a merge patch."""
    name, variable = part.attribute, part.variable
    return f"before.{name} if self.{name} is None else [{variable}.to_domain() for {variable} in self.{name}]"


def _enum(field: PythonField, value: str, model: str = "") -> str:
    """The words of an enum as its members."""
    if field.declared.type.inner:
        return f"[{model}{field.declared.enum}(each) for each in {value}]"
    return f"{model}{field.declared.enum}({value})"


def _unless_absent(field: PythonField, value: str, convert: Callable[[str], str]) -> str:
    converted = convert(value)
    return f"None if {value} is None else {converted}" if field.declared.optional else converted
