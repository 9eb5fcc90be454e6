"""Who changes which file of the generated repository, from the list that Copier itself reads."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(__file__).resolve().parents[1] / "questions" / "ownership.yml"


@lru_cache(maxsize=1)
def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return rules


def ownership(answers: Mapping[str, bool]) -> dict[str, Any]:
    """`yours`: patterns; `template`: paths with what to do instead, as far as the answers make them."""
    rules = _rules()
    template = [
        {"paths": rule["paths"], "instead": rule["instead"]}
        for rule in rules["_follows_template"]
        if "when" not in rule or answers[rule["when"]]
    ]
    return {"yours": list(rules["_skip_if_exists"]), "template": template}


def digest(text: str) -> str:
    """A digest of the lines that are no comments; it tells whether somebody edited what a tool keeps."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


GLOBALS = {"ownership": ownership}
FILTERS = {"digest": digest}
