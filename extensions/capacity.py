"""The capacity model: from the operations answers to replicas, connections, time-outs, the database and its storage.

Pure functions on numbers. Every formula is in the docstring of its function, every assumption is a named constant with
its unit. Chart, Terraform, settings, alerts and documents read what `plan` returns and compute nothing themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil, log, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = dict[str, Any]

# What a request costs. The generated operations take 0.2 to 0.5 ms of the service and 0.1 to 0.5 ms of PostgreSQL
# (benchmarks/RESULTS.md); the rest is room for the team's own rules and queries.
REQUEST_CPU_MS = 2.0
QUERY_CPU_MS = 1.0

POD_UTILISATION = 0.6
"""Share of its processor request that a pod uses at its planned load; also what the autoscaler aims at."""
DATABASE_UTILISATION = 0.5
"""Share of the database's processors in use at the peak; the other half is for maintenance, reports and surprises."""
QUEUEING_SHARE = 0.5
"""Share of the p99 objective that waiting for and using the pod's processor may take; the database has the rest."""
P99_TO_MEAN = log(100)
"""Ratio of the 99th percentile to the mean where times are exponentially distributed: 4.6."""

MILLICORES = 1000
LEAST_CPU_M = 250
CPU_STEP_M = 50
BASE_MEMORY_MIB = 192
"""Resident memory of an idle pod (80 MiB measured), its import peak, and what the telemetry queues hold at worst."""
MEMORY_STEP_MIB = 64
EPHEMERAL_MIB = 64

LEAST_POOL = 4
LARGEST_POOL = 40
POOL_DEVIATIONS = 3
"""Standard deviations above the mean that the pool covers: fewer than 1 of 100 requests waits for a connection."""

LEAST_REPLICAS = 2
BURST = 3
"""Growth of the load that the pods at hand absorb while new ones start: the quiet-time minimum is a third."""

MIGRATION_CONNECTIONS = 2
RESERVED_CONNECTIONS = 20
"""For people, monitoring, the cloud's own agents and PostgreSQL's `superuser_reserved_connections`."""

GIB = 2**30
SMALLEST_STORAGE_GIB = 32
STORAGE_FREE = 0.3
"""Share of the storage that stays free: dead rows before a vacuum, index rebuilds, write-ahead log, upgrades."""
GROWTH_DAYS = 90
"""The storage is provisioned for the rows of so many days, and grows by itself from there."""
HOT_DAYS = 7
"""Rows of so many days are what requests mostly read: they should fit into memory."""

RESTORE_BASE_MINUTES = 15
RESTORE_GIB_PER_MINUTE = 5
STANDBY_RPO_MINUTES = 5
"""The write-ahead log reaches the backup storage at least so often; less is possible by a synchronous standby only."""

CANARY_WEIGHTS = (10, 25, 50)
CANARY_INTERVAL_S = 300
CANARY_REQUESTS = 200
"""Requests that the first canary step has to see before its error rate and latency mean anything."""

BACKUP_DAYS = {"public": 7, "internal": 14, "confidential": 30, "restricted": 35}
ERROR_BUDGETS = {"99.5": 0.005, "99.9": 0.001, "99.95": 0.0005, "99.99": 0.0001}
MINUTES_A_YEAR = 365 * 24 * 60


class DatabaseClass(NamedTuple):
    """A size that every cloud sells: processors, memory in GiB, its name in each cloud."""

    vcpus: int
    memory_gib: int
    aws: str
    gcp: str
    azure: str

    @property
    def max_connections(self) -> int:
        """Connections to allow: 50 for a GiB of memory, at most 5000, which no cloud exceeds by default.

        A connection takes 5 to 10 MiB with its caches, so they never take more than half of the memory.
        """
        return min(50 * self.memory_gib, 5000)

    def names(self) -> dict[str, str]:
        """Cloud → name."""
        return {"aws": self.aws, "gcp": self.gcp, "azure": self.azure}


SMALL_CLASS = DatabaseClass(2, 4, "db.t4g.medium", "db-custom-1-3840", "B_Standard_B2s")
"""Shares its processors with others and has no standby: for environments that are not production."""
CLASSES = (
    DatabaseClass(2, 8, "db.m7g.large", "db-custom-2-8192", "GP_Standard_D2ds_v5"),
    DatabaseClass(4, 16, "db.m7g.xlarge", "db-custom-4-16384", "GP_Standard_D4ds_v5"),
    DatabaseClass(8, 32, "db.m7g.2xlarge", "db-custom-8-32768", "GP_Standard_D8ds_v5"),
    DatabaseClass(16, 64, "db.m7g.4xlarge", "db-custom-16-65536", "GP_Standard_D16ds_v5"),
    DatabaseClass(32, 128, "db.m7g.8xlarge", "db-custom-32-131072", "GP_Standard_D32ds_v5"),
    DatabaseClass(48, 192, "db.m7g.12xlarge", "db-custom-48-196608", "GP_Standard_D48ds_v5"),
    DatabaseClass(64, 256, "db.m7g.16xlarge", "db-custom-64-262144", "GP_Standard_D64ds_v5"),
)
"""The ladder for production, dedicated processors with 4 GiB each; the clouds sell the same steps."""
LARGEST_STORAGE_GIB = {"aws": 65536, "gcp": 65536, "azure": 16384}
DATABASE_SLA = {"aws": 99.95, "gcp": 99.95, "azure": 99.99}
"""What each cloud promises for a database with a standby in another zone, in percent."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of the service. Rates a second, times in milliseconds or as named, a row with its index entries."""

    peak_rps: int
    p99_ms: int
    availability: str
    rpo_minutes: int
    rto_minutes: int
    rows_per_day: int
    retention_days: int
    row_bytes: int
    data_class: str
    release: str
    cloud: str

    @property
    def zones(self) -> int:
        """Zones in use: one for 99.5 %, where the loss of a zone may use up the budget, else three."""
        return 1 if self.availability == "99.5" else 3

    @property
    def replica_floor(self) -> int:
        """Fewest replicas: 2 in one zone, else one in each zone, and two for 99.99 %: a node may go while a zone is lost."""
        if self.zones == 1:
            return LEAST_REPLICAS
        return self.zones * (2 if self.availability == "99.99" else 1)


def mean_ms(p99_ms: int) -> float:
    """The mean response time that goes with a p99: `p99 / ln 100`, as of exponentially distributed times."""
    return p99_ms / P99_TO_MEAN


def in_use(rps: float, p99_ms: int) -> float:
    """Connections in use at once, on average, by Little's law: `L = λ·W`.

    W is how long a request may hold a connection: the database's share of the mean response time.
    """
    return rps * mean_ms(p99_ms) * (1 - QUEUEING_SHARE) / 1000


def pool_size(rps: float, p99_ms: int) -> int:
    """Connections of one pod: `L + 3·√L + 1`, between 4 and 40.

    Requests arrive independently, so the number in use has a Poisson distribution with mean and variance L.
    """
    busy = in_use(rps, p99_ms)
    return min(LARGEST_POOL, max(LEAST_POOL, ceil(busy + POOL_DEVIATIONS * sqrt(busy) + 1)))


def largest_pod_rps(p99_ms: int) -> int:
    """What one pod can be planned for: the lesser of what its processor and what its connections allow.

    One worker process uses one processor: `0.6 · 1000 / 2 ms = 300` requests/s. The largest pool, solved for λ:
    `√L = (√(9 + 4·(40 - 1)) - 3) / 2`, `λ = L / W`.
    """
    by_processor = POD_UTILISATION * 1000 / REQUEST_CPU_MS
    root = (sqrt(POOL_DEVIATIONS**2 + 4 * (LARGEST_POOL - 1)) - POOL_DEVIATIONS) / 2
    by_connections = root**2 / in_use(1, p99_ms)
    return max(1, int(min(by_processor, by_connections)))


def pod_cpu_m(rps: float, p99_ms: int) -> int:
    """Processor request of one pod in millicores: enough for the load and for the latency, 250 to 1000 in steps of 50.

    Load: `rps · 2 ms / 0.6`. Latency: the p99 of time in an M/M/1 queue is `4.6 · S / (1 - 0.6)`, where S is 2 ms
    stretched by the share of a processor; it may be half of the objective.
    """
    load = rps * REQUEST_CPU_MS / POD_UTILISATION
    latency = MILLICORES * P99_TO_MEAN * REQUEST_CPU_MS / (1 - POD_UTILISATION) / (QUEUEING_SHARE * p99_ms)
    return min(MILLICORES, max(LEAST_CPU_M, _up(max(load, latency), CPU_STEP_M)))


def pod_memory_mib(rps: float, p99_ms: int, pool: int) -> int:
    """Memory of one pod, request and limit: `192 + pool + requests under way`, one MiB each, in steps of 64."""
    return _up(BASE_MEMORY_MIB + pool + rps * mean_ms(p99_ms) / 1000, MEMORY_STEP_MIB)


class Scale(NamedTuple):
    """Pods in production: planned requests/s of one, fewest, most, and how many more there are during a release."""

    pod_rps: int
    least: int
    most: int
    surge: int


def scale(demand: Demand) -> Scale:
    """How many pods of what load.

    - `pod rps = min(largest, ⌈peak / survivors⌉)`: the fewest replicas, less a lost zone (or, in one zone, a lost pod),
      share the peak until each has as much as a pod can take.
    - `needed = ⌈peak / pod rps⌉`; with three zones `most = ⌈needed · 3/2⌉`, so that two zones carry the peak; with one
      `needed + 1`. Never less than twice the fewest, so that the autoscaler has room.
    - `least = ⌈most / 3⌉`, and not below the floor of the availability.
    - A rolling release adds a quarter of the pods, a canary or blue-green release may double them.
    """
    floor, zones = demand.replica_floor, demand.zones
    survivors = floor - 1 if zones == 1 else floor - floor // zones
    pod_rps = min(largest_pod_rps(demand.p99_ms), ceil(demand.peak_rps / survivors))
    needed = ceil(demand.peak_rps / pod_rps)
    most = max(2 * floor, needed + 1 if zones == 1 else ceil(needed * zones / (zones - 1)))
    least = max(floor, ceil(most / BURST))
    return Scale(pod_rps, least, most, surge(most, demand.release))


def surge(replicas: int, release: str) -> int:
    """Pods that a release adds for a while: a quarter when it rolls, as many again when two versions stand together."""
    return ceil(replicas / 4) if release == "rolling" else replicas


def connections(replicas: int, surge: int, pool: int) -> int:
    """Most connections at once: `(replicas + surge) · pool`, a migration, and the reserve."""
    return (replicas + surge) * pool + MIGRATION_CONNECTIONS + RESERVED_CONNECTIONS


def timeouts(p99_ms: int) -> dict[str, int]:
    """Time-outs in ms, strictly nested: client > gateway > service ≥ command > statement > lock.

    A statement may take ten times the p99 objective (2 to 30 s); a lock 0.4 of that; a command, that is a whole
    transaction, 1.2 of it. A request waits for a connection (0.4) and then uses it, so the service is done after 1.6.
    Gateway and client wait a second more each, so that the one who knows the reason is the one who reports it.
    """
    statement = min(30_000, max(2_000, 10 * p99_ms))
    lock, acquire, command = statement * 2 // 5, statement * 2 // 5, statement * 6 // 5
    service = acquire + command
    return {
        "client_ms": service + 2_000,
        "gateway_ms": service + 1_000,
        "service_ms": service,
        "command_ms": command,
        "statement_ms": statement,
        "lock_ms": lock,
        "acquire_ms": acquire,
        "connect_ms": 5_000,
    }


def shutdown(service_ms: int) -> dict[str, int]:
    """Seconds of an orderly end: `grace = pre-stop + drain + 5`.

    Pre-stop: 5 s, until no gateway sends requests any more. Drain: as long as the longest request, at least 10 s. The
    margin is for closing connections and sending the last telemetry.
    """
    pre_stop, drain, margin = 5, max(10, ceil(service_ms / 1000)), 5
    return {"pre_stop_s": pre_stop, "drain_s": drain, "grace_s": pre_stop + drain + margin}


def rate_limit_per_minute(peak_rps: int) -> int:
    """Requests a minute of one caller at one replica: the whole peak, but no more than one processor can answer.

    `60 · min(peak, 1000 / 2 ms)`, at least 600.
    """
    return max(600, int(60 * min(peak_rps, 1000 / REQUEST_CPU_MS)))


def stored_gib(rows_per_day: int, days: int, row_bytes: int) -> float:
    """What the rows of so many days take, with the share that stays free: `rows · days · bytes / 0.7`."""
    return rows_per_day * days * row_bytes / (1 - STORAGE_FREE) / GIB


def storage_gib(gib: float) -> int:
    """The storage to provision: the next power of two from 32 GiB, sizes that every cloud sells."""
    size = SMALLEST_STORAGE_GIB
    while size < gib:
        size *= 2
    return size


def database_class(demand: Demand, connections: int) -> DatabaseClass | None:
    """The smallest class with enough processors, memory and connections; none when even the largest is too small.

    Processors: `peak · 1 ms / 0.5`. Memory: twice the rows of a week (half of it caches), but no more than the largest
    class has, because a colder cache is slower and not wrong.
    """
    vcpus = demand.peak_rps * QUERY_CPU_MS / 1000 / DATABASE_UTILISATION
    hot = 2 * demand.rows_per_day * min(HOT_DAYS, demand.retention_days) * demand.row_bytes / GIB
    memory = min(hot, CLASSES[-1].memory_gib)
    for size in CLASSES:
        if size.vcpus >= vcpus and size.memory_gib >= memory and size.max_connections >= connections:
            return size
    return None


def restore_minutes(gib: float) -> int:
    """How long a restore from backup takes: a quarter of an hour for the instance, and 5 GiB a minute."""
    return RESTORE_BASE_MINUTES + ceil(gib / RESTORE_GIB_PER_MINUTE)


def error_budget_minutes(availability: str) -> float:
    """Minutes a year in which the service may fail: `(1 - availability) · 525600`."""
    return ERROR_BUDGETS[availability] * MINUTES_A_YEAR


def canary_requests(peak_rps: int) -> float:
    """Requests that the first step of a canary sees in its analysis in a quiet time: `peak / 3 · 10 % · 300 s`."""
    return peak_rps / BURST * CANARY_WEIGHTS[0] / 100 * CANARY_INTERVAL_S


def plan(demand: Demand, environments: Iterable[str], api_url: str) -> Json:
    """Everything at once; `environments` in the order of promotion, the last one is production.

    Raises ValueError when no database is large enough; see `database_class`.
    """
    pods = scale(demand)
    pool = pool_size(pods.pod_rps, demand.p99_ms)
    limits = timeouts(demand.p99_ms)
    wanted = connections(pods.most, pods.surge, pool)
    size = database_class(demand, wanted)
    if size is None:
        raise ValueError("no database is large enough")
    storage = storage_gib(stored_gib(demand.rows_per_day, min(GROWTH_DAYS, demand.retention_days), demand.row_bytes))
    most = max(2 * storage, storage_gib(stored_gib(demand.rows_per_day, demand.retention_days, demand.row_bytes)))
    database = {
        "vcpus": size.vcpus,
        "memory_gib": size.memory_gib,
        "class": size.names(),
        "connections": wanted,
        "max_connections": size.max_connections,
        "row_bytes": demand.row_bytes,
        "storage_gib": storage,
        "max_storage_gib": min(most, LARGEST_STORAGE_GIB[demand.cloud]),
        "multi_zone": demand.zones > 1,
        "backup_days": BACKUP_DAYS[demand.data_class],
        "point_in_time": True,
    }
    names = list(environments)
    host = urlsplit(api_url).hostname or ""
    production = {
        "name": names[-1],
        "production": True,
        "host": host,
        "replicas": {"min": pods.least, "max": pods.most},
        "database": {
            "class": size.names()[demand.cloud],
            **{key: database[key] for key in ("storage_gib", "max_storage_gib", "multi_zone", "backup_days")},
            "deletion_protection": True,
            "max_connections": size.max_connections,
        },
    }
    others = [
        {
            "name": name,
            "production": False,
            "host": f"{name}.{host}",
            "replicas": {"min": 1, "max": 2},
            "database": {
                "class": SMALL_CLASS.names()[demand.cloud],
                "storage_gib": SMALLEST_STORAGE_GIB,
                "max_storage_gib": 4 * SMALLEST_STORAGE_GIB,
                "multi_zone": False,
                "backup_days": 7,
                "deletion_protection": False,
                "max_connections": SMALL_CLASS.max_connections,
            },
        }
        for name in names[:-1]
    ]
    return {
        "replicas": {"min": pods.least, "max": pods.most},
        "surge": {"pods": pods.surge, "percent": 25 if demand.release == "rolling" else 100},
        "pod": {
            "rps": pods.pod_rps,
            "cpu_m": pod_cpu_m(pods.pod_rps, demand.p99_ms),
            "memory_mib": pod_memory_mib(pods.pod_rps, demand.p99_ms, pool),
            "ephemeral_mib": EPHEMERAL_MIB,
        },
        "autoscaling": {"cpu_percent": round(100 * POD_UTILISATION)},
        "pool_size": pool,
        "rate_limit_per_minute": rate_limit_per_minute(demand.peak_rps),
        "timeouts": limits,
        "shutdown": shutdown(limits["service_ms"]),
        "slo": {
            "availability": float(demand.availability),
            "error_budget": ERROR_BUDGETS[demand.availability],
            "latency_ms": demand.p99_ms,
        },
        "canary": {"weights": list(CANARY_WEIGHTS), "interval_s": CANARY_INTERVAL_S},
        "database": database,
        "zones": demand.zones,
        "environments": [*others, production],
    }


ROW_HEADER_BYTES = 28
INDEX_ENTRY_BYTES = 16
INDEX_FILL = 0.7
"""Share of an index page in use after inserts in random order."""
TEXT_SHARE = 0.5
LONGEST_TEXT_BYTES = 200
DOCUMENT_BYTES = 500
LIST_ITEMS = 5
WIDTHS = {
    "boolean": 1,
    "integer": 4,
    "bigint": 8,
    "date": 4,
    "timestamptz": 8,
    "uuid": 16,
    "numeric": 10,
    "jsonb": DOCUMENT_BYTES,
}


def column_bytes(sql: str) -> int:
    """Bytes of a value of a PostgreSQL type: half of a text's limit, at most 200; 500 of a document; five items."""
    if sql.endswith("[]"):
        return 24 + LIST_ITEMS * column_bytes(sql[:-2])
    kind, _, size = re.fullmatch(r"(\w+)(\((\d+).*\))?", sql).groups()  # type: ignore[union-attr]
    if kind in {"varchar", "char"}:
        return 1 + min(LONGEST_TEXT_BYTES, ceil(TEXT_SHARE * int(size)))
    return WIDTHS[kind]


def row_bytes(model: Mapping[str, Any]) -> int:
    """Mean bytes of a row of the domain's tables: `28 + columns`, and `(16 + key) / 0.7` in each index."""
    tables = [t for aggregate in model["aggregates"] for t in (aggregate, *aggregate["parts"])]
    return ceil(sum(map(_table_bytes, tables)) / len(tables))


def _table_bytes(table: Mapping[str, Any]) -> float:
    widths = {column["name"]: column_bytes(column["sql"]) for column in table["table_columns"]}
    keys = [c["columns"] for c in (*table["indexes"], *table["constraints"]) if c.get("kind") in {None, "pk", "uq"}]
    entries = sum((INDEX_ENTRY_BYTES + sum(widths[name] for name in columns)) / INDEX_FILL for columns in keys)
    return ROW_HEADER_BYTES + sum(widths.values()) + entries


def _up(value: float, step: int) -> int:
    return ceil(value / step) * step


GLOBALS: dict[str, Any] = {}
FILTERS: dict[str, Any] = {}
