"""Renames in the domain, as migrations: the rows stay where they are."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError


class Rename(NamedTuple):
    """A statement, and the one that takes it back."""

    operation: ops.ExecuteSQLOp
    reverse: ops.ExecuteSQLOp


def carry_out(context: MigrationContext, metadata: sa.MetaData) -> list[Rename]:
    """Rename in the database of the context what the tables say they were called, and return what was done.

    Raises CommandError where the new name is still that of something else, whose rows would be taken for the renamed.
    """
    if context.connection is None:
        return []
    found = list(_renames(sa.inspect(context.connection), metadata))
    for rename in found:
        Operations(context).invoke(rename.operation)
    return found


def _rename(statement: str, old: str, new: str) -> Rename:
    return Rename(ops.ExecuteSQLOp(statement.format(old, new)), ops.ExecuteSQLOp(statement.format(new, old)))


def _renames(database: sa.Inspector, metadata: sa.MetaData) -> Iterator[Rename]:
    present = set(database.get_table_names())
    for table in metadata.tables.values():
        former = table.info.get("renamed_from", table.name)
        if former in present and former not in metadata.tables and table.name in present:
            raise _taken(f"table {former}", table.name)
        if former not in present or table.name in present:
            former = table.name
        if former not in present:
            continue
        if former != table.name:
            yield _rename("ALTER TABLE {} RENAME TO {}", former, table.name)
        there = {column["name"] for column in database.get_columns(former)}
        for column in table.columns:
            gone = column.info.get("renamed_from")
            if gone in there and gone not in table.columns and column.name in there:
                raise _taken(f"column {table.name}.{gone}", column.name)
        columns = {
            column.info["renamed_from"]: column.name
            for column in table.columns
            if column.name not in there and column.info.get("renamed_from") in there
        }
        for old, new in columns.items():
            yield _rename(f"ALTER TABLE {table.name} RENAME COLUMN {{}} TO {{}}", old, new)
        if columns or former != table.name:
            yield from _names(database, table, former, columns)


def _taken(what: str, name: str) -> CommandError:
    return CommandError(
        f"{what} is to become {name}, which the migrations have already: "
        f"remove {name} in an update and a migration of its own first, then rename"
    )


def _names(database: sa.Inspector, table: sa.Table, former: str, columns: dict[str, str]) -> Iterator[Rename]:
    """Constraints and indexes are called after the table and its columns."""
    wanted = {_key(constraint): str(constraint.name) for constraint in table.constraints if constraint.name}
    wanted |= {
        ("ux" if index.unique else "ix", *(_term(str(each), {}) for each in index.expressions)): str(index.name)
        for index in table.indexes
    }
    for key, name in _existing(database, former, columns):
        new = wanted.get(key)
        if key[0] == "ck":
            words = name.replace(former, table.name)
            for old, column in columns.items():
                words = words.replace(old, column)
            new = words if words in wanted.values() else None
        if new is not None and new != name:
            statement = "ALTER INDEX {} RENAME TO {}"
            if key[0] not in {"ix", "ux"}:
                statement = f"ALTER TABLE {table.name} RENAME CONSTRAINT {{}} TO {{}}"
            yield _rename(statement, name, new)


def _existing(database: sa.Inspector, table: str, columns: dict[str, str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Kind and columns, under their new names, of every constraint and index, with its name."""
    primary, unique = database.get_pk_constraint(table), database.get_unique_constraints(table)
    kinds: list[tuple[str, Sequence[str | None], str | None]] = [
        ("pk", primary["constrained_columns"], primary["name"]),
        *(("uq", each["column_names"], each["name"]) for each in unique),
        *(("fk", each["constrained_columns"], each["name"]) for each in database.get_foreign_keys(table)),
        *(("ck", [each["name"]], each["name"]) for each in database.get_check_constraints(table)),
        *(
            ("ux" if each["unique"] else "ix", each.get("expressions", each["column_names"]), each["name"])
            for each in database.get_indexes(table)
            if "duplicates_constraint" not in each
        ),
    ]
    for kind, names, name in kinds:
        if name is not None:
            yield (kind, *(_term(str(each), columns) for each in names)), name


def _term(text: str, columns: dict[str, str]) -> str:
    """A column, or an expression of columns, under their new names; PostgreSQL writes functions in its own way."""
    return re.sub(r"\w+", lambda word: columns.get(word[0], word[0].lower()), text.rpartition(".")[2])


def _key(constraint: sa.Constraint) -> tuple[str, ...]:
    for kind, each in (("pk", sa.PrimaryKeyConstraint), ("uq", sa.UniqueConstraint), ("fk", sa.ForeignKeyConstraint)):
        if isinstance(constraint, each):
            return kind, *(column.name for column in constraint.columns)
    return "ck", str(constraint.name)
