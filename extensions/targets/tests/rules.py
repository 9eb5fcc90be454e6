"""What the generated tests try of each rule: bodies that keep it, and one that breaks it and no other."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple

from ...model.rules import keeps
from ..python.literals import python_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model.domain import Rule
    from ...model.fields import Field

Json = dict[str, Any]


_WAYS = 2_000
"""The most that are looked at for a rule."""


class RuleTest(NamedTuple):
    """What is tried of a rule, as code; the part whose item is changed, or nothing for the aggregate itself."""

    part: str
    kept: str
    """Members that keep all rules."""
    broken: str
    """Members that break this one, and none before it."""
    alike: str
    """A member, and the one whose value breaks the rule in it."""
    place: str
    """The pointer of the problem."""


def rule_tests(rules: Sequence[Rule], body: Json, part: str = "", index: int = 0) -> Iterator[RuleTest]:
    """The tests of the rules of an aggregate, or of a part's item at the index; `body` is its example."""
    above = f"/{part}/{index}" if part else ""
    for place, rule in enumerate(rules):
        kept, broken = [], []
        bodies = list(_bodies(rules, body))
        for values in _ways(rule, body):
            found = [after | values for after in bodies]
            if all(keeps(each, after) for each in rules for after in found):
                kept.append(values)
            elif not keeps(rule, body | values) and all(
                keeps(each, after) for each in rules[:place] for after in found
            ):
                broken.append(values)
        same = _same(rule)
        if broken or same:
            yield RuleTest(
                part=part,
                kept=python_text(kept[1:4]),  # the first one is the example itself
                broken=python_text(broken[0] if broken else {}),
                alike=python_text({} if broken else same),
                place=f"{above}/{rule.blamed}",
            )


def _bodies(rules: Sequence[Rule], body: Json) -> Iterator[Json]:
    """The example, also with the least and the greatest value of what no two have alike."""
    yield body
    for rule in rules:
        for field in rule.fields:
            if field.compared and field.wire in body and not field.target:
                yield from (body | {field.wire: value} for value in (field.examples[0], field.examples[-1]))


def _same(rule: Rule) -> dict[str, str]:
    """The references that must differ."""
    one, other = rule.fields[0], rule.fields[1]
    return {one.wire: other.wire} if rule.sign == "!=" and one.target and not (one.left_out or other.left_out) else {}


def _ways(rule: Rule, body: Json) -> Iterator[Json]:
    """Values of the rule's members, the fewest changes of the example first; references stay, or go."""
    wires = [field.wire for field in rule.fields]
    own = [body.get(wire) for wire in wires]
    choices = [_different([value, *_others(field, rule, body)]) for field, value in zip(rule.fields, own, strict=True)]
    ways = [*islice(product(*choices), _WAYS)]
    ways.sort(key=lambda way: sum(one != other for one, other in zip(way, own, strict=True)))
    stay = {field.wire for field in rule.fields if field.targets}
    for way in ways:
        values = dict(zip(wires, way, strict=True))
        yield {wire: value for wire, value in values.items() if wire not in stay or value != body.get(wire)}


def _different(values: Sequence[Any]) -> list[Any]:
    return [value for place, value in enumerate(values) if value not in values[:place]]


def _others(field: Field, rule: Rule, body: Json) -> Iterator[Any]:
    """Other values of a member: absent, another one, and that of the other member that it is compared with."""
    if field.targets:
        if field.optional:
            yield None
        return
    if rule.sign in {"or", "either", "when"}:
        yield from field.examples[: len(field.examples) if field.type.members else 2]
    else:
        (other,) = (each for each in rule.fields if each is not field)
        value = body.get(other.wire)
        if value is not None:
            yield from _around(field, other, value)
        yield from field.examples[1:2]
    if field.optional:
        yield None


def _around(field: Field, other: Field, value: Any) -> Iterator[Any]:
    """Values of the field that are like that of the other one, more and less, as far as there are some."""
    row = field.type.type
    with suppress(ValueError):
        yield row.value(field.type, value)
    if row.ordered:
        middle = other.type.type.rank(value)
        found = [(row.rank(each), each) for each in islice(row.examples(field.type), _WAYS)]
        more = [each for each in found if each[0] > middle]
        less = [each for each in found if each[0] < middle]
        yield from (each for _, each in (*more[:1], *less[:1]))
