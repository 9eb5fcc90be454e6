"""Values that keep all rules of an aggregate or a part: every one of them, in whatever combination."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..language.declarations import AggregateDeclaration, FieldDeclaration, PartDeclaration, RuleDeclaration

    Owner = AggregateDeclaration | PartDeclaration

PRESENCE = frozenset({"or", "either", "when"})
FEW = 3
MANY = 30
"""Of a field that no two share: there is no other way to make up further values that keep a rule."""

_TRIED = 400
_STEPS = 5_000
_PRESENT = "present"


class Samples(NamedTuple):
    """What the examples of an owner are by its rules."""

    values: Mapping[str, tuple[Any, ...]]
    """Field → its examples, where a rule has a say in them."""
    left_out: Mapping[str, bool]
    """Field → whether an example does without it, where a rule has a say in that."""
    compared: frozenset[str]
    """The fields whose values are compared with those of others."""


class _Way(NamedTuple):
    """How values are looked for: how many, and whether two that may be alike differ; from the least, or as usual."""

    many: int
    few: int
    differ: bool = True
    least: bool = False


_WAYS = (
    _Way(MANY, FEW),
    _Way(10, 2),
    _Way(FEW, FEW),
    _Way(1, 1),
    _Way(1, 1, least=True),
    _Way(1, 1, differ=False, least=True),
)


def impossible(owner: Owner) -> RuleDeclaration | None:
    """The first rule that no values keep together with those before it."""
    for count, rule in enumerate(owner.rules, 1):
        if samples(owner, owner.rules[:count]) is None:
            return rule
    return None


def samples(owner: Owner, rules: Sequence[RuleDeclaration]) -> Samples | None:
    """Values that keep these rules of the owner; None where there are none."""
    comparisons = [rule for rule in rules if rule.sign not in PRESENCE]
    presence = [rule for rule in rules if rule.sign in PRESENCE]
    values = _compared(owner, comparisons)
    states = next(_states(owner, presence), None)
    if values is None or states is None:
        return None
    fields = {field.name: field for field in owner.fields}
    for name, state in states.items():
        if state not in {None, _PRESENT} and name not in values:
            rest = [value for value in _own(fields[name], FEW) if value != state]
            values[name] = (state, *rest)
    left_out = {name: state is None for name, state in states.items()}
    return Samples(values, left_out, frozenset(name for rule in comparisons for name in rule.fields))


def _own(field: FieldDeclaration, most: int) -> list[Any]:
    """The field's own examples."""
    given = [field.example] if field.has_example else []
    found = [*given, *islice(field.spec.type.examples(field.spec), most)]
    return [value for place, value in enumerate(found) if value not in found[:place]]


# Comparisons ---------------------------------------------------------------------------------------------------------


def _compared(owner: Owner, rules: Sequence[RuleDeclaration]) -> dict[str, tuple[Any, ...]] | None:
    """Field → values, each of which fits to each of the other fields."""
    fields = {field.name: field for field in owner.fields}
    order = _ascending(rules)
    if order is None:
        return None
    shared = {name for key in owner.unique for name in key.fields}
    currency = next((fields[name].example["currency"] for name in order if _has_currency(fields[name])), None)
    for way in _WAYS:
        found: dict[str, tuple[Any, ...]] = {}
        for name in order:
            field = fields[name]
            wanted = way.many if field.unique or name in shared else way.few
            pool = _pool(field, currency, least=way.least)
            fits = [value for value in pool if _fits(name, value, rules, fields, found, differ=way.differ)]
            if not fits or (field.has_example and field.example not in fits):
                break
            found[name] = tuple(fits[:wanted])
        else:
            return found
    return None


def _ascending(rules: Sequence[RuleDeclaration]) -> list[str] | None:
    """The fields, each after those that are less; None where they go in a circle."""
    above: dict[str, set[str]] = {name: set() for rule in rules for name in rule.fields}
    for rule in rules:
        low, high = _sides(rule)
        if rule.sign != "!=":
            above[high].add(low)
    order: list[str] = []
    while len(order) < len(above):
        ready = [name for name, below in above.items() if name not in order and below <= set(order)]
        if not ready:
            return None
        order.append(ready[0])
    return order


def _sides(rule: RuleDeclaration) -> tuple[str, str]:
    """The lesser field and the greater one."""
    one, other = rule.fields
    return (other, one) if rule.sign in {">", ">="} else (one, other)


def _has_currency(field: FieldDeclaration) -> bool:
    return field.has_example and field.spec.type.family == "amounts"


def _pool(field: FieldDeclaration, currency: str | None, *, least: bool) -> list[Any]:
    values = _own(field, _TRIED)
    if currency is not None and field.spec.type.family == "amounts":
        values = [value | {"currency": currency} for value in values]
    if field.has_example and field.example not in values:
        values.insert(0, field.example)
    if least and field.spec.type.ordered:
        bounds = [bound for bound in (field.spec.low, field.spec.high) if field.spec.type.bounds == "number"]
        values += [bound for bound in bounds if bound is not None and bound not in values]
        values.sort(key=field.spec.type.rank)
    return values


def _fits(
    name: str,
    value: Any,
    rules: Sequence[RuleDeclaration],
    fields: Mapping[str, FieldDeclaration],
    found: Mapping[str, Sequence[Any]],
    *,
    differ: bool,
) -> bool:
    """Whether the value keeps the rules with all values that were found, and with the examples that were given."""
    for rule in rules:
        if name not in rule.fields:
            continue
        low, high = _sides(rule)
        other = high if name == low else low
        given = [fields[other].example] if fields[other].has_example else []
        for each in found.get(other, given):
            one, two = (fields[side].spec.type.rank(value if side == name else each) for side in (low, high))
            if rule.sign == "!=":
                keeps = one != two
            else:
                keeps = one < two or (one == two and not differ and rule.sign in {"<=", ">="})
            if not keeps or _other_currency(value, each):
                return False
    return True


def _other_currency(one: Any, other: Any) -> bool:
    return isinstance(one, dict) and one["currency"] != other["currency"]


# What is there -------------------------------------------------------------------------------------------------------


def _states(owner: Owner, rules: Sequence[RuleDeclaration]) -> Iterator[dict[str, Any]]:
    """Which fields are there, or which word they have: those that keep the rules, the fullest first."""
    fields = {field.name: field for field in owner.fields}
    names = list(dict.fromkeys(name for rule in rules for name in rule.fields))
    choices = [list(_choices(fields[name], rules)) for name in names]
    steps = iter(range(_STEPS))

    def choose(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if next(steps, None) is None or not all(_keeps(rule, found, fields) for rule in rules):
            return
        if len(found) == len(names):
            yield found
            return
        for choice in choices[len(found)]:
            yield from choose({**found, names[len(found)]: choice})

    return choose({})


def _choices(field: FieldDeclaration, rules: Sequence[RuleDeclaration]) -> Iterator[Any]:
    """The states of a field, the one that an example has by itself first."""
    if any(rule.sign == "when" and rule.fields[1] == field.name for rule in rules) and _is_choice(field):
        yield from _own(field, len(field.spec.members) or 2)
    elif field.optional and field.spec.needs_another:
        yield from (None, _PRESENT)
        return
    else:
        yield _PRESENT
    if field.optional:
        yield None


def _is_choice(field: FieldDeclaration) -> bool:
    return bool(field.spec.members) or field.spec.type.truth


def _keeps(rule: RuleDeclaration, found: Mapping[str, Any], fields: Mapping[str, FieldDeclaration]) -> bool:
    """Whether the states keep the rule, as far as they are known."""
    if any(name not in found for name in rule.fields):
        return True
    states = [found[name] for name in rule.fields]
    if rule.sign == "or":
        return any(state is not None for state in states)
    if rule.sign == "either":
        return sum(state is not None for state in states) == 1
    asked = fields[rule.fields[1]]
    wanted = None if rule.value is None else asked.spec.type.value(asked.spec, rule.value)
    holds = states[1] not in (None, False) and wanted in (None, states[1])
    return states[0] is not None or not holds
