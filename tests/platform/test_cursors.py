"""Every cursor that is issued is taken back, however long the value is at which its page ended."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from jsonschema_rs import Draft202012Validator
from ordering.platform.http import Operations, PageParameters, Reply
from ordering.platform.postgres import Database
from ordering.platform.postgres.paging import PageQuery, Sort
from tests.test_contract import CONTRACT
from web import Web, errors

LONGEST = 500
"""Characters of a text that the language lets lists be sorted by."""

SORTS = {
    "text": (Sort("text", "text", nullable=True, decode=str), f"varchar({LONGEST})"),
    "email": (Sort("email", "text", nullable=True, decode=str), "varchar(254)"),
    "number": (Sort("number", "bigint", nullable=True, decode=int), "bigint"),
    "amount": (Sort("amount", "numeric", nullable=True, decode=Decimal), "numeric(38, 6)"),
    "double": (Sort("double", "double precision", nullable=True, decode=float), "double precision"),
    "of_day": (Sort("of_day", "time", nullable=True, decode=time.fromisoformat), "time"),
    "day": (Sort("day", "date", nullable=True, decode=date.fromisoformat), "date"),
    "moment": (Sort("moment", "timestamptz", nullable=True, decode=datetime.fromisoformat), "timestamptz"),
}
VALUES: dict[str, list[Any]] = {
    "text": ["\U0001f600" * LONGEST, "漢" * LONGEST, '"' * LONGEST, "\\" * LONGEST, "'" * (LONGEST - 1) + "é", "a"],
    "email": [f"{'a' * 64}@{'b' * 59}.{'c' * 60}.{'d' * 60}.example", "a@b.example"],
    "number": [-(2**63), 2**63 - 1, 2**53 + 1],
    "amount": [Decimal(f"{sign}{'9' * 32}.{'9' * 6}") for sign in ("", "-")] + [Decimal("0.000001"), Decimal(0)],
    "double": [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 0.1],
    "of_day": [time(0), time(23, 59, 59, 999_999)],
    "day": [date(1000, 1, 1), date(9999, 12, 31)],
    "moment": [datetime(1000, 1, 1, tzinfo=UTC), datetime(9899, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)],
}
PAGES = PageQuery(
    select="SELECT id, text, email, number, amount, double, of_day, day, moment FROM longest",
    sorts={name: sort for name, (sort, _) in SORTS.items()},
    filters={"text": "text"},
)
CURSOR = CONTRACT["components"]["parameters"]["cursor"]["schema"]


class LongestQuery(PageParameters):
    """Which page, in which order."""

    sort: str = "text"


@pytest.fixture
async def longest(library: Database) -> AsyncIterator[Database]:
    """A table with the longest values of every type that lists are sorted by."""
    columns = ", ".join(f"{name} {kind}" for name, (_, kind) in SORTS.items())
    await library.execute(f"CREATE TABLE longest (id uuid PRIMARY KEY, {columns})")
    for name, values in VALUES.items():
        for value in (*values, None):
            await library.execute(f"INSERT INTO longest (id, {name}) VALUES ($1, $2)", uuid4(), value)  # noqa: S608
    yield library
    await library.execute("DROP TABLE longest")


def web(database: Database) -> Web:
    router = Operations("things", tag="Things")

    @router.get("/longest", operation_id="list_longest")
    async def list_longest(query: LongestQuery) -> Reply:
        rows, cursor = await PAGES.fetch(database, query.sort, {}, query.cursor, query.limit)
        return Reply(200, location=cursor, version=len(rows))

    return Web(routers=[router])


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_go_on_after_the_longest_value(longest: Database, sort: str, descending: bool) -> None:
    service, seen, cursor = web(longest), 0, None
    total = sum(len(values) + 1 for values in VALUES.values())
    while seen < total:
        query = {"sort": f"-{sort}" if descending else sort, "limit": 1, **({"cursor": cursor} if cursor else {})}
        page = await service.get(f"/longest?{urlencode(query)}")
        assert page.status_code == 200, page.text
        seen += int(page.headers["etag"].strip('"'))
        cursor = page.headers.get("location")
        assert cursor is None or Draft202012Validator(CURSOR).is_valid(cursor), len(cursor or "")
    assert (seen, cursor) == (total, None)


def test_the_longest_cursor_is_as_long_as_the_contract_says() -> None:
    for sort, values in VALUES.items():
        for value in values:
            cursor = PAGES.cursor(sort, {}, {"id": UUID(int=0), sort: value})
            assert len(cursor) <= CURSOR["maxLength"]
    longest = PAGES.cursor("text", {}, {"id": UUID(int=0), "text": VALUES["text"][0]})
    assert len(longest) == CURSOR["maxLength"]


async def test_a_cursor_of_ones_own_list_may_be_longer(longest: Database) -> None:
    """The service sets no length, so that lists by longer columns work, too."""
    cursor = PAGES.cursor("text", {}, {"id": UUID(int=0), "text": "x" * 10_000})
    assert (await web(longest).get(f"/longest?cursor={cursor}")).status_code == 200
    wrong = await web(longest).get(f"/longest?cursor={cursor}x")
    assert errors(wrong) == [("/query/cursor", "invalid")]
