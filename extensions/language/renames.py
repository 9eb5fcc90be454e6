"""Which renames by `renamed_from` go together in one domain, and in which order of updates the others can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .declarations import AggregateDeclaration, FieldDeclaration

LONGEST = 40


def within(
    declared: Sequence[AggregateDeclaration] | Sequence[FieldDeclaration], names: set[str], what: str
) -> Iterator[tuple[str, str]]:
    """Path and complaint where a former name is still somebody's, or two took it over."""
    renames = {each.renamed_from: each.name for each in declared if each.renamed_from not in (None, each.name)}
    taken: dict[str, str] = {}
    for each in declared:
        former = each.renamed_from
        if former is None:
            continue
        path = f"{each.path}.renamed_from"
        if former in taken:
            yield path, f"{former!r} became {taken[former]} already; drop the word in one of them"
        elif former == each.name:
            yield path, f"{former!r} is the name that it has; drop the word"
        elif former in renames.values():
            steps = in_steps(renames, renames)
            yield path, f"{former!r} is a new name as well; drop this word if that is done, or take {steps}"
        elif former in names:
            yield path, f"{former!r} is still {what}; drop it, or this word"
        taken.setdefault(former, each.path)


def in_steps(renames: Mapping[str, str], there: Iterable[str]) -> str:
    """The order in which the renames work, from former name to new one, where ``there`` are the names at first."""
    waiting, occupied = dict(renames), set(there)
    steps = []
    for name in waiting.values():
        if name in occupied and name not in waiting:
            steps.append(f"remove {name}")
            occupied.remove(name)
    while waiting:
        former = next((each for each, name in waiting.items() if name not in occupied), None)
        if former is None:  # a ring: one of them steps aside
            former = next(iter(waiting))
            aside = _aside(former, {*occupied, *waiting.values()})
            steps.append(f"{former} → {aside}")
            waiting[aside] = waiting.pop(former)
            occupied.add(aside)
        else:
            steps.append(f"{former} → {waiting.pop(former)}")
        occupied.discard(former)
    return f"an update, with its migration, for each step: {', '.join(steps)}"


def _aside(name: str, taken: set[str]) -> str:
    """A name that nobody has."""
    start = "Former" if name[:1].isupper() else "former_"
    found = f"{start}{name}"[:LONGEST]
    while found in taken:
        found = f"{start}{found}"[:LONGEST]
    return found
