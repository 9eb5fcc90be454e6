"""The database: the processors and connections that the load needs, and the smallest class that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..capabilities.registry import clouds
from .load import LEAST_P99_MS
from .pods import pods, surge
from .pools import JOB_CONNECTIONS, pool_size
from .storage import hot_gib

if TYPE_CHECKING:
    from .load import Growth, Load

QUERY_CPU_MS = 1.0
"""Processor time of the database for a request. The generated operations take 0.1 to 0.5 ms, as benchmarks/RESULTS.md
has it; the rest is room for the team's own queries."""
DATABASE_UTILISATION = 0.5
"""Share of the database's processors in use at the peak; the other half is for maintenance, reports and surprises."""

MIGRATION_CONNECTIONS = 2
JOBS_AT_ONCE = 2
"""How many jobs of the team's own are planned to run at the same time; what more of them need is in the reserve."""
RESERVED_CONNECTIONS = 20
"""For people, monitoring, the cloud's own agents and PostgreSQL's superuser."""


class DatabaseClass(NamedTuple):
    """A size that every cloud sells: processors, and memory in GiB."""

    vcpus: int
    memory_gib: int

    @property
    def max_connections(self) -> int:
        """Connections to allow: 50 for each GiB of memory, so that they take half of it at worst; at most 5000."""
        return min(50 * self.memory_gib, 5000)

    @property
    def names(self) -> dict[str, str]:
        """Cloud → name."""
        return {answer: cloud.database_classes[self.vcpus, self.memory_gib] for answer, cloud in clouds().items()}


SMALL_CLASS = DatabaseClass(2, 4)
"""For environments that are not production; most clouds let it share its processors with others."""
CLASSES = (
    DatabaseClass(2, 8),
    DatabaseClass(4, 16),
    DatabaseClass(8, 32),
    DatabaseClass(16, 64),
    DatabaseClass(32, 128),
    DatabaseClass(48, 192),
    DatabaseClass(64, 256),
)
"""For production: processors of its own, with 4 GiB each."""


def connections(load: Load) -> int:
    """Most connections at once: `(most pods + surge) · pool`, those of a migration and of jobs, and the reserve."""
    planned = pods(load)
    pool = pool_size(planned.rps, load.p99_ms)
    return connections_of(planned.most, pool, load.release)


def connections_of(replicas: int, pool: int, release: str) -> int:
    """The same for so many replicas with such a pool."""
    besides = MIGRATION_CONNECTIONS + JOBS_AT_ONCE * JOB_CONNECTIONS + RESERVED_CONNECTIONS
    return (replicas + surge(replicas, release)) * pool + besides


def database_vcpus(peak_rps: int) -> float:
    """Processors that the peak needs: `peak · 1 ms / 0.5`."""
    return peak_rps * QUERY_CPU_MS / 1000 / DATABASE_UTILISATION


def database_class(load: Load, growth: Growth) -> DatabaseClass | None:
    """The smallest class with enough processors, memory and connections; none when the largest is too small.

    Memory: twice the rows of a week, because half of it is a cache; no more than the largest class has, because a
    smaller cache is slower and not wrong.
    """
    vcpus, wanted = database_vcpus(load.peak_rps), connections(load)
    memory = min(2 * hot_gib(growth), CLASSES[-1].memory_gib)
    for size in CLASSES:
        if size.vcpus >= vcpus and size.memory_gib >= memory and size.max_connections >= wanted:
            return size
    return None


def largest_peak(peak_rps: int) -> int:
    """The greatest peak, up to this one, for which there is a database with enough processors."""
    return min(peak_rps, int(CLASSES[-1].vcpus / database_vcpus(1)))


def another_peak(load: Load, growth: Growth) -> int:
    """Twice the peak, or half of it where no database is large enough for twice."""
    twice = load._replace(peak_rps=2 * load.peak_rps)
    return twice.peak_rps if database_class(twice, growth) else load.peak_rps // 2


def longest_p99_ms(load: Load) -> int:
    """The longest p99, below that of the load, with which there is a database with enough connections; 0 if none."""
    steps = range(load.p99_ms - load.p99_ms % 10, LEAST_P99_MS - 1, -10)
    return next((ms for ms in steps if connections(load._replace(p99_ms=ms)) <= CLASSES[-1].max_connections), 0)
