"""The capacity plan: from the answers to replicas, connections, time-outs, the database and its storage.

The modules beside this one have the formulas. Chart, Terraform, settings, alerts and documents read what `plan` returns
and compute nothing themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..capabilities.registry import clouds
from . import bodies, database, load, pods, pools, serving, storage
from .timeouts import Timeouts, timeouts

if TYPE_CHECKING:
    from .load import Growth, Load


class Answers(NamedTuple):
    """What the plan follows from."""

    load: Load
    growth: Growth
    largest_body: int
    """Bytes of the largest request that the contract allows."""
    cloud: str
    data_class: str
    environments: tuple[str, ...]
    """In the order of promotion."""
    address: str
    """Of the last environment: host[:port]."""


class Replicas(NamedTuple):
    """The fewest and the most pods."""

    min: int
    max: int


class Surge(NamedTuple):
    """What a release adds to the most pods, in percent and in pods."""

    percent: int
    pods: int


class Pod(NamedTuple):
    """One pod: its planned requests/s, its resources, requests under way and open connections of clients at most."""

    rps: int
    cpu_m: int
    memory_mib: int
    requests: int
    connections: int
    ephemeral_mib: int
    temporary_mib: int


class Body(NamedTuple):
    """Bytes of the largest request that the contract allows, and of the largest that the service takes."""

    largest: int
    limit: int


class Objectives(NamedTuple):
    """Availability in percent, the share of requests that may fail, and the p99 in ms."""

    availability: float
    error_budget: float
    latency_ms: int


class Database(NamedTuple):
    """The database of an environment; `class_name` is the cloud's name for its size."""

    class_name: str
    vcpus: int
    memory_gib: int
    max_connections: int
    storage_gib: int
    max_storage_gib: int
    multi_zone: bool
    backup_days: int
    point_in_time_days: int
    deletion_protection: bool


class Environment(NamedTuple):
    """One environment: `address` is its host with the port, if there is one."""

    name: str
    production: bool
    host: str
    address: str
    replicas: Replicas
    database: Database
    planned_connections: int
    """At most, without the reserve for people."""


class Working(NamedTuple):
    """What lies between the answers and the plan, for the document that shows the arithmetic."""

    another_peak: int
    mean_ms: float
    held_ms: float
    busy_connections: float
    largest_pod_rps: int
    fewest_pods: int
    survivors: int
    pods_needed: int
    connections: int
    job_connections: int
    jobs_at_once: int
    vcpus: float
    row_bytes: int
    hot_days: int
    growth_days: int
    hot_gib: float
    stored_gib: float
    restore_minutes: int
    budget_minutes_month: float
    budget_minutes_year: int
    database_sla: float


class Plan(NamedTuple):
    """All of it; what is not an environment's own is production's."""

    replicas: Replicas
    surge: Surge
    pod: Pod
    body: Body
    autoscaling_percent: int
    pool_size: int
    rate_limit_per_minute: int
    timeouts: Timeouts
    shutdown: serving.Shutdown
    keep_alive_s: int
    slo: Objectives
    database: Database
    zones: int
    environments: tuple[Environment, ...]
    working: Working


def plan(answers: Answers) -> Plan:
    """Everything at once. Raises ValueError when no database is large enough, as `database_class` says."""
    asked, planned = answers.load, pods.pods(answers.load)
    limits = timeouts(asked.p99_ms)
    environments = _environments(answers, planned)
    production = environments[-1]
    pod = _pod(planned, asked.p99_ms)
    return Plan(
        replicas=production.replicas,
        surge=Surge(pods.surge_percent(asked.release), pods.surge(planned.most, asked.release)),
        pod=pod,
        body=Body(answers.largest_body, bodies.body_limit(answers.largest_body, pod.memory_mib, pod.requests)),
        autoscaling_percent=pods.autoscaling_percent(asked.availability),
        pool_size=pools.pool_size(planned.rps, asked.p99_ms),
        rate_limit_per_minute=pods.rate_limit_per_minute(asked.peak_rps),
        timeouts=limits,
        shutdown=serving.shutdown(limits.service_ms),
        keep_alive_s=clouds()[answers.cloud].keep_alive_s,
        slo=Objectives(float(asked.availability), load.ERROR_BUDGETS[asked.availability], asked.p99_ms),
        database=production.database,
        zones=load.zones(asked.availability),
        environments=environments,
        working=_working(answers, planned),
    )


def _pod(planned: pods.Pods, p99_ms: int) -> Pod:
    memory = pods.pod_memory_mib(planned.rps, p99_ms)
    return Pod(
        rps=planned.rps,
        cpu_m=pods.pod_cpu_m(planned.rps, p99_ms),
        memory_mib=memory,
        requests=serving.requests_under_way(pools.pool_size(planned.rps, p99_ms)),
        connections=serving.open_connections(memory),
        ephemeral_mib=pods.EPHEMERAL_MIB,
        temporary_mib=pods.TEMPORARY_MIB,
    )


def _environments(answers: Answers, planned: pods.Pods) -> tuple[Environment, ...]:
    """Production, which is the last one, and before it the smallest of everything, in one zone."""
    *others, last = answers.environments
    few, many = Replicas(1, 2), Replicas(planned.least, planned.most)
    made = [(name, f"{name}.{answers.address}", few, _small_database(answers.cloud)) for name in others]
    made.append((last, answers.address, many, _production_database(answers)))
    pool = pools.pool_size(planned.rps, answers.load.p99_ms)
    return tuple(
        Environment(
            name=name,
            production=name == last,
            host=address.partition(":")[0],
            address=address,
            replicas=replicas,
            database=its_database,
            planned_connections=database.connections_of(replicas.max, pool, answers.load.release)
            - database.RESERVED_CONNECTIONS,
        )
        for name, address, replicas, its_database in made
    )


def _production_database(answers: Answers) -> Database:
    size = database.database_class(answers.load, answers.growth)
    if size is None:
        raise ValueError("no database is large enough")
    first_gib, last_gib = storage.storage_gib(answers.growth, answers.cloud)
    backup_days = storage.BACKUP_DAYS[answers.data_class]
    return Database(
        class_name=size.names[answers.cloud],
        vcpus=size.vcpus,
        memory_gib=size.memory_gib,
        max_connections=size.max_connections,
        storage_gib=first_gib,
        max_storage_gib=last_gib,
        multi_zone=load.zones(answers.load.availability) > 1,
        backup_days=backup_days,
        point_in_time_days=storage.point_in_time_days(backup_days, answers.cloud),
        deletion_protection=True,
    )


def _small_database(cloud: str) -> Database:
    size = database.SMALL_CLASS
    return Database(
        class_name=size.names[cloud],
        vcpus=size.vcpus,
        memory_gib=size.memory_gib,
        max_connections=size.max_connections,
        storage_gib=storage.SMALLEST_STORAGE_GIB,
        max_storage_gib=2 * storage.SMALLEST_STORAGE_GIB,
        multi_zone=False,
        backup_days=storage.LEAST_BACKUP_DAYS,
        point_in_time_days=storage.point_in_time_days(storage.LEAST_BACKUP_DAYS, cloud),
        deletion_protection=False,
    )


def _working(answers: Answers, planned: pods.Pods) -> Working:
    asked, growth = answers.load, answers.growth
    stored = storage.stored_gib(*growth)
    return Working(
        another_peak=database.another_peak(asked, growth),
        mean_ms=round(load.mean_ms(asked.p99_ms), 1),
        held_ms=round(pools.held_ms(asked.p99_ms), 1),
        busy_connections=round(pools.busy_connections(planned.rps, asked.p99_ms), 2),
        largest_pod_rps=pods.largest_pod_rps(asked.p99_ms),
        fewest_pods=pods.fewest_pods(asked.availability),
        survivors=pods.survivors(asked.availability),
        pods_needed=planned.needed,
        connections=database.connections(asked),
        job_connections=pools.JOB_CONNECTIONS,
        jobs_at_once=database.JOBS_AT_ONCE,
        vcpus=round(database.database_vcpus(asked.peak_rps), 3),
        row_bytes=growth.row_bytes,
        hot_days=min(storage.HOT_DAYS, growth.retention_days),
        growth_days=min(storage.GROWTH_DAYS, growth.retention_days),
        hot_gib=round(storage.hot_gib(growth), 1),
        stored_gib=round(stored, 1),
        restore_minutes=storage.restore_minutes(stored),
        budget_minutes_month=round(load.error_budget_minutes(asked.availability, load.MINUTES_A_MONTH), 1),
        budget_minutes_year=round(load.error_budget_minutes(asked.availability)),
        database_sla=clouds()[answers.cloud].database_sla,
    )
