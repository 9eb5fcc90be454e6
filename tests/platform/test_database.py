import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from dev import postgres
from library import Connect
from ordering.kernel import (
    AlreadyExists,
    InvalidValue,
    ReferenceNotFound,
    RuleViolated,
    StillReferenced,
    Unavailable,
)
from ordering.platform import postgres as module
from ordering.platform.postgres import Connection, Database
from ordering.settings import Settings
from wire import Wire

NEW_SHELF = "INSERT INTO shelf (id, label, room) VALUES ($1, $2, $3)"
NEW_BOOK = "INSERT INTO book (id, shelf_id) VALUES ($1, $2)"


async def shelf(library: Database, label: str = "") -> Any:
    shelf_id = uuid4()
    await library.execute(NEW_SHELF, shelf_id, label or shelf_id.hex, 1)
    return shelf_id


async def test_statements_give_rows_a_row_and_a_tag(library: Database) -> None:
    assert [row["n"] for row in await library.fetch("SELECT generate_series(1, $1::int) AS n", 3)] == [1, 2, 3]
    row = await library.fetchrow("SELECT 1 AS one, NULL AS none")
    assert row is not None
    assert (row["one"], row["none"]) == (1, None)
    assert await library.fetchrow("SELECT WHERE false") is None
    assert await library.execute("DELETE FROM shelf WHERE false") == "DELETE 0"
    assert await library.ping()


async def test_sessions_are_set_up_in_the_server(connect: Connect) -> None:
    library = await connect(database_statement_timeout_ms=4321, database_lock_timeout_ms=1234)
    for name, value in {
        "statement_timeout": "4321ms",
        "lock_timeout": "1234ms",
        "idle_in_transaction_session_timeout": "10s",
        "TimeZone": "UTC",
        "application_name": "tests",
        "jit": "off",
    }.items():
        row = await library.fetchrow("SELECT current_setting($1)", name)
        assert row is not None
        assert row[0] == value


async def test_new_connections_follow_a_rotated_secret(
    connect: Connect, server: str, library_url: str, tmp_path: Path
) -> None:
    (tmp_path / "database_url").write_text(library_url)
    library = await connect("postgresql://nobody@localhost:1/nothing", database_pool_size=1, secrets_dir=tmp_path)
    before = await library.fetchrow("SELECT current_database()")
    (tmp_path / "database_url").write_text(server)
    with pytest.raises(Unavailable):
        await library.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await eventually(library)
    after = await library.fetchrow("SELECT current_database()")
    assert before != after


async def test_jsonb_is_python_on_this_side(library: Database) -> None:
    content = {"ä": [1, 2.5, None, True]}
    shelf_id = uuid4()
    await library.execute("INSERT INTO shelf (id, label, content) VALUES ($1, $2, $3)", shelf_id, shelf_id.hex, content)
    row = await library.fetchrow("SELECT content FROM shelf WHERE id = $1", shelf_id)
    assert row is not None
    assert row["content"] == content


async def test_a_transaction_happens_as_a_whole(library: Database) -> None:
    kept, undone = uuid4(), uuid4()
    async with library.transaction() as connection:
        await connection.execute(NEW_SHELF, kept, kept.hex, 1)

    async def change_and_refuse() -> None:
        async with library.transaction() as connection:
            await connection.execute(NEW_SHELF, undone, undone.hex, 1)
            raise RuleViolated("no")

    with pytest.raises(RuleViolated):
        await change_and_refuse()
    rows = await library.fetch("SELECT id FROM shelf WHERE id = ANY($1)", [kept, undone])
    assert [row["id"] for row in rows] == [kept]


async def test_a_unique_value_is_a_conflict_that_names_the_field(library: Database) -> None:
    first = await shelf(library)
    with pytest.raises(AlreadyExists) as refusal:
        await shelf(library, first.hex)
    assert refusal.value.place == "/label"


async def test_a_conflict_of_an_unknown_constraint_names_no_field(library: Database) -> None:
    first = await shelf(library)
    with pytest.raises(AlreadyExists) as refusal:
        await library.execute(NEW_SHELF, first, uuid4().hex, 1)
    assert refusal.value.place == ""


async def test_a_reference_to_nothing_is_a_conflict(library: Database) -> None:
    with pytest.raises(ReferenceNotFound) as refusal:
        await library.execute(NEW_BOOK, uuid4(), uuid4())
    assert refusal.value.place == "/shelf_id"


async def test_what_is_referred_to_stays(library: Database) -> None:
    shelf_id, book_id = await shelf(library), uuid4()
    await library.execute(NEW_BOOK, book_id, shelf_id)
    await library.execute("INSERT INTO loan VALUES ($1, $2)", uuid4(), book_id)
    for statement, refused in (
        ("DELETE FROM shelf WHERE id = $1", shelf_id),
        ("DELETE FROM book WHERE id = $1", book_id),
    ):
        with pytest.raises(StillReferenced):
            await library.execute(statement, refused)


@pytest.mark.parametrize(
    ("label", "room", "place"), [("x", 0, "/room"), (None, 1, ""), ("\0", 1, ""), ("x", 2**40, ""), (1, 1, "")]
)
async def test_values_that_cannot_be_stored(library: Database, label: Any, room: int, place: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await library.execute(NEW_SHELF, uuid4(), label, room)
    assert refusal.value.place == place
    assert await library.ping()


async def test_faults_of_our_own_have_no_meaning(library: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await library.fetch("SELECT * FROM nowhere")
    with pytest.raises(asyncpg.InterfaceError):
        await library.fetch("SELECT $1::int", 1, 2)
    assert await library.ping()


@pytest.mark.parametrize("limit", ["database_statement_timeout_ms", "database_command_timeout_s"])
async def test_a_statement_has_limited_time(connect: Connect, limit: str) -> None:
    library = await connect(**{limit: 500 if limit.endswith("ms") else 0.5})
    with pytest.raises(Unavailable):
        await library.fetch("SELECT pg_sleep(10)")
    assert await eventually(library)


async def test_a_transaction_has_limited_time(connect: Connect) -> None:
    library = await connect(database_command_timeout_s=0.5)
    with pytest.raises(Unavailable):
        async with library.transaction() as connection:
            await connection.execute("SELECT pg_sleep(10)")
    assert await eventually(library)


async def test_a_lock_is_awaited_for_a_limited_time(connect: Connect) -> None:
    library = await connect(database_lock_timeout_ms=50)
    shelf_id = await shelf(library)
    statement = "UPDATE shelf SET room = 2 WHERE id = $1"
    async with library.transaction() as connection:
        await connection.execute(statement, shelf_id)
        with pytest.raises(Unavailable):
            await library.execute(statement, shelf_id)


async def test_all_connections_busy(connect: Connect) -> None:
    library = await connect(database_pool_size=1, database_acquire_timeout_s=0.05)
    async with library.transaction():
        with pytest.raises(Unavailable, match="busy"):
            await library.fetch("SELECT 1")
    assert await library.ping()


async def test_those_who_wait_are_served_in_turn(connect: Connect) -> None:
    library = await connect(database_pool_size=1, database_acquire_timeout_s=5)
    order: list[int] = []

    async def use(number: int) -> None:
        async with library.transaction():
            order.append(number)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(use(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_who_gives_up_while_waiting_takes_no_connection_along(connect: Connect) -> None:
    library = await connect(database_pool_size=1, database_acquire_timeout_s=5)
    async with library.transaction():
        waiting = asyncio.create_task(library.ping())
        await asyncio.sleep(0)
        leaving = asyncio.create_task(library.ping())
        await asyncio.sleep(0.01)
        leaving.cancel()
    assert await waiting
    # Now at the very moment at which the connection is handed over.
    context = library.transaction()
    await context.__aenter__()
    leaving = asyncio.create_task(library.ping())
    await asyncio.sleep(0.01)
    await context.__aexit__(None, None, None)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await library.ping()


async def test_a_cancelled_statement_costs_its_connection_but_no_more(connect: Connect) -> None:
    library = await connect(database_pool_size=1, database_acquire_timeout_s=5)
    running = asyncio.create_task(library.fetch("SELECT pg_sleep(10)"))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await eventually(library)


async def test_lost_connections_are_replaced(connect: Connect) -> None:
    library = await connect()
    with pytest.raises(Unavailable, match="lost"):
        await library.fetch("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await eventually(library)


async def test_connections_that_are_lost_while_idle_are_replaced(library: Database, connect: Connect) -> None:
    other = await connect()
    await other.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'tests' AND pid <> pg_backend_pid()"
    )
    assert await eventually(library)


async def test_a_connection_that_is_lost_in_a_transaction(library: Database) -> None:
    with pytest.raises(Unavailable, match="lost"):
        await break_transaction(library)
    assert await eventually(library)


async def test_when_the_last_connection_goes_those_who_wait_are_told(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = await connect(database_pool_size=1, database_acquire_timeout_s=5)
    monkeypatch.setattr(asyncpg, "connect", unreachable)
    breaking = asyncio.create_task(break_transaction(library))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(library.fetch("SELECT 1")) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    with pytest.raises(Unavailable, match="lost"):
        await breaking
    with pytest.raises(Unavailable, match="cannot be reached"):
        await waiting[1]
    assert not await library.ping()


async def test_it_starts_without_a_database_and_connects_later(
    connect: Connect, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OPENING_PATIENCE_S", 0.05)
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.2)
    url = await postgres.create_database(server)
    await postgres.drop_database(server, url)
    library = await connect(url)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await library.fetch("SELECT 1")
    assert not await library.ping()
    await asyncio.sleep(0.3)
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {url.rpartition('/')[2]}")
    await connection.close()
    assert await eventually(library)


async def test_a_connection_that_cannot_be_prepared_is_not_kept(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OPENING_PATIENCE_S", 0.05)
    monkeypatch.setattr(asyncpg.Connection, "set_type_codec", unreachable)
    library = await connect()
    assert not await library.ping()


async def test_one_that_was_never_opened_can_be_closed(settings: Settings) -> None:
    await Database(settings, constraints={}).close()


async def test_closing_is_final_whatever_the_server_does(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    library = await connect()
    monkeypatch.setattr(asyncpg.Connection, "close", unreachable)
    await library.close()
    assert not await library.ping()


async def test_closing_ends_although_the_server_is_silent(
    connect: Connect, library_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSING_PATIENCE_S", 0.1)
    async with Wire(library_url).opened() as wire:
        library = await connect(wire.url, database_pool_size=1)
        wire.fault("held before", 0)
        async with asyncio.timeout(20):
            await library.close()
        await wire.broken.wait()


async def test_statements_can_be_observed(library: Database) -> None:
    seen: list[tuple[str, bool, type | None]] = []
    library.observe = lambda sql, began, error: seen.append((sql, began > 0, type(error) if error else None))
    await library.fetch("SELECT 1")
    with pytest.raises(InvalidValue):
        await library.execute("SELECT 1/0")
    async with library.transaction() as connection:
        await use(connection)
    assert seen == [
        ("SELECT 1", True, None),
        ("SELECT 1/0", True, asyncpg.DivisionByZeroError),
        ("TRANSACTION", True, None),
    ]


async def break_transaction(library: Database) -> None:
    async with library.transaction() as connection:
        await connection.execute("SELECT 1")
        connection.terminate()
        await connection.execute("SELECT 1")


async def use(connection: Connection) -> None:
    await connection.execute("SELECT 1")


async def unreachable(*_: Any, **__: Any) -> Any:
    raise ConnectionRefusedError


async def eventually(library: Database) -> bool:
    """Whether the database answers within a few seconds."""
    for _ in range(100):
        if await library.ping():
            return True
        await asyncio.sleep(0.05)
    return False
