"""Words of a field that make no sense together, and what the case of its letters means for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..types import TABLE
from . import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .declarations import AggregateDeclaration, FieldDeclaration

WITH_CASE = tuple(row.kind for row in TABLE.values() if row.cased)


def complaints(declared: FieldDeclaration) -> Iterator[tuple[str, str]]:
    """What is wrong with the words of a field, each behind the word that is to blame."""
    if declared.computed:
        return _of_computed(declared)
    return references.complaints(declared) if declared.spec.type.many else _complaints(declared)


def _complaints(declared: FieldDeclaration) -> Iterator[tuple[str, str]]:
    row = declared.spec.type
    wide = row.longest_indexed is not None and declared.spec.length > row.longest_indexed
    if declared.optional and row.nullable:
        yield "optional", row.nullable
    elif declared.optional and declared.has_default:
        yield "default", "a field with a default is never absent; drop the '?' or the default"
    if declared.pii and declared.secret:
        yield "pii", "pii and secret exclude each other; secret says more: it is never shown at all"
    if declared.secret and declared.has_default:
        yield "default", "a secret has no default, for the contract would show it; drop one of them"
    if declared.secret and declared.readonly:
        yield "readonly", "a readonly secret could neither be written nor read; drop one of them"
    if declared.unique and declared.has_default:
        yield "default", "a unique field has no default, for it could be used only once; drop one of them"
    if declared.on_delete and not row.local:
        why = "another context deletes what it refers to" if declared.spec.refers else f"a {row.kind} refers to nothing"
        yield "on_delete", f"on_delete is for ref, and {why}; drop it"
    elif declared.on_delete == "clear" and not declared.optional:
        yield "on_delete", "what is cleared has to be optional; write '?' behind the type, or on_delete=cascade"
    if declared.ignorecase and not row.cased:
        yield "ignorecase", f"{row.kind} has no upper and lower case; ignorecase is for {', '.join(WITH_CASE)}"
    if declared.unique and not row.unique:
        yield "unique", f"{row.kind} cannot be unique; drop the word"
    elif declared.index and not row.indexable:
        yield "index", f"{row.kind} cannot be indexed; drop the word"
    elif (declared.unique or declared.index) and wide:
        yield (
            "unique" if declared.unique else "index",
            f"the string is too long for an index; expected at most {row.longest_indexed} characters",
        )
    starts = declared.optional or declared.has_default or declared.begins_now
    if declared.readonly and not starts and (why := _beginning(declared)):
        yield "readonly", why


def _beginning(declared: FieldDeclaration) -> str:
    """What keeps a readonly field from being there from the start."""
    members = declared.spec.members_of
    if members and all(member.optional for member in members):
        return ""  # it starts with nothing inside
    if members:
        return (
            f"something in {declared.spec.target} is always there, and nobody sends it; write '?' here, or at all there"
        )
    if declared.spec.type.nullable:
        return "a readonly field starts with its default; give it one"
    return "a readonly field starts absent or with a default; write '?' or give it one"


def _of_computed(declared: FieldDeclaration) -> Iterator[tuple[str, str]]:
    """What a field that nobody sets cannot be besides."""
    row = declared.spec.type
    if declared.has_default:
        yield "default", "what is computed has no default, for it always has a value of its own; drop one of them"
    if declared.unique:
        yield "unique", "what is computed cannot be unique, for no caller could do anything about it; drop the word"
    if declared.secret:
        yield "secret", "what is computed is shown; drop secret, and leave secrets out of what it is made of"
    if declared.on_delete:
        yield "on_delete", "on_delete is for ref, and what is computed is none; drop it"
    if declared.ignorecase:
        yield "ignorecase", f"{row.kind} has no upper and lower case; drop the word"
    if declared.index and not row.indexable:
        yield "index", f"{row.kind} cannot be indexed; drop the word"


def without_use(aggregates: Iterable[AggregateDeclaration]) -> Iterator[tuple[str, str]]:
    """The paths of fields that nothing compares although they say how, and what is wrong with them."""
    for aggregate in aggregates:
        for owner in aggregate.owners:
            compared = {
                *(each.name for each in aggregate.filter),
                *(name for key in owner.unique for name in key.fields),
            }
            for declared in owner.fields:
                if declared.spec.type.many:
                    continue  # it cannot have the word at all
                if declared.ignorecase and not (declared.unique or declared.index or declared.name in compared):
                    yield (
                        declared.path,
                        "nothing compares it, so ignorecase has no meaning; add unique, index or a filter",
                    )


def told_apart(declared: FieldDeclaration, values: list[Any]) -> list[Any]:
    """The values without those that are alike for the field."""
    return list({value.lower(): value for value in values[::-1]}.values())[::-1] if declared.ignorecase else values
