"""Pods: how many there are, what each is planned for, and its processor and memory."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from ..capabilities.registry import releases
from .load import P99_TO_MEAN, mean_ms, zones
from .pools import DATABASE_SHARE, largest_pool_rps, pool_size

if TYPE_CHECKING:
    from .load import Load

REQUEST_CPU_MS = 2.0
"""Processor time of a request. The generated operations take 0.2 to 0.5 ms, as benchmarks/RESULTS.md has it; the rest
is room for the team's own rules."""
POD_UTILISATION = 0.6
"""Share of its processor request that a pod uses at its planned load."""
BURST = 3
"""How many times its quiet-time load the service absorbs while the autoscaler starts pods."""

ONE_CPU_M = 1000
LEAST_CPU_M = 250
CPU_STEP_M = 50
BASE_MEMORY_MIB = 192
"""An idle pod (80 MiB measured), a full telemetry queue, and twice that for what allocation leaves unused."""
MEMORY_STEP_MIB = 64
TEMPORARY_MIB = 32
EPHEMERAL_MIB = 320
"""What /tmp may hold, and what a node keeps of a container's log: up to five files, of 10 MiB or, on AKS, of 50."""


class Pods(NamedTuple):
    """Pods in production: planned requests/s of each, how many the peak needs, the fewest, the most."""

    rps: int
    needed: int
    least: int
    most: int


def fewest_pods(availability: str) -> int:
    """Two in one zone; in three zones one each, or two each for 99.99 %: a node may fail while a zone is lost."""
    return {"99.5": 2, "99.99": 6}.get(availability, 3)


def survivors(availability: str) -> int:
    """Pods that are left of the fewest when a zone is lost, or, in one zone, a pod."""
    fewest, places = fewest_pods(availability), zones(availability)
    return fewest - 1 if places == 1 else fewest - fewest // places


def largest_pod_rps(p99_ms: int) -> int:
    """What one pod may be planned for: the lesser of what its processor and what its connections allow.

    A worker process uses one processor: `0.6 · 1000 / 2 ms = 300` requests/s.
    """
    by_processor = POD_UTILISATION * 1000 / REQUEST_CPU_MS
    return int(min(by_processor, largest_pool_rps(p99_ms)))


def pods(load: Load) -> Pods:
    """How many pods, and what each is planned for.

    - `rps = min(largest, ⌈peak / survivors⌉)`: the fewest pods share the peak until each has as much as it can take.
    - `needed = ⌈peak / rps⌉`, and `most = ⌈needed · 3/2⌉`, so that two zones carry the peak; in one zone `needed + 1`.
      At least twice the fewest, so that the autoscaler has room.
    - `least = ⌈most / 3⌉`, at least the fewest.
    """
    fewest, places = fewest_pods(load.availability), zones(load.availability)
    rps = min(largest_pod_rps(load.p99_ms), ceil(load.peak_rps / survivors(load.availability)))
    needed = ceil(load.peak_rps / rps)
    with_loss = needed + 1 if places == 1 else ceil(needed * places / (places - 1))
    most = max(2 * fewest, with_loss)
    return Pods(rps, needed, max(fewest, ceil(most / BURST)), most)


def autoscaling_percent(availability: str) -> int:
    """Use of the requested processor that the autoscaler aims at, in percent.

    In three zones `60 · 2/3 = 40`: when one is lost, the pods of the others are at their planned load at once.
    """
    places = zones(availability)
    return round(100 * POD_UTILISATION * (1 if places == 1 else (places - 1) / places))


def surge_percent(release: str) -> int:
    """Pods that a release adds for a while: as many again when two versions stand together."""
    return releases()[release].surge_percent


def surge(replicas: int, release: str) -> int:
    """The same as a number of pods, rounded up as Kubernetes does."""
    return ceil(replicas * surge_percent(release) / 100)


def pod_cpu_m(rps: float, p99_ms: int) -> int:
    """Processor request in millicores: enough for the load and for the latency, 250 to 1000 in steps of 50.

    Load: `rps · 2 ms / 0.6`. Latency: where 60 % of the requested share of a processor is in use, 99 of 100 requests
    are through after `4.6 · 2 ms / share / (1 - 0.6)` (an M/M/1 queue), which may be half of the objective.
    """
    load = rps * REQUEST_CPU_MS / POD_UTILISATION
    latency = ONE_CPU_M * P99_TO_MEAN * REQUEST_CPU_MS / (1 - POD_UTILISATION) / ((1 - DATABASE_SHARE) * p99_ms)
    return min(ONE_CPU_M, max(LEAST_CPU_M, ceil(max(load, latency) / CPU_STEP_M) * CPU_STEP_M))


def pod_memory_mib(rps: float, p99_ms: int) -> int:
    """Memory, request and limit: 192 MiB and one for each connection and each request under way, in steps of 64."""
    wanted = BASE_MEMORY_MIB + pool_size(rps, p99_ms) + rps * mean_ms(p99_ms) / 1000
    return ceil(wanted / MEMORY_STEP_MIB) * MEMORY_STEP_MIB


def rate_limit_per_minute(peak_rps: int) -> int:
    """Requests a minute of one caller at one replica: the whole peak, but not more than a processor can answer.

    `60 · min(peak, 1000 / 2 ms)`, at least 600.
    """
    return max(600, int(60 * min(peak_rps, 1000 / REQUEST_CPU_MS)))
