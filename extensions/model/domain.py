"""The model of a domain: what every target reads, by the names that the domain itself uses.

Nothing here knows Python, SQL or HTTP; each target gives its own forms to what it finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..language.declarations import rule_with
from ..language.grammar import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .assignments import Assignment
    from .fields import Field
    from .sorts import Order


class Key(NamedTuple):
    """Fields of which no two have the same values; an absent value is like no other."""

    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        """The names of its fields."""
        return ", ".join(field.name for field in self.fields)

    @property
    def wires(self) -> tuple[str, ...]:
        """Their names in JSON."""
        return tuple(field.wire for field in self.fields)


class Rule(NamedTuple):
    """What is true of fields together, in each aggregate or each item of a part."""

    sign: str
    """A comparison; `or` and `either` of what is present; or `when`."""
    fields: tuple[Field, ...]
    """Of `when` the one that has to be there, and the one that decides it."""
    value: str | None
    """The word that the latter has then; any value where there is none."""

    @property
    def name(self) -> str:
        """As it is written."""
        return self.written(tuple(field.name for field in self.fields))

    def written(self, names: tuple[str, ...]) -> str:
        """As it is written with these names of its fields."""
        return rule_with(self.sign, names, None if self.value is None else self.value.lower())

    @property
    def wires(self) -> tuple[str, ...]:
        """The names of its fields in JSON."""
        return tuple(field.wire for field in self.fields)

    @property
    def blamed(self) -> str:
        """The name in JSON of the field that is wrong where it is broken: the one that it begins with."""
        return self.fields[0].wire

    @property
    def condition(self) -> str:
        """Of `when`: what is true of the field that decides."""
        return self.value or ("true" if self.fields[1].type.type.truth else "present")


class Part(NamedTuple):
    """A list of entities inside an aggregate, from `minimum` to `maximum` of them."""

    name: str
    titles: str
    entity: str
    singular: str
    """The entity in snake_case."""
    title: str
    description: str
    minimum: int
    maximum: int
    fields: tuple[Field, ...]
    keys: tuple[Key, ...]
    """What no two of an aggregate share."""
    rules: tuple[Rule, ...]

    @property
    def input_fields(self) -> tuple[Field, ...]:
        """The fields that clients may send."""
        return tuple(field for field in self.fields if not field.readonly)


class Member(NamedTuple):
    """One value of a closed set."""

    name: str
    title: str


class EnumType(NamedTuple):
    """A closed set of values, with a name that nothing else in the domain has."""

    name: str
    field: str
    members: tuple[Member, ...]
    description: str


class State(Member):
    """One state of a lifecycle."""


class Action(NamedTuple):
    """A step of a lifecycle; `resource` is its noun in kebab-case, empty where it is internal."""

    name: str
    title: str
    summary: str
    description: str
    resource: str
    sources: tuple[str, ...]
    target: str
    emits: str | None
    stamps: str | None
    """The readonly field that takes the moment, by its name in JSON."""
    command: str
    """The name of what callers send: `HoldBook`."""
    input: tuple[Field, ...]
    """The fields of the command; empty where nothing is sent."""
    sets: tuple[str, ...]
    """The names of those that set the readonly field of the same name."""
    clears: tuple[str, ...]
    """The names of the readonly fields that it empties."""
    assigns: tuple[Assignment, ...]
    internal: bool
    """Whether only the service itself takes it: its code, a job, an event."""


class Event(NamedTuple):
    """What happened to an aggregate, and the actions after which it is emitted."""

    name: str
    aggregate: str
    actions: tuple[str, ...]
    fields: tuple[Field, ...]
    """What it carries of the input of these actions; optional where one of them has it not."""


class Lifecycle(NamedTuple):
    """States, those in which it begins, and the actions between them."""

    enum: str
    """The name of the closed set of its states."""
    states: tuple[State, ...]
    initial: tuple[str, ...]
    """The states in which it can be created."""
    moments: tuple[tuple[str, str], ...]
    """The states with a readonly field that takes the moment at which they are entered: its name in JSON."""
    actions: tuple[Action, ...]
    events: tuple[Event, ...]

    @property
    def first(self) -> str:
        """The state of what was just created, unless its client chose another one."""
        return self.initial[0]

    @property
    def choices(self) -> tuple[str, ...]:
        """The states among which clients choose one when they create; none where there is no choice."""
        return self.initial if len(self.initial) > 1 else ()


SEARCH = "search"
"""The name of the filter by words, and how it compares."""


class Search(NamedTuple):
    """The fields whose words lists are searched for, and the language that they are in."""

    fields: tuple[Field, ...]
    language: str

    @property
    def is_plain(self) -> bool:
        """Whether words are found as they are written only, of whatever language they are."""
        return self.language == LANGUAGES[0]


class Asked(NamedTuple):
    """One parameter by which a list is narrowed; `word` says how it compares, nothing where by the value itself."""

    word: str
    wire: str


class Filter(NamedTuple):
    """A list can be narrowed by a field, or, without one, by the state, a moment of every aggregate, or by words."""

    name: str
    field: Field | None
    words: tuple[str, ...] = ()
    """How it is asked for, beside its value."""
    search: Search | None = None

    @property
    def wire(self) -> str:
        """Its name in addresses."""
        return self.field.wire if self.field else self.name

    @property
    def is_moment(self) -> bool:
        """Whether it goes by a moment that every aggregate has."""
        return self.field is None and self.name in {"created_at", "modified_at"}

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Its parameters: that of its value, where two can have the same, and one for each other word."""
        if self.search:
            return (Asked(SEARCH, self.name),)
        by_value = self.field.type.type.filterable if self.field else not self.is_moment
        own = (Asked("any" if "any" in self.words else "", self.wire),) if by_value else ()
        return (*own, *(Asked(word, f"{self.wire}_{word}") for word in self.words if word != "any"))

    @property
    def ignorecase(self) -> bool:
        """Whether upper and lower case are alike for it."""
        return self.field is not None and self.field.ignorecase


class Sort(NamedTuple):
    """A list can be ordered by a field, or, without one, by the moment of creation or of the last change."""

    name: str
    field: Field | None

    @property
    def wire(self) -> str:
        """Its name in addresses."""
        return self.field.wire if self.field else self.name


class Aggregate(NamedTuple):
    """What is created, read, changed and deleted as a whole."""

    name: str
    singular: str
    """Its name in snake_case."""
    plural: str
    title: str
    titles: str
    description: str
    renamed_from: str | None
    fields: tuple[Field, ...]
    parts: tuple[Part, ...]
    lifecycle: Lifecycle | None
    keys: tuple[Key, ...]
    rules: tuple[Rule, ...]
    filters: tuple[Filter, ...]
    sorts: tuple[Sort, ...]
    orders: tuple[Order, ...]
    """Those by several fields together."""
    order: Order
    """That of lists which are asked for none."""
    enums: tuple[EnumType, ...]
    """Those of its fields, parts and actions, and that of its states."""

    @property
    def input_fields(self) -> tuple[Field, ...]:
        """The fields that clients may send."""
        return tuple(field for field in self.fields if not field.readonly)

    @property
    def output_fields(self) -> tuple[Field, ...]:
        """The fields that clients may see."""
        return tuple(field for field in self.fields if not field.is_secret)

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions of its lifecycle."""
        return self.lifecycle.actions if self.lifecycle else ()

    @property
    def public_actions(self) -> tuple[Action, ...]:
        """Those of them that clients take."""
        return tuple(action for action in self.actions if not action.internal)

    @property
    def events(self) -> tuple[Event, ...]:
        """What it emits."""
        return self.lifecycle.events if self.lifecycle else ()

    @property
    def commands(self) -> tuple[Action, ...]:
        """The actions to which something is sent."""
        return tuple(action for action in self.actions if action.input)

    @property
    def lists_itself(self) -> bool:
        """Whether one of its lists of references may have the aggregate itself."""
        return any(field.is_many and field.refers_to == self.name for field in self.fields)

    def all_fields(self) -> Iterator[Field]:
        """Its fields and those of its parts."""
        yield from self.fields
        for part in self.parts:
            yield from part.fields


class ValueType(NamedTuple):
    """A value object: what fields of aggregates can be of, without an identity of its own."""

    name: str
    singular: str
    """Its name in snake_case."""
    title: str
    description: str
    fields: tuple[Field, ...]
    enums: tuple[EnumType, ...]


class Trigger(NamedTuple):
    """What is done when an event arrives."""

    aggregate: str
    action: str


class Consumed(NamedTuple):
    """An event of another context."""

    name: str
    source: str
    description: str
    fields: tuple[Field, ...]
    triggers: Trigger | None


class Domain(NamedTuple):
    """A whole domain: everything is valid, and every name in it is there."""

    context: str
    title: str
    description: str
    aggregates: tuple[Aggregate, ...]
    consumes: tuple[Consumed, ...]
    by_dependency: tuple[str, ...]
    """Aggregates after those that they refer to, as far as the references form no circle."""
    types: tuple[ValueType, ...] = ()

    @property
    def kept_types(self) -> set[str]:
        """The value objects that aggregates have beside their parts."""
        return _types_of(self.aggregates)

    @property
    def types_in_parts(self) -> set[str]:
        """Those that parts have."""
        return _types_of(part for each in self.aggregates for part in each.parts)

    @property
    def changed_types(self) -> set[str]:
        """Those that clients change by a merge patch; a part is replaced."""
        return {field.type.target for each in self.aggregates for field in each.input_fields if field.members}

    @property
    def sent_types(self) -> set[str]:
        """Those that clients write."""
        written = (field for each in self.aggregates for part in each.parts for field in part.input_fields)
        return self.changed_types | {field.type.target for field in written if field.members}

    @property
    def optional_types(self) -> set[str]:
        """Those that may be absent where clients change them."""
        written = (field for each in self.aggregates for field in each.input_fields if field.optional)
        return {field.type.target for field in written if field.members}

    def aggregate(self, name: str) -> Aggregate:
        """The aggregate of that name; raises KeyError."""
        for aggregate in self.aggregates:
            if aggregate.name == name:
                return aggregate
        raise KeyError(name)


def _types_of(owners: Iterable[Aggregate | Part]) -> set[str]:
    return {field.type.target for each in owners for field in each.fields if field.members}
