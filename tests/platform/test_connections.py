"""What arrives at a socket is bounded in size, in number and in time, before anybody is asked who he is."""

import asyncio
import gc
import re
import tracemalloc
import weakref
from collections.abc import Collection
from pathlib import Path
from typing import Any

import httptools
import pytest
from fastapi import APIRouter
from ordering.platform.http import Operations, Reply, public
from ordering.platform.request_context import RequestContext
from ordering.platform.server import requests as limits
from sockets import LIVE, Server, serving, until
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from web import Web


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /livez\r\n\r\n",
        b"GET /livez HTTP/2.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /livez#frag HTTP/1.1\r\n\r\n",
        b"GET /livez# HTTP/1.1\r\n\r\n",
        b"GET http://x/livez#frag HTTP/1.1\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"FROB/livez HTTP/1.1\r\n\r\n",
        b"FROB /livez HTTP/2.0\r\n\r\n",
        b"GET livez HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_request_is_refused(sent: bytes) -> None:
    async with serving() as (_, connect):
        client = await connect()
        await client.send(sent)
        assert await client.refusal() == 400


@pytest.mark.parametrize("method", [b"FROB", b"get", b"GETS", b"X-ODD_1"])
@pytest.mark.parametrize("before", [b"", b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"], ids=["first", "second"])
async def test_a_method_that_is_not_known_is_not_implemented(method: bytes, before: bytes) -> None:
    async with serving() as (_, connect):
        client = await connect()
        await client.send(before + method + b" /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        if before:
            assert (await client.answer())[0] == 200
        assert await client.refusal() == 501


async def test_a_slash_in_a_segment_is_not_one_between_two() -> None:
    router, seen = Operations("things", tag="Thing"), []

    @router.get("/names/{name}", operation_id="get_name")
    async def get(name: str) -> Reply:
        seen.append(name)
        return Reply(204)

    async with serving(router) as (server, connect):
        client = await connect()
        for name in ("a%2Fb", "%2f", "a%252Fb", "%C3%A4%20%2B"):
            await client.send(server.get(f"/names/{name}"))
            assert (await client.answer())[0] == 204
        assert seen == ["a/b", "/", "a%2Fb", "ä +"]
        for path in ("/names%2Fa", "/livez%2F", "/%2Fnames/a"):
            await client.send(server.get(path))
            assert (await client.answer())[0] == 404


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /livez HTTP/1.0\r\n\r\n",
        b"\r\n\r\nGET /livez HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET http://x/livez HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
    ],
)
async def test_what_is_unusual_is_answered(sent: bytes) -> None:
    async with serving() as (_, connect):
        client = await connect()
        await client.send(sent)
        assert (await client.answer())[0] == 200


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [("1.1", 1, 200), ("1.1", 0, 400), ("1.1", 2, 400), ("1.0", 0, 200), ("1.0", 1, 200)],
)
async def test_a_request_names_one_host(version: str, hosts: int, status: int) -> None:
    async with serving() as (_, connect):
        client = await connect()
        await client.send(b"GET /livez HTTP/%b\r\n%b\r\n" % (version.encode(), b"host: x\r\n" * hosts))
        answered, headers, body = await client.answer()
        assert answered == status
        if status == 400:
            assert headers["content-type"] == "application/problem+json"
            assert b"/problems/malformed-request" in body


async def test_blanks_around_a_value_are_none_of_it() -> None:
    """As RFC 9112 has it (5.1); the parser leaves those that follow."""
    router, seen = APIRouter(dependencies=[public()]), []

    @router.get("/docs")
    async def keep(request: Request) -> Response:
        seen.append(dict(request.headers))
        return PlainTextResponse("")

    async with serving(router) as (_, connect):
        client = await connect()
        await client.send(b"GET /docs HTTP/1.1\r\nhost: x\r\na:1 \r\nb:\t 2 3\t \r\nc: \r\nd:\r\n\r\n")
        assert (await client.answer())[0] == 200
    assert seen == [{"host": "x", "a": "1", "b": "2 3", "c": "", "d": ""}]


@pytest.mark.parametrize(("version", "told"), [("1.1", [100, 400]), ("1.0", [400])])
async def test_only_a_client_that_knows_it_is_told_to_go_on(version: str, told: list[int]) -> None:
    async with serving() as (server, connect):
        client = await connect()
        await client.send(
            b"POST /things HTTP/%b\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
            b"expect: 100-Continue \r\nauthorization: Bearer %b\r\n\r\n" % (version.encode(), server.token.encode())
        )
        statuses = []
        if version == "1.1":
            statuses.append((await client.answer())[0])
        await client.send(b"{}")
        statuses.append((await client.answer())[0])
        assert statuses == told


async def test_a_malformed_request_waits_for_the_answer_to_the_one_before() -> None:
    async with serving() as (_, connect):
        client = await connect()
        await client.send(LIVE + b"nonsense\r\n\r\n")
        assert (await client.answer())[0] == 200
        assert await client.refusal() == 400


def head(target: int = 6, headers: int = 0, padding: int = 0) -> bytes:
    """A head with so many bytes of target, so many headers, and one that brings the whole to so many bytes."""
    url = b"/livez?" + b"a" * (target - 7) if target > 6 else b"/livez"
    lines = [b"host: v", *(b"h%d: v" % number for number in range(1, headers))]
    if padding:
        lines.append(b"p: " + b"a" * (padding - len(url) - len(b"hostvp")))
    return b"\r\n".join([b"GET " + url + b" HTTP/1.1", *lines, b"", b""])


@pytest.mark.parametrize(
    ("most", "more", "status"),
    [
        (head(headers=limits.MAX_HEADERS), head(headers=limits.MAX_HEADERS + 1), 431),
        (head(padding=limits.MAX_HEAD_BYTES), head(padding=limits.MAX_HEAD_BYTES + 1), 431),
        (head(limits.MAX_TARGET_BYTES), head(limits.MAX_TARGET_BYTES + 1), 414),
    ],
)
@pytest.mark.parametrize("pieces", [1, 7])
async def test_the_head_has_a_limit(most: bytes, more: bytes, status: int, pieces: int) -> None:
    async with serving() as (_, connect):
        for sent, expected in (most, 200), (more, status):
            client = await connect()
            size = len(sent) // pieces + 1
            for begin in range(0, len(sent), size):
                await client.send(sent[begin : begin + size])
                await asyncio.sleep(0)
            answered = (await client.answer())[0] if expected == 200 else await client.refusal()
            assert answered == expected


ENDLESS = {
    "a header": (b"GET /livez HTTP/1.1\r\nhost: x\r\nx: ", b"a", 431),
    "headers": (b"GET /livez HTTP/1.1\r\nhost: x\r\n", b"x: y\r\n", 431),
    "a target": (b"GET /", b"a", 414),
    "a trailer": (b"POST /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", b"a", 0),
    "trailers": (b"POST /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n", 0),
    "a chunk's extension": (b"POST /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;x=", b"a", 0),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_has_no_end_is_not_read_to_it(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser, which keeps what it is given, is given no more than the limit and what was read with it."""
    given = []

    class Parser(httptools.HttpRequestParser):  # type: ignore[misc]
        def feed_data(self, data: bytes | memoryview) -> None:
            given.append(len(data))
            super().feed_data(data)

    begin, again, status = ENDLESS[what]
    async with serving() as (_, connect):
        monkeypatch.setattr(httptools, "HttpRequestParser", Parser)
        client = await connect()
        await client.send(begin)
        if status == 0:  # the request itself is answered
            assert (await client.answer())[0] == 405
        sent = 0
        while sent < 8 * limits.MAX_HEAD_BYTES:
            await client.send(again * 1000)
            sent += len(again) * 1000
        assert await client.refusal() == (status or 431)
    assert sum(given) <= limits.MAX_HEAD_BYTES + 2 * limits.FEED_BYTES


async def test_a_large_body_is_no_head() -> None:
    body = b'{"name": "' + b"n" * 500_000 + b'"}'
    web_token = Web().issuer.token()
    async with serving() as (server, connect):
        client = await connect()
        await client.send(
            b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"authorization: Bearer %b\r\n\r\n" % (len(body), web_token.encode()) + body
        )
        assert (await client.answer())[0] == 201
        assert len(server.state.connections) == 1


async def test_trailers_are_no_headers() -> None:
    router, seen = APIRouter(dependencies=[public()]), []

    @router.post("/docs")
    async def read(request: Request) -> Response:
        await request.body()
        seen.append(dict(request.headers))
        return PlainTextResponse("")

    async with serving(router) as (_, connect):
        client = await connect()
        await client.send(b"POST /docs HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await client.send(b"0\r\nauthorization: Bearer x\r\n\r\n")
        assert (await client.answer())[0] == 200
    assert seen == [{"host": "x", "transfer-encoding": "chunked"}]


async def test_repeated_headers_are_joined() -> None:
    pairs = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"a", b"4")]
    context = RequestContext({"type": "http", "headers": pairs}, None, None)  # type: ignore[arg-type]
    assert context.headers == {b"a": b"1, 3, 4", b"b": b"2"}


async def test_a_head_has_to_arrive_in_time() -> None:
    async with serving() as (server, connect):
        receive_s = server.traffic.receive_s
        for begun in b"GET /livez HTTP/1.1\r\nhost: x\r\n", LIVE + b"GE":
            client = await connect()
            await client.send(begun)
            if begun.startswith(LIVE):
                assert (await client.answer())[0] == 200
            await until(lambda: any(each._partial for each in server.state.connections))
            server.pass_time(receive_s - 1)
            await client.send(b"x: y\r\n" if begun[-1:] == b"\n" else b"T")
            await asyncio.sleep(0)
            server.pass_time(1)
            assert await client.refusal() == 408
            server.pass_time(limits.LINGER_S)
            await until(lambda: not server.state.connections)


async def test_a_connection_has_to_be_used() -> None:
    async with serving() as (server, connect):
        silent, used = await connect(), await connect()
        await used.send(LIVE)
        assert (await used.answer())[0] == 200
        server.pass_time(server.traffic.receive_s)
        assert await silent.rest() == b""
        await used.send(LIVE)
        assert (await used.answer())[0] == 200
        server.pass_time(server.traffic.keep_alive_s - 1)
        assert len(server.state.connections) == 1
        server.pass_time(1)
        assert await used.rest() == b""


async def test_a_body_has_to_arrive_in_time() -> None:
    async with serving() as (server, connect):
        token = server.web.issuer.token().encode()
        client = await connect()
        await client.send(
            b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n"
            b"authorization: Bearer %b\r\n\r\n{" % token
        )
        await until(lambda: any(each._partial for each in server.state.connections))
        server.pass_time(server.traffic.receive_s - 1)
        await client.send(b" ")
        await asyncio.sleep(0)
        server.pass_time(1)
        assert await client.refusal() == 408
        await until(lambda: not server.state.tasks)


async def test_the_rest_of_a_body_that_nobody_wants_has_to_arrive_in_time() -> None:
    async with serving() as (server, connect):
        client = await connect()
        await client.send(b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n{")
        assert (await client.answer())[0] == 401
        server.pass_time(server.traffic.receive_s)
        assert await client.rest() == b""


async def test_a_request_that_breaks_off_before_it_was_looked_at_is_answered() -> None:
    async with serving() as (_, connect):
        client = await connect()
        await client.send(b"POST /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nno size\r\n")
        assert await client.refusal() == 400


async def test_a_body_that_breaks_off_midway_is_answered() -> None:
    async with serving() as (server, connect):
        token = server.web.issuer.token().encode()
        client = await connect()
        await client.send(
            b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n"
            b"authorization: Bearer %b\r\n\r\n1\r\n{\r\n" % token
        )
        await until(lambda: server.state.tasks)
        await client.send(b"no size\r\n")
        assert await client.refusal() == 400


async def test_there_are_so_many_connections() -> None:
    async with serving(max_connections=2) as (server, connect):
        first, _ = await connect(), await connect()
        spare = await connect()
        await spare.send(LIVE)
        status, headers, _ = await spare.answer()
        assert (status, headers["connection"]) == (200, "close")
        refused = await connect()
        await refused.send(b"GET /things HTTP/1.1\r\nhost: x\r\n\r\n")
        assert await refused.refusal() == 503
        await first.send(LIVE)
        assert (await first.answer())[0] == 200
        for _ in range(limits.SPARE_CONNECTIONS):
            await connect()
        dropped = await connect()
        with pytest.raises((ConnectionError, EOFError)):
            await dropped.answer()
        assert len(server.state.connections) <= 2 + limits.SPARE_CONNECTIONS


async def test_so_many_requests_may_wait_on_a_connection() -> None:
    async with serving() as (_, connect):
        client = await connect()
        await client.send(LIVE * 3 * limits.MAX_PIPELINED)
        for _ in range(limits.MAX_PIPELINED):
            assert (await client.answer())[1].get("connection") is None
        assert (await client.answer())[1]["connection"] == "close"
        assert await client.rest() == b""


async def test_an_answer_arrives_although_the_client_still_sends() -> None:
    async with serving(max_body_bytes=10) as (server, connect):
        token = server.web.issuer.token().encode()
        client = await connect()
        await client.send(
            b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999\r\nauthorization: Bearer %b\r\n\r\n" % token
        )
        for _ in range(64):
            await client.send(b" " * 65_536)
        assert await client.refusal() == 413
        server.pass_time(limits.LINGER_S)
        await until(lambda: not server.state.connections)


async def test_an_answer_has_to_be_taken() -> None:
    router = APIRouter(dependencies=[public()])

    @router.get("/docs")
    async def much() -> Response:
        return PlainTextResponse("a" * 20_000_000)

    async with serving(router) as (server, connect):
        client = await connect()
        await client.send(b"GET /docs HTTP/1.1\r\nhost: x\r\n\r\n")
        await until(lambda: any(each.flow.write_paused for each in server.state.connections))
        await until(lambda: not server.state.tasks)
        server.pass_time(server.traffic.receive_s)
        await until(lambda: not server.state.connections)


async def test_a_connection_leaves_no_work_for_the_garbage_collector() -> None:
    async with serving() as (server, connect):
        gc.collect()
        gc.disable()
        try:
            client = await connect()
            await client.send(LIVE)
            await client.answer()
            gone = weakref.ref(next(iter(server.state.connections)))
            client.writer.close()
            await client.writer.wait_closed()
            await until(lambda: gone() is None)
        finally:
            gc.enable()


@pytest.mark.parametrize("sent", [b"GET /wait HTTP/1.1\r\n\r\n", LIVE + b"GET /wait"])
async def test_neither_does_one_that_ends_with_a_request(sent: bytes) -> None:
    router, answer = Operations("things", tag="Things"), asyncio.Event()

    @router.get("/wait", operation_id="wait")
    async def wait() -> Reply:
        await answer.wait()
        return Reply(204)

    sent = sent.replace(b"\r\n\r\n", b"\r\nauthorization: Bearer %b\r\n\r\n")
    async with serving(router, max_requests_under_way=1) as (server, connect):
        request = server.get("/wait")
        sent = sent.replace(b"%b", server.token.encode())
        for under_way in True, False:  # the second waits for its turn
            known = set(server.state.connections)
            client = await connect()
            gc.collect()
            gc.disable()
            try:
                await client.send(sent)
                await until(lambda known=known: arrived(server.state.connections - known))
                gone = weakref.ref(next(iter(server.state.connections - known)))
                client.writer.transport.abort()
                await until(lambda known=known: not server.state.connections - known)
                if under_way:
                    answer.set()
                    await until(lambda: not server.state.tasks)
                    answer.clear()
                await until(lambda gone=gone: gone() is None)
            finally:
                gc.enable()
            if under_way:
                await (await connect()).send(request)
                await until(lambda: server.state.tasks)
        answer.set()


def arrived(connections: Collection[Any]) -> bool:
    return any(each._answering is not None or each._partial for each in connections)


async def test_a_connection_takes_a_part_of_the_memory_that_is_planned_for_it() -> None:
    """The other half is for the transport, the kernel and the answer."""
    planned = planned_bytes()
    async with serving(max_requests_under_way=1) as (server, _):
        working = asyncio.create_task(asyncio.Event().wait())
        server.state.tasks.add(working)  # type: ignore[arg-type]
        request = server.get("/things")
        before = connected(server, 1)  # what all connections share is made by the first
        tracemalloc.start()
        connections = connected(server, 100)
        idle, _ = tracemalloc.get_traced_memory()
        for connection in connections:
            connection.data_received(bytes(bytearray(request)))
        waiting, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(server.traffic.waiting) == 100
        assert idle / 100 < planned / 4
        assert waiting / 100 < planned / 2
        for connection in before + connections:
            connection.connection_lost(None)
        working.cancel()
        server.state.tasks.clear()


def planned_bytes() -> int:
    """What the plan has for a connection."""
    told = re.search(r"(\d+) KiB each of the memory", Path("docs/capacity.md").read_text(encoding="utf-8"))
    assert told
    return int(told[1]) * 1024


def connected(server: Server, number: int) -> list[Any]:
    """So many connections, without sockets."""
    connections = []
    for _ in range(number):
        connection = server.connect()
        connection.connection_made(Transport())  # type: ignore[arg-type]
        connections.append(connection)
    return connections


class Transport:
    """Goes nowhere."""

    def get_extra_info(self, _: str) -> None:
        return None

    def write(self, _: bytes) -> None: ...

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...


async def test_the_attributes_of_connections_share_their_keys() -> None:
    """Python does so for up to 30; a dictionary of its own takes 2 KiB of each connection."""
    async with serving() as (server, connect):
        client = await connect()
        await client.send(LIVE)
        assert (await client.answer())[0] == 200
        assert len(vars(next(iter(server.state.connections)))) <= 30
