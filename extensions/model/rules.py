"""Rules over several fields: what is wrong with one, what it says, whether values keep it, and values that do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..language.declarations import AggregateDeclaration
from ..language.grammar import RESERVED_FIELDS
from ..text.problems import nearest
from ..text.sentences import alternatives, together
from ..types import TABLE
from ..types.base import FieldTypeError
from .keys import STATE, misspelt
from .samples import impossible
from .value_objects import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..language.declarations import FieldDeclaration, PartDeclaration, RuleDeclaration
    from .domain import Rule

    Owner = AggregateDeclaration | PartDeclaration

COMPARED = tuple(row.kind for row in TABLE.values() if row.ordered)

_WORDS = {
    "numbers": {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"},
    "moments": {"<": "before", "<=": "not after", ">": "after", ">=": "not before"},
}
_WORDS |= {"amounts": _WORDS["numbers"], "days": _WORDS["moments"]}


# What is wrong -------------------------------------------------------------------------------------------------------


def complaints(owner: Owner) -> Iterator[tuple[str, int]]:
    """What is wrong with the rules of an aggregate or a part, and the place of each in the list."""
    fields = {field.name: field for field in owner.fields}
    sound = all(name in fields for rule in owner.rules for name in rule.fields)
    for rule in owner.rules:
        unfit = [complaint for name in rule.fields for complaint in _unfit(name, rule, owner)]
        known = [fields[name] for name in rule.fields if name in fields]
        if not unfit and len(known) == len(rule.fields):
            unfit = [*_together(rule, known)] or [*_cleared(rule, known)]
        for complaint in unfit:
            sound = False
            yield complaint, rule.item
    if sound and (blamed := impossible(owner)):
        also = " together with the rules before it" if blamed.item else ""
        keep = f"no values were found that keep {blamed.written!r}{also}"
        yield f"{keep}; give its fields an example each, or drop it", blamed.item


def _unfit(name: str, rule: RuleDeclaration, owner: Owner) -> Iterator[str]:
    """Why a name cannot be in a rule."""
    declared = next((field for field in owner.fields if field.name == name), None)
    if declared is None:
        yield from _unknown(name, rule, owner)
    elif declared.computed:
        yield (
            f"{name!r} is computed, and no rule compares it; make {rule.written!r} a computed bool, or check it in "
            "service.py"
        )
    elif declared.readonly:
        yield (
            f"{name!r} is readonly, and a client could do nothing about {rule.written!r}; check it where the field is "
            "set, in service.py"
        )
    elif declared.secret and rule.sign in _COMPARISONS:
        yield f"{name!r} is secret, and a refusal would tell of its value; leave it out of {rule.written!r}"


def _unknown(name: str, rule: RuleDeclaration, owner: Owner) -> Iterator[str]:
    """What to write instead of a name that is none of a field, unless the field has a problem already."""
    aggregate = owner if isinstance(owner, AggregateDeclaration) else None
    if name == STATE and aggregate and aggregate.lifecycle:
        yield f"{name!r} is changed by actions, whose rules are code in service.py; leave it out of {rule.written!r}"
    elif aggregate and any(part.name == name for part in aggregate.parts):
        yield f"{name!r} is a part; rules about its fields are written in the part, others in service.py"
    elif complaint := inside(name, owner.fields):
        yield complaint
    elif name in RESERVED_FIELDS or "." in name:
        what = "is made by the service" if name in RESERVED_FIELDS else "is in a part or another aggregate"
        yield f"{name!r} {what}; leave it out of {rule.written!r}"
    elif name in {"now", "today"}:
        yield f"{name!r} is no field; the time of the request is known to service.py only"
    else:
        yield from misspelt(name, owner)


def _together(rule: RuleDeclaration, fields: list[FieldDeclaration]) -> Iterator[str]:
    if rule.sign in _COMPARISONS:
        yield from _incomparable(rule, *fields)
    elif rule.sign == "when":
        yield from _undecided(rule, *fields)
    else:
        always = next((field.name for field in fields if not field.optional), None)
        if always is not None:
            then = "lets nothing else be there" if rule.sign == "either" else "is always true"
            yield f"{always!r} is never absent, so {rule.written!r} {then}; write '?' at it, or drop the rule"


def _cleared(rule: RuleDeclaration, fields: list[FieldDeclaration]) -> Iterator[str]:
    """Why what refers to something cannot be emptied when that is deleted: what the rule needs would be missing."""
    needed = {"or": fields, "either": fields, "when": fields[:1]}.get(rule.sign, [])
    for field in needed:
        if field.on_delete == "clear":
            yield (
                f"a deletion empties {field.name!r}, and {rule.written!r} would no longer be true; write "
                "on_delete=restrict or on_delete=cascade at the field, or drop the rule"
            )


def _incomparable(rule: RuleDeclaration, one: FieldDeclaration, other: FieldDeclaration) -> Iterator[str]:
    left, right = one.spec, other.spec
    if rule.sign == "!=" and left.type.family == right.type.family == "identities":
        if (left.type.kind, left.target, left.context) != (right.type.kind, right.target, right.context):
            yield (
                f"{one.name!r} is {left.written} and {other.name!r} {right.written}, which are never the same; "
                f"drop the rule"
            )
        return
    if (left.context or right.context) and left.type.ordered and right.type.ordered:
        if rule.sign != "!=" or (left.target, left.context) != (right.target, right.context):
            yield "an identity is only compared by != with another one of the same kind; drop the rule"
        return
    for field in (one, other):
        if not field.spec.type.ordered:
            able = ", ".join(COMPARED)
            yield f"{field.name!r} is {field.spec.type.kind}, which is not compared; only {able} are"
            return
    if left.type.family != right.type.family:
        yield (
            f"{one.name!r} is {left.type.kind} and {other.name!r} {right.type.kind}, which cannot be compared; "
            "give them the same type, or drop the rule"
        )


def _undecided(rule: RuleDeclaration, needed: FieldDeclaration, asked: FieldDeclaration) -> Iterator[str]:
    members = asked.spec.members
    if not needed.optional:
        yield f"{needed.name!r} is never absent, so {rule.written!r} is always true; write '?' at it, or drop the rule"
    elif rule.value is None and members:
        word = members[0] if asked.spec.as_written else members[0].lower()
        yield f"{asked.name!r} is one of {', '.join(members)}; say of which, such as = {word}"
    elif rule.value is None and not asked.optional and not asked.spec.type.truth:
        yield (f"{asked.name!r} is never absent, so {needed.name!r} would always be needed; drop its '?' and the rule")
    elif rule.value is not None and asked.spec.type.truth:
        yield f"{asked.name!r} is true or false; write {needed.name} when {asked.name}"
    elif rule.value is not None and not members:
        yield f"{asked.name!r} is {asked.spec.type.kind}; only the words of an enum can be asked for"
    elif rule.value is not None:
        try:
            asked.spec.type.value(asked.spec, rule.value)
        except FieldTypeError:
            words = [*members] if asked.spec.as_written else [member.lower() for member in members]
            yield f"{rule.value!r} is not a word of {asked.name!r}{nearest(rule.value, words)}"


# What a rule says ----------------------------------------------------------------------------------------------------


def sentence(rule: Rule, called: Callable[[str], str] = str) -> str:
    """What has to be true, as a sentence about the names in JSON, each as it is `called` there."""
    names = [called(field.wire) for field in rule.fields]
    if rule.sign == "or":
        return f"At least one of {together(names)} must be present."
    if rule.sign == "either":
        return f"Either {alternatives(names)} must be present{', and no other' if len(names) > 2 else ', not both'}."
    if rule.sign == "when":
        return f"{names[0]} must be present when {names[1]} is {rule.condition}."
    if rule.sign == "!=":
        return f"{names[0]} must differ from {names[1]}."
    alike = " in the same currency" if rule.fields[0].type.type.family == "amounts" else ""
    word = _WORDS[rule.fields[0].type.type.family][rule.sign]
    must = "must not be" if word.startswith("not ") else "must be"
    return f"{names[0]} {must} {word.removeprefix('not ')} {names[1]}{alike}."


# Whether values keep it ----------------------------------------------------------------------------------------------

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
    "!=": lambda one, other: bool(one != other),
}


def keeps(rule: Rule, values: Mapping[str, Any]) -> bool:
    """Whether these values, by their names in JSON, keep the rule; what is not among them is absent."""
    found: list[Any] = [values.get(field.wire) for field in rule.fields]
    if rule.sign == "or":
        return any(value is not None for value in found)
    if rule.sign == "either":
        return sum(value is not None for value in found) == 1
    if rule.sign == "when":
        holds = found[1] is not None and found[1] is not False and rule.value in (None, found[1])
        return found[0] is not None or not holds
    if None in found:
        return True
    one, other = (field.type.type.rank(value) for field, value in zip(rule.fields, found, strict=True))
    alike = rule.fields[0].type.type.family != "amounts" or found[0]["currency"] == found[1]["currency"]
    return (rule.sign == "!=" and not alike) or (alike and _COMPARISONS[rule.sign](one, other))
