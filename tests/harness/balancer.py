"""A balancer of TCP connections and clients behind it, as replicas have them in production."""

import asyncio
from collections import Counter
from contextlib import suppress

PATIENCE_S = 30.0
THINKING_S = 0.01
"""Between an answer and the next request; the connection is idle meanwhile."""


class Balancer:
    """Hands each new connection to the next of those that it knows, without a look at what goes through."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self._next = 0
        self._open: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Begin to accept; the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Accept no more, and wait until the clients have gone."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._open)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._next += 1
        self._open.append(asyncio.create_task(_join(reader, writer, self.ports[self._next % len(self.ports)])))


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()
    except OSError:
        writer.transport.abort()


class Client:
    """Sends one request after the other, on one connection for as long as the server keeps it."""

    def __init__(self, port: int, request: bytes) -> None:
        self.seen: Counter[str] = Counter()
        self._port = port
        self._request = request
        self._stopping = False

    def stop(self) -> None:
        """Send no more."""
        self._stopping = True

    async def run(self) -> None:
        """Send until told to stop; what was answered, and what failed, is in `seen`."""
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self._stopping:
            try:
                if connection is None or connection[0].at_eof():
                    connection = await asyncio.open_connection("127.0.0.1", self._port)
                status, closes = await asyncio.wait_for(self._send(*connection), PATIENCE_S)
            except (OSError, EOFError, TimeoutError) as error:
                self.seen[type(error).__name__] += 1
                connection = None
                continue
            self.seen[status] += 1
            await asyncio.sleep(THINKING_S)
            if closes:
                connection[1].close()
                connection = None
        if connection is not None:
            connection[1].close()

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, bool]:
        writer.write(self._request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length: ")[2].partition("\r")[0]
        with suppress(ValueError):
            await reader.readexactly(int(length))
        return head[9:12], "connection: close" in head
