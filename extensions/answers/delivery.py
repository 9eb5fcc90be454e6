"""The delivery and operations answers: what each may be, and which of them contradict each other."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Any

from ..capacity import plan as capacity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBERS = {
    "peak_rps": (1, 50_000),
    "p99_ms": (capacity.LEAST_P99_MS, 10_000),
    "rpo_minutes": (0, 1_440),
    "rto_minutes": (1, 2_880),
    "rows_per_day": (0, 1_000_000_000),
    "retention_days": (1, 36_500),
}
"""Answer → least and greatest whole number."""

DEFAULT_REGIONS = {"aws": "eu-central-1", "gcp": "europe-west3", "azure": "germanywestcentral"}
DIRECTION = "(north|south|east|west|central|northeast|northwest|southeast|southwest)"
REGIONS = {
    "aws": rf"(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-{DIRECTION}-[1-9]",
    "gcp": rf"(africa|asia|australia|europe|me|northamerica|southamerica|us)-{DIRECTION}[1-9][0-9]?",
    "azure": r"(?=[a-z]*(east|west|north|south|central|gov))[a-z]{6,24}[1-9]?",
}
"""Cloud → what its regions look like; a new region needs no new version of this template."""
AZURE_APART = r"(usgov|usdod|china)[a-z0-9]*"
"""Regions of the clouds that Microsoft runs for governments and for China, at addresses of their own."""
ZONELESS = frozenset(
    """
    us-west-1
    australiacentral australiacentral2 australiasoutheast brazilsoutheast canadaeast francesouth germanynorth
    jioindiacentral jioindiawest koreasouth northcentralus norwaywest southafricawest southindia switzerlandwest
    uaecentral ukwest westcentralus westindia westus
    """.split()
)
"""Regions without three zones to choose from."""

DATABASES_TAKEN = {
    "gcp": frozenset({"postgres", "template0", "template1", "cloudsqladmin"}),
    "azure": frozenset({"postgres", "template0", "template1", "azure_maintenance", "azure_sys"}),
}
"""Cloud → databases that each of its servers comes with; AWS gets a name with a suffix instead."""

REPOSITORIES = {
    "github": (
        r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}(?<!\.git)",
        "owner/name as GitHub spells it, e.g. acme/orders",
    ),
    "gitlab": (
        r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,20}(?<!\.git)",
        "group/name as GitLab spells it, with subgroups between them if there are any, e.g. acme/sales/orders",
    ),
}
"""Host → what the path of a repository looks like, and the same in words."""

YAML_WORDS = r"(?:null|true|false|yes|no|on|off|y|n)"
"""What YAML, in files of other tools' formats too, does not take for a text."""
LONGEST_ENVIRONMENT = 20
ENVIRONMENT = rf"(?!{YAML_WORDS}\Z)(?=.{{1,{LONGEST_ENVIRONMENT}}}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*"
MOST_ENVIRONMENTS = 5
TAKEN = frozenset({"verify", "build", "publish", "scheduled", "template", "update"})
"""Stages, jobs and environments of the pipeline itself."""

Given = dict[str, Any]


def slug(text: str) -> str:
    """A name for addresses, at most 39 characters: `Müller & Söhne GmbH` → `muller-sohne-gmbh`."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:39].strip("-") or "organisation"


def default_region(cloud: str) -> str:
    """A region of the cloud that has three zones."""
    return DEFAULT_REGIONS[cloud]


def environment_names(environments: str) -> list[str]:
    """The environments in the order of promotion; the last one is production: `staging, live` → two names."""
    return [name.strip() for name in environments.split(",")]


def problem(question: str, given: Given) -> str:
    """What is wrong with one answer, if anything; a region is one of the `cloud`, a path one of its host."""
    answer = str(given[question])
    if question in NUMBERS:
        least, greatest = NUMBERS[question]
        if not re.fullmatch(r"[0-9]{1,12}", answer) or not least <= int(answer) <= greatest:
            return f"{answer!r} is not a whole number from {least} to {greatest}"
    elif question == "environments":
        return _environments_problem(answer)
    elif question == "region":
        return _region_problem(answer, given["cloud"])
    elif question == "repository":
        pattern, words = REPOSITORIES[given["repository_host"]]
        if not re.fullmatch(pattern, answer):
            return f"{answer!r} is not {words}"
    return ""


def _region_problem(region: str, cloud: str) -> str:
    if not re.fullmatch(REGIONS[cloud], region):
        return f"{region!r} is not a region of {cloud}, e.g. {DEFAULT_REGIONS[cloud]}"
    if cloud == "azure" and re.fullmatch(AZURE_APART, region):
        return (
            f"{region!r} is in a cloud apart from public Azure, at other addresses than Terraform and the pipeline "
            "know; choose a region of public Azure, or of aws, which has us-gov-west-1 and cn-north-1"
        )
    return ""


def _environments_problem(environments: str) -> str:
    names = environment_names(environments)
    twice = [name for name, count in Counter(names).items() if count > 1]
    wrong = [name for name in names if not re.fullmatch(ENVIRONMENT, name)]
    if wrong:
        return (
            f"{wrong[0]!r} is not made of 1 to {LONGEST_ENVIRONMENT} lower-case letters, digits and single dashes, "
            "beginning with a letter, or is a word of YAML's own such as on"
        )
    if twice:
        return f"{twice[0]!r} is named twice; name each environment once, in the order of promotion"
    if "development" in names:
        return "'development' is the name of the local environment, which accepts a local token issuer; choose another"
    if taken := [name for name in names if name in TAKEN or name.endswith(("-plan", "-apply"))]:
        return f"{taken[0]!r} is what the pipeline calls something of its own; choose another name"
    if len(names) > MOST_ENVIRONMENTS:
        return f"{len(names)} are too many: each is a database and a stage; name 1 to {MOST_ENVIRONMENTS}"
    return ""


def contradictions(given: Given) -> Iterator[tuple[str, str]]:
    """What the answers make impossible together: the one to change, and why and how.

    A check that needs an answer which is not `given` is left out.
    """
    known = {name: int(answer) if name in NUMBERS else answer for name, answer in given.items()}
    for question, needed, check in CHECKS:
        if known.keys() >= set(needed) and (why := check(*(known[name] for name in needed))):
            yield question, why


def _database_taken(service_name: str, cloud: str) -> str:
    if service_name.replace("-", "_") not in DATABASES_TAKEN.get(cloud, ()):
        return ""
    return f"{service_name!r} would name the database, and every server of {cloud} has one of that name; choose another"


def _azure_keeps(name: str) -> bool:
    return re.match(r"login|.*(microsoft|windows)", name.replace("-", "")) is not None


def _reserved(service_name: str, cloud: str) -> str:
    if cloud != "azure" or not _azure_keeps(service_name):
        return ""
    return (
        f"{service_name!r} cannot name a registry, a vault or a database of Azure, which keeps names that begin with "
        "login, or have microsoft or windows in them, to itself; choose another"
    )


def _reserved_environment(environments: str, service_name: str, cloud: str) -> str:
    if cloud != "azure" or _azure_keeps(service_name):
        return ""
    return next(
        (
            f"{name!r} behind {service_name!r} cannot name a registry or a database of Azure, which keeps names "
            "that have microsoft or windows in them to itself; choose another"
            for name in environment_names(environments)
            if _azure_keeps(service_name + name)
        ),
        "",
    )


def _zones(region: str, availability: str) -> str:
    if region not in ZONELESS or capacity.zones(availability) == 1:
        return ""
    return (
        f"{region!r} does not offer three zones, over which {availability} % availability is spread; choose another "
        "region, or 99.5"
    )


def _canary(release: str, peak_rps: int) -> str:
    seen = capacity.canary_requests(peak_rps)
    if release != "canary" or seen >= capacity.CANARY_REQUESTS:
        return ""
    return (
        f"'canary' judges a release by the requests that reach it; at {peak_rps} requests/s its first step sees "
        f"{seen:.0f} in a quiet time and needs {capacity.CANARY_REQUESTS}; choose rolling or blue-green, or a peak_rps "
        f"from {capacity.least_canary_rps()}"
    )


def _processors(peak_rps: int) -> str:
    needed, largest = capacity.database_vcpus(peak_rps), capacity.CLASSES[-1].vcpus
    if needed <= largest:
        return ""
    return (
        f"{peak_rps} requests/s need a database with {ceil(needed)} processors, and the largest has {largest}; answer "
        f"{capacity.largest_peak(peak_rps)} or less, or split the service"
    )


def _connections(p99_ms: int, peak_rps: int, availability: str, release: str) -> str:
    load = capacity.Load(peak_rps, p99_ms, availability, release)
    needed, largest = capacity.connections(load), capacity.CLASSES[-1].max_connections
    if needed <= largest:
        return ""
    remedies = [f"{shorter} or less"] if (shorter := capacity.longest_p99_ms(load)) else []
    if release != "rolling":
        remedies.append("a rolling release")
    remedies.append("a lower peak_rps")
    return (
        f"{peak_rps} requests/s that may take {p99_ms} ms need {needed} connections, and the largest database has "
        f"{largest}; answer {', or '.join(remedies)}"
    )


def _recovery_point(rpo_minutes: int, availability: str) -> str:
    least = capacity.BACKUP_RPO_MINUTES
    if rpo_minutes >= least or capacity.zones(availability) > 1:
        return ""
    return (
        f"{rpo_minutes} needs a standby that has every commit; {availability} % availability is one zone without a "
        f"standby, whose log is saved every {least} minutes; answer {least} or more, or an availability from 99.9"
    )


def _failover(rto_minutes: int) -> str:
    least = capacity.FAILOVER_MINUTES
    if rto_minutes >= least:
        return ""
    return f"{rto_minutes} is less than a managed database takes to switch to its standby; answer {least} or more"


def _recovery_time(rto_minutes: int, availability: str, rows_per_day: int, retention_days: int, row_bytes: int) -> str:
    stored = capacity.stored_gib(rows_per_day, retention_days, row_bytes)
    least = capacity.restore_minutes(stored)
    if rto_minutes >= least or capacity.zones(availability) > 1:
        return ""
    remedy = f"{least} or more, or " if least <= NUMBERS["rto_minutes"][1] else ""
    return (
        f"{rto_minutes} needs a standby to switch to; {availability} % availability is one zone without a standby, and "
        f"to restore {stored:.0f} GiB from a backup takes {least} minutes; answer {remedy}an availability from 99.9"
    )


def _error_budget(rto_minutes: int, availability: str) -> str:
    budget = int(capacity.error_budget_minutes(availability))
    if rto_minutes <= budget:
        return ""
    looser = [other for other in capacity.ERROR_BUDGETS if capacity.error_budget_minutes(other) >= rto_minutes]
    remedy = f", or an availability of {looser[0]}" if looser else ""
    return (
        f"{rto_minutes} is more than the {budget} minutes a year that {availability} % availability leaves, so one "
        f"disaster breaks the promise; answer {budget} or less{remedy}"
    )


def _storage(retention_days: int, rows_per_day: int, row_bytes: int, cloud: str) -> str:
    stored, largest = capacity.stored_gib(rows_per_day, retention_days, row_bytes), capacity.LARGEST_STORAGE_GIB[cloud]
    if stored <= largest:
        return ""
    days = int(largest / capacity.stored_gib(rows_per_day, 1, row_bytes))
    return (
        f"{retention_days} days of {rows_per_day} rows of {row_bytes} bytes take {stored:.0f} GiB, and the largest "
        f"database of {cloud} holds {largest}; answer {days} or less and archive what is older"
    )


CHECKS: tuple[tuple[str, tuple[str, ...], Callable[..., str]], ...] = (
    ("service_name", ("service_name", "cloud"), _reserved),
    ("service_name", ("service_name", "cloud"), _database_taken),
    ("environments", ("environments", "service_name", "cloud"), _reserved_environment),
    ("region", ("region", "availability"), _zones),
    ("release", ("release", "peak_rps"), _canary),
    ("peak_rps", ("peak_rps",), _processors),
    ("p99_ms", ("p99_ms", "peak_rps", "availability", "release"), _connections),
    ("rpo_minutes", ("rpo_minutes", "availability"), _recovery_point),
    ("rto_minutes", ("rto_minutes",), _failover),
    ("rto_minutes", ("rto_minutes", "availability", "rows_per_day", "retention_days", "row_bytes"), _recovery_time),
    ("rto_minutes", ("rto_minutes", "availability"), _error_budget),
    ("retention_days", ("retention_days", "rows_per_day", "row_bytes", "cloud"), _storage),
)
"""The answer to change, those that the check needs, in the order of its arguments, and the check."""
