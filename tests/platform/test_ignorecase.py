"""Filters for which upper and lower case are alike find what the unique index holds, and by that index."""

from collections.abc import AsyncIterator

import pytest
from ordering.kernel import AlreadyExists
from ordering.platform.postgres import Database
from ordering.platform.postgres.paging import PageQuery, Sort

COMPOSED, DECOMPOSED = "\u00c9", "E\u0301"
SELECT, SORTS = "SELECT id, name FROM called", {"name": Sort("name", "text", nullable=False, decode=str)}
PAGE = PageQuery(SELECT, SORTS, {"name": "text"}, ignorecase={"name"})
STRICT = PageQuery(SELECT, SORTS, {"name": "text"})


@pytest.fixture
async def called(library: Database) -> AsyncIterator[Database]:
    await library.fetch("CREATE TABLE called (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(80))")
    await library.fetch("CREATE UNIQUE INDEX uq_called ON called (lower(normalize(name)))")
    await library.fetch("INSERT INTO called (name) SELECT 'Nobody ' || n FROM generate_series(1, 1000) AS n")
    yield library
    await library.fetch("DROP TABLE called")


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Ada@Example.com", "ADA@EXAMPLE.COM"),
        ("Ada@Example.com", "ada@example.com"),
        (f"{COMPOSED}mile", "émile"),
        (f"{COMPOSED}mile", f"{DECOMPOSED.lower()}MILE"),
        (f"{DECOMPOSED}mile", f"{COMPOSED}MILE"),
        ("ΑΘΗΝΑ", "αθηνα"),
        ("50%_\\", "50%_\\"),
    ],
)
async def test_values_are_found_in_whatever_case(called: Database, stored: str, asked: str) -> None:
    await called.fetch("INSERT INTO called (name) VALUES ($1)", stored)
    rows, _ = await PAGE.fetch(called, "name", {"name": asked}, None, 10)
    assert [row["name"] for row in rows] == [stored]
    found, _ = await STRICT.fetch(called, "name", {"name": asked}, None, 10)
    assert len(found) == (stored == asked)
    with pytest.raises(AlreadyExists, match="already"):
        await called.fetchrow("INSERT INTO called (name) VALUES ($1) RETURNING id", asked)


async def test_other_letters_stay_others(called: Database) -> None:
    await called.fetch("INSERT INTO called (name) VALUES ('Emile')")
    rows, _ = await PAGE.fetch(called, "name", {"name": f"{COMPOSED}mile"}, None, 10)
    assert not rows


async def test_the_index_answers(called: Database) -> None:
    await called.fetch("ANALYZE called")
    sql, args = PAGE.statement("name", {"name": "NOBODY 7"}, None, 10)
    plan = await called.fetch(f"EXPLAIN {sql.replace('$1', str(args[0])).replace('$2', repr(args[1]))}")
    assert any("uq_called" in row[0] for row in plan), plan
