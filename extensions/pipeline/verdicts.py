"""What an update of `domain.yaml` means for those who depend on the service."""

from __future__ import annotations

from ..model import agreements
from ..targets.postgres import changes
from .reading import domain_model


def events(old: object, new: object) -> tuple[list[str], list[str]]:
    """What other contexts have to know of before, and what else changed in events; raises as `domain_model` does."""
    return agreements.between(domain_model(old), domain_model(new))


def tables(old: object, new: object) -> tuple[list[str], list[str]]:
    """What changes in the tables, and advice about what is dangerous in it; raises as `domain_model` does."""
    return changes.between(domain_model(old), domain_model(new))
