"""Lists of a large table: what each way to narrow, search and order them costs PostgreSQL."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from extensions.language.yaml_reader import load_yaml
from extensions.pipeline import build_model

from .generation import ROOT, copy, environment

PROGRAM = ROOT / "benchmarks" / "apps" / "pages.py"
DOMAIN = ROOT / "tests" / "domains" / "words.yaml"
AGGREGATE = "Sought"
"""What can be asked for each type in each way."""
ROWS = 1_000_000

ID = "lpad(to_hex({row}), 32, '0')::uuid"
RARE, ABSENT = "i % 1000 = 7", "i % 1000 = 3"
WORD = "'w' || translate(i::text, '0123456789', 'abcdefghij')"
VALUES = {
    "bool": RARE,
    "int": "i",
    "bigint": "i",
    "decimal": "i / 1000.0",
    "float": "i / 10000000.0",
    "date": "date '1900-01-01' + i % 1000000",
    "time": "time '00:00' + i % 86400 * interval '1 second'",
    "datetime": "timestamptz '2001-01-01' + i * interval '1 minute'",
    "uuid": "md5(i::text)::uuid",
    "id": "md5(i::text)::uuid",
    "ref": ID.format(row="i / 10 + 1"),
    "email": f"{WORD} || '@example.com'",
    "phone": "'+1' || (2020000000 + i)",
    "string": f"{WORD} || ' and more'",
}
"""The value in row `i`, by the type of the field."""

ASKED = {
    "from": "SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {column} DESC OFFSET 100 LIMIT 1",
    "to": "SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {column} OFFSET 100 LIMIT 1",
    "prefix": "SELECT {column} FROM {table} WHERE id = {middle}",
    "search": "SELECT split_part({column}, ' ', 1) FROM {table} WHERE id = {middle}",
    "absent": "SELECT true",
}
RAREST = "SELECT {column} FROM {table} WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY count(*), {column} LIMIT 1"
"""What is asked for by each word, and what by the value alone."""


class Cost(NamedTuple):
    """The rows that are read for a page, and the microseconds of PostgreSQL."""

    rows: int
    us: float


def question(rows: int, *, thorough: bool = False) -> dict[str, Any]:
    """What the program is asked: each filter by itself, two together, and each order from the start and the middle."""
    model = build_model(load_yaml(DOMAIN.read_bytes()))
    (aggregate,) = (each for each in model["aggregates"] if each["name"] == AGGREGATE)
    table, filters = aggregate["table"], aggregate["filters"]
    middle = ID.format(row=rows * 3 // 4)  # neither among the first nor among the last
    values = {
        each["key"]: ASKED.get(each["word"], RAREST).format(column=each["column"], table=table, middle=middle)
        for each in filters
    }
    together = [each["key"] for each in filters if each["word"] in {"", "any"}][:2]
    return {
        "repository": f"words.{aggregate['module']}.repository",
        "table": table,
        "filling": _filling(aggregate, rows),
        "filters": [*({key: value} for key, value in values.items()), {key: values[key] for key in together}],
        "several": [each["key"] for each in filters if each["is_several"]],
        "sorts": [*(sign + each["name"] for each in aggregate["sorts"] for sign in ("", "-")), *aggregate["orders"]],
        "middle": f"SELECT * FROM {table} WHERE id = {middle}",  # noqa: S608
        "thorough": thorough,
    }


def _filling(aggregate: Mapping[str, Any], rows: int) -> str:
    """The SQL that fills the table of an aggregate."""
    states = [each["value"] for each in aggregate["lifecycle"]["states"]]
    values = {
        "id": ID.format(row="i"),
        "version": "1",
        "status": _seldom(states[-1], states[0]),
        "created_at": "timestamptz '2001-01-01' + i * interval '1 second'",
        "modified_at": "timestamptz '2001-01-01' + i * interval '1 second'",
    }
    words = {each["name"]: [member["value"] for member in each["members"]] for each in aggregate["enums"]}
    for field in aggregate["fields"]:
        value = _seldom(words[field["enum"]][-1], words[field["enum"]][0]) if field["enum"] else VALUES[field["kind"]]
        values[field["column"]] = f"CASE WHEN {ABSENT} THEN NULL ELSE {value} END" if field["optional"] else value
    columns, row = ", ".join(values), ", ".join(values.values())
    return f"INSERT INTO {aggregate['table']} ({columns}) SELECT {row} FROM generate_series(1, {rows}) AS i"  # noqa: S608


def _seldom(rare: str, usual: str) -> str:
    one, other = (word.replace("'", "''") for word in (rare, usual))
    return f"CASE WHEN {RARE} THEN '{one}' ELSE '{other}' END"


def costs(answer: str) -> dict[str, Sequence[Cost]]:
    """What the program printed: what was asked for → its cost, the one with indexes first."""
    return {name: [Cost(*each) for each in found] for name, found in json.loads(answer).items()}


def measure(template: Path, scratch: Path, python: Path, rows: int) -> dict[str, Cost]:
    """The cost of each page of a table with so many rows; `python` has what services need."""
    project = scratch / "words"
    copy(template, project, load_yaml(DOMAIN.read_bytes()), "--data", "service_name=words")
    done = subprocess.run(
        [python, PROGRAM],
        cwd=project,
        env=environment(PYTHONPATH=f"{project}:{project / 'src'}"),
        input=json.dumps(question(rows)),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return {name: found[0] for name, found in costs(done.stdout).items()}


def lines(found: Mapping[str, Cost], rows: int) -> list[str]:
    """The part of the report."""
    return [
        "## Lists of a large table",
        "",
        f"Pages of 50 of a table with {rows:_} rows, whose planner has the defaults: the median of five times. What is",
        "asked for is what a thousandth of the rows have, or fewer.",
        "",
        "| asked for, or in which order | rows read | PostgreSQL, µs |",
        "|---|---:|---:|",
        *(f"| {name} | {cost.rows} | {cost.us:.0f} |" for name, cost in found.items()),
    ]
