"""Who changes which file of the generated repository, from the list that Copier itself reads."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..capabilities.registry import contributed
from .origin import with_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SOURCE = Path(__file__).resolve().parents[2] / "questions" / "ownership.yml"


@lru_cache(maxsize=1)
def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return rules


def ownership(uses: Mapping[str, bool]) -> dict[str, Any]:
    """`yours`: patterns; `template`: paths with what to do instead, of all services and of the capabilities in use."""
    rules = _rules()
    template = [{"paths": rule["paths"], "instead": rule["instead"]} for rule in rules["_follows_template"]]
    template += [{"paths": list(rule.paths), "instead": rule.instead} for rule in contributed(uses, "follows_template")]
    return {"yours": list(rules["_skip_if_exists"]), "template": template}


def recorded(answers: Mapping[str, Any], conf: Any) -> str:
    """The answers as they are recorded: a blank line between two, so that git merges a change of each."""
    return _text(with_origin(answers, conf))


def stamp(answers: Mapping[str, Any], conf: Any) -> str:
    """The digest of all that a tree is made from; from which address the template came is no matter."""
    text = _text({name: answer for name, answer in with_origin(answers, conf).items() if name != "_src_path"})
    return hashlib.sha256("\n".join(line for line in text.split("\n") if line.strip()).encode()).hexdigest()[:16]


def _text(answers: Mapping[str, Any]) -> str:
    return "\n".join(
        yaml.dump({key: answers[key]}, indent=2, allow_unicode=True, default_flow_style=False, sort_keys=False)
        for key in sorted(answers)
    )


GLOBALS = {"ownership": ownership, "recorded": recorded, "stamp": stamp}
FILTERS: dict[str, Callable[[str], str]] = {}
