"""A domain under the new names of another one: what the last update would have been made from, had it known them."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ..language.formulas import renamed as formula_renamed
from ..language.parser import is_whole_aggregate
from ..language.parser.rules import renamed
from ..model.diff import diff
from .reading import domain_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model.diff import AggregateDiff, TypeDiff

Renames = dict[str, str]


def under_new_names(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old domain with the names that the new one gives by `renamed_from`; both are valid."""
    changes = diff(domain_model(old), domain_model(new))
    aggregates = changes.aggregates.names
    same = {each.old.name: each for each in changes.in_aggregates}
    result = deepcopy(dict(old))
    result["aggregates"] = {}
    for name, body in old["aggregates"].items():
        called = aggregates.get(name, name)
        copied = deepcopy(body)
        if name in same:
            _rename_fields(copied, same[name])
            if name in aggregates:
                _take_plural(copied, new["aggregates"][called])
        result["aggregates"][called] = copied
    for each in changes.in_types:
        body = result["types"][each.old.name]
        inner = body.get("fields")
        is_whole = isinstance(inner, dict) and not isinstance(inner.get("type"), str)
        _rename_keys(inner if is_whole else body, each.fields.names)
        _rename_set(result["aggregates"].values(), each)
    _replace_types(result["aggregates"], aggregates)
    _replace_types(result.get("types"), aggregates)
    for event in (result.get("consumes") or {}).values():
        aggregate, dot, action = str(event.get("triggers") or "").partition(".")
        if dot and aggregate in aggregates:
            event["triggers"] = f"{aggregates[aggregate]}.{action}"
    return result


def _rename_set(aggregates: Iterable[Any], changes: TypeDiff) -> None:
    """What actions set inside of fields of a type."""
    for body in filter(is_whole_aggregate, aggregates):
        for action in (body.get("lifecycle") or {"actions": {}})["actions"].values():
            names = {}
            for name in action.get("sets") or ():
                first, _, inside = name.partition(".")
                field = body["fields"].get(first)
                written = field["type"] if isinstance(field, dict) else field
                if inside in changes.fields.names and written.split()[0].rstrip("?") == changes.old.name:
                    names[name] = f"{first}.{changes.fields.names[inside]}"
            if names:
                _rename_keys(action["sets"], names)


def _rename_fields(body: dict[str, Any], changes: AggregateDiff) -> None:
    names = changes.fields.names
    whole = is_whole_aggregate(body)
    inner = {part.old.name: part.fields.names for part in changes.in_parts}
    _rename_in_formulas(body["fields"] if whole else body, names, inner)
    for part in changes.in_parts:
        _rename_in_formulas(body["parts"][part.old.name]["fields"], part.fields.names, {})
    if not whole:
        _rename_keys(body, names)
        return
    _rename_keys(body["fields"], names)
    for key in ("filter", "sort", "order"):
        if body.get(key):
            body[key] = [_under_new_name(each, names) for each in _listed(body[key])]
    if body.get("search"):
        searched = body["search"] if isinstance(body["search"], dict) else body
        key = "fields" if searched is not body else "search"
        searched[key] = [names.get(name, name) for name in _listed(searched[key])]
    _rename_in_keys(body, names)
    _rename_in_rules(body, names)
    for action in (body.get("lifecycle") or {"actions": {}})["actions"].values():
        if action.get("input"):
            _rename_keys(action["input"], names)  # what sets a field has its name
        if action.get("sets"):
            _rename_keys(action["sets"], {name: _first_renamed(name, names) for name in action["sets"]})
        if action.get("clears"):
            cleared = [action["clears"]] if isinstance(action["clears"], str) else action["clears"]
            action["clears"] = [names.get(name, name) for name in cleared]
    for part in changes.in_parts:
        _rename_keys(body["parts"][part.old.name]["fields"], part.fields.names)
        _rename_in_keys(body["parts"][part.old.name], part.fields.names)
        _rename_in_rules(body["parts"][part.old.name], part.fields.names)


def _first_renamed(name: str, names: Renames) -> str:
    """The field, or what is inside of it, with its own new name."""
    first, dot, inside = name.partition(".")
    return f"{names.get(first, first)}{dot}{inside}"


def _under_new_name(said: str | list[str], names: Renames) -> str | list[str]:
    """A field by which lists are narrowed or ordered, with its words or its sign, or several of them together."""
    if isinstance(said, list):
        return [str(_under_new_name(each, names)) for each in said]
    name, *words = said.split()
    bare = name.removeprefix("-")
    return " ".join((name.removesuffix(bare) + names.get(bare, bare), *words))


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _rename_in_keys(body: dict[str, Any], names: Renames) -> None:
    """What is unique over several fields goes by their new names."""
    if body.get("unique"):
        body["unique"] = [[names.get(name, name) for name in key] for key in body["unique"]]


def _rename_in_rules(body: dict[str, Any], names: Renames) -> None:
    """Rules are about fields by their new names."""
    if body.get("rules"):
        body["rules"] = [renamed(rule, names) for rule in body["rules"]]


def _rename_in_formulas(fields: dict[str, Any], names: Renames, inner: Mapping[str, Renames]) -> None:
    """What is computed is made of fields by their new names."""
    for name, said in fields.items():
        if isinstance(said, str) and (found := re.fullmatch(r"(.*\scomputed\s)(.+)", said)):
            fields[name] = found[1] + formula_renamed(found[2], names, inner)
        elif isinstance(said, dict) and isinstance(said.get("computed"), str):
            said["computed"] = formula_renamed(said["computed"], names, inner)
        elif isinstance(said, dict) and isinstance(said.get("type"), str):
            _rename_in_formulas(said, names, inner)


def _rename_keys(mapping: dict[str, Any], names: Renames) -> None:
    """Give keys other names, in the order in which they are."""
    items = [(names.get(name, name), value) for name, value in mapping.items()]
    mapping.clear()
    mapping.update(items)


def _take_plural(body: dict[str, Any], new: Any) -> None:
    """The plural that the new domain gives, or none where English has it."""
    given = new.get("plural") if isinstance(new, dict) and is_whole_aggregate(new) else None
    if is_whole_aggregate(body):
        body.pop("plural", None)
        if given is not None:
            body["plural"] = given
    elif given is not None:
        fields = dict(body)
        body.clear()
        body.update({"plural": given, "fields": fields})


def _replace_types(value: Any, names: Renames) -> None:
    """Let references lead to the new names."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if isinstance(inner, str):
            value[key] = re.sub(r"^(\s*refs?\s+)(\w+)", lambda m: m[1] + names.get(m[2], m[2]), inner)
        else:
            _replace_types(inner, names)
