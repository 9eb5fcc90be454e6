"""Which answers contradict each other, which of them to change, and how."""

from __future__ import annotations

import re
from inspect import signature
from math import ceil
from typing import TYPE_CHECKING, Any

from ..capabilities.registry import clouds, releases
from ..capacity import database, steps, storage
from ..capacity.load import ERROR_BUDGETS, Load, error_budget_minutes, zones
from ..capacity.rows import row_bytes
from .delivery import NUMBERS, environment_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from ..capabilities.contributions import Release, Reserved


def contradictions(
    given: Mapping[str, Any], *, unusable: Collection[str] = (), concerning: str | None = None
) -> Iterator[tuple[str, str]]:
    """What the answers make impossible together: the one to change, and why and how.

    A check that needs an answer which is not given, or which is `unusable` by itself, is left out; where they are asked
    for `concerning` one answer, so are the checks that do not need it.
    """
    for question, check in CHECKS:
        needed = needs(check)
        if concerning and concerning not in needed:
            continue
        if all(name in given and name not in unusable for name in needed):
            known = {name: int(given[name]) if name in NUMBERS else given[name] for name in needed}
            if why := check(**known):
                yield question, why


def needs(check: Callable[..., str]) -> tuple[str, ...]:
    """The answers that a check needs, which its parameters are named after."""
    return tuple(signature(check).parameters)


def _database_taken(service_name: str, cloud: str) -> str:
    if service_name.replace("-", "_") not in clouds()[cloud].databases:
        return ""
    return f"{service_name!r} would name the database, and every server of {cloud} has one of that name; choose another"


def _keeps(reserved: Reserved, name: str) -> bool:
    return re.match(reserved.pattern, name.replace("-", "")) is not None


def _reserved(service_name: str, cloud: str) -> str:
    reserved = clouds()[cloud].reserved
    if reserved is None or not _keeps(reserved, service_name):
        return ""
    return f"{service_name!r} cannot name {reserved.because}; choose another"


def _reserved_environment(environments: str, service_name: str, cloud: str) -> str:
    reserved = clouds()[cloud].reserved
    if reserved is None or _keeps(reserved, service_name):
        return ""
    return next(
        (
            f"{name!r} behind {service_name!r} cannot name {reserved.because_with_environment}; choose another"
            for name in environment_names(environments)
            if _keeps(reserved, service_name + name)
        ),
        "",
    )


def _zones(region: str, availability: str, cloud: str) -> str:
    if region not in clouds()[cloud].zoneless or zones(availability) == 1:
        return ""
    return (
        f"{region!r} does not offer three zones, over which {availability} % availability is spread; choose another "
        "region, or 99.5"
    )


def _steps(release: str, peak_rps: int) -> str:
    by_steps = releases()[release].steps
    if by_steps is None or (seen := steps.requests_seen(by_steps, peak_rps)) >= by_steps.requests:
        return ""
    others = [name for name, each in sorted(releases().items(), key=_surge) if each.steps is None]
    return (
        f"{release!r} judges a release by the requests that reach it; at {peak_rps} requests/s its first step sees "
        f"{seen:.0f} in a quiet time and needs {by_steps.requests}; choose {' or '.join(others)}, or a peak_rps "
        f"from {steps.least_rps(by_steps)}"
    )


def _surge(named: tuple[str, Release]) -> int:
    return named[1].surge_percent


def _processors(peak_rps: int) -> str:
    needed, largest = database.database_vcpus(peak_rps), database.CLASSES[-1].vcpus
    if needed <= largest:
        return ""
    return (
        f"{peak_rps} requests/s need a database with {ceil(needed)} processors, and the largest has {largest}; answer "
        f"{database.largest_peak(peak_rps)} or less, or split the service"
    )


def _connections(p99_ms: int, peak_rps: int, availability: str, release: str) -> str:
    load = Load(peak_rps, p99_ms, availability, release)
    needed, largest = database.connections(load), database.CLASSES[-1].max_connections
    if needed <= largest:
        return ""
    remedies = [f"{shorter} or less"] if (shorter := database.longest_p99_ms(load)) else []
    least, smallest = min(releases().items(), key=_surge)
    if releases()[release].surge_percent > smallest.surge_percent:
        remedies.append(f"a {least} release")
    remedies.append("a lower peak_rps")
    return (
        f"{peak_rps} requests/s that may take {p99_ms} ms need {needed} connections, and the largest database has "
        f"{largest}; answer {', or '.join(remedies)}"
    )


def _recovery_point(rpo_minutes: int, availability: str) -> str:
    least = storage.BACKUP_RPO_MINUTES
    if rpo_minutes >= least or zones(availability) > 1:
        return ""
    return (
        f"{rpo_minutes} needs a standby that has every commit; {availability} % availability is one zone without a "
        f"standby, whose log is saved every {least} minutes; answer {least} or more, or an availability from 99.9"
    )


def _failover(rto_minutes: int) -> str:
    least = storage.FAILOVER_MINUTES
    if rto_minutes >= least:
        return ""
    return f"{rto_minutes} is less than a managed database takes to switch to its standby; answer {least} or more"


def _recovery_time(
    rto_minutes: int, availability: str, rows_per_day: int, retention_days: int, model: Mapping[str, Any]
) -> str:
    stored = storage.stored_gib(rows_per_day, retention_days, row_bytes(model))
    least = storage.restore_minutes(stored)
    if rto_minutes >= least or zones(availability) > 1:
        return ""
    remedy = f"{least} or more, or " if least <= NUMBERS["rto_minutes"][1] else ""
    return (
        f"{rto_minutes} needs a standby to switch to; {availability} % availability is one zone without a standby, and "
        f"to restore {stored:.0f} GiB from a backup takes {least} minutes; answer {remedy}an availability from 99.9"
    )


def _error_budget(rto_minutes: int, availability: str) -> str:
    budget = int(error_budget_minutes(availability))
    if rto_minutes <= budget:
        return ""
    looser = [other for other in ERROR_BUDGETS if error_budget_minutes(other) >= rto_minutes]
    remedy = f", or an availability of {looser[0]}" if looser else ""
    return (
        f"{rto_minutes} is more than the {budget} minutes a year that {availability} % availability leaves, so one "
        f"disaster breaks the promise; answer {budget} or less{remedy}"
    )


def _storage(retention_days: int, rows_per_day: int, model: Mapping[str, Any], cloud: str) -> str:
    size, largest = row_bytes(model), clouds()[cloud].largest_storage_gib
    stored = storage.stored_gib(rows_per_day, retention_days, size)
    if stored <= largest:
        return ""
    days = int(largest / storage.stored_gib(rows_per_day, 1, size))
    return (
        f"{retention_days} days of {rows_per_day} rows of {size} bytes take {stored:.0f} GiB, and the largest "
        f"database of {cloud} holds {largest}; answer {days} or less and archive what is older"
    )


CHECKS: tuple[tuple[str, Callable[..., str]], ...] = (
    ("service_name", _reserved),
    ("service_name", _database_taken),
    ("environments", _reserved_environment),
    ("region", _zones),
    ("release", _steps),
    ("peak_rps", _processors),
    ("p99_ms", _connections),
    ("rpo_minutes", _recovery_point),
    ("rto_minutes", _failover),
    ("rto_minutes", _recovery_time),
    ("rto_minutes", _error_budget),
    ("retention_days", _storage),
)
"""The answer to change, and the check of it; `model` is the domain's."""
