"""An application behind the connections that it has in production, and clients that send bytes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn
from ordering.platform.http.about import health_router
from ordering.platform.server import Entrance
from ordering.platform.server.connections import HttpConnection
from ordering.platform.server.requests import Traffic
from uvicorn.server import ServerState
from web import Web

PATIENCE_S = 30


class Server:
    """An application behind the connections that it has in production, whose time passes when a test says so."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.traffic = Traffic(web.settings, web.app.state)
        self.state = ServerState()
        self.token = web.issuer.token()
        config = uvicorn.Config(
            Entrance(web.app), interface="asgi3", lifespan="off", ws="none", log_config=None, access_log=False
        )
        self.connect = partial(
            HttpConnection, config=config, server_state=self.state, app_state={}, traffic=self.traffic
        )

    def get(self, path: str) -> bytes:
        """A request with a token."""
        return b"GET %b HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\n\r\n" % (path.encode(), self.token.encode())

    def pass_time(self, seconds: float) -> None:
        # A hair more, so that a sum of times never falls short of a limit, however long this machine has been up.
        self.traffic.tick(self.state.connections, self.traffic.now + seconds + 1e-7)  # type: ignore[arg-type]


class Client:
    """A client that sends bytes and reads answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer."""
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:-2])
        return int(lines[0].split()[1]), headers, await self._reader.readexactly(int(headers.get("content-length", 0)))

    async def rest(self) -> bytes:
        """All that comes until the server closes the connection, which it does without a reset."""
        return await asyncio.wait_for(self._reader.read(), PATIENCE_S)

    async def refusal(self) -> int:
        """The status of the last answer of the connection, which is a problem."""
        status, headers, body = await self.answer()
        assert headers["content-type"] == "application/problem+json"
        assert headers["connection"] == "close"
        assert json.loads(body)["status"] == status
        assert json.loads(body)["instance"] == f"urn:uuid:{headers['request-id']}"
        assert await self.rest() == b""
        return status


Connect = Callable[[], Awaitable[Client]]


@asynccontextmanager
async def serving(*routers: Any, **settings: Any) -> AsyncIterator[tuple[Server, Connect]]:
    async def ready() -> bool:
        return True

    server = Server(Web(routers=[health_router(ready), *Web().routers, *routers], **settings))
    listener = await asyncio.get_running_loop().create_server(server.connect, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    clients = []

    async def connect() -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        clients.append(client)
        return client

    try:
        yield server, connect
    finally:
        listener.close()
        for connection in list(server.state.connections):
            connection.give_up()  # type: ignore[union-attr]
        await until(lambda: not server.state.tasks)
        for client in clients:
            client.writer.close()


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not reached():  # noqa: ASYNC110 - what a server is at is no event
            await asyncio.sleep(0)


LIVE = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"
