"""The connections of clients: uvicorn's, with limits on what arrives, on how long it takes, and on how many there are.

They hold before anybody is asked who he is, so they are kept here and not in the middleware. One clock watches all
connections, because a timer for each request would cost more than the limits themselves.
"""

import asyncio
import logging
from inspect import CORO_CREATED, getcoroutinestate
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..http.about import PROBES
from ..problems import Problem
from . import requests
from .requests import FRAMING, Cycle, Outlet, Queue, QueueFull, Traffic, parser_of_body

if TYPE_CHECKING:
    from ..http.middleware import RequestPipeline

logger = logging.getLogger(__name__)


HTTP_VERSIONS = frozenset({"1.0", "1.1"})
HASH = ord("#")
ASGI = {"version": "3.0", "spec_version": "2.3"}


class HttpConnection(HttpToolsProtocol):
    """One connection. The clock calls `expire` once the time is `due`.

    There are thousands of them, so they are kept small: what is uvicorn's share of the attributes fits into a
    dictionary whose keys all instances share, which Python does for up to 30.
    """

    __slots__ = (
        "_answering", "_deaf", "_farewell", "_outlet", "_overhead", "_partial", "_receiving", "_spare", "_task",
        "_traffic", "due",
    )  # fmt: skip

    def __init__(self, *args: Any, traffic: Traffic, **more: Any) -> None:
        super().__init__(*args, **more)
        self.due = inf
        self._traffic = traffic
        traffic.tasks = self.tasks
        self._outlet = Outlet()
        self._answering: Cycle | None = None  # the others wait in the pipeline
        self._task: asyncio.Task[None] | None = None  # none while its turn has not come
        self._receiving = False  # a request has begun to arrive
        self._partial = False  # more than one read was needed for its head, or for its body
        self._overhead = 0  # bytes of it that were no body, since the last of its body
        self._spare = False
        self._deaf = False  # what arrives is passed over
        self._farewell = b""  # the last answer, which is no request's
        self.pipeline = Queue()  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        traffic, outlet = self._traffic, self._outlet
        outlet.write, outlet.is_closing, outlet.close = transport.write, transport.is_closing, self._finish
        self.due = traffic.now + traffic.receive_s
        surplus = len(self.connections) - traffic.max_connections
        self._spare = surplus > 0
        if surplus > requests.SPARE_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.due = inf
        self._traffic.release(self)
        self._outlet.close = self.transport.close  # no circle is left for the garbage collector
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()
        # Each of the other requests leads back to the connection: both would wait for the garbage collector.
        self.pipeline.clear()
        self._answering = self.cycle = self._answering if self._task is not None else None  # type: ignore[assignment]
        self.scope = None  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if len(data) <= requests.FEED_BYTES:
            self._feed(data)
            return
        view = memoryview(data)
        for begin in range(0, len(data), requests.FEED_BYTES):
            self._feed(view[begin : begin + requests.FEED_BYTES])

    def _feed(self, data: bytes | memoryview) -> None:
        if self._deaf:
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            end_of_head = upgrade.args[0]
        except httptools.HttpParserError as error:
            reason = error.__context__
            if not isinstance(reason, QueueFull):
                self._refuse(reason if isinstance(reason, Problem) else requests.unreadable(error, data))
            return
        else:
            if self._receiving:
                self._await_rest(len(data))
            return
        self._decline_upgrade()
        self._feed(data[end_of_head:])

    def _decline_upgrade(self) -> None:
        """Answer in this protocol, although the client would also speak another one."""
        cycle = self.cycle
        framing = [pair for pair in cycle.scope["headers"] if pair[0] in FRAMING]
        if framing:
            cycle.more_body = self._receiving = True
            self.parser = parser_of_body(self, framing)

    def _await_rest(self, received: int) -> None:
        """Let the time run for the rest of a request, unless there is too much of it already."""
        if not self._partial:
            self._partial = True
            if self._answering is None or (self._task is not None and self._answering.scope is self.scope):
                self.due = self._traffic.now + self._traffic.receive_s
        self._overhead += received
        if self._overhead > requests.MAX_HEAD_BYTES or len(self.headers) > requests.MAX_HEADERS:
            self._refuse(requests.too_large(self.url))

    # What the parser calls, in this order

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= requests.MAX_PIPELINED:
            self.cycle.keep_alive = False
            self._deaf = True
            raise QueueFull
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self.scope = None  # type: ignore[assignment]
        self._receiving = True
        self._overhead = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        value = value.rstrip()  # the parser leaves the blanks after a value, which are none of it
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        parser, url, headers = self.parser, self.url, self.headers
        self.headers = []  # of the trailer, which nobody reads
        if len(url) > requests.MAX_TARGET_BYTES or len(headers) > requests.MAX_HEADERS:
            raise requests.too_large(url)
        if self._partial:
            self._partial = False
            if len(url) + sum(len(name) + len(value) for name, value in headers) > requests.MAX_HEAD_BYTES:
                raise requests.too_large(url)
        version = parser.get_http_version()
        if version not in HTTP_VERSIONS or HASH in url:
            raise requests.malformed()
        target = httptools.parse_url(url)
        raw_path = target.path or b"/"
        path = raw_path.decode("ascii")
        scope = {
            "type": "http",
            "asgi": ASGI,
            "http_version": version,
            "method": parser.get_method().decode("ascii"),
            "scheme": self.scheme,
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": target.query or b"",
            "root_path": "",
            "headers": headers,
            "server": self.server,
            "client": self.client,
            "state": self.app_state.copy(),
        }
        self.scope = scope  # type: ignore[assignment]
        cycle = self.cycle = Cycle(
            self,
            scope,
            self._outlet,
            expect_100_continue=self.expect_100_continue and version == "1.1",
            keep_alive=version == "1.1" and parser.should_keep_alive(),
        )
        if self._answering is None:
            self._start(cycle)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_body(self, body: bytes) -> None:
        self._overhead = 0
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if self._task is None and cycle is self._answering:
            self._traffic.hold(self, len(body))
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        self._receiving = False
        cycle = self.cycle
        cycle.more_body = False
        cycle.message_event.set()
        if self._partial:
            self._partial = False
            if cycle.response_complete:
                self._rest()
            elif cycle is self._answering and self._task is not None:
                self.due = self._traffic.now + self._traffic.answer_s

    # What becomes of a request

    def _start(self, cycle: Cycle) -> None:
        """Answer a request, or let it wait for its turn."""
        traffic = self._traffic
        self._answering = cycle
        if self._spare or traffic.lifecycle.draining:
            cycle.keep_alive = bool(self.pipeline) and not self._spare
        if self._spare and cycle.scope["path"] not in PROBES:
            self._begin_refused(requests.busy("There are too many connections."))
            return
        self.due = traffic.now + traffic.answer_s
        if len(self.tasks) >= traffic.max_requests <= traffic.under_way and cycle.scope["path"] not in PROBES:
            traffic.waiting[self] = perf_counter()
        else:
            self.begin()

    def begin(self, since: float = 0) -> None:
        """Answer the request whose turn it is; `since` is when it began to wait, by perf_counter()."""
        cycle, traffic = self._answering, self._traffic
        if cycle is None:
            return
        if since:
            cycle.scope["since"] = since  # type: ignore[typeddict-unknown-key]
        cycle.scope["answer"] = cycle.answer  # type: ignore[typeddict-unknown-key]
        # With a name: to make up one, as the loop does, takes a sixth of the time.
        task = self._task = asyncio.Task(cycle.run_asgi(self.app), loop=self.loop, name="request")
        self.tasks.add(task)
        task.add_done_callback(traffic.leave)

    @property
    def held_bytes(self) -> int:
        """Of the body with which it waits."""
        return len(self._answering.body) if self._answering is not None else 0

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._answering = self._task = None
        if self.transport.is_closing():
            self.cycle = self.scope = None  # type: ignore[assignment]
            return
        if self.pipeline:
            self._start(self.pipeline.pop()[0])  # type: ignore[arg-type] # it holds nothing else
        elif self._farewell:
            self._say_farewell()
        elif not self._deaf:
            self.flow.resume_reading()
            if self._receiving:
                self.due = self._traffic.now + self._traffic.receive_s
            else:
                self._rest()

    def _rest(self) -> None:
        """Wait for the next request, and keep nothing of the last one."""
        traffic = self._traffic
        self.due = traffic.now + (traffic.receive_s if self.flow.write_paused else traffic.keep_alive_s)
        self.cycle = self.scope = None  # type: ignore[assignment]

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.cycle is None and not self._deaf:
            self._rest()

    def expire(self) -> None:
        """End what has taken too long: a request, whether it arrives, waits or is under way, or what follows it."""
        answering, traffic = self._answering, self._traffic
        if answering is not None and self._task is None:
            traffic.refuse(self)
        elif answering is not None and "refusal" in answering.scope:
            logger.error("a request did not end when it was cancelled, and gets no answer")
            self.transport.abort()
        elif answering is not None and not (self._receiving and answering.scope is self.scope):
            self._end(
                requests.busy(f"The request was not answered within {traffic.answer_s:g} s, and has changed nothing.")
            )
        elif answering is None and (self._deaf or not self._receiving or self._is_in_body()):
            self._cut()
        else:
            self._refuse(Problem(408, "request-timeout", "The request did not arrive in time."))

    def drain(self) -> None:
        """Let the answer to the request under way be the last, unless others have come already."""
        cycle = self._answering
        if cycle is not None and not cycle.response_started and not self.pipeline:
            cycle.keep_alive = False

    def retire(self, after_s: float) -> None:
        """Close the connection, unless a request comes before so many seconds have passed."""
        if self._answering is None and not self._receiving:
            self.due = self._traffic.now + after_s

    def give_up(self) -> None:
        """End the connection, with a problem if a request is under way."""
        self.pipeline.clear()
        if self._answering is None:
            self._cut()
        else:
            self._answering.keep_alive = False
            self._end(requests.busy("This replica is shutting down."))

    def _is_in_body(self) -> bool:
        """Whether what arrives is the body of a request that was looked at."""
        return self.cycle is not None and self.cycle.scope is self.scope

    def _refuse(self, problem: Problem) -> None:
        """Answer what cannot be understood, or does not come to its end; nothing that follows is listened to."""
        logger.info("a request was refused: %d %s", problem.status, problem.detail)
        self._deaf = True
        if self._is_in_body() and not self.cycle.response_complete:
            if self.cycle is self._answering:
                self.cycle.keep_alive = False
                self._end(problem)
                return
            self.pipeline.popleft()
        self._farewell = requests.rendered(problem, self.server_state.default_headers)
        if self._answering is None:
            self._say_farewell()

    def _end(self, problem: Problem) -> None:
        """Let the request under way be answered with a problem, wherever it is."""
        cycle, task = self._answering, self._task
        if cycle is None:
            return
        if task is None:
            self._traffic.release(self)
            self._begin_refused(problem)
            return
        cycle.scope["refusal"] = problem  # type: ignore[typeddict-unknown-key]
        self.due = self._traffic.now + requests.CANCELLING_S
        if cycle.response_started:
            logger.warning("an answer was cut off: %s", problem.detail)
            self.transport.abort()
        # One that has not begun finds the refusal; one that waits for the client goes on as the connection ends.
        if getcoroutinestate(task.get_coro()) != CORO_CREATED and not self.flow.write_paused:  # type: ignore[arg-type]
            task.cancel()

    def turn_away(self, problem: Problem, pipeline: "RequestPipeline | None", since: float) -> None:
        """Answer the request that has waited in vain with a problem, at a small part of what an answer costs.

        Where something else is in front of the middleware, it goes the ordinary way.
        """
        cycle = self._answering
        if cycle is None:
            return
        if pipeline is None or self.flow.write_paused or cycle.scope["method"] == "HEAD":
            self._begin_refused(problem, since)
        else:
            cycle.answer(*pipeline.turn_away(cycle.scope, problem, since))  # type: ignore[arg-type]

    def _begin_refused(self, problem: Problem, since: float = 0) -> None:
        """Let the request whose turn has not come be answered with a problem."""
        if self._answering is not None:
            self._answering.scope["refusal"] = problem  # type: ignore[typeddict-unknown-key]
            self.due = self._traffic.now + self._traffic.answer_s
            self.begin(since)

    def _say_farewell(self) -> None:
        self.transport.write(self._farewell)
        self._farewell = b""
        self._receiving = True  # in case that more arrives
        self._finish()

    def _finish(self) -> None:
        """Close after the last answer, but not before what the client still sends has arrived."""
        self.pipeline.clear()
        if not self._receiving or self.transport.is_closing():
            self.transport.close()
            return
        self._deaf = True
        self.due = self._traffic.now + requests.LINGER_S
        self.flow.resume_reading()
        self.transport.write_eof()

    def _cut(self) -> None:
        """Close at once, if a client does not take what was sent to it."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
