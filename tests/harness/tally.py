"""The tally of `docs/coverage`: what nine systems of others say, item by item, and the line that says it here."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from extensions.language.yaml_reader import load_yaml

from .paths import DOMAINS, ROOT

PAGES = ROOT / "docs" / "coverage"
KINDS = ("field", "relation", "rule")
WAYS = ("direct", "workaround", "none")

_PLACE = re.compile(r"(?:types\.)?[A-Z]\w*(?:\.\w+)*")
_SPAN = re.compile(r" ?`([^`]+)`")


class Line(NamedTuple):
    """What a row quotes of a domain: `description: string(255)` at `Category.fields`."""

    place: str
    text: str


@dataclass(frozen=True)
class Row:
    """An item of the original; `why` says what is missing where it is not said directly."""

    item: str
    kind: str
    way: str
    lines: tuple[Line, ...]
    why: str


@dataclass(frozen=True)
class Page:
    """All items of a source; `several` has how many items a line says if it is more than one."""

    name: str
    rows: tuple[Row, ...]
    several: dict[Line, int]
    domain: dict[str, Any]


def pages() -> dict[str, Page]:
    """Source → its page."""
    return {path.stem: read_page(path) for path in sorted(PAGES.glob("*.md")) if path.stem != "README"}


def read_page(path: Path) -> Page:
    """The page of a source, with its domain."""
    items, _, several = path.read_text(encoding="utf-8").partition("\n## Lines that say several items\n")
    rows = tuple(
        Row(item, kind, way, *_quoted(said))
        for item, kind, way, said in _table(items)
        if (kind, way) != ("kind", "how")
    )
    counts = {line: int(count) for said, count, _ in _table(several) if count.isdigit() for line in _quoted(said)[0]}
    return Page(path.stem, rows, counts, load_yaml((DOMAINS / f"{path.stem}.yaml").read_bytes()))


def is_said(domain: dict[str, Any], line: Line) -> bool:
    """Whether the domain has the quoted text at that place: an entry, one of a list, or words of a text."""
    there: Any = {"types": domain.get("types", {}), **domain["aggregates"]}
    for name in line.place.split("."):
        if not isinstance(there, dict) or name not in there:
            return False
        there = there[name]
    quoted = load_yaml(line.text.encode())
    if isinstance(there, str):
        return f" {line.text} " in f" {there} "
    if isinstance(there, list):
        return quoted in there
    if not isinstance(there, dict) or not isinstance(quoted, dict):
        return False
    return all(key in there and value in (None, there[key]) for key, value in quoted.items())


def used_too_often(page: Page) -> list[Line]:
    """Lines that more rows quote than they say items; rows about shapes by themselves, as a rule is said of a field."""
    found = []
    for rules in (False, True):
        uses = Counter(line for row in page.rows if (row.kind == "rule") is rules for line in row.lines)
        found += [line for line, count in uses.items() if count > page.several.get(line, 1)]
    return found


def totals(rows: list[Row]) -> dict[str, int]:
    """Way → how many of the rows are said in it."""
    counts = Counter(row.way for row in rows)
    return {way: counts[way] for way in WAYS}


def summary(tally: dict[str, Page]) -> str:
    """The tables of totals, as `docs/coverage/README.md` has them."""
    head = ["fields", "relations", "rules", "items", "direct", "workaround", "none"]
    by_source = [f"| source | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    every = [row for page in tally.values() for row in page.rows]
    for name, rows in [
        *((f"[{name}]({name}.md)", list(page.rows)) for name, page in tally.items()),
        ("**all**", every),
    ]:
        kinds = [str(sum(row.kind == kind for row in rows)) for kind in KINDS]
        by_source.append(f"| {name} | {' | '.join([*kinds, *_ways(rows)])} |")
    by_kind = ["| kind | items | direct | workaround | none |", "|---|---|---|---|---|"]
    by_kind += [f"| {kind} | {' | '.join(_ways([row for row in every if row.kind == kind]))} |" for kind in KINDS]
    return "\n".join([*by_source, "", *by_kind])


def _ways(rows: list[Row]) -> list[str]:
    counts = totals(rows)
    percent = 100 * counts["direct"] / len(rows)
    return [str(len(rows)), f"{counts['direct']} ({percent:.1f} %)", str(counts["workaround"]), str(counts["none"])]


def _table(text: str) -> Iterator[list[str]]:
    """The rows of a Markdown table, without the line below its head."""
    for row in text.splitlines():
        if row.startswith("| "):
            yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def _quoted(said: str) -> tuple[tuple[Line, ...], str]:
    """The lines that a cell quotes, each behind its place, and what it says behind them."""
    lines, place, end = [], "", 0
    while found := _SPAN.match(said, end):
        if _PLACE.fullmatch(found[1]):
            place = found[1]
        else:
            lines.append(Line(place, found[1]))
        end = found.end()
    return tuple(lines), said[end:].removeprefix("; ").strip()
