"""docs/upkeep.md: one row for each direct dependency, of which the last two columns are a person's."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .dependencies import ROOT

FILE = ROOT / "docs" / "upkeep.md"
HEAD = """\
# Upkeep of the dependencies

What the generated service and Castrum itself depend on directly, when it was last released, and who keeps it. A person
says when it was looked at and why it stays: a dependency without that fails the tests. `make upkeep` brings the other
columns up to date, and adds and removes rows.

| Dependency | Registry | Used by, held to | Last release | Kept by | Looked at | Why it stays |
|---|---|---|---|---|---|---|
"""


class Row(NamedTuple):
    """A row of the table; empty where nobody has said anything yet."""

    name: str
    registry: str
    held: str
    release: str
    keeper: str
    looked_at: str = ""
    reason: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What the row is about."""
        return self.registry, self.name


def read(file: Path = FILE) -> list[Row]:
    """The rows of the table; none where there is no file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]
    return [Row(name.strip("`"), *rest) for name, *rest in cells]


def write(rows: Iterable[Row], file: Path = FILE) -> None:
    """Write the table."""
    lines = [f"| `{row.name}` | {' | '.join(row[1:])} |\n" for row in rows]
    file.write_text(HEAD + "".join(lines), encoding="utf-8")
