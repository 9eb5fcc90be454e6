"""What the tests of the platform share: a database with the idempotency keys and tables that refer to one another."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import asyncpg
import pytest
from dev import postgres
from opentelemetry import trace
from opentelemetry.util._once import Once
from ordering.platform.postgres import Database
from ordering.platform.postgres.tables import idempotency_key
from ordering.settings import Settings
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import create_async_engine

SHELVES = """
CREATE TABLE shelf (
    id uuid PRIMARY KEY,
    label text NOT NULL,
    room integer CONSTRAINT ck_shelf_room CHECK (room > 0),
    content jsonb,
    CONSTRAINT uq_shelf_label UNIQUE (label)
);
CREATE TABLE book (
    id uuid PRIMARY KEY,
    shelf_id uuid CONSTRAINT fk_book_shelf_id REFERENCES shelf,
    title text,
    pages integer,
    printed_at timestamptz
);
CREATE TABLE loan (
    id uuid PRIMARY KEY,
    book_id uuid CONSTRAINT fk_loan_book_id REFERENCES book ON DELETE RESTRICT
);
"""

CONSTRAINTS = {"uq_shelf_label": "/label", "ck_shelf_room": "/room", "fk_book_shelf_id": "/shelf_id"}

Connect: TypeAlias = Callable[..., Awaitable[Database]]


@pytest.fixture
def own_tracer(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry takes one provider of tracers for a whole process; this test may set its own."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())


@pytest.fixture(scope="session")
async def library_url(server: str) -> AsyncIterator[str]:
    """The URL of the database."""
    url = await postgres.create_database(server)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
    async with engine.begin() as begun:
        await begun.run_sync(idempotency_key.create)
    await engine.dispose()
    connection = await asyncpg.connect(url)
    await connection.execute(SHELVES)
    await connection.close()
    yield url
    await postgres.drop_database(server, url)


@pytest.fixture
async def connect(library_url: str) -> AsyncIterator[Connect]:
    """Opens connections with the settings given."""
    async with AsyncExitStack() as stack:

        async def open_database(url: str = library_url, **settings: Any) -> Database:
            given = {"database_pool_size": 2, "database_acquire_timeout_s": 0.2, **settings}
            database = Database(
                Settings(
                    environment="development",
                    database_url=SecretStr(url),
                    auth_issuer="http://127.0.0.1:1",
                    auth_audience="tests",
                    **given,
                ),
                constraints=CONSTRAINTS,
                application_name="tests",
            )
            stack.push_async_callback(database.close)
            await database.open()
            return database

        yield open_database


@pytest.fixture
async def library(connect: Connect) -> Database:
    """Two connections to the database."""
    return await connect()
