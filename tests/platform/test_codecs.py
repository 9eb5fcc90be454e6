"""Values come back from PostgreSQL as they were sent, whatever the session is set to."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from ordering.platform import new_id, text
from ordering.platform.postgres.sessions import register_codecs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MOMENTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 11, 29, 10, 15, 30, 400000, tzinfo=UTC),
    datetime(2026, 11, 29, 10, 15, 30, 1, tzinfo=UTC),
    datetime(2026, 11, 29, 10, 15, 30, 123456, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]
NUMBERS = ["0", "0.00", "-0.01", "19.90", "99999999999999.9999", "1E+3", "1E-4", "123456789012345678901234567890.5"]


@pytest.fixture
async def plain(library_url: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    """A connection with asyncpg's own codecs."""
    connection = await asyncpg.connect(library_url)
    yield connection
    await connection.close()


@pytest.fixture
async def connection(library_url: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    connection = await asyncpg.connect(library_url)
    await register_codecs(connection)
    yield connection
    await connection.close()


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
async def test_moments(
    connection: "asyncpg.Connection[Any]", plain: "asyncpg.Connection[Any]", moment: datetime
) -> None:
    stored = await connection.fetchval("SELECT $1::timestamptz", moment)
    assert stored == moment
    assert stored.tzinfo is UTC
    assert await plain.fetchval("SELECT $1::text::timestamptz", stored.isoformat()) == moment


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "Europe/London"])
async def test_moments_in_sessions_of_other_places(connection: "asyncpg.Connection[Any]", zone: str) -> None:
    await connection.execute(f"SET timezone = '{zone}'")
    for moment in MOMENTS[1:-1]:
        stored = await connection.fetchval("SELECT $1::timestamptz", moment)
        assert stored == moment
        assert stored.tzinfo is UTC


async def test_moments_in_no_calendar(connection: "asyncpg.Connection[Any]") -> None:
    assert await connection.fetchval("SELECT 'infinity'::timestamptz") == datetime.max.replace(tzinfo=UTC)
    assert await connection.fetchval("SELECT '-infinity'::timestamptz") == datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize("number", NUMBERS)
async def test_numbers(connection: "asyncpg.Connection[Any]", plain: "asyncpg.Connection[Any]", number: str) -> None:
    sent = await connection.fetchval("SELECT $1::numeric", Decimal(number))
    expected = await plain.fetchval("SELECT $1::numeric", Decimal(number))
    assert (type(sent), str(sent)) == (Decimal, str(expected))


async def test_lists_of_them_and_nothing(connection: "asyncpg.Connection[Any]") -> None:
    numbers, moments = [Decimal(each) for each in NUMBERS], [*MOMENTS, None]
    assert await connection.fetchval("SELECT $1::numeric[]", numbers) == numbers
    assert await connection.fetchval("SELECT $1::timestamptz[]", moments) == moments
    row = await connection.fetchrow("SELECT $1::numeric, $2::timestamptz, $3::jsonb", None, None, None)
    assert list(row) == [None, None, None]


async def test_json(connection: "asyncpg.Connection[Any]", plain: "asyncpg.Connection[Any]") -> None:
    value = {"amount": Decimal("19.90"), "tags": ["ä", None, 1.5]}
    assert await connection.fetchval("SELECT $1::jsonb", value) == {**value, "amount": "19.90"}
    stored = await plain.fetchval("SELECT $1::jsonb", json.dumps({"a": [1, "ä"]}))
    assert json.loads(stored) == await connection.fetchval("SELECT $1::jsonb", {"a": [1, "ä"]})


@pytest.mark.parametrize(("kind", "value"), [("timestamptz", "tomorrow"), ("timestamptz", 1), ("numeric", object())])
async def test_what_is_neither_is_refused(connection: "asyncpg.Connection[Any]", kind: str, value: object) -> None:
    with pytest.raises((asyncpg.DataError, asyncpg.InterfaceError)):
        await connection.fetchval(f"SELECT $1::{kind}", value)


def test_an_id_is_written_as_usual() -> None:
    some = [new_id(), UUID(int=0), UUID("ABCDEFAB-CDEF-4BCD-8FAB-CDEFABCDEFAB")]
    assert [text(each) for each in some] == [str(each) for each in some]
