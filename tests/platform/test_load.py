"""How much is under way at once, and for how long: what is too much is refused, what takes too long is ended."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from math import ceil
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace

import pytest
from fastapi import APIRouter
from ordering.platform import auth
from ordering.platform.auth import VerificationLimit
from ordering.platform.http import Operations, Reply, any_caller
from ordering.platform.logs import AccessLog
from ordering.platform.problems import Problem
from ordering.platform.request_context import current
from ordering.platform.server import connections
from ordering.platform.server import requests as limits
from sockets import LIVE, Client, serving, until
from starlette.responses import PlainTextResponse, Response, StreamingResponse


class Gate:
    """An operation and an endpoint of FastAPI that answer when they are let."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.entered = 0
        self.ended: list[str] = []
        operations = Operations("things", tag="Things")
        endpoints = APIRouter(dependencies=[any_caller()])

        async def wait() -> None:
            self.entered += 1
            try:
                await self.open.wait()
            except asyncio.CancelledError:
                self.ended.append("cancelled")
                raise
            self.ended.append("answered")

        @operations.get("/operation", operation_id="get_operation")
        async def operation() -> Reply:
            await wait()
            return Reply(204)

        @operations.get("/commit", operation_id="get_commit")
        async def commit() -> Reply:
            context = current.get()
            assert context is not None
            context.committing = True
            await wait()
            return Reply(204)

        @endpoints.get("/endpoint")
        async def endpoint() -> Response:
            await wait()
            return PlainTextResponse("")

        @endpoints.get("/thread")
        def thread() -> Response:
            self.entered += 1
            self.thread.wait(30)
            return PlainTextResponse("")

        @endpoints.get("/stream")
        async def stream() -> Response:
            async def content() -> AsyncIterator[bytes]:
                yield b"begun"
                await wait()

            return StreamingResponse(content())

        @endpoints.get("/stubborn")
        async def stubborn() -> Response:
            self.entered += 1
            while not self.open.is_set():
                try:
                    await self.open.wait()
                except asyncio.CancelledError:
                    self.ended.append("stubborn")
            return PlainTextResponse("")

        self.thread = threading.Event()
        self.routers = [operations, endpoints]


async def problem(client: Client) -> tuple[int, str, str]:
    status, _, body = await client.answer()
    told = json.loads(body)
    return status, told["type"].rpartition("/")[2], told["detail"]


@pytest.mark.parametrize("path", ["/operation", "/endpoint", "/thread"])
async def test_a_request_has_to_be_answered_in_time(path: str) -> None:
    gate = Gate()
    async with serving(*gate.routers) as (server, connect):
        client = await connect()
        await client.send(server.get(path))
        await until(lambda: gate.entered == 1)
        server.pass_time(server.traffic.answer_s - 0.001)
        await client.writer.drain()
        assert not gate.ended
        server.pass_time(0.001)
        status, code, detail = await problem(client)
        assert (status, code) == (503, "service-unavailable")
        assert "has changed nothing" in detail
        gate.thread.set()
        await until(lambda: not server.state.tasks)
        assert gate.ended in (["cancelled"], [])
        await client.send(LIVE)
        assert (await client.answer())[0] == 200


async def test_what_may_have_been_committed_is_answered_so() -> None:
    gate = Gate()
    async with serving(*gate.routers) as (server, connect):
        client = await connect()
        await client.send(server.get("/commit"))
        await until(lambda: gate.entered == 1)
        server.pass_time(server.traffic.answer_s)
        assert (await problem(client))[:2] == (503, "outcome-open")


async def test_an_answer_that_has_begun_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    async with serving(*gate.routers) as (server, connect):
        client = await connect()
        await client.send(server.get("/stream"))
        await until(lambda: gate.entered == 1)
        server.pass_time(server.traffic.answer_s)
        with suppress(ConnectionError):
            assert not (await client.rest()).endswith(b"0\r\n\r\n")
        await until(lambda: not server.state.tasks)
        assert gate.ended == ["cancelled"]
    said = [each for each in caplog.records if each.name.startswith("ordering.") and each.levelno >= logging.WARNING]
    assert [record.levelname for record in said] == ["WARNING"]


async def test_who_does_not_end_gets_no_answer() -> None:
    gate = Gate()
    async with serving(*gate.routers) as (server, connect):
        client = await connect()
        await client.send(server.get("/stubborn"))
        await until(lambda: gate.entered == 1)
        server.pass_time(server.traffic.answer_s)
        await until(lambda: gate.ended)
        server.pass_time(server.traffic.answer_s)
        with pytest.raises((ConnectionError, EOFError)):
            await client.answer()
        gate.open.set()
        await until(lambda: not server.state.tasks)


async def test_so_many_requests_are_under_way() -> None:
    gate = Gate()
    async with serving(*gate.routers, max_requests_under_way=2) as (server, connect):
        clients = [await connect() for _ in range(5)]
        for number, client in enumerate(clients, start=1):
            await client.send(server.get("/operation"))
            await until(lambda number=number: len(server.state.tasks) + len(server.traffic.waiting) == number)
        await until(lambda: gate.entered == 2)
        assert len(server.traffic.waiting) == 3
        probe = await connect()
        await probe.send(LIVE)
        assert (await probe.answer())[0] == 200
        # Who goes away waits no longer.
        clients.pop().writer.close()
        await until(lambda: len(server.traffic.waiting) == 2)
        server.pass_time(server.traffic.answer_s * (1 - limits.MOST_RESERVE))
        assert len(server.state.tasks) == 2  # who is refused has not begun
        for client in clients[2:]:
            status, code, detail = await problem(client)
            assert (status, code) == (503, "service-unavailable")
            assert "more requests than" in detail
        # Their connections go on; the next are answered once there is room.
        await clients[2].send(server.get("/operation"))
        await until(lambda: len(server.traffic.waiting) == 1)
        gate.open.set()
        for client in clients[:3]:
            assert (await client.answer())[0] == 204
        assert not server.traffic.waiting


async def test_waiting_counts_as_time() -> None:
    gate = Gate()
    async with serving(*gate.routers, max_requests_under_way=1) as (server, connect):
        first, second = await connect(), await connect()
        await first.send(server.get("/operation"))
        await until(lambda: gate.entered == 1)
        await second.send(server.get("/operation"))
        await until(lambda: server.traffic.waiting)
        passed = server.traffic.answer_s * limits.LEAST_RESERVE
        server.pass_time(passed)
        gate.open.set()
        gate.open.clear()  # only those that wait already go on
        await first.answer()
        await until(lambda: gate.entered == 2)
        left = next(each.due for each in server.state.connections if each._task is not None) - server.traffic.now
        assert left == pytest.approx(server.traffic.answer_s - passed)


async def test_who_can_still_be_answered_in_time_waits() -> None:
    """That depends on how long the answers take at the moment."""
    gate = Gate()
    async with serving(*gate.routers, max_requests_under_way=2) as (server, connect):
        traffic, clients = server.traffic, [await connect() for _ in range(4)]
        for client in clients[:2]:
            await client.send(server.get("/operation"))
        await until(lambda: gate.entered == 2)
        await clients[2].send(server.get("/operation"))
        await until(lambda: traffic.waiting)

        async def end(requests: int) -> None:
            for _ in range(requests):
                await clients[3].send(LIVE)
                await clients[3].answer()

        # Two under way, of which ten end: each takes a fifth of the time, and twice that is less than is left anyway.
        await end(10)
        server.pass_time(traffic.answer_s * 0.5)
        assert traffic.reserve_s == traffic.answer_s * limits.LEAST_RESERVE
        assert len(traffic.waiting) == 1
        # Two under way, of which two end: each takes all of the time that has passed.
        await end(2)
        server.pass_time(traffic.answer_s * 0.15)
        assert traffic.reserve_s == pytest.approx(traffic.answer_s * 0.3)
        assert len(traffic.waiting) == 1
        # None ends.
        server.pass_time(traffic.answer_s * 0.01)
        assert traffic.reserve_s == traffic.answer_s * limits.MOST_RESERVE
        assert (await problem(clients[2]))[0] == 503
        gate.open.set()


def test_how_long_requests_wait_is_documented() -> None:
    assert (1 - limits.MOST_RESERVE, 1 - limits.LEAST_RESERVE) == (1 / 2, 3 / 4)
    told = Path("docs/capacity.md").read_text(encoding="utf-8")
    assert "for half to three quarters of the service's time-out, and get 503 then" in told


async def test_who_is_refused_is_answered_as_everybody() -> None:
    gate, identity = Gate(), "a" * 8 + "-0000-4000-8000-" + "b" * 12
    async with serving(*gate.routers, max_requests_under_way=1) as (server, connect):
        first, refused, ordinary = [await connect() for _ in range(3)]
        await first.send(server.get("/operation"))
        await until(lambda: gate.entered == 1)
        for client, method in (refused, b"GET"), (ordinary, b"HEAD"):
            await client.send(
                server.get("/operation").replace(b"GET", method, 1)[:-2] + b"request-id: %b\r\n\r\n" % identity.encode()
            )
        await until(lambda: len(server.traffic.waiting) == 2)
        server.pass_time(server.traffic.answer_s / 2)
        status, headers, body = await refused.answer()
        assert status == 503
        assert json.loads(body)["instance"] == f"urn:uuid:{identity}"
        assert json.loads(body)["trace_id"] in headers["traceparent"]
        head = await asyncio.wait_for(ordinary._reader.readuntil(b"\r\n\r\n"), 30)
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:-2])
        never_the_same = {"retry-after", "traceparent"}
        assert headers.keys() == lines.keys()
        assert {name for name in headers if headers[name] != lines[name]} == never_the_same
        gate.open.set()


async def test_the_bodies_of_those_who_wait_have_a_limit() -> None:
    gate = Gate()
    async with serving(*gate.routers, max_requests_under_way=1, max_body_bytes=1000) as (server, connect):
        traffic, clients = server.traffic, [await connect() for _ in range(4)]
        await clients[0].send(server.get("/operation"))
        await until(lambda: gate.entered == 1)

        async def post(client: Client, size: int) -> None:
            head = server.get("/things").replace(b"GET", b"POST", 1)[:-2] + b"content-length: 600\r\n\r\n"
            await client.send(head + b" " * size)

        await post(clients[1], 600)
        await post(clients[2], 400)
        await until(lambda: traffic.held_bytes == 1000)
        await post(clients[3], 1)
        assert (await problem(clients[3]))[0] == 503
        assert (len(traffic.waiting), traffic.held_bytes) == (2, 1000)
        # Its connection goes on, after the rest of the body.
        await clients[3].send(b" " * 599 + LIVE)
        assert (await clients[3].answer())[0] == 200
        clients[2].writer.transport.abort()
        await until(lambda: traffic.held_bytes == 600)
        gate.open.set()
        assert (await clients[1].answer())[0] == 415
        assert traffic.held_bytes == 0


async def test_those_who_are_refused_do_not_come_back_at_once() -> None:
    gate = Gate()
    async with serving(*gate.routers, max_requests_under_way=1) as (server, connect):
        spread = ceil(server.traffic.answer_s)
        clients = [await connect() for _ in range(1 + 2 * spread)]
        for client in clients:
            await client.send(server.get("/operation"))
        await until(lambda: len(server.traffic.waiting) == 2 * spread)
        server.pass_time(server.traffic.answer_s / 2)
        asked = [int((await client.answer())[1]["retry-after"]) for client in clients if client is not clients[0]]
        assert sorted(asked) == sorted(2 * [*range(1, spread + 1)])
        gate.open.set()


async def test_the_time_of_waiting_is_logged_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[tuple[int, bool]] = []
    measured: list[tuple[int, bool]] = []
    telemetry = SimpleNamespace(
        begin=lambda _: None, end=lambda context, took: measured.append((context.status, took >= 1000))
    )
    monkeypatch.setattr(connections, "perf_counter", lambda: perf_counter() - 1000)
    monkeypatch.setattr(AccessLog, "write", lambda _, context, took: logged.append((context.status, took >= 1000)))
    gate = Gate()
    async with serving(*gate.routers, max_requests_under_way=1, log_level="INFO") as (server, connect):
        first, second, third = [await connect() for _ in range(3)]
        await first.send(server.get("/operation"))
        await until(lambda: gate.entered == 1)
        server.web.app.state.pipeline._telemetry = telemetry
        await second.send(server.get("/operation"))
        await until(lambda: server.traffic.waiting)
        server.pass_time(server.traffic.answer_s / 2)
        assert (await second.answer())[0] == 503
        await third.send(server.get("/operation"))
        await until(lambda: server.traffic.waiting)
        gate.open.set()
        for client in first, third:
            assert (await client.answer())[0] == 204
    assert logged == measured == [(503, True), (204, False), (204, True)]


async def test_unknown_tokens_wait_for_their_turn() -> None:
    async def take() -> None:
        await waiting.take()

    waiting = VerificationLimit()
    tasks = [asyncio.create_task(take()) for _ in range(auth.PER_WINDOW + auth.MAX_WAITING)]
    await asyncio.sleep(0)
    assert sum(task.done() for task in tasks) == auth.PER_WINDOW
    with pytest.raises(Problem) as refused:
        await waiting.take()
    assert refused.value.status == 503
    tasks[-1].cancel()
    await until(lambda: len(waiting.waiting) == auth.MAX_WAITING - 1)
    waiting.renew()
    await until(lambda: sum(task.done() for task in tasks) == 2 * auth.PER_WINDOW + 1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not waiting.waiting


async def test_forged_tokens_hold_up_nobody_who_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "PER_WINDOW", 1)
    monkeypatch.setattr(auth, "WINDOW_S", 3600)
    async with serving(max_requests_under_way=2) as (server, connect):
        known = await connect()
        request = server.get("/things")
        await known.send(request)
        assert (await known.answer())[0] == 200
        waiting = server.web.app.state.verifications.waiting
        for number in range(5):
            forger = await connect()
            await forger.send(b"GET /things HTTP/1.1\r\nhost: x\r\nauthorization: Bearer forged%d\r\n\r\n" % number)
        await until(lambda: len(waiting) == 5)
        await known.send(request)
        assert (await known.answer())[0] == 200
        assert len(waiting) == 5
