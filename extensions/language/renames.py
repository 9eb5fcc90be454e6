"""Which renames by `renamed_from` can be carried out, and in which order of updates the others can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..text.problems import nearest

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
            yield path, f"{former!r} became {taken[former]} already"
        elif former == each.name:
            yield path, f"{former!r} is the name that it has; drop the word"
        elif former in renames.values():
            steps = _in_steps(renames, renames)
            yield path, f"{former!r} is a new name as well; drop this word if that is done, or take {steps}"
        elif former in names:
            yield path, f"{former!r} is still {what}; drop it, or this word"
        taken.setdefault(former, each.path)


def problems_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What stands in the way of the renames from the model of the last update to the new one, one line each.

    A word that was carried out by an earlier update may stay.
    """
    return list(_aggregates(old["aggregates"], new["aggregates"]))


def _aggregates(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    before = {each["name"]: each for each in old}
    yield from _blocked("aggregates", before, new, "an aggregate", {each["name"]: {each["table"]} for each in old})
    parts = {part["table"]: f"{each['name']}.{part['name']}" for each in old for part in each["parts"]}
    for aggregate in new:
        path = f"aggregates.{aggregate['name']}"
        former = aggregate.get("renamed_from")
        source = before.get(aggregate["name"]) or before.get(former)
        if aggregate["name"] not in before and former in before and aggregate["table"] in parts:
            owner = parts[aggregate["table"]]
            yield (
                f"{path}.renamed_from: its table {aggregate['table']} was that of {owner} at the last update; "
                f"an update, with its migration, for each step: remove {owner}, {former} → {aggregate['name']}"
            )
        yield from _fields(f"{path}.fields", source, aggregate)
        for part in aggregate["parts"]:
            known = {each["name"]: each for each in source["parts"]} if source else {}
            yield from _fields(f"{path}.parts.{part['name']}.fields", known.get(part["name"]), part)


def _fields(path: str, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterator[str]:
    before = {each["name"]: each for each in old["fields"]} if old else {}
    columns = {name: {column["name"] for column in each["columns"]} for name, each in before.items()}
    yield from _blocked(path, before, new["fields"], "a field", columns)


def _blocked(
    path: str,
    before: Mapping[str, Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
    what: str,
    stored: Mapping[str, set[str]],
) -> Iterator[str]:
    """The renames of aggregates, or of the fields of one; ``stored`` are the tables or columns of each old name."""
    asked = {each["renamed_from"]: each["name"] for each in new if each.get("renamed_from") in before}
    asked = {former: name for former, name in asked.items() if former not in {each["name"] for each in new}}
    for each in new:
        former, name = each.get("renamed_from"), each["name"]
        if former is None or (former not in before and name in before):
            continue
        here = f"{path}.{name}.renamed_from"
        if former not in before:
            near = nearest(former, before, otherwise=False)
            yield f"{here}: {former!r} was not {what} at the last update, so there is nothing to rename{near}"
        elif name in before and name != former:
            yield f"{here}: {name!r} was {what} at the last update; {_in_steps(asked, before)}"
        else:
            own = {column["name"] for column in each["columns"]} if "column" in each else {each["table"]}
            other = next((other for other in before if other != former and stored[other] & own), None)
            if other is not None:
                shared = ", ".join(sorted(stored[other] & own))
                steps = f"an update, with its migration, for each step: remove {other}, {former} → {name}"
                yield f"{here}: {shared} was stored for {other!r} at the last update; {steps}"


def _in_steps(renames: Mapping[str, str], there: Iterable[str]) -> str:
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
