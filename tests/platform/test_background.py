"""Work beside the requests: begun again after a failure, ended in order."""

import asyncio
import logging

import pytest
from ordering.platform import jobs
from ordering.platform.jobs import Work, every, running


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(jobs, "LONGEST_PAUSE_S", 0.002)


async def test_what_fails_is_logged_and_begun_again(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []
    reached = asyncio.Event()

    async def work() -> None:
        runs.append(len(runs))
        if len(runs) < 4:
            raise ValueError(f"the run {len(runs)}")
        reached.set()
        await asyncio.Event().wait()

    with caplog.at_level(logging.ERROR):
        async with running([Work("the sweep", work)]):
            await reached.wait()
    assert len(runs) == 4
    assert [record.message.partition(";")[0] for record in caplog.records] == ["the sweep failed"] * 3
    assert all(record.exc_info for record in caplog.records)


async def test_it_ends_in_the_reverse_order_one_after_the_other() -> None:
    said: list[str] = []

    def work(name: str) -> Work:
        async def run() -> None:
            said.append(f"{name} begins")
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                said.append(f"{name} ends")

        return Work(name, run)

    async with running([work("a"), work("b")]):
        await asyncio.sleep(0)
    assert said == ["a begins", "b begins", "b ends", "a ends"]


async def test_it_ends_although_the_block_fails() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def block() -> None:
        async with running([Work("work", work)]):
            await asyncio.sleep(0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await block()
    assert ended.is_set()


async def test_work_that_returns_is_done() -> None:
    runs: list[int] = []

    async def once() -> None:
        runs.append(1)

    async with running([Work("once", once)]):
        await asyncio.sleep(0.01)
    assert runs == [1]


async def test_who_does_not_end_is_named_and_left(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ENDING_PATIENCE_S", 0.01)
    end = asyncio.Event()

    async def stubborn() -> None:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    async with running([Work("the stubborn one", stubborn)]):
        await asyncio.sleep(0)
    end.set()
    assert "the stubborn one does not end" in caplog.text


async def test_every_pauses_first_and_repeats() -> None:
    runs: list[int] = []
    reached = asyncio.Event()

    async def run() -> None:
        runs.append(1)
        if len(runs) == 3:
            reached.set()

    repeat = every(0.001, run)
    async with running([Work("often", repeat)]):
        assert runs == []
        await reached.wait()
    assert len(runs) >= 3
