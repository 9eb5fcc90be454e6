"""A release by steps: whether enough requests reach the first of them to judge it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from .pods import BURST

if TYPE_CHECKING:
    from ..capabilities.contributions import Steps


def requests_seen(steps: Steps, peak_rps: int) -> float:
    """Requests that the first step sees during its analysis in a quiet time: `peak / 3 · 10 % · 300 s`."""
    return peak_rps * steps.weights[0] * steps.interval_s / (100 * BURST)


def least_rps(steps: Steps) -> int:
    """The peak from which such a release can be judged."""
    return ceil(steps.requests / requests_seen(steps, 1))
