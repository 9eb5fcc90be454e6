"""A domain under the new names of another one: what the last update would have been made from, had it known them."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ..language.parser import is_whole_aggregate
from .reading import build_model

if TYPE_CHECKING:
    from collections.abc import Mapping

Renames = dict[str, str]


def under_new_names(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old domain with the names that the new one gives by `renamed_from`; both are valid."""
    before, after = build_model(old), build_model(new)
    known = {aggregate["name"]: aggregate for aggregate in before["aggregates"]}
    aggregates: Renames = {}
    for aggregate in after["aggregates"]:
        former = aggregate["renamed_from"]
        if aggregate["name"] not in known and former in known:
            aggregates[former] = aggregate["name"]
    result = deepcopy(dict(old))
    result["aggregates"] = {}
    for name, body in old["aggregates"].items():
        called = aggregates.get(name, name)
        model = next((each for each in after["aggregates"] if each["name"] == called), None)
        copied = deepcopy(body)
        if model is not None:
            _rename_fields(copied, known[name], model)
            if name in aggregates:
                _take_plural(copied, new["aggregates"][called])
        result["aggregates"][called] = copied
    _replace_types(result["aggregates"], aggregates)
    for event in (result.get("consumes") or {}).values():
        aggregate, dot, action = str(event.get("triggers") or "").partition(".")
        if dot and aggregate in aggregates:
            event["triggers"] = f"{aggregates[aggregate]}.{action}"
    return result


def _rename_fields(body: dict[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    changed = field_renames(old, new)
    if not is_whole_aggregate(body):
        _rename_keys(body, changed)
        return
    _rename_keys(body["fields"], changed)
    for key in ("filter", "sort"):
        if body.get(key):
            body[key] = [changed.get(name, name) for name in body[key]]
    parts = {part["name"]: part for part in new["parts"]}
    for part in old["parts"]:
        if part["name"] in parts:
            _rename_keys(body["parts"][part["name"]]["fields"], field_renames(part, parts[part["name"]]))


def field_renames(old: Mapping[str, Any], new: Mapping[str, Any]) -> Renames:
    """Former name → new name of the fields of an aggregate or a part."""
    before = {field["name"] for field in old["fields"]}
    after = {field["name"] for field in new["fields"]}
    return {
        field["renamed_from"]: field["name"]
        for field in new["fields"]
        if field["name"] not in before and field["renamed_from"] in before - after
    }


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
            value[key] = re.sub(r"^(\s*ref\s+)(\w+)", lambda m: m[1] + names.get(m[2], m[2]), inner)
        else:
            _replace_types(inner, names)
