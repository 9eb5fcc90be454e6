"""The capacity model: from the operations answers to replicas, connections, time-outs, the database and its storage.

Pure functions of numbers. The formula of each is in its docstring, each assumption is a named constant with its unit.
Chart, Terraform, settings, alerts and documents read what `plan` returns and compute nothing themselves.
"""

from __future__ import annotations

import re
from math import ceil, log, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from . import serving

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = dict[str, Any]

# What a request costs. The generated operations take 0.2 to 0.5 ms of the service and 0.1 to 0.5 ms of PostgreSQL, as
# benchmarks/RESULTS.md has it; the rest is room for the team's own rules and queries.
REQUEST_CPU_MS = 2.0
QUERY_CPU_MS = 1.0

POD_UTILISATION = 0.6
"""Share of its processor request that a pod uses at its planned load."""
DATABASE_UTILISATION = 0.5
"""Share of the database's processors in use at the peak; the other half is for maintenance, reports and surprises."""
DATABASE_SHARE = 0.5
"""Share of the response time that a request holds a connection; the processor of the pod has the other half."""
LEAST_P99_MS = 50
P99_TO_MEAN = log(100)
"""How far the 99th percentile of exponentially distributed times is from their mean: 4.6 times."""

ONE_CPU_M = 1000
LEAST_CPU_M = 250
CPU_STEP_M = 50
BASE_MEMORY_MIB = 192
"""An idle pod (80 MiB measured), a full telemetry queue, and twice that for what allocation leaves unused."""
MEMORY_STEP_MIB = 64
TEMPORARY_MIB = 32
EPHEMERAL_MIB = 320
"""What /tmp may hold, and what a node keeps of a container's log: up to five files, of 10 MiB or, on AKS, of 50."""

LEAST_POOL = 4
LARGEST_POOL = 40
POOL_DEVIATIONS = 3
"""Standard deviations above the mean that the pool covers: fewer than 1 of 100 requests waits for a connection."""

BURST = 3
"""How many times its quiet-time load the service absorbs while the autoscaler starts pods."""

MIGRATION_CONNECTIONS = 2
RESERVED_CONNECTIONS = 20
"""For people, monitoring, the cloud's own agents and PostgreSQL's superuser."""

GIB = 2**30
SMALLEST_STORAGE_GIB = 32
STORAGE_FREE = 0.3
"""Share of the storage that stays free: dead rows before a vacuum, rebuilt indexes, write-ahead log."""
GROWTH_DAYS = 90
"""The storage is provisioned for the rows of so many days, and grows by itself from there."""
HOT_DAYS = 7
"""Rows of so many days are what most requests read: they should fit into memory."""

BACKUP_RPO_MINUTES = 5
"""How old the newest point is to which the log in the backup storage can restore."""
RESTORE_BASE_MINUTES = 15
RESTORE_GIB_PER_MINUTE = 5
FAILOVER_MINUTES = 2

CANARY_WEIGHTS = (10, 25, 50)
CANARY_INTERVAL_S = 300
CANARY_REQUESTS = 200
"""Requests that the first canary step has to see before its error rate and latency mean anything."""

BACKUP_DAYS = {"public": 7, "internal": 14, "confidential": 30, "restricted": 35}
LOG_DAYS = {"aws": 35, "gcp": 7, "azure": 35}
"""For how long the cloud keeps the write-ahead log, with which a backup is brought to any second."""
ERROR_BUDGETS = {"99.99": 0.0001, "99.95": 0.0005, "99.9": 0.001, "99.5": 0.005}
MINUTES_A_MONTH = 30 * 24 * 60
MINUTES_A_YEAR = 365 * 24 * 60


class DatabaseClass(NamedTuple):
    """A size that every cloud sells: processors, memory in GiB, and its name in each."""

    vcpus: int
    memory_gib: int
    aws: str
    gcp: str
    azure: str

    @property
    def max_connections(self) -> int:
        """Connections to allow: 50 for each GiB of memory, so that they take half of it at worst; at most 5000."""
        return min(50 * self.memory_gib, 5000)

    @property
    def names(self) -> dict[str, str]:
        """Cloud → name."""
        return {"aws": self.aws, "gcp": self.gcp, "azure": self.azure}


SMALL_CLASS = DatabaseClass(2, 4, "db.t4g.medium", "db-custom-2-4096", "B_Standard_B2s")
"""For environments that are not production; on AWS and Azure it shares its processors with others."""
CLASSES = (
    DatabaseClass(2, 8, "db.m7g.large", "db-custom-2-8192", "GP_Standard_D2ds_v5"),
    DatabaseClass(4, 16, "db.m7g.xlarge", "db-custom-4-16384", "GP_Standard_D4ds_v5"),
    DatabaseClass(8, 32, "db.m7g.2xlarge", "db-custom-8-32768", "GP_Standard_D8ds_v5"),
    DatabaseClass(16, 64, "db.m7g.4xlarge", "db-custom-16-65536", "GP_Standard_D16ds_v5"),
    DatabaseClass(32, 128, "db.m7g.8xlarge", "db-custom-32-131072", "GP_Standard_D32ds_v5"),
    DatabaseClass(48, 192, "db.m7g.12xlarge", "db-custom-48-196608", "GP_Standard_D48ds_v5"),
    DatabaseClass(64, 256, "db.m7g.16xlarge", "db-custom-64-262144", "GP_Standard_D64ds_v5"),
)
"""For production: processors of its own, with 4 GiB each."""
LARGEST_STORAGE_GIB = {"aws": 65_536, "gcp": 65_536, "azure": 16_384}
DATABASE_SLA = {"aws": 99.95, "gcp": 99.95, "azure": 99.99}
"""What the cloud promises for such a database with a standby in another zone, in percent."""


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


class Pods(NamedTuple):
    """Pods in production: planned requests/s of each, how many the peak needs, the fewest, the most."""

    rps: int
    needed: int
    least: int
    most: int


# Pods ----------------------------------------------------------------------------------------------------------------


def zones(availability: str) -> int:
    """Zones in use: one for 99.5 %, whose budget a lost zone may use up, else three."""
    return 1 if availability == "99.5" else 3


def fewest_pods(availability: str) -> int:
    """Two in one zone; in three zones one each, or two each for 99.99 %: a node may fail while a zone is lost."""
    return {"99.5": 2, "99.99": 6}.get(availability, 3)


def survivors(availability: str) -> int:
    """Pods that are left of the fewest when a zone is lost, or, in one zone, a pod."""
    fewest, places = fewest_pods(availability), zones(availability)
    return fewest - 1 if places == 1 else fewest - fewest // places


def mean_ms(p99_ms: int) -> float:
    """The mean response time that goes with a p99: `p99 / 4.6`."""
    return p99_ms / P99_TO_MEAN


def busy_connections(rps: float, p99_ms: int) -> float:
    """Mean number of connections in use, by Little's law: `L = λ · W`, where W is half of the mean response time."""
    return rps * mean_ms(p99_ms) * DATABASE_SHARE / 1000


def pool_size(rps: float, p99_ms: int) -> int:
    """Connections of one pod: `L + 3·√L + 1`, between 4 and 40.

    Requests come independently of each other, so the number in use has a Poisson distribution: mean and variance are L.
    """
    busy = busy_connections(rps, p99_ms)
    return min(LARGEST_POOL, max(LEAST_POOL, ceil(busy + POOL_DEVIATIONS * sqrt(busy) + 1)))


def largest_pod_rps(p99_ms: int) -> int:
    """What one pod may be planned for: the lesser of what its processor and what its connections allow.

    A worker process uses one processor: `0.6 · 1000 / 2 ms = 300` requests/s. The largest pool of 40 connections:
    `√L = (√(9 + 4·39) - 3) / 2`, `λ = L / W`.
    """
    by_processor = POD_UTILISATION * 1000 / REQUEST_CPU_MS
    root = (sqrt(POOL_DEVIATIONS**2 + 4 * (LARGEST_POOL - 1)) - POOL_DEVIATIONS) / 2
    by_connections = root**2 / busy_connections(1, p99_ms)
    return int(min(by_processor, by_connections))


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
    """Pods that a release adds for a while: a quarter when it rolls, as many again when two versions stand together."""
    return 25 if release == "rolling" else 100


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
    return min(ONE_CPU_M, max(LEAST_CPU_M, _up(max(load, latency), CPU_STEP_M)))


def pod_memory_mib(rps: float, p99_ms: int) -> int:
    """Memory, request and limit: 192 MiB and one for each connection and each request under way, in steps of 64."""
    return _up(BASE_MEMORY_MIB + pool_size(rps, p99_ms) + rps * mean_ms(p99_ms) / 1000, MEMORY_STEP_MIB)


def rate_limit_per_minute(peak_rps: int) -> int:
    """Requests a minute of one caller at one replica: the whole peak, but not more than a processor can answer.

    `60 · min(peak, 1000 / 2 ms)`, at least 600.
    """
    return max(600, int(60 * min(peak_rps, 1000 / REQUEST_CPU_MS)))


# Time ----------------------------------------------------------------------------------------------------------------


def timeouts(p99_ms: int) -> dict[str, int]:
    """Time-outs in ms, each within the next: lock < statement < command < service < gateway < client.

    A statement may take ten times the p99 objective, 2 to 30 s in steps of a half; a lock 0.4 of that; a command, which
    is a statement with its transport or a whole transaction, 1.2 of it. A request waits for a connection (0.4) and uses
    it (1.2), so the service has answered after 1.6. Gateway and client wait a second more each: who knows the reason
    reports it.
    """
    statement = min(30_000, max(2_000, _up(10 * p99_ms, 500)))
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


def error_budget_minutes(availability: str, minutes: int = MINUTES_A_YEAR) -> float:
    """Minutes in which the service may fail, of a year or of so many: `(1 - availability) · minutes`."""
    return ERROR_BUDGETS[availability] * minutes


def canary_requests(peak_rps: int) -> float:
    """Requests that the first step of a canary sees during its analysis in a quiet time: `peak / 3 · 10 % · 300 s`."""
    return peak_rps * CANARY_WEIGHTS[0] * CANARY_INTERVAL_S / (100 * BURST)


def least_canary_rps() -> int:
    """The peak from which a canary can be judged."""
    return ceil(CANARY_REQUESTS / canary_requests(1))


# The database --------------------------------------------------------------------------------------------------------


def connections(load: Load) -> int:
    """Most connections at once: `(most pods + surge) · pool`, those of a migration, and the reserve."""
    planned = pods(load)
    pool = pool_size(planned.rps, load.p99_ms)
    return connections_of(planned.most, pool, load.release)


def connections_of(replicas: int, pool: int, release: str) -> int:
    """The same for so many replicas with such a pool."""
    return (replicas + surge(replicas, release)) * pool + MIGRATION_CONNECTIONS + RESERVED_CONNECTIONS


def database_vcpus(peak_rps: int) -> float:
    """Processors that the peak needs: `peak · 1 ms / 0.5`."""
    return peak_rps * QUERY_CPU_MS / 1000 / DATABASE_UTILISATION


def stored_gib(rows_per_day: int, days: int, row_bytes: int) -> float:
    """What the rows of so many days take, with the share that stays free: `rows · days · bytes / 0.7`."""
    return rows_per_day * days * row_bytes / (1 - STORAGE_FREE) / GIB


def hot_gib(growth: Growth) -> float:
    """What the rows of a week take, which are those that most requests read."""
    return growth.rows_per_day * min(HOT_DAYS, growth.retention_days) * growth.row_bytes / GIB


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


def storage_step_gib(gib: float) -> int:
    """The next power of two from 32 GiB on: sizes that every cloud sells."""
    size = SMALLEST_STORAGE_GIB
    while size < gib:
        size *= 2
    return size


def storage_gib(growth: Growth, cloud: str) -> tuple[int, int]:
    """Storage to provision, for the rows of 90 days, and the limit of its growth, for all; at least twice as much."""
    rows, days, size = growth
    largest = LARGEST_STORAGE_GIB[cloud]
    first = min(storage_step_gib(stored_gib(rows, min(days, GROWTH_DAYS), size)), largest // 2)
    return first, min(max(2 * first, storage_step_gib(stored_gib(rows, days, size))), largest)


def restore_minutes(gib: float) -> int:
    """How long a restore from a backup takes: 15 minutes for the instance, and one for 5 GiB."""
    return RESTORE_BASE_MINUTES + ceil(gib / RESTORE_GIB_PER_MINUTE)


# Rows ----------------------------------------------------------------------------------------------------------------

ROW_HEADER_BYTES = 28
INDEX_ENTRY_BYTES = 16
INDEX_FILL = 0.7
LONGEST_TEXT_BYTES = 200
LIST_ITEMS = 5
WIDTHS = {
    "boolean": 1,
    "integer": 4,
    "bigint": 8,
    "date": 4,
    "timestamptz": 8,
    "uuid": 16,
    "numeric": 10,
    "jsonb": 500,
}


def column_bytes(sql: str) -> int:
    """Bytes of a value of this type: of a text half its limit, but at most 200; of a document 500; of a list five."""
    if sql.endswith("[]"):
        return 24 + LIST_ITEMS * column_bytes(sql.removesuffix("[]"))
    if length := re.fullmatch(r"varchar\((\d+)\)", sql):
        return 1 + min(LONGEST_TEXT_BYTES, ceil(int(length[1]) / 2))
    return WIDTHS[sql.partition("(")[0]]


def table_bytes(table: Mapping[str, Any]) -> float:
    """Bytes of a row: `28 + columns`, and in each index `(16 + key) / 0.7`."""
    widths = {column["name"]: column_bytes(column["sql"]) for column in table["table_columns"]}
    keys = [constraint["columns"] for constraint in table["constraints"] if constraint["kind"] in {"pk", "uq"}]
    keys += [index["columns"] for index in table["indexes"]]
    entries = sum(INDEX_ENTRY_BYTES + sum(widths[name] for name in key) for key in keys)
    return ROW_HEADER_BYTES + sum(widths.values()) + entries / INDEX_FILL


def row_bytes(model: Mapping[str, Any]) -> int:
    """The mean of the domain's tables, those of parts too."""
    tables = [table for aggregate in model["aggregates"] for table in (aggregate, *aggregate["parts"])]
    return ceil(sum(map(table_bytes, tables)) / len(tables))


# All of it -----------------------------------------------------------------------------------------------------------


def plan(load: Load, growth: Growth, *, cloud: str, data_class: str, environments: Iterable[str], address: str) -> Json:
    """Everything at once; `environments` are in the order of promotion, `address` is the last one's: host[:port].

    Raises ValueError when no database is large enough, as `database_class` says.
    """
    size = database_class(load, growth)
    if size is None:
        raise ValueError("no database is large enough")
    planned = pods(load)
    pool = pool_size(planned.rps, load.p99_ms)
    limits = timeouts(load.p99_ms)
    memory = pod_memory_mib(planned.rps, load.p99_ms)
    first_gib, last_gib = storage_gib(growth, cloud)
    replicas = {"min": planned.least, "max": planned.most}
    database = {
        "storage_gib": first_gib,
        "max_storage_gib": last_gib,
        "multi_zone": zones(load.availability) > 1,
        "backup_days": BACKUP_DAYS[data_class],
        "max_connections": size.max_connections,
    }
    *others, last = environments
    host = address.partition(":")[0]
    return {
        "replicas": replicas,
        "surge": {"percent": surge_percent(load.release), "pods": surge(planned.most, load.release)},
        "pod": {
            "rps": planned.rps,
            "cpu_m": pod_cpu_m(planned.rps, load.p99_ms),
            "memory_mib": memory,
            "requests": serving.requests_under_way(pool, held_share=DATABASE_SHARE, p99_to_mean=P99_TO_MEAN),
            "connections": serving.open_connections(memory),
            "ephemeral_mib": EPHEMERAL_MIB,
            "temporary_mib": TEMPORARY_MIB,
        },
        "autoscaling": {"cpu_percent": autoscaling_percent(load.availability)},
        "pool_size": pool,
        "rate_limit_per_minute": rate_limit_per_minute(load.peak_rps),
        "timeouts": limits,
        "shutdown": serving.shutdown(limits["service_ms"]),
        "keep_alive_s": serving.KEEP_ALIVE_S[cloud],
        "slo": {
            "availability": float(load.availability),
            "error_budget": ERROR_BUDGETS[load.availability],
            "latency_ms": load.p99_ms,
        },
        "canary": {"weights": list(CANARY_WEIGHTS), "interval_s": CANARY_INTERVAL_S},
        "database": {
            "vcpus": size.vcpus,
            "memory_gib": size.memory_gib,
            "class": size.names,
            "point_in_time_days": min(BACKUP_DAYS[data_class], LOG_DAYS[cloud]),
            **database,
        },
        "zones": zones(load.availability),
        "environments": [
            *(_rehearsal(name, f"{name}.{address}", cloud) for name in others),
            {
                "name": last,
                "production": True,
                "host": host,
                "address": address,
                "replicas": replicas,
                "database": {"class": size.names[cloud], "deletion_protection": True, **database},
            },
        ],
        "working": {**_working(load, growth, planned), "database_sla": DATABASE_SLA[cloud]},
    }


def _rehearsal(name: str, address: str, cloud: str) -> Json:
    """An environment that is not production: the smallest of everything, in one zone."""
    return {
        "name": name,
        "production": False,
        "host": address.partition(":")[0],
        "address": address,
        "replicas": {"min": 1, "max": 2},
        "database": {
            "class": SMALL_CLASS.names[cloud],
            "deletion_protection": False,
            "storage_gib": SMALLEST_STORAGE_GIB,
            "max_storage_gib": 2 * SMALLEST_STORAGE_GIB,
            "multi_zone": False,
            "backup_days": 7,
            "max_connections": SMALL_CLASS.max_connections,
        },
    }


def _working(load: Load, growth: Growth, planned: Pods) -> Json:
    """What lies between the answers and the plan, for the document that shows the arithmetic."""
    mean = mean_ms(load.p99_ms)
    stored = stored_gib(*growth)
    return {
        "another_peak": another_peak(load, growth),
        "mean_ms": round(mean, 1),
        "held_ms": round(mean * DATABASE_SHARE, 1),
        "busy_connections": round(busy_connections(planned.rps, load.p99_ms), 2),
        "largest_pod_rps": largest_pod_rps(load.p99_ms),
        "fewest_pods": fewest_pods(load.availability),
        "survivors": survivors(load.availability),
        "pods_needed": planned.needed,
        "connections": connections(load),
        "vcpus": round(database_vcpus(load.peak_rps), 3),
        "row_bytes": growth.row_bytes,
        "hot_days": min(HOT_DAYS, growth.retention_days),
        "growth_days": min(GROWTH_DAYS, growth.retention_days),
        "hot_gib": round(hot_gib(growth), 1),
        "stored_gib": round(stored, 1),
        "restore_minutes": restore_minutes(stored),
        "budget_minutes_month": round(error_budget_minutes(load.availability, MINUTES_A_MONTH), 1),
        "budget_minutes_year": round(error_budget_minutes(load.availability)),
    }


def _up(value: float, step: int) -> int:
    return ceil(value / step) * step
