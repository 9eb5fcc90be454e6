"""A way to PostgreSQL that breaks where a test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["lost before", "lost after", "held before", "held after"]


class Wire:
    """Hands on what client and server say, until the message that `fault` names.

    A message is what the client sends at once. It is lost, or held for ever, before the server has it, or the server's
    answer is, and then all that follows.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._parts = parts
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = -1
        self._fault: Fault = "lost before"
        self.broken = asyncio.Event()
        self.url = ""

    def fault(self, kind: Fault, message: int) -> None:
        """Break at this message from now on, counted from 0."""
        self._fault, self._left = kind, message
        self.broken.clear()

    def mend(self) -> None:
        """Break no more."""
        self._left = -1

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Wire"]:
        """Listen until the block ends; `url` is the way through here."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        login = self._parts.netloc.rpartition("@")[0]
        self.url = self._parts._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        answers, server = await asyncio.open_connection(self._host, self._port)
        withheld = asyncio.Queue[bytes]()
        withhold = asyncio.Event()
        answering = asyncio.create_task(_hand_on(answers, writer, withhold, withheld))
        try:
            while message := await reader.read(65536):
                if self._left == 0:
                    if self._fault.endswith("after"):
                        withhold.set()
                        server.write(message)
                        await withheld.get()
                    self.broken.set()
                    if self._fault.startswith("held"):
                        await reader.read(1)  # until the client gives up
                    return
                self._left -= self._left > 0
                server.write(message)
        except ConnectionError:
            pass
        finally:
            answering.cancel()
            for end in (server, writer):
                end.close()


async def _hand_on(
    answers: asyncio.StreamReader, writer: asyncio.StreamWriter, withhold: asyncio.Event, withheld: asyncio.Queue[bytes]
) -> None:
    with suppress(ConnectionError):
        while answer := await answers.read(65536):
            if withhold.is_set():
                withheld.put_nowait(answer)
            else:
                writer.write(answer)
    writer.close()
