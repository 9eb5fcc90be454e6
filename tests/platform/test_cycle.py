"""What operations answer with goes out at once, and is the same as what goes the ordinary way."""

import asyncio
from typing import Any

import pytest
from ordering.platform.server import Entrance
from ordering.platform.server.requests import Cycle
from uvicorn.server import ServerState
from web import THING_ID, Web

Headers = list[tuple[bytes, bytes]]


class Transport:
    """Keeps what is written to it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Flow:
    write_paused = False

    def resume_reading(self) -> None:
        pass

    async def drain(self) -> None:
        self.write_paused = False


class Connection:
    logger = None

    def __init__(self) -> None:
        self.flow = Flow()
        self.server_state = ServerState()
        self.server_state.default_headers = [(b"date", b"today")]
        self.answered = 0

    def on_response_complete(self) -> None:
        self.answered += 1


def cycle(method: str = "GET", *, keep_alive: bool = True, expect_100_continue: bool = False) -> Any:
    scope = {"type": "http", "method": method, "http_version": "1.1"}
    return Cycle(Connection(), scope, Transport(), expect_100_continue=expect_100_continue, keep_alive=keep_alive)


async def ordinary(of: Any, status: int, headers: Headers, body: bytes) -> None:
    await of.send({"type": "http.response.start", "status": status, "headers": headers})
    await of.send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, [(b"content-length", b"2"), (b"content-type", b"application/json")], b"{}"),
        (201, [(b"content-length", b"2"), (b"location", b"/things/\xe4")], b"[]"),
        (204, [(b"etag", b'"1"')], b""),
        (304, [(b"etag", b'"1"'), (b"vary", b"a\tb")], b""),
    ],
)
async def test_both_ways_send_the_same(status: int, headers: Headers, body: bytes, *, keep_alive: bool) -> None:
    short, long = cycle(keep_alive=keep_alive), cycle(keep_alive=keep_alive)
    assert short.answer(status, headers, body)
    await ordinary(long, status, headers, body)
    assert b"".join(short.transport.written) == b"".join(long.transport.written)
    assert len(short.transport.written) == 1
    for each in (short, long):
        assert each.response_started
        assert each.response_complete
        assert each.transport.closed is not keep_alive


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b", b"a\x7fb"])
async def test_no_header_can_begin_another(value: bytes) -> None:
    short = cycle()
    with pytest.raises(RuntimeError, match="control characters"):
        short.answer(201, [(b"content-length", b"0"), (b"location", value)], b"")
    assert short.transport.written == []
    assert not short.response_started


async def test_the_ordinary_way_is_left_to_what_it_is_for() -> None:
    head, paused, gone = cycle("HEAD"), cycle(), cycle()
    paused.flow.write_paused = True
    gone.disconnected = True
    for each in (head, paused, gone):
        assert not each.answer(200, [(b"content-length", b"2")], b"{}")
        assert each.transport.written == []
        assert not each.response_started


async def test_a_body_is_handed_on_as_it_arrives() -> None:
    request = cycle("POST", expect_100_continue=True)
    waiting = asyncio.create_task(request.receive())
    await asyncio.sleep(0)
    assert request.transport.written == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    request.body += b"ab"
    request.message_event.set()
    assert await waiting == {"type": "http.request", "body": b"ab", "more_body": True}
    request.body += b"c"
    request.body += b"d"
    request.more_body = False
    assert await request.receive() == {"type": "http.request", "body": b"cd", "more_body": False}
    waiting = asyncio.create_task(request.receive())
    await asyncio.sleep(0)
    assert not waiting.done()
    request.answer(200, [(b"content-length", b"0")], b"")
    assert await waiting == {"type": "http.disconnect"}


async def test_an_empty_body_is_handed_on_once() -> None:
    request = cycle()
    request.more_body = False
    assert await request.receive() == {"type": "http.request", "body": b"", "more_body": False}
    waiting = asyncio.create_task(request.receive())
    await asyncio.sleep(0)
    assert not waiting.done()
    request.disconnected = True
    request.message_event.set()
    assert await waiting == {"type": "http.disconnect"}


class Mark:
    """A middleware that adds a header to every answer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def marking(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-mark", b"1")]
            await send(message)

        await self._app(scope, receive, marking)


async def answers(web: Web, path: str) -> tuple[list[tuple[int, Headers]], list[tuple[int, Headers]]]:
    """What is answered to GET at once, and what the ordinary way."""
    at_once, ordinarily = [], []

    def answer(status: int, headers: Headers, body: bytes) -> bool:
        at_once.append((status, headers))
        return True

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            ordinarily.append((message["status"], message["headers"]))

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": "", "scheme": "http",
        "http_version": "1.1", "answer": answer,
        "headers": [(b"host", b"x"), (b"authorization", f"Bearer {web.issuer.token()}".encode())],
    }  # fmt: skip
    await web.get("/things")  # the first request builds what the others use
    await Entrance(web.app)(scope, receive, send)
    assert "answer" not in scope, "it would be a circle for the garbage collector"
    return at_once, ordinarily


async def test_operations_answer_at_once_and_problems_the_ordinary_way() -> None:
    web = Web()
    at_once, ordinarily = await answers(web, f"/things/{THING_ID}")
    assert [status for status, _ in at_once] == [200]
    assert ordinarily == []
    for path, status in (("/things/1", 400), ("/nothing", 404)):
        at_once, ordinarily = await answers(web, path)
        assert at_once == []
        assert [each for each, _ in ordinarily] == [status]


async def test_no_other_middleware_is_passed_by() -> None:
    web = Web()
    web.app.add_middleware(Mark)
    at_once, ordinarily = await answers(web, f"/things/{THING_ID}")
    assert at_once == []
    [(status, headers)] = ordinarily
    assert status == 200
    assert (b"x-mark", b"1") in headers
