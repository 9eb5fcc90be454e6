"""Clients that would also speak another protocol, as Java's do by default, are answered in this one."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from ordering.platform.http.access import public
from ordering.platform.server import requests as limits
from sockets import LIVE, Client, serving
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

OFFERS = [
    b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n",
    b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n",
]
BODY = b'{"a": "bc"}'


def echo() -> APIRouter:
    router = APIRouter(dependencies=[public()])

    @router.post("/docs")
    async def answer(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    return router


def asked(framing: bytes, body: bytes, offer: bytes = OFFERS[0]) -> bytes:
    return b"POST /docs HTTP/1.1\r\nhost: x\r\n%b%b\r\n%b" % (offer, framing, body)


WHOLE = asked(b"content-length: %d\r\n" % len(BODY), BODY)
CHUNKED = asked(b"transfer-encoding: chunked\r\n", b"2\r\n%b\r\n9\r\n%b\r\n0\r\nx: y\r\n\r\n" % (BODY[:2], BODY[2:]))


async def answers(client: Client, count: int) -> list[tuple[int, bytes]]:
    found = [await client.answer() for _ in range(count)]
    return [(status, body) for status, _, body in found]


@pytest.mark.parametrize("offer", OFFERS)
async def test_a_body_after_the_offer_is_read(offer: bytes) -> None:
    async with serving(echo()) as (_, connect):
        client = await connect()
        await client.send(asked(b"content-length: %d\r\n" % len(BODY), BODY, offer))
        assert await answers(client, 1) == [(200, BODY)]


def cuts(request: bytes) -> Iterator[Any]:
    """Where requests may be cut: at both sides of each blank line, and in the middle of the body."""
    head = request.index(b"\r\n\r\n") + 4
    for place in (1, head - 1, head, head + 1, head + 5, len(request) - 1):
        yield pytest.param(request, place, id=f"{len(request)}-{place}")


@pytest.mark.parametrize(("request_", "cut"), [*cuts(WHOLE), *cuts(CHUNKED)])
async def test_it_may_arrive_in_parts(request_: bytes, cut: int) -> None:
    async with serving(echo()) as (_, connect):
        client = await connect()
        await client.send(LIVE)
        await client.answer()
        await client.send(request_[:cut])
        # Whatever was sent has been read once another connection is answered that was made later.
        later = await connect()
        await later.send(LIVE)
        await later.answer()
        await client.send(request_[cut:])
        assert await answers(client, 1) == [(200, BODY)]


async def test_what_follows_is_answered_too() -> None:
    empty = asked(b"content-length: 0\r\n", b"")
    none = LIVE.replace(b"\r\n\r\n", b"\r\n" + OFFERS[0] + b"\r\n")
    async with serving(echo()) as (_, connect):
        client = await connect()
        await client.send(WHOLE + none + CHUNKED + LIVE + empty + none + WHOLE)
        found = await answers(client, 7)
        assert [status for status, _ in found] == [200] * 7
        assert [body for _, body in found][::2] == [BODY, BODY, b"", BODY]


async def test_so_many_may_wait() -> None:
    async with serving(echo()) as (_, connect):
        client = await connect()
        await client.send(WHOLE * (limits.MAX_PIPELINED + 5))
        assert await answers(client, limits.MAX_PIPELINED + 1) == [(200, BODY)] * (limits.MAX_PIPELINED + 1)
        assert await client.rest() == b""


async def test_a_body_that_breaks_off_is_answered_in_time() -> None:
    async with serving(echo()) as (server, connect):
        client = await connect()
        await client.send(WHOLE[:-1])
        later = await connect()
        await later.send(LIVE)
        await later.answer()
        server.pass_time(server.traffic.receive_s)
        assert await client.refusal() == 408


async def test_a_body_that_makes_no_sense_is_refused() -> None:
    async with serving(echo()) as (_, connect):
        client = await connect()
        await client.send(asked(b"transfer-encoding: chunked\r\n", b"no size\r\n"))
        assert await client.refusal() == 400
