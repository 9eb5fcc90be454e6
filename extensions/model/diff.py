"""What differs between two models: the one answer that every verdict on an update starts from."""

from __future__ import annotations

from operator import ne
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from ..types import Spec
from .domain import Action, Event, Trigger
from .sorts import Order, OrderKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .domain import Aggregate, Consumed, Domain, Filter, Key, Part, Rule, Sort, State, ValueType
    from .fields import Field


class Named(Protocol):
    """Whatever is known by its name."""

    @property
    def name(self) -> str:
        """What tells it from its like."""


T = TypeVar("T", bound=Named)
BESIDE = frozenset(
    {
        "name",
        "wire",
        "title",
        "titles",
        "summary",
        "description",
        "examples",
        "renamed_from",
        "aggregate",
        "command",
        "left_out",
        "compared",
        "members",
    }
)
"""What follows from a name, what only people read, and what is compared by itself."""


class Both(NamedTuple, Generic[T]):
    """The same thing, before and after."""

    old: T
    new: T

    @property
    def is_renamed(self) -> bool:
        """Whether it has another name."""
        return self.old.name != self.new.name


class Changes(NamedTuple, Generic[T]):
    """What became of things of one kind, each in the order of the model that it is in."""

    added: tuple[T, ...]
    removed: tuple[T, ...]
    kept: tuple[Both[T], ...]
    """All that are in both; some of them are renamed, or changed, or both."""
    changed: tuple[Both[T], ...]
    """Those of them in which something else than the name differs."""

    @property
    def renamed(self) -> tuple[Both[T], ...]:
        """Those with another name."""
        return tuple(both for both in self.kept if both.is_renamed)

    @property
    def names(self) -> dict[str, str]:
        """Former name → new name."""
        return {both.old.name: both.new.name for both in self.renamed}

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.renamed or self.changed)


class PartDiff(NamedTuple):
    """What changed in a part that both have."""

    old: Part
    new: Part
    fields: Changes[Field]
    keys: Changes[Key]
    rules: Changes[Rule]

    def __bool__(self) -> bool:
        return bool(self.fields or self.keys or self.rules)


class AggregateDiff(NamedTuple):
    """What changed in an aggregate that both have."""

    old: Aggregate
    new: Aggregate
    fields: Changes[Field]
    parts: Changes[Part]
    in_parts: tuple[PartDiff, ...]
    states: Changes[State]
    actions: Changes[Action]
    events: Changes[Event]
    keys: Changes[Key]
    rules: Changes[Rule]
    filters: Changes[Filter]
    sorts: Changes[Sort]
    orders: Changes[Order]

    def __bool__(self) -> bool:
        lists = (self.filters, self.sorts, self.orders)
        return any((self.fields, self.parts, *self.in_parts, self.states, self.actions, self.keys, self.rules, *lists))


class ConsumedDiff(NamedTuple):
    """What changed in an event of another context that both take."""

    old: Consumed
    new: Consumed
    fields: Changes[Field]

    def __bool__(self) -> bool:
        return bool(self.fields)


class TypeDiff(NamedTuple):
    """What changed in a value object that both have."""

    old: ValueType
    new: ValueType
    fields: Changes[Field]


class DomainDiff(NamedTuple):
    """What changed in a domain."""

    aggregates: Changes[Aggregate]
    in_aggregates: tuple[AggregateDiff, ...]
    events: Changes[Event]
    """What is emitted, by whichever aggregate."""
    consumes: Changes[Consumed]
    in_consumed: tuple[ConsumedDiff, ...]
    in_types: tuple[TypeDiff, ...]
    """What changed in types that both have; the fields that are of them have changed as well."""

    def __bool__(self) -> bool:
        return any((self.aggregates, self.consumes, *self.in_consumed))


def diff(old: Domain, new: Domain) -> DomainDiff:
    """What changed from one domain to the other."""
    names = match(old.aggregates, new.aggregates, former=_former).names
    aggregates = match(
        old.aggregates,
        new.aggregates,
        former=_former,
        differs=lambda one, two: _itself(one) != _itself(two) or bool(_aggregate(one, two, names)),
    )
    consumes = match(old.consumes, new.consumes, differs=_differs(names))
    return DomainDiff(
        aggregates=aggregates,
        in_aggregates=tuple(_aggregate(both.old, both.new, names) for both in aggregates.kept),
        events=match(_events(old), _events(new), differs=_differs(names)),
        consumes=consumes,
        in_consumed=tuple(_consumed(both.old, both.new, names) for both in consumes.kept),
        in_types=tuple(
            TypeDiff(both.old, both.new, _fields(both.old.fields, both.new.fields, names))
            for both in match(old.types, new.types).kept
        ),
    )


def match(
    old: Iterable[T],
    new: Iterable[T],
    *,
    former: Callable[[T], str | None] = lambda _: None,
    differs: Callable[[T, T], bool] = ne,
) -> Changes[T]:
    """Find each thing again by its name, or by its former one where that has gone and the new one was not there."""
    before, after = {each.name: each for each in old}, {each.name: each for each in new}
    kept: list[Both[T]] = []
    added: list[T] = []
    found: set[str] = set()
    for name, each in after.items():
        source = name if name in before else former(each)
        if source in before and source not in found and (source == name or source not in after):
            found.add(source)
            kept.append(Both(old=before[source], new=each))
        else:
            added.append(each)
    return Changes(
        added=tuple(added),
        removed=tuple(each for name, each in before.items() if name not in found),
        kept=tuple(kept),
        changed=tuple(both for both in kept if differs(both.old, both.new)),
    )


def _aggregate(old: Aggregate, new: Aggregate, names: Mapping[str, str]) -> AggregateDiff:
    fields = _fields(old.fields, new.fields, names)
    parts = match(old.parts, new.parts, differs=_differs(names))
    before, after = (each.lifecycle.states if each.lifecycle else () for each in (old, new))

    def former(each: Filter | Sort) -> str | None:
        return next((both.old.name for both in fields.renamed if both.new.name == each.name), None)

    return AggregateDiff(
        old=old,
        new=new,
        fields=fields,
        parts=parts,
        in_parts=tuple(
            PartDiff(
                old=both.old,
                new=both.new,
                fields=(inner := _fields(both.old.fields, both.new.fields, names)),
                keys=_keys(both.old.keys, both.new.keys, inner),
                rules=_rules(both.old.rules, both.new.rules, inner),
            )
            for both in parts.kept
        ),
        states=match(before, after, differs=_differs(names)),
        actions=match(old.actions, new.actions, differs=_differs(names)),
        events=match(old.events, new.events, differs=_differs(names)),
        keys=_keys(old.keys, new.keys, fields),
        rules=_rules(old.rules, new.rules, fields),
        filters=match(old.filters, new.filters, former=former, differs=_differs(names)),
        sorts=match(old.sorts, new.sorts, former=former, differs=_differs(names)),
        orders=match(
            old.orders,
            new.orders,
            former=lambda order: Order(tuple(_under_former_name(key, former) for key in order.keys)).name,
            differs=_differs(names),
        ),
    )


def _under_former_name(key: OrderKey, former: Callable[[Sort], str | None]) -> OrderKey:
    name = former(key.sort)
    return key if name is None else key._replace(sort=key.sort._replace(name=name))


def _itself(aggregate: Aggregate) -> tuple[str, str, tuple[str, ...]]:
    """What an aggregate says beside what it consists of: how its lists are called and ordered, and where it begins."""
    return aggregate.plural, aggregate.order.name, aggregate.lifecycle.initial if aggregate.lifecycle else ()


def _consumed(old: Consumed, new: Consumed, names: Mapping[str, str]) -> ConsumedDiff:
    # What another context sends has the name that is given there: one of another name is another field.
    return ConsumedDiff(old=old, new=new, fields=match(old.fields, new.fields, differs=_differs(names)))


def _fields(old: Iterable[Field], new: Iterable[Field], names: Mapping[str, str]) -> Changes[Field]:
    return match(old, new, former=_former, differs=_differs(names))


def _keys(old: Iterable[Key], new: Iterable[Key], fields: Changes[Field]) -> Changes[Key]:
    """A key is found again by the former names of its fields; it says nothing else."""
    former = {new_name: old_name for old_name, new_name in fields.names.items()}
    return match(
        old,
        new,
        former=lambda key: ", ".join(former.get(field.name, field.name) for field in key.fields),
        differs=lambda _old, _new: False,
    )


def _rules(old: Iterable[Rule], new: Iterable[Rule], fields: Changes[Field]) -> Changes[Rule]:
    """A rule is found again by the former names of its fields; it says nothing else."""
    former = {new_name: old_name for old_name, new_name in fields.names.items()}
    return match(
        old,
        new,
        former=lambda rule: rule.written(tuple(former.get(field.name, field.name) for field in rule.fields)),
        differs=lambda _old, _new: False,
    )


def _former(each: Aggregate | Field) -> str | None:
    return each.renamed_from


def _events(domain: Domain) -> list[Event]:
    return [event for aggregate in domain.aggregates for event in aggregate.events]


# Meaning -------------------------------------------------------------------------------------------------------------


def _differs(names: Mapping[str, str]) -> Callable[[object, object], bool]:
    """Whether two things mean something else; `names` are the aggregates' new names, by the former ones."""
    return lambda old, new: _meaning(old, names) != _meaning(new, {})


def _meaning(value: object, names: Mapping[str, str]) -> object:
    """What a value says beside its own name, with the aggregates that it refers to under their new names."""
    if isinstance(value, Spec):
        target = value.target if value.context else names.get(value.target, value.target)
        bounds = (
            value.length,
            value.low,
            value.high,
            value.precision,
            value.scale,
            value.range,
            value.currencies,
            tuple(value.members),
        )
        pattern = value.pattern.text if value.pattern else None
        inner = tuple((each.wire, each.optional, _meaning(each.spec, names)) for each in value.members_of)
        if inner:
            return value.type.kind, inner  # a type is what it consists of, whatever its name
        return (value.type.kind, *bounds, pattern, _meaning(value.inner, names), target, value.context)
    if isinstance(value, (Event, Trigger)):
        fields = [field.name for field in value.fields] if isinstance(value, Event) else []
        return names.get(value.aggregate, value.aggregate), fields, _meaning(_rest(value), names)
    if isinstance(value, Action):
        return [field.name for field in value.input], _meaning(_rest(value), names)
    if isinstance(value, tuple):
        return tuple(_meaning(each, names) for each in (_rest(value) if hasattr(value, "_fields") else value))
    return value


def _rest(value: Any) -> tuple[object, ...]:
    return tuple(each for name, each in zip(value._fields, value, strict=True) if name not in BESIDE)
