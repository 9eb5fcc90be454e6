"""Connections of a pod to the database: how many are in use, and how many its pool holds."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

from .load import mean_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DATABASE_SHARE = 0.5
"""Share of the response time that a request holds a connection; the processor of the pod has the other half."""
LEAST_POOL = 4
LARGEST_POOL = 40
JOB_POOL = 2
"""Connections of the pool of a job, which asks one thing at a time."""
JOB_CONNECTIONS = JOB_POOL + 1
"""All of a job: its pool, and the one that holds its lock."""
POOL_DEVIATIONS = 3
"""Standard deviations above the mean that the pool covers: fewer than 1 of 100 requests waits for a connection."""


def held_ms(p99_ms: int) -> float:
    """For how long a request holds a connection on average: half of the mean response time."""
    return mean_ms(p99_ms) * DATABASE_SHARE


def busy_connections(rps: float, p99_ms: int) -> float:
    """Mean number of connections in use, by Little's law: `L = λ · W`, where W is half of the mean response time."""
    return rps * held_ms(p99_ms) / 1000


def pool_size(rps: float, p99_ms: int) -> int:
    """Connections of one pod: `L + 3·√L + 1`, between 4 and 40.

    Requests come independently of each other, so the number in use has a Poisson distribution: mean and variance are L.
    """
    busy = busy_connections(rps, p99_ms)
    return min(LARGEST_POOL, max(LEAST_POOL, ceil(busy + POOL_DEVIATIONS * sqrt(busy) + 1)))


def largest_pool_rps(p99_ms: int) -> float:
    """Requests a second for which the largest pool, of 40 connections, is enough.

    `pool_size` the other way round: `√L = (√(9 + 4·39) - 3) / 2`, `λ = L / W`.
    """
    root = (sqrt(POOL_DEVIATIONS**2 + 4 * (LARGEST_POOL - 1)) - POOL_DEVIATIONS) / 2
    return root**2 / busy_connections(1, p99_ms)


GLOBALS: Mapping[str, int] = {"job_pool": JOB_POOL}
FILTERS: Mapping[str, Callable[..., str]] = {}
