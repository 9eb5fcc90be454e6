"""Conditions and stores in memory: what PostgreSQL finds and refuses is what they find and refuse, NULL and all."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ordering.kernel import Call, Caller, ChangedMeanwhile, InvalidCursor, KeyTaken, Money, StaleVersion
from ordering.order.model import Order, OrderPriority, OrderStatus
from ordering.order.repository import OrderRepository
from ordering.order.schemas import OrderCreate, OrderQuery
from ordering.order.store import OrderColumns, OrderPage, OrderRow
from ordering.platform import Condition, OrderedColumn, new_id, now, where
from ordering.platform.postgres import Database
from ordering.platform.postgres.idempotency import Once, fingerprint
from tests.api import Api
from tests.stores import InMemory

START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = [START + timedelta(days=day) for day in range(3)]
NOTES = ["", "a", "A", "é", "e\u0301", " "]
AMOUNTS = [Decimal(text) for text in ("0", "0.10", "2", "10")]
SORTS = st.sampled_from([f"{sign}{name}" for name in ("created_at", "placed_at", "number") for sign in ("", "-")])
SAME = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CALL = Call(Caller("ann", frozenset()), START)


def leaves() -> st.SearchStrategy[Condition]:
    columns = OrderColumns
    texts, moments = st.sampled_from(NOTES), st.sampled_from(MOMENTS)
    amounts = st.sampled_from(AMOUNTS)
    comparisons: list[Any] = [
        lambda column, value: column.below(value),
        lambda column, value: column.at_most(value),
        lambda column, value: column.above(value),
        lambda column, value: column.at_least(value),
    ]
    compare = st.sampled_from(comparisons)
    return st.one_of(
        texts.map(columns.note.equals),
        st.lists(texts | st.none(), max_size=3).map(columns.note.is_in),
        st.sampled_from(list(OrderStatus)).map(columns.status.equals),
        st.sets(st.sampled_from(list(OrderPriority))).map(columns.priority.is_in),
        st.sampled_from([columns.note, columns.placed_at]).map(lambda column: column.is_absent()),
        st.builds(lambda make, value: make(columns.placed_at, value), compare, moments | st.none()),
        st.builds(lambda make, value: make(columns.total_amount, value), compare, amounts),
        st.sampled_from(["EUR", "USD"]).map(columns.total_currency.equals),
    )


CONDITIONS = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        inner.map(lambda each: ~each),
        st.tuples(inner, inner).map(lambda two: two[0] & two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] | two[1]),
    ),
    max_leaves=6,
)


@pytest.fixture
async def orders(api: Api, database: Database) -> list[Order]:
    """Stored orders that differ in everything that conditions are about."""
    body = OrderCreate.model_validate_json(json.dumps(await api.body("order")))
    made = []
    for index in range(24):
        order = replace(
            body.to_domain(UUID(int=index + 1), now()),
            number=str(index),
            total=Money(AMOUNTS[index % 4], ("EUR", "USD")[index // 4 % 2]),
            priority=list(OrderPriority)[index % 2],
            note=[None, *NOTES][index % 7],
            placed_at=[None, *MOMENTS][index // 2 % 4],
            status=list(OrderStatus)[index // 3 % 4],
        )
        await OrderRepository(database).add(order, CALL)
        made.append(order)
    return made


@settings(SAME, max_examples=60)
@given(condition=CONDITIONS, status=st.sampled_from([None, *OrderStatus]))
async def test_rows_are_found_alike(
    orders: list[Order], database: Database, condition: Condition, status: OrderStatus | None
) -> None:
    repository = OrderRepository(database)
    expected = {order.id for order in orders if condition.holds(order) and status in (None, order.status)}
    page = await repository.page(OrderQuery(limit=100, status=status), visible=condition)
    assert {row.id for row in page.items} == expected
    one = orders[len(expected)] if len(expected) < len(orders) else orders[0]
    found = await repository.find(one.id, visible=condition)
    loaded = await repository.load(one.id, visible=condition)
    assert (found is not None, loaded is not None) == (condition.holds(one), condition.holds(one))


@settings(SAME, max_examples=25)
@given(condition=CONDITIONS | st.none(), asked=st.tuples(SORTS, st.sampled_from([None, "DRAFT"]), st.integers(1, 9)))
async def test_pages_in_a_row_are_those_of_the_store_in_memory(
    orders: list[Order], database: Database, condition: Condition | None, asked: tuple[Any, Any, int]
) -> None:
    sort, status, limit = asked
    twin: InMemory[Order, OrderRow, OrderPage] = InMemory(OrderRow.of, OrderPage)
    for order in orders:
        await twin.add(order, CALL)
    seen: list[UUID] = []
    cursors: tuple[str | None, str | None] = (None, None)
    while True:
        queries = [OrderQuery(sort=sort, status=status, limit=limit, cursor=cursor) for cursor in cursors]
        page = await OrderRepository(database).page(queries[0], visible=condition)
        same = await twin.page(queries[1], visible=condition)
        assert page.items == same.items
        seen += [row.id for row in page.items]
        cursors = page.next, same.next
        assert cursors.count(None) in (0, 2)
        if page.next is None:
            break
    assert len(seen) == len(set(seen))
    assert set(seen) == {
        order.id for order in orders if status in (None, order.status) and (condition is None or condition.holds(order))
    }


@pytest.fixture(params=["repository", "memory"])
def store(request: pytest.FixtureRequest, database: Database) -> Any:
    return OrderRepository(database) if request.param == "repository" else InMemory(OrderRow.of, OrderPage)


async def filled(store: Any, api: Api) -> list[Order]:
    body = OrderCreate.model_validate_json(json.dumps(await api.body("order")))
    made = [replace(body.to_domain(new_id(), START), number=str(index)) for index in range(4)]
    for order in made:
        await store.add(order, CALL)
    return made


async def test_a_page_continues_where_its_last_row_was(store: Any, api: Api) -> None:
    made = [order.id for order in await filled(store, api)]
    first = await store.page(OrderQuery(sort="created_at", limit=2))
    removed = await store.load(first.items[-1].id)
    await store.remove(removed, CALL)
    second = await store.page(OrderQuery(sort="created_at", limit=2, cursor=first.next))
    assert [row.id for row in (*first.items, *second.items)] == made
    assert second.next is None


async def test_a_cursor_holds_for_its_order_and_filters(store: Any, api: Api) -> None:
    await filled(store, api)
    cursor = (await store.page(OrderQuery(sort="number", limit=2))).next
    others: list[Any] = [{"sort": "-number"}, {"sort": "number", "status": "DRAFT"}]
    for other in others:
        with pytest.raises(InvalidCursor, match="belongs to another order or other filters"):
            await store.page(OrderQuery(**other, cursor=cursor))
    with pytest.raises(InvalidCursor, match="malformed"):
        await store.page(OrderQuery(cursor="~"))


async def test_who_stores_late_is_refused(store: Any, api: Api) -> None:
    order, *_ = await filled(store, api)
    mine, theirs = await store.load(order.id), await store.load(order.id)
    for each in mine, theirs:
        each.note = "Changed"
        each.touch(now())
    await store.save(mine, CALL)
    assert (await store.load(order.id)).version == 2
    for versions, error in (None, ChangedMeanwhile), ([1], StaleVersion):
        late = Call(CALL.caller, now(), versions=versions)
        for attempt in store.save(theirs, late), store.remove(order, late):
            with pytest.raises(error):
                await attempt
    row, version = await store.find(order.id)
    assert (row, version) == (OrderRow.of(mine), 2)


async def test_a_key_is_taken_once(store: Any, api: Api) -> None:
    order, *_ = await filled(store, api)
    call = Call(CALL.caller, now(), Once("ann", new_id().hex, fingerprint("POST", "/", b""), timedelta(hours=1)))
    order.touch(now())
    await store.save(order, call)
    order.touch(now())
    with pytest.raises(KeyTaken):
        await store.save(order, call)
    assert (await store.find(order.id))[1] == 2


def test_no_condition_adds_nothing() -> None:
    arguments: list[Any] = [1]
    assert (where(None, arguments), arguments) == ("", [1])


@pytest.mark.parametrize("shipping", [None, SimpleNamespace(fee=None), SimpleNamespace(fee=SimpleNamespace(amount=2))])
def test_a_member_of_what_is_absent_is_absent(shipping: Any) -> None:
    column = OrderedColumn[int]("shipping_fee_amount", "numeric", "shipping.fee.amount")
    is_there = bool(shipping and shipping.fee)
    resource = SimpleNamespace(shipping=shipping)
    assert column.is_absent().truth(resource) is not is_there
    assert column.above(1).truth(resource) is (True if is_there else None)
