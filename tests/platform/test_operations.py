"""Use cases without a transport: hidden rows, calls without a key, and what a key remembers."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from ordering.kernel import CHANGED, CREATED, Call, Caller, ChangedMeanwhile, KeyTaken, NotFound, StaleVersion
from ordering.order.model import OrderStatus
from ordering.order.operations import OrderOperations
from ordering.order.repository import OrderRepository
from ordering.order.schemas import OrderCreate, OrderPatch, OrderQuery
from ordering.order.service import OrderService
from ordering.order.store import OrderColumns, OrderRow
from ordering.order.use_cases import OrderUseCases
from ordering.platform import Condition, now
from ordering.platform.postgres import Database
from ordering.platform.postgres.idempotency import Once, fingerprint, replay
from tests.api import Api

ANN = Caller("ann", frozenset())


class OwnOrders(OrderService):
    """Nobody knows of the orders of another customer, whose id is the subject."""

    def visible(self, caller: Caller) -> Condition | None:
        return None if caller is ANN else OrderColumns.customer_id.equals(UUID(caller.subject))


@pytest.fixture
def operations(database: Database) -> OrderOperations:
    repository = OrderRepository(database)
    return OrderOperations(repository, repository, OwnOrders(repository))


def call(caller: Caller = ANN, **options: object) -> Call:
    return Call(caller, now(), **options)  # type: ignore[arg-type]


def once() -> Once:
    return Once("ann", uuid4().hex, fingerprint("POST", "/orders", b"{}"), timedelta(hours=1))


async def new_order(api: Api) -> OrderCreate:
    return OrderCreate.model_validate_json(json.dumps(await api.body("order")))


async def test_a_hidden_row_is_absent_whatever_is_asked(api: Api, operations: OrderOperations) -> None:
    order = await operations.create(await new_order(api), call())
    stranger, owner = Caller(str(uuid4()), frozenset()), Caller(str(order.customer_id), frozenset())
    change = OrderPatch(note="seen")
    for attempt in (
        operations.get(order.id, stranger),
        operations.update(order.id, change, call(stranger)),
        operations.delete(order.id, call(stranger)),
        operations.place(order.id, call(stranger)),
        operations.cancel(order.id, call(stranger)),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await operations.list_page(OrderQuery(), stranger)).items == []
    row, version = await operations.get(order.id, owner)
    assert (row, version) == (OrderRow.of(order), 1)
    assert [each.id for each in (await operations.list_page(OrderQuery(), owner)).items] == [order.id]
    assert (await operations.place(order.id, call(owner))).status is OrderStatus.PLACED


async def test_pages_of_what_is_visible_are_whole(api: Api, operations: OrderOperations) -> None:
    orders = [await operations.create(await new_order(api), call()) for _ in range(6)]
    owner = Caller(str(orders[0].customer_id), frozenset())
    mine = [orders[0].id]
    for index in (1, 3, 5):
        order, _ = await operations.get(orders[index].id, ANN)
        await operations.update(order.id, OrderPatch(customer_id=orders[0].customer_id), call())
        mine.append(order.id)
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await operations.list_page(OrderQuery(sort="created_at", limit=2, cursor=cursor), owner)
        seen += [each.id for each in page.items]
        assert len(page.items) == 2 or page.next is None
        if (cursor := page.next) is None:
            break
    assert seen == mine


@pytest.fixture
def hiding(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule of the running application hides every order that is a draft."""
    monkeypatch.setattr(OrderUseCases, "visible", lambda *_: ~OrderColumns.status.equals("DRAFT"))


@pytest.mark.usefixtures("hiding")
async def test_clients_get_404_for_what_is_hidden(api: Api) -> None:
    created = await api.create("order")
    path, tag = created.headers["location"], created.headers["etag"]
    change = await api.change("order")
    answers = [
        await api.get(path),
        await api.patch(path, change, if_match=tag),
        await api.delete(path, if_match=tag),
        await api.post(f"{path}/placements", None),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert (await api.get("/orders")).json()["items"] == []


async def test_a_call_needs_no_key(api: Api, operations: OrderOperations) -> None:
    order = await operations.create(await new_order(api), call())
    placed = await operations.place(order.id, call())
    assert (placed.version, (await operations.get(order.id, ANN))[1]) == (2, 2)
    await operations.delete(order.id, call())
    with pytest.raises(NotFound):
        await operations.get(order.id, ANN)


async def test_a_key_remembers_the_resource_as_its_call_left_it(
    api: Api, operations: OrderOperations, database: Database
) -> None:
    first, second = call(key=once()), call(key=once())
    order = await operations.create(await new_order(api), first)
    placed = await operations.place(order.id, second)
    for each, kind, left in (first, CREATED, order), (second, CHANGED, placed):
        assert each.outcome == (kind, f"orders/{order.id}", left.version, msgspec.json.encode(OrderRow.of(left)))
        assert msgspec.json.decode(each.outcome.snapshot, type=OrderRow) == OrderRow.of(left)
        assert each.key is not None
        assert await replay(database, each.key) == each.outcome
    with pytest.raises(KeyTaken):
        await operations.create(await new_order(api), call(key=first.key))


async def test_a_call_is_made_for_a_version(api: Api, operations: OrderOperations, database: Database) -> None:
    order = await operations.create(await new_order(api), call())
    with pytest.raises(StaleVersion):
        await operations.place(order.id, call(versions=[2, 3]))
    await operations.place(order.id, call(versions=[3, 1]))
    for versions, error in (None, ChangedMeanwhile), ([1], StaleVersion):
        with pytest.raises(error):
            await OrderRepository(database).remove(order, call(versions=versions))
