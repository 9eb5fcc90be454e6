"""What a change of the domain means for other contexts: those whose events it takes, and those that take its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..types.bounds import Range
from ..types.choices import list_range
from .diff import diff

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..types import Spec
    from .diff import ConsumedDiff
    from .domain import Consumed, Domain, Event
    from .fields import Field


class Line(NamedTuple):
    """One consequence; what is asked has to be agreed with the other context before."""

    text: str
    asked: bool


def between(old: Domain, new: Domain) -> tuple[list[str], list[str]]:
    """What other contexts have to know of before, and what else changed; both empty when nothing of it changed."""
    lines = list(_lines(old, new))
    return [line.text for line in lines if line.asked], [line.text for line in lines if not line.asked]


def _lines(old: Domain, new: Domain) -> Iterator[Line]:
    found = diff(old, new)
    kept = {each.new.name: each for each in found.in_consumed}
    for event in new.consumes:
        if event.name not in kept:
            yield Line(f"{event.name} is consumed now; {event.source} has to send it", asked=True)
        else:
            yield from _consumed(kept[event.name])
            yield from _triggered(kept[event.name], found.aggregates.names)
    for event in found.consumes.removed:
        yield Line(f"{event.name} is no longer consumed", asked=False)
    for gone in found.events.removed:
        yield Line(f"{gone.name} is no longer emitted; who consumes it gets none", asked=True)
    for added in found.events.added:
        yield Line(f"{added.name} is emitted now", asked=False)
    for both in found.events.kept:
        yield from _emitted(both.old, both.new)


def _emitted(old: Event, new: Event) -> Iterator[Line]:
    """What those who consume an event have to know of before: whatever they get less, or otherwise."""
    before, after = ({field.wire: field for field in event.fields} for event in (old, new))
    for wire in before.keys() - after.keys():
        yield Line(f"{new.name} no longer carries {wire}", asked=True)
    for wire, field in after.items():
        if wire not in before:
            yield Line(f"{new.name} carries {wire} now", asked=False)
            continue
        was, fits = before[wire], takes_no_less(field.type, before[wire].type)
        if was.type.written != field.type.written:
            yield Line(f"{new.name}: {wire} is {field.type.written}, was {was.type.written}", asked=not fits)
        elif not (fits and takes_no_less(was.type, field.type)):
            yield Line(f"{new.name}: {wire} has other limits", asked=not fits)
        if was.optional != field.optional:
            became = "may be absent" if field.optional else "is always there"
            yield Line(f"{new.name}: {wire} {became} now", asked=field.optional)


def _triggered(event: ConsumedDiff, names: dict[str, str]) -> Iterator[Line]:
    was, now = _trigger(event.old, {}), _trigger(event.new, {})
    if now not in {was, _trigger(event.old, names)}:
        yield Line(f"{event.new.name} triggers {now}, was {was}", asked=False)


def _trigger(event: Consumed, names: dict[str, str]) -> str:
    triggers = event.triggers
    return f"{names.get(triggers.aggregate, triggers.aggregate)}.{triggers.action}" if triggers else "nothing"


def _consumed(event: ConsumedDiff) -> Iterator[Line]:
    """What is asked of an event that is consumed before and after."""
    name, source = event.new.name, event.new.source
    if source != event.old.source:
        yield Line(f"{name} is expected from {source}, was {event.old.source}", asked=True)
    before, after = ({field.wire: field for field in each.fields} for each in (event.old, event.new))
    for wire, field in after.items():
        if wire in before:
            yield from _field(f"{name}: {wire}", before[wire], field)
        elif field.required:
            yield Line(f"{name}: {source} has to send {wire}", asked=True)
        else:
            yield Line(f"{name}: {wire} is read, where it is sent", asked=False)
    for wire in before:
        if wire not in after:
            yield Line(f"{name}: {wire} is no longer read", asked=False)


def _field(what: str, old: Field, new: Field) -> Iterator[Line]:
    became = new.required and not old.required
    fits = takes_no_less(old.type, new.type)
    if old.type.written != new.type.written:
        yield Line(f"{what} is {new.type.written}, was {old.type.written}", asked=became or not fits)
    elif not (fits and takes_no_less(new.type, old.type)):
        yield Line(f"{what} has other limits", asked=became or not fits)
    elif became:
        yield Line(f"{what} became required", asked=True)
    elif old.required and not new.required:
        yield Line(f"{what} became optional", asked=False)


def takes_no_less(old: Spec, new: Spec) -> bool:
    """Whether whatever is a value of the old type is one of the new type, too."""
    is_prose = old.type.patterned and new.type.multiline  # one line is text
    if not (is_prose or old.type.kind == new.type.kind) or (old.target, old.context) != (new.target, new.context):
        return False
    if new.pattern is not None and (old.pattern is None or old.pattern.text != new.pattern.text):
        return False
    if not set(old.members) <= set(new.members):
        return False
    if new.currencies and not (old.currencies and set(old.currencies) <= set(new.currencies)):
        return False
    if old.inner is not None and new.inner is not None and not takes_no_less(old.inner, new.inner):
        return False
    return _bounds(old, new)


def _bounds(old: Spec, new: Spec) -> bool:
    """The same of length, range, digits and sign."""
    before, after = (list_range(each) if each.inner else each.type.span(each) for each in (old, new))
    if before is not None and after is not None:
        return after[0] <= before[0] and before[1] <= after[1]
    digits = old.precision - old.scale <= new.precision - new.scale and old.scale <= new.scale
    lower = new.low is None or (old.low is not None and new.low <= old.low)
    higher = new.high is None or (old.high is not None and old.high <= new.high)
    return digits and lower and higher and (new.range or Range()).takes_no_less(old.range or Range())
