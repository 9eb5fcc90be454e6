"""Tables as templates read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..targets.postgres.relation import Column, Constraint, Index, Table

Json = dict[str, Any]


def of(table: Table) -> Json:
    """What the mapping of an aggregate or a part has of its table."""
    return {
        "columns": [column_view(column) for column in table.own],
        "table_columns": [column_view(column) for column in table.columns],
        "constraints": [_constraint(each) for each in table.constraints],
        "indexes": [_index(each) for each in table.indexes],
    }


def column_view(column: Column) -> Json:
    """One column."""
    return {
        "name": column.name,
        "sql": column.sql,
        "sa": column.sa,
        "cast": column.cast,
        "nullable": column.nullable,
        "server_default": column.server_default,
        "checks": [{"name": check.name, "sql": check.sql} for check in column.checks],
        "comment": column.comment,
        "secret": column.secret,
        "field": column.field,
        "renamed_from": column.renamed_from,
    }


def _constraint(constraint: Constraint) -> Json:
    found: Json = {
        "kind": constraint.kind,
        "name": constraint.name,
        "columns": list(constraint.columns),
        "keys": list(constraint.keys),
        "pointer": constraint.pointer,
    }
    if constraint.sql is not None:
        found["sql"] = constraint.sql
    if (foreign := constraint.foreign) is not None:
        found |= {
            "target_table": foreign.target_table,
            "target_columns": list(foreign.target_columns),
            "on_delete": foreign.on_delete,
            "use_alter": foreign.use_alter,
        }
    return found


def _index(index: Index) -> Json:
    return {"name": index.name, "columns": list(index.columns), "keys": list(index.keys)}
