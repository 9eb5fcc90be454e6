"""The delivery and operations answers: what each may be by itself."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..capabilities import registry
from ..capacity.load import LEAST_P99_MS

NUMBERS = {
    "peak_rps": (1, 50_000),
    "p99_ms": (LEAST_P99_MS, 10_000),
    "rpo_minutes": (0, 1_440),
    "rto_minutes": (1, 2_880),
    "rows_per_day": (0, 1_000_000_000),
    "retention_days": (1, 36_500),
}
"""Answer → least and greatest whole number."""

YAML_WORDS = r"(?:null|true|false|yes|no|on|off|y|n)"
"""What YAML, in files of other tools' formats too, does not take for a text."""
LONGEST_ENVIRONMENT = 20
ENVIRONMENT = rf"(?!{YAML_WORDS}\Z)(?=.{{1,{LONGEST_ENVIRONMENT}}}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*"
MOST_ENVIRONMENTS = 5
TAKEN = frozenset({"verify", "build", "publish", "scheduled", "template", "update"})
"""Stages, jobs and environments of the pipeline itself."""

Given = Mapping[str, Any]


def slug(text: str) -> str:
    """A name for addresses, at most 39 characters: `Müller & Söhne GmbH` → `muller-sohne-gmbh`."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:39].strip("-") or "organisation"


def default_region(cloud: str) -> str:
    """A region of the cloud that has three zones."""
    return registry.clouds()[cloud].default_region


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
        host = registry.hosts()[given["repository_host"]]
        if not re.fullmatch(host.path, answer):
            return f"{answer!r} is not {host.path_in_words}"
    return ""


def _region_problem(region: str, cloud: str) -> str:
    known = registry.clouds()[cloud]
    if not re.fullmatch(known.region, region):
        return f"{region!r} is not a region of {cloud}, e.g. {known.default_region}"
    return f"{region!r} {known.apart_because}" if known.apart and re.fullmatch(known.apart, region) else ""


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
