"""Tables and columns that go on under another name or with another type: their rows stay.

A value that does not fit its new type ends the revision; none is cut or rounded.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

Type = sa.types.TypeEngine[Any]
Columns = set[tuple[str, str]]
"""Tables and their columns."""

FAMILIES: dict[str, type[Type]] = {
    "text": sa.String,
    "integer": sa.Integer,
    "float": sa.Float,
    "numeric": sa.Numeric,
    "boolean": sa.Boolean,
    "date": sa.Date,
    "time": sa.Time,
    "moment": sa.DateTime,
    "uuid": sa.Uuid,
    "jsonb": sa.JSON,
}

AS_IT_IS = ""
"""PostgreSQL converts by itself, and refuses what does not fit."""

USING = {
    ("text", "integer"): "{c}::{t}",
    ("text", "numeric"): "{c}::numeric",
    ("text", "boolean"): "{c}::boolean",
    ("text", "float"): "{c}::double precision",
    ("text", "date"): "{c}::date",
    ("text", "time"): "{c}::time",
    ("text", "moment"): "{c}::timestamptz",
    ("text", "uuid"): "{c}::uuid",
    ("text", "jsonb"): "CASE jsonb_typeof({c}::jsonb) WHEN 'object' THEN {c}::jsonb"
    " ELSE ('no object: ' || {c})::jsonb END",
    # Not ::varchar(n), which would cut: what is longer is refused when it is put there.
    ("integer", "text"): "{c}::text",
    ("integer", "numeric"): AS_IT_IS,
    ("integer", "float"): "CASE WHEN {c}::double precision::text::numeric = {c} THEN {c}::double precision"
    " ELSE ('rounded: ' || {c})::double precision END",
    ("integer", "boolean"): "{c}::text::boolean",
    ("numeric", "text"): "{c}::text",
    ("numeric", "integer"): "trim_scale({c})::text::{t}",
    ("numeric", "float"): "CASE WHEN {c}::double precision::text::numeric = {c} THEN {c}::double precision"
    " ELSE ('rounded: ' || {c})::double precision END",
    ("float", "text"): "{c}::text",
    ("float", "integer"): "trim_scale({c}::text::numeric)::text::{t}",
    ("float", "numeric"): "{c}::text::numeric",
    ("numeric", "boolean"): "trim_scale({c})::text::boolean",
    ("boolean", "text"): "{c}::text",
    ("boolean", "integer"): "{c}::integer",
    ("boolean", "numeric"): "{c}::integer",
    ("date", "text"): "to_char({c}, 'YYYY-MM-DD')",
    ("time", "text"): "{c}::text",
    ("date", "moment"): "{c}::timestamp AT TIME ZONE 'UTC'",
    ("moment", "text"): """to_char({c} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    ("moment", "date"): "CASE WHEN {c} = date_trunc('day', {c}, 'UTC') THEN ({c} AT TIME ZONE 'UTC')::date"
    " ELSE ('no day: ' || {c})::date END",
    ("uuid", "text"): "{c}::text",
    ("jsonb", "text"): "{c}::text",
}
"""What becomes of a value, by the families of the old type and the new one."""

LISTS = {("text", other) for other in ("integer", "boolean", "uuid")} | {
    (other, "text") for other in ("integer", "boolean", "uuid")
}
"""Families of the values of lists that one cast converts, both ways."""


class Rename(NamedTuple):
    """A statement, and the one that takes it back."""

    operation: ops.ExecuteSQLOp
    reverse: ops.ExecuteSQLOp


def rename(context: MigrationContext, metadata: sa.MetaData) -> list[Rename]:
    """Rename in the database of the context what the tables say they were called, and return what was done.

    Raises CommandError where the new name is still that of something else, whose rows would be taken for the renamed.
    """
    if context.connection is None:
        return []
    found = list(_renames(sa.inspect(context.connection), metadata))
    for each in found:
        Operations(context).invoke(each.operation)
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
    text = re.sub(r"::(?:character varying|\w+)", "", text.rpartition(".")[2].removesuffix(" DESC"))
    text = re.sub(r"\w+", lambda word: columns.get(word[0], word[0].lower()), text)
    return re.sub(r"[()\s]", "", text)


def _key(constraint: sa.Constraint) -> tuple[str, ...]:
    for kind, each in (("pk", sa.PrimaryKeyConstraint), ("uq", sa.UniqueConstraint), ("fk", sa.ForeignKeyConstraint)):
        if isinstance(constraint, each):
            return kind, *(column.name for column in constraint.columns)
    return "ck", str(constraint.name)


class ConvertOp(ops.AlterColumnOp):
    """Another type for a column, and what becomes of its values."""


@renderers.dispatch_for(ConvertOp)
def _render(context: AutogenContext, convert: ConvertOp) -> str:
    changes: dict[str, Any] = {"modify_nullable": convert.modify_nullable, "modify_comment": convert.modify_comment}
    (written,) = render_op(context, _altered(convert, modify_type=convert.modify_type, **changes))
    return f"{written.removesuffix(')')}, postgresql_using={convert.kw['postgresql_using']!r})"


def convert(operations: Sequence[ops.MigrateOperation]) -> tuple[list[ops.MigrateOperation], Columns]:
    """The operations with what becomes of the values of columns that get another type, and these columns.

    What goes of their tables comes first, what is new there last: an index may be on an expression that only one of
    the types has. Raises CommandError where nothing tells what to make of the values.
    """
    found: list[ops.MigrateOperation] = []
    columns: Columns = set()
    for operation in operations:
        using = _using(operation) if isinstance(operation, ops.AlterColumnOp) else AS_IT_IS
        if using and isinstance(operation, ops.AlterColumnOp):
            found += _steps(operation, using)
            columns.add((operation.table_name, operation.column_name))
        else:
            found.append(operation)
    tables = {table for table, _ in columns}
    return sorted(found, key=lambda each: _place(each, tables)), columns


def depends(index: ops.DropIndexOp, columns: Columns) -> bool:
    """Whether the index is made of one of the columns."""
    words = {word for each in index.to_index().expressions for word in re.findall(r"\w+", str(each))}
    return any(index.table_name == table and column in words for table, column in columns)


def _place(operation: ops.MigrateOperation, tables: Collection[str]) -> int:
    made = (ops.CreateIndexOp, ops.CreateUniqueConstraintOp, ops.CreateForeignKeyOp)
    table = operation.source_table if isinstance(operation, ops.CreateForeignKeyOp) else None
    if (table or getattr(operation, "table_name", None)) not in tables:
        return 1
    if isinstance(operation, (ops.DropIndexOp, ops.DropConstraintOp)):
        return 0
    return 2 if isinstance(operation, made) else 1


def _steps(alter: ops.AlterColumnOp, using: str) -> Iterator[ops.MigrateOperation]:
    """The default of the old type goes before; that of the new one comes when the values are there."""
    changes: dict[str, Any] = {"modify_nullable": alter.modify_nullable, "modify_comment": alter.modify_comment}
    converted = _altered(alter, ConvertOp, modify_type=alter.modify_type, postgresql_using=using, **changes)
    if alter.modify_server_default is False:
        yield converted
        return
    if alter.existing_server_default:
        yield _altered(alter, modify_server_default=None)
    yield converted
    if alter.modify_server_default is not None:
        nullable = alter.existing_nullable if alter.modify_nullable is None else alter.modify_nullable
        new: dict[str, Any] = {"existing_type": alter.modify_type, "existing_nullable": nullable}
        yield _altered(alter, modify_server_default=alter.modify_server_default, **new)


def _altered(
    alter: ops.AlterColumnOp, kind: type[ops.AlterColumnOp] = ops.AlterColumnOp, **changes: Any
) -> ops.AlterColumnOp:
    """One change of the column out of those that `alter` makes."""
    known: dict[str, Any] = {"existing_type": alter.existing_type, "existing_nullable": alter.existing_nullable}
    return kind(alter.table_name, alter.column_name, **(known | changes))


def _using(alter: ops.AlterColumnOp) -> str:
    """The expression for the values of the column; nothing where PostgreSQL needs none."""
    if alter.modify_type is None or alter.existing_type is None:
        return AS_IT_IS
    using = expression(alter.existing_type, alter.modify_type)
    if using is None:
        old, new = (type_name(each) for each in (alter.existing_type, alter.modify_type))
        raise CommandError(
            f"{alter.table_name}.{alter.column_name}: nothing tells what to make of {old} as {new}. Give the field of "
            "the new type a name of its own in domain.yaml: it becomes a column beside this one, which you can fill "
            "before this one goes (expand and contract, docs/deployment.md)."
        )
    return using.format(c=alter.column_name)


def expression(old: Type, new: Type) -> str | None:
    """What becomes of a value `{c}` of the old type; None where nothing tells."""
    if isinstance(old, sa.ARRAY) or isinstance(new, sa.ARRAY):
        return _of_lists(old, new)
    families = _family(old), _family(new)
    scale = new.scale if isinstance(new, sa.Numeric) else None
    if scale is not None and families[0] == "float":
        return _unrounded("{c}::text::numeric", scale)
    if scale is not None and isinstance(old, sa.Numeric):
        return AS_IT_IS if old.scale is not None and old.scale <= scale else _unrounded("{c}", scale)
    if families[0] == families[1]:
        return AS_IT_IS
    using = USING.get(families)
    if families == ("text", "numeric") and scale is not None:
        return _unrounded("{c}::numeric", scale)
    return using and using.replace("{t}", type_name(new))


def _unrounded(value: str, scale: int) -> str:
    return f"CASE WHEN {value} = round({value}, {scale}) THEN {value} ELSE ('rounded: ' || {{c}})::numeric END"


def _of_lists(old: Type, new: Type) -> str | None:
    if not isinstance(old, sa.ARRAY) or not isinstance(new, sa.ARRAY):
        return None
    families = _family(old.item_type), _family(new.item_type)
    if families in LISTS:
        return "{c}::text[]" if families[1] == "text" else f"{{c}}::{type_name(new.item_type)}[]"
    widened = expression(old.item_type, new.item_type) == AS_IT_IS
    return AS_IT_IS if families[0] == families[1] and widened else None


def _family(type_: Type) -> str:
    return next((name for name, each in FAMILIES.items() if isinstance(type_, each)), type_name(type_))


def type_name(type_: Type) -> str:
    """The type as PostgreSQL calls it."""
    return type_.compile(postgresql.dialect()).lower()  # type: ignore[no-untyped-call]
