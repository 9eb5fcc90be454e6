"""Whether a contract stays compatible, and what changes in the tables."""

import copy
from typing import Any

import pytest

from castrum import judging, language
from castrum.merging import File

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
    (f"{SENT}|note", "maxLength", 200, None),
    (f"{SENT}|size", "oneOf", [{"const": "S"}, {"const": "M"}, {"const": "L"}], "takes M, too"),
    ("paths|/orders|get|parameters|1|schema", "pattern", "^-?(?:name|number)$", None),
    (f"{ANSWERED}|properties|kind", "enum", ["A"], None),
    (f"{ANSWERED}|properties", "new", {"type": "string"}, "new is new"),
    (SENT, "new", {"type": "string"}, "new is new"),
    ("components|schemas|OrderCreate", "required", [], None),
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
    breaking, _ = judging.compare(CONTRACT, changed(path, key, value))
    assert len(breaking) == 1
    assert words in breaking[0]


@pytest.mark.parametrize(("path", "key", "value", "words"), COMPATIBLE)
def test_compatible(path: str, key: str, value: Any, words: str | None) -> None:
    breaking, additions = judging.compare(CONTRACT, changed(path, key, value))
    assert breaking == []
    assert words is None or words in additions[0]


def test_the_same_is_the_same() -> None:
    assert judging.compare(CONTRACT, copy.deepcopy(CONTRACT)) == ([], [])


PAID = {"from": "payments", "fields": {"order": "uuid", "amount": "money"}, "triggers": "Order.pay"}
DOMAIN: dict[str, Any] = {
    "context": "shop",
    "aggregates": {
        "Order": {
            "fields": {"number": "string(20)"},
            "lifecycle": {
                "states": ["open", "paid"],
                "actions": {"pay": {"from": "open", "to": "paid", "emits": "OrderPaid"}},
            },
        }
    },
    "consumes": {"Paid": PAID},
}


def fields(**declared: str) -> dict[str, Any]:
    return {"Paid": PAID | {"fields": {"order": "uuid", "amount": "money"} | declared}}


@pytest.mark.parametrize(
    ("consumes", "asked", "others"),
    [
        ({"Paid": PAID | {"description": "Money came."}}, [], []),
        (fields(at="datetime"), ["Paid: payments has to send at"], []),
        (fields(at="datetime?"), [], ["Paid: at is read, where it is sent"]),
        (fields(amount="decimal(9, 2)"), ["Paid: amount is decimal(9, 2), was money"], []),
        (fields(amount="money?"), [], ["Paid: amount became optional"]),
        ({"Paid": PAID | {"fields": {"order": "uuid"}}}, [], ["Paid: amount is no longer read"]),
        ({"Paid": PAID | {"from": "billing"}}, ["Paid is expected from billing, was payments"], []),
        ({"Paid": {**PAID, "triggers": None}}, [], ["Paid triggers nothing, was Order.pay"]),
        ({}, [], ["Paid is no longer consumed"]),
        (
            {"Paid": PAID, "Refused": {"from": "payments", "fields": {"order": "uuid"}}},
            ["Refused is consumed now; payments has to send it"],
            [],
        ),
    ],
)
def test_consumed_events(consumes: dict[str, Any], asked: list[str], others: list[str]) -> None:
    events = {
        name: {key: value for key, value in event.items() if value is not None} for name, event in consumes.items()
    }
    judged = judging.events(language.model(DOMAIN), language.model(DOMAIN | {"consumes": events}))
    assert judged == ((asked, others) if asked or others else None)
    back = judging.events(language.model(DOMAIN | {"consumes": events}), language.model(DOMAIN))
    assert (back is None) == (judged is None)


def test_emitted_events() -> None:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"]["Order"]["lifecycle"]["actions"]["pay"]["emits"] = "OrderSettled"
    judged = judging.events(language.model(DOMAIN), language.model(other))
    gone, new = "OrderPaid is no longer emitted; who consumes it gets none", "OrderSettled is emitted now"
    assert judged == ([gone], [new])


def test_a_renamed_aggregate_is_triggered_as_before() -> None:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"] = {"Purchase": DOMAIN["aggregates"]["Order"] | {"renamed_from": "Order"}}
    other["consumes"]["Paid"] = PAID | {"triggers": "Purchase.pay"}
    assert judging.events(language.model(DOMAIN), language.model(other)) is None


TABLE = """
import sqlalchemy as sa
orders = sa.Table(
    "{name}", metadata,
    sa.Column("id", sa.Uuid(), nullable=False),
    {columns}
    {info}
)
"""


def tables(columns: str, name: str = "orders", info: str = "") -> dict[str, File]:
    text = TABLE.format(name=name, columns=columns, info=info)
    return {"src/shop/order/table.py": File(text.encode())}


NOTE = 'sa.Column("note", sa.String(10), nullable=True, comment="A"),'


@pytest.mark.parametrize(
    ("new", "changes", "advice"),
    [
        (tables(NOTE), [], 0),
        (tables(NOTE.replace('"A"', '"B"')), [], 0),
        (tables(""), ["drop orders.note"], 1),
        (tables(NOTE.replace("10", "5")), ["change orders.note"], 1),
        (tables(f'{NOTE} sa.Column("age", sa.Integer(), nullable=True),'), ["add orders.age"], 0),
        (tables(f'{NOTE} sa.Column("age", sa.Integer(), nullable=False),'), ["add orders.age"], 1),
        (
            tables(NOTE.replace('"note"', '"remark"').replace('comment="A"', 'info={"renamed_from": "note"}')),
            ["rename orders.note to remark"],
            1,
        ),
        (tables(NOTE, "sales", 'info={"renamed_from": "orders"},'), ["rename orders to sales"], 1),
        (tables(NOTE, "sales"), ["create sales", "drop orders"], 1),
    ],
)
def test_tables(new: dict[str, File], changes: list[str], advice: int) -> None:
    found, warnings = judging.tables(tables(NOTE), new)
    assert found == changes
    assert len(warnings) == advice
