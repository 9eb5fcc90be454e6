"""Tables as SQLAlchemy has them."""

from __future__ import annotations

import keyword
from typing import Any

Model = dict[str, Any]

TABLE_VARIABLES = frozenset({"metadata", "postgresql", "sa"})
"""What the modules of the tables import."""


def table(owner: Model) -> Model:
    """The table of an aggregate or a part, for its module and for the first revision."""
    taken = owner["table"] in TABLE_VARIABLES or keyword.iskeyword(owner["table"])
    kinds: dict[str, list[Model]] = {"pk": [], "uq": [], "fk": [], "ck": []}
    for constraint in owner["constraints"]:
        kinds[constraint["kind"]].append(constraint)
    return {
        "name": owner["table"],
        "variable": f"{owner['table']}_" if taken else owner["table"],
        "renamed_from": owner["former_table"],
        "columns": owner["table_columns"],
        "primary_key": kinds["pk"][0],
        "uniques": [each for each in kinds["uq"] if each["keys"] == each["columns"]],
        "foreign_keys": kinds["fk"],
        "checks": kinds["ck"],
        "indexes": [
            {"name": each["name"], "unique": "kind" in each, "keys": ", ".join(map(_key, each["keys"]))}
            for each in (*(each for each in kinds["uq"] if each["keys"] != each["columns"]), *owner["indexes"])
        ],
        "description": owner["description"],
    }


def _key(sql: str) -> str:
    """A column of an index, or an expression."""
    return f'sa.text("{sql}")' if "(" in sql else f'"{sql}"'
