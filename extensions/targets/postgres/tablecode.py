"""Tables as SQLAlchemy has them."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import Any

Model = dict[str, Any]

TABLE_VARIABLES = frozenset({"metadata", "postgresql", "sa"})
"""What the modules of the tables import."""


@dataclass(frozen=True, slots=True)
class IndexCode:
    """An index with the expressions of its keys, on one line."""

    name: str
    unique: bool
    keys: str


@dataclass(frozen=True, slots=True)
class TableCode:
    """The table of an aggregate or a part, for its module and for the first revision."""

    name: str
    variable: str
    renamed_from: str | None
    columns: tuple[Model, ...]
    primary_key: Model
    uniques: tuple[Model, ...]
    foreign_keys: tuple[Model, ...]
    checks: tuple[Model, ...]
    indexes: tuple[IndexCode, ...]
    description: str

    @property
    def uses_postgresql_types(self) -> bool:
        """Whether some column has a type that only PostgreSQL has."""
        return any("postgresql." in column["sa"] for column in self.columns)


def table_code(owner: Model) -> TableCode:
    """The table of an aggregate or a part; a unique constraint on an expression is an index."""
    taken = owner["table"] in TABLE_VARIABLES or keyword.iskeyword(owner["table"])
    kinds: dict[str, list[Model]] = {"pk": [], "uq": [], "fk": [], "ck": []}
    for constraint in owner["constraints"]:
        kinds[constraint["kind"]].append(constraint)
    expressions = [each for each in kinds["uq"] if each["keys"] != each["columns"]]
    return TableCode(
        name=owner["table"],
        variable=f"{owner['table']}_" if taken else owner["table"],
        renamed_from=owner["former_table"],
        columns=tuple(owner["table_columns"]),
        primary_key=kinds["pk"][0],
        uniques=tuple(each for each in kinds["uq"] if each["keys"] == each["columns"]),
        foreign_keys=tuple(kinds["fk"]),
        checks=tuple(kinds["ck"]),
        indexes=tuple(
            IndexCode(each["name"], "kind" in each, ", ".join(map(_key, each["keys"])))
            for each in (*expressions, *owner["indexes"])
        ),
        description=owner["description"],
    )


def _key(sql: str) -> str:
    """A column of an index, or an expression."""
    return f'sa.text("{sql}")' if "(" in sql else f'"{sql}"'
