"""Requests on connections: the limits that hold for them, how many are under way and wait, and how each is answered.

Some would also speak another protocol, such as those of Java, which offers HTTP/2 (h2c) each time: they are answered
as if they had not said so (RFC 9110, 7.8). The parser takes the head of such a request for the whole of it; if a body
follows, another parser reads on.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Collection, Iterable
from math import ceil, inf
from time import monotonic
from typing import Any, Protocol

import httptools
from starlette.datastructures import State
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from ...settings import Settings
from ..http.middleware import RequestPipeline
from ..problems import Problem, from_status, respond_early

logger = logging.getLogger(__name__)

MAX_HEAD_BYTES = 65_536
MAX_TARGET_BYTES = 32_768
MAX_HEADERS = 100
MAX_PIPELINED = 32
FEED_BYTES = 16_384
"""So much is parsed at once: no more than this is read beyond a limit."""
SPARE_CONNECTIONS = 64
"""Connections beyond the limit that are still accepted: probes are answered on them, other requests refused."""
LINGER_S = 2.0
"""How long what a client still sends is passed over after the last answer, so that no reset overtakes the answer."""
CANCELLING_S = 1.0
"""How long a request that is ended may take to answer so."""
LEAST_RESERVE = 0.25
MOST_RESERVE = 0.5
"""How much of its time is left to a request that has waited for its turn; within this, twice what answers take."""
TELLING_PAUSE_S = 10.0
TICK_S = 0.25

COLON = b": "
END = b"\r\n"
CONTROLS = bytes([*range(9), *range(10, 32), 127])
FRAMING = frozenset({b"content-length", b"transfer-encoding"})

REQUEST_LINE = re.compile(rb"^([!#$%&'*+.^_`|~0-9A-Za-z-]+) [!-~]+ HTTP/1\.[01]\r?$", re.MULTILINE)

Headers = list[tuple[bytes, bytes]]


class Connection(Protocol):
    """What is known here of the connection of a client."""

    due: float

    @property
    def held_bytes(self) -> int:
        """Of the body of the request that waits."""

    def begin(self, since: float) -> None:
        """Begin to answer."""

    def expire(self) -> None:
        """End what takes too long."""

    def turn_away(self, problem: Problem, pipeline: RequestPipeline | None, since: float) -> None:
        """Answer what waits with a problem."""


class Traffic:
    """What all connections share: their limits, the time as it was at the last tick of the clock, and who waits.

    So many requests are under way at once; the others wait for their turn, in the order of their arrival, and are
    refused as soon as they cannot be answered in time. `state` is the application's, see middleware.py.
    """

    def __init__(self, settings: Settings, state: State) -> None:
        self.now = monotonic()
        self.keep_alive_s = settings.keep_alive_s
        self.receive_s = settings.receive_timeout_s
        self.answer_s = settings.request_timeout_s
        self.reserve_s = settings.request_timeout_s * LEAST_RESERVE
        self.max_connections = settings.max_connections
        self.max_requests = settings.max_requests_under_way
        self.lifecycle = state.lifecycle
        self.tasks: set[asyncio.Task[None]] = set()
        self.waiting: OrderedDict[Connection, float] = OrderedDict()  # since when, by perf_counter()
        self.held_bytes = 0  # of the bodies of those who wait
        self.most_held_bytes = settings.max_body_bytes * max(1, settings.max_requests_under_way // 2)
        self._state = state
        self._parked = state.verifications.waiting  # those under way that cost nothing at the moment
        self._ended = 0
        self._refused = 0
        self._told = self.now

    @property
    def under_way(self) -> int:
        """Requests that are worked at."""
        return len(self.tasks) - len(self._parked)

    def tick(self, connections: Collection[Connection], now: float) -> None:
        """Let it be `now` (s, monotonic), and end what takes too long."""
        self._measure(now - self.now)
        self.now = now
        self.lifecycle.beat(now)
        self.admit()
        while self.waiting and (first := next(iter(self.waiting))).due - now <= self.reserve_s:
            self.refuse(first)
        for connection in [each for each in connections if each.due <= now]:
            connection.expire()
        if self._refused and now - self._told >= TELLING_PAUSE_S:
            logger.warning("%d requests were refused, because so many were under way", self._refused)
            self._refused, self._told = 0, now

    def refuse(self, connection: Connection) -> None:
        """Let a connection wait no longer, and answer what it waits with.

        Those that are refused together are asked to come back one after the other.
        """
        since = self.release(connection)
        retry_after_s = 1 + self._refused % ceil(self.answer_s)
        self._refused += 1
        problem = busy("There are more requests than can be answered in time.", retry_after_s)
        connection.turn_away(problem, getattr(self._state, "pipeline", None), since)

    def hold(self, connection: Connection, size: int) -> None:
        """Note so many bytes of a body whose turn has not come: there is memory for half as many as are under way."""
        self.held_bytes += size
        if self.held_bytes > self.most_held_bytes:
            self.refuse(connection)

    def release(self, connection: Connection) -> float:
        """Let a connection wait no longer; since when it did, 0 if it did not."""
        since = self.waiting.pop(connection, 0)
        if since:
            self.held_bytes -= connection.held_bytes
        return since

    def leave(self, task: asyncio.Task[None]) -> None:
        """Note that a request has ended, so that another may begin."""
        self.tasks.discard(task)
        self._ended += 1
        if self.waiting:
            self.admit()

    def admit(self) -> None:
        """Let those begin that have waited longest, as far as there is room."""
        while self.waiting and self.under_way < self.max_requests:
            connection = next(iter(self.waiting))
            connection.begin(self.release(connection))

    def _measure(self, elapsed_s: float) -> None:
        """Reckon how much time is to be left to those that wait, from how long the answers take at the moment.

        By Little's law that is the number of those under way, by the rate at which they end.
        """
        taken_s = self.under_way * elapsed_s / self._ended if self._ended else inf if self.waiting else 0
        self.reserve_s = min(max(2 * taken_s, self.answer_s * LEAST_RESERVE), self.answer_s * MOST_RESERVE)
        self._ended = 0


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


def parser_of_body(connection: Any, framing: Iterable[tuple[bytes, bytes]]) -> httptools.HttpRequestParser:
    """What reads a body with this framing, and all that the connection sends later.

    The end of an empty body is told before the answer.
    """
    listener = _Listener(connection)
    parser = httptools.HttpRequestParser(listener)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
    parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % pair for pair in framing))
    listener.hears = True
    return parser


class _Listener:
    """Hands on to the connection what a parser finds, but for the head that it knows already."""

    def __init__(self, connection: Any) -> None:
        self.hears = False
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete
        self._connection = connection

    def on_message_begin(self) -> None:
        if self.hears:
            self._connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.hears:
            self._connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.hears:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.hears:
            self._connection.on_headers_complete()


def unreadable(error: httptools.HttpParserError, data: bytes | memoryview) -> Problem:
    """The refusal of what the parser does not take: 501 for a request whose method it does not know (RFC 9110, 9.1)."""
    lost_at_method = isinstance(error, httptools.HttpParserInvalidMethodError)
    if lost_at_method and not all(map(_is_method, REQUEST_LINE.findall(data))):
        return from_status(501, "This method is not known; methods are written in capitals.")
    return malformed()


def _is_method(name: bytes) -> bool:
    """Whether the parser knows a method."""
    try:
        httptools.HttpRequestParser(object()).feed_data(name + b" /")
    except httptools.HttpParserInvalidMethodError:
        return False
    return True


def malformed() -> Problem:
    """What is no request."""
    return Problem(400, "malformed-request", "This is no HTTP/1.1 request.")


def busy(detail: str, retry_after_s: int = 1) -> Problem:
    """What may be sent again later."""
    return Problem(503, "service-unavailable", detail, headers={"Retry-After": str(retry_after_s)})


def too_large(url: bytes) -> Problem:
    """The limit that the target or the head of a request is over."""
    if len(url) > MAX_TARGET_BYTES:
        return Problem(414, "target-too-long", f"The target may have at most {MAX_TARGET_BYTES} bytes.")
    detail = f"The head may have at most {MAX_HEADERS} headers and {MAX_HEAD_BYTES} bytes."
    return Problem(431, "headers-too-large", detail)


def rendered(problem: Problem, default_headers: Headers) -> bytes:
    """The whole answer to what did not come as far as to the middleware, as bytes."""
    status, headers, body = respond_early(problem)
    pairs = [*default_headers, *headers, (b"connection", b"close")]
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % pair for pair in pairs) + b"\r\n" + body
