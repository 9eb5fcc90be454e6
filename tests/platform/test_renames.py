"""Renames in the tables: what would be taken for something else is refused before a revision is written."""

from typing import Any, cast

import pytest
import sqlalchemy as sa
from alembic.util import CommandError
from dev import alterations


class Database:
    """What the migrations have made: tables with their columns."""

    def __init__(self, **tables: str) -> None:
        self._tables = tables

    def get_table_names(self) -> list[str]:
        return [*self._tables]

    def get_columns(self, table: str) -> list[dict[str, Any]]:
        return [{"name": name} for name in self._tables[table].split()]

    def get_pk_constraint(self, _: str) -> dict[str, Any]:
        return {"constrained_columns": [], "name": None}

    def nothing(self, _: str) -> list[Any]:
        return []

    get_unique_constraints = get_foreign_keys = get_check_constraints = get_indexes = nothing


def found(database: Database, table: str, *columns: tuple[str, str | None], former: str | None = None) -> list[str]:
    """The statements for a table that is called so, of columns and what they were called."""
    metadata = sa.MetaData()
    given = [sa.Column(name, sa.Integer(), info={"renamed_from": old} if old else {}) for name, old in columns]
    sa.Table(table, metadata, *given, info={"renamed_from": former} if former else {})
    return [str(each.operation.sqltext) for each in alterations._renames(cast("sa.Inspector", database), metadata)]


def test_a_free_name_is_taken() -> None:
    assert found(Database(orders="id note"), "purchases", ("id", None), ("remark", "note"), former="orders") == [
        "ALTER TABLE orders RENAME TO purchases",
        "ALTER TABLE purchases RENAME COLUMN note TO remark",
    ]


def test_what_was_renamed_stays_so() -> None:
    assert found(Database(purchases="id remark"), "purchases", ("id", None), ("remark", "note"), former="orders") == []


def test_a_table_that_is_still_there_is_not_taken_over() -> None:
    with pytest.raises(CommandError, match="table orders is to become customers, which the migrations have already"):
        found(Database(orders="id", customers="id"), "customers", ("id", None), former="orders")


def test_a_column_that_is_still_there_is_not_taken_over() -> None:
    with pytest.raises(CommandError, match=r"column orders\.number is to become note, .*remove note in an update"):
        found(Database(orders="id note number"), "orders", ("id", None), ("note", "number"))
