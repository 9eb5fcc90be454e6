"""Revisions that the running release survives: no statement of theirs keeps a table locked while it reads it.

They look at the rows before they begin, because a part of what they do cannot be taken back: what is outside of a
transaction fails on a row when what came before is there already.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op
from alembic.operations import ops

from .alterations import Columns, convert, depends, type_name

IGNORECASE = "_ignorecase"
"""What the name of a unique index has more than that of the constraint for which the case of letters counts."""

WANTED = "wanted"
"""Schema in which the tables are made as they are to be, in order to compare."""

FOREIGN_KEY = re.compile(r"FOREIGN KEY \((?P<column>\w+)\) REFERENCES (?:\w+\.)?(?P<target>\w+)\((?P<key>\w+)\).*")


class Constraint(NamedTuple):
    """A foreign key or a check as PostgreSQL writes it."""

    table: str
    name: str
    definition: str
    columns: frozenset[str]


Constraints = dict[tuple[str, str, str], Constraint]


class Unlocked(ops.MigrateOperation):
    """Operations outside the revision's transaction, each of which lets others write."""

    def __init__(self, operations: Sequence[ops.MigrateOperation]) -> None:
        self.operations = operations


@renderers.dispatch_for(Unlocked)
def _render(context: AutogenContext, unlocked: Unlocked) -> list[str | None]:
    lines = [line for operation in unlocked.operations for line in render_op(context, operation)]
    # Alembic's printer indents after a colon, and takes None for the end of a block.
    return ["with op.get_context().autocommit_block():", *lines, None]


def unlock(connection: sa.Connection, metadata: sa.MetaData, up: ops.UpgradeOps, down: ops.DowngradeOps) -> Columns:
    """Replace what locks a table that is in use, and add the checks, which Alembic does not compare.

    The connection's database is what the revisions so far have made. Returns the columns whose values are converted.
    """
    _arrange(up, down)
    _arrange(down, up)
    up.ops, converted = convert([*_flat(up.ops)])
    down.ops, _ = convert([*_flat(down.ops)])
    made = {each.table_name for each in up.ops if isinstance(each, ops.CreateTableOp)}
    new = [each for each in up.ops if isinstance(each, ops.AddColumnOp)]
    added = {(each.table_name, each.column.name) for each in new}
    filled = {(each.table_name, each.column.name) for each in new if each.column.server_default is not None}
    asked: list[ops.MigrateOperation] = []
    there, wanted = _constraints(connection, "public"), _wanted(connection, metadata)
    before, rest, unlocked, after = _parted(up, made, converted)
    for columns, unique in _asked_of_values(up, made, filled):
        if not columns & (added - filled):
            (rest if columns & converted else asked).append(unique)  # what is converted is compared afterwards
    undone: list[ops.MigrateOperation] = []
    for each in sorted(wanted.keys() - there.keys()):
        constraint = wanted[each]
        if constraint.table in made:
            continue
        definition = _written(constraint, metadata)
        columns = {(constraint.table, column) for column in constraint.columns}
        if not columns & added:
            kept = _refuse_unfit(constraint.table, constraint.name, definition, made)
            (rest if columns & converted else asked).append(kept)
        elif len(columns) > 1 and (row := _of_new(constraint, new)) and not columns & converted:
            asked.append(_refuse_unfit(constraint.table, constraint.name, definition, made, row))
        rest.append(
            ops.ExecuteSQLOp(f"ALTER TABLE {constraint.table} ADD CONSTRAINT {constraint.name} {definition} NOT VALID")
        )
        unlocked.append(ops.ExecuteSQLOp(f"ALTER TABLE {constraint.table} VALIDATE CONSTRAINT {constraint.name}"))
        if constraint.definition.startswith("CHECK"):
            undone.append(_drop(constraint))
    restored: list[ops.MigrateOperation] = []
    for constraint in _gone(there, wanted, metadata):
        if _stays(constraint, metadata):
            rest.insert(0, _drop(constraint))
        # Alembic makes a column again without its checks.
        add = f"ALTER TABLE {constraint.table} ADD CONSTRAINT {constraint.name} {constraint.definition}"
        restored.append(ops.ExecuteSQLOp(add))
    blocks = [Unlocked(each) if each else None for each in (before, unlocked)]
    up.ops = [each for each in (*asked, blocks[0], *rest, blocks[1], *after) if each is not None]
    down.ops = [*undone, *down.ops, *restored]
    return converted


def _asked_of_values(
    up: ops.UpgradeOps, made: Collection[str], filled: Columns
) -> Iterator[tuple[Columns, ops.MigrateOperation]]:
    """For what is unique from now on: the columns, and what looks for values that are there twice.

    New columns with a default are not there yet, and will have the same value in all rows.
    """
    for operation in up.ops:
        if isinstance(operation, ops.CreateUniqueConstraintOp):
            table, name = operation.table_name, operation.constraint_name
        elif isinstance(operation, ops.CreateIndexOp) and operation.unique:
            table, name = str(operation.table_name), operation.index_name
        else:
            continue
        keys = [*map(str, operation.columns)]
        if table not in made:
            words = {key: {(table, word) for word in re.findall(r"\w+", key)} for key in keys}
            there = [key for key in keys if not words[key] & filled]
            yield set().union(*words.values()), _refuse_twins(table, str(name), there)


def _refuse_twins(table: str, name: str, keys: Iterable[str]) -> ops.ExecuteSQLOp:
    """Refuse rows that have a value twice; without any key, more than one row."""
    values = [*keys]
    there = " AND ".join(f"{each} IS NOT NULL" for each in values) or "true"
    twice = f"SELECT FROM {table} WHERE {there} GROUP BY {', '.join(values) or '()'} HAVING count(*) > 1"
    return _refusal(twice, f"{table}: {name} allows a value once, and rows have it twice")


def _of_new(constraint: Constraint, new: Iterable[ops.AddColumnOp]) -> str:
    """A row with what the new columns of a check will have; nothing where a revision has to be told a value."""
    added = {each.column.name: each.column for each in new if each.table_name == constraint.table}
    found = [column for name, column in added.items() if name in constraint.columns]
    if any(column.server_default is None and not column.nullable for column in found):
        return ""
    values = (f"{getattr(each.server_default, 'arg', 'NULL')}::{type_name(each.type)}" for each in found)
    return f"(VALUES ({', '.join(values)})) AS new ({', '.join(each.name for each in found)})"


def _refuse_unfit(table: str, name: str, definition: str, made: Collection[str], new: str = "") -> ops.ExecuteSQLOp:
    """Refuse rows that do not keep a check or a foreign key, whose table may be among those that are made first.

    `new` is a row of the columns that are not there yet.
    """
    key = FOREIGN_KEY.fullmatch(definition)
    if key:
        target = f"SELECT FROM {key['target']} WHERE {key['target']}.{key['key']} = it.{key['column']}"
        lost = "" if key["target"] in made else f" AND NOT EXISTS ({target})"
        unfit = f"SELECT FROM {table} AS it WHERE {key['column']} IS NOT NULL{lost}"
    else:
        rows = f"{table}, {new}" if new else table
        unfit = f"SELECT FROM {rows} WHERE NOT {definition.removeprefix('CHECK ')}"
    return _refusal(unfit, f"{table}: {name} refuses rows that are there")


def _refusal(unfit: str, what: str) -> ops.ExecuteSQLOp:
    sentence = f"{what}. Change them in a revision before this one."
    return ops.ExecuteSQLOp(f"DO $$ BEGIN IF EXISTS ({unfit}) THEN RAISE '{sentence}'; END IF; END $$")


def _parted(up: ops.UpgradeOps, made: Collection[str], converted: Columns) -> tuple[list[ops.MigrateOperation], ...]:
    """The operations before the first transaction, those within it, those outside of one, and those within the last."""
    successors = set(_unique(up))
    losing = {each.table_name for each in _flat(up.ops) if isinstance(each, (ops.DropColumnOp, ops.DropTableOp))}
    before: list[ops.MigrateOperation] = []
    rest: list[ops.MigrateOperation] = []
    unlocked: list[ops.MigrateOperation] = []
    after: list[ops.MigrateOperation] = []
    succeeded: list[ops.MigrateOperation] = []  # values stay unique in one way until they are in the other
    for operation in up.ops:
        if isinstance(operation, ops.DropIndexOp) and depends(operation, converted):
            operation.kw["postgresql_concurrently"] = True
            operation.if_exists = True  # what comes after it may fail, and be tried again
            before.append(operation)
        elif isinstance(operation, ops.CreateIndexOp) and operation.table_name not in made:
            operation.kw["postgresql_concurrently"] = True
            unlocked.append(operation)
        elif isinstance(operation, ops.CreateUniqueConstraintOp) and operation.table_name not in made:
            name, table = str(operation.constraint_name), operation.table_name
            columns = [str(column) for column in operation.columns]
            unlocked.append(ops.CreateIndexOp(name, table, columns, unique=True, postgresql_concurrently=True))
            after.append(ops.ExecuteSQLOp(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}"))
        elif isinstance(operation, ops.DropIndexOp) and operation.table_name not in losing:
            operation.kw["postgresql_concurrently"] = True
            (succeeded if _counterpart(operation.index_name) in successors else unlocked).append(operation)
        elif isinstance(operation, ops.DropConstraintOp) and _counterpart(operation.constraint_name) in successors:
            after.append(operation)
        elif not isinstance(operation, ops.CreateForeignKeyOp) or operation.source_table in made:
            rest.append(operation)
    return before, rest, [*unlocked, *succeeded], after


def _unique(up: ops.UpgradeOps) -> Iterator[str]:
    """The names of what makes values unique from now on."""
    for operation in _flat(up.ops):
        if isinstance(operation, ops.CreateUniqueConstraintOp):
            yield str(operation.constraint_name)
        elif isinstance(operation, ops.CreateIndexOp) and operation.unique:
            yield str(operation.index_name)


def _counterpart(name: object) -> str:
    """The name of what makes the same values unique, but for their case."""
    text = str(name)
    return text.removesuffix(IGNORECASE) if text.endswith(IGNORECASE) else f"{text}{IGNORECASE}"


def _arrange(creating: ops.OpContainer, dropping: ops.OpContainer) -> None:
    """Create tables after those they refer to, and drop them before; keys of a circle come and go by themselves."""
    waiting = {each.table_name: each for each in creating.ops if isinstance(each, ops.CreateTableOp)}
    order: list[str] = []
    circular: list[ops.CreateForeignKeyOp] = []
    while waiting:
        missing = {name: sorted(_targets(table) & (waiting.keys() - {name})) for name, table in waiting.items()}
        name = next((name for name, targets in missing.items() if not targets), None) or _circular(missing)
        table = waiting.pop(name)
        late = [key for key in _keys(table) if key.use_alter or _target(key) in waiting]
        table.columns = [item for item in table.columns if not any(item is key for key in late)]
        for key in late:
            separate = ops.CreateForeignKeyOp.from_constraint(key)
            separate.kw.pop("use_alter", None)
            circular.append(separate)
        order.append(name)

    def place(operation: ops.MigrateOperation) -> int:
        name = getattr(operation, "table_name", None)
        return order.index(name) if name in order else len(order)

    creating.ops = sorted(creating.ops, key=place)
    last = sum(place(each) < len(order) for each in creating.ops)
    creating.ops[last:last] = circular
    dropping.ops = sorted(dropping.ops, key=place, reverse=True)
    first = sum(place(each) == len(order) for each in dropping.ops)
    dropping.ops[first:first] = [key.reverse() for key in circular]


def _circular(targets: Mapping[str, Sequence[str]]) -> str:
    """A table that refers to itself by way of others; every table refers to one at least."""
    seen: set[str] = set()
    name = min(targets)
    while name not in seen:
        seen.add(name)
        name = targets[name][0]
    return name


def _keys(table: ops.CreateTableOp) -> list[sa.ForeignKeyConstraint]:
    return [item for item in table.columns if isinstance(item, sa.ForeignKeyConstraint)]


def _targets(table: ops.CreateTableOp) -> set[str]:
    """The tables that have to be there before this one."""
    return {_target(key) for key in _keys(table) if not key.use_alter}


def _target(key: sa.ForeignKeyConstraint) -> str:
    return key.elements[0].target_fullname.partition(".")[0]


def _flat(operations: Sequence[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            yield from operation.ops
        else:
            yield operation


def _written(constraint: Constraint, metadata: sa.MetaData) -> str:
    """The definition of a constraint; of a check as it is written in the table's module."""
    for each in metadata.tables[constraint.table].constraints:
        if each.name == constraint.name and isinstance(each, sa.CheckConstraint):
            return f"CHECK ({each.sqltext})"
    return constraint.definition


def _gone(there: Constraints, wanted: Constraints, metadata: sa.MetaData) -> list[Constraint]:
    """The checks that are no longer wanted, of tables that are."""
    found = [there[each] for each in sorted(there.keys() - wanted.keys())]
    return [each for each in found if each.definition.startswith("CHECK") and each.table in metadata.tables]


def _drop(constraint: Constraint) -> ops.DropConstraintOp:
    return ops.DropConstraintOp(constraint.name, constraint.table, "check")


def _stays(constraint: Constraint, metadata: sa.MetaData) -> bool:
    """Whether a check has to be dropped by itself; with a column of it, it goes anyhow."""
    return constraint.columns <= set(metadata.tables[constraint.table].columns.keys())


def _wanted(connection: sa.Connection, metadata: sa.MetaData) -> Constraints:
    """The constraints of the tables as they are to be."""
    connection.execute(sa.text(f"CREATE SCHEMA {WANTED}"))
    connection.execute(sa.text(f"SET search_path TO {WANTED}"))
    metadata.create_all(connection, checkfirst=False)
    found = _constraints(connection, WANTED)
    connection.execute(sa.text("SET search_path TO public"))
    connection.execute(sa.text(f"DROP SCHEMA {WANTED} CASCADE"))
    return found


def _constraints(connection: sa.Connection, schema: str) -> Constraints:
    """The foreign keys and checks of a schema, which has to be the search path's, by all that tells them apart."""
    rows = connection.execute(
        sa.text(
            "SELECT t.relname, c.conname, pg_get_constraintdef(c.oid),"
            " ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = ANY (c.conkey))::text[]"
            " FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
            " JOIN pg_namespace n ON n.oid = t.relnamespace"
            " WHERE n.nspname = :schema AND c.contype IN ('c', 'f')"
        ),
        {"schema": schema},
    )
    found = [Constraint(table, name, definition, frozenset(columns)) for table, name, definition, columns in rows]
    return {(each.table, each.name, each.definition): each for each in found}
