"""What lists are asked for beside a value: PostgreSQL finds what the store in memory finds, and by an index."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ordering.kernel import InvalidCursor
from ordering.platform.http import Operations, PageParameters, Reply
from ordering.platform.http.fields import Digits, Line, Several, TrueFalse
from ordering.platform.postgres import Database
from ordering.platform.postgres.paging import Asked, PageQuery, Sort
from web import Web, errors

from tests import stores

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TITLES = [
    "",
    "a",
    "A",
    "ab",
    "b",
    "a%",
    "a_",
    "\\",
    "é",
    "e\u0301",
    "a\U0010ffff",
    "a\U0010ffff\U0010ffff",
    "\U0001f600",
]
PAGES = [-(2**31), -1, 0, 1, 2**31 - 1]
MOMENTS = [EPOCH + timedelta(microseconds=n) for n in range(3)]
BOOKS = PageQuery(
    select="SELECT id, title, pages, printed_at, shelf_id FROM book",
    sorts={"id": Sort("id", "uuid", nullable=False, decode=UUID)},
    filters={
        "shelf_id": "uuid",
        "title": Asked("title", "text", "any"),
        "title_prefix": Asked("title", "text", "prefix"),
        "title_absent": Asked("title", "text", "absent"),
        "pages": "integer",
        "pages_from": Asked("pages", "integer", "from"),
        "pages_to": Asked("pages", "integer", "to"),
        "printed_at_from": Asked("printed_at", "timestamptz", "from"),
        "printed_at_to": Asked("printed_at", "timestamptz", "to"),
        "printed_at_absent": Asked("printed_at", "timestamptz", "absent"),
    },
)
ROWS = st.lists(
    st.tuples(*(st.none() | st.sampled_from(values) for values in (TITLES, PAGES, MOMENTS))),
    max_size=12,
)
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "title": st.lists(st.sampled_from(TITLES), min_size=1, max_size=3).map(tuple),
        "title_prefix": st.sampled_from(TITLES[1:]),
        "title_absent": st.booleans(),
        "pages": st.sampled_from(PAGES),
        "pages_from": st.sampled_from(PAGES),
        "pages_to": st.sampled_from(PAGES),
        "printed_at_from": st.sampled_from(MOMENTS),
        "printed_at_to": st.sampled_from(MOMENTS),
        "printed_at_absent": st.booleans(),
    },
)


@pytest.fixture
async def shelf_id(library: Database) -> UUID:
    """A shelf of one's own."""
    shelf_id = uuid4()
    await library.execute("INSERT INTO shelf (id, label) VALUES ($1, $2)", shelf_id, shelf_id.hex)
    return shelf_id


async def filled(library: Database, shelf_id: UUID, rows: list[Any]) -> list[SimpleNamespace]:
    """The books that are on the shelf from now on."""
    await library.execute("DELETE FROM book WHERE shelf_id = $1", shelf_id)
    books = [SimpleNamespace(id=uuid4(), title=row[0], pages=row[1], printed_at=row[2]) for row in rows]
    for book in books:
        await library.execute(
            "INSERT INTO book (id, shelf_id, title, pages, printed_at) VALUES ($1, $2, $3, $4, $5)",
            *(book.id, shelf_id, book.title, book.pages, book.printed_at),
        )
    return books


async def test_each_word_finds_every_value_that_fits(library: Database, shelf_id: UUID) -> None:
    rows = [*((each, 0, None) for each in TITLES), *((None, each, None) for each in PAGES)]
    books = await filled(library, shelf_id, [*rows, *((None, None, each) for each in MOMENTS)])
    values: dict[str, list[Any]] = {
        "title": [(one, other) for one in TITLES for other in TITLES[:3]],
        "title_prefix": TITLES[1:],
        "title_absent": [True, False],
        "pages": PAGES,
        "pages_from": PAGES,
        "pages_to": PAGES,
        "printed_at_from": MOMENTS,
        "printed_at_to": MOMENTS,
        "printed_at_absent": [True, False],
    }
    assert values.keys() == BOOKS.filters.keys() - {"shelf_id"}
    for name, value in ((name, value) for name, several in values.items() for value in several):
        page, _ = await BOOKS.fetch(library, "id", {"shelf_id": shelf_id, name: value}, None, 100)
        fit = {book.id for book in books if stores._fits(book, name, value)}
        assert {row["id"] for row in page} == fit, (name, value)


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS, asked=ASKED, limit=st.integers(1, 4), descending=st.booleans())
async def test_rows_are_found_as_in_memory(
    library: Database, shelf_id: UUID, *, rows: list[Any], asked: dict[str, Any], limit: int, descending: bool
) -> None:
    books = await filled(library, shelf_id, rows)
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        sort = "-id" if descending else "id"
        page, cursor = await BOOKS.fetch(library, sort, {"shelf_id": shelf_id, **asked}, cursor, limit)
        found += [row["id"] for row in page]
        if cursor is None:
            break
    fit = [book.id for book in books if all(stores._fits(book, name, value) for name, value in asked.items())]
    assert found == sorted(fit, reverse=descending)


@pytest.mark.parametrize("other", [{"pages_from": 2}, {"pages_to": 1}, {"pages": 1}, {"printed_at_absent": True}, {}])
def test_a_cursor_holds_for_what_was_asked(other: dict[str, Any]) -> None:
    cursor = BOOKS.cursor("id", {"pages_from": 1}, {"id": uuid4()})
    with pytest.raises(InvalidCursor, match="other filters"):
        BOOKS.statement("id", other, cursor, 10)


def test_whether_there_is_a_value_is_another_text() -> None:
    texts = {BOOKS.statement("id", {"title_absent": absent, "pages": 1}, None, 10)[0] for absent in (True, False)}
    assert len(texts) == 2
    assert all(text.count("$2") == 1 and "$3" not in text for text in texts)


# In whatever case ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def called(library: Database) -> AsyncIterator[Database]:
    await library.fetch("CREATE TABLE sought (id uuid DEFAULT gen_random_uuid(), name varchar(80), n int)")
    await library.fetch("INSERT INTO sought (name, n) SELECT 'Nobody ' || n, n FROM generate_series(1, 20000) AS n")
    await library.fetch("CREATE INDEX ix_sought_name ON sought (lower(normalize(name)) text_pattern_ops)")
    await library.fetch("CREATE INDEX ix_sought_n ON sought (n)")
    await library.fetch("ANALYZE sought")
    yield library
    await library.fetch("DROP TABLE sought")


SOUGHT = PageQuery(
    "SELECT id, name FROM sought",
    {"id": Sort("id", "uuid", nullable=False, decode=UUID)},
    {
        "name": Asked("name", "text", "any"),
        "name_prefix": Asked("name", "text", "prefix"),
        "n": Asked("n", "integer", "any"),
        "n_from": Asked("n", "integer", "from"),
        "n_absent": Asked("n", "integer", "absent"),
    },
    ignorecase={"name"},
)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"name_prefix": "NOBODY 1999"}, {"Nobody 1999", *(f"Nobody 1999{n}" for n in range(10))}),
        ({"name_prefix": "nobody 19999"}, {"Nobody 19999"}),
        ({"name_prefix": "body"}, set()),
        ({"name": ("NOBODY 7", "nobody 8", "Somebody")}, {"Nobody 7", "Nobody 8"}),
    ],
)
async def test_values_are_found_in_whatever_case(called: Database, asked: dict[str, Any], names: set[str]) -> None:
    rows, _ = await SOUGHT.fetch(called, "id", asked, None, 100)
    assert {row["name"] for row in rows} == names


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"name_prefix": "Nobody 1999"}, "ix_sought_name"),
        ({"name": ("Nobody 7", "Nobody 8")}, "ix_sought_name"),
        ({"n": (7, 8)}, "ix_sought_n"),
        ({"n_from": 19_990}, "ix_sought_n"),
        ({"n_absent": True}, "ix_sought_n"),
    ],
)
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_the_index_answers(called: Database, asked: dict[str, Any], index: str, mode: str) -> None:
    """The planner takes it by itself where it knows the values, and can take it where it does not."""
    sql, args = SOUGHT.statement("id", asked, None, 10)
    async with called.transaction() as connection:
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        if mode == "force_generic_plan":
            await connection.execute("SET LOCAL enable_seqscan = off")
            await connection.execute("SET LOCAL enable_indexonlyscan = off")
        types = {"name": "text[]", "name_prefix": "text", "n": "int[]", "n_from": "int"}
        given = ["bigint", *(types[name] for name in asked if name != "n_absent")]
        await connection.execute(f"PREPARE sought ({', '.join(given)}) AS {sql}")
        written = [str(args[0]), *map(_literal, args[1:])]
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE sought({', '.join(written)})"))
        await connection.execute("DEALLOCATE sought")
    assert index in plan, plan


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"ARRAY[{', '.join(map(_literal, value))}]"
    return f"'{value}'" if isinstance(value, str) else str(value)


# As it is sent -------------------------------------------------------------------------------------------------------


class SoughtQuery(PageParameters):
    """What is asked for."""

    n: Annotated[tuple[Annotated[int, Digits(1, 9)], ...], Several(most=3)] = ()
    name_prefix: Annotated[str, Line(5)] | None = None
    n_absent: Annotated[bool, TrueFalse] | None = None


@dataclass
class Seen:
    query: SoughtQuery | None = None


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def web(seen: Seen) -> Web:
    router = Operations("things", tag="Things")

    @router.get("/sought", operation_id="list_sought")
    async def list_sought(query: SoughtQuery) -> Reply:
        seen.query = query
        return Reply(204)

    return Web(routers=[router])


@pytest.mark.parametrize(
    ("query", "values"),
    [("", ()), ("n=7", (7,)), ("n=7&n=8", (7, 8)), ("n=7&limit=3&n=7&n=1", (7, 7, 1))],
)
async def test_a_parameter_may_be_repeated_where_it_takes_several(
    web: Web, seen: Seen, query: str, values: tuple[int, ...]
) -> None:
    assert (await web.get(f"/sought?{query}")).status_code == 204
    assert seen.query is not None
    assert seen.query.n == values


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("n=0", [("/query/n/0", "out_of_range")]),
        ("n=1&n=x", [("/query/n/1", "string_pattern_mismatch")]),
        ("n=1&n=2&n=3&n=4", [("/query/n", "too_long")]),
        ("n=", [("/query/n/0", "string_pattern_mismatch")]),
        ("n_absent=yes", [("/query/n_absent", "true_or_false")]),
        ("n_absent=true&n_absent=true", [("/query/n_absent", "repeated")]),
        ("name_prefix=", [("/query/name_prefix", "string_too_short")]),
        ("name_prefix=abcdef", [("/query/name_prefix", "string_too_long")]),
        ("name_prefix=%00", [("/query/name_prefix", "string_pattern_mismatch")]),
    ],
)
async def test_what_is_sent_wrongly_is_named(web: Web, query: str, found: list[tuple[str, str]]) -> None:
    answer = await web.get(f"/sought?{query}")
    assert answer.status_code == 400
    assert errors(answer) == found


def test_who_asks_in_code_hands_values() -> None:
    assert SoughtQuery(n=(1, 2)).n == (1, 2)
