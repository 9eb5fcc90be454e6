"""How large a row is, by the types of its columns and by its indexes."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROW_HEADER_BYTES = 28
INDEX_ENTRY_BYTES = 16
INDEX_FILL = 0.7
LONGEST_TEXT_BYTES = 200
LIST_ITEMS = 5
WIDTHS = {
    "boolean": 1,
    "integer": 4,
    "bigint": 8,
    "date": 4,
    "time": 8,
    "double precision": 8,
    "timestamptz": 8,
    "uuid": 16,
    "numeric": 10,
    "jsonb": 500,
}


def column_bytes(sql: str) -> int:
    """Bytes of a value of this type: of a text half its limit, but at most 200; of a document 500; of a list five."""
    if sql.endswith("[]"):
        return 24 + LIST_ITEMS * column_bytes(sql.removesuffix("[]"))
    if length := re.fullmatch(r"varchar\((\d+)\)", sql):
        return 1 + min(LONGEST_TEXT_BYTES, ceil(int(length[1]) / 2))
    return WIDTHS[sql.partition("(")[0]]


def table_bytes(table: Mapping[str, Any]) -> float:
    """Bytes of a row: `28 + columns`, and in each index `(16 + key) / 0.7`."""
    widths = {column["name"]: column_bytes(column["sql"]) for column in table["table_columns"]}
    keys = [constraint["columns"] for constraint in table["constraints"] if constraint["kind"] in {"pk", "uq"}]
    keys += [index["columns"] for index in table["indexes"]]
    entries = sum(INDEX_ENTRY_BYTES + sum(widths[name] for name in key) for key in keys)
    return ROW_HEADER_BYTES + sum(widths.values()) + entries / INDEX_FILL


def row_bytes(model: Mapping[str, Any]) -> int:
    """The mean of the domain's tables, those of parts and of lists of references too."""
    tables = [
        table for aggregate in model["aggregates"] for table in (aggregate, *aggregate["parts"], *aggregate["links"])
    ]
    return ceil(sum(map(table_bytes, tables)) / len(tables))
