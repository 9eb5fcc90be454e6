"""The domain by the names and types of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...text.columns import WIDTH
from ...text.naming import snake
from ..postgres.tables import columns
from .attributes import PythonField, python_field
from .lint import DEFAULT_NOTE, NOTE, looks_like_password
from .lists import PythonOrder, python_filters, python_sort
from .literals import python_text
from .names import attribute_name, method_name, module_name, variable_name
from .types import python_literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...model.assignments import Assignment
    from ...model.domain import Action, Aggregate, Domain, Part
    from ..postgres.relation import Table
    from .aliases import Alias
    from .computed import PropertyCode
    from .lists import PythonFilter, PythonSort


_OF_AGGREGATE, _OF_OBJECTS = "from .model import", "from ..value_objects.model import"
_WIDEST_MEMBER = WIDTH - 12
"""What fits into a line of its own in a method."""


class PythonAssignment(NamedTuple):
    """An attribute and the expression of what an action makes of it."""

    attribute: str
    python: str
    imports: tuple[str, ...]
    """The lines that the expression needs."""
    note: str
    """A word to the linter, where it takes the text for a password, or cannot break it."""
    expected: tuple[tuple[str, str], ...]
    """The attributes, inside of a value object by their paths, and what they equal in a test; of an enum the word."""
    test_imports: tuple[str, ...]
    """The lines that the test needs."""


class PythonPart(NamedTuple):
    """A part as an attribute, and the variable that stands for one of its items."""

    declared: Part
    attribute: str
    variable: str
    table: str
    fields: tuple[PythonField, ...]

    @property
    def properties(self) -> tuple[PropertyCode, ...]:
        """What is computed."""
        return _properties(self.fields, ())


class PythonCommand(NamedTuple):
    """What is sent with an action, as a class of its own."""

    declared: Action
    fields: tuple[PythonField, ...]

    @property
    def is_optional(self) -> bool:
        """Whether callers may send nothing."""
        return not any(field.declared.required for field in self.fields)


class PythonAggregate(NamedTuple):
    """An aggregate as a folder of modules, and the variable that stands for one of its resources."""

    declared: Aggregate
    module: str
    table: str
    variable: str
    fields: tuple[PythonField, ...]
    parts: tuple[PythonPart, ...]
    filters: tuple[PythonFilter, ...]
    sorts: tuple[PythonSort, ...]
    orders: tuple[PythonOrder, ...]
    commands: tuple[PythonCommand, ...]

    @property
    def output_fields(self) -> tuple[PythonField, ...]:
        """The fields that clients may see."""
        return tuple(field for field in self.fields if not field.declared.is_secret)

    @property
    def properties(self) -> tuple[PropertyCode, ...]:
        """What is computed."""
        return _properties(self.fields, self.parts)

    @property
    def computes(self) -> bool:
        """Whether something is computed in it or in its parts."""
        return any(field.declared.computed for field in self.all_fields)

    @property
    def all_fields(self) -> tuple[PythonField, ...]:
        """Its fields and those of its parts."""
        return (*self.fields, *(field for part in self.parts for field in part.fields))

    @property
    def aliases(self) -> tuple[Alias, ...]:
        """The annotations with names of their own; what sets a field has that of the field."""
        own = (field for command in self.sent for field in command.fields)
        return tuple(dict.fromkeys(field.alias for field in (*self.all_fields, *own) if field.alias))

    @property
    def sent(self) -> tuple[PythonCommand, ...]:
        """What clients send with actions; internal ones are given it by the service's own code."""
        return tuple(command for command in self.commands if not command.declared.internal)

    @property
    def command_variable(self) -> str:
        """The parameter for what is sent with an action."""
        return "command_" if self.variable == "command" else "command"

    def method(self, action: Action) -> str:
        """The method that does the action; attributes of the same name go before."""
        names = (*(field.attribute for field in self.fields), *(part.attribute for part in self.parts))
        name = method_name(action.name)
        return f"{name}_" if name in {*names, "status", "version"} else name

    def set_by(self, action: Action) -> list[str]:
        """The attributes that take what is sent with the action."""
        return [field.attribute for field in self.fields if field.declared.name in action.sets]

    def cleared_by(self, action: Action) -> list[str]:
        """The attributes that the action empties."""
        return [field.attribute for field in self.fields if field.declared.name in action.clears]

    def assigned_by(self, action: Action) -> list[PythonAssignment]:
        """The attributes that the action gives a value of the domain, or its moment."""
        by_name = {field.declared.name: field for field in self.fields}
        grouped: dict[str, list[Assignment]] = {}
        for each in action.assigns:
            grouped.setdefault(each.name, []).append(each)
        return [_assigned(by_name[name], found) for name, found in grouped.items()]

    def is_timed(self, action: Action) -> bool:
        """Whether the action needs to know its moment."""
        return bool(action.stamps) or any(each.is_moment for each in action.assigns)

    def stamps_at_start(self) -> dict[str, str | None]:
        """The attribute that takes the moment of creation, by the state that was chosen; none if there is no choice."""
        lifecycle = self.declared.lifecycle
        moments = dict(lifecycle.moments) if lifecycle else {}
        found = {state: moments.get(state) for state in (lifecycle.choices if lifecycle else ())}
        return {state: attribute_name(wire) if wire else None for state, wire in found.items()}

    def stamp(self, action: Action) -> str | None:
        """The attribute that takes the moment of the action."""
        return attribute_name(action.stamps) if action.stamps else None


def module_of(name: str) -> str:
    """The folder of an aggregate."""
    return module_name(snake(name))


def python_domain(domain: Domain, tables: Mapping[str, Table]) -> dict[str, PythonAggregate]:
    """The aggregates by name; `tables` has that of each aggregate, and that of each part by its entity."""
    optional = domain.optional_types
    return {each.name: _aggregate(each, tables, optional) for each in domain.aggregates}


def _aggregate(aggregate: Aggregate, tables: Mapping[str, Table], optional: set[str]) -> PythonAggregate:
    table, variable = tables[aggregate.name], variable_name(aggregate.singular)
    fields = [
        python_field(field, table.columns_of(field), takes_place=field.type.target in optional)
        for field in aggregate.fields
    ]
    return PythonAggregate(
        declared=aggregate,
        module=module_of(aggregate.name),
        table=table.name,
        variable=variable,
        fields=tuple(fields),
        parts=tuple(_part(part, tables[part.entity], variable) for part in aggregate.parts),
        filters=tuple(one for each in aggregate.filters for one in python_filters(each, aggregate, fields, table)),
        sorts=tuple(python_sort(each, table) for each in aggregate.sorts),
        orders=tuple(
            PythonOrder(each, tuple((python_sort(key.sort, table), key.descending) for key in each.keys))
            for each in aggregate.orders
        ),
        commands=tuple(
            PythonCommand(action, tuple(python_field(field, columns(field)) for field in action.input))
            for action in aggregate.commands
        ),
    )


def _assigned(field: PythonField, found: list[Assignment]) -> PythonAssignment:
    """What is made of a field; of a value object in one go, whatever is set inside of it."""
    if not field.members:
        return _assignment(field, found[0])
    members = {member.declared.name: member for member in field.members}
    inner = [_assignment(members[each.inside], each) for each in found if each.inside]
    given = "".join(f", {each.attribute}={each.python}" for each in inner)
    is_suspect = any(looks_like_password(each.attribute, each.python) for each in inner)
    imports = {line.replace(_OF_AGGREGATE, _OF_OBJECTS) for each in inner for line in each.imports}
    return PythonAssignment(
        field.attribute,
        f"replace(self.{field.attribute}{given})",
        ("from dataclasses import replace", *sorted(imports)),
        f"{NOTE}S106 - a value of the domain" if is_suspect else "",
        tuple((f"{field.attribute}.{name}", value) for each in inner for name, value in each.expected),
        tuple(line for each in inner for line in each.test_imports),
    )


def _properties(fields: Sequence[PythonField], parts: Sequence[PythonPart]) -> tuple[PropertyCode, ...]:
    if not any(field.declared.computed for field in fields):
        return ()
    from .computed import properties  # noqa: PLC0415 - only who computes pays for it

    return properties(fields, parts)


def _assignment(field: PythonField, assignment: Assignment) -> PythonAssignment:
    def of(python: str, imports: tuple[str, ...], note: str, expected: str) -> PythonAssignment:
        needed = imports if python == expected else ()
        return PythonAssignment(field.attribute, python, imports, note, ((field.attribute, expected),), needed)

    if assignment.is_moment:
        moment = "at.date()" if field.declared.kind == "date" else "at"
        return of(moment, (), "", moment)
    literal = python_literal(field.declared.type, assignment.value)
    note = DEFAULT_NOTE if looks_like_password(field.attribute, literal.text) else ""
    if field.declared.kind != "enum":
        return of(literal.text, literal.imports, note, literal.text)
    note = f"{NOTE}E501 - names of the domain" if len(literal.text) > _WIDEST_MEMBER else ""
    imports = literal.imports if assignment.inside else ()
    return of(literal.text, imports, note, python_text(assignment.value))


def _part(part: Part, table: Table, owner: str) -> PythonPart:
    variable = variable_name(part.singular)
    return PythonPart(
        declared=part,
        attribute=attribute_name(part.name),
        variable=f"{variable}_part" if variable == owner else variable,
        table=table.name,
        fields=tuple(python_field(field, table.columns_of(field)) for field in part.fields),
    )
