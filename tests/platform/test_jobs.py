"""Jobs: once at a time, with an end, and an exit code that says how it went."""

import asyncio
import logging
import os
import signal
from typing import Any

import asyncpg
import pytest
from ordering import __main__ as program
from ordering import settings as settings_module
from ordering.own import jobs as own
from ordering.own.wiring import OwnWiring
from ordering.platform import jobs as platform
from ordering.platform.jobs import DONE, ENDED, FAILED, OVER_TIME, Job, Jobs, run, wrong_schedule
from ordering.platform.postgres import Database
from ordering.settings import Settings
from pydantic import SecretStr

COUNT = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('counted', 'ordering job sweep')"


@pytest.fixture
def small(settings: Settings) -> Settings:
    return settings.model_copy(update={"database_pool_size": 2, "log_level": "INFO"})


@pytest.fixture
def parts(small: Settings) -> OwnWiring:
    return OwnWiring(small)


def job(work: Any, limit_s: int = 60) -> Job[OwnWiring]:
    jobs = Jobs[OwnWiring]()
    jobs.job("sweep", schedule="15 3 * * *", limit_s=limit_s)(work)
    (made,) = jobs
    return made


async def test_a_run_has_the_parts_of_the_service(
    parts: OwnWiring, small: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    counted: list[int] = []

    async def work(parts: OwnWiring) -> None:
        [row] = await parts.database.fetch("SELECT count(*) FROM customers")
        counted.append(row["count"])

    with caplog.at_level(logging.INFO):
        assert await run(job(work), parts, small) == DONE
    assert len(counted) == 1
    assert "job sweep is done" in caplog.text
    assert not await parts.database.ping()


async def test_a_run_has_the_connections_that_are_planned_for_it(small: Settings) -> None:
    """Those of its pool, however much it asks for at the same time, and the one of its lock."""
    own = small.model_copy(update={"database_pool_size": platform.CONNECTIONS})
    parts = OwnWiring(own)
    parts.database = Database(own, constraints={}, application_name="counted")
    all_at_once = asyncio.Barrier(platform.CONNECTIONS)
    counted: list[int] = []

    async def ask(database: Database) -> None:
        async with database.transaction() as connection:
            await all_at_once.wait()
            counted.append(await connection.fetchval(COUNT))
            await all_at_once.wait()

    async def work(parts: OwnWiring) -> None:
        await asyncio.gather(*(ask(parts.database) for _ in range(2 * platform.CONNECTIONS)))

    assert await run(job(work), parts, own) == DONE
    assert {*counted} == {platform.CONNECTIONS + 1}


async def test_a_failure_is_logged_and_told(
    parts: OwnWiring, small: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(_: OwnWiring) -> None:
        raise ValueError("a wrong row")

    assert await run(job(work), parts, small) == FAILED
    (record,) = [each for each in caplog.records if each.message == "job sweep failed"]
    assert record.exc_info
    assert isinstance(record.exc_info[1], ValueError)


async def test_a_time_out_within_the_job_is_a_failure(parts: OwnWiring, small: Settings) -> None:
    async def work(_: OwnWiring) -> None:
        raise TimeoutError

    assert await run(job(work), parts, small) == FAILED


async def test_a_run_has_an_end(parts: OwnWiring, small: Settings, caplog: pytest.LogCaptureFixture) -> None:
    ended: list[bool] = []

    async def work(_: OwnWiring) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    assert await run(job(work)._replace(limit_s=0), parts, small) == OVER_TIME
    assert ended == [True]
    assert "it took longer than" in caplog.text


async def test_one_run_at_a_time(small: Settings, caplog: pytest.LogCaptureFixture) -> None:
    begun, end = asyncio.Event(), asyncio.Event()
    runs: list[int] = []

    async def work(_: OwnWiring) -> None:
        runs.append(1)
        begun.set()
        await end.wait()

    first = asyncio.create_task(run(job(work), OwnWiring(small), small))
    await begun.wait()
    assert await run(job(work), OwnWiring(small), small) == DONE
    assert "is left to the run that is under way" in caplog.text
    other = job(work)._replace(name="another")
    end.set()
    assert await run(other, OwnWiring(small), small) == DONE
    assert await first == DONE
    assert await run(job(work), OwnWiring(small), small) == DONE
    assert len(runs) == 3


async def test_a_run_without_its_lock_is_ended(
    parts: OwnWiring, small: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(platform, "BEAT_S", 0.02)
    ended: list[bool] = []

    async def work(parts: OwnWiring) -> None:
        ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% job sweep'"
        [row] = await parts.database.fetch(ending)
        assert row[0]
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    assert await run(job(work), parts, small) == FAILED
    assert ended == [True]
    (record,) = [each for each in caplog.records if each.message == "job sweep failed"]
    assert record.exc_info
    assert "the lock is gone" in str(record.exc_info[1])


async def test_the_lock_is_freed_of_a_process_that_stands_still(small: Settings) -> None:
    async with platform._lock("sweep", small) as held:
        limit = await held.fetchval("SHOW idle_in_transaction_session_timeout")
    assert limit == f"{platform.HELD_S}s"
    assert platform.HELD_S > platform.BEAT_S + platform.BEAT_PATIENCE_S


async def test_sigterm_ends_a_run(parts: OwnWiring, small: Settings) -> None:
    async def work(_: OwnWiring) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    assert await run(job(work), parts, small) == ENDED


async def test_without_a_database_a_run_fails(small: Settings, caplog: pytest.LogCaptureFixture) -> None:
    nowhere = small.model_copy(update={"database_url": SecretStr("postgresql://nobody@127.0.0.1:1/nothing")})

    async def work(_: OwnWiring) -> None:
        raise AssertionError

    assert await run(job(work), OwnWiring(nowhere), nowhere) == FAILED
    assert "job sweep failed" in caplog.text


async def test_a_database_of_an_earlier_release_is_none(
    parts: OwnWiring, small: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def incomplete() -> bool:
        return False

    async def work(_: OwnWiring) -> None:
        raise AssertionError

    monkeypatch.setattr(parts.revisions, "is_complete", incomplete)
    assert await run(job(work), parts, small) == FAILED
    (record,) = [each for each in caplog.records if each.message == "job sweep failed"]
    assert record.exc_info
    assert "lacks revisions" in str(record.exc_info[1])


@pytest.mark.parametrize("error", [asyncpg.PostgresError("no"), OSError("no")])
async def test_a_lock_that_cannot_be_had_is_a_failure(
    error: Exception, parts: OwnWiring, small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def open_none(_: Any) -> None:
        raise error

    async def work(_: OwnWiring) -> None:
        raise AssertionError

    monkeypatch.setattr(platform.Sessions, "open", open_none)
    assert await run(job(work), parts, small) == FAILED


# Names and schedules


@pytest.mark.parametrize(
    "schedule",
    ["15 3 * * *", "*/5 * * * *", "0 0-12/2 1,15 * mon-fri", "0 0 1 JAN,jul *", "59 23 31 12 6", "@daily", "@hourly"],
)
def test_schedules(schedule: str) -> None:
    assert wrong_schedule(schedule) == ""


@pytest.mark.parametrize(
    "schedule",
    [
        "", "@reboot", "@every 5m", "* * * *", "* * * * * *",
        "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *",
        "* * * * 7", "5-3 * * * *", "*/0 * * * *", "a * * * *", "* * * * mond", ", * * * *",
        "1-2-3 * * * *", "٣ * * * *", "*  * * * *",
    ],
)  # fmt: skip
def test_wrong_schedules(schedule: str) -> None:
    assert schedule in wrong_schedule(schedule)


@pytest.mark.parametrize("name", ["", "Sweep", "a_b", "-a", "a-", "1st", "a" * 44, "å"])
def test_wrong_names(name: str) -> None:
    with pytest.raises(ValueError, match="at most 43 of them"):
        Jobs[OwnWiring]().job(name, schedule="@daily", limit_s=1)


def test_wrong_jobs() -> None:
    jobs = Jobs[OwnWiring]()

    @jobs.job("a", schedule="@daily", limit_s=1)
    async def first(parts: OwnWiring) -> None:
        """Do something."""

    with pytest.raises(ValueError, match="another one of that name"):
        jobs.job("a", schedule="@daily", limit_s=1)
    with pytest.raises(ValueError, match="a second or more"):
        jobs.job("b", schedule="@daily", limit_s=0)
    with pytest.raises(ValueError, match="job 'b': the schedule '1' needs 5 fields"):
        jobs.job("b", schedule="1", limit_s=1)
    assert [each.run for each in jobs] == [first]


# The program


def asked(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        program.main(*arguments)
    return ended.value.code


def test_the_program_runs_a_job_by_its_name(
    small: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[int] = []

    async def finish(job: Job[OwnWiring], parts: OwnWiring, settings: Settings) -> int:
        given.append(settings.database_pool_size)
        assert parts.settings is settings
        return 7 if job.name == "sweep" else 0

    jobs = Jobs[OwnWiring]()
    jobs.job("sweep", schedule="@daily", limit_s=1)(lambda parts: parts.database.close())
    monkeypatch.setattr(own, "jobs", jobs)
    monkeypatch.setattr(platform, "run", finish)
    monkeypatch.setattr(platform, "configure", lambda _: None)
    monkeypatch.setattr(settings_module, "load", lambda: small.model_copy(update={"database_pool_size": 9}))
    assert asked("job", "sweep") == 7
    assert given == [platform.CONNECTIONS]
    assert asked("job", "sweeep") == 2
    assert capsys.readouterr().err == "There is no job 'sweeep'. The jobs: sweep.\n"
    assert asked("job") == 2
    assert asked("job", "sweep", "sweep") == 2
    assert asked("serve") == 2
    assert capsys.readouterr().err.endswith("\nusage: python -m ordering [job NAME | healthcheck]\n")
