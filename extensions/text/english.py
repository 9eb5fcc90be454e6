"""Plurals of nouns, and the nouns of actions."""

from __future__ import annotations

import re

from .english_words import (
    ACTION_NOUNS,
    IRREGULAR_PLURALS,
    NOUN_ENDINGS,
    PLURALS_IN_US,
    PREFIXES,
    SINGULARS_IN_E,
    UNCOUNTABLE,
)
from .naming import kebab

_SINGULARS = {plural: singular for singular, plural in IRREGULAR_PLURALS.items()} | {
    f"{singular}s": singular for singular in SINGULARS_IN_E
}
_PLURALS = frozenset(IRREGULAR_PLURALS.values())
_SINGULAR_IN_S = re.compile(
    r".*(?:ss|sis|us)|lens|iris|alias|atlas|bias|canvas|chaos|christmas|gas|pancreas|tennis|chassis|cosmos"
)


def plural(name: str) -> str:
    """The plural of the last word of a snake_case name: `order_line` → `order_lines`, `person` → `people`."""
    head, separator, word = name.rpartition("_")
    return head + separator + _plural_word(word)


def _plural_word(word: str) -> str:
    if word in UNCOUNTABLE or word in _PLURALS:
        return word
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    if len(word) == 1 or word[-1].isdigit():
        return word + "s"
    if word.endswith("man") and word[:-3] in {"sales", "fore", "fire", "police", "chair", "work", "crafts"}:
        return word[:-2] + "en"
    if word.endswith("s") and (word in PLURALS_IN_US or not _SINGULAR_IN_S.fullmatch(word)):
        return word  # already a plural: `settings`, `details`
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def singular(name: str) -> str:
    """The singular of the last word of a snake_case name: `sale_tags` → `sale_tag`; what is no plural stays."""
    head, separator, word = name.rpartition("_")
    return head + separator + _singular_word(word)


def _singular_word(word: str) -> str:
    if word in _SINGULARS:
        return _SINGULARS[word]
    if word in UNCOUNTABLE or not word[1:].endswith("s") or _SINGULAR_IN_S.fullmatch(word):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.fullmatch(r".*(?:ss|x|tz|zz|ch|sh)es|..+(?<![ao])uses|buses", word):
        return word[:-2]
    return word[:-1]


def action_noun(action: str) -> str:
    """The kebab-case plural noun of an action: `place` → `placements`, `mark_paid` → `mark-paid-requests`."""
    if action in ACTION_NOUNS:
        return ACTION_NOUNS[action]
    head, separator, verb = action.rpartition("_")
    if separator and head in PREFIXES:
        return f"{kebab(head)}-{action_noun(verb)}"
    if separator:
        return f"{kebab(action)}-requests"
    for ending, noun in NOUN_ENDINGS:
        if action.endswith(ending) and len(action) > len(ending) + 1:
            return action.removesuffix(ending) + noun
    if action.startswith("re") and action[2:] in ACTION_NOUNS:
        return "re" + ACTION_NOUNS[action[2:]]
    return f"{kebab(action)}-requests"
