"""What the surroundings are told of the process: that it lives, that it can work, and nothing else because of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from ordering.platform.http.about import REPORTED_S, STANDSTILL_S, Lifecycle, health_router
from ordering.platform.postgres import Database
from sockets import until
from web import Web, problem

Connect = Callable[..., Awaitable[Database]]


def test_a_loop_that_stood_still_is_reported_for_a_while() -> None:
    lifecycle = Lifecycle()
    assert lifecycle.moves(1000)  # nobody watches
    lifecycle.beat(1000)
    lifecycle.beat(1000 + STANDSTILL_S - 0.1)
    now = 1000 + STANDSTILL_S - 0.1
    assert lifecycle.moves(now)
    assert not lifecycle.moves(now + STANDSTILL_S)  # a probe that comes before the next beat
    now += STANDSTILL_S
    for _ in range(int(REPORTED_S)):
        lifecycle.beat(now)
        assert not lifecycle.moves(now)
        now += 1
    lifecycle.beat(now)
    assert lifecycle.moves(now)


async def test_a_process_whose_loop_stood_still_does_not_live() -> None:
    async def ready() -> bool:
        return True

    web = Web(routers=[health_router(ready)])
    lifecycle = web.app.state.lifecycle
    lifecycle.beat(-2 * STANDSTILL_S)
    assert problem(await web.get("/livez", token=None)) == (503, "service-unavailable")


async def test_readiness_needs_no_connection_and_no_table(connect: Connect) -> None:
    """All connections are in use, and wait for a table that is locked."""
    database = await connect(database_pool_size=2, database_acquire_timeout_s=10)
    await until(lambda: len(database._idle) == 2)
    async with database.transaction() as locking:
        await locking.execute("LOCK TABLE shelf")
        waiting = asyncio.create_task(database.fetchrow("SELECT id FROM shelf LIMIT 1"))
        await until(lambda: not database._idle)
        assert await database.is_reachable()
        assert not database._waiting
    await waiting


async def test_a_database_that_does_not_answer_is_not_reachable(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await connect(database_pool_size=2)
    await until(lambda: len(database._idle) == 2)

    async def refused() -> None:
        raise OSError

    async def hung(*_: Any) -> None:
        raise asyncpg.InterfaceError("closed by the clock, because no answer came")

    connected = database._connect
    monkeypatch.setattr(database, "_connect", refused)
    monkeypatch.setattr(asyncpg.Connection, "execute", hung)
    await database._ask(database._idle.pop())
    assert not await database.is_reachable()  # although another connection is open
    monkeypatch.undo()
    await connected()
    assert await database.is_reachable()


async def test_a_database_is_asked_now_and_then(connect: Connect) -> None:
    database = await connect(database_pool_size=1, database_acquire_timeout_s=0.02)
    await until(lambda: database._idle)
    database._answers = False
    database._asked = float("-inf")
    await until(lambda: database._answers)
    await until(lambda: database._idle)
