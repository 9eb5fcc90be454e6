"""Rules in the words of others, and what to write instead."""

from __future__ import annotations

import re

_NAME = r"([a-z_]\w*)"
_NEEDED = rf"(?:requires? )?{_NAME}(?: is)?(?: required| present)?"
_WORD = r"['\"]?(\w+)['\"]?"

WORDS = (
    ("≥|=>", ">="),
    ("≤|=<", "<="),
    ("<>|≠|!==|/=", "!="),
    (r"\s*\|\|?\s*", " or "),
    (r"\s+(?:is\s+)?(?:not\s+before|at\s+least|gte|greaterThanOrEqualTo)\s+", " >= "),
    (r"\s+(?:is\s+)?(?:not\s+after|at\s+most|lte|lessThanOrEqualTo)\s+", " <= "),
    (r"\s+(?:is\s+)?(?:after|greater\s+than|more\s+than|gt|greaterThan)\s+", " > "),
    (r"\s+(?:is\s+)?(?:before|less\s+than|lt|lessThan)\s+", " < "),
    (r"\s+(?:is\s+)?(?:not\s+equal\s+to|differs\s+from|ne|is\s+not(?!\s+null))\s+", " != "),
)
"""Signs and words between two fields."""

SENTENCES = (
    (r"(?:CHECK\s*)?\((.+)\)", r"\1"),
    (rf"{_NAME}\s+xor\s+{_NAME}", r"either \1 or \2"),
    (rf"{_NAME}\s*\^\s*{_NAME}", r"either \1 or \2"),
    (rf"(?:one|exactly one) of {_NAME}(?:,| and| or) {_NAME}", r"either \1 or \2"),
    (rf"(?:any|at least one) of {_NAME}(?:,| and| or) {_NAME}", r"\1 or \2"),
    (rf"{_NAME} is not null or {_NAME} is not null", r"\1 or \2"),
    (rf"{_NEEDED} (?:when|if) {_NAME}\s*(?:==?|is)\s*{_WORD}", r"\1 when \2 = \3"),
    (rf"{_NEEDED} (?:when|if) {_NAME}", r"\1 when \2"),
    (rf"(?:if|when) {_NAME}\s*(?:==?|is)\s*{_WORD}:?(?: then)?(?: requires?)? {_NAME}", r"\3 when \1 = \2"),
    (rf"{_NAME}\s*(?:==?|is)\s*{_WORD} (?:implies|requires|->) {_NAME}", r"\3 when \1 = \2"),
    (rf"{_NAME} (?:implies|requires|->) {_NAME}", r"\2 when \1"),
)  # fmt: skip
"""Whole sentences."""

REASONS = (
    (r"\band\b|&&|,", "what holds together is a rule each; write them as items of their own"),
    (r"\bnow\b|\btoday\b|current_|sysdate", "the time of the request is known to service.py only"),
    (r"==?\s*" + _NAME + "$", "two fields that are always alike are one; drop one of them"),
    (
        r"\w\s*[-+*/]\s*\w",
        "what is calculated is a computed field, which keeps its range or min: 0; another rule is code in service.py",
    ),
    (r"[<>=]=?\s*[-+]?['\"]?\d", "what one field may be is said by its type, such as int(1..999) or min: 0"),
    (r"\bstatus\b|\bnot\b|\bin\b|\bunless\b|\b(?:len|sum|count)\b", "such a rule is code in service.py"),
)
"""What no rule can say, and what to do about it."""


def in_our_words(text: str) -> tuple[str, str]:
    """The rule as it is written here, if it looks like one; and what to do if it is none."""
    said = text
    for written, instead in WORDS:
        said = re.sub(written, instead, said, flags=re.IGNORECASE)
    for written, instead in SENTENCES:
        said = re.sub(rf"^(?:{written})$", instead, said.strip(), flags=re.IGNORECASE)
    because = next((reason for written, reason in REASONS if re.search(written, said, re.IGNORECASE)), "")
    return ("" if said == text else said), because
