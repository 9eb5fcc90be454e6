"""What a table consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from ...model.fields import Field

Kind = Literal["pk", "uq", "fk", "ck"]


class Check(NamedTuple):
    """A condition that every row keeps."""

    name: str
    sql: str


class Column(NamedTuple):
    """A column; `sa` is its type in SQLAlchemy, `cast` the type of a parameter for it."""

    name: str
    sql: str
    sa: str
    cast: str
    comment: str
    nullable: bool = False
    server_default: str | None = None
    checks: tuple[Check, ...] = ()
    secret: bool = False
    field: str | None = None
    """The name in JSON of the field that it stores, or stores a part of."""
    renamed_from: str | None = None
    computed: str | None = None
    """What the service keeps in it, as an expression of other columns and of the rows of parts."""


class Foreign(NamedTuple):
    """Where a foreign key leads; with `use_alter` it is added when both tables are there."""

    target_table: str
    target_columns: tuple[str, ...]
    on_delete: str
    use_alter: bool


class Constraint(NamedTuple):
    """A constraint; `pointer` says which member of a request's body breaks it, or which ones with spaces between."""

    kind: Kind
    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    """The columns or expressions of the index behind it."""
    pointer: str
    sql: str | None = None
    foreign: Foreign | None = None


class Index(NamedTuple):
    """An index that is there for speed only."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    of_words: bool = False
    """Whether it has the words of a text, each with the rows that have it."""


class Link(NamedTuple):
    """A list of references of an aggregate: its table, and the column in which rows for readers have the list."""

    field: str
    """The name in JSON."""
    title: str
    column: Column
    table: Table
    owner: str
    """The column of the aggregate that refers."""
    target: str
    """That of what it refers to."""


class Table(NamedTuple):
    """The table of an aggregate or of a part, or of a list of references."""

    name: str
    renamed_from: str | None
    keys: tuple[Column, ...]
    own: tuple[Column, ...]
    """What the domain declares, in its order."""
    bookkeeping: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    indexes: tuple[Index, ...]
    links: tuple[Link, ...] = ()
    """The lists of references, which have tables of their own."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in their order."""
        return self.keys + self.own + self.bookkeeping

    def columns_of(self, field: Field) -> tuple[Column, ...]:
        """The columns of a field."""
        stored = (*self.own, *(link.column for link in self.links))
        return tuple(column for column in stored if column.field == field.wire)

    def link_of(self, field: Field) -> Link:
        """The list of references that the field is."""
        return next(link for link in self.links if link.field == field.wire)
