"""The events of other contexts, and the actions that they trigger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...text import naming
from ...text.problems import KEY, Word, kind_of, show
from ..declarations import ConsumedDeclaration
from ..grammar import CONSUMED_KEYS
from ..references import IN_EVENT
from .fields import read_fields, refuse_now
from .formula import refuse_computed
from .place import check_keys, is_pascal, read_description, read_mapping
from .value_objects import refuse_objects

if TYPE_CHECKING:
    from ..declarations import FieldDeclaration
    from .place import Place


def read_consumed(place: Place, raw: object) -> tuple[ConsumedDeclaration, ...]:
    """All consumed events of the domain."""
    if raw is None:
        return ()
    mapping = read_mapping(place, raw, "a mapping of events by name")
    events = (_event(place / name, name, value) for name, value in mapping.items())
    return tuple(event for event in events if event is not None)


def _event(place: Place, name: str, raw: object) -> ConsumedDeclaration | None:
    named = is_pascal(place, name, "the event", KEY)
    body = read_mapping(place, raw, "a mapping with `from:`, `fields:` and `triggers:`")
    if not body:
        if isinstance(raw, dict):
            place.add("is empty; expected `from:`, `fields:` and `triggers:`")
        return None
    check_keys(place, body, CONSUMED_KEYS)
    source = body.get("from")
    if source is None:
        (place / "from").add("is missing; expected the context that publishes the event, such as payments")
    elif not isinstance(source, str) or not naming.KEBAB.fullmatch(source):
        (place / "from").add(f"{show(source)} is not the lower-case name of a context; expected one such as payments")
    fields = () if body.get("fields") in (None, {}) else read_fields(place / "fields", body["fields"])
    fields = refuse_computed(place, fields)
    refuse_objects(place, fields, "an event")
    refuse_now(place, fields, "an event")
    for declared in fields:
        _check_field(place, declared)
    aggregate, action = _trigger(place / "triggers", body.get("triggers"))
    description = read_description(place, body)
    if not named or not isinstance(source, str):
        return None
    return ConsumedDeclaration(place.path, name, source, fields, aggregate, action, description)


def _check_field(event: Place, declared: FieldDeclaration) -> None:
    for flag in ("unique", "ignorecase", "index", "readonly", "secret"):
        if getattr(declared, flag):
            message = f"{flag} has no meaning in an event that another context publishes; drop it"
            event.problems.add(declared.path, message, Word(flag))
    if declared.renamed_from:
        message = "renamed_from has no meaning in an event that another context publishes; drop it"
        event.problems.add(declared.path, message, Word("renamed_from"))
    if declared.spec.type.local:
        one = "ref has no meaning in an event; write uuid or id context.X"
        event.problems.add(declared.path, IN_EVENT if declared.spec.type.many else one)


def _trigger(place: Place, raw: object) -> tuple[str | None, str | None]:
    if raw is None:
        return None, None
    match = re.fullmatch(r"([A-Z][A-Za-z0-9]*)\.([a-z][a-z0-9_]*)", raw) if isinstance(raw, str) else None
    if not match:
        place.add(f"expected Aggregate.action, such as Order.ship, not {kind_of(raw)}")
        return None, None
    return match[1], match[2]
