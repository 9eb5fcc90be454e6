"""The process: uvicorn with its fast parts, and an end that lets requests under way finish."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ...settings import Settings
from ..http.about import Lifecycle
from ..logs import configure
from .connections import HttpConnection
from .requests import CANCELLING_S, TICK_S, Traffic

logger = logging.getLogger(__name__)

QUIET_S = 1.0
PAUSE_S = 0.05


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then the process ends with 0, once the requests under way have ended.

    Without uvloop and httptools, which uvicorn would do without, the process does not start.
    """
    configure(settings.log_level)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, _exit)
    lifecycle = app.state.lifecycle
    traffic = Traffic(settings, app.state)
    config = uvicorn.Config(
        Entrance(app),
        interface="asgi3",
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=partial(HttpConnection, traffic=traffic),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    _Server(config, settings, lifecycle, traffic).run()


class Entrance:
    """Hands requests to the middleware, past the layers that FastAPI has in front of it, which have nothing left to do.

    With another middleware on the application, every request takes the ordinary way through all of them.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._first: ASGIApp | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        if self._first is None:
            self._first = getattr(self._app.state, "pipeline", self._app)
        if self._first is self._app:
            scope.pop("answer", None)  # past the other middleware
        scope["app"] = self._app
        return self._first(scope, receive, send)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, settings: Settings, lifecycle: Lifecycle, traffic: Traffic) -> None:
        super().__init__(config)
        self._settle_s = settings.drain_settle_s
        self._drain_s = settings.drain_timeout_s
        self._lifecycle = lifecycle
        self._traffic = traffic
        self._clock: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._clock = asyncio.create_task(self._tick())
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve what still comes, each connection for the last time; then end what is left, and the application.

        For a while new connections are accepted as well, because whoever distributes requests does not know yet. An
        idle connection stays open for a moment longer, because a request may be on its way.
        """
        logger.info("shutting down")
        state = self.server_state
        connections = cast("set[HttpConnection]", state.connections)
        for connection in list(connections):
            connection.drain()
        await self._until(self._is_urgent, self._settle_s)
        for server in self.servers:
            server.close()
        for connection in list(connections):
            connection.retire(0 if self._is_urgent() else QUIET_S)
        await self._until(lambda: not connections or self.force_exit, self._drain_s)
        if state.tasks:
            logger.warning("%d requests did not end in time", len(state.tasks))
        for connection in list(connections):
            connection.give_up()
        await self._until(lambda: not state.tasks or self.force_exit, CANCELLING_S)
        if not self.force_exit:
            await self.lifespan.shutdown()

    def _is_urgent(self) -> bool:
        """Whether a person waits: who has asked for the second time, or by Ctrl-C."""
        return len(self._captured_signals) > 1 or signal.SIGINT in self._captured_signals

    async def _until(self, reached: Callable[[], bool], patience_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not reached():  # noqa: ASYNC110 - what is waited for is the work of many
                    await asyncio.sleep(PAUSE_S)

    async def _tick(self) -> None:
        connections = cast("set[HttpConnection]", self.server_state.connections)
        while True:
            self._traffic.tick(connections, monotonic())
            await asyncio.sleep(TICK_S)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._lifecycle.drain()
        super().handle_exit(sig, frame)


def _exit(_sign: int, _frame: FrameType | None) -> None:
    """End as asked; uvicorn raises the signal again after its shutdown, which is no failure."""
    sys.exit(0)
