"""What lists are searched for: the words of some fields, in one language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text.problems import kind_of, near, show
from ..declarations import SearchDeclaration
from ..grammar import LANGUAGES, MOST_IN_SEARCH, SEARCH_KEYS
from .place import check_keys, read_field_names

if TYPE_CHECKING:
    from ...text.problems import Edit
    from .place import Place

SUCH_AS = "[title, description], or {fields: [title, description], language: english}"

_SPOKEN = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "deutsch": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
    "none": "simple",
    "any": "simple",
}
"""What people write who know languages by their codes."""


def read_search(place: Place, raw: object) -> SearchDeclaration | None:
    """The search; a list is one of words as they are written."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return _search(place, place, raw, LANGUAGES[0])
    check_keys(place, raw, SEARCH_KEYS)
    if raw.get("fields") is None:
        (place / "fields").add("is missing; expected the texts that are searched, such as [title, description]")
        return None
    return _search(place, place / "fields", raw["fields"], _language(place / "language", raw.get("language")))


def _search(place: Place, listed: Place, raw: Any, language: str) -> SearchDeclaration | None:
    if not isinstance(raw, (str, list)):
        listed.add(f"expected {SUCH_AS if listed == place else SUCH_AS[:20]}, not {kind_of(raw)}")
        return None
    names = read_field_names(listed, raw)
    if raw == []:
        listed.add("[] has no fields; expected one at least, such as [title, description]")
    if len(names) > MOST_IN_SEARCH:
        listed.add(f"has {len(names)} fields; at most {MOST_IN_SEARCH} are possible")
    return SearchDeclaration(listed.path, names, language)


def _language(place: Place, raw: object) -> str:
    if raw is None or raw in LANGUAGES:
        return str(raw or LANGUAGES[0])
    text = "no" if raw is False else str(raw)  # Norwegian, as YAML reads its code
    word = text.lower().replace("_", "-").partition("-")[0]
    meant = _SPOKEN.get(word) or (word if word in LANGUAGES else near(word, LANGUAGES))
    remedy = f"write {meant}" if meant else "drop it, and words are found as they are written"
    edits: list[Edit] = [(None, meant)] if meant else []
    place.add(f"{show(text)} is not a language whose words PostgreSQL knows; {remedy}", None, *edits)
    return LANGUAGES[0]
