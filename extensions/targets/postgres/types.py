"""The type table of PostgreSQL: the columns of a field, and its values as SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ...text import naming
from ...types.choices import list_range
from ...types.numbers import has_whole_range, integer_range, is_non_negative, is_wide
from ..rows import row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ...types import Spec


class ColumnType(NamedTuple):
    """One column of a field: its type in SQL and in SQLAlchemy, and what a parameter of a statement is cast to.

    `suffix` is added to the field's name; `{c}` stands for the column in `checks`.
    """

    sql: str
    sa: str
    cast: str
    suffix: str = ""
    checks: tuple[str, ...] = ()


def column_types(spec: Spec) -> tuple[ColumnType, ...]:
    """The columns of a field of the type."""
    return row_of(TABLE, spec, __name__).columns(spec)


def sql_literals(spec: Spec, value: Any) -> tuple[str, ...]:
    """A wire value as SQL, one expression per column."""
    return row_of(TABLE, spec, __name__).literals(spec, value)


def sql_text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


class _Row(NamedTuple):
    columns: Callable[[Spec], tuple[ColumnType, ...]]
    literals: Callable[[Spec, Any], tuple[str, ...]]


def _texts(members: Iterable[str]) -> str:
    return ", ".join(sql_text(member) for member in members)


# Columns -------------------------------------------------------------------------------------------------------------


def _always(sql: str, sa: str, cast: str) -> Callable[[Spec], tuple[ColumnType, ...]]:
    """One column that does not depend on arguments or bounds."""
    columns = (ColumnType(sql=sql, sa=sa, cast=cast),)
    return lambda _spec: columns


def _varchar(spec: Spec) -> tuple[ColumnType, ...]:
    return (ColumnType(sql=f"varchar({spec.length})", sa=f"sa.String({spec.length})", cast="text"),)


def _integer(spec: Spec) -> tuple[ColumnType, ...]:
    low, high = integer_range(spec)
    checks = () if has_whole_range(spec) else (f"{{c}} BETWEEN {low} AND {high}",)
    if is_wide(spec):
        return (ColumnType(sql="bigint", sa="sa.BigInteger()", cast="bigint", checks=checks),)
    return (ColumnType(sql="integer", sa="sa.Integer()", cast="integer", checks=checks),)


def _numeric(spec: Spec) -> tuple[ColumnType, ...]:
    digits = f"({spec.precision}, {spec.scale})"
    checks = ("{c} >= 0",) if is_non_negative(spec) else ()
    return (ColumnType(sql=f"numeric{digits}", sa=f"sa.Numeric{digits}", cast="numeric", checks=checks),)


def _double(spec: Spec) -> tuple[ColumnType, ...]:
    low, high = spec.range or (None, None)
    checks = [] if low and high else ["abs({c}) < 'Infinity'"]  # no number is above NaN there
    checks += [f"{{c}} {'>' if low.excluded else '>='} {low.text}"] if low else []
    checks += [f"{{c}} {'<' if high.excluded else '<='} {high.text}"] if high else []
    return (
        ColumnType(sql="double precision", sa="sa.Double()", cast="double precision", checks=(" AND ".join(checks),)),
    )


def _money(spec: Spec) -> tuple[ColumnType, ...]:
    size = "{c} >= 0 AND {c}" if is_non_negative(spec) else "abs({c})"
    amount = f"scale({{c}}) <= 4 AND {size} < 100000000000000"
    currency = f"{{c}} IN ({_texts(spec.currencies)})" if spec.currencies else "{c} ~ '^[A-Z]{3}$'"
    return (
        ColumnType(suffix="_amount", sql="numeric", sa="sa.Numeric()", cast="numeric", checks=(amount,)),
        ColumnType(suffix="_currency", sql="varchar(3)", sa="sa.String(3)", cast="text", checks=(currency,)),
    )


def _enum(spec: Spec) -> tuple[ColumnType, ...]:
    check = f"{{c}} IN ({_texts(spec.members)})"
    size = naming.LONGEST_NAME
    return (ColumnType(sql=f"varchar({size})", sa=f"sa.String({size})", cast="text", checks=(check,)),)


def _array(spec: Spec) -> tuple[ColumnType, ...]:
    item = column_types(spec.item)[0]
    low, high = list_range(spec)
    checks = [f"cardinality({{c}}) {f'BETWEEN {low} AND {high}' if low else f'<= {high}'}"]
    if spec.item.members:
        checks.append(f"{{c}} <@ ARRAY[{_texts(spec.item.members)}]::{item.sql}[]")
    return (
        ColumnType(sql=f"{item.sql}[]", sa=f"postgresql.ARRAY({item.sa})", cast=f"{item.cast}[]", checks=tuple(checks)),
    )


def _references(_spec: Spec) -> tuple[ColumnType, ...]:
    """What rows for readers have of it: it is stored in a table of its own."""
    return (ColumnType(sql="uuid[]", sa="postgresql.ARRAY(sa.Uuid())", cast="uuid[]"),)


def _object(spec: Spec) -> tuple[ColumnType, ...]:
    return tuple(
        form._replace(suffix=f"_{member.wire}{form.suffix}")
        for member in spec.members_of
        for form in column_types(member.spec)
    )


# Values --------------------------------------------------------------------------------------------------------------


def _text_literal(_spec: Spec, value: Any) -> tuple[str, ...]:
    return (sql_text(value),)


def _number_literal(_spec: Spec, value: Any) -> tuple[str, ...]:
    return (str(value),)


def _bool_literal(_spec: Spec, value: Any) -> tuple[str, ...]:
    return ("true" if value else "false",)


def _money_literals(_spec: Spec, value: Any) -> tuple[str, ...]:
    return value["amount"], sql_text(value["currency"])


def _json_literal(_spec: Spec, value: Any) -> tuple[str, ...]:
    return (f"{sql_text(json.dumps(value, ensure_ascii=False))}::jsonb",)


def _array_literal(spec: Spec, value: Any) -> tuple[str, ...]:
    sql = column_types(spec)[0].sql
    values = ", ".join(sql_literals(spec.item, item)[0] for item in value)
    return (f"ARRAY[{values}]::{sql}" if value else f"'{{}}'::{sql}",)


def _no_literal(spec: Spec, _value: Any) -> tuple[str, ...]:
    raise TypeError(spec.target)  # a value object has no default


_UUID = _Row(_always("uuid", "sa.Uuid()", "uuid"), _text_literal)

TABLE: Mapping[str, _Row] = {
    "string": _Row(_varchar, _text_literal),
    "text": _Row(_varchar, _text_literal),
    "int": _Row(_integer, _number_literal),
    "bigint": _Row(_integer, _number_literal),
    "decimal": _Row(_numeric, _number_literal),
    "float": _Row(_double, _number_literal),
    "money": _Row(_money, _money_literals),
    "bool": _Row(_always("boolean", "sa.Boolean()", "boolean"), _bool_literal),
    "date": _Row(_always("date", "sa.Date()", "date"), _text_literal),
    "time": _Row(_always("time", "sa.Time()", "time"), _text_literal),
    "datetime": _Row(_always("timestamptz", "sa.DateTime(timezone=True)", "timestamptz"), _text_literal),
    "uuid": _UUID,
    "email": _Row(_varchar, _text_literal),
    "url": _Row(_varchar, _text_literal),
    "phone": _Row(_varchar, _text_literal),
    "enum": _Row(_enum, _text_literal),
    "json": _Row(_always("jsonb", "postgresql.JSONB()", "jsonb"), _json_literal),
    "list": _Row(_array, _array_literal),
    "ref": _UUID,
    "refs": _Row(_references, _array_literal),
    "id": _UUID,
    "value object": _Row(_object, _no_literal),
}
