"""Computed fields as SQL: what a revision fills their columns with, in rows that are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.computed import PLACES, Fold, Name, Number
from .types import sql_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...model.computed import Node
    from ...model.fields import Field
    from .relation import Column, Table

_LEVEL = {"+": 1, "-": 1, "*": 2}


def with_formulas(
    own: Iterable[Column], fields: Iterable[Field], table: str, parts: Mapping[str, tuple[Iterable[Field], Table]]
) -> Iterator[Column]:
    """The columns of a table, those of computed fields with their expressions; `parts` have their fields and tables."""
    columns = list(own)
    writer = _Writer({field.name: field for field in fields}, columns, table, parts)
    by_wire = {field.wire: field for field in writer.fields.values()}
    for column in columns:
        field = by_wire.get(column.field or "")
        if field is None or field.computed is None:
            yield column
            continue
        sql = writer.text(field.computed.root)
        if field.computed.rounds:
            sql = f"round({sql}, {PLACES})"
        if column.name != writer.first(field):
            currency = sql_text(field.type.currencies[0])
            sql = f"CASE WHEN {sql} IS NOT NULL THEN {currency} END" if field.optional else currency
        yield column._replace(computed=sql)


class _Writer:
    """Writes expressions of the fields of a table; those that are computed are written out."""

    def __init__(
        self,
        fields: Mapping[str, Field],
        columns: list[Column],
        table: str,
        parts: Mapping[str, tuple[Iterable[Field], Table]],
    ) -> None:
        self.fields = fields
        self._columns = columns
        self._table = table
        self._parts = parts

    def first(self, field: Field) -> str:
        """The column of a number, or of an amount without its currency."""
        return next(column.name for column in self._columns if column.field == field.wire)

    def text(self, node: Node, above: int = 0, *, is_right: bool = False) -> str:
        """The expression, in parentheses where the sign around it needs them."""
        if isinstance(node, Number):
            return node.text
        if isinstance(node, Name):
            field = self.fields[node.name]
            if field.computed is None:
                return self.first(field)
            inner = self.text(field.computed.root, 0 if field.computed.rounds else above, is_right=is_right)
            return f"round({inner}, {PLACES})" if field.computed.rounds else inner
        if isinstance(node, Fold):
            return self._fold(node)
        level = _LEVEL.get(node.sign, 0)
        sign = node.sign.replace("!=", "<>")
        text = f"{self.text(node.left, level)} {sign} {self.text(node.right, level, is_right=True)}"
        return f"({text})" if level < above or (is_right and level == above and above) else text

    def _fold(self, fold: Fold) -> str:
        fields, table = self._parts[fold.part]
        inner = _Writer({field.name: field for field in fields}, list(table.own), table.name, {})
        rows = f"FROM {table.name} WHERE {table.keys[0].name} = {self._table}.id"
        if fold.how == "count":
            return f"(SELECT count(*) {rows})"
        value = f"{fold.how}({inner.text(Name(fold.field))})"
        return f"(SELECT {f'coalesce({value}, 0)' if fold.how == 'sum' else value} {rows})"
