"""The three-way merge of what YAML holds: mappings key by key, lists entry by entry, everything else as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Side = Literal["ours", "theirs"]


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()
"""The value of a key that is not there."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A place that both sides changed, each in its own way."""

    place: str
    ours: Any
    theirs: Any


@dataclass(slots=True)
class Merged:
    """What both sides ask for; where they disagree, it is what ours says."""

    value: Any
    disagreements: list[Disagreement]


def merge(base: Any, ours: Any, theirs: Any, place: str = "") -> Merged:
    """Merge two values that were made from ``base``, each of them ``MISSING`` where there is none."""
    if theirs in (ours, base):
        return Merged(ours, [])
    if ours == base:
        return Merged(theirs, [])
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _mappings(base if isinstance(base, dict) else {}, ours, theirs, place)
    if all(isinstance(side, list) for side in (base, ours, theirs)):
        return Merged(_lists(base, ours, theirs), [])
    return Merged(ours, [Disagreement(place, ours, theirs)])


def _mappings(base: dict[Any, Any], ours: dict[Any, Any], theirs: dict[Any, Any], place: str) -> Merged:
    value: dict[Any, Any] = {}
    disagreements: list[Disagreement] = []
    for key in dict.fromkeys([*ours, *theirs]):
        was, mine, other = (side.get(key, MISSING) for side in (base, ours, theirs))
        below = merge(was, mine, other, f"{place}.{key}".lstrip("."))
        disagreements += below.disagreements
        if below.value is not MISSING:
            value[key] = below.value
    return Merged(value, disagreements)


def _lists(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    kept = [entry for entry in ours if entry not in base or entry in theirs]
    return kept + [entry for entry in theirs if entry not in base and entry not in kept]
