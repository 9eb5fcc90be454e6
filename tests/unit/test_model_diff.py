"""What `diff` finds between two models, and what it takes for the same."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from extensions.model.diff import AggregateDiff, Changes, DomainDiff, diff, match
from extensions.pipeline.reading import domain_model
from extensions.pipeline.renamed import under_new_names

SHOP: dict[str, Any] = {
    "context": "shop",
    "aggregates": {
        "Customer": {"name": "string(80)", "mail": "email unique"},
        "Order": {
            "fields": {
                "number": "string(20)",
                "customer": "ref Customer",
                "kind": "enum(a, b)",
                "paid_at": "datetime? readonly",
            },
            "parts": {
                "lines": {
                    "entity": "OrderLine",
                    "max": 9,
                    "fields": {"sku": "string(40)", "amount": "int", "most": "int"},
                }
            },
            "lifecycle": {
                "states": ["open", "paid", "gone"],
                "actions": {
                    "pay": {"from": "open", "to": "paid", "emits": "OrderPaid"},
                    "drop": {"from": ["open", "paid"], "to": "gone"},
                    "reopen": {"from": "gone", "to": "open"},
                },
            },
            "filter": ["number", "status"],
            "sort": ["number"],
        },
    },
    "consumes": {"Paid": {"from": "payments", "fields": {"amount": "money"}, "triggers": "Order.pay"}},
}


def shop(place: str = "", value: Any = None, *, without: str = "") -> dict[str, Any]:
    """The shop with something else in that place, and without something."""
    domain = copy.deepcopy(SHOP)
    for path, new in ((without, None), (place, value)):
        if path:
            *way, last = path.split("/")
            holder = domain
            for step in way:
                holder = holder[step]
            holder.pop(last, None)
            if new is not None:
                holder[last] = new
    return domain


def lines(found: DomainDiff) -> list[str]:
    """The differences, one line each."""
    said = [*_lines("", "aggregate", found.aggregates), *_lines("", "event", found.events)]
    said += _lines("", "consumed", found.consumes)
    for aggregate in found.in_aggregates:
        said += _aggregate(aggregate)
    for consumed in found.in_consumed:
        said += _lines(f"{consumed.new.name}.", "field", consumed.fields)
    return said


def _aggregate(found: AggregateDiff) -> Iterator[str]:
    inside = f"{found.new.name}."
    for what in ("fields", "parts", "states", "actions", "keys", "rules", "filters", "sorts", "orders"):
        yield from _lines(inside, what.removesuffix("s"), getattr(found, what))
    for part in found.in_parts:
        yield from _lines(f"{inside}{part.new.name}.", "field", part.fields)
        yield from _lines(f"{inside}{part.new.name}.", "key", part.keys)
        yield from _lines(f"{inside}{part.new.name}.", "rule", part.rules)


def _lines(inside: str, what: str, found: Changes[Any]) -> Iterator[str]:
    yield from (f"{what} {inside}{each.name} added" for each in found.added)
    yield from (f"{what} {inside}{each.name} removed" for each in found.removed)
    yield from (f"{what} {inside}{each.old.name} is {each.new.name}" for each in found.renamed)
    yield from (f"{what} {inside}{each.new.name} changed" for each in found.changed)


ORDER = "aggregates/Order"
ACTIONS = f"{ORDER}/lifecycle/actions"
LIFECYCLE = SHOP["aggregates"]["Order"]["lifecycle"]
DROP = LIFECYCLE["actions"]["drop"]
LOSE = {"lose": {"from": "paid", "to": "lost"}}
PAID = SHOP["consumes"]["Paid"]
CASES: list[tuple[dict[str, Any], list[str]]] = [
    (shop(), []),
    (shop("description", "All that is sold."), []),
    (shop(f"{ORDER}/fields/number", {"type": "string(20)", "description": "Its number.", "example": "A-1"}), []),
    (shop("aggregates/Note", {"text": "text"}), ["aggregate Note added"]),
    (shop(f"{ORDER}/fields/note", "text?"), ["aggregate Order changed", "field Order.note added"]),
    (shop(without=f"{ORDER}/fields/kind"), ["aggregate Order changed", "field Order.kind removed"]),
    (
        shop(f"{ORDER}/fields/number", "string(30)"),
        [
            "aggregate Order changed",
            "field Order.number changed",
            "filter Order.number changed",
            "sort Order.number changed",
        ],
    ),
    (shop(f"{ORDER}/fields/kind", "enum(a, b, c)"), ["aggregate Order changed", "field Order.kind changed"]),
    (shop(f"{ORDER}/fields/kind", "enum(a, b) = a"), ["aggregate Order changed", "field Order.kind changed"]),
    (
        shop(f"{ORDER}/fields/sort", {"type": "enum(a, b)", "renamed_from": "kind"}, without=f"{ORDER}/fields/kind"),
        ["aggregate Order changed", "field Order.kind is sort"],
    ),
    (
        shop(f"{ORDER}/parts/lines/max", 12),
        ["aggregate Order changed", "part Order.lines changed"],
    ),
    (
        shop(f"{ORDER}/parts/lines/fields/amount", "int(1..9)"),
        ["aggregate Order changed", "part Order.lines changed", "field Order.lines.amount changed"],
    ),
    (
        shop(f"{ORDER}/lifecycle/states", ["paid", "open", "gone"]),
        ["aggregate Order changed"],
    ),
    (shop(f"{ORDER}/lifecycle/initial", "open"), []),
    (shop(f"{ACTIONS}/drop", DROP | {"internal": True}), ["aggregate Order changed", "action Order.drop changed"]),
    (shop(f"{ACTIONS}/drop", DROP | {"internal": False}), []),
    (shop(f"{ORDER}/lifecycle/initial", ["open", "paid"]), ["aggregate Order changed"]),
    (
        shop(f"{ORDER}/lifecycle", {"states": [*LIFECYCLE["states"], "lost"], "actions": LIFECYCLE["actions"] | LOSE}),
        ["aggregate Order changed", "state Order.LOST added", "action Order.lose added"],
    ),
    (
        shop(f"{ACTIONS}/drop/from", "open"),
        ["aggregate Order changed", "action Order.drop changed"],
    ),
    (
        shop(f"{ACTIONS}/pay/emits", "OrderSettled"),
        ["aggregate Order changed", "event OrderSettled added", "event OrderPaid removed", "action Order.pay changed"],
    ),
    (
        shop(f"{ACTIONS}/drop/emits", "OrderPaid"),
        ["aggregate Order changed", "event OrderPaid changed", "action Order.drop changed"],
    ),
    (
        shop(f"{ORDER}/unique", [["customer", "number"]]),
        ["aggregate Order changed", "key Order.customer, number added"],
    ),
    (
        shop(f"{ORDER}/parts/lines/unique", [["sku", "amount"]]),
        ["aggregate Order changed", "part Order.lines changed", "key Order.lines.sku, amount added"],
    ),
    (
        shop(f"{ORDER}/parts/lines/rules", ["amount < most"]),
        ["aggregate Order changed", "part Order.lines changed", "rule Order.lines.amount < most added"],
    ),
    (
        shop(f"{ACTIONS}/pay/input", {"receipt": "string(20)"}),
        ["aggregate Order changed", "event OrderPaid changed", "action Order.pay changed"],
    ),
    (
        shop(f"{ACTIONS}/pay/input", {"pin": "string(4) secret"}),
        ["aggregate Order changed", "action Order.pay changed"],
    ),
    (shop(f"{ORDER}/filter", ["status"]), ["aggregate Order changed", "filter Order.number removed"]),
    (shop(f"{ORDER}/sort", ["number", "modified_at"]), ["aggregate Order changed", "sort Order.modified_at added"]),
    (
        shop(f"{ORDER}/order", ["-created_at", "number"]),
        ["aggregate Order changed", "order Order.created_at,-number added"],
    ),
    (shop(f"{ORDER}/order", "-number"), ["aggregate Order changed"]),
    (shop("consumes/Paid", PAID | {"from": "billing"}), ["consumed Paid changed"]),
    (
        shop("consumes/Paid", PAID | {"fields": {"amount": "money", "at": "datetime?"}}),
        ["consumed Paid changed", "field Paid.at added"],
    ),
    (shop(without="consumes/Paid"), ["consumed Paid removed"]),
]


@pytest.mark.parametrize(("new", "expected"), CASES)
def test_each_difference_is_found_once(new: dict[str, Any], expected: list[str]) -> None:
    found = diff(domain_model(SHOP), domain_model(new))
    assert lines(found) == expected
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(("new", "expected"), CASES)
def test_the_way_back_has_as_many(new: dict[str, Any], expected: list[str]) -> None:
    if "is sort" not in str(expected):  # the old domain does not say what the field was called later
        there = lines(diff(domain_model(SHOP), domain_model(new)))
        back = lines(diff(domain_model(new), domain_model(SHOP)))
        turned = {"added": "removed", "removed": "added"}
        words = (line.rpartition(" ") for line in there)
        assert sorted(back) == sorted(f"{what} {turned.get(verb, verb)}" for what, _, verb in words)


def test_a_new_name_of_an_aggregate_changes_nothing_that_refers_to_it() -> None:
    new = shop(without="aggregates/Customer")
    new["aggregates"]["Client"] = {"renamed_from": "Customer", "fields": SHOP["aggregates"]["Customer"]}
    new["aggregates"]["Order"]["fields"]["customer"] = "ref Client"
    new["aggregates"]["Purchase"] = new["aggregates"].pop("Order") | {"renamed_from": "Order"}
    new["consumes"]["Paid"] = PAID | {"triggers": "Purchase.pay"}
    found = diff(domain_model(SHOP), domain_model(new))
    assert found.aggregates.names == {"Customer": "Client", "Order": "Purchase"}
    assert [both.new.plural for both in found.aggregates.changed] == ["clients", "purchases"]
    assert not any(found.in_aggregates)
    assert not found.events
    assert not found.consumes
    assert (found.aggregates.added, found.aggregates.removed) == ((), ())


def test_a_list_goes_by_a_field_under_its_new_name() -> None:
    new = shop(
        f"{ORDER}/fields/code", {"type": "string(20)", "renamed_from": "number"}, without=f"{ORDER}/fields/number"
    )
    new["aggregates"]["Order"] |= {
        "filter": ["code", "status"],
        "sort": ["code", ["created_at", "code"]],
        "order": ["-code", "modified_at"],
    }
    old = shop(f"{ORDER}/sort", ["number", ["created_at", "number"]])
    old["aggregates"]["Order"]["order"] = ["-number", "modified_at"]
    order = diff(domain_model(old), domain_model(new)).in_aggregates[1]
    assert (order.fields.names, order.filters.names, order.sorts.names) == ({"number": "code"},) * 3
    assert order.orders.names == {"created_at,number": "created_at,code", "number,-modified_at": "code,-modified_at"}
    assert not order.filters.changed
    assert not order.sorts.changed
    assert (order.orders.added, order.orders.removed, order.orders.changed) == ((), (), ())
    renamed = under_new_names(old, new)["aggregates"]["Order"]
    assert (renamed["sort"], renamed["order"]) == (["code", ["created_at", "code"]], ["-code", "modified_at"])


def test_the_words_of_a_filter_are_found_under_a_new_name() -> None:
    old = shop(f"{ORDER}/filter", ["number prefix", "status"])
    new = shop(without=f"{ORDER}/fields/number")
    new["aggregates"]["Order"]["fields"]["code"] = {"type": "string(20)", "renamed_from": "number"}
    for words, changed in (("prefix", False), ("any prefix", True)):
        new["aggregates"]["Order"] |= {"filter": [f"code {words}", "status"], "sort": ["code"]}
        order = diff(domain_model(old), domain_model(new)).in_aggregates[1]
        assert order.filters.names == {"number": "code"}
        assert bool(order.filters.changed) == changed
    carried = under_new_names(old, new)["aggregates"]["Order"]
    assert carried["filter"] == ["code prefix", "status"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["number"], ["code"]),
        ("number", ["code"]),
        ({"fields": ["number"], "language": "german"}, {"fields": ["code"], "language": "german"}),
    ],
)
def test_a_search_goes_by_its_fields_under_their_new_names(before: Any, after: Any) -> None:
    old, new = shop(f"{ORDER}/search", before), shop(without=f"{ORDER}/fields/number")
    new["aggregates"]["Order"]["fields"]["code"] = {"type": "string(20)", "renamed_from": "number"}
    new["aggregates"]["Order"] |= {"filter": ["code", "status"], "sort": ["code"], "search": after}
    renamed = under_new_names(old, new)["aggregates"]["Order"]
    assert renamed["search"] == after
    order = diff(domain_model(old), domain_model(new)).in_aggregates[1]
    assert not order.filters.changed
    new["aggregates"]["Order"]["search"] = {"fields": ["code"], "language": "french"}
    assert diff(domain_model(old), domain_model(new)).in_aggregates[1].filters.changed


def test_a_key_goes_by_its_fields_under_their_new_names() -> None:
    old, new = shop(f"{ORDER}/unique", [["customer", "number"]]), shop(without=f"{ORDER}/fields/number")
    new["aggregates"]["Order"]["fields"]["code"] = {"type": "string(20)", "renamed_from": "number"}
    new["aggregates"]["Order"] |= {"filter": ["code", "status"], "sort": ["code"], "unique": [["customer", "code"]]}
    parts = [each["aggregates"]["Order"]["parts"]["lines"] for each in (old, new)]
    parts[0]["unique"], parts[1]["unique"] = [["sku", "amount"]], [["sku", "sum"]]
    parts[1]["fields"] = {"sku": "string(40)", "sum": {"type": "int", "renamed_from": "amount"}}
    order = diff(domain_model(old), domain_model(new)).in_aggregates[1]
    assert order.keys.names == {"customer, number": "customer, code"}
    assert order.in_parts[0].keys.names == {"sku, amount": "sku, sum"}
    renamed = under_new_names(old, new)["aggregates"]["Order"]
    assert (renamed["unique"], renamed["parts"]["lines"]["unique"]) == ([["customer", "code"]], [["sku", "sum"]])
    assert old["aggregates"]["Order"]["unique"] == [["customer", "number"]]


def test_a_rule_goes_by_its_fields_under_their_new_names() -> None:
    old, new = shop(), shop()
    orders = [each["aggregates"]["Order"] for each in (old, new)]
    for order, names in zip(
        orders, (("note", "kind", "amount", "most"), ("when", "sort", "sum", "limit")), strict=True
    ):
        note, kind, amount, most = names
        order["fields"] = {"number": "string(20)", "customer": "ref Customer", note: "text?", kind: "enum(a, kind)"}
        order["parts"]["lines"]["fields"] = {amount: "int", most: "int"}
        order["rules"] = [f"{note} when {kind} = kind"]
        order["parts"]["lines"]["rules"] = [f"{amount}<{most}"]
    new["aggregates"]["Order"]["fields"] |= {
        "when": {"type": "text?", "renamed_from": "note"},
        "sort": {"type": "enum(a, kind)", "renamed_from": "kind"},
    }
    orders[1]["parts"]["lines"]["fields"] = {
        "sum": {"type": "int", "renamed_from": "amount"},
        "limit": {"type": "int", "renamed_from": "most"},
    }
    order = diff(domain_model(old), domain_model(new)).in_aggregates[1]
    assert order.rules.names == {"note when kind = kind": "when when sort = kind"}
    assert order.in_parts[0].rules.names == {"amount < most": "sum < limit"}
    assert order.rules.added + order.rules.removed == ()
    renamed = under_new_names(old, new)["aggregates"]["Order"]
    assert (renamed["rules"], renamed["parts"]["lines"]["rules"]) == (["when when sort = kind"], ["sum < limit"])


class Thing(NamedTuple):
    name: str
    former: str | None = None


@pytest.mark.parametrize(
    ("new", "kept", "added"),
    [
        ([Thing("b", "a")], ["a → b"], []),
        ([Thing("b", "a"), Thing("a")], ["a → a"], ["b"]),
        ([Thing("a"), Thing("b", "a")], ["a → a"], ["b"]),
        ([Thing("b", "a"), Thing("c", "a")], ["a → b"], ["c"]),
        ([Thing("a", "z")], ["a → a"], []),
    ],
)
def test_one_thing_becomes_one(new: list[Thing], kept: list[str], added: list[str]) -> None:
    found = match([Thing("a")], new, former=lambda thing: thing.former)
    assert [f"{both.old.name} → {both.new.name}" for both in found.kept] == kept
    assert [thing.name for thing in found.added] == added
    assert found.removed == ()


def test_a_former_name_that_is_still_there_is_no_rename() -> None:
    fields = SHOP["aggregates"]["Order"]["fields"]
    old = shop(f"{ORDER}/fields", {"code": "string(20)", "customer": "ref Customer"})
    new = shop(f"{ORDER}/fields", fields | {"code": {"type": "string(20)", "renamed_from": "digits"}})
    for each in (old, new):
        each["aggregates"]["Order"] |= {"filter": [], "sort": []}
    order = diff(domain_model(old), domain_model(new)).in_aggregates[1]
    assert order.fields.renamed == ()
    assert [field.name for field in order.fields.added] == ["number", "kind", "paid_at"]


def test_an_input_of_another_name_is_another_input() -> None:
    old, new = (shop(f"{ACTIONS}/pay/input", {name: "string(20)"}) for name in ("receipt", "voucher"))
    found = diff(domain_model(old), domain_model(new))
    assert [line for line in lines(found) if "pay" in line or "event" in line] == [
        "event OrderPaid changed",
        "action Order.pay changed",
    ]
    described = shop(f"{ACTIONS}/pay/input", {"receipt": {"type": "string(20)", "description": "Its number."}})
    assert lines(diff(domain_model(old), domain_model(described))) == []
