"""What is asked of the service: its load, how much is written, and how often it may fail.

The formula of each function is in its docstring, each assumption is a named constant with its unit.
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

LEAST_P99_MS = 50
P99_TO_MEAN = log(100)
"""How far the 99th percentile of exponentially distributed times is from their mean: 4.6 times."""

ERROR_BUDGETS = {"99.99": 0.0001, "99.95": 0.0005, "99.9": 0.001, "99.5": 0.005}
"""Availability in percent → share of requests that may fail."""
MINUTES_A_MONTH = 30 * 24 * 60
MINUTES_A_YEAR = 365 * 24 * 60


class Load(NamedTuple):
    """What callers ask: requests a second at the peak, p99 in ms, availability in percent, and how it is released."""

    peak_rps: int
    p99_ms: int
    availability: str
    release: str


class Growth(NamedTuple):
    """What is written: rows a day, days that they stay, mean bytes of a row with its index entries."""

    rows_per_day: int
    retention_days: int
    row_bytes: int


def mean_ms(p99_ms: int) -> float:
    """The mean response time that goes with a p99: `p99 / 4.6`."""
    return p99_ms / P99_TO_MEAN


def zones(availability: str) -> int:
    """Zones in use: one for 99.5 %, whose budget a lost zone may use up, else three."""
    return 1 if availability == "99.5" else 3


def error_budget_minutes(availability: str, minutes: int = MINUTES_A_YEAR) -> float:
    """Minutes in which the service may fail, of a year or of so many: `(1 - availability) · minutes`."""
    return ERROR_BUDGETS[availability] * minutes
