"""JSON Schemas as the contract writes them, and references to its components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from ...types.wire import LINE_PATTERN

Json = dict[str, Any]


def ref(kind: str, name: str) -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def named_once(*sources: Iterable[tuple[str, Any]]) -> Json:
    """Name → value, of all of these; raises ValueError where one name stands for two values."""
    found: Json = {}
    for name, value in chain.from_iterable(sources):
        if found.setdefault(name, value) != value:
            raise ValueError(f"the contract would have two different things by the name {name}")
    return found


def object_of(description: str, properties: Json, *, required: Iterable[str] = (), fewest: int = 0) -> Json:
    """An object with these members and no other, `fewest` of them at least."""
    schema: Json = {"type": "object", "description": description}
    if names := list(required):
        schema["required"] = names
    if fewest:
        schema["minProperties"] = fewest
    return schema | {"additionalProperties": False, "properties": properties}


def uuid(example: str) -> Json:
    """A UUID as text."""
    return {"type": "string", "format": "uuid", "minLength": 36, "maxLength": 36, "examples": [example]}


def line(description: str, longest: int, example: str) -> Json:
    """One line of text."""
    return {
        "type": "string",
        "description": description,
        "maxLength": longest,
        "pattern": LINE_PATTERN,
        "examples": [example],
    }


def one_of(values: Iterable[str]) -> Json:
    """A closed choice. Constants, because `enum` is what the Zalando rules keep for values that never become more."""
    choices: list[Json] = [{"type": "string", "const": value} for value in values]
    return {"oneOf": choices} if len(choices) > 1 else choices[0]


def exampled(schema: Json, example: Any) -> Json:
    """The schema with an example, unless it is a reference whose target has one."""
    result = dated(schema, example)
    if "example" in result or "$ref" in result or "anyOf" in result:
        return result
    return result | {"examples": [example]}


def dated(schema: Json, example: Any) -> Json:
    """The schema with the `example` that the Zalando rules want for dates, in the schema or in its items."""
    if schema.get("format") in {"date", "date-time"}:
        return schema | {"example": example}
    if isinstance(schema.get("items"), Mapping) and isinstance(example, list) and example:
        return schema | {"items": dated(schema["items"], example[0])}
    return schema


def input_schema(field: Mapping[str, Any]) -> Json:
    """The closed schema of a field or filter; an enum is a component of its own."""
    schema = field.get("input_json_schema") or field["json_schema"]
    enum = ref("schemas", f"{field.get('enum') or field['python']}Input")
    if "enum" in schema:
        return enum
    if "enum" in schema.get("items", ()):
        return {**schema, "items": enum}
    return dict(schema)
