"""How many requests a caller may send: counted per replica in windows of one minute."""

from math import ceil
from time import monotonic

from ..problems import Problem

WINDOW_S = 60


class RateLimit:
    """A quota of requests per caller and minute. The headers are those of the IETF draft on RateLimit fields."""

    def __init__(self, quota: int) -> None:
        self.policy = b'"default";q=%d;w=%d' % (quota, WINDOW_S)
        self._quota = quota
        self._ends = 0.0
        self._used: dict[str, int] = {}

    def take(self, subject: str) -> bytes:
        """Count a request of the caller; what is left, as the value of `RateLimit`. Raises problem 429."""
        now = monotonic()
        if now >= self._ends:
            self._ends = now + WINDOW_S
            self._used.clear()
        used = self._used.get(subject, 0)
        seconds = ceil(self._ends - now)
        if used >= self._quota:
            raise Problem(
                429,
                "too-many-requests",
                f"The quota of {self._quota} requests a minute is used up.",
                headers={"Retry-After": str(seconds), "RateLimit": f'"default";r=0;t={seconds}'},
            )
        self._used[subject] = used + 1
        return b'"default";r=%d;t=%d' % (self._quota - used - 1, seconds)
