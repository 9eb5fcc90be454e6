"""The schemas of an aggregate: as it is created, changed, shown and paged, with its parts and its choices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...text.naming import LONGEST_NAME
from ...text.sentences import together
from ...types.wire import LINE_PATTERN
from .aggregate import commands, distinct, held, shown, with_article
from .json_schema import Json, dated, exampled, input_schema, object_of, one_of, ref, uuid
from .parameters import CURSOR_SCHEMA
from .samples import CREATED_AT, CURSOR, MODIFIED_AT, example, identity
from .wire import MOST_ITEMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENUM_PATTERN = f"^[A-Z][A-Z0-9_]{{0,{LONGEST_NAME - 1}}}$"


def schemas(aggregate: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Component → schema."""
    name = aggregate["schema"]
    for part in aggregate["parts"]:
        yield f"{part['schema']}Input", held(part, _part_input(part))
        yield part["schema"], _part_view(part)
    yield f"{name}Create", held(aggregate, _create(aggregate))
    yield f"{name}Patch", held(aggregate, _patch(aggregate))
    yield name, _view(aggregate)
    yield f"{name}Page", _page(aggregate)
    for action in commands(aggregate):
        yield action["command"]["schema"], _command(aggregate, action)
    for enum in aggregate["enums"]:
        yield from _enum(enum)


def object_schemas(value: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Component → schema of a value object: as it is sent, changed and shown."""
    name, fields = value["name"], value["fields"]
    needed = [field["wire"] for field in fields if field["required"]]
    yield (
        f"{name}Input",
        object_of(value["description"], {field["wire"]: _create_property(field) for field in fields}, required=needed),
    )
    changes = f"Changes of {value['a']}: absent members stay as they are."
    if value["is_optional"] and needed:
        changes += f" Where there was none, {together(f'`{wire}`' for wire in needed)} must be sent."
    yield f"{name}Patch", object_of(changes, {field["wire"]: _patch_property(field) for field in fields})
    yield (
        name,
        object_of(
            value["description"],
            {field["wire"]: _view_property(field) for field in shown(value)},
            required=[field["wire"] for field in shown(value) if not field["optional"]],
        ),
    )
    for enum in value["enums"]:
        yield from _enum(enum)


def _create(aggregate: Mapping[str, Any]) -> Json:
    return object_of(
        f"A new {aggregate['title']}.",
        {field["wire"]: _create_property(field) for field in aggregate["input_fields"]}
        | _part_inputs(aggregate)
        | _beginning(aggregate),
        required=[
            *(field["wire"] for field in aggregate["input_fields"] if field["required"]),
            *(part["wire"] for part in aggregate["parts"] if part["min"]),
        ],
    )


def _beginning(aggregate: Mapping[str, Any]) -> Json:
    """The state in which it is created, where there is a choice."""
    lifecycle = aggregate["lifecycle"]
    if not lifecycle or not lifecycle["choices"]:
        return {}
    description = f"The state in which the {aggregate['title']} begins."
    states = one_of(each["state"] for each in lifecycle["choices"])
    return {"status": {"description": description} | states | {"default": lifecycle["initial"]}}


def _patch(aggregate: Mapping[str, Any]) -> Json:
    return object_of(
        f"Changes of {with_article(aggregate)}: absent members stay as they are.",
        {field["wire"]: _patch_property(field) for field in aggregate["input_fields"]} | _part_inputs(aggregate),
        fewest=1,
    )


def _command(aggregate: Mapping[str, Any], action: Mapping[str, Any]) -> Json:
    fields = action["command"]["fields"]
    return object_of(
        f"What is sent to {action['title']} {with_article(aggregate)}.",
        {field["wire"]: _create_property(field) for field in fields},
        required=[field["wire"] for field in fields if field["required"]],
    )


def _view(aggregate: Mapping[str, Any]) -> Json:
    title, fields, lifecycle = aggregate["title"], shown(aggregate), aggregate["lifecycle"]
    properties: Json = {
        "id": {"description": f"Identity of the {title}."} | uuid(identity(aggregate["schema"])) | {"readOnly": True}
    }
    properties |= {field["wire"]: _view_property(field) for field in fields}
    required = ["id", *(field["wire"] for field in fields if not field["optional"])]
    for part in aggregate["parts"]:
        properties[part["wire"]] = _parts(part, part["schema"], title)
        required.append(part["wire"])
    if lifecycle:
        properties["status"] = ref("schemas", lifecycle["enum"]) | {
            "description": f"The state of the {title}; its actions change it.",
            "readOnly": True,
        }
        required.append("status")
    for wire, words, moment in (("created_at", "created", CREATED_AT), ("modified_at", "changed", MODIFIED_AT)):
        properties[wire] = {
            "type": "string",
            "format": "date-time",
            "description": f"When the {title} was {words} (UTC).",
            "readOnly": True,
            "maxLength": 35,
            "example": moment,
        }
        required.append(wire)
    return object_of(aggregate["description"], properties, required=required)


def _page(aggregate: Mapping[str, Any]) -> Json:
    return object_of(
        f"A page of {aggregate['titles']}.",
        {
            "items": {
                "type": "array",
                "description": f"The {aggregate['titles']} of this page.",
                "maxItems": MOST_ITEMS,
                "items": ref("schemas", aggregate["schema"]),
            },
            "next": {
                "description": "The cursor of the next page; absent on the last.",
                **CURSOR_SCHEMA,
                "examples": [CURSOR],
            },
        },
        required=["items"],
    )


def _enum(enum: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Open in answers, closed in requests."""
    values = [member["value"] for member in enum["members"]]
    description = {"description": enum["description"]}
    pattern = ENUM_PATTERN if all(re.match(ENUM_PATTERN, value) for value in values) else LINE_PATTERN
    yield (
        enum["name"],
        {"type": "string"}
        | description
        | {"x-extensible-enum": values, "maxLength": LONGEST_NAME, "pattern": pattern, "examples": [values[0]]},
    )
    yield f"{enum['name']}Input", description | one_of(values)


# Parts ---------------------------------------------------------------------------------------------------------------


def _part_input(part: Mapping[str, Any]) -> Json:
    return object_of(
        part["description"],
        {field["wire"]: _create_property(field) for field in part["input_fields"]},
        required=[field["wire"] for field in part["input_fields"] if field["required"]],
    )


def _part_view(part: Mapping[str, Any]) -> Json:
    fields = shown(part)
    return object_of(
        part["description"],
        {field["wire"]: _view_property(field) for field in fields},
        required=[field["wire"] for field in fields if not field["optional"]],
    )


def _part_inputs(aggregate: Mapping[str, Any]) -> Json:
    return {part["wire"]: _parts(part, f"{part['schema']}Input", aggregate["title"]) for part in aggregate["parts"]}


def _parts(part: Mapping[str, Any], schema: str, owner: str) -> Json:
    return {
        "type": "array",
        "description": f"The {part['titles']} of the {owner}.{distinct(part)}",
        **({"minItems": part["min"]} if part["min"] else {}),
        "maxItems": part["max"],
        "items": ref("schemas", schema),
    }


# Members -------------------------------------------------------------------------------------------------------------


def _view_property(field: Mapping[str, Any]) -> Json:
    schema = {"description": field["description"]} | field["json_schema"]
    if field["readonly"]:
        schema["readOnly"] = True
    return exampled(schema, example(field))


def _create_property(field: Mapping[str, Any]) -> Json:
    schema = {"description": field["description"]} | _nullable(field)
    if field["default"] is not None:
        schema["default"] = field["default"]["json"]
    if field["sensitivity"] == "secret":
        schema["writeOnly"] = True
    return exampled(schema, example(field))


def _patch_property(field: Mapping[str, Any]) -> Json:
    schema = {"description": field["description"]} | _nullable(field, patch=True)
    if field["sensitivity"] == "secret":
        schema["writeOnly"] = True
    return dated(schema, example(field))


def _nullable(field: Mapping[str, Any], *, patch: bool = False) -> Json:
    schema = ref("schemas", f"{field['type']}Patch") if patch and field["members"] else input_schema(field)
    if not field["optional"]:
        return schema
    if "type" in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
