"""The model as templates read it: plain mappings and lists that survive JSON, with what every target adds.

This is the last step: nothing is checked here, and nothing but templates and their filters reads the result.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..model.assignments import assigned
from ..model.deletion import consequences
from ..model.rules import sentence
from ..targets.openapi.names import id_parameter, operation_id, path_of
from ..targets.openapi.types import SHARED_SCHEMAS
from ..targets.postgres.tables import columns, tables
from ..targets.python.aggregates import article, removal
from ..targets.python.attributes import python_field
from ..targets.python.domain import module_of, python_domain
from ..targets.python.names import member_names
from ..text.plain import plain
from .fieldview import field_view, filter_view, sort_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model.domain import Action, Aggregate, Consumed, Domain, EnumType, Member, Part, State, ValueType
    from ..targets.postgres.relation import Link, Table
    from ..targets.python.domain import PythonAggregate, PythonCommand, PythonPart

Json = dict[str, Any]

_DIAGRAM_WORDS = frozenset({"end", "note", "state", "direction"})
"""What Mermaid takes for something else in a diagram of states."""


def view(domain: Domain) -> Json:
    """The whole domain."""
    stored = tables(domain)
    return view_of(domain, stored, python_domain(domain, stored))


def view_of(domain: Domain, stored: Mapping[str, Table], code: Mapping[str, PythonAggregate]) -> Json:
    """The domain with these tables, by aggregate and by entity of a part, and with these aggregates in Python."""
    aggregates = [_aggregate(each, stored, domain) for each in code.values()]
    types = [_type(each, domain) for each in domain.types]
    return {
        "context": domain.context,
        "title": domain.title,
        "description": domain.description,
        "aggregates": aggregates,
        "consumes": [_consumed(event, domain) for event in domain.consumes],
        "types": types,
        "schemas": _shared_schemas([*aggregates, *types]),
    }


def _type(value: ValueType, domain: Domain) -> Json:
    """A value object."""
    return {
        "name": value.name,
        "title": value.title,
        "a": f"{article(value.title)} {value.title}",
        "description": value.description,
        "is_optional": value.name in domain.optional_types,
        "fields": [field_view(python_field(field, columns(field)), domain) for field in value.fields],
        "enums": [_enum(enum) for enum in value.enums],
    }


def _aggregate(code: PythonAggregate, stored: Mapping[str, Table], domain: Domain) -> Json:
    aggregate = code.declared
    table, path = stored[aggregate.name], path_of(aggregate)
    fields = _fields(code, domain)
    parts = [_part(part, stored[part.declared.entity], domain) for part in code.parts]
    filters = [filter_view(each, aggregate, fields) for each in code.filters]
    return {
        "name": aggregate.name,
        "renamed_from": aggregate.renamed_from,
        "schema": aggregate.name,
        "module": code.module,
        "singular": aggregate.singular,
        "variable": code.variable,
        "title": aggregate.title,
        "titles": aggregate.titles,
        "article": article(aggregate.title),
        "plural": aggregate.plural,
        "path": path,
        "table": table.name,
        "id_param": id_parameter(aggregate),
        "description": aggregate.description,
        "scope_read": f"{path}.read",
        "scope_write": f"{path}.write",
        "fields": fields,
        "input_fields": [field for field in fields if not field["readonly"]],
        "output_fields": [field for field in fields if field["sensitivity"] != "secret"],
        "parts": parts,
        "links": [_link(link) for link in table.links],
        "lifecycle": _lifecycle(code, domain),
        "keys": _keys(aggregate),
        "rules": _rules(aggregate),
        "deletion": consequences(domain, aggregate.name),
        "removal": removal(aggregate, domain),
        "enums": [_enum(enum) for enum in aggregate.enums],
        "aliases": [plain(alias) for alias in code.aliases],
        "filters": filters,
        "sorts": [sort_view(each, fields) for each in code.sorts],
        "orders": [each.wire for order in aggregate.orders for each in (order, order.backwards)],
        "order": aggregate.order.wire,
        **_table(table),
        "example": _example(fields) | {part["wire"]: [part["example"]] for part in parts},
    }


def _part(code: PythonPart, table: Table, domain: Domain) -> Json:
    part = code.declared
    fields = _fields(code, domain)
    return {
        "name": part.name,
        "wire": part.name,
        "attribute": code.attribute,
        "entity": part.entity,
        "module": module_of(part.entity),
        "schema": part.entity,
        "singular": part.singular,
        "variable": code.variable,
        "title": part.title,
        "titles": part.titles,
        "table": table.name,
        "parent_column": table.keys[0].name,
        "min": part.minimum,
        "max": part.maximum,
        "description": part.description,
        "fields": fields,
        "input_fields": [field for field in fields if not field["readonly"]],
        "keys": _keys(part),
        "rules": _rules(part),
        **_table(table),
        "example": _example(fields),
    }


def _fields(code: PythonAggregate | PythonPart, domain: Domain) -> list[Json]:
    """The fields; `excluded` are those that examples are without, because another one is there instead."""
    instead = {field.wire for rule in code.declared.rules if rule.sign == "either" for field in rule.fields}
    return [
        {**field_view(field, domain), "excluded": field.declared.left_out and field.declared.wire in instead}
        for field in code.fields
    ]


def _example(fields: list[Json]) -> Json:
    return {field["wire"]: field["example"] for field in fields if not (field["readonly"] or field["excluded"])}


def _keys(owner: Aggregate | Part) -> list[Json]:
    return [{"wires": list(key.wires), "optional": any(field.optional for field in key.fields)} for key in owner.keys]


def _rules(owner: Aggregate | Part) -> list[Json]:
    return [
        {
            "sentence": sentence(rule, lambda wire: f"`{wire}`"),
            "written": rule.written(rule.wires),
            "wires": list(rule.wires),
        }
        for rule in owner.rules
    ]


def _table(table: Table) -> Json:
    return {
        "columns": plain(table.own),
        "table_columns": plain(table.columns),
        "constraints": [
            {"kind": each.kind, "name": each.name, "columns": list(each.columns), "pointer": each.pointer}
            for each in table.constraints
        ],
        "indexes": [{"name": each.name, "columns": list(each.columns)} for each in table.indexes],
    }


def _assigned(code: PythonAggregate, action: Action) -> list[Json]:
    """What clients see of it: `text` as prose says the value."""
    found = []
    for each in action.assigns:
        owner, field = assigned(code.declared, each)
        if not (owner.is_secret or field.is_secret):
            found.append((owner, field, each))
    return [
        {
            "wire": field.wire if field is owner else f"{owner.wire}.{field.wire}",
            "field": owner.wire,
            "inside": None if field is owner else field.wire,
            "kind": field.kind,
            "moment": each.is_moment,
            "value": each.value,
            "text": "the moment" if each.is_moment else f"`{json.dumps(each.value, ensure_ascii=False)}`",
        }
        for owner, field, each in found
    ]


def _link(link: Link) -> Json:
    """A list of references."""
    return {"wire": link.field, "title": link.title, **_table(link.table)}


def _lifecycle(code: PythonAggregate, domain: Domain) -> Json | None:
    lifecycle = code.declared.lifecycle
    if lifecycle is None:
        return None
    commands = {command.declared.name: _command(command, code, domain) for command in code.commands}
    states = [{**each, "drawn": _drawn(each)} for each in _members(lifecycle.states)]
    members, drawn = ({state["value"]: state[key] for state in states} for key in ("name", "drawn"))
    return {
        "enum": lifecycle.enum,
        "states": states,
        "initial": lifecycle.first,
        "first": members[lifecycle.first],
        "starts": [drawn[state] for state in lifecycle.choices or (lifecycle.first,)],
        "choices": [{"state": state, "stamps": attribute} for state, attribute in code.stamps_at_start().items()],
        "actions": [
            {
                "name": action.name,
                "method": code.method(action),
                "title": action.title,
                "resource": action.resource,
                "path": action.resource,
                "operation_id": operation_id(action, code.declared),
                "sources": list(action.sources),
                "leaves": [members[state] for state in action.sources],
                "target": action.target,
                "enters": members[action.target],
                "drawn_from": [drawn[state] for state in action.sources],
                "drawn_to": drawn[action.target],
                "emits": action.emits,
                "stamps": code.stamp(action),
                "sets": code.set_by(action),
                "assigns": [
                    {"attribute": each.attribute, "python": each.python, "note": each.note}
                    for each in code.assigned_by(action)
                ],
                "expected": [
                    {"path": path, "value": value} for each in code.assigned_by(action) for path, value in each.expected
                ],
                "sets_inside": any(each.inside for each in action.assigns),
                "assigned": _assigned(code, action),
                "timed": code.is_timed(action),
                "clears": code.cleared_by(action),
                "cleared": [field.declared.wire for field in code.fields if field.declared.name in action.clears],
                "internal": action.internal,
                "command": commands.get(action.name),
                "summary": action.summary,
                "description": action.description,
            }
            for action in lifecycle.actions
        ],
    }


def _drawn(state: Json) -> str:
    """The name of a state in a diagram of Mermaid, which has no blanks and signs in names."""
    plain = re.fullmatch(r"\w+", state["value"], re.ASCII)
    return str(state["value"] if plain and state["value"] not in _DIAGRAM_WORDS else state["name"])


def _command(command: PythonCommand, code: PythonAggregate, domain: Domain) -> Json:
    """What is sent with an action."""
    action = command.declared
    return {
        "name": action.command,
        "schema": f"{action.command}Input",
        "variable": code.command_variable,
        "optional": command.is_optional,
        "at_start": code.declared.lifecycle is not None and code.declared.lifecycle.first in action.sources,
        "fields": [field_view(field, domain) for field in command.fields],
        "example": {field.attribute: field.declared.examples[0] for field in command.fields},
        "carried": [field.declared.wire for field in command.fields if action.emits and not field.declared.is_secret],
    }


def _enum(enum: EnumType) -> Json:
    return {
        "name": enum.name,
        "field": enum.field,
        "members": _members(enum.members),
        "description": enum.description,
    }


def _members(members: Iterable[Member | State]) -> list[Json]:
    values = list(members)
    names = member_names([each.name for each in values])
    return [{"name": name, "value": each.name, "title": each.title} for name, each in zip(names, values, strict=True)]


def _consumed(event: Consumed, domain: Domain) -> Json:
    return {
        "name": event.name,
        "source": event.source,
        "description": event.description,
        "fields": [field_view(python_field(field, columns(field)), domain) for field in event.fields],
        "triggers": {"aggregate": event.triggers.aggregate, "action": event.triggers.action}
        if event.triggers
        else None,
    }


def _shared_schemas(aggregates: list[Json]) -> Json:
    """The shared schemas that some field refers to, in a fixed order."""
    fields = [field for each in aggregates for owner in _owners(each) for field in owner["fields"]]
    used = {str(field["json_schema"].get("$ref", "")).rpartition("/")[2] for field in fields}
    if "JsonObject" in used:
        used.add("JsonValue")
    return {name: schema for name, schema in SHARED_SCHEMAS.items() if name in used}


def _owners(aggregate: Json) -> list[Json]:
    """What has fields: the aggregate or value object, its parts, and what is sent with its actions."""
    if "parts" not in aggregate:
        return [aggregate]
    actions = aggregate["lifecycle"]["actions"] if aggregate["lifecycle"] else ()
    return [aggregate, *aggregate["parts"], *(action["command"] for action in actions if action["command"])]
