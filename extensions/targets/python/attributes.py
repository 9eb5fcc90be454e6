"""Fields as attributes of Python, with their annotations and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..postgres.objects import present
from ..postgres.tables import members_of
from .aliases import Alias, alias_of
from .names import attribute_name
from .types import python_literal, python_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...model.fields import Field
    from ..postgres.relation import Column


class Imports(NamedTuple):
    """The lines that import what annotations and defaults of a field need, by the module that prints them."""

    python: tuple[str, ...]
    """The domain model."""
    input: tuple[str, ...]
    view: tuple[str, ...]
    query: tuple[str, ...]


class PythonDefault(NamedTuple):
    """A field's default as an expression; one that can be changed has to be made anew for each object."""

    python: str
    imports: tuple[str, ...]
    mutable: bool


class PythonField(NamedTuple):
    """A field as an attribute, with its annotations, and the columns in which rows have it."""

    declared: Field
    attribute: str
    python: str
    """The annotation in the domain model."""
    input: str
    """The annotation in bodies of requests."""
    view: str
    """The annotation in answers."""
    query: str
    """The annotation in query strings."""
    imports: Imports
    default: PythonDefault | None
    alias: Alias | None
    columns: tuple[Column, ...]
    members: tuple[PythonField, ...] = ()
    """What a value object consists of; these are stored in its columns."""
    present: Column | None = None
    """The column that has a value where a value object is there."""
    takes_place: bool = False
    """Whether a patch of a value object is told its place, because some field of the type may be absent."""

    @property
    def patch(self) -> str:
        """The annotation in patches."""
        return f"{self.declared.type.target}Patch" if self.members else self.input

    @property
    def is_renamed(self) -> bool:
        """Whether it goes by another name over the wire."""
        return self.attribute != self.declared.wire


def python_field(field: Field, stored: Sequence[Column], *, takes_place: bool = False) -> PythonField:
    """A field that is stored in these columns."""
    members = members_of(field, stored) if field.members else []
    types = python_type(field.type)
    default = _default(field)
    needed = default.imports if default else ()
    return PythonField(
        declared=field,
        attribute=attribute_name(field.wire),
        python=types.model.text,
        input=types.body.text,
        view=types.answer.text,
        query=types.query.text,
        imports=Imports(
            python=_sorted(types.model.imports, needed),
            input=_sorted(types.body.imports, needed),
            view=_sorted(types.answer.imports),
            query=_sorted(types.query.imports),
        ),
        default=default,
        alias=alias_of(field.type.alias_name, types.alias) if types.alias else None,
        columns=tuple(stored),
        members=tuple(python_field(*each) for each in members),
        present=present(members) if members else None,
        takes_place=takes_place and bool(members),
    )


def _default(field: Field) -> PythonDefault | None:
    if field.default is None:
        return None
    value = field.default.value
    literal = python_literal(field.type, value)
    mutable = isinstance(value, (list, dict)) and field.kind != "money"
    return PythonDefault(python=literal.text, imports=literal.imports, mutable=mutable)


def _sorted(*lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({line for each in lines for line in each}))
