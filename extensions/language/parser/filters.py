"""What lists are narrowed by: names of fields, each with the words for how it is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...text.problems import kind_of, near, show
from ..declarations import FilterDeclaration
from ..grammar import ASKED

if TYPE_CHECKING:
    from .place import Place

SUCH_AS = "such as [status, placed_at from to]"

_ELSEWHERE = {
    "any": "in, oneof, anyof, many, multiple, several, list, or",
    "from": "gte, ge, gt, min, after, since, start, above, atleast, greater",
    "to": "lte, le, lt, max, before, until, till, end, below, atmost, less",
    "from to": "range, between, span, interval, ranges, period",
    "prefix": "startswith, beginswith, starts, like, ilike, begins, startingwith, istartswith",
    "absent": "null, isnull, missing, empty, none, exists, present, isnil, blank, notnull, optional",
    "": "eq, equals, exact, equal, is, iexact",
}
_INSTEAD = {word: instead for instead, words in _ELSEWHERE.items() for word in words.split(", ")}
"""What people write who know other query languages → what is written here; nothing where the name alone says it."""

_SIGNS = {">=": "from", ">": "from", "<=": "to", "<": "to", "==": "", "=": "", "..": "from to"}


def read_filter(place: Place, raw: object) -> tuple[FilterDeclaration, ...]:
    """The filters; one alone is a list of one."""
    if raw is None:
        return ()
    values = [raw] if isinstance(raw, str) else raw
    if not isinstance(values, list):
        place.add(f"expected a list of fields, {SUCH_AS}, not {kind_of(raw)}")
        return ()
    filters: list[FilterDeclaration] = []
    for item, value in enumerate(values):
        if not isinstance(value, str):
            place.add(f"expected the name of a field, not {kind_of(value)}", item)
            continue
        name, *words = value.split() or [""]
        if "," in value:
            place.add(f"{show(value)} is one text; write each field by itself, as in {SUCH_AS[8:]}", item)
        elif any(each.name == name for each in filters):
            again = f"; write all words behind one {name}" if words else "; drop one"
            place.add(f"lists {name!r} twice{again}", item)
        else:
            filters.append(FilterDeclaration(name, tuple(_words(place, name, words, item)), item))
    return tuple(filters)


def _words(place: Place, name: str, words: list[str], item: int) -> list[str]:
    """The words that the language has, each once."""
    found: list[str] = []
    for word in words:
        if word not in ASKED:
            place.add(f"{show(word)} is not how {name} can be asked for; {_remedy(name, word)}", item)
        elif word in found:
            place.add(f"says {word!r} twice of {name}; drop one", item)
        else:
            found.append(word)
    return found


def _remedy(name: str, word: str) -> str:
    known = _SIGNS.get(word) if word in _SIGNS else _INSTEAD.get(re.sub(r"[^a-z]", "", word.lower()))
    if known is None:
        known = near(word, ASKED) or None
    if known is None:
        return f"expected {', '.join(ASKED[:-1])} or {ASKED[-1]}"
    return f"write {name} {known}".rstrip()
