"""What actions make of readonly fields by themselves: a value that is written in the domain, or the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..language.declarations import moment_of
from ..text.problems import KEY, below, near, nearest
from ..types import LONGEST_DEFAULT, FieldTypeError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..language.declarations import (
        ActionDeclaration,
        AggregateDeclaration,
        FieldDeclaration,
        SetDeclaration,
    )
    from ..text.problems import Problems
    from ..types import Spec
    from .domain import Aggregate
    from .fields import Field

NOW = "now"
_WITH_MOMENT = frozenset({"days", "moments"})
"""The families of types that a moment can be of."""


class Assignment(NamedTuple):
    """What an action makes of a readonly field: a value as it goes over the wire, or the moment of the action."""

    name: str
    value: Any
    is_moment: bool = False
    inside: str | None = None
    """The field of the value object, if it is not the object as a whole that is set."""


def assignments(action: ActionDeclaration, specs: Mapping[str, Spec]) -> tuple[Assignment, ...]:
    """The assignments of an action that was checked, to fields of these types."""
    return tuple(_assignment(each, specs) for each in action.sets)


def _assignment(declared: SetDeclaration, specs: Mapping[str, Spec]) -> Assignment:
    name, _, inside = declared.name.partition(".")
    spec = specs[name]
    if inside:
        spec = next(member.spec for member in spec.members_of if member.wire == inside)
    if _is_moment(declared, spec):
        return Assignment(name, None, is_moment=True, inside=inside or None)
    return Assignment(name, spec.type.value(spec, declared.written), inside=inside or None)


def assigned(aggregate: Aggregate, assignment: Assignment) -> tuple[Field, Field]:
    """The field of the aggregate, and the one inside of it that is set; it itself where it is no value object."""
    owner = next(field for field in aggregate.fields if field.name == assignment.name)
    if assignment.inside is None:
        return owner, owner
    return owner, next(member for member in owner.members if member.name == assignment.inside)


def _is_moment(declared: SetDeclaration, spec: Spec) -> bool:
    return declared.written == NOW and spec.type.family in _WITH_MOMENT


def check_assignments(aggregate: AggregateDeclaration, problems: Problems) -> None:
    """Add what keeps actions of the aggregate from setting fields to `problems`."""
    fields = {field.name: field for field in aggregate.fields}
    keyed = {name for key in aggregate.unique for name in key.fields}
    for action in aggregate.lifecycle.actions if aggregate.lifecycle else ():
        for declared in action.sets:
            path, name = below(below(action.path, "sets"), declared.name), declared.name
            field = fields.get(name)
            owner = fields.get(name.partition(".")[0])
            if field is None and owner is not None and owner.spec.members_of:
                if complaint := _inside(owner, declared, action):
                    problems.add(path, complaint, KEY)
            elif field is not None:
                refused = _refused(field, action, keyed)
                if complaint := refused or _unfit(field.spec, declared):
                    problems.add(path, complaint, KEY if refused else None)
            elif name not in aggregate.mentioned:
                known = sorted(each.name for each in aggregate.fields if each.readonly)
                remedy = nearest(name, known) or "; it sets readonly fields"
                close = near(name, known)
                problems.add(path, f"unknown field {name!r}{remedy}", KEY, ((KEY, close),) if close else ())


def _refused(field: FieldDeclaration, action: ActionDeclaration, keyed: Collection[str]) -> str:
    """What keeps the action from setting the field, whatever the value."""
    name = field.name
    if field.computed:
        return f"{name!r} is computed, so nothing else sets it; drop it here"
    if not field.readonly:
        return f"{name!r} is a field that clients change by a patch; make it readonly, or drop it here"
    if name in {each.name for each in action.input}:
        return f"{name!r} is set by the input of the same action; drop it here or there"
    if name in action.clears:
        return f"{name!r} is emptied by the same action; drop it here or in `clears:`"
    if name == moment_of(action.target) and field.spec.type.instant:
        return f"{name!r} is the moment of this very action, which sets it by itself; drop it here"
    if field.spec.members_of:
        if field.optional:
            return f"{name!r} is {field.spec.written}, a value object, which code in service.py sets; drop it here"
        inside = f"{name}.{field.spec.members_of[0].wire}"
        return f"{name!r} is {field.spec.written}, a value object; write what is inside, such as {inside}, or drop it"
    if not field.spec.type.defaultable or field.unique or name in keyed:
        what = "is unique" if field.unique else "is in a key" if name in keyed else f"is {field.spec.written}"
        return f"{name!r} {what}, so it cannot be the same in all; an `input:` of its name sets it"
    return ""


def _inside(owner: FieldDeclaration, declared: SetDeclaration, action: ActionDeclaration) -> str:
    """What keeps the action from setting what is inside of a value object, or is wrong with the value."""
    name = owner.name
    members = {member.wire: member.spec for member in owner.spec.members_of}
    inside = declared.name.removeprefix(f"{name}.")
    inside = f"{inside}_id" if f"{inside}_id" in members else inside
    if not owner.readonly:
        return f"{name!r} is a field that clients change by a patch; make it readonly, or drop it here"
    if owner.optional:
        return f"{name!r} may be absent, so nothing inside could be set; drop the '?' at the field, or drop it here"
    if name in action.clears:
        return f"{name!r} is emptied by the same action; drop it here or in `clears:`"
    if inside not in members:
        known = [f"{name}.{wire}" for wire, spec in members.items() if spec.type.defaultable]
        return f"{owner.spec.target} has no {inside!r}{nearest(declared.name, known) or '; name a field of it'}"
    if not members[inside].type.defaultable:
        return f"{declared.name!r} is {members[inside].written}, so it cannot be the same in all; drop it"
    if declared.written is None:
        return "has no value, and nothing empties what is inside of a value object; give it one, or drop it"
    return _unfit(members[inside], declared)


def _unfit(spec: Spec, declared: SetDeclaration) -> str:
    """What is wrong with the value."""
    if declared.written is None:
        return f"has no value; to empty {declared.name!r} list it in `clears:`"
    if _is_moment(declared, spec):
        return ""
    try:
        value = spec.type.value(spec, declared.written)
    except FieldTypeError as problem:
        also = " or `now`" if spec.type.family in _WITH_MOMENT else ""
        return f"{problem}{also}"
    long = len(str(value)) > LONGEST_DEFAULT
    return f"is too long; expected at most {LONGEST_DEFAULT} characters" if long else ""
