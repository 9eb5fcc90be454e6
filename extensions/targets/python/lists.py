"""How lists are narrowed and ordered, by the names and types of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .names import attribute_name
from .types import MOMENT, TRUE_OR_FALSE, WORDS, Code, beginning, python_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...model.domain import Aggregate, Asked, Filter, Sort
    from ...model.sorts import Order
    from ..postgres.relation import Column, Table
    from .attributes import PythonField


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


def python_filters(
    entry: Filter, aggregate: Aggregate, fields: Iterable[PythonField], table: Table
) -> Iterator[PythonFilter]:
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


def python_sort(entry: Sort, table: Table) -> PythonSort:
    """An order, with the column of the table that it goes by."""
    return PythonSort(declared=entry, column=_column(entry, table))


def _column(entry: Filter | Sort, table: Table) -> Column:
    """The column that a list goes by."""
    columns = table.columns_of(entry.field) if entry.field else table.columns
    if entry.field and entry.field.is_many:
        return columns[0]._replace(cast=columns[0].cast.removesuffix("[]"))
    return columns[0] if entry.field else next(each for each in columns if each.name == entry.name)
