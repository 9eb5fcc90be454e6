"""A row and its parts are stored as a whole, by one statement, or not at all."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from ordering.kernel import Call, Caller, ChangedMeanwhile, Money, StaleVersion
from ordering.order.model import Order, OrderLine
from ordering.order.repository import UPDATE, OrderRepository
from ordering.platform.postgres import Database
from ordering.platform.telemetry import summary
from tests.api import Api

PRICE = Money(Decimal("1.50"), "EUR")
CALL = Call(Caller("ann", frozenset()), datetime.now(UTC))


class Counting(Database):
    """A database that counts its statements."""

    def __init__(self, database: Database) -> None:
        self.__dict__ = database.__dict__
        self.statements = 0

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        self.statements += 1
        return await super().fetchrow(sql, *args)

    def transaction(self) -> Any:
        raise AssertionError("one statement needs no transaction")


@pytest.fixture
async def order(api: Api, database: Database) -> Order:
    """A stored order with three lines."""
    created = await api.create("order")
    repository = OrderRepository(database)
    stored = await repository.load(UUID(created.json()["id"]))
    assert stored is not None
    await repository.save(with_lines(stored, "A", "B", "C"), CALL)
    loaded = await repository.load(stored.id)
    assert loaded is not None
    return loaded


def with_lines(order: Order, *skus: str) -> Order:
    after = replace(order, lines=[OrderLine(sku=sku, quantity=1, unit_price=PRICE) for sku in skus])
    after.touch(datetime.now(UTC))
    return after


async def lines(database: Database, order: Order) -> list[str]:
    stored = await OrderRepository(database).load(order.id)
    assert stored is not None
    return [line.sku for line in stored.lines]


@pytest.mark.parametrize("skus", [("C", "B", "A"), ("A",), (), ("D", "E", "F", "G"), ("A", "B", "C")], ids="-".join)
async def test_the_parts_are_those_that_are_saved(skus: tuple[str, ...], order: Order, database: Database) -> None:
    counting = Counting(database)
    await OrderRepository(counting).save(with_lines(order, *skus), CALL)
    assert await lines(database, order) == list(skus)
    assert counting.statements == 1


async def test_who_saves_an_old_version_changes_nothing(order: Order, database: Database) -> None:
    repository = OrderRepository(database)
    await repository.save(with_lines(order, "D"), CALL)
    with pytest.raises(ChangedMeanwhile):
        await repository.save(with_lines(order, "E", "F"), CALL)
    with pytest.raises(StaleVersion):
        await repository.save(with_lines(order, "E", "F"), Call(CALL.caller, CALL.at, versions=[order.version]))
    assert await lines(database, order) == ["D"]


async def test_of_two_who_save_at_once_one_wins(order: Order, database: Database) -> None:
    repository = OrderRepository(database)
    ways = [[f"{number}-{line}" for line in range(number)] for number in range(5)]
    outcomes = await asyncio.gather(
        *(repository.save(with_lines(order, *skus), CALL) for skus in ways), return_exceptions=True
    )
    won = [skus for skus, outcome in zip(ways, outcomes, strict=True) if outcome is None]
    assert sum(isinstance(outcome, ChangedMeanwhile) for outcome in outcomes) == 4
    assert won == [await lines(database, order)]


def test_it_is_told_as_what_it_is() -> None:
    assert summary(UPDATE) == "UPDATE orders"
