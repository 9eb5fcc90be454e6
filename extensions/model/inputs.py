"""What actions do to fields: what they are given, which of it sets a field, and which fields they empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..language.declarations import moment_of
from ..language.grammar import RESERVED_FIELDS
from ..text.problems import KEY, Word, below, near, nearest
from .keys import STATE

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..language.declarations import ActionDeclaration, AggregateDeclaration, FieldDeclaration
    from ..text.problems import Edit, Problems
    from ..types import Spec


def check_inputs(aggregate: AggregateDeclaration, known: Collection[str], problems: Problems) -> None:
    """Add what is wrong with the inputs of the aggregate's actions to `problems`; `known` are all aggregates."""
    if aggregate.lifecycle is None:
        return
    fields = {field.name: field for field in aggregate.fields}
    parts = {part.name for part in aggregate.parts}
    carried: dict[tuple[str | None, str], tuple[FieldDeclaration, str]] = {}
    for action in aggregate.lifecycle.actions:
        wires: dict[str, str] = {}
        for given in action.input:
            path, name = given.path, given.name
            for complaint in _named(given, action, parts):
                problems.add(path, complaint, KEY)
            if given.wire in wires:
                message = f"is {given.wire!r} on the wire, as {wires[given.wire]!r} is; rename one of them"
                problems.add(path, message, KEY)
            wires.setdefault(given.wire, name)
            if name in fields:
                for complaint in _setting(given, fields[name]):
                    problems.add(path, complaint)
            elif given.spec.type.many:
                pass  # it cannot be there at all
            elif given.spec.type.local and given.spec.target in known and name not in aggregate.mentioned:
                problems.add(
                    path,
                    f"no field keeps this reference, so nothing would check that it exists; add a field, such as "
                    f"{name}: ref {given.spec.target}? readonly, or write uuid",
                )
            other, by = carried.setdefault((action.emits, name), (given, action.name))
            if action.emits and not given.secret and not other.secret and not alike(other.spec, given.spec):
                problems.add(
                    path,
                    f"{action.emits} carries it already, as {other.spec.written} of {by!r}; give it the same type or "
                    "another name",
                )


def check_cleared(aggregate: AggregateDeclaration, problems: Problems) -> None:
    """Add what keeps actions of the aggregate from emptying fields to `problems`."""
    fields = {field.name: field for field in aggregate.fields}
    for action in aggregate.lifecycle.actions if aggregate.lifecycle else ():
        path = below(action.path, "clears")
        given = {each.name for each in action.input}
        for name in action.clears:
            field = fields.get(name)
            if field is None:
                if name not in aggregate.mentioned:
                    known = sorted(each.name for each in aggregate.fields if each.readonly and each.optional)
                    remedy = nearest(name, known) or "; it empties readonly fields that may be absent"
                    problems.add(path, f"unknown field {name!r}{remedy}", Word(name), _edit(name, near(name, known)))
            elif complaint := _kept(field, action, given):
                problems.add(path, complaint, Word(name))


def _edit(name: str, close: str) -> tuple[Edit, ...]:
    return ((Word(name), close),) if close else ()


def _kept(field: FieldDeclaration, action: ActionDeclaration, given: Collection[str]) -> str:
    """What keeps the action from emptying the field."""
    name = field.name
    if field.computed:
        return f"{name!r} is computed, so nothing else sets it; drop it here"
    if not field.readonly:
        return f"{name!r} is a field that clients change by a patch; make it readonly, or drop it here"
    if not field.optional:
        return f"{name!r} is never absent, so nothing can empty it; write '?' at the field, or drop it here"
    if name in given:
        return f"{name!r} is set by the input of the same action; drop it here or there"
    if name == moment_of(action.target):
        return f"{name!r} is the moment of this very action, which sets it; drop it here"
    return ""


def _named(given: FieldDeclaration, action: ActionDeclaration, parts: set[str]) -> list[str]:
    """What is wrong with the name of an input."""
    name = given.name
    if given.wire in (*RESERVED_FIELDS, STATE):
        return [f"{given.wire!r} is a field that the service itself sets; name the input otherwise"]
    if given.wire == moment_of(action.target):
        return [f"{given.wire!r} is the moment of the action, which the service sets; name the input otherwise"]
    if given.wire in parts:
        return [f"{name!r} is a part, which clients change as a whole; name the input otherwise"]
    if given.spec.refers and name.endswith("_id"):
        return [f"name the relation, not its id: {name.removesuffix('_id')!r}; on the wire it is {name!r}"]
    return []


def _setting(given: FieldDeclaration, field: FieldDeclaration) -> list[str]:
    """What keeps an input from setting the field of its name."""
    name = given.name
    if field.computed:
        return [f"{name!r} is computed, so nothing else sets it; name the input otherwise"]
    if not field.readonly:
        return [f"{name!r} is a field that clients change by a patch; make it readonly, or name the input otherwise"]
    found = []
    if not alike(given.spec, field.spec):
        found.append(
            f"sets the field {name!r}, which is {field.spec.written}, not {given.spec.written}; give both the same "
            "type with the same limits, or name the input otherwise"
        )
    if given.optional and not field.optional:
        found.append(
            f"may be absent, but the field {name!r} that it sets may not; drop the '?' here, or write '?' at the field"
        )
    if given.secret:
        found.append(f"sets the field {name!r}, which answers show; drop secret, or name the input otherwise")
    if given.pii and not field.pii:
        found.append(f"is pii, and the field {name!r} that it sets is not; write pii at the field, too")
    return found


def alike(one: Spec, two: Spec) -> bool:
    """Whether the same values are of both types."""
    pattern = [each.pattern.text if each.pattern else None for each in (one, two)]
    bounds = [
        (each.type.kind, each.length, each.shortest, each.low, each.high, each.precision, each.scale, each.range)
        for each in (one, two)
    ]
    if one.members != two.members or {*one.currencies} != {*two.currencies}:
        return False
    inner = one.inner is None or two.inner is None or alike(one.inner, two.inner)
    targets = [(each.target, each.context) for each in (one, two)]
    return inner and pattern[0] == pattern[1] and bounds[0] == bounds[1] and targets[0] == targets[1]
