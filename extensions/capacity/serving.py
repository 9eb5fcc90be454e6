"""How a pod serves: how many requests and connections at once, how long it keeps those, and how it ends.

Pure functions of numbers, a part of the plan.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from .load import P99_TO_MEAN
from .pools import DATABASE_SHARE

PRE_STOP_S = 5
"""Until the cluster's gateway sends no new requests."""
SETTLE_S = 5
"""How long new connections are accepted after SIGTERM: outside of a cluster no pre-stop has waited for the balancer."""
LEAST_DRAIN_S = 10
CANCELLING_S = 1
"""How long requests that did not end in time may take to be refused."""
TELEMETRY_S = 3
DATABASE_S = 1
SPARE_S = 1
"""For what has no limit of its own."""

IDLE_MIB = 128
"""What a pod has in use before the first connection: 80 MiB measured, and a telemetry queue."""
CONNECTION_KIB = 16
"""What an open connection takes at most on average.

Measured, with the kernel's part: 6 KiB while it is idle, 8 with a request that waits, 12 when all are refused at once.
The rest is for longer heads.
"""


class Shutdown(NamedTuple):
    """Seconds of an orderly end: `grace_s` is the sum of the others."""

    pre_stop_s: int
    settle_s: int
    drain_s: int
    margin_s: int
    grace_s: int


def requests_under_way(pool: int) -> int:
    """Requests that a pod works at at once; the others wait: `pool · p99 / held`.

    So many are what its connections answer within the objective. A request holds a connection for its share of the mean
    response time, which is the p99 through 4.6.
    """
    return ceil(pool * P99_TO_MEAN / DATABASE_SHARE)


def open_connections(memory_mib: int) -> int:
    """Connections of clients that a pod keeps open: `(memory - 128 MiB) / 16 KiB`."""
    return (memory_mib - IDLE_MIB) * 1024 // CONNECTION_KIB


def shutdown(service_ms: int) -> Shutdown:
    """How a pod ends: `grace = pre-stop + settle + drain + margin`.

    Drain: as long as the longest request, at least 10 s. Margin: for those that did not end, the last telemetry, which
    a collector that is down does not prolong, and the connections to the database.
    """
    drain = max(LEAST_DRAIN_S, ceil(service_ms / 1000))
    margin = CANCELLING_S + TELEMETRY_S + DATABASE_S + SPARE_S
    return Shutdown(PRE_STOP_S, SETTLE_S, drain, margin, PRE_STOP_S + SETTLE_S + drain + margin)
