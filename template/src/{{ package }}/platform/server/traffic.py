"""What the connections of clients share: how many requests are under way, which of them wait, and what time it is."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection
from math import ceil, inf
from time import monotonic
from typing import Protocol

from starlette.datastructures import State

from ...settings import Settings
from ..http.middleware import RequestPipeline
from ..problems import Problem
from .limits import LEAST_RESERVE, MOST_RESERVE, TELLING_PAUSE_S, busy

logger = logging.getLogger(__name__)


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
