"""The profiles: combinations of answers in which every pair of values that may meet does meet."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from copier.errors import UserMessageError
from harness import rendering
from harness.paths import domain_file

from extensions.answers import checks as answers
from extensions.pipeline import reading
from profiles import values
from profiles.array import Row

FILE = Path(__file__).with_name("profiles.yaml")
HEAD = "# Written by `python -m profiles`, which only adds: a profile stays when questions and values come and go.\n"
VALUES = values.values()


@functools.cache
def model(example: str) -> Any:
    """The model of an example's domain."""
    return reading.build_model(yaml.safe_load(domain_file(example).read_text(encoding="utf-8")))


def allowed(row: Row) -> bool:
    """Whether the template takes these answers together."""
    try:
        answers.planned({**values.answers(row), "model": model(str(row["example"]))})
    except UserMessageError:
        return False
    return True


def committed() -> list[Row]:
    """The profiles of the file, with the defaults of what they do not name."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    return [{name: row.get(name, choices[0]) for name, choices in VALUES.items()} for row in rows]


def write(rows: Sequence[Row]) -> None:
    """Keep the profiles, each without what is the default."""
    short = [{name: value for name, value in row.items() if value != VALUES[name][0]} for row in rows]
    text = yaml.safe_dump(short, sort_keys=True, allow_unicode=True, width=120)
    FILE.write_text(HEAD + text, encoding="utf-8")


def render(row: Row, destination: Path) -> Path:
    """The repository of a profile."""
    domain = yaml.safe_load(domain_file(str(row["example"])).read_text(encoding="utf-8"))
    return rendering.copy_domain(domain, destination, values.answers(row))
