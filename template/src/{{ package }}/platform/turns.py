"""How many tokens are verified that are not known yet: it costs more than all else of a request, and anybody can ask.

Who sends tokens that are known does not wait.
"""

import asyncio
from collections import deque

from .problems import Problem

WINDOW_S = 0.1
PER_WINDOW = 50
"""With 250 µs for a verification, an eighth of a processor."""
MAX_WAITING = 1000
"""Whoever comes later would wait for more than 2 s."""


class Turns:
    """Lets so many begin in each window of time; the others wait, those that came first the shortest."""

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()
        self._left = PER_WINDOW
        self._timer: asyncio.TimerHandle | None = None

    async def take(self) -> None:
        """Wait for a turn; raises problem 503 when too many wait already."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WINDOW_S, self.renew)
        if self._left > 0:
            self._left -= 1
            return
        if len(self.waiting) >= MAX_WAITING:
            raise Problem(
                503, "service-unavailable", "Too many tokens are not known yet.", headers={"Retry-After": "1"}
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self.waiting:
                self.waiting.remove(turn)
            raise

    def renew(self) -> None:
        """Begin a new window."""
        self._timer = None
        self._left = PER_WINDOW
        while self.waiting and self._left > 0:
            self._left -= 1
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
        if self._left < PER_WINDOW:
            self._timer = asyncio.get_running_loop().call_later(WINDOW_S, self.renew)
