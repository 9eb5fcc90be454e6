"""Rules over several fields: short sentences such as `ends_at > starts_at`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...text.problems import kind_of, show
from ..declarations import RuleDeclaration, rule_with
from ..elsewhere.rules import in_our_words
from ..grammar import COMPARISONS, MOST_IN_RULE, MOST_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .place import Place

FORMS = "`a > b`, `a or b`, `either a or b` or `a when kind = word`"

_NAME = r"[A-Za-z_][A-Za-z0-9_.]*"
_COMPARISON = re.compile(rf"({_NAME})\s*({'|'.join(sorted(COMPARISONS, key=len, reverse=True))})\s*({_NAME})")
_PRESENT = re.compile(rf"(either\s+)?({_NAME}(?:\s+or\s+{_NAME})+)")
_WHEN = re.compile(rf"({_NAME})\s+when\s+({_NAME})(?:\s*=\s*([A-Za-z][A-Za-z0-9_-]*))?")


def read_rules(place: Place, raw: object) -> tuple[RuleDeclaration, ...]:
    """The rules, except those that are wrong."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        place.add(f"expected a list of rules, such as [ends_at > starts_at], not {kind_of(raw)}")
        return ()
    if len(raw) > MOST_RULES:
        place.add(f"has {len(raw)} rules; at most {MOST_RULES} are possible, further ones are code in service.py")
        return ()
    rules: list[RuleDeclaration] = []
    for item, each in enumerate(raw):
        rule = _rule(place, each, item)
        if rule is None:
            continue
        same = next((other for other in rules if _meaning(other) == _meaning(rule)), None)
        if same is None:
            rules.append(rule)
        else:
            place.add(f"{rule.written!r} says the same as {same.written!r}; drop one of them", item)
    return tuple(rules)


def renamed(rule: str, names: Mapping[str, str]) -> str:
    """A valid rule with other names of its fields."""
    found = _parsed(rule.strip(), 0)
    if found is None:
        raise ValueError(rule)
    return rule_with(found.sign, tuple(names.get(name, name) for name in found.fields), found.value)


def _meaning(rule: RuleDeclaration) -> tuple[object, ...]:
    """What two rules with the same meaning have alike."""
    sign, fields = rule.sign, rule.fields
    if sign in {">", ">="}:
        return sign.replace(">", "<"), (fields[1], fields[0]), None
    return sign, fields if sign in {"<", "<=", "when"} else frozenset(fields), rule.value


def _rule(place: Place, raw: object, item: int) -> RuleDeclaration | None:
    """The rule; nothing when it is none."""
    if not isinstance(raw, str):
        place.add(f"expected a rule as one text, {FORMS}, not {kind_of(raw)}", item)
        return None
    rule = _parsed(raw.strip(), item)
    if rule is None:
        said, because = in_our_words(raw.strip())
        if said and _parsed(said, item):
            place.add(f"{show(raw)} is no rule; write {said}", item, (item, said))
        else:
            place.add(f"{show(raw)} is no rule; {because or f'expected one such as {FORMS}'}", item)
        return None
    twice = next((name for name in rule.fields if rule.fields.count(name) > 1), None)
    if twice is not None:
        place.add(f"{rule.written!r} has {twice!r} twice; a rule is about several fields", item)
    elif len(rule.fields) > MOST_IN_RULE:
        place.add(f"{rule.written!r} has {len(rule.fields)} fields; at most {MOST_IN_RULE} are possible", item)
    else:
        return rule
    return None


def _parsed(text: str, item: int) -> RuleDeclaration | None:
    written = " ".join(text.split())
    if found := _COMPARISON.fullmatch(text):
        return RuleDeclaration(written, found[2], (found[1], found[3]), None, item)
    if found := _WHEN.fullmatch(text):
        return RuleDeclaration(written, "when", (found[1], found[2]), found[3], item)
    if found := _PRESENT.fullmatch(text):
        sign = "either" if found[1] else "or"
        return RuleDeclaration(written, sign, tuple(re.split(r"\s+or\s+", found[2])), None, item)
    return None
