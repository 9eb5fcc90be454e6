"""The domains of a merge under the names that either side gave, so that a rename there hides no change here."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from castrum.errors import Refusal
from castrum.merge.values import Disagreement, Side
from castrum.rename.renaming import declared
from castrum.template import language

Domain = dict[str, Any]


def under_one_name(sides: list[Any], take: Side | None) -> tuple[list[Any], list[Disagreement]]:
    """Base, ours and theirs with the names of both sides, and what each of them renamed in its own way.

    Where a side is to be taken, its names are. A domain that is not valid stays as it is.
    """
    base, ours, theirs = sides
    try:
        # What one side calls otherwise can have fields that the other one does.
        three = language.under_new_names(theirs, ours)
        two = language.under_new_names(ours, three)
        three = language.under_new_names(three, two)
        one = base
        for side in (two, three, two):
            one = language.under_new_names(one, side)
        disagreements = _disagreements(base, two, three)
        for each in disagreements if take else ():
            if take == "ours":
                three = language.under_new_names(three, _after(two, each.ours, each.theirs))
            else:
                two = language.under_new_names(two, _after(three, each.theirs, each.ours))
        if disagreements and take:
            one = language.under_new_names(base, two if take == "ours" else three)
    except (Refusal, AttributeError, KeyError, TypeError):
        return sides, []
    return [one, two, three], [] if take else disagreements


def seen_from(base: Any, side: Any, asked: Any) -> Any:
    """The domain that is asked for, whose names are new ones for those that the side gave in its own way."""
    try:
        for each in _disagreements(base, side, asked):
            asked = _after(asked, each.theirs, each.ours)
    except (Refusal, AttributeError, KeyError, TypeError):
        return asked
    return asked


def reworded(text: bytes, sides: list[Any]) -> bytes:
    """The text of a domain, whose references have the names that either side gave."""
    try:
        names = _renames(sides[0], sides[1]) | _renames(sides[0], sides[2])
    except (Refusal, AttributeError, KeyError, TypeError):
        return text
    words = {former.rpartition(".")[2]: name for former, name in names.items()}
    lines = text.decode().splitlines(keepends=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b") if words else None
    return "".join(
        line if pattern is None or "renamed_from" in line else pattern.sub(lambda found: words[found[0]], line)
        for line in lines
    ).encode()


def _disagreements(base: Domain, ours: Domain, theirs: Domain) -> list[Disagreement]:
    """The names of the base that became another one on each side."""
    one, two = (_renames(base, side) for side in (ours, theirs))
    return [
        Disagreement(f"the new name of {former}", one[former], two[former])
        for former in one.keys() & two.keys()
        if one[former] != two[former]
    ]


def _renames(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """Former name → new name; a field's after its aggregate's."""
    pairs = (rename.what.split(" → ") for rename in declared(language.model(old), language.model(new)))
    return {former: name.rpartition(".")[2] for former, name in pairs}


def _after(domain: Domain, name: str, former: str) -> Domain:
    """The domain, in which what is called so was called otherwise."""
    changed = deepcopy(domain)
    _say(changed["aggregates"], name, former)
    return changed


def _say(value: Any, name: str, former: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, dict) and "renamed_from" in inner:
                inner["renamed_from"] = former
            _say(inner, name, former)
