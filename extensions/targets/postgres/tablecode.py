"""Tables as SQLAlchemy has them."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, NamedTuple

from .constraints import BY_BYTES

if TYPE_CHECKING:
    from .relation import Column, Constraint, Index, Table

TABLE_VARIABLES = frozenset({"metadata", "postgresql", "sa"})
"""What the modules of the tables import."""


class KeyCode(NamedTuple):
    """A primary key, or a unique constraint."""

    name: str
    columns: tuple[str, ...]


class CheckCode(NamedTuple):
    """A condition that every row keeps."""

    name: str
    sql: str


class ForeignKeyCode(NamedTuple):
    """A foreign key; with `use_alter` it is added when both tables are there."""

    name: str
    columns: tuple[str, ...]
    target_table: str
    on_delete: str
    use_alter: bool


class IndexCode(NamedTuple):
    """An index with the expressions of its keys, on one line."""

    name: str
    unique: bool
    keys: str
    by_bytes: str = ""
    """The column whose texts are compared by their bytes."""
    words: str = ""
    """The expression whose words it has, instead of keys."""


class TableCode(NamedTuple):
    """The table of an aggregate or a part, for its module and for the first revision."""

    name: str
    variable: str
    renamed_from: str | None
    columns: tuple[Column, ...]
    primary_key: KeyCode
    uniques: tuple[KeyCode, ...]
    foreign_keys: tuple[ForeignKeyCode, ...]
    checks: tuple[CheckCode, ...]
    indexes: tuple[IndexCode, ...]
    description: str

    @property
    def uses_postgresql_types(self) -> bool:
        """Whether some column has a type that only PostgreSQL has."""
        return any("postgresql." in column.sa for column in self.columns)


def table_code(table: Table, description: str) -> TableCode:
    """The table of an aggregate or a part; a unique constraint on an expression is an index."""
    taken = table.name in TABLE_VARIABLES or keyword.iskeyword(table.name)
    kinds: dict[str, list[Constraint]] = {"pk": [], "uq": [], "fk": [], "ck": []}
    for constraint in table.constraints:
        kinds[constraint.kind].append(constraint)
    on_expressions = [each for each in kinds["uq"] if each.keys != each.columns]
    return TableCode(
        name=table.name,
        variable=f"{table.name}_" if taken else table.name,
        renamed_from=table.renamed_from,
        columns=table.columns,
        primary_key=_key(kinds["pk"][0]),
        uniques=tuple(_key(each) for each in kinds["uq"] if each.keys == each.columns),
        foreign_keys=tuple(_foreign_key(each) for each in kinds["fk"]),
        checks=tuple(CheckCode(name=each.name, sql=each.sql or "") for each in kinds["ck"]),
        indexes=(
            *(IndexCode(name=each.name, unique=True, keys=_keys(each.keys)) for each in on_expressions),
            *map(_index, table.indexes),
        ),
        description=description,
    )


def _key(constraint: Constraint) -> KeyCode:
    return KeyCode(name=constraint.name, columns=constraint.columns)


def _foreign_key(constraint: Constraint) -> ForeignKeyCode:
    if (foreign := constraint.foreign) is None:
        raise ValueError(constraint.name)
    return ForeignKeyCode(
        name=constraint.name,
        columns=constraint.columns,
        target_table=foreign.target_table,
        on_delete=foreign.on_delete,
        use_alter=foreign.use_alter,
    )


def _index(index: Index) -> IndexCode:
    first, *others = index.keys
    if index.of_words:
        return IndexCode(index.name, unique=False, keys="", words=first)
    if not first.endswith(BY_BYTES):
        return IndexCode(name=index.name, unique=False, keys=_keys(index.keys))
    sql, column = first.removesuffix(BY_BYTES), index.columns[0]
    # A label, because it is by name that a key is told apart from one by the order of the language.
    key = f'"{column}"' if sql == column else f'sa.literal_column("{sql}").label("{column}")'
    return IndexCode(index.name, unique=False, keys=f"{key}, {_keys(tuple(others))}", by_bytes=column)


def _keys(keys: tuple[str, ...]) -> str:
    """The columns and expressions of an index."""
    return ", ".join(f'sa.text("{sql}")' if "(" in sql or " " in sql else f'"{sql}"' for sql in keys)
