"""What is wrong with the way in which a list is asked for a field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..types import TABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..language.declarations import AggregateDeclaration, FieldDeclaration, FilterDeclaration

MOMENTS = ("created_at", "modified_at")
"""What every aggregate has, and can be asked for by."""


def complaints(
    asked: FilterDeclaration,
    declared: FieldDeclaration | None,
    aggregate: AggregateDeclaration,
    parameters: Collection[str],
) -> Iterator[str]:
    """What is wrong with a filter by a field, or, without one, by the state or a moment that every aggregate has.

    `parameters` are those of every list.
    """
    if declared is None and asked.name in MOMENTS and not asked.words:
        yield f"{asked.name!r} is datetime, of which no two are alike; ask for a span: {asked.name} from to"
    elif declared is None and asked.name in MOMENTS:
        yield from _unfit(asked, "datetime", TABLE["datetime"].asks)
    elif declared is None:
        yield from _unfit(asked, "the state of the lifecycle", TABLE["enum"].asks)
    elif declared.wire in parameters:
        yield f"{asked.name!r} is a parameter of every list; rename the field to filter by it"
    else:
        yield from _of_field(asked, declared)
    yield from _taken(asked, declared.wire if declared else asked.name, aggregate)


def unsearchable(declared: FieldDeclaration) -> str | None:
    """Why the words of the field cannot be searched for."""
    if not declared.spec.type.searched or declared.spec.refers:
        kinds = " and ".join(kind for kind, row in TABLE.items() if row.searched)
        what = "an id" if declared.spec.refers else declared.spec.type.kind
        return f"{declared.name!r} is {what}, and only the words of {kinds} are searched; drop it"
    if declared.secret or declared.pii:
        what = "secret" if declared.secret else "pii"
        return f"{declared.name!r} is {what}; addresses end up in logs: drop it here, or the word there"
    return None


def _of_field(asked: FilterDeclaration, declared: FieldDeclaration) -> Iterator[str]:
    name, row = asked.name, declared.spec.type
    if not row.filterable and not row.asks:
        kinds = ", ".join(kind for kind, each in TABLE.items() if each.filterable)
        yield f"{name!r} is {row.kind}, which cannot be filtered by; only {kinds} can"
        return
    if not row.filterable and not asked.words:
        yield f"{name!r} is {row.kind}, of which no two are alike; ask for a span: {name} {' '.join(row.asks)}"
    if "absent" in asked.words and not declared.optional:
        otherwise = "" if row.nullable else "write '?' behind its type, or "
        yield f"{name!r} is never absent; {otherwise}drop the word"
    yield from _unfit(asked, row.kind, (*row.asks, "absent"))


def _unfit(asked: FilterDeclaration, kind: str, fit: Collection[str]) -> Iterator[str]:
    """The words that are not for the type."""
    for word in asked.words:
        if word not in fit:
            others = ", ".join(each for each, row in TABLE.items() if word in row.asks) or "what may be absent"
            yield f"{asked.name!r} is {kind}, and {word!r} is for {others}; drop the word"


def _taken(asked: FilterDeclaration, wire: str, aggregate: AggregateDeclaration) -> Iterator[str]:
    """Parameters that would be called like another field, which could never be asked for by its own name."""
    names = {field.wire: field.name for field in aggregate.fields}
    for word in asked.words:
        name = f"{wire}_{word}"
        if word != "any" and name in names:
            yield f"{word!r} of {asked.name!r} is asked by {name!r}, the name of another field; rename one of them"
