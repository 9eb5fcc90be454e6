"""The domain by the names and types of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...text.columns import WIDTH
from ...text.naming import snake
from ..postgres.objects import present
from ..postgres.tables import columns, members_of
from .aliases import Alias, alias_of
from .lint import DEFAULT_NOTE, NOTE, looks_like_password
from .literals import python_text
from .names import attribute_name, method_name, module_name, variable_name
from .types import MOMENT, TRUE_OR_FALSE, WORDS, Code, beginning, python_literal, python_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ...model.domain import Action, Aggregate, Asked, Assignment, Domain, Filter, Part, Sort
    from ...model.fields import Field
    from ...model.sorts import Order
    from ..postgres.relation import Column, Table


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


_WIDEST_MEMBER = WIDTH - 12
"""What fits into a line of its own in a method."""


class PythonAssignment(NamedTuple):
    """An attribute and the expression of what an action makes of it."""

    attribute: str
    python: str
    imports: tuple[str, ...]
    note: str
    """A word to the linter, where it takes the text for a password, or cannot break it."""
    expected: str
    """What it equals in a test; of an enum the word itself."""


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


class PythonPart(NamedTuple):
    """A part as an attribute, and the variable that stands for one of its items."""

    declared: Part
    attribute: str
    variable: str
    table: str
    fields: tuple[PythonField, ...]


class PythonCommand(NamedTuple):
    """What is sent with an action, as a class of its own."""

    declared: Action
    fields: tuple[PythonField, ...]

    @property
    def is_optional(self) -> bool:
        """Whether callers may send nothing."""
        return not any(field.declared.required for field in self.fields)


class PythonFilter(NamedTuple):
    """A parameter of a filter as an attribute of the query; `imports` are the lines that its annotation needs."""

    declared: Filter
    asked: Asked
    attribute: str
    query: str
    imports: tuple[str, ...]
    python: str
    """The type of the value that is asked for."""
    column: Column

    @property
    def is_renamed(self) -> bool:
        """Whether it goes by another name in addresses."""
        return self.attribute != self.asked.wire

    @property
    def is_several(self) -> bool:
        """Whether it takes several values."""
        return self.asked.word == "any"

    @property
    def is_of_list(self) -> bool:
        """Whether it asks for one that a list of references has."""
        return self.declared.field is not None and self.declared.field.is_many

    @property
    def annotation(self) -> str:
        """The attribute's annotation with its default."""
        wire = f', Field(alias="{self.asked.wire}")' if self.is_renamed else ""
        if self.is_several:
            return f"Annotated[tuple[{self.query}, ...], Several(){wire}] = ()"
        return f"Annotated[{self.query} | None{wire}] = None" if wire else f"{self.query} | None = None"

    @property
    def selected(self) -> str:
        """The annotation in what is selected."""
        return f"tuple[{self.python}, ...]" if self.is_several else f"{self.python} | None"

    @property
    def key(self) -> str:
        """Its name in the query of a page."""
        return self.column.name if self.asked.word in {"", "any"} else self.asked.wire


class PythonSort(NamedTuple):
    """An order of lists, and the column by which rows are sorted."""

    declared: Sort
    column: Column

    @property
    def kind(self) -> str:
        """The word of the type of what is sorted by."""
        return self.declared.field.kind if self.declared.field else "datetime"


class PythonOrder(NamedTuple):
    """An order of lists by several columns, each rising or falling."""

    declared: Order
    keys: tuple[tuple[PythonSort, bool], ...]


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
        return [_assignment(by_name[each.name], each) for each in action.assigns]

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
        filters=tuple(one for each in aggregate.filters for one in _filter(each, aggregate, fields, table)),
        sorts=tuple(_sort(each, table) for each in aggregate.sorts),
        orders=tuple(
            PythonOrder(each, tuple((_sort(key.sort, table), key.descending) for key in each.keys))
            for each in aggregate.orders
        ),
        commands=tuple(
            PythonCommand(action, tuple(python_field(field, columns(field)) for field in action.input))
            for action in aggregate.commands
        ),
    )


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


def _assignment(field: PythonField, assignment: Assignment) -> PythonAssignment:
    if assignment.is_moment:
        moment = "at.date()" if field.declared.kind == "date" else "at"
        return PythonAssignment(field.attribute, moment, (), "", moment)
    literal = python_literal(field.declared.type, assignment.value)
    note = DEFAULT_NOTE if looks_like_password(field.attribute, literal.text) else ""
    if field.declared.kind != "enum":
        return PythonAssignment(field.attribute, literal.text, literal.imports, note, literal.text)
    note = f"{NOTE}E501 - names of the domain" if len(literal.text) > _WIDEST_MEMBER else ""
    return PythonAssignment(field.attribute, literal.text, (), note, python_text(assignment.value))


def _sorted(*lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({line for each in lines for line in each}))


def _part(part: Part, table: Table, owner: str) -> PythonPart:
    variable = variable_name(part.singular)
    return PythonPart(
        declared=part,
        attribute=attribute_name(part.name),
        variable=f"{variable}_part" if variable == owner else variable,
        table=table.name,
        fields=tuple(python_field(field, table.columns_of(field)) for field in part.fields),
    )


def _filter(entry: Filter, aggregate: Aggregate, fields: Iterable[PythonField], table: Table) -> Iterator[PythonFilter]:
    """What is asked for a field, each as a parameter of its own."""
    for asked in entry.asked:
        code, python = _asked(entry, asked.word, aggregate, fields)
        yield PythonFilter(
            declared=entry,
            asked=asked,
            attribute=attribute_name(asked.wire),
            query=code.text,
            imports=code.imports,
            python=python,
            column=_column(entry._replace(field=entry.search.fields[0]) if entry.search else entry, table),
        )


def _asked(entry: Filter, word: str, aggregate: Aggregate, fields: Iterable[PythonField]) -> tuple[Code, str]:
    """The annotation in query strings, and the type of the value."""
    if word == "absent":
        return TRUE_OR_FALSE, "bool"
    if entry.is_moment:
        return MOMENT, "datetime"
    if entry.search:
        return WORDS, "str"
    if entry.field is None:
        if aggregate.lifecycle is None:
            raise ValueError(aggregate.name)
        enum = aggregate.lifecycle.enum
        return Code(enum, (f"from .model import {enum}",)), "str"
    if word == "prefix":
        return beginning(entry.field.type), "str"
    field = next(each for each in fields if each.declared is entry.field)
    python = python_type(entry.field.type.item).model.text if field.declared.is_many else field.python
    return Code(field.query, field.imports.query), "str" if field.declared.enum else python


def _sort(entry: Sort, table: Table) -> PythonSort:
    return PythonSort(declared=entry, column=_column(entry, table))


def _column(entry: Filter | Sort, table: Table) -> Column:
    """The column that a list goes by."""
    columns = table.columns_of(entry.field) if entry.field else table.columns
    if entry.field and entry.field.is_many:
        return columns[0]._replace(cast=columns[0].cast.removesuffix("[]"))
    return columns[0] if entry.field else next(each for each in columns if each.name == entry.name)
