"""A field's value on its way between what clients send and see, the domain and a row, as expressions of the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Model = dict[str, Any]


def view_from_row(field: Model, places: Mapping[str, int]) -> str:
    """What clients see of a row of asyncpg that has its columns in these places."""
    first = f"row[{places[field['column']]}]"
    if field["kind"] != "money":
        return first
    currency = f"row[{places[field['columns'][1]['name']]}]"
    return _unless_absent(field, first, lambda value: f"MoneyView(str({value}), {currency})")


def domain_from_row(field: Model) -> str:
    """The domain's value in a row of asyncpg."""
    first = f'row["{field["column"]}"]'
    if field["kind"] == "money":
        currency = f'row["{field["columns"][1]["name"]}"]'
        return _unless_absent(field, first, lambda value: f"Money({value}, {currency})")
    return _unless_absent(field, first, lambda value: enum(field, value)) if field["enum"] else first


def domain_from_view(field: Model, variable: str) -> str:
    """The domain's value in a view."""
    value = f"{variable}.{field['attribute']}"
    if field["kind"] == "money":
        return _unless_absent(field, value, "{}.to_domain()".format)
    return _unless_absent(field, value, lambda seen: enum(field, seen)) if field["enum"] else value


def view_from_domain(field: Model, variable: str) -> str:
    """What clients see of the domain's value."""
    value = f"{variable}.{field['attribute']}"
    if field["kind"] == "money":
        return _unless_absent(field, value, "MoneyView.of({})".format)
    return f"list({value})" if field["item"] and field["enum"] else value


def patched(field: Model) -> str:
    """The domain's value after a merge patch, which has None for what is absent, and for what is to be emptied."""
    name = field["attribute"]
    sent, before = f"self.{name}", f"before.{name}"
    if field["readonly"]:
        return before
    is_json = field["kind"] == "json"
    after = f'merged({before}, {sent}, "{field["wire"]}")' if is_json else sent
    if not field["optional"]:
        return f"{before} if {sent} is None else {after}"
    after = f"None if {sent} is None else {after}" if is_json else after
    return f'{before} if "{name}" not in self.model_fields_set else {after}'


def patched_part(part: Model) -> str:
    """The domain's items of a part after a merge patch."""
    name, variable = part["attribute"], part["variable"]
    return f"before.{name} if self.{name} is None else [{variable}.to_domain() for {variable} in self.{name}]"


def enum(field: Model, value: str) -> str:
    """The words of an enum as its members."""
    if field["item"]:
        return f"[{field['enum']}(each) for each in {value}]"
    return f"{field['enum']}({value})"


def _unless_absent(field: Model, value: str, convert: Callable[[str], str]) -> str:
    converted = convert(value)
    return f"None if {value} is None else {converted}" if field["optional"] else converted
