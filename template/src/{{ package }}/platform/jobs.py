"""Jobs: work by a schedule, each run a process of its own, without a server: `python -m <package> job NAME`.

A job runs once at a time: a run that begins while another is under way leaves it to that one. A run may end half-way,
by an error, its time limit or the end of its node, and is then tried again: a job has to bear that.
"""

import asyncio
import logging
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from hashlib import blake2b
from time import perf_counter
from typing import Generic, NamedTuple, NoReturn, Protocol, TypeAlias, TypeVar

import asyncpg

from ..about import SERVICE
from ..settings import EXIT_MISCONFIGURED, Settings
from .database import Database
from .history import History
from .logs import configure
from .schedules import wrong_schedule
from .sessions import Connection, Misdirected, Sessions

logger = logging.getLogger(__name__)

DONE = 0
"""Also where another run was under way."""
FAILED = 1
OVER_TIME = 124
ENDED = 128 + signal.SIGTERM

CONNECTIONS = 2
"""Of the pool of a job, which asks one thing at a time; its lock has another one."""
BEAT_S = 10.0
BEAT_PATIENCE_S = 10.0
HELD_S = 45
"""The lock is seen to be held each `BEAT_S` seconds; PostgreSQL frees it when it hears nothing of it for so long."""
LONGEST_NAME = 52
"""Of a CronJob, which is called as the service and the job: Kubernetes makes longer names of it, for Jobs and pods."""

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


class Parts(Protocol):
    """What a job is run with: what the service is made of."""

    @property
    def database(self) -> Database: ...
    @property
    def revisions(self) -> History: ...
    def opened(self) -> AbstractAsyncContextManager[None]: ...


PartsT = TypeVar("PartsT", bound=Parts)
Run: TypeAlias = Callable[[PartsT], Awaitable[None]]


class Job(NamedTuple, Generic[PartsT]):
    """A job: `schedule` is that of cron, in UTC; a run ends after `limit_s` seconds, done or not."""

    name: str
    schedule: str
    limit_s: int
    run: Run[PartsT]


class Jobs(Generic[PartsT]):
    """The jobs of the service, by name."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job[PartsT]] = {}

    def __iter__(self) -> Iterator[Job[PartsT]]:
        return iter(self._jobs.values())

    def find(self, name: str) -> Job[PartsT] | None:
        """The job of this name."""
        return self._jobs.get(name)

    def job(self, name: str, *, schedule: str, limit_s: int) -> Callable[[Run[PartsT]], Run[PartsT]]:
        """Make a function a job: it gets what the service is made of, and runs by the schedule of cron, in UTC.

        A run that takes longer than `limit_s` seconds is ended. Raises ValueError where one of the three is wrong.
        """
        if not _NAME.fullmatch(name) or len(f"{SERVICE}-{name}") > LONGEST_NAME:
            most = LONGEST_NAME - len(SERVICE) - 1
            raise ValueError(f"job {name!r}: a name has small letters, digits and hyphens, at most {most} of them")
        if name in self._jobs:
            raise ValueError(f"job {name!r}: there is another one of that name")
        if limit_s < 1:
            raise ValueError(f"job {name!r}: limit_s has to be a second or more")
        wrong = wrong_schedule(schedule)
        if wrong:
            raise ValueError(f"job {name!r}: {wrong}")

        def add(run: Run[PartsT]) -> Run[PartsT]:
            self._jobs[name] = Job(name, schedule, limit_s, run)
            return run

        return add


def main(jobs: Jobs[PartsT], parts: Callable[[Settings], PartsT], settings: Settings, *names: str) -> NoReturn:
    """Run the job that is named; ends the process with 0 when it is done, 1 when it failed, 124 when it took too long.

    It ends with 2 when there is no such job, and with 143 when the run was asked to end.
    """
    job = jobs.find(names[0]) if len(names) == 1 else None
    if job is None:
        known = ", ".join(each.name for each in jobs) or "none, see own/jobs.py"
        print(f"There is no job {' '.join(names)!r}. The jobs: {known}.", file=sys.stderr)
        raise SystemExit(EXIT_MISCONFIGURED)
    configure(settings.log_level)
    own = settings.model_copy(update={"database_pool_size": min(CONNECTIONS, settings.database_pool_size)})
    raise SystemExit(asyncio.run(run(job, parts(own), own)))


async def run(job: Job[PartsT], parts: PartsT, settings: Settings) -> int:
    """Run the job once, unless another run is under way; the exit code. SIGTERM ends it."""
    task = asyncio.create_task(_run(job, parts, settings))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        logger.error("job %s was asked to end before it was done", job.name)
        return ENDED
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def _run(job: Job[PartsT], parts: PartsT, settings: Settings) -> int:
    telemetry = None
    if settings.otel_exporter_otlp_endpoint is not None:
        from .telemetry import Telemetry  # noqa: PLC0415 - as in edge.py

        telemetry = Telemetry(settings)
        parts.database.observe = telemetry.observe
    begun = perf_counter()
    try:
        with telemetry.run(job.name) if telemetry else nullcontext():
            await _alone(job, parts, settings)
    except _Busy:
        logger.warning("job %s is left to the run that is under way", job.name)
        return DONE
    except _OverTime:
        logger.error("job %s was ended: it took longer than %d s", job.name, job.limit_s)
        return OVER_TIME
    except Exception as error:
        logger.error("job %s failed", job.name, exc_info=error)
        return FAILED
    finally:
        if telemetry is not None:
            await telemetry.close()
    logger.info("job %s is done, in %.3f s", job.name, perf_counter() - begun)
    return DONE


class _Busy(Exception):
    """Another run of the job is under way."""


class _OverTime(Exception):
    """The run took longer than it may."""


class NotReady(Exception):
    """The database is not what this release needs, or the lock is gone."""


async def _alone(job: Job[PartsT], parts: PartsT, settings: Settings) -> None:
    """Run the job while its lock is held; a run that has lost it is ended, because another one may begin."""
    async with _lock(job.name, settings) as held, parts.opened():
        if not await parts.revisions.is_complete():
            raise NotReady("the database is not there, or lacks revisions of this release")
        running = asyncio.create_task(_limited(job, parts))
        holding = asyncio.create_task(_hold(held))
        try:
            await asyncio.wait([running, holding], return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                raise NotReady("the lock is gone, so that another run may begin: this one is ended") from (
                    holding.exception()
                )
            await running
        finally:
            for task in (running, holding):
                task.cancel()
            await asyncio.gather(running, holding, return_exceptions=True)


async def _limited(job: Job[PartsT], parts: PartsT) -> None:
    try:
        async with asyncio.timeout(job.limit_s) as limit:
            await job.run(parts)
    except TimeoutError:
        if limit.expired():
            raise _OverTime from None
        raise


@asynccontextmanager
async def _lock(name: str, settings: Settings) -> AsyncIterator[Connection]:
    """The connection whose transaction holds the lock: behind a pooler a session is not ours, a transaction is."""
    sessions = Sessions(settings, f"{SERVICE} job {name}")
    try:
        connection = await sessions.open()
    except (OSError, asyncpg.PostgresError, Misdirected) as error:
        raise NotReady(f"no connection to the database: {type(error).__name__}: {error}") from error
    try:
        await connection.execute(f"BEGIN; {sessions.begin} SET LOCAL idle_in_transaction_session_timeout = '{HELD_S}s'")
        digest = blake2b(f"{SERVICE} job {name}".encode(), digest_size=8).digest()
        key = int.from_bytes(digest, signed=True)
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", key):
            raise _Busy
        yield connection
    finally:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            await connection.execute("ROLLBACK", timeout=1)  # a pooler would take its time to end what is left open
            await connection.close(timeout=1)


async def _hold(connection: Connection) -> None:
    """Ends, with an error, when the connection that holds the lock does."""
    while True:
        await asyncio.sleep(BEAT_S)
        async with asyncio.timeout(BEAT_PATIENCE_S):
            await connection.execute("SELECT 1")
