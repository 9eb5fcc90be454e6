"""What Copier is given beside its prompts: answers of `--data` and `--data-file`, and the name of the answers file.

Copier itself ends with a traceback for some of them and passes over others, so they are looked at before the first
question.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from copier.errors import UserMessageError

from ..text.sentences import alternatives

TEMPLATE = Path(__file__).resolve().parents[2]
ANSWERS_FILE = ".copier-answers.yml"
TEXTS = frozenset({"service_name", "description", "organisation", "owner_team", "folder"})
"""Answers in which a number is a text that YAML has read as one: 0123 would come as 83."""


@lru_cache(maxsize=1)
def questions() -> dict[str, dict[str, Any]]:
    """Every question that is asked, in the order in which it is."""
    found: dict[str, dict[str, Any]] = {}
    settings = (TEMPLATE / "copier.yml").read_text(encoding="utf-8")
    for path in re.findall("^!include (.+)$", settings, re.MULTILINE):
        document: dict[str, dict[str, Any]] = yaml.safe_load((TEMPLATE / path).read_text(encoding="utf-8"))
        found |= {name: each for name, each in document.items() if name[0] != "_" and each.get("when") is not False}
    return found


def refuse_given(conf: Any) -> bool:
    """Refuse what was given and cannot be taken: all of it at once, with the reason. Returns true."""
    if Path(conf["answers_file"]).as_posix() != ANSWERS_FILE:
        raise UserMessageError(
            f"The answers file of a service is always called {ANSWERS_FILE}: leave out --answers-file; "
            f"in a service that has another one: git mv {conf['answers_file']} {ANSWERS_FILE}"
        )
    given = conf["data"]
    if "_commit" in given:  # Copier's own update hands on what is recorded, also what only an earlier version asked
        given = {name: value for name, value in given.items() if name in questions()}
    lines = [f"  - {line}" for name, value in given.items() if (line := _problem(str(name), value))]
    if lines:
        count = f"{len(lines)} answers cannot" if len(lines) > 1 else "1 answer cannot"
        raise UserMessageError(f"{count} be used:\n" + "\n".join(lines))
    return True


def _problem(name: str, value: Any) -> str:
    if name not in questions():
        near = difflib.get_close_matches(name, questions(), n=1)
        return f"unknown answer '{name}'" + (
            f"; did you mean '{near[0]}'?" if near else f"; the answers are {', '.join(sorted(questions()))}"
        )
    if name == "domain":
        return _domain_problem(value)
    if isinstance(value, (list, tuple)):
        return f"{name}: write one text instead of a list: '{', '.join(map(str, value))}'"
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return f"{name}: YAML reads what stands there as {_kind(value)}; write the text in quotes"
    if name in TEXTS and not isinstance(value, str):
        return f"{name}: YAML reads what stands there as the number {value}; write the text in quotes"
    choices = [str(choice) for choice in _choices(name)]
    if choices and str(value) not in choices:
        return f"{name}: {str(value)!r} is not {alternatives(choices)}"
    return ""


def _choices(name: str) -> list[Any]:
    choices = questions()[name].get("choices", [])
    return list(choices.values() if isinstance(choices, dict) else choices)


def _domain_problem(value: Any) -> str:
    """Copier parses a text as YAML; what the domain says is judged where the model is made of it."""
    if isinstance(value, str):
        try:
            yaml.safe_load(value)
        except (yaml.YAMLError, ValueError) as error:
            return f"domain: not valid YAML: {' '.join(str(error).split())}"
    return ""


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return {"NoneType": "nothing", "dict": "a mapping"}.get(type(value).__name__, f"a {type(value).__name__}")


GLOBALS = {"refuse_given": refuse_given}
FILTERS: dict[str, Any] = {}
