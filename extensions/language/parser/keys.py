"""What is unique over several fields: lists of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...text.problems import kind_of
from ..declarations import KeyDeclaration
from ..grammar import MOST_IN_KEY

if TYPE_CHECKING:
    from .place import Place

EXPECTED = "expected lists of fields, such as [[customer, number]]"


def read_unique(place: Place, raw: object) -> tuple[KeyDeclaration, ...]:
    """The keys, except those that are wrong."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        place.add(f"{EXPECTED}, not {kind_of(raw)}; for one field alone write `unique` after its type")
        return ()
    if raw and all(isinstance(each, str) for each in raw):
        place.add(_flat(raw))
        return ()
    keys: list[KeyDeclaration] = []
    for item, each in enumerate(raw):
        key = _key(place, each, item)
        if key is None:
            continue
        same = next((other for other in keys if set(other.fields) == set(key.fields)), None)
        if same is None:
            keys.append(key)
        else:
            place.add(f"{key.written} is {same.written} again; drop one of them", item)
    return tuple(keys)


def _flat(names: list[str]) -> str:
    if len(names) == 1:
        return f"[{names[0]}] is one field; write `unique` after the type of {names[0]} instead"
    return f"{EXPECTED}; write [[{', '.join(names)}]] if no two have all of these alike"


def _key(place: Place, raw: object, item: int) -> KeyDeclaration | None:
    """The names of the fields; nothing when they are no key."""
    if not isinstance(raw, list):
        place.add(f"expected a list of fields, such as [customer, number], not {kind_of(raw)}", item)
        return None
    odd = [name for name in raw if not isinstance(name, str)]
    if odd:
        place.add(f"expected the name of a field, not {kind_of(odd[0])}", item)
        return None
    key = KeyDeclaration(tuple(raw), item)
    twice = next((name for name in raw if raw.count(name) > 1), None)
    if twice is not None:
        place.add(f"{key.written} lists {twice!r} twice; drop one", item)
    elif not raw:
        place.add("[] has no fields; expected two at least, such as [customer, number]", item)
    elif len(raw) == 1:
        place.add(_flat(raw), item)
    elif len(raw) > MOST_IN_KEY:
        place.add(f"{key.written} has {len(raw)} fields; at most {MOST_IN_KEY} are possible", item)
    else:
        return key
    return None
