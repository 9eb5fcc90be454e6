"""What a client hears when the database undoes a transaction, or when its answer is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from library import Connect
from ordering.kernel import KeyTaken, Unavailable
from ordering.platform import postgres as module
from ordering.platform.http import Once, Operations, Reply
from ordering.platform.postgres import ATTEMPTS, Database, RolledBack
from ordering.platform.postgres.idempotency import claiming, fingerprint, store_claim
from ordering.platform.request_context import current
from starlette.requests import Request
from web import Web, problem
from wire import Fault, Wire

NEW_SHELF = claiming(" INSERT INTO shelf (id, label) SELECT $10::uuid, $11::text FROM claimed RETURNING id")
ADD_SHELF = "INSERT INTO shelf (id, label, room) VALUES ($1, $2, 1)"
MOVE_SHELF = "UPDATE shelf SET room = room + 1 WHERE id = $1"
FAIL = "DO $$ BEGIN RAISE EXCEPTION 'rivals' USING ERRCODE = '{}'; END $$"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_PAUSE_S", 0)


@pytest.fixture
async def rival(library_url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Somebody else in the same database, who never gives way."""
    connection = await asyncpg.connect(library_url, server_settings={"deadlock_timeout": "1h"})
    yield connection
    await connection.close()


@pytest.fixture
async def with_default(library_url: str) -> AsyncIterator[Callable[[str, str], Awaitable[None]]]:
    """Changes a parameter for sessions that begin later."""
    connection = await asyncpg.connect(library_url)
    name = urlsplit(library_url).path[1:]

    async def change(parameter: str, value: str) -> None:
        await connection.execute(f"ALTER DATABASE {name} SET {parameter} = '{value}'")

    yield change
    await connection.execute(f"ALTER DATABASE {name} RESET ALL")
    await connection.close()


async def until(observer: Any, condition: str, *arguments: Any) -> None:
    """Wait until the observer, a connection or several, sees that a condition holds."""
    while not (await observer.fetchrow(f"SELECT {condition}", *arguments))[0]:  # noqa: ASYNC110 - PostgreSQL's doing
        await asyncio.sleep(0.01)


def failures(database: Database) -> list[str]:
    """The errors of the statements that follow, `NoneType` for none."""
    seen: list[str] = []
    database.observe = lambda *statement: seen.append(type(statement[-1]).__name__)
    return seen


async def two_shelves(library: Database) -> tuple[UUID, UUID]:
    shelves = uuid4(), uuid4()
    for shelf_id in shelves:
        await library.execute(ADD_SHELF, shelf_id, shelf_id.hex)
    return shelves


def moving(body: Callable[..., Awaitable[Reply]]) -> Operations:
    router = Operations("things", tag="Things")
    router.post("/moves", operation_id="move")(body)
    return router


async def test_a_statement_that_lost_a_deadlock_is_run_again(
    connect: Connect, library: Database, rival: "asyncpg.Connection[Any]", with_default: Any
) -> None:
    await with_default("deadlock_timeout", "10ms")
    victim = await connect(database_pool_size=1, database_statement_timeout_ms=60_000, database_lock_timeout_ms=60_000)
    seen = failures(victim)
    # The victim takes 1, waits at the gate, and then for 2; the rival has 2 and waits for 1.
    locks = "SELECT pg_advisory_xact_lock(1), pg_advisory_xact_lock(3), pg_advisory_xact_lock(2)"
    async with library.transaction() as gate:
        await gate.execute("SELECT pg_advisory_xact_lock(3)")
        async with rival.transaction():
            await rival.execute("SELECT pg_advisory_xact_lock(2)")
            losing = asyncio.create_task(victim.fetchrow(locks))
            await until(gate, "count(*) FROM pg_locks WHERE NOT granted AND objid = 3")
            wanting = asyncio.create_task(rival.execute("SELECT pg_advisory_xact_lock(1)"))
            await until(gate, "count(*) FROM pg_locks WHERE NOT granted AND objid = 1")
            await gate.execute("COMMIT; BEGIN")  # opens it
            await wanting
    assert await losing is not None
    assert seen == ["DeadlockDetectedError", "NoneType"]


async def test_an_operation_that_lost_a_deadlock_is_run_again(
    connect: Connect, library: Database, rival: "asyncpg.Connection[Any]", with_default: Any
) -> None:
    await with_default("deadlock_timeout", "10ms")
    victim = await connect(database_pool_size=1, database_lock_timeout_ms=60_000, database_statement_timeout_ms=60_000)
    first, second = await two_shelves(library)
    rivalry: asyncio.Future[asyncio.Task[str]] = asyncio.get_running_loop().create_future()

    async def move() -> Reply:
        async with victim.transaction() as connection:
            await connection.execute(MOVE_SHELF, first)
            if not rivalry.done():
                rivalry.set_result(asyncio.create_task(rival.execute(MOVE_SHELF, first)))
                await until(library, "cardinality(pg_blocking_pids($1)) > 0", rival.get_server_pid())
            await connection.execute(MOVE_SHELF, second)
        return Reply(204)

    transaction = rival.transaction()
    await transaction.start()
    await rival.execute(MOVE_SHELF, second)
    answering = asyncio.create_task(Web(victim, routers=[moving(move)]).post("/moves"))
    await (await rivalry)
    await transaction.commit()
    assert (await answering).status_code == 204
    rows = await library.fetch("SELECT room FROM shelf WHERE id = ANY($1)", [first, second])
    assert [row["room"] for row in rows] == [3, 3]


async def test_a_statement_whose_snapshot_was_overtaken_is_run_again(
    connect: Connect, library: Database, rival: "asyncpg.Connection[Any]", with_default: Any
) -> None:
    await with_default("default_transaction_isolation", "repeatable read")
    victim = await connect(database_pool_size=1, database_lock_timeout_ms=60_000, database_statement_timeout_ms=60_000)
    shelf_id, _ = await two_shelves(library)
    async with rival.transaction():
        await rival.execute(MOVE_SHELF, shelf_id)
        moved = asyncio.create_task(victim.execute(MOVE_SHELF, shelf_id))
        await until(rival, "count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    assert await moved == "UPDATE 1"
    row = await library.fetchrow("SELECT room FROM shelf WHERE id = $1", shelf_id)
    assert row is not None
    assert row["room"] == 3


async def test_an_operation_is_run_again_with_arguments_of_its_own(
    connect: Connect, library: Database, rival: "asyncpg.Connection[Any]", with_default: Any
) -> None:
    await with_default("default_transaction_isolation", "repeatable read")
    victim = await connect(database_pool_size=1)
    shelf_id, _ = await two_shelves(library)
    seen: list[Once] = []

    async def move(once: Once) -> Reply:
        seen.append(once)
        async with victim.transaction() as connection:
            await connection.fetch("SELECT room FROM shelf WHERE id = $1", shelf_id)
            if len(seen) == 1:
                await rival.execute(MOVE_SHELF, shelf_id)
            await connection.execute(MOVE_SHELF, shelf_id)
        return Reply(204)

    answer = await Web(victim, routers=[moving(move)]).post("/moves", headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 204
    assert len(seen) == 2
    assert seen[0] is not seen[1]
    assert seen[0].key == seen[1].key


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_attempts_are_counted(library: Database, code: str) -> None:
    runs = failures(library)
    with pytest.raises(Unavailable) as refusal:
        await library.execute(FAIL.format(code))
    assert not isinstance(refusal.value, RolledBack)  # or the operation would be run again as well
    assert len(runs) == ATTEMPTS

    async def move() -> Reply:
        async with library.transaction() as connection:
            await connection.execute(FAIL.format(code))
        raise AssertionError

    runs.clear()
    assert problem(await Web(library, routers=[moving(move)]).post("/moves")) == (503, "service-unavailable")
    assert len(runs) == ATTEMPTS


async def test_an_operation_that_reads_the_request_itself_is_run_once(library: Database) -> None:
    runs = []

    async def move(request: Request) -> Reply:
        runs.append(await request.body())
        async with library.transaction() as connection:
            await connection.execute(FAIL.format("40001"))
        raise AssertionError

    answer = await Web(library, routers=[moving(move)]).post("/moves", content=b"{}")
    assert problem(answer) == (503, "service-unavailable")
    assert runs == [b"{}"]


@pytest.mark.parametrize("code", ["40002", "55P03", "57014", "53200"])
async def test_nothing_else_is_run_again(library: Database, code: str) -> None:
    runs = failures(library)
    with pytest.raises(Unavailable):
        await library.execute(FAIL.format(code))
    assert len(runs) == 1


async def add_at_once(database: Database, once: Once, shelf_id: UUID) -> Reply:
    """One statement, which is its own transaction."""
    reply = Reply(201, location=f"/shelves/{shelf_id}")
    if await database.fetchrow(NEW_SHELF, *once.claim(reply).args, shelf_id, once.key) is None:
        raise KeyTaken
    return reply


async def add_in_steps(database: Database, once: Once, shelf_id: UUID) -> Reply:
    """Statements in one transaction."""
    reply = Reply(201, location=f"/shelves/{shelf_id}")
    async with database.transaction() as connection:
        await store_claim(connection, once.claim(reply))
        await connection.execute(ADD_SHELF, shelf_id, once.key)
    return reply


Add = Callable[[Database, Once, UUID], Awaitable[Reply]]
WAYS = pytest.mark.parametrize("add", [add_at_once, add_in_steps])


@WAYS
async def test_an_answer_lost_anywhere_is_never_a_lie(
    add: Add, connect: Connect, library: Database, library_url: str
) -> None:
    """What is said to be stored is, what is said to have failed is not, and the same request again makes one row."""
    said: set[tuple[int, str]] = set()
    async with Wire(library_url).opened() as wire:
        for kind in ("lost before", "lost after"):
            for message in range(100):
                key = str(uuid4())
                database = await connect(wire.url, database_pool_size=1, database_acquire_timeout_s=5)

                async def use(once: Once, database: Database = database) -> Reply:
                    return await add(database, once, uuid4())

                web = Web(database, routers=[moving(use)])
                wire.fault(kind, message)
                answer = await web.post("/moves", headers={"Idempotency-Key": key})
                broken = wire.broken.is_set()
                wire.mend()
                stored = await count(library, key)
                if answer.status_code == 201:
                    assert stored == 1
                    said.add((201, ""))
                else:
                    said.add(problem(answer))
                    assert problem(answer)[1] == "outcome-open" or stored == 0
                again = await until_settled(web, key)
                assert again.status_code == 201, again.text
                assert await count(library, key) == 1
                await database.close()
                if not broken:
                    break
    before_commit = {(503, "service-unavailable")} if add is add_in_steps else set()
    assert said == {(201, ""), (503, "outcome-open"), *before_commit}


@WAYS
@pytest.mark.parametrize("kind", ["held before", "held after"])
async def test_who_is_cancelled_anywhere_knows_what_may_have_happened(
    add: Add, kind: Fault, connect: Connect, library: Database, library_url: str
) -> None:
    known: set[tuple[int, bool]] = set()
    async with Wire(library_url).opened() as wire:
        for message in range(100):
            once = Once("ann", uuid4().hex, fingerprint("POST", "/moves", b""), timedelta(hours=1))
            database = await connect(wire.url, database_pool_size=1)
            context = SimpleNamespace(committing=False)
            current.set(context)  # type: ignore[arg-type]
            wire.fault(kind, message)
            adding = asyncio.create_task(add(database, once, uuid4()))
            broken = asyncio.create_task(wire.broken.wait())
            await asyncio.wait([adding, broken], return_when=asyncio.FIRST_COMPLETED)
            if not wire.broken.is_set():
                broken.cancel()
                await adding
                break
            adding.cancel()
            with pytest.raises(asyncio.CancelledError):
                await adding
            wire.mend()
            stored = await count(library, once.key)
            known.add((stored, context.committing))
            assert context.committing or not stored
            assert await eventually(database)
            await database.close()
    assert ((1, True) in known) == (kind == "held after")
    assert (0, False) in known or add is add_at_once


async def test_who_reads_may_commit_nothing(connect: Connect, library_url: str) -> None:
    async with Wire(library_url).opened() as wire:
        database = await connect(wire.url, database_pool_size=1, database_acquire_timeout_s=5)
        for kind in ("lost before", "lost after"):
            assert await eventually(database)
            context = SimpleNamespace(committing=False)
            current.set(context)  # type: ignore[arg-type]
            wire.fault(kind, 0)
            with pytest.raises(Unavailable, match="lost"):
                await database.fetchrow("SELECT 1")
            wire.mend()
            assert not context.committing


async def count(library: Database, label: str) -> int:
    row = await library.fetchrow("SELECT count(*) AS n FROM shelf WHERE label = $1", label)
    assert row is not None
    return int(row["n"])


async def until_settled(web: Web, key: str) -> Any:
    """The answer to the same request, once nobody works on the first one and there are connections again."""
    while True:
        answer = await web.post("/moves", headers={"Idempotency-Key": key})
        if answer.status_code not in (409, 503):
            return answer
        await asyncio.sleep(0.01)


async def eventually(database: Database) -> bool:
    while not await database.ping():  # noqa: ASYNC110 - the pool tells nobody
        await asyncio.sleep(0.01)
    return True
