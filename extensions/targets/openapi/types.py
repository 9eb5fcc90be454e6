"""The type table of the contract: the JSON Schema of a field, and the schemas that fields share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...text.sentences import alternatives
from ...types.choices import list_range
from ...types.numbers import integer_range, is_non_negative, is_wide
from ...types.wire import (
    CURRENCY_PATTERN,
    DATE_PATTERN,
    DEEPEST,
    LARGEST_DOUBLE,
    LARGEST_JSON_NUMBER,
    LINE_PATTERN,
    LONGEST_MEMBER,
    LONGEST_MOMENT,
    LONGEST_STRING,
    MONEY_AMOUNT_PATTERN,
    MOST_MEMBERS,
    RFC3339_PATTERN,
    TEXT_PATTERN,
    TIME_PATTERN,
    TIMESTAMP_PATTERN,
)
from ..rows import row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...types import Spec
    from ...types.bounds import Bound

Json = dict[str, Any]


class FieldSchemas(NamedTuple):
    """The JSON Schema of a field in answers, and in requests."""

    answer: Json
    request: Json


def field_schemas(spec: Spec) -> FieldSchemas:
    """The schemas of a field of the type."""
    return row_of(TABLE, spec, __name__)(spec)


def _both(schema: Json) -> FieldSchemas:
    return FieldSchemas(schema, schema)


def _shared(name: str) -> FieldSchemas:
    return _both({"$ref": f"#/components/schemas/{name}"})


def _text(spec: Spec) -> FieldSchemas:
    shortest = {"minLength": spec.shortest} if spec.shortest else {}
    return _both({"type": "string", **shortest, "maxLength": spec.length, "pattern": spec.type.pattern(spec)})


def _formatted(name: str) -> Callable[[Spec], FieldSchemas]:
    """Text in a format that JSON Schema has a name for."""

    def schemas(spec: Spec) -> FieldSchemas:
        bounds = {"minLength": spec.shortest, "maxLength": spec.length}
        return _both({"type": "string", "format": name, **bounds, "pattern": spec.type.pattern(spec)})

    return schemas


def _integer(spec: Spec) -> FieldSchemas:
    low, high = integer_range(spec)
    return _both({"type": "integer", "format": "int64" if is_wide(spec) else "int32", "minimum": low, "maximum": high})


def _decimal(spec: Spec) -> FieldSchemas:
    longest = spec.precision + len("-0.")
    return _both({"type": "string", "format": "decimal", "maxLength": longest, "pattern": spec.type.pattern(spec)})


def _float(spec: Spec) -> FieldSchemas:
    low, high = spec.range or (None, None)
    least = {"minimum": -LARGEST_DOUBLE} if low is None else {_word("Minimum", low): float(low.number)}
    most = {"maximum": LARGEST_DOUBLE} if high is None else {_word("Maximum", high): float(high.number)}
    return _both({"type": "number", "format": "double", **least, **most})


def _word(word: str, bound: Bound) -> str:
    return f"exclusive{word}" if bound.excluded else word.lower()


def _money(spec: Spec) -> FieldSchemas:
    name = "NonNegativeMoney" if is_non_negative(spec) else "Money"
    if not spec.currencies:
        return _shared(name)
    properties = SHARED_SCHEMAS[name]["properties"]
    of_these = {
        "description": f"ISO 4217 code: {alternatives(spec.currencies)}.",
        "pattern": f"^(?:{'|'.join(spec.currencies)})$",
        "examples": [spec.currencies[0]],
    }
    return _both(SHARED_SCHEMAS[name] | {"properties": properties | {"currency": properties["currency"] | of_these}})


def _bool(_spec: Spec) -> FieldSchemas:
    return _both({"type": "boolean"})


def _date(_spec: Spec) -> FieldSchemas:
    return _both({"type": "string", "format": "date", "minLength": 10, "maxLength": 10, "pattern": DATE_PATTERN})


def _time(_spec: Spec) -> FieldSchemas:
    # `format: time` of JSON Schema has a zone; the registry of OpenAPI calls the hands of a clock on the wall so.
    return _both({"type": "string", "format": "time-local", "minLength": 8, "maxLength": 15, "pattern": TIME_PATTERN})


def _datetime(_spec: Spec) -> FieldSchemas:
    answer = {"type": "string", "format": "date-time", "maxLength": 35, "pattern": TIMESTAMP_PATTERN}
    return FieldSchemas(answer, answer | {"maxLength": LONGEST_MOMENT, "pattern": RFC3339_PATTERN})


def _uuid(_spec: Spec) -> FieldSchemas:
    return _both({"type": "string", "format": "uuid", "minLength": 36, "maxLength": 36})


def _enum(spec: Spec) -> FieldSchemas:
    return FieldSchemas(_shared(spec.enum_class).answer, {"type": "string", "enum": list(spec.members)})


def _json(_spec: Spec) -> FieldSchemas:
    return _shared("JsonObject")


def _list(spec: Spec) -> FieldSchemas:
    item = field_schemas(spec.item)
    low, high = list_range(spec)
    size = {"maxItems": high, "minItems": low} if low else {"maxItems": high}
    return FieldSchemas(
        {"type": "array", "items": item.answer, **size}, {"type": "array", "items": item.request, **size}
    )


def _refs(spec: Spec) -> FieldSchemas:
    return _both(_list(spec).answer | {"uniqueItems": True})


def _object(spec: Spec) -> FieldSchemas:
    return FieldSchemas(_shared(spec.target).answer, _shared(f"{spec.target}Input").request)


TABLE: Mapping[str, Callable[[Spec], FieldSchemas]] = {
    "string": _text,
    "text": _text,
    "int": _integer,
    "bigint": _integer,
    "decimal": _decimal,
    "float": _float,
    "money": _money,
    "bool": _bool,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "uuid": _uuid,
    "email": _formatted("email"),
    "url": _formatted("uri"),
    "phone": _text,
    "enum": _enum,
    "json": _json,
    "list": _list,
    "ref": _uuid,
    "refs": _refs,
    "id": _uuid,
    "value object": _object,
}

SHARED_SCHEMAS: dict[str, dict[str, Any]] = {
    "Money": {
        "type": "object",
        "description": "An exact amount in one currency.",
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "properties": {
            "amount": {
                "type": "string",
                "format": "decimal",
                "description": "Decimal amount, at most four decimal places; its scale is kept.",
                "maxLength": 20,
                "pattern": MONEY_AMOUNT_PATTERN,
                "examples": ["10.00"],
            },
            "currency": {
                "type": "string",
                "format": "iso-4217",
                "description": "ISO 4217 code.",
                "minLength": 3,
                "maxLength": 3,
                "pattern": CURRENCY_PATTERN,
                "examples": ["EUR"],
            },
        },
    },
    "JsonObject": {
        "type": "object",
        "description": f"A JSON object of the caller's own shape, at most {DEEPEST} levels deep; its numbers are "
        "doubles. No patch makes it larger than 1 MiB.",
        "maxProperties": MOST_MEMBERS,
        "propertyNames": {"pattern": LINE_PATTERN, "maxLength": LONGEST_MEMBER},
        "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
        "examples": [{"source": "import"}],
    },
    "JsonValue": {
        "description": "Any JSON value.",
        "anyOf": [
            {"type": "string", "maxLength": LONGEST_STRING, "pattern": TEXT_PATTERN},
            {
                "type": "number",
                "format": "double",
                "minimum": -LARGEST_JSON_NUMBER,
                "maximum": LARGEST_JSON_NUMBER,
            },
            {"type": "boolean"},
            {"type": "null"},
            {"type": "array", "maxItems": MOST_MEMBERS, "items": {"$ref": "#/components/schemas/JsonValue"}},
            {
                "type": "object",
                "maxProperties": MOST_MEMBERS,
                "propertyNames": {"pattern": LINE_PATTERN, "maxLength": LONGEST_MEMBER},
                "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
            },
        ],
        "examples": ["import"],
    },
}
SHARED_SCHEMAS["NonNegativeMoney"] = {
    **SHARED_SCHEMAS["Money"],
    "description": "An exact amount of zero or more in one currency.",
    "properties": {
        **SHARED_SCHEMAS["Money"]["properties"],
        "amount": {
            **SHARED_SCHEMAS["Money"]["properties"]["amount"],
            "description": "Decimal amount of zero or more, at most four decimal places; its scale is kept.",
            "pattern": MONEY_AMOUNT_PATTERN.replace("-?", ""),
        },
    },
}
"""Schemas that a field's schema may refer to, by name under `#/components/schemas/`."""
