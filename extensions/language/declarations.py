"""What a domain declares: the result of parsing, with values already in their wire form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..text import english

if TYPE_CHECKING:
    from ..types import Spec
    from .formulas import Formula

Policy = Literal["restrict", "cascade", "clear"]


def wire_of(name: str, spec: Spec) -> str:
    """The name in JSON of a field of that type: `customer` → `customer_id`, `tags` → `tag_ids`."""
    if spec.type.many:
        return f"{english.singular(name)}_ids"
    return f"{name}_id" if spec.refers else name


def moment_of(state: str) -> str:
    """The name of the field that takes the moment at which the state is entered: `In Transit` → `in_transit_at`."""
    return f"{re.sub('[^a-z0-9]+', '_', state.lower()).strip('_')}_at"


@dataclass(frozen=True, slots=True, eq=False)
class FieldDeclaration:
    """A field of an aggregate, a part, an action or an event."""

    path: str
    name: str
    spec: Spec
    optional: bool = False
    unique: bool = False
    ignorecase: bool = False
    index: bool = False
    readonly: bool = False
    pii: bool = False
    secret: bool = False
    on_delete: Policy | None = None
    """What becomes of it when what it refers to is deleted, if that is said."""
    default: Any = None
    has_default: bool = False
    begins_now: bool = False
    """Whether it is the moment, or the day, at which the aggregate is created."""
    example: Any = None
    has_example: bool = False
    description: str = ""
    renamed_from: str | None = None
    computed: Formula | None = None
    """What it is made of, always."""

    @property
    def wire(self) -> str:
        """The name in JSON: references are called after the identity that they hold."""
        return self.wire_of(self.name)

    def wire_of(self, name: str) -> str:
        """The name in JSON that the field would have under another name."""
        return wire_of(name, self.spec)


class KeyDeclaration(NamedTuple):
    """The names of fields that no two share all of; `item` is its place in the list."""

    fields: tuple[str, ...]
    item: int

    @property
    def written(self) -> str:
        """As it is written."""
        return f"[{', '.join(self.fields)}]"


def rule_with(sign: str, names: tuple[str, ...], value: str | None) -> str:
    """A rule as it is written with these names."""
    if sign == "when":
        return f"{names[0]} when {names[1]}{'' if value is None else f' = {value}'}"
    if sign in {"or", "either"}:
        return f"{'either ' if sign == 'either' else ''}{' or '.join(names)}"
    return f"{names[0]} {sign} {names[1]}"


class RuleDeclaration(NamedTuple):
    """What is true of fields together, as it is `written`; `item` is its place in the list."""

    written: str
    sign: str
    """A comparison; `or` and `either` of what is present; or `when`."""
    fields: tuple[str, ...]
    """The names; of `when` that of the field that has to be there, and that of the one that decides it."""
    value: str | None
    """The word that the latter has then; any value where there is none."""
    item: int


class FilterDeclaration(NamedTuple):
    """A field by which lists are narrowed, and the words for how it is asked for; `item` is its place in the list."""

    name: str
    words: tuple[str, ...]
    item: int


class SortKey(NamedTuple):
    """A field by which lists are ordered, and in which direction."""

    name: str
    descending: bool = False

    @property
    def written(self) -> str:
        """As it is written."""
        return f"{'-' * self.descending}{self.name}"


class OrderDeclaration(NamedTuple):
    """An order of lists by several fields, or that of lists asked for none; `item` is its place in the list."""

    keys: tuple[SortKey, ...]
    item: int | None

    @property
    def written(self) -> str:
        """As it is written."""
        return f"[{', '.join(key.written for key in self.keys)}]"

    @property
    def backwards(self) -> tuple[SortKey, ...]:
        """Its keys in the other direction."""
        return tuple(key._replace(descending=not key.descending) for key in self.keys)


class SearchDeclaration(NamedTuple):
    """The fields whose words lists are searched for, and the language that they are in."""

    path: str
    """That of the list of fields."""
    fields: tuple[str, ...]
    language: str


class PartDeclaration(NamedTuple):
    """A list of entities inside an aggregate."""

    path: str
    name: str
    entity: str
    max: int
    fields: tuple[FieldDeclaration, ...]
    description: str = ""
    mentioned: frozenset[str] = frozenset()
    """The names of all fields, those with problems too."""
    unique: tuple[KeyDeclaration, ...] = ()
    rules: tuple[RuleDeclaration, ...] = ()
    min: int = 0
    """How many there are at least: none, or one."""


class SetDeclaration(NamedTuple):
    """What an action makes of a readonly field: a value as it is written, or the moment of the action."""

    name: str
    written: Any


class ActionDeclaration(NamedTuple):
    """A step of a lifecycle; `resource` is its kebab-case noun."""

    path: str
    name: str
    sources: tuple[str, ...]
    target: str
    emits: str | None
    resource: str
    description: str = ""
    input: tuple[FieldDeclaration, ...] = ()
    internal: bool = False
    """Only the service itself takes it: it has no endpoint."""
    clears: tuple[str, ...] = ()
    """The readonly fields that it empties."""
    sets: tuple[SetDeclaration, ...] = ()


class LifecycleDeclaration(NamedTuple):
    """States in wire form, the first one initial, and the actions between them."""

    path: str
    states: tuple[str, ...]
    initial: tuple[str, ...]
    """Those in which it can be created, the first unless the client chooses another one."""
    actions: tuple[ActionDeclaration, ...]


class AggregateDeclaration(NamedTuple):
    """An aggregate; `plural` is in snake_case."""

    path: str
    name: str
    plural: str
    fields: tuple[FieldDeclaration, ...] = ()
    parts: tuple[PartDeclaration, ...] = ()
    lifecycle: LifecycleDeclaration | None = None
    mentioned: frozenset[str] = frozenset()
    """The names of all fields, those with problems too."""
    unique: tuple[KeyDeclaration, ...] = ()
    rules: tuple[RuleDeclaration, ...] = ()
    filter: tuple[FilterDeclaration, ...] = ()
    sort: tuple[str, ...] = ()
    sort_together: tuple[OrderDeclaration, ...] = ()
    """Fields by which lists can be ordered together."""
    order: OrderDeclaration | None = None
    """The order of lists that are asked for none."""
    search: SearchDeclaration | None = None
    description: str = ""
    renamed_from: str | None = None

    @property
    def owners(self) -> tuple[AggregateDeclaration | PartDeclaration, ...]:
        """Itself and its parts: what has fields, and keys of them."""
        return (self, *self.parts)


class ConsumedDeclaration(NamedTuple):
    """An event of another context and the action that it triggers."""

    path: str
    name: str
    source: str
    fields: tuple[FieldDeclaration, ...]
    aggregate: str | None
    action: str | None
    description: str = ""


class TypeDeclaration(NamedTuple):
    """A value object: fields that are used together as the type of others."""

    path: str
    name: str
    fields: tuple[FieldDeclaration, ...] = ()
    description: str = ""
    mentioned: frozenset[str] = frozenset()
    """The names of all fields, those with problems too."""


class Domain(NamedTuple):
    """A whole domain file."""

    context: str
    description: str
    aggregates: tuple[AggregateDeclaration, ...]
    consumes: tuple[ConsumedDeclaration, ...]
    types: tuple[TypeDeclaration, ...] = ()
