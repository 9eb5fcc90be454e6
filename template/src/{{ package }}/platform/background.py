"""Work beside the requests: begun with the service, begun again when it fails, and ended before what it uses."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
ENDING_PATIENCE_S = 2.0
"""How long each piece of work may take to end when it is cancelled: all of it has to fit in the end of the process."""


class Work(NamedTuple):
    """One piece of work. `run` goes on until it is cancelled; where it returns, the work is done."""

    name: str
    run: Callable[[], Awaitable[None]]


def every(pause_s: float, run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """What runs again and again with a pause before each time; replicas do not keep in step."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(pause_s * random.uniform(0.9, 1.1))  # noqa: S311 - replicas should not run in step
            await run()

    return repeat


@asynccontextmanager
async def running(works: Sequence[Work]) -> AsyncIterator[None]:
    """Let the work go on while the block runs; then it is cancelled, the last one first, each before the one before."""
    tasks = [asyncio.create_task(_keep_up(work), name=work.name) for work in works]
    try:
        yield
    finally:
        for task in reversed(tasks):
            task.cancel()
            _, pending = await asyncio.wait([task], timeout=ENDING_PATIENCE_S)
            if pending:
                logger.error("%s does not end", task.get_name())


async def _keep_up(work: Work) -> None:
    """Run the work, and after each failure again; the pauses grow while it fails at once."""
    pause = FIRST_PAUSE_S
    loop = asyncio.get_running_loop()
    while True:
        begun = loop.time()
        try:
            await work.run()
        except Exception:
            if loop.time() - begun > LONGEST_PAUSE_S:
                pause = FIRST_PAUSE_S
            logger.exception("%s failed; it is begun again in %.0f s", work.name, pause)
        else:
            return
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - replicas should not retry in step
        pause = min(2 * pause, LONGEST_PAUSE_S)
