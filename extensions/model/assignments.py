"""What actions make of readonly fields by themselves: a value that is written in the domain, or the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..language.declarations import moment_of
from ..text.problems import KEY, below, near, nearest
from ..types import LONGEST_DEFAULT, FieldTypeError
from .domain import Assignment

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

NOW = "now"
_WITH_MOMENT = frozenset({"days", "moments"})
"""The families of types that a moment can be of."""


def assignments(action: ActionDeclaration, specs: Mapping[str, Spec]) -> tuple[Assignment, ...]:
    """The assignments of an action that was checked, to fields of these types."""
    return tuple(_assignment(each, specs[each.name]) for each in action.sets)


def _assignment(declared: SetDeclaration, spec: Spec) -> Assignment:
    if _is_moment(declared, spec):
        return Assignment(declared.name, None, is_moment=True)
    return Assignment(declared.name, spec.type.value(spec, declared.written))


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
            if field is not None:
                refused = _refused(field, action, keyed)
                if complaint := refused or _unfit(field, declared):
                    problems.add(path, complaint, KEY if refused else None)
            elif name not in aggregate.mentioned:
                known = sorted(each.name for each in aggregate.fields if each.readonly)
                remedy = nearest(name, known) or "; it sets readonly fields"
                close = near(name, known)
                problems.add(path, f"unknown field {name!r}{remedy}", KEY, ((KEY, close),) if close else ())


def _refused(field: FieldDeclaration, action: ActionDeclaration, keyed: Collection[str]) -> str:
    """What keeps the action from setting the field, whatever the value."""
    name = field.name
    if not field.readonly:
        return f"{name!r} is a field that clients change by a patch; make it readonly, or drop it here"
    if name in {each.name for each in action.input}:
        return f"{name!r} is set by the input of the same action; drop it here or there"
    if name in action.clears:
        return f"{name!r} is emptied by the same action; drop it here or in `clears:`"
    if name == moment_of(action.target) and field.spec.type.instant:
        return f"{name!r} is the moment of this very action, which sets it by itself; drop it here"
    if field.spec.members_of:
        return f"{name!r} is {field.spec.written}, a value object, which code in service.py sets; drop it here"
    if not field.spec.type.defaultable or field.unique or name in keyed:
        what = "is unique" if field.unique else "is in a key" if name in keyed else f"is {field.spec.written}"
        return f"{name!r} {what}, so it cannot be the same in all; an `input:` of its name sets it"
    return ""


def _unfit(field: FieldDeclaration, declared: SetDeclaration) -> str:
    """What is wrong with the value."""
    if declared.written is None:
        return f"has no value; to empty {declared.name!r} list it in `clears:`"
    if _is_moment(declared, field.spec):
        return ""
    try:
        value = field.spec.type.value(field.spec, declared.written)
    except FieldTypeError as problem:
        also = " or `now`" if field.spec.type.family in _WITH_MOMENT else ""
        return f"{problem}{also}"
    long = len(str(value)) > LONGEST_DEFAULT
    return f"is too long; expected at most {LONGEST_DEFAULT} characters" if long else ""
