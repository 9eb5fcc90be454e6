"""What the generated tests try of the orders of a list by several fields."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from ...model.rules import keeps
from ..python.literals import python_text, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model.domain import Aggregate, Sort
    from ...model.sorts import Order

Json = dict[str, Any]

NUMBERS = frozenset({"int", "bigint", "decimal", "float"})
MOST_VARIED = 3
"""Fields of an order of which the bodies have two values each."""


class OrderTest(NamedTuple):
    """An order as it is asked for, what its members are compared as, and what the bodies have, as code."""

    sort: str
    kinds: str
    changes: str


def order_tests(aggregate: Aggregate, body: Json) -> Iterator[OrderTest]:
    """The tests of each order in both directions; `body` is the aggregate's example."""
    for order in aggregate.orders:
        kinds = row(_kind(key.sort) for key in order.keys)
        changes = python_text(_changes(order, aggregate, body))
        for each in (order, order.backwards):
            yield OrderTest(each.wire, kinds, changes)


def _kind(sort: Sort) -> str:
    kind = sort.field.kind if sort.field else "datetime"
    return "moment" if kind == "datetime" else "number" if kind in NUMBERS else "text"


def _changes(order: Order, aggregate: Aggregate, body: Json) -> list[Json]:
    """What bodies differ in: the fields of the order, but those that differ from one resource to the next anyway."""
    keyed = {field.wire for key in aggregate.keys for field in key.fields}
    fields = [key.sort.field for key in order.keys if key.sort.field is not None]
    varied = [
        field
        for field in fields
        if field.wire in body and not field.unique and field.wire not in keyed and len(field.examples) > 1
    ][:MOST_VARIED]
    found = [
        dict(zip((field.wire for field in varied), values, strict=True))
        for values in product(*(field.examples[1::-1] for field in varied))
    ]
    kept = [each for each in found if all(keeps(rule, body | each) for rule in aggregate.rules)] or [{}]
    return kept if len(kept) > 2 else [*kept, *kept]
