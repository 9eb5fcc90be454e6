"""Lifecycles: states, and the actions between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...text import english, naming
from ...text.problems import KEY, Word, kind_of, near, nearest, show
from ...types import FieldTypeError, enum_member, parse_type
from ..declarations import ActionDeclaration, LifecycleDeclaration, SetDeclaration
from ..elsewhere import counterpart
from ..grammar import ACTION_KEYS, LIFECYCLE_KEYS, OPERATIONS
from ..references import IN_INPUT
from .fields import read_fields, refuse_now
from .formula import refuse_computed
from .place import (
    Place,
    check_keys,
    is_kebab,
    is_pascal,
    is_snake,
    read_description,
    read_field_names,
    read_flag,
    read_mapping,
)
from .value_objects import refuse_objects

if TYPE_CHECKING:
    from ..declarations import FieldDeclaration

AS_WRITTEN = 'enum("draft", "in transit")'
CONSTRAINTS = ("unique", "ignorecase", "index", "on_delete")
"""What is said of a field that is stored."""


def read_lifecycle(place: Place, raw: object) -> LifecycleDeclaration | None:
    """The lifecycle of an aggregate, if it has one."""
    if raw is None:
        return None
    body = read_mapping(place, raw, "a mapping with `states:` and `actions:`")
    if not body:
        if isinstance(raw, dict):
            place.add("is empty; expected `states:` and `actions:`")
        return None
    check_keys(place, body, LIFECYCLE_KEYS)
    if {counterpart(LIFECYCLE_KEYS, key) for key in body if key not in LIFECYCLE_KEYS} & {
        "states",
        "actions",
    } - body.keys():
        return None  # what to write for it is said
    states = _states(place / "states", body.get("states"))
    initial = _chosen(place / "initial", body["initial"], states) if "initial" in body else states[:1]
    listed = body.get("actions") or {}
    actions = _actions(place / "actions", body.get("actions"), states)
    reached = {action.target for action in actions} | set(initial)
    if isinstance(listed, dict) and len(actions) == len(listed) and initial:
        for number, state in enumerate(states):
            if state not in reached:
                remedy = "add one, list it in `initial:`, or drop it"
                (place / "states").add(f"no action leads to {state!r}; {remedy}", number)
    return LifecycleDeclaration(place.path, states, initial, actions) if states else None


def _states(place: Place, raw: object) -> tuple[str, ...]:
    """All states, in their wire form: of a list in upper case, of an enum as its words are."""
    if isinstance(raw, str) and raw.lstrip().startswith("enum("):
        try:
            return parse_type(raw.strip()).members
        except FieldTypeError as problem:
            place.add(str(problem))
            return ()
    if not isinstance(raw, list) or not raw:
        remedy = f"expected a list of states, such as [draft, placed], or {AS_WRITTEN} for words as an API has them"
        place.add(f"{remedy}, not {kind_of(raw)}")
        return ()
    states: list[str] = []
    for number, state in enumerate(raw):
        try:
            value = enum_member(state) if isinstance(state, str) else None
        except FieldTypeError as problem:
            place.add(str(problem), number)
            continue
        if value is None:
            place.add(f"expected the name of a state, not {kind_of(state)}; quote it or rename it", number)
        elif value in states:
            place.add(f"lists {value!r} twice; drop one", number)
        else:
            states.append(value)
    return tuple(states)


def _actions(place: Place, raw: object, states: tuple[str, ...]) -> tuple[ActionDeclaration, ...]:
    if raw is None or raw == {}:
        place.add("expected at least one action, such as place: {from: draft, to: placed}")
        return ()
    mapping = read_mapping(place, raw, "a mapping of actions by name")
    actions = (_action(place / name, name, value, states) for name, value in mapping.items())
    return tuple(action for action in actions if action is not None)


def _action(place: Place, name: str, raw: object, states: tuple[str, ...]) -> ActionDeclaration | None:
    named = is_snake(place, name, "the action's name", KEY)
    body = read_mapping(place, raw, "a mapping with `from:` and `to:`")
    if not body:
        return None
    check_keys(place, body, ACTION_KEYS)
    sources = _chosen(place / "from", body.get("from"), states)
    targets = _chosen(place / "to", body.get("to"), states)
    if len(targets) > 1:
        (place / "to").add("an action leads to one state; expected one, or an action for each")
    emits = body.get("emits")
    if emits is not None and not is_pascal(place / "emits", emits, "the event"):
        emits = None
    resource, internal = body.get("resource"), read_flag(place, body, "internal")
    if internal and resource is not None:
        (place / "resource").add("an internal action has no path; drop `resource:`, or `internal:`", KEY)
    elif resource is None:
        resource = english.action_noun(name) if named else ""
    elif not is_kebab(resource):
        (place / "resource").add(f"{show(resource)} is not a lower-case plural noun; expected one such as placements")
        named = False
    if named and name in OPERATIONS:
        place.add(f"{name!r} is an operation that every aggregate has; name the step of the lifecycle", KEY)
        named = False
    description = read_description(place, body)
    given = _input(place / "input", body["input"]) if "input" in body else ()
    clears = read_field_names(place / "clears", body.get("clears"))
    sets = _sets(place / "sets", body["sets"]) if "sets" in body else ()
    if not named or not sources or len(targets) != 1:
        return None
    noun = naming.kebab(resource) if resource and not internal else ""
    return ActionDeclaration(
        place.path, name, sources, targets[0], emits, noun, description, given, internal, clears, sets
    )


def _sets(place: Place, raw: object) -> tuple[SetDeclaration, ...]:
    """What it makes of fields; whether these can have it is seen where the fields are known."""
    example = "such as {paid: true, paid_at: now}"
    if not isinstance(raw, dict) or not raw:
        found = "an empty mapping" if raw == {} else kind_of(raw)
        place.add(f"expected a mapping of readonly fields and what they become, {example}, not {found}")
        return ()
    return tuple(SetDeclaration(name, value) for name, value in read_mapping(place, raw, "a mapping").items())


def _input(place: Place, raw: object) -> tuple[FieldDeclaration, ...]:
    """What a caller sends with the action."""
    if raw is None or raw == {}:
        place.add("has no fields; expected at least one, such as reason: string(200)?, or no `input:` at all")
        return ()
    fields = refuse_computed(place, read_fields(place, raw))
    refuse_objects(place, fields, "an input")
    refuse_now(place, fields, "an input")
    for declared in fields:
        wrong = {
            flag: f"{flag} has no meaning in an input; say it of the readonly field {declared.name!r} that it sets"
            for flag in CONSTRAINTS
            if getattr(declared, flag)
        }
        if declared.spec.type.many:
            place.problems.add(declared.path, IN_INPUT)
        if declared.readonly:
            wrong["readonly"] = "an input is what a client sends, so it cannot be readonly; drop the word"
        if declared.renamed_from:
            wrong["renamed_from"] = "renamed_from has no meaning in an input, which is not stored; drop it"
        for word, message in wrong.items():
            place.problems.add(declared.path, message, Word(word))
    return fields


def _chosen(place: Place, raw: object, states: tuple[str, ...]) -> tuple[str, ...]:
    """One or more of the states; none when one of them is wrong."""
    values = raw if isinstance(raw, list) else [raw]
    if raw is None or not values:
        place.add(f"is missing; expected one of {', '.join(states)}" if states else "is missing; expected a state")
        return ()
    if not states:
        return ()
    found: list[str] = []
    for number, value in enumerate(values):
        if not isinstance(value, str):
            place.add(f"expected the name of a state, not {kind_of(value)}", number)
            continue
        state = value if value in states else value.upper().replace("-", "_")
        if state not in states:
            valid = [state.lower() if state.isupper() else state for state in states]
            spot = number if isinstance(raw, list) else None
            edits = [(spot, close)] if (close := near(value, valid)) else []
            place.add(f"unknown state {value!r}{nearest(value, valid)}", number, *edits)
        elif state in found:
            place.add(f"lists {value!r} twice; drop one", number)
        else:
            found.append(state)
    return tuple(found) if len(found) == len(values) else ()
