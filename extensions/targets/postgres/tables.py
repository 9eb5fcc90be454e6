"""The constraints and indexes of a table, with names that fit PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text import naming
from . import names as sql_names

if TYPE_CHECKING:
    from collections.abc import Iterable

Json = dict[str, Any]


def ignoring_case(sql: str) -> str:
    """What is compared of a text where its case does not count: é is É, also when it is sent as e with an accent."""
    return f"lower(normalize({sql}))"


class Table:
    """Collects the constraints and indexes of one table; names are unique in the schema and fit PostgreSQL."""

    def __init__(
        self,
        name: str,
        relations: set[str],
        owner: str = "",
        prefix: list[str] | None = None,
        pointer: str | None = None,
    ) -> None:
        self.name = name
        self.owner = owner
        self.constraints: list[Json] = []
        self.indexes: list[Json] = []
        self._relations = relations
        self._prefix = prefix or []
        self._pointer = pointer
        relations.add(name)

    def _named(self, kind: str, columns: Iterable[str]) -> str:
        name = sql_names.short("_".join([kind, self.name, *columns]))
        while name in self._relations:
            name = sql_names.short(f"{name}_{naming.digest(self.name + name)}")
        self._relations.add(name)
        return name

    def _constraint(self, kind: str, columns: list[str], pointer: str, **more: Any) -> Json:
        constraint = {
            "kind": kind,
            "name": more.pop("name", None) or self._named(kind, columns if kind != "pk" else []),
            "columns": columns,
            "keys": columns,  # of the index behind it
            "pointer": pointer if self._pointer is None else f"{self._pointer}/*{pointer}" if pointer else "",
            **more,
        }
        self.constraints.append(constraint)
        return constraint

    def primary(self, columns: list[str]) -> None:
        """The columns that identify a row."""
        self._constraint("pk", columns, "")

    def check(self, column: str, sql: str, pointer: str) -> Json:
        """A condition that every row keeps; its name and SQL."""
        constraint = self._constraint("ck", [column], pointer, sql=sql)
        return {"name": constraint["name"], "sql": sql}

    def unique(self, column: str, pointer: str, *, ignorecase: bool) -> None:
        """Refuse a second row with the value; one in another case too, by an index on an expression."""
        columns = [*self._prefix, column]
        if ignorecase:
            # A name of its own, so that this one can be there before a plain one goes.
            name = self._named("uq", [*columns, "ignorecase"])
            self._constraint("uq", columns, pointer, name=name, keys=[*self._prefix, ignoring_case(column)])
        else:
            self._constraint("uq", columns, pointer)

    def foreign(self, column: str, table: str, pointer: str, on_delete: str, use_alter: bool) -> None:
        """A reference to a row of another table."""
        self._constraint(
            "fk",
            [column],
            pointer,
            target_table=table,
            target_columns=["id"],
            on_delete=on_delete,
            use_alter=use_alter,
        )

    def index(self, columns: list[str], *, ignorecase: bool = False) -> None:
        """Add the index unless its keys already lead another one; the case of the first column may not count."""
        keys = [ignoring_case(columns[0]), *columns[1:]] if ignorecase else columns
        existing = [index["keys"] for index in self.indexes]
        existing += [c["keys"] for c in self.constraints if c["kind"] in {"pk", "uq"}]
        if any(other[: len(keys)] == keys for other in existing):
            return
        self.indexes.append({"name": self._named("ix", columns), "columns": columns, "keys": keys})

    def references(self) -> None:
        """An index for every foreign key that nothing else serves."""
        for constraint in list(self.constraints):
            if constraint["kind"] == "fk":
                self.index(constraint["columns"])

    def searches(self, filters: list[Json], sorts: list[Json]) -> None:
        """Indexes for the lists: by every sort, by every filter in the default order, and for every foreign key."""
        for sort in sorts:
            self.index([sort["column"], "id"])
        for filter_ in filters:
            self.index([filter_["column"], "created_at", "id"], ignorecase=filter_["ignorecase"])
        self.references()
