"""Checks of the delivery and operations answers, alone and against each other, and the plan that follows from them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from . import answers as service_answers
from . import capacity
from .capacity import Demand

if TYPE_CHECKING:
    from collections.abc import Mapping

Answers = dict[str, Any]

DEFAULT_REGIONS = {"aws": "eu-central-1", "gcp": "europe-west3", "azure": "germanywestcentral"}


def slug(text: str, longest: int = 39) -> str:
    """A name for addresses: `Müller & Söhne GmbH` → `muller-sohne-gmbh`; `organisation` if no letter is left."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.replace("'", "")).strip("-")[:longest].strip("-") or "organisation"


def default_region(cloud: str) -> str:
    """A region with three zones in each cloud."""
    return DEFAULT_REGIONS.get(cloud, "")


def environment_names(environments: str) -> list[str]:
    """The names in the order of promotion: `staging, production` → two names; the last one is production."""
    return [name.strip() for name in environments.split(",")]


def planned(given: Answers, model: Mapping[str, Any]) -> Answers:
    """The capacity plan of all answers. Raises one error that names everything that cannot be used."""
    service_answers.check_answers(given)
    return capacity.plan(demand(given, model), environment_names(given["environments"]), given["api_url"])


def demand(given: Answers, model: Mapping[str, Any]) -> Demand:
    """The demand that the answers make."""
    return Demand(
        peak_rps=given["peak_rps"],
        p99_ms=given["p99_ms"],
        availability=given["availability"],
        rpo_minutes=given["rpo_minutes"],
        rto_minutes=given["rto_minutes"],
        rows_per_day=given["rows_per_day"],
        retention_days=given["retention_days"],
        row_bytes=capacity.row_bytes(model),
        data_class=given["data_class"],
        release=given["release"],
        cloud=given["cloud"],
    )


GLOBALS = {"default_region": default_region, "capacity_plan": planned}
FILTERS = {"slug": slug}
