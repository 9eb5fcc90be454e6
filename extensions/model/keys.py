"""What is wrong with a key, which is unique over several fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..language.declarations import AggregateDeclaration
from ..language.grammar import RESERVED_FIELDS
from ..text.naming import LONGEST_NAME
from ..text.problems import nearest
from .value_objects import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..language.declarations import FieldDeclaration, KeyDeclaration, PartDeclaration

STATE = "status"
"""The field that every aggregate with a lifecycle has."""

MOST_BYTES = 2400
"""Of the texts in a key: with other values beside them, an entry of PostgreSQL's index holds 2 704 bytes."""


def complaints(owner: AggregateDeclaration | PartDeclaration) -> Iterator[tuple[str, int]]:
    """What is wrong with the keys of an aggregate or a part, and the place of each in the list."""
    fields = {field.name: field for field in owner.fields}
    for key in owner.unique:
        unfit = [complaint for name in key.fields for complaint in _unfit(name, key.written, owner)]
        known = [fields[name] for name in key.fields if name in fields]
        if not unfit and len(known) == len(key.fields):
            unfit = [*_needless(key, owner), *_together(key, known)]
        for complaint in unfit:
            yield complaint, key.item


def _unfit(name: str, key: str, owner: AggregateDeclaration | PartDeclaration) -> Iterator[str]:
    """Why a name cannot be in a key."""
    declared = next((field for field in owner.fields if field.name == name), None)
    if declared is None:
        yield from _unknown(name, key, owner)
        return
    row, longest = declared.spec.type, declared.spec.type.longest_indexed
    if declared.secret:
        yield f"{name!r} is secret, and a refusal would tell its value; leave it out of {key}"
    elif declared.computed:
        yield f"{name!r} is computed, so no caller could do anything about it; leave it out of {key}"
    elif not row.indexable:
        yield f"{name!r} is {row.kind}, which cannot be unique, also with other fields; leave it out of {key}"
    elif longest is not None and declared.spec.length > longest:
        yield f"{name!r} is too long for an index; expected at most {longest} characters"
    elif declared.unique:
        yield f"{name!r} is unique by itself, so {key} says no more; drop one of the two"


def _unknown(name: str, key: str, owner: AggregateDeclaration | PartDeclaration) -> Iterator[str]:
    """What to write instead of a name that is none of a field, unless the field has a problem already."""
    aggregate = owner if isinstance(owner, AggregateDeclaration) else None
    if name == STATE and aggregate and aggregate.lifecycle:
        yield f"{name!r} is changed by actions, which refuse no values; leave it out of {key}"
    elif aggregate and any(part.name == name for part in aggregate.parts):
        yield f"{name!r} is a part; only fields of the aggregate itself are possible"
    elif aggregate and name in RESERVED_FIELDS:
        yield f"{name!r} is made by the service; leave it out of {key}"
    else:
        yield from misspelt(name, owner)


def misspelt(name: str, owner: AggregateDeclaration | PartDeclaration) -> Iterator[str]:
    """What the field is called whose name on the wire this is, or that is called nearly so."""
    field = next((field for field in owner.fields if field.wire == name), None)
    if complaint := inside(name, owner.fields):
        yield complaint
    elif field is not None:
        yield f"{name!r} is the name on the wire; write the field's name {field.name!r}"
    elif owner.mentioned and name not in owner.mentioned:
        yield f"unknown field {name!r}{nearest(name, sorted(owner.mentioned))}"


def _needless(key: KeyDeclaration, owner: AggregateDeclaration | PartDeclaration) -> Iterator[str]:
    narrower = next((other for other in owner.unique if set(other.fields) < set(key.fields)), None)
    if narrower is not None:
        yield f"{key.written} says no more than {narrower.written}; drop it"


def _together(key: KeyDeclaration, fields: Sequence[FieldDeclaration]) -> Iterator[str]:
    if all(field.readonly and field.has_default for field in fields):
        yield f"{key.written} has only readonly fields with a default, so there could be but one; add another field"
    if (size := sum(map(_bytes, fields))) > MOST_BYTES:
        yield f"the texts of {key.written} may have {size} bytes; at most {MOST_BYTES} can be indexed, so shorten one"


def _bytes(field: FieldDeclaration) -> int:
    """The most that a text in an index may take; other values are small."""
    spec = field.spec
    if spec.type.longest_indexed is not None:
        return 4 * spec.length
    return LONGEST_NAME if spec.members else spec.length
