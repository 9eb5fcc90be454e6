import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Request
from ordering.platform.http.about import health_router
from ordering.platform.http.access import public
from ordering.platform.server import Entrance, serve
from starlette.types import ASGIApp, Receive, Scope, Send
from web import THING_ID, Web

PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Put back what a process sets up once."""
    root = logging.getLogger()
    handlers, level, threshold = root.handlers[:], root.level, gc.get_threshold()
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    gc.unfreeze()
    gc.set_threshold(*threshold)
    for number, handler in signals.items():
        signal.signal(number, handler)


def slow_router() -> APIRouter:
    """An endpoint that is still under way when the process is asked to end."""
    router = APIRouter(dependencies=[public()])

    @router.get("/slow")
    async def slow(request: Request) -> dict[str, bool]:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.5)
        return {"draining": request.app.state.lifecycle.draining}

    return router


async def ready() -> bool:
    return True


class Counter:
    """A middleware of somebody else."""

    seen = 0

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        Counter.seen += 1
        await self.app(scope, receive, send)


@pytest.mark.parametrize("others", [[], [Counter]])
async def test_no_middleware_is_passed_by(others: list[type[Counter]]) -> None:
    web = Web()
    for middleware in others:
        web.app.add_middleware(middleware)
    Counter.seen = 0
    transport = httpx2.ASGITransport(Entrance(web.app))
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        headers = {"Authorization": f"Bearer {web.issuer.token()}"}
        answers = [await client.get(f"/things/{THING_ID}", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert Counter.seen == 2 * len(others)


def test_a_process_that_is_asked_to_end_ends_what_is_under_way() -> None:
    def visit(client: httpx2.Client) -> tuple[httpx2.Response, httpx2.Response]:
        _until_it_answers(client)
        return client.get("/livez"), client.get("/slow")

    live, slow = _served([health_router(ready), slow_router()], visit)
    assert live.status_code == 200
    assert "server" not in live.headers
    assert "date" in live.headers
    assert slow.json() == {"draining": True}
    assert slow.headers["connection"] == "close"


def _served(routers: list[Any], visit: Callable[[httpx2.Client], Any]) -> Any:
    """What `visit` saw of a service that runs in this process until it is asked to end, which is no failure."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    web = Web(routers=routers, port=port, log_level="ERROR", drain_settle_s=0)
    with (
        ThreadPoolExecutor(1) as pool,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client,
    ):
        seen = pool.submit(visit, client)
        with pytest.raises(SystemExit) as ended:
            serve(web.app, web.settings)
        assert ended.value.code == 0
        return seen.result(PATIENCE_S)


def _until_it_answers(client: httpx2.Client) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            client.get("/livez")
        except httpx2.TransportError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError("the service does not answer")
