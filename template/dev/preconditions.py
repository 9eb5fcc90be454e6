"""What rows have to be like for a revision: it looks before it begins, because a part of it cannot be taken back.

What it does outside of a transaction fails on a row when what came before is there already.
"""

import re
from collections.abc import Collection, Iterable

from alembic.operations import ops

FOREIGN_KEY = re.compile(r"FOREIGN KEY \((?P<column>\w+)\) REFERENCES (?:\w+\.)?(?P<target>\w+)\((?P<key>\w+)\).*")


def unique(table: str, name: str, keys: Iterable[str]) -> ops.ExecuteSQLOp:
    """Refuse rows that have a value twice."""
    values = [*keys]
    there = " AND ".join(f"{each} IS NOT NULL" for each in values)
    twice = f"SELECT FROM {table} WHERE {there} GROUP BY {', '.join(values)} HAVING count(*) > 1"
    return _refusal(twice, f"{table}: {name} allows a value once, and rows have it twice")


def kept(table: str, name: str, definition: str, made: Collection[str]) -> ops.ExecuteSQLOp:
    """Refuse rows that do not keep a check or a foreign key, whose table may be among those that are made first."""
    key = FOREIGN_KEY.fullmatch(definition)
    if key:
        target = f"SELECT FROM {key['target']} WHERE {key['target']}.{key['key']} = it.{key['column']}"
        lost = "" if key["target"] in made else f" AND NOT EXISTS ({target})"
        unfit = f"SELECT FROM {table} AS it WHERE {key['column']} IS NOT NULL{lost}"
    else:
        unfit = f"SELECT FROM {table} WHERE NOT {definition.removeprefix('CHECK ')}"
    return _refusal(unfit, f"{table}: {name} refuses rows that are there")


def _refusal(unfit: str, what: str) -> ops.ExecuteSQLOp:
    sentence = f"{what}. Change them in a revision before this one."
    return ops.ExecuteSQLOp(f"DO $$ BEGIN IF EXISTS ({unfit}) THEN RAISE '{sentence}'; END IF; END $$")
