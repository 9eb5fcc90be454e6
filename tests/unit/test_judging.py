"""Whether a contract stays compatible, and what changes in the tables."""

import copy
from typing import Any

import pytest

from castrum.compatibility import contract, events, tables
from castrum.repository.trees import File
from castrum.template import language

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
    (f"{SENT}|note", "maxLength", 200, "maxLength is 200, was 100"),
    (f"{SENT}|note", "default", "x", 'the default is "x", was none'),
    (f"{SENT}|size", "oneOf", [{"const": "S"}, {"const": "M"}, {"const": "L"}], "takes M, too"),
    ("paths|/orders|get|parameters|1|schema", "pattern", "^-?(?:name|number)$", "its pattern allows more"),
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


def test_the_same_is_the_same() -> None:
    assert contract.compare(CONTRACT, copy.deepcopy(CONTRACT)) == ([], [])


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


def test_what_comes_first_does_not_depend_on_chance() -> None:
    """Python orders names in sets anew in each process."""
    paths: dict[str, Any] = {f"/{name}": {"get": {"security": [], "responses": {}}} for name in "fcebad"}
    others = {path: {"get": {"security": [{"oidc": ["a"]}], "responses": {}}} for path in paths}
    breaking, _ = contract.compare({"paths": paths}, {"paths": others})
    assert breaking == [f"GET /{name}: asks for other scopes" for name in "abcdef"]


@pytest.mark.parametrize(
    ("type_", "other", "compatible"),
    [
        ("string(20)", "string(40)", True),
        ("string(40)", "string(20)", False),
        ("enum(a, b)", "enum(a, b, c)", True),
        ("enum(a, b)", "enum(a)", False),
        ("int(1..5)?", "int(1..9)", False),
        ("int(1..5)", "int(1..9)?", True),
        ("date", "datetime", False),
        ("money", "uuid", False),
    ],
)
def test_to_expect_less_of_an_event_needs_nobodys_consent(type_: str, other: str, compatible: bool) -> None:
    models = [language.model(DOMAIN | {"consumes": fields(more=each)}) for each in (type_, other)]
    judged = events.between(*models)
    line = f"Paid: more is {other.rstrip('?')}, was {type_.rstrip('?')}"
    assert judged == (([], [line]) if compatible else ([line], []))


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
    consumed = {
        name: {key: value for key, value in event.items() if value is not None} for name, event in consumes.items()
    }
    judged = events.between(language.model(DOMAIN), language.model(DOMAIN | {"consumes": consumed}))
    assert judged == ((asked, others) if asked or others else None)
    back = events.between(language.model(DOMAIN | {"consumes": consumed}), language.model(DOMAIN))
    assert (back is None) == (judged is None)


def test_emitted_events() -> None:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"]["Order"]["lifecycle"]["actions"]["pay"]["emits"] = "OrderSettled"
    judged = events.between(language.model(DOMAIN), language.model(other))
    gone, new = "OrderPaid is no longer emitted; who consumes it gets none", "OrderSettled is emitted now"
    assert judged == ([gone], [new])


def test_a_renamed_aggregate_is_triggered_as_before() -> None:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"] = {"Purchase": DOMAIN["aggregates"]["Order"] | {"renamed_from": "Order"}}
    other["consumes"]["Paid"] = PAID | {"triggers": "Purchase.pay"}
    assert events.between(language.model(DOMAIN), language.model(other)) is None


TABLE = """
import sqlalchemy as sa
orders = sa.Table(
    "{name}", metadata,
    sa.Column("id", sa.Uuid(), nullable=False),
    {columns}
    {info}
)
"""


def table(columns: str, name: str = "orders", info: str = "") -> dict[str, File]:
    text = TABLE.format(name=name, columns=columns, info=info)
    return {"src/shop/order/table.py": File(text.encode())}


NOTE = 'sa.Column("note", sa.String(10), nullable=True, comment="A"),'


@pytest.mark.parametrize(
    ("new", "changes", "advice"),
    [
        (table(NOTE), [], 0),
        (table(NOTE.replace('"A"', '"B"')), [], 0),
        (table(""), ["drop orders.note"], 1),
        (table(NOTE.replace("10", "5")), ["change orders.note"], 1),
        (table(f'{NOTE} sa.Column("age", sa.Integer(), nullable=True),'), ["add orders.age"], 0),
        (table(f'{NOTE} sa.Column("age", sa.Integer(), nullable=False),'), ["add orders.age"], 1),
        (
            table(NOTE.replace('"note"', '"remark"').replace('comment="A"', 'info={"renamed_from": "note"}')),
            ["rename orders.note to remark"],
            1,
        ),
        (table(NOTE, "sales", 'info={"renamed_from": "orders"},'), ["rename orders to sales"], 1),
        (table(NOTE, "sales"), ["create sales", "drop orders"], 1),
    ],
)
def test_tables(new: dict[str, File], changes: list[str], advice: int) -> None:
    found, warnings = tables.between(table(NOTE), new)
    assert found == changes
    assert len(warnings) == advice


ORDERED = table(
    """sa.Column("note", sa.String(10), nullable=False), sa.UniqueConstraint("note", name="uq_note"),
    sa.CheckConstraint("note IN ('A', 'B')", name="ck_note"), sa.CheckConstraint("n BETWEEN 0 AND 5", name="ck_n"),
    sa.Index("ix_note", "note"),"""
)


@pytest.mark.parametrize(
    ("old", "new", "changes", "advice"),
    [
        ("(10), nullable=False", "(10), nullable=False, server_default='A'", ["change orders.note"], []),
        ("(10), nullable=False", "(10), nullable=True", ["change orders.note"], []),
        ("String(10)", "String(20)", ["change orders.note"], []),
        ("String(10)", "Integer()", ["change orders.note"], ["orders.note: check that every row fits"]),
        ("'A', 'B'", "'A', 'C', 'B'", ["constrain orders"], []),
        ("'A', 'B'", "'A', 'C'", ["constrain orders"], ["orders: look for rows that ck_note refuses"]),
        ("0 AND 5", "0 AND 9", ["constrain orders"], []),
        ("0 AND 5", "0 AND 5 AND (n IS NULL) = (note IS NULL)", ["constrain orders"], []),
        ("0 AND 5", "1 AND 9", ["constrain orders"], ["orders: look for rows that ck_n refuses"]),
        ('sa.UniqueConstraint("note", name="uq_note"),', "", ["constrain orders"], []),
        ('sa.Index("ix_note", "note"),', "", ["index orders"], []),
        ('"ix_note", "note"', '"ix_note", sa.text("lower(normalize(note))")', ["index orders"], []),
        (
            'sa.UniqueConstraint("note", name="uq_note")',
            'sa.Index("uq_note_ignorecase", sa.text("lower(normalize(note))"), unique=True)',
            ["constrain orders"],
            ["orders: look for rows that uq_note_ignorecase refuses"],
        ),
        (
            "sa.Index(",
            (
                "sa.Column('age', sa.Integer(), nullable=True), sa.CheckConstraint('age > 1', name='ck_age'),"
                "sa.UniqueConstraint('n', name='uq_n'), sa.Index("
            ),
            ["add orders.age"],
            ["orders: look for rows that uq_n refuses"],
        ),
    ],
)
def test_advice_is_for_what_rows_may_refuse(old: str, new: str, changes: list[str], advice: list[str]) -> None:
    (file,) = ORDERED.values()
    changed = file.content.replace(old.encode(), new.encode())
    found, warnings = tables.between(ORDERED, {"src/shop/order/table.py": File(changed)})
    assert found == changes
    assert [warning.startswith(start) for warning, start in zip(warnings, advice, strict=True)] == [True] * len(advice)
