"""The model of a domain: frozen, typed, and checked against what targets reserve."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from strategies import domains

from extensions.language.parser import parse
from extensions.language.yaml_reader import load_yaml
from extensions.model.assignments import Assignment
from extensions.model.build import build
from extensions.model.domain import Domain
from extensions.model.fields import Default, Field
from extensions.pipeline.reading import domain_model, problems_of, sample_domain
from extensions.pipeline.reserved import RESERVED
from extensions.targets.postgres.tables import tables
from extensions.targets.python.domain import python_domain
from extensions.text.problems import Problems

SAMPLE = domain_model(sample_domain())


def parts_of(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Everything in the model with its place, but for the values of fields and what types have."""
    yield path, value
    if isinstance(value, tuple) and not isinstance(value, (Assignment, Default)):
        for name, each in zip(names_of(value) or map(str, range(len(value))), value, strict=True):
            if not (isinstance(value, Field) and name == "examples"):
                yield from parts_of(each, f"{path}/{name}")


def names_of(value: object) -> tuple[str, ...]:
    return getattr(value, "_fields", ())


@settings(max_examples=8, deadline=None, derandomize=True)
@given(domains())
def test_nothing_in_it_can_be_changed(domain: Any) -> None:
    for path, value in parts_of(domain_model(domain)):
        assert not isinstance(value, (list, dict, set)), path
        for name in names_of(value):
            with pytest.raises(AttributeError):
                setattr(value, name, None)


def test_what_is_declared_stays_as_it_was() -> None:
    """The names of enums and patterns are in the model only, so that a domain can be built again."""
    problems = Problems()
    declared = parse(sample_domain(), problems)
    first, second = (build(declared, RESERVED, problems) for _ in range(2))
    assert isinstance(first, Domain)
    assert isinstance(second, Domain)
    assert [each.name for each in first.aggregate("Order").enums] == ["OrderPriority", "OrderStatus"]
    assert first.aggregate("Order").enums == second.aggregate("Order").enums
    specs = [field.spec for aggregate in declared.aggregates for field in aggregate.fields]
    assert not any(spec.enum_class or spec.alias_name for spec in specs)


def test_what_follows_from_what_is_declared() -> None:
    order = SAMPLE.aggregate("Order")
    assert [field.name for field in order.input_fields] == ["number", "customer", "total", "priority", "note"]
    assert [(field.name, field.target) for field in order.fields if field.target] == [("customer", "Customer")]
    assert [field.name for field in order.fields if field.required] == ["number", "customer", "total"]
    assert next((each.name, each.actions) for each in order.events) == ("OrderPlaced", ("place",))
    assert [(each.name, each.stamps) for each in order.actions][:2] == [("place", "placed_at"), ("ship", None)]
    assert [each.wire for each in order.filters] == ["status", "customer_id"]
    assert [each.wire for each in order.sorts] == ["created_at", "placed_at", "number"]
    assert SAMPLE.by_dependency == ("Customer", "Order")
    with pytest.raises(KeyError):
        SAMPLE.aggregate("Nobody")


def test_what_a_list_can_be_asked_for() -> None:
    order = {
        "fields": {"number": "string(20)", "parent": "ref Order?", "due": "datetime?"},
        "filter": ["number any prefix", "parent absent", "due from to absent", "created_at from"],
    }
    filters = domain_model({"context": "shop", "aggregates": {"Order": order}}).aggregate("Order").filters
    assert [asked.wire for each in filters for asked in each.asked] == [
        *("number", "number_prefix", "parent_id", "parent_id_absent"),
        *("due_from", "due_to", "due_absent", "created_at_from"),
    ]
    assert [asked.word for each in filters for asked in each.asked][:3] == ["any", "prefix", ""]


LENDING = b"""
context: lending
aggregates:
  Patron: {name: text}
  Book:
    fields: {title: text, patron: ref Patron? readonly, grade: "enum(fine, worn)? readonly"}
    lifecycle:
      states: [free, held, lent]
      actions:
        hold:
          from: free
          to: held
          emits: BookTaken
          input: {patron: ref Patron, grade: "enum(fine, worn)", why: "enum(a, b)", pin: text secret}
        lend: {from: free, to: lent, emits: BookTaken, input: {patron: ref Patron}}
        bring: {from: [held, lent], to: free}
"""


def test_what_is_sent_with_an_action() -> None:
    book = domain_model(load_yaml(LENDING)).aggregate("Book")
    hold, lend, bring = book.actions
    assert [(each.command, each.sets) for each in book.commands] == [
        ("HoldBook", ("patron", "grade")),
        ("LendBook", ("patron",)),
    ]
    assert (bring.input, bring.sets) == ((), ())
    assert book.public_actions == book.actions
    assert [field.wire for field in hold.input] == ["patron_id", "grade", "why", "pin"]
    assert [field.enum for field in (*hold.input, *lend.input)] == [None, "BookGrade", "HoldBookWhy", None, None]
    assert [enum.name for enum in book.enums] == ["BookGrade", "HoldBookWhy", "BookStatus"]
    (taken,) = book.events
    carried = [(field.name, field.optional) for field in taken.fields]
    assert carried == [("patron", False), ("grade", True), ("why", True)], "what only one action has may be absent"


def test_what_an_action_empties() -> None:
    raw: Any = load_yaml(LENDING)
    actions = raw["aggregates"]["Book"]["lifecycle"]["actions"]
    actions["bring"]["clears"] = ["patron", "grade"]
    actions["lend"]["clears"] = "grade"
    domain = domain_model(raw)
    book = domain.aggregate("Book")
    assert [each.clears for each in book.actions] == [(), ("grade",), ("patron", "grade")]
    assert python_domain(domain, tables(domain))["Book"].cleared_by(book.actions[2]) == ["patron_id", "grade"]


def test_what_an_action_sets() -> None:
    raw: Any = load_yaml(LENDING)
    raw["aggregates"]["Book"]["fields"] |= {"seen_at": "datetime? readonly", "seen_on": "date? readonly"}
    bring = raw["aggregates"]["Book"]["lifecycle"]["actions"]["bring"]
    bring["sets"] = {"grade": "worn", "seen_at": "now", "seen_on": "now"}
    domain = domain_model(raw)
    book = domain.aggregate("Book")
    assert [each[:3] for each in book.actions[2].assigns] == [
        ("grade", "WORN", False),
        ("seen_at", None, True),
        ("seen_on", None, True),
    ]
    code = python_domain(domain, tables(domain))["Book"]
    assert [(each.attribute, each.python) for each in code.assigned_by(book.actions[2])] == [
        ("grade", "BookGrade.WORN"),
        ("seen_at", "at"),
        ("seen_on", "at.date()"),
    ]
    assert [code.is_timed(action) for action in book.actions] == [False, False, True]


def test_an_internal_action_has_no_path() -> None:
    raw: Any = load_yaml(LENDING)
    raw["aggregates"]["Book"]["lifecycle"]["actions"]["lend"]["internal"] = True
    book = domain_model(raw).aggregate("Book")
    assert [(each.name, each.internal, each.resource) for each in book.actions] == [
        ("hold", False, "holds"),
        ("lend", True, ""),
        ("bring", False, "bring-requests"),
    ]
    assert [each.name for each in book.public_actions] == ["hold", "bring"]
    assert [each.name for each in book.commands] == ["hold", "lend"]


@pytest.mark.parametrize(
    ("initial", "expected", "choices"),
    [
        (None, ("FREE",), ()),
        ("lent", ("LENT",), ()),
        (["lent"], ("LENT",), ()),
        (["lent", "free"], ("LENT", "FREE"), ("LENT", "FREE")),
    ],
)
def test_where_a_lifecycle_begins(initial: Any, expected: tuple[str, ...], choices: tuple[str, ...]) -> None:
    raw: Any = load_yaml(LENDING)
    if initial:
        raw["aggregates"]["Book"]["lifecycle"]["initial"] = initial
    lifecycle = domain_model(raw).aggregate("Book").lifecycle
    assert lifecycle
    assert (lifecycle.initial, lifecycle.first, lifecycle.choices) == (expected, expected[0], choices)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": frozenset({"Order"})}, "aggregates.Order: the name 'Order' belongs to Python or the generated"),
        ({"tables": frozenset({"orders"})}, "aggregates.Order: its table 'orders' belongs to the service itself"),
        ({"paths": frozenset({"orders"})}, "aggregates.Order: its path '/orders' belongs to the service"),
        ({"parameters": frozenset({"customer_id"})}, "aggregates.Order.filter: 'customer' is a parameter of every"),
        ({"folder": lambda _: "same"}, "aggregates.Order: becomes the folder 'same', as Customer does"),
        ({"table": lambda _: "same"}, "aggregates.Order: its table 'same' belongs to Customer"),
        ({"columns": lambda *_: ("same",)}, "aggregates.Customer.fields.name: has the column 'same', as aggregates."),
        ({"aggregate_suffixes": ("Line",)}, "aggregates.Order: the name 'OrderLine' is also that of the part lines"),
        ({"part_suffixes": ("",)}, "aggregates.Order.parts.lines: the name 'OrderLine' is also that of the part lines"),
    ],
)
def test_names_give_way_to_what_targets_reserve(changes: dict[str, Any], message: str) -> None:
    problems = Problems()
    reserved = RESERVED._replace(**changes)
    assert build(parse(sample_domain(), problems), reserved, problems) is None
    assert any(line.startswith(message) for line in problems.messages), problems.messages


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "NoteKind"),
        ({"borrowed_classes": frozenset({"NoteKind"})}, "NoteKindValue"),
        ({"classes": frozenset({"NoteKindInput"})}, "NoteKindValue"),
        ({"beside_enums": ("Kind",)}, "NoteKindValue"),
        ({"longest_class": 7}, "Kind"),
    ],
)
def test_an_enum_has_a_name_that_nothing_else_has(changes: dict[str, Any], name: str) -> None:
    problems = Problems()
    domain = load_yaml(b"context: shop\naggregates:\n  Note: {kind: 'enum(a, b)'}\n")
    assert problems_of(domain) == []
    built = build(parse(domain, problems), RESERVED._replace(**changes), problems)
    assert built is not None
    (note,) = built.aggregates
    assert (note.enums[0].name, note.fields[0].enum) == (name, name)
