"""Whether a contract stays compatible."""

import copy
from typing import Any

import pytest

from castrum.compatibility import contract

CONTRACT: dict[str, Any] = {
    "paths": {
        "/orders": {
            "get": {
                "parameters": [
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}},
                    {"in": "query", "name": "sort", "schema": {"type": "string", "pattern": "^-?(?:number)$"}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
                },
            },
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OrderCreate"}}}
                },
                "responses": {"201": {}},
            },
        }
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["id", "kind"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "kind": {"type": "string", "enum": ["A", "B"]},
                },
            },
            "OrderCreate": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": ["A", "B"]},
                    "note": {"type": ["string", "null"], "maxLength": 100},
                    "size": {"oneOf": [{"const": "S"}, {"const": "L"}]},
                },
            },
        }
    },
}


def at(document: Any, path: str) -> Any:
    for key in path.split("|"):
        document = document[int(key) if key.isdigit() and isinstance(document, list) else key]
    return document


SENT = "components|schemas|OrderCreate|properties"
ANSWERED = "components|schemas|Order"

BREAKING = [
    ("paths|/orders", "get", None, "GET /orders is gone"),
    ("paths|/orders|get|parameters|0", "required", True, "the parameter limit became required"),
    ("paths|/orders|get|parameters", "0", None, "the parameter limit is gone"),
    ("paths|/orders|get|parameters|1|schema", "pattern", "^-?(?:name)$", "another pattern"),
    ("paths|/orders|get|parameters|1|schema", "pattern", "^(?:-?(?:name)|name,number)$", "another pattern"),
    (f"{SENT}|size", "oneOf", [{"const": "S"}], "no longer takes L"),
    ("paths|/orders|get|parameters|0|schema", "maximum", 50, "maximum is 50, was 100"),
    ("paths|/orders|post", "security", [{"oidc": ["admin"]}], "asks for other scopes"),
    ("paths|/orders|post|responses", "201", None, "no longer answers 201"),
    (f"{SENT}|kind", "enum", ["A"], "no longer takes B"),
    (f"{SENT}|note", "maxLength", 50, "maxLength is 50, was 100"),
    (f"{SENT}|note", "minLength", 5, "minLength is 5, was none"),
    (f"{SENT}|note", "type", "string", "another type"),
    (f"{SENT}|note", "pattern", "^x", "another pattern"),
    (SENT, "note", None, "note is gone"),
    ("components|schemas|OrderCreate", "required", ["kind", "note"], "note became required"),
    (f"{ANSWERED}|properties", "id", None, "id is gone"),
    (ANSWERED, "required", ["id"], "kind became optional"),
    (f"{ANSWERED}|properties|kind", "enum", ["A", "B", "C"], "may answer C"),
    (f"{ANSWERED}|properties|id", "format", "date", "another format"),
]
COMPATIBLE = [
    (f"{SENT}|kind", "enum", ["A", "B", "C"], "takes C, too"),
    (f"{SENT}|note", "maxLength", 200, "maxLength is 200, was 100"),
    (f"{SENT}|note", "default", "x", 'the default is "x", was none'),
    (f"{SENT}|size", "oneOf", [{"const": "S"}, {"const": "M"}, {"const": "L"}], "takes M, too"),
    ("paths|/orders|get|parameters|1|schema", "pattern", "^-?(?:name|number)$", "its pattern allows more"),
    ("paths|/orders|get|parameters|1|schema", "pattern", "^(?:-?(?:number)|a,-number|-a,number)$", "allows more"),
    (f"{ANSWERED}|properties|kind", "enum", ["A"], "no longer answers B"),
    (f"{ANSWERED}|properties|id", "maxLength", 36, "maxLength is 36, was none"),
    (f"{ANSWERED}|properties", "new", {"type": "string"}, "new is new"),
    (SENT, "new", {"type": "string"}, "new is new"),
    ("components|schemas|OrderCreate", "required", [], "kind became optional"),
    ("paths", "/customers", {"get": {"responses": {}}}, "GET /customers is new"),
]


def changed(path: str, key: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(CONTRACT)
    if value is None:
        holder = at(document, path)
        del holder[int(key) if isinstance(holder, list) else key]
    else:
        at(document, path)[key] = value
    return document


@pytest.mark.parametrize(("path", "key", "value", "words"), BREAKING)
def test_breaking(path: str, key: str, value: Any, words: str) -> None:
    breaking, _ = contract.compare(CONTRACT, changed(path, key, value))
    assert len(breaking) == 1
    assert words in breaking[0]


@pytest.mark.parametrize(("path", "key", "value", "words"), COMPATIBLE)
def test_compatible(path: str, key: str, value: Any, words: str | None) -> None:
    breaking, additions = contract.compare(CONTRACT, changed(path, key, value))
    assert breaking == []
    assert words is None or words in additions[0]


def test_an_order_by_several_that_goes_breaks_clients() -> None:
    pattern = ("paths|/orders|get|parameters|1|schema", "pattern")
    old = changed(*pattern, "^(?:-?(?:number)|a,number|-a,-number)$")
    for less in ("^-?(?:number)$", "^-?(?:number|a)$", "^(?:-?(?:number)|a,-number|-a,number)$"):
        assert "another pattern" in contract.compare(old, changed(*pattern, less))[0][0]
    more = "^(?:-?(?:number)|a,number|-a,-number|number,b|-number,-b)$"
    assert contract.compare(old, changed(*pattern, more))[0] == []


def test_the_same_is_the_same() -> None:
    assert contract.compare(CONTRACT, copy.deepcopy(CONTRACT)) == ([], [])


def test_what_comes_first_does_not_depend_on_chance() -> None:
    """Python orders names in sets anew in each process."""
    paths: dict[str, Any] = {f"/{name}": {"get": {"security": [], "responses": {}}} for name in "fcebad"}
    others = {path: {"get": {"security": [{"oidc": ["a"]}], "responses": {}}} for path in paths}
    breaking, _ = contract.compare({"paths": paths}, {"paths": others})
    assert breaking == [f"GET /{name}: asks for other scopes" for name in "abcdef"]
