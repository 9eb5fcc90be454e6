"""The state of the process: whether it is about to end, and whether its event loop moves."""

import logging
from math import inf
from time import monotonic

logger = logging.getLogger(__name__)

PROBES = frozenset({"/livez", "/readyz"})
"""Paths by which the surroundings ask for this state: always answered, and no requests to anybody who counts those."""
STANDSTILL_S = 5.0
"""From so long a standstill of the event loop on, the process counts as dead: nobody was answered meanwhile."""
REPORTED_S = 15.0
"""How long a standstill is reported after it has ended: longer than the pause between two probes."""


class Lifecycle:
    """Becomes `draining` when the process is asked to end, and stays so: what is under way ends, no pod sends more."""

    def __init__(self) -> None:
        self.draining = False
        self._beat = inf
        self._stood_until = -inf

    def drain(self) -> None:
        """Be about to end."""
        self.draining = True

    def beat(self, now: float) -> None:
        """Note that the event loop moves (`now` in seconds, monotonic); whoever beats does so all the time."""
        if now - self._beat >= STANDSTILL_S:
            logger.error("the event loop stood still for %.1f s: something blocks it", now - self._beat)
            self._stood_until = now + REPORTED_S
        self._beat = now

    def moves(self, now: float | None = None) -> bool:
        """Whether the event loop has not stood still, now or a moment ago."""
        now = monotonic() if now is None else now
        return now - self._beat < STANDSTILL_S and now >= self._stood_until
