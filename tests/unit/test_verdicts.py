"""What a change of the domain means for other contexts, and for the rows in the tables."""

import copy
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from harness.answers import SERVICE

from castrum.compatibility import contract
from castrum.update import reporting
from extensions.model.diff import diff
from extensions.pipeline import build_model, domain_model
from extensions.pipeline.verdicts import events, tables
from extensions.targets.openapi.document import contract as document

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
        ("string(20)", "text", True),
        ("text", "string(20)", False),
        ("decimal(9, 2)", "decimal(11, 3)", True),
        ("decimal(9, 2)", "decimal(9, 3)", False),
        ("decimal(9, 2)", "decimal(10, 1)", False),
        ("int", "int(-9000000000..9000000000)", True),
        ("money", "money(EUR)", False),
        ("money(EUR)", "money(EUR, USD)", True),
        ("money(EUR, USD)", "money(USD)", False),
        ("money(EUR)", "money", True),
        ("float", "float(0..1)", False),
        ("float(0..1)", "float(>=0)", True),
        ("float(0..1)", "float(>0, <=1)", False),
        ("float(>0, <=1)", "float(0..1)", True),
        ("float(<1)", "float(<=1)", True),
        ("int(>0)", "int(1..)", None),
        ("list(enum(a))", "list(enum(a, b))", True),
        ("list(string(9))", "list(string(8))", False),
        ("id crm.Account", "id crm.Account bigint", False),
        ("id crm.Account int", "id crm.Account bigint", False),
        ("id crm.Account string(20)", "id crm.Account string(40)", True),
    ],
)
def test_to_expect_less_of_an_event_needs_nobodys_consent(type_: str, other: str, compatible: bool | None) -> None:
    judged = events(*(DOMAIN | {"consumes": fields(more=each)} for each in (type_, other)))
    name = "more_id" if type_.startswith("id ") else "more"
    line = f"Paid: {name} is {other.rstrip('?')}, was {type_.rstrip('?')}"
    if compatible is None:
        assert judged == ([], [])
        return
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
    judged = events(DOMAIN, DOMAIN | {"consumes": consumed})
    assert judged == (asked, others)
    back = events(DOMAIN | {"consumes": consumed}, DOMAIN)
    assert any(back) == any(judged)


def test_emitted_events() -> None:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"]["Order"]["lifecycle"]["actions"]["pay"]["emits"] = "OrderSettled"
    judged = events(DOMAIN, other)
    gone, new = "OrderPaid is no longer emitted; who consumes it gets none", "OrderSettled is emitted now"
    assert judged == ([gone], [new])


def taking(**given: str) -> dict[str, Any]:
    other = copy.deepcopy(DOMAIN)
    if given:
        other["aggregates"]["Order"]["lifecycle"]["actions"]["pay"]["input"] = given
    return other


@pytest.mark.parametrize(
    ("old", "new", "asked", "others"),
    [
        ({}, {"note": "string(9)"}, [], ["OrderPaid carries note now"]),
        ({"note": "string(9)"}, {}, ["OrderPaid no longer carries note"], []),
        ({}, {"pin": "string(9) secret"}, [], []),
        ({"note": "string(9)"}, {"note": "string(9)?"}, ["OrderPaid: note may be absent now"], []),
        ({"note": "string(9)?"}, {"note": "string(9)"}, [], ["OrderPaid: note is always there now"]),
        ({"note": "string(9)"}, {"note": "string(5)"}, [], ["OrderPaid: note is string(5), was string(9)"]),
        ({"note": "string(5)"}, {"note": "string(9)"}, ["OrderPaid: note is string(9), was string(5)"], []),
        ({"note": "enum(a)"}, {"note": "enum(a, b)"}, ["OrderPaid: note is enum(a, b), was enum(a)"], []),
    ],
)
def test_what_an_emitted_event_carries(
    old: dict[str, str], new: dict[str, str], asked: list[str], others: list[str]
) -> None:
    """Whoever takes an event has to agree to get less of it, or more kinds of values; not the other way round."""
    assert events(taking(**old), taking(**new)) == (asked, others)


CLIENTS: list[tuple[dict[str, str], dict[str, str], list[str], list[str]]] = [
    ({}, {"note": "text?"}, [], ["PAY: takes a body, which may be left out"]),
    ({}, {"note": "text"}, ["PAY: a body became required"], []),
    ({"note": "text"}, {}, ["PAY: application/json is gone"], []),
    ({"note": "text"}, {"note": "text", "more": "text?"}, [], ["INPUT: more is new"]),
    ({"note": "text"}, {"note": "text", "more": "int"}, ["INPUT: more became required"], []),
    (
        {"note": "text?"},
        {"note": "text"},
        ["PAY: a body became required", "INPUT.note: another type", "INPUT: note became required"],
        [],
    ),
    ({"note": "text"}, {"note": "text = x"}, [], ["PAY: a body became optional", "INPUT: note became optional"]),
    ({"note": "text", "more": "int?"}, {"note": "text"}, ["INPUT: more is gone"], []),
    ({"note": "string(5)"}, {"note": "string(9)"}, [], ["INPUT.note: maxLength is 9, was 5"]),
    ({"note": "string(9)"}, {"note": "string(5)"}, ["INPUT.note: maxLength is 5, was 9"], []),
]


@pytest.mark.parametrize(("old", "new", "breaking", "additions"), CLIENTS)
def test_the_input_of_an_action_and_its_clients(
    old: dict[str, str], new: dict[str, str], breaking: list[str], additions: list[str]
) -> None:
    found = contract.compare(*(document(build_model(taking(**each)), SERVICE) for each in (old, new)))
    names = {"PAY": "POST /orders/{order_id}/payments", "INPUT": "PayOrderInput"}
    told = [
        [re.sub("PAY|INPUT", lambda word: names[word[0]], line) for line in expected]
        for expected in (breaking, additions)
    ]
    assert [found[0], [line for line in found[1] if "the default is" not in line]] == told


def starting(*initial: str) -> dict[str, Any]:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"]["Order"]["lifecycle"] |= {"initial": list(initial)}
    return other


STARTS: list[tuple[dict[str, Any], dict[str, Any], list[str], list[str]]] = [
    (DOMAIN, starting("open"), [], []),
    (DOMAIN, starting("open", "paid"), [], ["OrderCreate: status is new"]),
    (starting("open", "paid"), DOMAIN, ["OrderCreate: status is gone"], []),
    (starting("open", "paid"), starting("paid", "open"), [], ['OrderCreate.status: the default is "PAID", was "OPEN"']),
]


@pytest.mark.parametrize(("old", "new", "breaking", "additions"), STARTS)
def test_where_a_lifecycle_begins_and_its_clients(
    old: dict[str, Any], new: dict[str, Any], breaking: list[str], additions: list[str]
) -> None:
    found = contract.compare(*(document(build_model(each), SERVICE) for each in (old, new)))
    assert list(found) == [breaking, additions]
    assert events(old, new) == ([], [])
    assert tables(old, new) == ([], [])


def test_states_that_are_written_otherwise_break_clients_and_rows() -> None:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"]["Order"]["lifecycle"]["states"] = 'enum("open", "Paid")'
    other["aggregates"]["Order"]["lifecycle"]["actions"]["pay"]["to"] = "Paid"
    before, after = (document(build_model(each), SERVICE) for each in (DOMAIN, other))
    gone = "OrderStatus: never becomes {} any more, which clients may wait for"
    assert contract.compare(before, after) == ([gone.format("OPEN, PAID")], [])
    assert contract.compare(after, before) == ([gone.format("Paid, open")], [])
    assert tables(DOMAIN, other) == (["constrain orders"], [LOOK.format("ck_orders_status")])


def test_an_action_that_becomes_internal_breaks_its_clients() -> None:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"]["Order"]["lifecycle"]["actions"]["pay"] |= {"internal": True, "input": {"note": "text"}}
    before, after = (document(build_model(each), SERVICE) for each in (DOMAIN, other))
    assert contract.compare(before, after) == (["POST /orders/{order_id}/payments is gone"], [])
    assert contract.compare(after, before) == ([], ["POST /orders/{order_id}/payments is new"])
    assert "PayOrderInput" not in after["components"]["schemas"]
    assert events(DOMAIN, other) == ([], ["OrderPaid carries note now"])


def test_an_action_that_empties_a_field_breaks_nobody() -> None:
    old = copy.deepcopy(DOMAIN)
    old["aggregates"]["Order"]["fields"]["paid_by"] = "string(9)? readonly"
    new = copy.deepcopy(old)
    new["aggregates"]["Order"]["lifecycle"]["actions"]["pay"]["clears"] = "paid_by"
    before, after = (document(build_model(each), SERVICE) for each in (old, new))
    assert contract.compare(before, after) == ([], [])
    said = after["paths"]["/orders/{order_id}/payments"]["post"]["description"]
    assert said.endswith("refused with 409. Empties `paid_by`.")
    assert events(old, new) == tables(old, new) == ([], [])
    (both,) = diff(domain_model(old), domain_model(new)).in_aggregates[0].actions.changed
    assert both.new.clears == ("paid_by",)


def test_an_action_that_sets_a_field_breaks_nobody() -> None:
    old = copy.deepcopy(DOMAIN)
    old["aggregates"]["Order"]["fields"] |= {"settled": "bool readonly = false", "settled_on": "date? readonly"}
    new = copy.deepcopy(old)
    new["aggregates"]["Order"]["lifecycle"]["actions"]["pay"]["sets"] = {"settled": True, "settled_on": "now"}
    before, after = (document(build_model(each), SERVICE) for each in (old, new))
    assert contract.compare(before, after) == ([], [])
    said = after["paths"]["/orders/{order_id}/payments"]["post"]["description"]
    assert said.endswith("refused with 409. Sets `settled` to `true` and `settled_on` to the moment.")
    assert events(old, new) == tables(old, new) == ([], [])
    (both,) = diff(domain_model(old), domain_model(new)).in_aggregates[0].actions.changed
    assert [each.name for each in both.new.assigns] == ["settled", "settled_on"]


def narrowed(*filters: str) -> dict[str, Any]:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"]["Order"] |= {"filter": [*filters]}
    other["aggregates"]["Order"]["fields"] |= {"due": "datetime?", "size": "int"}
    return other


@pytest.mark.parametrize(
    ("old", "new", "breaking", "additions"),
    [
        (["status"], ["status any"], [], ["status: takes several values"]),
        (["status any"], ["status"], ["status: takes one value only"], []),
        (["number"], ["number prefix"], [], ["the parameter number_prefix is new"]),
        (["number prefix"], ["number"], ["the parameter number_prefix is gone"], []),
        (["number any"], ["number any prefix"], [], ["the parameter number_prefix is new"]),
        (["due from"], ["due from to"], [], ["the parameter due_to is new"]),
        (["due absent"], [], ["the parameter due_absent is gone"], []),
        (["size from to"], ["size to from"], [], []),
    ],
)
def test_the_words_of_a_filter_and_its_clients(
    old: list[str], new: list[str], breaking: list[str], additions: list[str]
) -> None:
    found = contract.compare(*(document(build_model(narrowed(*each)), SERVICE) for each in (old, new)))
    assert found == ([f"GET /orders: {line}" for line in breaking], [f"GET /orders: {line}" for line in additions])


@pytest.mark.parametrize(
    ("old", "new", "breaking", "additions"),
    [
        ("float(0..1)", "float(>0, <=1)", [".a: minimum is 0.0, excluded, was 0.0"], []),
        ("float(>0, <=1)", "float(0..1)", [], [".a: minimum is 0.0, was 0.0, excluded"]),
        ("float(>0, <1)", "float(>0, <2)", [], [".a: maximum is 2.0, excluded, was 1.0, excluded"]),
        ("float(<=1)", "float(<1)", [".a: maximum is 1.0, excluded, was 1.0"], []),
        ("bool", "bool?", [], [".a: another type", ": a became optional"]),
    ],
)
def test_bounds_that_exclude_and_clients(old: str, new: str, breaking: list[str], additions: list[str]) -> None:
    domain = [{"context": "c", "aggregates": {"Thing": {"a": each, "b": "int"}}} for each in (old, new)]
    found = contract.compare(*(document(build_model(each), SERVICE) for each in domain))
    sent = [[line for line in lines if line.startswith("ThingCreate")] for lines in found]
    assert sent == [[f"ThingCreate{line}" for line in lines] for lines in (breaking, additions)]


def test_a_renamed_aggregate_is_triggered_as_before() -> None:
    other = copy.deepcopy(DOMAIN)
    other["aggregates"] = {"Purchase": DOMAIN["aggregates"]["Order"] | {"renamed_from": "Order"}}
    other["consumes"]["Paid"] = PAID | {"triggers": "Purchase.pay"}
    assert events(DOMAIN, other) == ([], [])


LIMITS = [
    ({"type": "string(20)", "min": 2}, {"type": "string(20)", "min": 1}, True),
    ({"type": "string(20)", "min": 2}, {"type": "string(20)", "min": 3}, False),
    ({"type": "string(20)", "pattern": "[a-z]+"}, "string(20)", True),
    ("string(20)", {"type": "string(20)", "pattern": "[a-z]+"}, False),
    ({"type": "money", "min": 0}, "money", True),
    ("decimal(9, 2)", {"type": "decimal(9, 2)", "min": 0}, False),
    ({"type": "list(int)", "max": 100}, "list(int)", None),
    ({"type": "list(int)", "max": 5}, "list(int)", True),
    ("list(int)", {"type": "list(int)", "min": 1}, False),
]


@pytest.mark.parametrize(("old", "new", "compatible"), LIMITS)
def test_limits_of_an_event(old: Any, new: Any, compatible: bool | None) -> None:
    asked, others = events(*(DOMAIN | {"consumes": fields(more=each)} for each in (old, new)))
    line = ["Paid: more has other limits"]
    expected = {True: ([], line), False: (line, []), None: ([], [])}
    assert (asked, others) == expected[compatible]


def test_an_event_that_two_actions_emit_is_named_once() -> None:
    other = copy.deepcopy(DOMAIN)
    lifecycle = other["aggregates"]["Order"]["lifecycle"]
    lifecycle["states"].append("gone")
    lifecycle["actions"] |= {
        "drop": {"from": "open", "to": "gone", "emits": "OrderGone"},
        "lose": {"from": "paid", "to": "gone", "emits": "OrderGone"},
    }
    assert events(DOMAIN, other) == ([], ["OrderGone is emitted now"])


def shop(order: dict[str, Any], name: str = "Order", **others: Any) -> dict[str, Any]:
    return {"context": "shop", "aggregates": {name: {"fields": order} | others, "Buyer": {"name": "string(9)"}}}


ORDER: dict[str, Any] = {"note": "string(10)", "kind": "enum(a, b)", "size": "int(0..5)", "paid": "money"}
NOTE = {"type": "string(10)", "description": "Written by hand."}


def former(name: str, type_: str) -> dict[str, str]:
    return {"type": type_, "renamed_from": name}


def without(name: str, **others: Any) -> dict[str, Any]:
    return {key: value for key, value in ORDER.items() if key != name} | others


LOOK = "orders: look for rows that {} refuses before the revision does, which fails on them"
FITS = "orders.{}: check that every row fits, and that no lock is held while they are rewritten"
FILL = "orders.{}: rows that exist need a value; add it nullable, fill it, then require it"
DROP = "orders.{}: drop it one release after the last that uses it (expand, then contract)"
OVERLAP = "{}: the release that is running knows {} as {}; deploy without overlap"
TABLES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    (shop(ORDER), [], []),
    (shop(ORDER | {"note": NOTE}), [], []),
    (shop(without("note")), ["drop orders.note"], [DROP.format("note")]),
    (shop(ORDER | {"note": "string(5)"}), ["change orders.note"], [FITS.format("note")]),
    (shop(ORDER | {"note": "string(20)"}), ["change orders.note"], []),
    (shop(ORDER | {"note": "string(10)?"}), ["change orders.note"], []),
    (shop(ORDER | {"note": "string(10) = x"}), ["change orders.note"], []),
    (shop(ORDER | {"note": "int"}), ["change orders.note"], [FITS.format("note")]),
    (shop(ORDER | {"age": "int?"}), ["add orders.age"], []),
    (shop(ORDER | {"payer": "id stripe.Customer string(64)?"}), ["add orders.payer_id"], []),
    (shop(ORDER | {"age": "int = 5"}), ["add orders.age"], []),
    (shop(ORDER | {"age": "int"}), ["add orders.age"], [FILL.format("age")]),
    (shop(ORDER | {"age": "int(1..9)? unique"}), ["add orders.age"], []),
    (
        shop(without("note", remark=former("note", "string(10)"))),
        ["rename orders.note to remark"],
        [OVERLAP.format("orders.remark", "it", "note")],
    ),
    (
        shop(without("paid", cost=former("paid", "money"))),
        ["rename orders.paid_amount to cost_amount", "rename orders.paid_currency to cost_currency"],
        [OVERLAP.format(f"orders.cost_{each}", "it", f"paid_{each}") for each in ("amount", "currency")],
    ),
    (
        shop(ORDER | {"paid": "money?"}),
        ["change orders.paid_amount", "change orders.paid_currency"],
        [],
    ),
    (shop(ORDER | {"kind": "enum(a, c, b)"}), ["constrain orders"], []),
    (shop(ORDER | {"kind": "enum(a, c)"}), ["constrain orders"], [LOOK.format("ck_orders_kind")]),
    (shop(ORDER | {"size": "int(0..9)"}), ["constrain orders"], []),
    (shop(ORDER | {"size": "int(1..9)"}), ["constrain orders"], [LOOK.format("ck_orders_size")]),
    (shop(ORDER | {"note": "string(10) unique"}), ["constrain orders"], [LOOK.format("uq_orders_note")]),
    (
        shop(ORDER | {"note": "string(10) unique ignorecase"}),
        ["constrain orders"],
        [LOOK.format("uq_orders_note_ignorecase")],
    ),
    (shop(ORDER, unique=[["note", "size"]]), ["constrain orders"], [LOOK.format("uq_orders_note_size")]),
    (shop(ORDER | {"age": "int?"}, unique=[["note", "age"]]), ["add orders.age"], []),
    (
        shop(ORDER | {"age": "int"}, unique=[["note", "age"]]),
        ["add orders.age"],
        [FILL.format("age")],
    ),
    (
        shop(ORDER | {"age": "int = 5"}, unique=[["note", "age"]]),
        ["add orders.age"],
        [LOOK.format("uq_orders_note_age")],
    ),
    (
        shop(without("note", remark=former("note", "string(10)")), unique=[["remark", "size"]]),
        ["rename orders.note to remark"],
        [OVERLAP.format("orders.remark", "it", "note"), LOOK.format("uq_orders_remark_size")],
    ),
    (shop(ORDER | {"age": "int?"}, rules=["age <= size"]), ["add orders.age"], []),
    (
        shop(ORDER | {"age": "int = 5"}, rules=["age <= size"]),
        ["add orders.age"],
        [LOOK.format("ck_orders_age_size")],
    ),
    (
        shop(ORDER | {"age": "int?"}, rules=["age when kind = a"]),
        ["add orders.age"],
        [LOOK.format("ck_orders_age_kind")],
    ),
    (shop(ORDER | {"note": "string(10) index"}), ["index orders"], []),
    (shop(ORDER | {"note": "string(10) index ignorecase"}), ["index orders"], []),
    (shop(ORDER, filter=["kind"]), ["index orders"], []),
    (shop(ORDER, filter=["kind any", "note prefix"]), ["index orders"], []),
    (shop(ORDER | {"buyer": "ref Buyer?"}), ["add orders.buyer_id"], []),
    (
        shop(ORDER, parts={"lines": {"entity": "Line", "fields": {"sku": "string(9)"}}}),
        ["create lines"],
        [],
    ),
]
GONE = "orders: drop the table only when no running release uses it, and its rows are kept elsewhere"


@pytest.mark.parametrize(("new", "changes", "advice"), TABLES)
def test_tables(new: dict[str, Any], changes: list[str], advice: list[str]) -> None:
    assert tables(shop(ORDER), new) == (changes, advice)


def test_what_may_no_longer_be_absent_has_to_be_there() -> None:
    absent = shop(ORDER | {"note": "string(10)?"})
    assert tables(absent, shop(ORDER)) == (["change orders.note"], [FITS.format("note")])


def test_tables_that_come_and_go() -> None:
    assert tables(shop(ORDER), shop(ORDER, "Sale")) == (["create sales", "drop orders"], [GONE])


def test_a_table_with_another_name() -> None:
    changes, advice = tables(shop({"note": "text"}), shop({"note": "text"}, "Sale", renamed_from="Order"))
    assert changes[0] == "rename orders to sales"
    assert advice == [OVERLAP.format("sales", "the table", "orders")]


def test_an_index_that_goes_is_no_constraint_that_goes() -> None:
    assert tables(shop(ORDER | {"note": "string(10) index"}), shop(ORDER)) == (["index orders"], [])
    assert tables(shop(ORDER | {"note": "string(10) unique"}), shop(ORDER)) == (["constrain orders"], [])


def test_an_index_for_a_prefix_is_another_one() -> None:
    plain, asked = (shop(ORDER, filter=[each]) for each in ("note", "note prefix"))
    assert tables(plain, asked) == (["index orders"], [])
    assert tables(plain, shop(ORDER, filter=["note any"])) == ([], [])


TIED = shop(ORDER | {"more": "int?"}, unique=[["note", "size"]])
KEYS: list[tuple[dict[str, Any], list[str], list[str]]] = [
    (shop(ORDER | {"more": "int?"}), ["constrain orders"], []),
    (shop(ORDER | {"more": "int?"}, unique=[["note", "size", "more"]]), ["constrain orders"], []),
    (shop(ORDER | {"more": "int?"}, unique=[["size", "note"]]), ["constrain orders"], []),
    (
        shop(ORDER | {"more": "int?"}, unique=[["note", "kind"]]),
        ["constrain orders"],
        [LOOK.format("uq_orders_note_kind")],
    ),
    (
        shop(ORDER | {"more": "int?", "note": "string(10) ignorecase"}, unique=[["note", "size"]]),
        ["constrain orders"],
        [LOOK.format("uq_orders_note_size_ignorecase")],
    ),
    (
        shop(without("note", remark=former("note", "string(10)"), more="int?"), unique=[["remark", "size"]]),
        ["rename orders.note to remark"],
        [OVERLAP.format("orders.remark", "it", "note")],
    ),
    (
        shop(without("size", more="int?")),
        ["drop orders.size"],
        [DROP.format("size")],
    ),
]


@pytest.mark.parametrize(("new", "changes", "advice"), KEYS)
def test_keys_that_change_or_go(new: dict[str, Any], changes: list[str], advice: list[str]) -> None:
    assert tables(TIED, new) == (changes, advice)


PLAIN = {"low": "int", "high": "int", "mail": "email?", "tel": "phone?"}
RULED = shop(PLAIN, rules=["low < high", "mail or tel"])
RULES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    (shop(PLAIN), ["constrain orders"], []),
    (shop(PLAIN, rules=["mail or tel", "low < high"]), [], []),
    (shop(PLAIN, rules=["low <= high", "mail or tel"]), ["constrain orders"], [LOOK.format("ck_orders_low_high")]),
    (
        shop(PLAIN, rules=["low < high", "either mail or tel"]),
        ["constrain orders"],
        [LOOK.format("ck_orders_mail_tel")],
    ),
    (
        shop(
            {"low": "int", "top": former("high", "int"), "mail": "email?", "tel": "phone?"},
            rules=["low < top", "mail or tel"],
        ),
        ["rename orders.high to top"],
        [OVERLAP.format("orders.top", "it", "high")],
    ),
    (
        shop({"low": "int", "high": "int", "mail": "email?"}, rules=["low < high"]),
        ["drop orders.tel"],
        [DROP.format("tel")],
    ),
]


@pytest.mark.parametrize(("new", "changes", "advice"), RULES)
def test_rules_that_change_or_go(new: dict[str, Any], changes: list[str], advice: list[str]) -> None:
    assert tables(RULED, new) == (changes, advice)


def test_a_rule_that_comes_breaks_clients_and_one_that_goes_does_not() -> None:
    old, new = (
        document(build_model(shop(PLAIN, rules=rules)), SERVICE)
        for rules in (["low < high"], ["low < high", "mail or tel"])
    )
    line = "{}: {} mail or tel"
    names = ("OrderCreate", "OrderPatch")
    assert sorted(contract.compare(old, new)[0]) == [line.format(name, "holds to") for name in names]
    breaking, others = contract.compare(new, old)
    assert (breaking, sorted(others)) == ([], [line.format(name, "need not hold to") for name in names])


def test_a_key_of_a_part_that_becomes_narrower() -> None:
    lines: dict[str, Any] = {"entity": "Line", "fields": {"sku": "string(9)", "size": "int", "more": "int?"}}
    old, new = (
        shop(ORDER, parts={"lines": lines | {"unique": [key]}}) for key in (["sku", "size", "more"], ["sku", "size"])
    )
    assert tables(old, new) == (
        ["constrain lines"],
        ["lines: look for rows that uq_lines_order_id_sku_size refuses before the revision does, which fails on them"],
    )
    assert tables(new, old) == (["constrain lines"], [])


def said(old: object, new: object) -> list[str]:
    """What the report says of events and tables."""
    sides = (SimpleNamespace(answers={"domain": domain}) for domain in (old, new))
    update = cast("Any", SimpleNamespace(**dict(zip(("base", "theirs"), sides, strict=True))))
    return [*reporting._events(update), *reporting._tables(update)]


def test_the_report_says_it() -> None:
    new = copy.deepcopy(DOMAIN)
    new["aggregates"]["Order"]["fields"]["age"] = "int"
    new["consumes"]["Paid"] = PAID | {"from": "billing"}
    assert [line for line in said(DOMAIN, new) if line.startswith("  ")] == [
        "  Paid is expected from billing, was payments",
        "  add orders.age",
        f"  mind {FILL.format('age')}",
        '  to do: make migration m="add orders.age" (the revisions that exist stay as they are)',
    ]


@pytest.mark.parametrize("old", [DOMAIN, {"context": "shop", "aggregates": {"Order": {"number": "a type of old"}}}])
def test_the_report_says_nothing_of_what_is_the_same_or_cannot_be_read(old: Any) -> None:
    assert said(old, DOMAIN) == []


WITH_IT = "rows go with what they refer to, as soon as one instance of the new release runs"


def tagged(tags: Any = None) -> dict[str, Any]:
    """A domain whose orders may have tags."""
    fields = {"number": "int", **({"tags": tags} if tags else {})}
    return {"context": "shop", "aggregates": {"Tag": {"name": "string(20)"}, "Order": {"fields": fields}}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (tagged(), tagged("refs Tag"), (["create order_tags"], [])),
        (
            tagged("refs Tag"),
            tagged(),
            (
                ["drop order_tags"],
                ["order_tags: drop the table only when no running release uses it, and its rows are kept elsewhere"],
            ),
        ),
        (tagged("refs Tag"), tagged({"type": "refs Tag", "max": 5}), ([], [])),
        (
            tagged("refs Tag"),
            tagged("refs Tag on_delete=clear"),
            (
                [],
                ["order_tags.tag_id: " + WITH_IT],
            ),
        ),
    ],
)
def test_a_list_of_references_has_a_table(old: Any, new: Any, expected: tuple[list[str], list[str]]) -> None:
    assert tables(old, new) == expected


@pytest.mark.parametrize(
    ("new", "breaking"),
    [
        (tagged({"type": "refs Tag", "max": 100}), []),
        (
            tagged({"type": "refs Tag", "max": 5}),
            ["OrderPatch.tag_ids: maxItems is 5, was 100", "OrderCreate.tag_ids: maxItems is 5, was 100"],
        ),
    ],
)
def test_fewer_references_and_clients(new: Any, breaking: list[str]) -> None:
    found, _ = contract.compare(*(document(build_model(each), SERVICE) for each in (tagged("refs Tag"), new)))
    assert found == breaking


def test_a_renamed_list_of_references_keeps_its_rows() -> None:
    new = tagged()
    new["aggregates"]["Order"]["fields"]["labels"] = {"type": "refs Tag", "renamed_from": "tags"}
    changes, advice = tables(tagged("refs Tag"), new)
    assert changes == ["rename order_tags to order_labels", "rename order_labels.tag_id to label_id"]
    assert [line.partition(": the release")[0] for line in advice] == ["order_labels", "order_labels.label_id"]


@pytest.mark.parametrize(
    ("policy", "was", "advice"),
    [
        ("cascade", "", WITH_IT),
        (
            "clear",
            "",
            "it is emptied with the deletion of what it refers to, as soon as one instance of the new release runs",
        ),
        ("restrict", "", None),
        ("restrict", "cascade", "what it refers to cannot be deleted any more"),
    ],
)
def test_another_policy_of_a_reference(policy: str, was: str, advice: str | None) -> None:
    """The tables stay as they are; clients and rows have to know of it all the same."""

    def shop(word: str) -> dict[str, Any]:
        behind = f" on_delete={word}" if word else ""
        fields = {"name": "string(20)", "other": f"ref Node?{behind}"}
        parts = {"marks": {"entity": "Mark", "fields": {"link": f"ref Other?{behind}"}}}
        aggregates = {"Node": {"fields": fields, "parts": parts}, "Other": {"name": "string(20)"}}
        return {"context": "shop", "aggregates": aggregates}

    old, new = shop(was), shop(policy)
    expected = [f"{column}: {advice}" for column in ("nodes.other_id", "marks.link_id")] if advice else []
    assert tables(old, new) == ([], expected)
    assert [line.strip() for line in said(old, new) if "mind" in line] == [f"mind {line}" for line in expected]
    prose = [
        document(build_model(each), SERVICE)["paths"]["/others/{other_id}"]["delete"]["description"]
        for each in (old, new)
    ]
    assert (prose[0] == prose[1]) is (not advice)
