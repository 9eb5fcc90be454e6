"""The times of the settings are those that the process keeps; what they do is tested where time can be passed."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter
from ordering.platform import server
from ordering.platform.http.about import health_router
from ordering.platform.http.access import any_caller
from ordering.platform.postgres.sessions import Sessions
from ordering.platform.server import serve
from ordering.platform.server.requests import CANCELLING_S
from pydantic import SecretStr
from sockets import PATIENCE_S, serving
from test_server import as_it_was
from web import Web

__all__ = ["as_it_was"]


async def test_connections_keep_the_times_of_the_settings() -> None:
    async with serving(keep_alive_s=1001, receive_timeout_s=1002, request_timeout_s=1003) as (served, _):
        traffic = served.traffic
        assert (traffic.keep_alive_s, traffic.receive_s, traffic.answer_s) == (1001, 1002, 1003)


async def test_a_database_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = SecretStr(f"postgresql://somebody@127.0.0.1:{silent.getsockname()[1]}/anything")
        settings = Web(database_url=url, database_connect_timeout_s=0.01).settings
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(TimeoutError):
                await Sessions(settings, "test").open()


def test_what_does_not_end_while_it_drains_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []
    until = server._Server._until

    async def passed(self: server._Server, reached: Callable[[], bool], patience_s: float) -> None:
        waited.append(patience_s)
        await until(self, reached, patience_s if patience_s == CANCELLING_S else 0)

    monkeypatch.setattr(server._Server, "_until", passed)
    router = APIRouter(dependencies=[any_caller()])

    @router.get("/endless")
    async def endless() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    async def ready() -> bool:
        return True

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    web = Web(
        routers=[health_router(ready), router], port=port, log_level="ERROR", drain_settle_s=1001, drain_timeout_s=1002
    )

    def visit() -> Any:
        transport = httpx2.HTTPTransport(retries=10)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, transport=transport) as client:
            return client.get("/endless", headers={"Authorization": f"Bearer {web.issuer.token()}"})

    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(visit)
        with pytest.raises(SystemExit) as ended:
            serve(web.app, web.settings)
        answer = seen.result(PATIENCE_S)
    assert ended.value.code == 0
    assert waited == [1001, 1002, CANCELLING_S]
    assert answer.status_code == 503
    assert answer.headers["connection"] == "close"
    assert answer.json()["detail"] == "This replica is shutting down."
