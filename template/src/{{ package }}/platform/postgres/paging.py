"""Keyset pages: each continues after the last row of the one before, so that a page costs the same however far it is.

Rows are ordered by a column, or several, and then by `id`. NULL counts as the greatest value, as in PostgreSQL: last
in ascending, first in descending order. The cursor is opaque to clients and holds only for the order and the filters
it was made for.
"""

import binascii
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from ...kernel import InvalidCursor
from .. import Condition
from . import Database, Record

MAX_FINGERPRINTS = 1024


class Sort(NamedTuple):
    """A column to order by: its SQL type, and how its value is read back from the text in a cursor."""

    column: str
    cast: str
    nullable: bool
    decode: Callable[[str], Any]
    descending: bool = False
    """The direction in an order by several columns; one alone is asked for in either."""


class Asked(NamedTuple):
    """How a column is asked for: `word` is `any` (of several values), `from` or `to` (both included), `prefix`, or
    `absent` (or not)."""

    column: str
    cast: str
    word: str


class Searched(NamedTuple):
    """What is searched for words, in any form of the language; `document` is as the index of the table has it."""

    table: str
    document: str
    language: str

    def condition(self, words: str) -> str:
        """The rows that have the words, found before anything else: no planner knows how rare these are, and it would
        rather read the rows in their order until enough of them fit."""
        found = f"{self.document} @@ websearch_to_tsquery('{self.language}', {words}::text)"
        return f"id = ANY(ARRAY(SELECT id FROM {self.table} WHERE {found}))"  # noqa: S608 - of names  # nosec B608


class _Position(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The content of a cursor: where the page before ended."""

    query: str
    value: str | list[str | None] | None
    id: UUID


@dataclass(slots=True)
class PageQuery:
    """The list of one aggregate.

    `select` is a SELECT without WHERE, with `id` and the columns of `sorts` among its columns; `sorts` maps the public
    name of an order to its column, or to several, and says how they are asked for: `-placed_at,number`. `filters` maps
    the name of a column to its SQL type, or any name to how a column is asked for, or to what is searched. Columns in
    `ignorecase` are compared by their lower case and in one Unicode form, as their index has them.
    """

    select: str
    sorts: Mapping[str, Sort | Sequence[Sort]]
    filters: Mapping[str, str | Asked | Searched] = field(default_factory=dict)
    ignorecase: Collection[str] = ()
    _texts: dict[tuple[Any, ...], str] = field(default_factory=dict, init=False, repr=False)
    _absences: Collection[str] = field(default=(), init=False, repr=False)
    _orders: dict[str, tuple[Sort, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for name, each in self.sorts.items():
            order = (each,) if isinstance(each, Sort) else tuple(each)
            self._orders[name] = order
            backwards = tuple(sort._replace(descending=not sort.descending) for sort in order)
            self._orders[",".join(_turned(key) for key in name.split(","))] = backwards
        asked = ((name, each) for name, each in self.filters.items() if isinstance(each, Asked))
        self._absences = frozenset(name for name, each in asked if each.word == "absent")

    async def fetch(
        self,
        database: Database,
        sort: str,
        filters: Mapping[str, Any],
        cursor: str | None,
        limit: int,
        visible: Condition | None = None,
    ) -> tuple[list[Record], str | None]:
        """One page of at most `limit` visible rows, and the cursor of the next page if there is one."""
        sql, args = self.statement(sort, filters, cursor, limit + 1, visible)
        rows = await database.fetch(sql, *args)
        if len(rows) <= limit:
            return rows, None
        del rows[limit:]
        return rows, self.cursor(sort, filters, rows[-1])

    def statement(
        self,
        sort: str,
        filters: Mapping[str, Any],
        cursor: str | None,
        limit: int,
        visible: Condition | None = None,
    ) -> tuple[str, list[Any]]:
        """The SQL text and its arguments. `sort` is a name from `sorts`, after a `-` for descending order; filters that
        are None do not filter. Raises InvalidCursor for one that is not of this query."""
        columns = [column for column, value in filters.items() if value is not None]
        args = [limit, *(filters[column] for column in columns if column not in self._absences)]
        if self._absences:  # whether there is a value is no argument but another text
            columns = [f"{name} {filters[name]}" if name in self._absences else name for name in columns]
        shown = None if visible is None else visible.sql(args)
        first = len(args) + 1
        after = None
        if cursor is not None:
            position = self._read(sort, filters, cursor)
            values = position.value if isinstance(position.value, list) else [position.value]
            args += self._decoded(sort, values)
            args.append(position.id)
            after = tuple(value is None for value in values)
        shape = (sort, after, *columns)
        if shown is not None:  # not kept: a rule may make as many as it likes
            return self._text(sort, columns, after, first, [shown]), args
        text = self._texts.get(shape)
        if text is None:
            text = self._texts[shape] = self._text(sort, columns, after, first, [])
        return text, args

    def cursor(self, sort: str, filters: Mapping[str, Any], row: Mapping[str, Any] | Record) -> str:
        """The cursor of the page after the one that ends with `row`."""
        texts = [_written(row[each.column]) for each in self._orders[sort]]
        value = texts if len(texts) > 1 else texts[0]
        position = msgspec.json.encode(_Position(_fingerprint(sort, filters), value, row["id"]))
        return urlsafe_b64encode(position).rstrip(b"=").decode()

    def _read(self, sort: str, filters: Mapping[str, Any], cursor: str) -> _Position:
        try:
            encoded = cursor.translate(_FROM_URL).encode("ascii")
            position = msgspec.json.decode(
                binascii.a2b_base64(encoded + b"=" * (-len(encoded) % 4), strict_mode=True), type=_Position
            )
        except ValueError:
            raise InvalidCursor("The cursor is malformed.") from None
        if position.query != _fingerprint(sort, filters):
            raise InvalidCursor("The cursor belongs to another order or other filters.")
        return position

    def _decoded(self, sort: str, values: Sequence[str | None]) -> list[Any]:
        """The values of a cursor that are there."""
        try:
            pairs = zip(self._orders[sort], values, strict=True)
            return [each.decode(value) for each, value in pairs if value is not None]
        except (ValueError, ArithmeticError):
            raise InvalidCursor("The cursor is malformed.") from None

    def _text(self, sort: str, columns: list[str], after: Sequence[bool] | None, first: int, visible: list[str]) -> str:
        """The statement of a page; `after` says which values of the cursor are absent, `first` where the others are."""
        keys = self._orders[sort]
        filters = [*self._conditions(columns)]
        ways = ", ".join(f'"{key.column}" {_direction(key)}' for key in keys)
        order = f"ORDER BY {ways}, id {_direction(keys[-1])} LIMIT $1::bigint"

        def page(*conditions: str) -> str:
            where = " AND ".join([*filters, *visible, *conditions])
            return f"{self.select} {'WHERE ' * bool(where)}{where} {order}"

        if after is None:
            return page()
        ranges = [*_ranges((*keys, _ID._replace(descending=keys[-1].descending)), (*after, False), first)]
        if len(ranges) == 1:
            return page(ranges[0])
        # Several ranges of the index; as one condition with OR the rows before the cursor would all be read.
        every = " UNION ALL ".join(f"({page(each)})" for each in ranges)
        return f"SELECT * FROM ({every}) AS page {order}"  # noqa: S608 - of names in the code only  # nosec B608

    def _conditions(self, names: list[str]) -> Iterator[str]:
        """The filters as SQL; their arguments follow the limit."""
        number = 2
        for each in names:
            name, _, absent = each.partition(" ")
            given = self.filters[name]
            if isinstance(given, Searched):
                yield given.condition(f"${number}")
            else:
                asked = Asked(name, given, "") if isinstance(given, str) else given
                yield self._condition(asked, f"${number}", absent)
            number += not absent

    def _condition(self, asked: Asked, value: str, absent: str) -> str:
        column, typed = f'"{asked.column}"', f"{value}::{asked.cast}"
        several = f"{value}::{asked.cast}[]"
        if asked.column in self.ignorecase:
            column, typed = _folded(column), _folded(typed)
            folded = _folded("each")
            several = f"ARRAY(SELECT {folded} FROM unnest({several}) AS each)"  # noqa: S608 - of names  # nosec B608
        if asked.word == "absent":
            return f"{column} IS NULL" if absent == "True" else f"{column} IS NOT NULL"
        if asked.word == "any":
            return f"{column} = ANY({several})"
        if asked.word == "prefix":
            # A range by bytes, which an index of text_pattern_ops has also in a plan that is made for any argument.
            return f"{column} ~>=~ {typed} AND {column} ~<=~ ({typed} || {_GREATEST_TEXT})"
        return f"{column} {_ORDERS[asked.word]} {typed}"


def _ranges(keys: Sequence[Sort], absent: Sequence[bool], number: int) -> Iterator[str]:
    """What comes behind a position, as ranges of the index; the values that are not absent there begin at the number.

    What is equal in the first columns and lies beyond in the next one: values in one direction are compared as one row,
    which holds for no NULL, so that those that follow are a range of their own.
    """
    equal: list[str] = []
    start = 0
    while start < len(keys):
        first = keys[start]
        if absent[start]:
            if first.descending:
                yield " AND ".join([*equal, f'"{first.column}" IS NOT NULL'])
            equal.append(f'"{first.column}" IS NULL')
            start += 1
            continue
        end = start
        while end < len(keys) and not absent[end] and keys[end].descending == first.descending:
            end += 1
        run = keys[start:end]
        given = [f"${number + place}::{key.cast}" for place, key in enumerate(run)]
        names = [f'"{key.column}"' for key in run]
        beyond = "<" if first.descending else ">"
        sides = [f"({', '.join(each)})" if len(run) > 1 else each[0] for each in (names, given)]
        yield " AND ".join([*equal, f"{sides[0]} {beyond} {sides[1]}"])
        for place, key in enumerate(run):
            if key.nullable and not key.descending:
                yield " AND ".join([*equal, f"{names[place]} IS NULL"])
            equal.append(f"{names[place]} = {given[place]}")
        number += len(run)
        start = end


_ID = Sort("id", "uuid", nullable=False, decode=UUID)


def _direction(key: Sort) -> str:
    return "DESC" if key.descending else "ASC"


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _written(value: Any) -> str | None:
    return None if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


_ORDERS = {"": "=", "from": ">=", "to": "<="}
_GREATEST_TEXT = "repeat(chr(1114111), 500)"
"""No column with an index has a longer text, or a greater one."""


def _folded(sql: str) -> str:
    return f"lower(normalize({sql}))"


_FROM_URL = str.maketrans("-_+/=", "+/!!!")


def _fingerprint(sort: str, filters: Mapping[str, Any]) -> str:
    return _digest(sort, *sorted((name, str(value)) for name, value in filters.items() if value is not None))


@lru_cache(MAX_FINGERPRINTS)
def _digest(sort: str, *present: tuple[str, str]) -> str:
    return blake2b(repr((sort, list(present))).encode(), digest_size=6).hexdigest()
