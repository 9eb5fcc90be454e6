"""Rules over several fields: what they say, what keeps them, and the condition of the table."""

from typing import Any

import pytest
from hypothesis import given
from strategies import domains

from extensions.model.domain import Aggregate, Part
from extensions.model.rules import keeps, sentence
from extensions.pipeline import domain_model
from extensions.targets.postgres.tables import tables
from extensions.targets.python.domain import python_domain
from extensions.targets.python.rules import rules_code

FIELDS = {
    "low": "int", "high": "decimal(9, 2)?", "day": "date", "end": "date?", "at": "datetime", "till": "datetime",
    "price": "money", "full": "money?", "one": "ref Order?", "other": "ref Order?", "mail": "email?", "tel": "phone?",
    "kind": "enum(a, b)", "open": "bool", "coin": 'enum("usd", "eur")?',
}  # fmt: skip
EUR = {"amount": "2.00", "currency": "EUR"}
CASES: dict[str, tuple[str, str, list[dict[str, Any]], list[dict[str, Any]]]] = {
    "low < high": (
        "low must be less than high.",
        "low < high",
        [{"low": 1, "high": "1.01"}, {"low": 9}],
        [{"low": 1, "high": "1.00"}, {"low": 10, "high": "9.00"}],
    ),
    "high <= low": (
        "high must be at most low.",
        "high <= low",
        [{"low": 1, "high": "1.00"}, {"low": 9, "high": None}],
        [{"low": 1, "high": "1.01"}],
    ),
    "end >= day": (
        "end must not be before day.",
        "end_ >= day",
        [{"day": "2026-01-02", "end": "2026-01-02"}, {"day": "2026-01-02"}],
        [{"day": "2026-01-02", "end": "2026-01-01"}],
    ),
    "till > at": (
        "till must be after at.",
        "till > at",
        [{"at": "2026-01-02T00:00:00Z", "till": "2026-01-02T00:00:00.1Z"}],
        [{"at": "2026-01-02T00:00:00Z", "till": "2026-01-02T00:00:00Z"}],
    ),
    "price <= full": (
        "price must be at most full in the same currency.",
        "price_amount <= full_amount AND price_currency = full_currency",
        [{"price": EUR, "full": EUR}, {"price": EUR}, {"price": EUR, "full": EUR | {"amount": "10.00"}}],
        [{"price": EUR, "full": EUR | {"currency": "JPY"}}, {"price": EUR, "full": EUR | {"amount": "1.99"}}],
    ),
    "price != full": (
        "price must differ from full.",
        "price_amount <> full_amount OR price_currency <> full_currency",
        [{"price": EUR, "full": EUR | {"currency": "JPY"}}, {"price": EUR, "full": EUR | {"amount": "2.01"}}],
        [{"price": EUR, "full": EUR}, {"price": EUR, "full": EUR | {"amount": "2"}}],
    ),
    "one != other": (
        "one_id must differ from other_id.",
        "one_id <> other_id",
        [{"one_id": "a", "other_id": "b"}, {"one_id": "a"}, {}],
        [{"one_id": "a", "other_id": "a"}],
    ),
    "mail or tel or one": (
        "At least one of mail, tel and one_id must be present.",
        "num_nonnulls(mail, tel, one_id) >= 1",
        [{"mail": "a"}, {"mail": "a", "tel": "b"}, {"one_id": "a"}],
        [{}, {"mail": None}],
    ),
    "either mail or tel": (
        "Either mail or tel must be present, not both.",
        "num_nonnulls(mail, tel) = 1",
        [{"mail": "a"}, {"tel": "b", "mail": None}],
        [{}, {"mail": "a", "tel": "b"}],
    ),
    "tel when kind = a": (
        "tel must be present when kind is A.",
        "kind <> 'A' OR tel IS NOT NULL",
        [{"kind": "A", "tel": "a"}, {"kind": "B"}, {"kind": "B", "tel": "a"}],
        [{"kind": "A"}],
    ),
    "tel when coin = eur": (
        "tel must be present when coin is eur.",
        "coin <> 'eur' OR tel IS NOT NULL",
        [{"coin": "eur", "tel": "a"}, {"coin": "usd"}, {}],
        [{"coin": "eur"}],
    ),
    "tel when open": (
        "tel must be present when open is true.",
        "NOT open OR tel IS NOT NULL",
        [{"open": True, "tel": "a"}, {"open": False}],
        [{"open": True}],
    ),
    "tel when full": (
        "tel must be present when full is present.",
        "full_amount IS NULL OR tel IS NOT NULL",
        [{"full": EUR, "tel": "a"}, {"tel": "a"}, {}],
        [{"full": EUR}],
    ),
    "tel when mail": (
        "tel must be present when mail is present.",
        "mail IS NULL OR tel IS NOT NULL",
        [{"mail": "a", "tel": "a"}, {"tel": "a"}, {}],
        [{"mail": "a"}],
    ),
}


@pytest.mark.parametrize("written", CASES)
def test_a_rule(written: str) -> None:
    said, sql, kept, broken = CASES[written]
    domain = domain_model({"context": "shop", "aggregates": {"Order": {"fields": FIELDS, "rules": [written]}}})
    (rule,) = domain.aggregates[0].rules
    assert rule.name == written
    assert sentence(rule) == said
    checks = [each.sql for each in tables(domain)["Order"].constraints if each.kind == "ck" and len(each.columns) > 1]
    assert checks == [sql]
    assert [keeps(rule, values) for values in (*kept, *broken)] == [True] * len(kept) + [False] * len(broken)


@pytest.mark.parametrize(("word", "member"), [("kind = b", "OrderKind.B"), ("coin = eur", "OrderCoin.EUR")])
def test_a_word_is_a_member_in_the_model(word: str, member: str) -> None:
    domain = domain_model(
        {"context": "shop", "aggregates": {"Order": {"fields": FIELDS, "rules": [f"tel when {word}"]}}}
    )
    order = python_domain(domain, tables(domain))["Order"]
    (code,) = rules_code(domain.aggregates[0].rules, order.fields, "order").codes
    assert f" == {member} and " in code.broken


def example(owner: Aggregate | Part, **others: Any) -> dict[str, Any]:
    return {field.wire: field.examples[0] for field in owner.input_fields if not field.left_out} | others


@given(domains())
def test_examples_keep_all_rules_whatever_is_compared(raw: dict[str, Any]) -> None:
    for aggregate in domain_model(raw).aggregates:
        owners: list[Aggregate | Part] = [aggregate, *aggregate.parts]
        for owner in owners:
            assert all(keeps(rule, example(owner)) for rule in owner.rules)
            for field in owner.input_fields:
                for value in field.examples if field.compared and not field.left_out else ():
                    assert all(keeps(rule, example(owner, **{field.wire: value})) for rule in owner.rules)


def test_values_are_found_where_there_are_few() -> None:
    fields = {"a": "int(5..9)", "b": "int(1..5)", "c": "int(-9..-9)", "d": "int(-2000..2000)", "e": "int unique"}
    body = {"fields": fields, "rules": ["a <= b", "c > d", "e > a"]}
    (order,) = domain_model({"context": "shop", "aggregates": {"Order": body}}).aggregates
    assert all(keeps(rule, example(order)) for rule in order.rules)
