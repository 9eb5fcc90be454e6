"""Constraints and indexes, with names that are unique in the schema and fit PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...text import naming
from . import names as sql_names
from .relation import Check, Constraint, Foreign, Index, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from .relation import Column, Kind


def ignoring_case(sql: str) -> str:
    """What is compared of a text where its case does not count: é is É, also when it is sent as e with an accent."""
    return f"lower(normalize({sql}))"


BY_BYTES = " text_pattern_ops"
"""Behind a key: texts are compared by their bytes."""
FALLING = " DESC"
"""Behind a key: the greatest value comes first."""


class TableBuilder:
    """Collects the constraints and indexes of one table."""

    def __init__(
        self, name: str, relations: set[str], *, prefix: tuple[str, ...] = (), pointer: str | None = None
    ) -> None:
        self._name = name
        self._relations = relations
        self._prefix = prefix
        self._pointer = pointer
        self._constraints: list[Constraint] = []
        self._indexes: list[Index] = []
        relations.add(name)

    def table(
        self, renamed_from: str | None, keys: tuple[Column, ...], own: Iterable[Column], bookkeeping: tuple[Column, ...]
    ) -> Table:
        """The table, with everything that was collected."""
        return Table(
            name=self._name,
            renamed_from=renamed_from,
            keys=keys,
            own=tuple(own),
            bookkeeping=bookkeeping,
            constraints=tuple(self._constraints),
            indexes=tuple(self._indexes),
        )

    def _named(self, kind: str, columns: Iterable[str]) -> str:
        name = sql_names.short("_".join([kind, self._name, *columns]))
        while name in self._relations:
            name = sql_names.short(f"{name}_{naming.digest(self._name + name)}")
        self._relations.add(name)
        return name

    def _add(
        self,
        kind: Kind,
        name: str,
        columns: Sequence[str],
        pointer: str,
        *,
        keys: Sequence[str] | None = None,
        sql: str | None = None,
        foreign: Foreign | None = None,
    ) -> None:
        if self._pointer is not None:
            pointer = " ".join(f"{self._pointer}/*{each}" for each in pointer.split())
        self._constraints.append(
            Constraint(
                kind=kind,
                name=name,
                columns=tuple(columns),
                keys=tuple(columns if keys is None else keys),
                pointer=pointer,
                sql=sql,
                foreign=foreign,
            )
        )

    def primary(self, columns: Sequence[str]) -> None:
        """The columns that identify a row."""
        self._add("pk", self._named("pk", []), columns, "")

    def check(self, column: str, sql: str, pointer: str) -> Check:
        """A condition that every row keeps."""
        name = self._named("ck", [column])
        self._add("ck", name, [column], pointer, sql=sql)
        return Check(name=name, sql=sql)

    def rule(self, columns: Sequence[str], sql: str, pointer: str) -> None:
        """A condition of several columns that every row keeps."""
        self._add("ck", self._named("ck", columns), columns, pointer, sql=sql)

    def unique(self, own: Sequence[str], pointer: str, *, ignorecase: Collection[str]) -> None:
        """Refuse a second row with the values; those of some columns in another case too, by an index on terms."""
        columns = [*self._prefix, *own]
        if ignorecase:
            # A name of its own, so that this one can be there before a plain one goes.
            name = self._named("uq", [*columns, "ignorecase"])
            keys = [ignoring_case(column) if column in ignorecase else column for column in columns]
            self._add("uq", name, columns, pointer, keys=keys)
        else:
            self._add("uq", self._named("uq", columns), columns, pointer)

    def foreign(self, column: str, pointer: str, table: str, on_delete: str, *, use_alter: bool) -> None:
        """A reference to a row of another table."""
        foreign = Foreign(target_table=table, target_columns=("id",), on_delete=on_delete, use_alter=use_alter)
        self._add("fk", self._named("fk", [column]), [column], pointer, foreign=foreign)

    def index(self, columns: Sequence[str], *, ignorecase: bool = False, by_bytes: bool = False) -> None:
        """Add the index unless its keys already lead another one; the case of the first column may not count.

        One by bytes finds what begins with a text in whatever order the database has texts, and equal ones too.
        """
        first = ignoring_case(columns[0]) if ignorecase else columns[0]
        keys = (f"{first}{BY_BYTES}" if by_bytes else first, *columns[1:])
        existing = [index.keys for index in self._indexes]
        existing += [constraint.keys for constraint in self._constraints if constraint.kind in {"pk", "uq"}]
        if any(other[: len(keys)] == keys for other in existing):
            return
        named = [*columns, "prefix"] if by_bytes else columns  # so that it can be there before a plain one goes
        self._indexes.append(Index(name=self._named("ix", named), columns=tuple(columns), keys=keys))

    def order(self, keys: Sequence[tuple[str, bool]]) -> None:
        """An index in the order of these columns, each rising or falling; it is read in both directions."""
        columns = tuple(column for column, _ in keys)
        if not any(falling for _, falling in keys):
            self.index(columns)
            return
        terms = tuple(f"{column}{FALLING * falling}" for column, falling in keys)
        # A name of its own, so that it can be there before one that only rises goes.
        name = self._named("ix", [f"{column}{'_desc' * falling}" for column, falling in keys])
        self._indexes.append(Index(name=name, columns=columns, keys=terms))

    def search(self, columns: Sequence[str], document: str, language: str) -> None:
        """An index of the words in the columns, in whatever form the language gives them."""
        name = self._named("ix", [*columns, language])  # one of another language can be there before this one goes
        self._indexes.append(Index(name=name, columns=tuple(columns), keys=(document,), of_words=True))

    def references(self) -> None:
        """An index for every foreign key that nothing else serves."""
        for constraint in self._constraints:
            if constraint.kind == "fk":
                self.index(constraint.columns)
