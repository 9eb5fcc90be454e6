"""The fields of the model: of an aggregate, a part, an action or an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..language.declarations import wire_of

if TYPE_CHECKING:
    from ..language.declarations import Policy
    from ..types import Spec
    from .computed import Computed

Sensitivity = Literal["pii", "secret"]


class Reference(NamedTuple):
    """What a field holds the identity of; `context` is that of an aggregate elsewhere, None for one of this domain."""

    aggregate: str
    context: str | None = None
    on_delete: Policy = "restrict"
    """What its deletion does: it is refused, takes what has the field along, or empties the field."""


class Default(NamedTuple):
    """The value of a field that nobody has given one, as it goes over the wire."""

    value: Any


class Field(NamedTuple):
    """A field of an aggregate, a part, an action or an event."""

    name: str
    wire: str
    """The name in JSON: references are called after the identity that they hold."""
    title: str
    description: str
    type: Spec
    """With its arguments and bounds, and with the names of what is generated for it."""
    optional: bool
    unique: bool
    ignorecase: bool
    indexed: bool
    readonly: bool
    sensitivity: Sensitivity | None
    default: Default | None
    examples: tuple[Any, ...]
    """Valid values as they go over the wire, all different; at least one."""
    reference: Reference | None
    renamed_from: str | None
    begins_now: bool = False
    """Whether it is the moment, or the day, at which the aggregate is created."""
    left_out: bool = False
    """Whether examples do without it: it would need another resource, or a rule excludes it beside the others."""
    compared: bool = False
    """Whether a rule compares it, so that its examples are the values which it may have beside those of others."""
    members: tuple[Field, ...] = ()
    """What a value object consists of."""
    computed: Computed | None = None
    """What it is made of, always."""

    @property
    def kind(self) -> str:
        """The word of its type."""
        return self.type.type.kind

    @property
    def required(self) -> bool:
        """Whether those who create have to send it."""
        return not self.optional and self.default is None and not self.readonly

    @property
    def starts_empty(self) -> bool:
        """Whether it is a value object that is always there, in which the service alone sets what is inside."""
        return bool(self.members) and self.readonly and not self.optional

    @property
    def is_secret(self) -> bool:
        """Whether nobody ever gets to see it."""
        return self.sensitivity == "secret"

    @property
    def enum(self) -> str | None:
        """The name of the closed set that it, or each of its values, belongs to."""
        spec = enum_of(self.type)
        return spec.enum_class if spec else None

    @property
    def target(self) -> str | None:
        """The aggregate of this domain that it refers to, if it refers to one."""
        return None if self.is_many else self.refers_to

    @property
    def targets(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Where an example of it refers to an aggregate of this domain, by names in JSON, and to which one."""
        if self.members:
            return tuple(
                ((self.wire, each.wire), each.target) for each in self.members if each.target and not each.left_out
            )
        return (((self.wire,), self.target),) if self.target else ()

    @property
    def is_many(self) -> bool:
        """Whether it refers to any number of aggregates."""
        return self.type.type.many

    @property
    def former_wire(self) -> str | None:
        """Its name in JSON before the rename."""
        return None if self.renamed_from is None else wire_of(self.renamed_from, self.type)

    @property
    def refers_to(self) -> str | None:
        """The aggregate of this domain that it refers to, to one or to many of it."""
        return self.reference.aggregate if self.reference and self.reference.context is None else None


def enum_of(spec: Spec) -> Spec | None:
    """The closed set in a type: itself, or that of the values in a list."""
    for each in (spec, spec.inner):
        if each is not None and each.members:
            return each
    return None
