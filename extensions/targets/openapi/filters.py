"""What a list can be asked for: the schema of each parameter, and what the contract says of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...text import naming
from ...text.sentences import alternatives
from ...types import TABLE
from ...types.base import Spec
from ...types.wire import LINE_PATTERN, LONGEST_SEARCH
from .types import field_schemas

if TYPE_CHECKING:
    from ...model.domain import Aggregate, Filter, Search
    from .json_schema import Json

_MOMENTS = frozenset({"date", "datetime", "time"})
_SEARCHED = 2
"""Words of an example that the example of a search has."""
_SHOWN = 3
"""Characters of an example that the example of a prefix has."""


class AskedFor(NamedTuple):
    """A parameter: the schema of a value, an example, and what is found by it."""

    schema: Json
    example: Any
    description: str


def asked_for(word: str, entry: Filter, aggregate: Aggregate) -> AskedFor:
    """The parameter of the filter by that word."""
    if entry.search:
        return _search(entry.search, aggregate)
    titles, title = aggregate.titles, entry.field.title if entry.field else naming.words(entry.name)
    schema, example, is_moment = _value(entry, aggregate)
    cases = ", in upper or lower case" if entry.ignorecase else ""
    if word == "prefix":
        longest = entry.field.type.length if entry.field else 0
        schema = {"type": "string", "minLength": 1, "maxLength": longest, "pattern": LINE_PATTERN}
        return AskedFor(schema, example[:_SHOWN], f"Only {titles} whose {title} begins with this{cases}.")
    if word == "absent":
        found = f"Only {titles} without {title} if `true`, only those that have it if `false`."
        return AskedFor({"type": "boolean"}, True, found)  # noqa: FBT003 - the example
    if entry.field and entry.field.is_many:
        several = ", or one of several: repeat the parameter" if word == "any" else ""
        return AskedFor(schema, example, f"Only {titles} that have this one among their {title}{several}.")
    by_word = {
        "": f"with this {title}{cases}",
        "any": f"with this {title}{cases}, or with one of several: repeat the parameter",
        "from": f"whose {title} is not {'before' if is_moment else 'below'} this",
        "to": f"whose {title} is not {'after' if is_moment else 'above'} this",
    }
    return AskedFor(schema, example, f"Only {titles} {by_word[word]}.")


def _search(search: Search, aggregate: Aggregate) -> AskedFor:
    """The parameter by which lists are searched for words."""
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_SEARCH, "pattern": LINE_PATTERN}
    forms = "upper or lower case" if search.is_plain else f"whatever form {search.language.capitalize()} gives them"
    places = alternatives(field.title for field in search.fields)
    found = (
        f"Only {aggregate.titles} with these words in their {places}, in {forms}: all of them, or either side of an "
        '`or`; those in `"…"` next to each other, and none with a `-` before it.'
    )
    return AskedFor(schema, _words(search), found)


def _words(search: Search) -> str:
    """Words of an example, without signs that mean something in a search."""
    words = re.findall(r"\w+", str(search.fields[0].examples[0]))
    return " ".join(words[:_SEARCHED])[:LONGEST_SEARCH] or "words"


def _value(entry: Filter, aggregate: Aggregate) -> tuple[Json, Any, bool]:
    """The schema of what is compared, an example, and whether it is a moment or a day."""
    if entry.field is not None:
        if entry.field.is_many:
            return field_schemas(entry.field.type.item).request, entry.field.examples[0][0], False
        request = field_schemas(entry.field.type).request
        return request, entry.field.examples[0], entry.field.kind in _MOMENTS
    if entry.is_moment:
        spec = Spec(TABLE["datetime"], name=entry.name)
        return field_schemas(spec).request, next(spec.type.examples(spec)), True
    if aggregate.lifecycle is None:
        raise ValueError(aggregate.name)
    states = [state.name for state in aggregate.lifecycle.states]
    return {"type": "string", "enum": states}, states[0], False
