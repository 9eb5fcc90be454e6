"""What the service is made of is replaced and added to without an edit of what follows the template."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Annotated, Any

import httpx2
import pytest
from ordering import wiring as module
from ordering.app import create_app
from ordering.customer.repository import CustomerRepository
from ordering.order.service import OrderService
from ordering.own.wiring import OwnWiring
from ordering.platform.http import provided, public
from ordering.platform.jobs import Work
from ordering.platform.postgres import Database
from ordering.settings import Settings
from ordering.wiring import Wiring


class Counting:
    """A client of another service, which says when it is opened and closed."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.ran = asyncio.Event()

    async def run(self) -> None:
        self.events.append("run")
        self.ran.set()


class Added(OwnWiring):
    @cached_property
    def counting(self) -> Counting:
        return Counting()

    def provided(self) -> dict[type, object]:
        return super().provided() | {Counting: self.counting}

    def background(self) -> list[Work]:
        return [*super().background(), Work("counting", self.counting.run)]

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with super().opened():
            self.counting.events.append(f"opened {await self.database.ping()}")
            yield
            self.counting.events.append(f"closed {await self.database.ping()}")


async def test_what_is_added_lives_within_what_it_uses(settings: Settings) -> None:
    wiring = Added(settings)
    app = create_app(settings, wiring)

    @app.get("/counted", dependencies=[public()])
    async def counted(counting: Annotated[Counting, provided(Counting)]) -> list[str]:
        return counting.events

    transport = httpx2.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://s") as client:
        await wiring.counting.ran.wait()
        assert (await client.get("/counted")).json() == ["opened True", "run"]
    assert wiring.counting.events == ["opened True", "run", "closed True"]
    assert not await wiring.database.ping()


async def test_a_part_that_is_set_goes_to_all_that_use_it(settings: Settings) -> None:
    class Fake(CustomerRepository):
        """Another store."""

    wiring = OwnWiring(settings)
    wiring.customer_repository = Fake(wiring.database)
    assert wiring.customer_service.store is wiring.customer_repository
    given = wiring.provided()
    assert given[CustomerRepository] is wiring.customer_repository
    assert given[Database] is wiring.database


class Choosy(OrderService):
    """Rules that take more than their store."""

    def __init__(self, store: Any, customers: CustomerRepository) -> None:
        super().__init__(store)
        self.customers = customers


def test_rules_that_take_more_are_made_by_the_own_wiring(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Given(OwnWiring):
        @cached_property
        def order_service(self) -> OrderService:
            return Choosy(self.order_repository, self.customer_repository)

    monkeypatch.setattr(module, "OrderService", Choosy)
    assert isinstance(Given(settings).order_service, Choosy)
    with pytest.raises(TypeError, match=r"Choosy: missing a required argument: 'customers'; own/wiring\.py has to"):
        create_app(settings)


async def test_what_is_open_is_closed_when_the_start_fails(settings: Settings) -> None:
    class Failing(OwnWiring):
        @asynccontextmanager
        async def opened(self) -> AsyncIterator[None]:
            async with super().opened():
                raise OSError("the other service is not there")
                yield

    wiring = Failing(settings)
    app = create_app(settings, wiring)
    with pytest.raises(OSError, match="the other service"):
        async with app.router.lifespan_context(app):
            pass
    assert wiring.database.usage().idle == 0


def test_the_seed_changes_nothing(settings: Settings) -> None:
    assert set(vars(OwnWiring)) - {"__module__", "__doc__", "__firstlineno__", "__static_attributes__"} == set()
    assert OwnWiring(settings).provided().keys() == Wiring(settings).provided().keys()
