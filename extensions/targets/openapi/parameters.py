"""Parameters of the operations: those that all aggregates share, and those that name an aggregate's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text.sentences import alternatives
from . import wire
from .json_schema import Json, exampled, input_schema, ref, uuid
from .samples import REQUEST_ID, identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CURSOR_SCHEMA = {"type": "string", "minLength": 1, "maxLength": wire.LONGEST_CURSOR, "pattern": "^[A-Za-z0-9_-]+$"}


def shared_parameters() -> Json:
    """Those of query and header that every aggregate has: component → parameter."""
    return {
        "cursor": {
            "name": "cursor",
            "in": "query",
            "description": "`next` of the page before; absent for the first page. Opaque: never build one.",
            "schema": dict(CURSOR_SCHEMA),
        },
        "limit": {
            "name": "limit",
            "in": "query",
            "description": "How many items a page has at most.",
            "schema": {
                "type": "integer",
                "format": "int32",
                "minimum": 1,
                "maximum": wire.MOST_ITEMS,
                "default": wire.PAGE_ITEMS,
                "examples": [wire.PAGE_ITEMS],
            },
        },
        "idempotency_key": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": (
                f"A key that the client makes for this request and repeats with each retry, such as a UUID: 1 to "
                f"{wire.LONGEST_KEY} visible characters, as they are or as a string in quotes (RFC 8941), which is the "
                "same key."
            ),
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": wire.LONGEST_KEY_HEADER,
                "pattern": f"^(?:{wire.PLAIN_KEY}|{wire.QUOTED_KEY})$",
                "examples": [REQUEST_ID, f'"{REQUEST_ID}"'],
            },
        },
        "if_match": {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "The `ETag` of the version that was read.",
            "schema": _etags(),
        },
        "sent_if_match": {
            "name": "If-Match",
            "in": "header",
            "description": "The `ETag` of the version that was read, where the action is for that version only.",
            "schema": _etags(),
        },
        "if_none_match": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The `ETag` of the version that the client has already.",
            "schema": _etags(),
        },
    }


def _etags() -> Json:
    return {
        "oneOf": [
            {"type": "string", "description": "Any version.", "const": "*"},
            {
                "type": "string",
                "description": "One of these versions.",
                "maxLength": wire.LONGEST_ETAGS,
                "pattern": f"^{wire.ETAGS}$",
                "examples": ['"7"'],
            },
        ]
    }


def parameters(aggregate: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """The component that says which resource an operation is for."""
    yield (
        aggregate["id_param"],
        {
            "name": aggregate["id_param"],
            "in": "path",
            "required": True,
            "description": f"Which {aggregate['title']}.",
            "schema": uuid(identity(aggregate["schema"])),
        },
    )


def list_parameters(aggregate: Mapping[str, Any]) -> list[Json]:
    """How a list is paged, sorted and filtered."""
    filters = map(_filter, aggregate["filters"])
    return [ref("parameters", "cursor"), ref("parameters", "limit"), _sort(aggregate), *filters]


def _sort(aggregate: Mapping[str, Any]) -> Json:
    """The order: by one member in either direction, or by several as they stand there."""
    sorts, orders = [sort["name"] for sort in aggregate["sorts"]], aggregate["orders"]
    described = f"Order of the {aggregate['titles']}: {alternatives(sorts)}, after a `-` for descending"
    pattern = f"-?(?:{'|'.join(sorts)})"
    if orders:
        described += f"; or by several, the first one first: {alternatives(f'`{order}`' for order in orders)}"
        pattern = f"(?:{'|'.join((pattern, *orders))})"
    default = aggregate["order"]
    return {
        "name": "sort",
        "in": "query",
        "description": f"{described}.",
        "schema": {
            "type": "string",
            "default": default,
            "maxLength": max([max(map(len, sorts)) + 1, *map(len, orders)]),
            "pattern": f"^{pattern}$",
            "examples": [default],
        },
    }


def _filter(entry: Mapping[str, Any]) -> Json:
    """What a list can be asked for; several values are as many parameters of one name."""
    parameter = {"name": entry["param"], "in": "query", "description": entry["description"]}
    value = exampled(input_schema(entry), entry["example"])
    if not entry["is_several"]:
        return {**parameter, "schema": value}
    several = {"type": "array", "minItems": 1, "maxItems": wire.MOST_VALUES, "items": value}
    return {**parameter, "style": "form", "explode": True, "schema": several}
