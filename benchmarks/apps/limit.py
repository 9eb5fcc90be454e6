"""The raw limit: the sample's statements on the same driver, and nothing else that a service is made of.

No framework, no authentication, no log, no errors, no checks beyond the types. What it sends is what the service sends.
"""

import asyncio
import gc
import os
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import getrandbits
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from ordering.order.repository import FIND, INSERT, PAGE, UPDATE
from uuid_utils.compat import uuid7

POOL_SIZE = 10
DAY = timedelta(days=1)
encode = msgspec.json.encode


class Money(msgspec.Struct, gc=False):
    """An amount."""

    amount: Decimal
    currency: str


class Line(msgspec.Struct, gc=False):
    """A part of an order."""

    sku: str
    quantity: int
    unit_price: Money


class NewOrder(msgspec.Struct):
    """The body of POST."""

    number: str
    customer_id: UUID
    total: Money
    lines: list[Line]
    priority: str = "NORMAL"
    note: str | None = None


class Patch(msgspec.Struct):
    """The body of PATCH, as far as it is measured."""

    total: Money
    note: str


class Order(msgspec.Struct, omit_defaults=True, gc=False):
    """The answer."""

    id: UUID
    number: str
    customer_id: UUID
    total: Money
    priority: str
    lines: list[Line]
    status: str
    created_at: datetime
    modified_at: datetime
    note: str | None = None
    placed_at: datetime | None = None


class Page(msgspec.Struct, gc=False):
    """The answer to a list."""

    items: list[Order]
    next: str


decode_new = msgspec.json.Decoder(NewOrder).decode
decode_patch = msgspec.json.Decoder(Patch).decode
decode_lines = msgspec.json.Decoder(list[Line]).decode


class Connections:
    """A fixed set of connections, handed out one by one."""

    def __init__(self) -> None:
        self.idle: list[Any] = []
        self.waiting: deque[asyncio.Future[Any]] = deque()

    async def open(self) -> None:
        """Connect."""
        url = os.environ["DATABASE_URL"]
        self.idle = [
            await asyncpg.connect(
                url, max_cached_statement_lifetime=0, server_settings={"timezone": "UTC", "jit": "off"}
            )
            for _ in range(POOL_SIZE)
        ]

    async def take(self) -> Any:
        """A connection, to be given back."""
        if self.idle:
            return self.idle.pop()
        waiter = asyncio.get_running_loop().create_future()
        self.waiting.append(waiter)
        return await waiter

    def give(self, connection: Any) -> None:
        """The end of its use."""
        if self.waiting:
            self.waiting.popleft().set_result(connection)
        else:
            self.idle.append(connection)


connections = Connections()


def order_of(row: Any) -> Order:
    """The answer for a row."""
    (
        identity, number, customer_id, amount, currency, priority, note, placed_at, status, _, created_at, modified_at,
        lines,
    ) = row  # fmt: skip
    return Order(
        identity, number, customer_id, Money(amount, currency), priority, decode_lines(lines), status, created_at,
        modified_at, note, placed_at,
    )  # fmt: skip


def rows_of(lines: list[Line]) -> str:
    """The lines as the statements take them."""
    rows = [
        {
            "position": position,
            "sku": line.sku,
            "quantity": line.quantity,
            "unit_price_amount": line.unit_price.amount,
            "unit_price_currency": line.unit_price.currency,
        }
        for position, line in enumerate(lines)
    ]
    return encode(rows).decode()


async def get(path: str) -> tuple[int, bytes]:
    """One order."""
    connection = await connections.take()
    row = await connection.fetchrow(FIND, UUID(path[8:]))
    connections.give(connection)
    return 200, encode(order_of(row))


async def page(query: bytes) -> tuple[int, bytes]:
    """The first page."""
    limit = int(query.partition(b"limit=")[2])
    sql, args = PAGE.statement("-created_at", {}, None, limit + 1)
    connection = await connections.take()
    rows = await connection.fetch(sql, *args)
    connections.give(connection)
    cursor = PAGE.cursor("-created_at", {}, rows[limit - 1])
    return 200, encode(Page([order_of(row) for row in rows[:limit]], cursor))


async def create(key: str, body: bytes) -> tuple[int, bytes]:
    """A new order; the key is stored with the answer."""
    new = decode_new(body)
    now = datetime.now(UTC)
    order = Order(uuid7(), new.number, new.customer_id, new.total, new.priority, new.lines, "DRAFT", now, now, new.note)
    answer = encode(order)
    connection = await connections.take()
    await connection.fetchrow(
        INSERT, "caller", key, b"", "created", 1, f"orders/{order.id}", answer, DAY, getrandbits(63),
        order.id, rows_of(new.lines), order.number, order.customer_id, order.total.amount, order.total.currency,
        order.priority, order.note, None, "DRAFT", 1, now, now,
    )  # fmt: skip
    connections.give(connection)
    return 201, answer


async def update(path: str, body: bytes) -> tuple[int, bytes]:
    """Two changed fields of an order; the lines are stored again, as the service does."""
    patch = decode_patch(body)
    connection = await connections.take()
    row = await connection.fetchrow(FIND, UUID(path[8:]))
    order = order_of(row)
    order.total = patch.total
    order.note = patch.note
    order.modified_at = datetime.now(UTC)
    await connection.fetchrow(
        UPDATE, order.number, order.customer_id, order.total.amount, order.total.currency, order.priority, order.note,
        order.placed_at, order.status, row[9] + 1, order.modified_at, order.id, rows_of(order.lines),
    )  # fmt: skip
    connections.give(connection)
    return 200, encode(order)


async def answer(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]]) -> tuple[int, bytes]:
    """The status and the body for a request."""
    path, method = scope["path"], scope["method"]
    if method == "GET":
        return await page(scope["query_string"]) if path == "/orders" else await get(path)
    body = (await receive())["body"]
    if method == "POST":
        return await create(dict(scope["headers"])[b"idempotency-key"].decode(), body)
    return await update(path, body)


async def lifespan(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Connect, and tune the garbage collector as the service does."""
    await receive()
    await connections.open()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    if scope["path"] == "/readyz":
        status, body = 200, b"{}"
    else:
        status, body = await answer(scope, receive)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
