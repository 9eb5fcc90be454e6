"""Value objects: what the domain names once as several fields, and uses as the type of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.problems import nearest, show
from .base import FieldType, FieldTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .base import Spec

_EXAMPLES = 3


class Member(NamedTuple):
    """A field of a value object."""

    wire: str
    """Its name in JSON."""
    spec: Spec
    optional: bool = False
    has_default: bool = False
    default: Any = None
    given: tuple[Any, ...] = ()
    """The example that the domain gives, if it does."""
    secret: bool = False

    @property
    def is_needed(self) -> bool:
        """Whether who sends the object has to send it."""
        return not self.optional and not self.has_default


class ObjectType(FieldType):
    """A type that the domain itself defines, which no word of the language stands for."""

    kind = "value object"
    syntax = "Address"
    meaning = "a type of this domain"
    sample = "Address"
    shape = "[A-Z][A-Za-z0-9]*"
    unique = False
    indexable = False
    filterable = False
    listable = False
    defaultable = False

    def written(self, spec: Spec) -> str:
        """The name that the domain gives."""
        return spec.target

    def value(self, spec: Spec, raw: object) -> Any:
        """An object of the members; raises FieldTypeError."""
        if not isinstance(raw, dict):
            raise FieldTypeError(f"{show(raw)} is no {spec.target}; expected a mapping of its fields")
        members = {member.wire: member for member in spec.members_of}
        for name in raw:
            if name not in members:
                raise FieldTypeError(f"{spec.target} has no {name!r}{nearest(str(name), members)}")
        found = {}
        for wire, member in members.items():
            if raw.get(wire) is not None:
                found[wire] = member.spec.type.value(member.spec, raw[wire])
            elif member.is_needed:
                raise FieldTypeError(f"{wire!r} of {spec.target} is missing; give it a value")
            elif member.has_default:
                found[wire] = member.default
        return found

    def examples(self, spec: Spec) -> Iterator[Any]:
        """The members' examples side by side; where one has fewer, it begins anew."""
        made = {
            member.wire: member.spec.type.distinct_examples(member.spec, list(member.given), _EXAMPLES)
            for member in spec.members_of
            if not (member.optional and member.spec.type.local)  # it would need another aggregate
        }
        for place in range(max(map(len, made.values()), default=0)):
            yield {wire: values[place % len(values)] for wire, values in made.items() if values}


OBJECT = ObjectType()
"""The row of all of them: it is in no table of words, but in that of each target."""
