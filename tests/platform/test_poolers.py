"""The database behind PgBouncer, which gives a session to each transaction."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from alembic.util import CommandError
from dev import ROOT, migrate, run, running
from dev.run import Issuer
from library import Connect
from ordering import SERVICE
from ordering.kernel import AlreadyExists, Unavailable
from ordering.own.wiring import OwnWiring
from ordering.platform import jobs
from ordering.platform.http import Reply
from ordering.platform.jobs import Job
from ordering.platform.postgres import Database
from ordering.platform.postgres.idempotency import Once, claiming, fingerprint
from ordering.platform.postgres.sessions import UNTOLD, Misdirected, Sessions
from ordering.settings import Settings
from pgbouncer import pooling
from pydantic import SecretStr

from tests.conftest import Token

NEW_SHELF = claiming(" INSERT INTO shelf (id, label) SELECT $10::uuid, $11::text FROM claimed RETURNING id")
IGNORED = (
    "jit,statement_timeout,lock_timeout,idle_in_transaction_session_timeout,tcp_keepalives_idle,extra_float_digits"
)
ROLES = pytest.mark.parametrize("pooler", ["transaction", "transaction-role"])


@pytest.fixture(scope="module")
def bouncer(server: str) -> Iterator[str]:
    with pooling(server) as address:
        yield address


@pytest.fixture(scope="module")
async def role(server: str) -> AsyncIterator[str]:
    """The server's URL for a role whose sessions have the limits of the settings."""
    connection = await asyncpg.connect(server)
    await connection.execute("CREATE ROLE pooled SUPERUSER LOGIN PASSWORD 'pooled'")
    for statement in documented():
        await connection.execute(statement.replace("service_owner", "pooled"))
    yield urlsplit(server)._replace(netloc=f"pooled:pooled@{urlsplit(server).netloc.rpartition('@')[2]}").geturl()
    await connection.execute("DROP ROLE pooled")
    await connection.close()


@pytest.fixture(scope="module")
def role_bouncer(role: str) -> Iterator[str]:
    with pooling(role) as address:
        yield address


def through(url: str, address: str) -> str:
    return urlsplit(url)._replace(netloc=f"anybody@{address}").geturl()


def documented() -> list[str]:
    """What docs/deployment.md says about the role."""
    return re.findall(r"^ALTER ROLE .*;$", (ROOT / "docs" / "deployment.md").read_text(), re.MULTILINE)


@pytest.fixture
async def pooled(connect: Connect, library_url: str, bouncer: str, role_bouncer: str, pooler: str) -> Database:
    address = bouncer if pooler == "transaction" else role_bouncer
    return await connect(
        through(library_url, address), database_pooler=pooler, database_pool_size=8, database_acquire_timeout_s=30
    )


def test_the_page_says_what_a_role_needs(settings: Settings) -> None:
    sessions = Sessions(
        Settings(**settings.model_dump(include={"environment", "database_url", "auth_issuer", "auth_audience"})), ""
    )
    assert documented() == [
        f"ALTER ROLE service_owner SET {name} = '{value}';" for name, value in sessions._limits.items()
    ]


@ROLES
async def test_everything_works_on_sessions_that_change(pooled: Database) -> None:
    """More statements at a time, and other ones, than there are sessions."""

    async def work(number: int) -> None:
        shelf_id = uuid4()
        once = Once("ann", shelf_id.hex, fingerprint("POST", "/shelves", b""), timedelta(hours=1))
        reply = Reply(201, location=f"/shelves/{shelf_id}")
        assert await pooled.fetchrow(NEW_SHELF, *once.claim(reply).args, shelf_id, shelf_id.hex) is not None
        assert await once.replay(pooled) is not None
        assert await pooled.fetchrow(NEW_SHELF, *once.claim(reply).args, uuid4(), uuid4().hex) is None
        assert await pooled.fetch(f"SELECT label AS label_{number} FROM shelf WHERE id = $1", shelf_id)  # noqa: S608
        async with pooled.transaction() as connection:
            await connection.execute("UPDATE shelf SET content = $2 WHERE id = $1", shelf_id, {"n": number})
            async with connection.transaction():
                row = await connection.fetchrow("SELECT content FROM shelf WHERE id = $1", shelf_id)
        assert row is not None
        assert row["content"] == {"n": number}
        assert await pooled.execute("DELETE FROM shelf WHERE id = $1", shelf_id) == "DELETE 1"

    await asyncio.gather(*(work(number) for number in range(50)))


async def test_a_job_runs_once_at_a_time_behind_a_pooler_too(settings: Settings, bouncer: str) -> None:
    """Its lock is that of a transaction, because a session belongs to nobody there."""
    url = through(settings.database_url.get_secret_value(), bouncer)
    pooled = settings.model_copy(update={"database_url": SecretStr(url), "database_pooler": "transaction"})
    begun, end = asyncio.Event(), asyncio.Event()
    runs: list[int] = []

    async def work(parts: OwnWiring) -> None:
        runs.append(1)
        await asyncio.gather(*(parts.database.fetch("SELECT 1") for _ in range(20)))
        begun.set()
        await end.wait()

    job = Job("sweep", "@daily", 60, work)
    first = asyncio.create_task(jobs.run(job, OwnWiring(pooled), pooled))
    await begun.wait()
    assert await jobs.run(job, OwnWiring(pooled), pooled) == jobs.DONE
    assert len(runs) == 1
    end.set()
    assert await first == jobs.DONE
    assert await jobs.run(job, OwnWiring(pooled), pooled) == jobs.DONE
    assert len(runs) == 2


@ROLES
async def test_limits_are_in_force_in_every_transaction(pooled: Database) -> None:
    limits = "SELECT name, setting FROM pg_settings WHERE name = ANY($1)"
    wanted = pooled._sessions._limits

    async def in_one() -> list[Any]:
        async with pooled.transaction() as connection:
            return await connection.fetch(limits, list(wanted))

    for rows in await asyncio.gather(
        *(pooled.fetch(limits, list(wanted)) for _ in range(20)), *(in_one() for _ in "ab")
    ):
        assert {row["name"]: row["setting"].split(",")[0] for row in rows} == wanted


@pytest.mark.parametrize("pooler", ["transaction"])
async def test_sessions_have_the_name_of_the_service(pooled: Database) -> None:
    row = await pooled.fetchrow("SELECT current_setting('application_name')")
    assert row is not None
    assert row[0] == "tests"


@ROLES
async def test_a_statement_that_fails_undoes_its_transaction(pooled: Database) -> None:
    shelf_id = uuid4()
    await pooled.execute("INSERT INTO shelf (id, label) VALUES ($1, $2)", shelf_id, shelf_id.hex)
    for _ in range(20):
        with pytest.raises(AlreadyExists):
            await pooled.execute("INSERT INTO shelf (id, label) VALUES ($1, $2)", uuid4(), shelf_id.hex)

    async def remove_and_fail() -> None:
        async with pooled.transaction() as connection:
            await connection.execute("DELETE FROM shelf WHERE id = $1", shelf_id)
            await connection.execute("DELETE FROM nothing")

    with pytest.raises(asyncpg.UndefinedTableError):
        await remove_and_fail()
    assert await pooled.fetchrow("SELECT FROM shelf WHERE id = $1", shelf_id) is not None


async def test_a_statement_has_limited_time_behind_a_pooler(connect: Connect, library_url: str, bouncer: str) -> None:
    url = through(library_url, bouncer)
    library = await connect(url, database_pooler="transaction", database_statement_timeout_ms=100)
    with pytest.raises(Unavailable):
        await library.fetch("SELECT pg_sleep(60)")
    assert await library.ping()


@pytest.mark.parametrize("settings", [{}, {"ignore_startup_parameters": IGNORED}])
async def test_who_was_told_of_no_pooler_says_so(
    settings: dict[str, str], connect: Connect, server: str, library_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pooling(server, **settings) as address:
        library = await connect(through(library_url, address))
        while not (said := messages(caplog)):  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.01)
        assert not await library.ping()
    assert {message.partition(";")[0] for message in said} == {f"no connection to the database: {UNTOLD}"}


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the database has logged as errors."""
    records = [record for record in caplog.records if record.name == Database.__module__]
    return [record.getMessage() for record in records if record.levelname == "ERROR"]


async def test_who_is_told_of_no_pooler_and_finds_the_limits_of_the_role(role: str, library_url: str) -> None:
    """Neither refused nor without limits; and yet statements would be lost."""
    with (
        pooling(role, ignore_startup_parameters=IGNORED) as address,
        pytest.raises(Misdirected, match="set DATABASE_POOLER=transaction"),
    ):
        await Sessions(given(through(library_url, address)), "tests").open()


async def test_a_role_without_limits_is_refused_with_the_statements_that_it_lacks(
    bouncer: str, library_url: str
) -> None:
    sessions = Sessions(given(through(library_url, bouncer), database_pooler="transaction-role"), "tests")
    with pytest.raises(Misdirected) as refusal:
        await sessions.open()
    for statement in documented():
        if "DateStyle" not in statement:  # which is so by default
            assert statement.replace("service_owner", '"postgres"') in str(refusal.value)


async def test_a_pooler_of_statements_is_refused(server: str, library_url: str) -> None:
    with (
        pooling(server, pool_mode="statement") as address,
        pytest.raises(Misdirected, match="gives no session to a transaction"),
    ):
        await Sessions(given(through(library_url, address), database_pooler="transaction"), "tests").open()


async def test_a_service_answers_every_request(
    bouncer: str, database_url: str, local_issuer: Issuer, token: Token
) -> None:
    port = run.free_port(0)
    environment = {
        **os.environ,
        "ENVIRONMENT": "development",
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "DATABASE_URL": through(database_url, bouncer),
        "DATABASE_POOLER": "transaction",
        "AUTH_ISSUER": local_issuer.url,
        "AUTH_AUDIENCE": SERVICE,
    }
    address = f"http://127.0.0.1:{port}"
    authorization = {"Authorization": f"Bearer {token(subject='pooled')}"}
    statuses: list[int] = []

    async def ask(client: httpx2.AsyncClient) -> None:
        for _ in range(25):
            body = {"email": f"{uuid4().hex}@example.com", "name": "Ann"}
            made = await client.post("/customers", json=body, headers={"Idempotency-Key": str(uuid4())})
            found = await client.get(made.headers["Location"])
            statuses.extend((made.status_code, found.status_code))

    with running([sys.executable, "-m", "ordering"], env=environment) as process:
        await asyncio.to_thread(run.wait_until_ready, address, process)
        async with httpx2.AsyncClient(base_url=address, headers=authorization, timeout=60) as client:
            await asyncio.gather(*(ask(client) for _ in range(8)))
    assert sorted(statuses) == [200] * 200 + [201] * 200


def test_migrations_ask_for_postgresql_itself(bouncer: str, library_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pooler = through(library_url, bouncer)
    with pytest.raises(CommandError, match="set DATABASE_DIRECT_URL to PostgreSQL itself"):
        migrate.upgrade(pooler)
    monkeypatch.setenv("DATABASE_URL", pooler)
    alembic = migrate.config("")
    with pytest.raises(CommandError, match="set DATABASE_DIRECT_URL"):
        migrate.command.current(alembic)
    monkeypatch.setenv("DATABASE_DIRECT_URL", library_url)
    migrate.command.current(alembic)


def given(url: str, **settings: Any) -> Settings:
    return Settings(
        environment="development", database_url=url, auth_issuer="http://127.0.0.1:1", auth_audience="tests", **settings
    )
