from binascii import b2a_base64
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ordering.kernel import InvalidCursor, InvalidValue
from ordering.platform.postgres import Database
from ordering.platform.postgres.paging import PageQuery, Sort

TITLE = Sort("title", "text", nullable=True, decode=str)
PAGES = Sort("pages", "integer", nullable=True, decode=int)
PRINTED_AT = Sort("printed_at", "timestamptz", nullable=True, decode=datetime.fromisoformat)
BOOKS = PageQuery(
    select="SELECT id, title, pages, printed_at, shelf_id FROM book",
    sorts={
        "id": Sort("id", "uuid", nullable=False, decode=UUID),
        "title": TITLE,
        "pages": PAGES,
        "printed_at": PRINTED_AT,
        "title,pages": (TITLE, PAGES),
        "-title,pages": (TITLE._replace(descending=True), PAGES),
        "pages,-title,-printed_at": (PAGES, TITLE._replace(descending=True), PRINTED_AT._replace(descending=True)),
        "title,pages,printed_at": (TITLE, PAGES, PRINTED_AT),
    },
    filters={"title": "text", "shelf_id": "uuid"},
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

# Few different values, so that there are ties and NULLs; odd ones, so that cursors carry them.
Rows = st.lists(
    st.tuples(
        st.none() | st.sampled_from(["", "a", "b", "ä", '"', "\n", "€"]),
        st.none() | st.sampled_from([-(2**31), -1, 0, 2**31 - 1]),
        st.none() | st.integers(0, 3).map(lambda n: EPOCH + timedelta(microseconds=n)),
    ),
    max_size=12,
)


@pytest.fixture
async def shelf_id(library: Database) -> UUID:
    """A shelf of one's own."""
    shelf_id = uuid4()
    await library.execute("INSERT INTO shelf (id, label) VALUES ($1, $2)", shelf_id, shelf_id.hex)
    return shelf_id


async def fill(library: Database, shelf_id: UUID, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    await library.execute("DELETE FROM book WHERE shelf_id = $1", shelf_id)
    names = ("id", "shelf_id", "title", "pages", "printed_at")
    books = [dict(zip(names, (uuid4(), shelf_id, *row), strict=True)) for row in rows]
    for book in books:
        await library.execute(
            "INSERT INTO book (id, shelf_id, title, pages, printed_at) VALUES ($1, $2, $3, $4, $5)", *book.values()
        )
    return books


async def walk(library: Database, sort: str, filters: dict[str, Any], limit: int) -> list[list[UUID]]:
    pages: list[list[UUID]] = []
    cursor: str | None = None
    while not pages or cursor is not None:
        rows, cursor = await BOOKS.fetch(library, sort, filters, cursor, limit)
        pages.append([row["id"] for row in rows])
    return pages


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows=Rows, order=st.sampled_from(sorted(BOOKS.sorts)), turned=st.booleans(), limit=st.integers(1, 5))
async def test_pages_in_a_row_are_the_sorted_table(
    library: Database, shelf_id: UUID, *, rows: list[tuple[Any, ...]], order: str, turned: bool, limit: int
) -> None:
    expected = await fill(library, shelf_id, rows)
    keys = [key.removeprefix("-") if turned and key.startswith("-") else "-" * turned + key for key in order.split(",")]

    def rank(column: str, book: dict[str, Any]) -> tuple[Any, ...]:
        value = book[column]
        text = value.encode() if isinstance(value, str) else value  # the order of code points, as the server's
        return (value is None, 0 if value is None else text)

    expected.sort(key=itemgetter("id"), reverse=keys[-1].startswith("-"))
    for key in reversed(keys):
        expected.sort(key=partial(rank, key.removeprefix("-")), reverse=key.startswith("-"))
    pages = await walk(library, ",".join(keys), {"shelf_id": shelf_id}, limit)
    assert [book_id for page in pages for book_id in page] == [book["id"] for book in expected]
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1] or not expected


async def test_filters_narrow_and_absent_ones_do_not(library: Database, shelf_id: UUID) -> None:
    books = await fill(library, shelf_id, [("a", 1, None), ("b", 2, None), ("a", 3, None)])
    for filters, expected in (
        ({"shelf_id": shelf_id, "title": "a"}, [books[0]["id"], books[2]["id"]]),
        ({"shelf_id": shelf_id, "title": None}, [book["id"] for book in books]),
        ({"shelf_id": uuid4()}, []),
    ):
        assert [book_id for page in await walk(library, "pages", filters, 2) for book_id in page] == expected


async def test_without_filters_there_is_no_condition(library: Database) -> None:
    sql, args = BOOKS.statement("id", {}, None, 10)
    assert "WHERE" not in sql
    assert args == [10]
    await library.fetch(sql, *args)


async def test_rows_that_come_in_between_move_nothing(library: Database, shelf_id: UUID) -> None:
    await fill(library, shelf_id, [("t", pages, None) for pages in (10, 20, 30, 40)])
    first, cursor = await BOOKS.fetch(library, "pages", {"shelf_id": shelf_id}, None, 2)
    await library.execute("INSERT INTO book (id, shelf_id, pages) VALUES ($1, $2, 5)", uuid4(), shelf_id)
    await library.execute("DELETE FROM book WHERE id = $1", first[-1]["id"])
    second, _ = await BOOKS.fetch(library, "pages", {"shelf_id": shelf_id}, cursor, 2)
    assert [row["pages"] for row in second] == [30, 40]


def test_one_shape_has_one_text() -> None:
    row = {"id": uuid4(), "pages": 3}
    texts = {
        BOOKS.statement("pages", filters, BOOKS.cursor("pages", filters, row), limit)[0]
        for filters, limit in (({"title": "a"}, 1), ({"title": "b"}, 2))
    }
    assert len(texts) == 1


async def test_a_far_page_is_read_from_the_index(library: Database, shelf_id: UUID) -> None:
    async with library.transaction() as connection:
        await connection.execute("CREATE INDEX ix_book_pages ON book (pages, id)")
        for other in ("seqscan", "bitmapscan", "sort"):  # on so few rows they would be as good
            await connection.execute(f"SET LOCAL enable_{other} = off")
        for sort in ("pages", "-pages"):
            for pages in (3, None):
                cursor = BOOKS.cursor(sort, {}, {"id": uuid4(), "pages": pages})
                sql, args = BOOKS.statement(sort, {}, cursor, 10)
                plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {sql}", *args))
                assert "Index Cond" in plan
                assert "Filter" not in plan
        await connection.execute("DROP INDEX ix_book_pages")


async def test_a_far_page_by_several_columns_is_read_from_their_index(library: Database) -> None:
    async with library.transaction() as connection:
        await connection.execute("CREATE INDEX ix_book_several ON book (pages, title DESC, printed_at DESC, id DESC)")
        for other in ("seqscan", "bitmapscan"):
            await connection.execute(f"SET LOCAL enable_{other} = off")
        for sort in ("pages,-title,-printed_at", "-pages,title,printed_at"):
            for pages, title in product((3, None), ("a", None)):
                row = {"id": uuid4(), "pages": pages, "title": title, "printed_at": EPOCH}
                sql, args = BOOKS.statement(sort, {}, BOOKS.cursor(sort, {}, row), 10)
                plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {sql}", *args))
                assert plan.count("Index Cond") == plan.count("ix_book_several") > 0, plan
                assert "Filter" not in plan
        await connection.execute("DROP INDEX ix_book_several")


ROW = {"id": UUID(int=1), "title": "x", "pages": 1, "printed_at": EPOCH}
ID = ROW["id"]
OF_PAGES = BOOKS.cursor("pages", {"title": "a"}, ROW)


def forged(content: str) -> str:
    return b2a_base64(content.encode(), newline=False).decode().rstrip("=").replace("+", "-").replace("/", "_")


def fingerprint_of(sort: str) -> str:
    return BOOKS._read(sort, {}, BOOKS.cursor(sort, {}, ROW)).query


@pytest.mark.parametrize(
    ("sort", "filters", "cursor"),
    [
        ("pages", {"title": "a"}, ""),
        ("pages", {"title": "a"}, "%%%"),
        ("pages", {"title": "a"}, "ä"),
        ("pages", {"title": "a"}, OF_PAGES + "="),
        ("pages", {"title": "a"}, OF_PAGES[:-4]),
        ("pages", {"title": "a"}, forged("null")),
        ("pages", {"title": "a"}, forged('["x", "1", "no id"]')),
        ("pages", {"title": "a"}, forged(f'["{fingerprint_of("pages")}", "1", "{ID}", 4]')),
        ("pages", {"title": "b"}, OF_PAGES),
        ("pages", {}, OF_PAGES),
        ("-pages", {"title": "a"}, OF_PAGES),
        ("title", {"title": "a"}, OF_PAGES),
        ("pages", {}, forged(f'["{fingerprint_of("pages")}", "many", "{ID}"]')),
        ("printed_at", {}, forged(f'["{fingerprint_of("printed_at")}", "now", "{ID}"]')),
        ("title,pages", {}, OF_PAGES),
        ("title,pages", {}, BOOKS.cursor("-title,-pages", {}, ROW)),
        ("title,pages", {}, forged(f'["{fingerprint_of("title,pages")}", "a", "{ID}"]')),
        ("title,pages", {}, forged(f'["{fingerprint_of("title,pages")}", ["a"], "{ID}"]')),
        ("title,pages", {}, forged(f'["{fingerprint_of("title,pages")}", ["a", "b"], "{ID}"]')),
        ("pages", {}, forged(f'["{fingerprint_of("pages")}", ["1", "1"], "{ID}"]')),
    ],
)
def test_bad_cursors(sort: str, filters: dict[str, Any], cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        BOOKS.statement(sort, filters, cursor, 10)


async def test_a_forged_value_out_of_range_is_the_clients_fault(library: Database) -> None:
    cursor = forged(f'["{fingerprint_of("pages")}", "{2**40}", "{ID}"]')
    with pytest.raises(InvalidValue):
        await BOOKS.fetch(library, "pages", {}, cursor, 10)
