"""PostgreSQL by asyncpg: a fixed set of connections, and errors in the service's own words.

The pool is our own on asyncpg's public interface: it hands out the connection itself, which halves the processor time
of a statement, opens connections only in the background and fails at once while there is none. One clock watches all
time limits, because a timer for each statement would cost more than the rest of the pool.
Nothing may be set on a connection beyond a transaction (`SET LOCAL`), because it is not reset between its users.
"""

import asyncio
import logging
import random
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import partial
from math import inf
from typing import Any, NamedTuple, TypeAlias, TypeVar

import asyncpg

from ...kernel import DomainError, OutcomeOpen, Unavailable
from ...settings import Settings
from ..request_context import current
from .sessions import LOST_CONNECTION, OPEN_OUTCOME, Connection, Misdirected, RolledBack, Sessions, meaning_of

__all__ = ["ATTEMPTS", "Connection", "Database", "Observer", "Record", "RolledBack", "Usage", "pause"]

Record: TypeAlias = asyncpg.Record
Observer: TypeAlias = Callable[[str, int, BaseException | None], None]

logger = logging.getLogger(__name__)

T = TypeVar("T")

SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
OPENING_PATIENCE_S = 2.0
CLOSING_PATIENCE_S = 1.0
TICKS_PER_LIMIT = 4
ASKING_PAUSE_S = 5.0
ATTEMPTS = 4
RETRY_PAUSE_S = 0.01

DISTURBED = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""After one of these nobody knows what state the connection is in."""

_WRITES = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)


class Usage(NamedTuple):
    """Connections in use, free and wanted; how many wait for one, and how many have waited in vain so far."""

    used: int
    idle: int
    wanted: int
    pending: int
    timeouts: int


class Database:
    """The connections to the database.

    `constraints` maps the name of a constraint to the JSON pointer of the field that it guards, or to those of several
    with spaces between, so that a violation names them; in a part they have `*` for the place of the item. `observe`,
    if set, is called after each statement with its text, the time at which it began (`time.time_ns`) and its error;
    `observe_wait` after each time that a connection had to be waited for, with the seconds.
    """

    def __init__(self, settings: Settings, *, constraints: Mapping[str, str], application_name: str = "") -> None:
        self.observe: Observer | None = None
        self.observe_wait: Callable[[float], None] | None = None
        self._settings = settings
        self._constraints = constraints
        self._sessions = Sessions(settings, application_name)
        self._fetch = self._sessions.alone(asyncpg.Connection.fetch)
        self._fetchrow = self._sessions.alone(asyncpg.Connection.fetchrow)
        self._execute = self._sessions.alone(asyncpg.Connection.execute)
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._in_use: dict[Connection, float] = {}  # since when
        self._waiting: deque[tuple[float, asyncio.Future[Connection]]] = deque()  # since when, and for what
        self._timeouts = 0
        self._answers = True
        self._asked = -inf  # when it was last seen to
        self._missing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to connect; returns when connected, or after a short while: it is not needed to start."""
        self._missing.set()
        connected = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._keep_connected(connected)),
            asyncio.create_task(self._keep_limits()),
        ]
        try:
            async with asyncio.timeout(OPENING_PATIENCE_S):
                await connected.wait()
        except TimeoutError:
            logger.warning("starting without a database; trying to connect in the background")

    async def close(self) -> None:
        """Close all connections; call it when no request is under way any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        connections, self._all = self._all, set()
        self._idle.clear()
        self._refuse_waiting("The database cannot be reached at the moment.")
        await asyncio.gather(*(_close(connection) for connection in connections))

    async def ping(self) -> bool:
        """Whether the database answers now."""
        try:
            await self.fetchrow("SELECT 1")
        except DomainError:
            return False
        return True

    def usage(self) -> Usage:
        """What the connections do at this moment; any thread may ask."""
        pending = sum(not waiter.done() for _, waiter in list(self._waiting))
        return Usage(len(self._in_use), len(self._idle), self._settings.database_pool_size, pending, self._timeouts)

    async def is_reachable(self) -> bool:
        """Whether the database answers, as was seen a moment ago: this needs no connection, and waits for none."""
        return bool(self._all) and self._answers

    # Plain functions that give the coroutine on: one of their own would be one more to go through.

    def fetch(self, sql: str, *args: Any) -> Coroutine[Any, Any, list[Record]]:
        """All rows of one statement, which is its own transaction."""
        return self._run(self._fetch, sql, args)

    def fetchrow(self, sql: str, *args: Any) -> Coroutine[Any, Any, Record | None]:
        """The first row of one statement, which is its own transaction."""
        return self._run(self._fetchrow, sql, args)

    def execute(self, sql: str, *args: Any) -> Coroutine[Any, Any, str]:
        """Run one statement, which is its own transaction; the answer is its command tag, e.g. `DELETE 1`."""
        return self._run(self._execute, sql, args)

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[Callable[..., Awaitable[list[Record]]]]:
        """What fetches by a connection beside those of the requests; raises what asyncpg raises, and `Misdirected`."""
        connection = await self._sessions.open()
        try:
            yield partial(self._fetch, connection)
        finally:
            await _close(connection)

    async def _run(self, method: Callable[..., Awaitable[T]], sql: str, args: tuple[Any, ...], attempt: int = 1) -> T:
        started = time.time_ns() if self.observe else 0
        failure: BaseException | None = None
        connection = self._idle.pop() if self._idle else await self._wait_for_connection()
        self._in_use[connection] = time.monotonic()
        try:
            return await method(connection, sql, *args)
        except BaseException as error:
            failure = error
            meaning = self._meaning(error, connection, commits=_WRITES.search(sql) is not None)
            if meaning is None:
                raise
            if not isinstance(meaning, RolledBack):
                raise meaning from error
            if attempt == ATTEMPTS:
                raise Unavailable(str(meaning)) from error
            undone = meaning
        finally:
            self._release(connection, failure)
            if self.observe:
                self.observe(sql, started, failure)
        await pause(undone, attempt)
        return await self._run(method, sql, args, attempt + 1)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One explicit transaction: committed when the block ends, rolled back when it raises.

        Raises `RolledBack` where PostgreSQL has undone it because of another one: an operation is then run again.
        """
        started = time.time_ns() if self.observe else 0
        failure: BaseException | None = None
        commits = False
        connection = self._idle.pop() if self._idle else await self._wait_for_connection()
        self._in_use[connection] = time.monotonic()
        try:
            transaction = connection.transaction()
            await transaction.start()
            try:
                if self._sessions.begin:
                    await connection.execute(self._sessions.begin)
                yield connection
            except Exception:  # who is cancelled does not wait: the connection is ended, and with it the transaction
                await transaction.rollback()
                raise
            commits = True
            context = current.get()
            if context is not None:
                context.committing = True
            await transaction.commit()
        except BaseException as error:
            failure = error
            meaning = self._meaning(error, connection, commits=commits)
            if meaning is None:
                raise
            raise meaning from error
        finally:
            self._release(connection, failure)
            if self.observe:
                self.observe("TRANSACTION", started, failure)

    async def _wait_for_connection(self) -> Connection:
        if not self._all:
            raise Unavailable("The database cannot be reached at the moment.")
        waiter: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        since = time.monotonic()
        self._waiting.append((since, waiter))
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                self._release(waiter.result(), None)
            raise
        finally:
            if self.observe_wait:
                self.observe_wait(time.monotonic() - since)

    def _release(self, connection: Connection, failure: BaseException | None) -> None:
        self._in_use.pop(connection, None)
        if failure is not None and not _is_reusable(connection, failure):
            connection.terminate()
        if connection.is_closed():
            self._forget(connection)
            return
        while self._waiting:
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)

    def _forget(self, connection: Any) -> None:
        """Drop a connection that has ended; asyncpg calls this for those that end while nobody uses them."""
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._all:
            self._refuse_waiting("The database cannot be reached at the moment.")
        self._missing.set()

    def _refuse_waiting(self, reason: str, since: float = inf) -> None:
        """Refuse those who have been waiting since this time, or for longer; by default everybody."""
        while self._waiting and self._waiting[0][0] <= since:
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                self._timeouts += since != inf
                waiter.set_exception(Unavailable(reason))

    async def _keep_limits(self) -> None:
        """Refuse who waits for too long, and end connections whose statement or transaction takes too long."""
        settings = self._settings
        waiting_s, using_s = settings.database_acquire_timeout_s, settings.database_command_timeout_s
        while True:
            await asyncio.sleep(min(waiting_s, using_s) / TICKS_PER_LIMIT)
            now = time.monotonic()
            self._refuse_waiting("All connections to the database are busy.", now - waiting_s)
            for connection, since in list(self._in_use.items()):
                if since <= now - using_s:
                    connection.terminate()
            if self._idle and now - self._asked >= ASKING_PAUSE_S:
                self._asked = now
                self._asking = asyncio.create_task(self._ask(self._idle.pop()))

    async def _ask(self, connection: Connection) -> None:
        """See whether the database answers; where no connection is idle, those who use them see it."""
        self._in_use[connection] = time.monotonic()
        failure: BaseException | None = None
        try:
            await connection.execute("SELECT 1")
            self._answers = True
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            failure = error
            self._answers = False
        finally:
            self._release(connection, failure)

    async def _keep_connected(self, connected: asyncio.Event) -> None:
        pause = SHORTEST_PAUSE_S
        while await self._missing.wait():
            self._missing.clear()
            missing = self._settings.database_pool_size - len(self._all)
            outcomes = await asyncio.gather(*(self._connect() for _ in range(missing)), return_exceptions=True)
            failure = next(filter(None, outcomes), None)
            if failure is None:
                pause = SHORTEST_PAUSE_S
                connected.set()
                continue
            if isinstance(failure, Misdirected):
                logger.error("no connection to the database: %s", failure)
            else:
                logger.warning("no connection to the database: %s", type(failure).__name__)
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - replicas should not retry in step
            pause = min(2 * pause, LONGEST_PAUSE_S)
            self._missing.set()

    async def _connect(self) -> None:
        async with asyncio.timeout(2 * self._settings.database_connect_timeout_s):
            connection = await self._sessions.open()
        self._all.add(connection)
        self._answers, self._asked = True, time.monotonic()
        connection.add_termination_listener(self._forget)
        self._release(connection, None)

    def _meaning(self, error: BaseException, connection: Connection, *, commits: bool) -> DomainError | None:
        """What the error means to the caller; None if it is none of the database's.

        `commits` says that what failed may have been committed before the answer was lost.
        """
        if isinstance(error, asyncpg.PostgresError):
            code = error.sqlstate or ""
            return OutcomeOpen() if commits and code.startswith(OPEN_OUTCOME) else meaning_of(error, self._constraints)
        if isinstance(error, asyncpg.InterfaceError):
            # Nothing was sent any more.
            return Unavailable("The connection to the database was lost.") if connection.is_closed() else None
        # The first: the server's farewell has come, and asyncpg has not finished with it.
        lost = isinstance(error, asyncpg.InternalClientError) or (
            isinstance(error, ConnectionError) and connection.is_closed()
        )
        if commits and (lost or not isinstance(error, Exception)):
            context = current.get()
            if context is not None:
                context.committing = True
        if not lost:
            return None
        return OutcomeOpen() if commits else Unavailable("The connection to the database was lost.")


async def pause(undone: RolledBack, attempt: int) -> None:
    """Wait before what was rolled back is tried again, longer each time; `attempt` counts from 1."""
    logger.warning("the database rolled a transaction back (%s); attempt %d follows", undone.sqlstate, attempt + 1)
    await asyncio.sleep(RETRY_PAUSE_S * 2**attempt * random.uniform(0.5, 1))  # noqa: S311 - rivals should not keep step


def _is_reusable(connection: Connection, failure: BaseException) -> bool:
    """Whether a connection is in order after a failure: nothing under way on it, and its server as it should be."""
    if isinstance(failure, asyncpg.PostgresError):
        return not (failure.sqlstate or "").startswith(LOST_CONNECTION) and not connection.is_in_transaction()
    interrupted = not isinstance(failure, Exception) or isinstance(failure, DISTURBED)
    return not interrupted and not connection.is_in_transaction()


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=CLOSING_PATIENCE_S)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")


def numbered(text: str, *, first: int = 1) -> str:
    """The statement with a number for each `:name`, from `first` on, in the order in which the names appear first.

    UPDATE = numbered("UPDATE orders SET note = :note WHERE id = :id")
    await database.execute(UPDATE, order.note, order.id)

    It is called once, where the module is imported. The arguments are in the order of the text: one more of them is
    one more line in both, and changes no other.
    """
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${numbers.setdefault(found[1], len(numbers) + first)}"

    return _PARAMETER.sub(number, text)
