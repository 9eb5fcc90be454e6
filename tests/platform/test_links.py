"""Lists that are asked for what their resources refer to, by the index of the table that says so."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from ordering.kernel import InvalidCursor
from ordering.platform.postgres import Database
from ordering.platform.postgres.links import Link, Query
from ordering.platform.postgres.paging import Asked, Sort

THINGS = """
DROP TABLE IF EXISTS thing_tags, thing;
CREATE TABLE thing (id uuid PRIMARY KEY, name text);
CREATE TABLE thing_tags (thing_id uuid, tag_id uuid, position integer, PRIMARY KEY (thing_id, tag_id));
CREATE INDEX ix_thing_tags ON thing_tags (tag_id, thing_id);
"""
LINKS = {"tag_ids": Link("thing_tags", "thing_id", "tag_id")}
SORTS = {"name": Sort("name", "text", False, str)}  # noqa: FBT003 - as repositories have it
ONE, SEVERAL = (
    Query("SELECT id, name FROM thing", SORTS, {"name": "text", "tag_ids": asked}, LINKS)
    for asked in ("uuid", Asked("tag_ids", "uuid", "any"))
)
THREE = [UUID(int=number) for number in (1, 2, 3)]
TAGS = [UUID(int=number) for number in (11, 12, 13)]


@pytest.fixture
async def things(library: Database) -> AsyncIterator[Database]:
    """The first thing has no tag, the second one, the third two."""
    for statement in filter(str.strip, THINGS.split(";")):
        await library.execute(statement)
    for place, thing in enumerate(THREE):
        await library.execute("INSERT INTO thing VALUES ($1, $2)", thing, "abc"[place])
        for tag in TAGS[:place]:
            await library.execute("INSERT INTO thing_tags VALUES ($1, $2, 1)", thing, tag)
    yield library
    await library.execute("DROP TABLE thing_tags, thing")


async def found(query: Query, database: Database, **asked: object) -> list[UUID]:
    rows, _ = await query.fetch(database, "name", {"name": None, "tag_ids": None, **asked}, None, 10)
    return [row["id"] for row in rows]


async def test_what_refers_to_one(things: Database) -> None:
    assert await found(ONE, things) == THREE
    assert [await found(ONE, things, tag_ids=tag) for tag in TAGS] == [THREE[1:], THREE[2:], []]
    assert await found(ONE, things, tag_ids=TAGS[0], name="b") == [THREE[1]]


async def test_what_refers_to_one_of_several_is_found_once(things: Database) -> None:
    assert await found(SEVERAL, things, tag_ids=tuple(TAGS)) == THREE[1:]
    assert await found(SEVERAL, things, tag_ids=(TAGS[2], TAGS[1])) == THREE[2:]
    assert await found(SEVERAL, things, tag_ids=(TAGS[2],)) == []


async def test_pages_go_on_with_what_was_asked(things: Database) -> None:
    asked = {"name": None, "tag_ids": TAGS[0]}
    rows, cursor = await ONE.fetch(things, "name", asked, None, 1)
    assert [row["id"] for row in rows] == [THREE[1]]
    rows, last = await ONE.fetch(things, "name", asked, cursor, 1)
    assert ([row["id"] for row in rows], last) == ([THREE[2]], None)
    with pytest.raises(InvalidCursor):
        await ONE.fetch(things, "name", asked | {"tag_ids": TAGS[1]}, cursor, 1)
