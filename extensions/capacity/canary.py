"""A canary release: its steps, and whether enough requests reach the first of them to judge it."""

from __future__ import annotations

from math import ceil

from .pods import BURST

WEIGHTS = (10, 25, 50)
"""Percent of the traffic that a new version gets, step by step."""
INTERVAL_S = 300
REQUESTS = 200
"""Requests that the first step has to see before its error rate and latency mean anything."""


def requests_seen(peak_rps: int) -> float:
    """Requests that the first step sees during its analysis in a quiet time: `peak / 3 · 10 % · 300 s`."""
    return peak_rps * WEIGHTS[0] * INTERVAL_S / (100 * BURST)


def least_rps() -> int:
    """The peak from which a canary can be judged."""
    return ceil(REQUESTS / requests_seen(1))
