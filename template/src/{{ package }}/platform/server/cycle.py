"""One request of a connection: uvicorn's way to answer it, and a shorter one for what operations answer with."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

COLON = b": "
END = b"\r\n"
CONTROLS = bytes([*range(9), *range(10, 32), 127])


class _Nobody:
    """Stands for the event of a request that nobody waits for."""

    def set(self) -> None:
        """Nothing is to be told."""


class Cycle(RequestResponseCycle):
    """A request and its answer. What most requests never need is made when it is needed."""

    access_log = False
    body = b""  # type: ignore[assignment]
    chunked_encoding = None
    disconnected = False
    expected_content_length = 0
    message_event: Any = _Nobody()
    more_body = True
    response_complete = False
    response_started = False

    def __init__(
        self, connection: Any, scope: dict[str, Any], transport: Any, *, expect_100_continue: bool, keep_alive: bool
    ) -> None:
        self.scope = scope  # type: ignore[assignment]
        self.transport = transport
        self.flow = connection.flow
        self.logger = connection.logger
        self.default_headers = connection.server_state.default_headers
        self.on_response = connection.on_response_complete
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expect_100_continue
        self._received = False  # whether the end of the body was handed on

    async def receive(self) -> Any:
        """The next part of the body, or word that the client has left."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        while not (self.body or self.disconnected or self.response_complete) and (self.more_body or self._received):
            self.flow.resume_reading()
            event = self.message_event = asyncio.Event()
            await event.wait()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = self.body, b""
        self._received = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def answer(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send a whole answer that has its length among its headers; False if it has to go the ordinary way."""
        if self.flow.write_paused or self.disconnected or self.scope["method"] == "HEAD":
            return False
        lines = [*map(COLON.join, self.default_headers), *map(COLON.join, headers)]
        if not self.keep_alive:
            lines.append(b"connection: close")
        lines += (b"", b"")
        head = STATUS_LINE[status] + END.join(lines)
        if len(head) - len(head.translate(None, CONTROLS)) != 2 * len(lines):
            raise RuntimeError("a header has control characters")
        self.response_started = self.response_complete = True
        self.transport.write(head + body)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True


class Queue(list[tuple[Cycle, Any]]):
    """The few requests that wait behind another one; an empty deque has room for 64."""

    __slots__ = ()

    def appendleft(self, waiting: tuple[Cycle, Any]) -> None:
        """Let it come after all others."""
        self.insert(0, waiting)

    def popleft(self) -> tuple[Cycle, Any]:
        """The last that has come, which is taken out."""
        return self.pop(0)


class Outlet:
    """The part of a transport that answers are written to; `close` is the connection's own."""

    __slots__ = ("close", "is_closing", "write")

    write: Any
    is_closing: Any
    close: Any


class QueueFull(Exception):
    """More requests have come than may wait for their turn: they are not answered, and the connection ends."""
