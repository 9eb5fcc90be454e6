"""The process: uvicorn with its fast parts, and an end that lets requests under way finish."""

import asyncio
import gc
import signal
import socket
import sys
from functools import partial
from math import ceil
from time import monotonic
from types import FrameType

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ..settings import Settings
from .lifecycle import Lifecycle
from .logs import configure
from .protocol import TICK_S, HttpConnection, Traffic


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then the process ends with 0, once the requests under way have ended.

    Without uvloop and httptools, which uvicorn would do without, the process does not start.
    """
    configure(settings.log_level)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, _exit)
    traffic = Traffic(settings)
    config = uvicorn.Config(
        Entrance(app),
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
        timeout_graceful_shutdown=ceil(settings.drain_timeout_s),
    )
    _Server(config, app.state.lifecycle, traffic).run()


class Entrance:
    """Hands requests to the edge, past the layers that FastAPI has in front of it, which have nothing left to do.

    With another middleware on the application, every request takes the ordinary way through all of them.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._first: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._first is None:
            self._first = getattr(self._app.state, "edge", self._app)
        scope["app"] = self._app
        await self._first(scope, receive, send)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, traffic: Traffic) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._traffic = traffic
        self._clock: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._clock = asyncio.create_task(self._tick())
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._traffic.tick(self.server_state.connections, monotonic())  # type: ignore[arg-type]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._lifecycle.drain()
        super().handle_exit(sig, frame)


def _exit(_sign: int, _frame: FrameType | None) -> None:
    """End as asked; uvicorn raises the signal again after its shutdown, which is no failure."""
    sys.exit(0)
