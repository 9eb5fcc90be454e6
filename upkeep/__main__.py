"""`make upkeep`: bring docs/upkeep.md up to date, and say what a person has to look at."""

import sys
from datetime import UTC, datetime, timedelta
from itertools import groupby

from . import dependencies, registries, table

OLD = timedelta(days=540)


def main() -> int:
    """Write the table; 1 where a row waits for a person."""
    known = {row.key: row for row in table.read()}
    direct = dependencies.direct()
    releases = {
        "PyPI": registries.of_pypi({each.name for each in direct if each.kind == "PyPI"}),
        "npm": registries.of_npm({each.name for each in direct if each.kind == "npm"}),
    }
    rows = []
    for (kind, name), found in groupby(direct, key=lambda each: each[:2]):
        release = releases[kind][name]
        held = "; ".join(f"{each.user} `{each.cap}`" for each in found)
        old = known.get((kind, name), table.Row(name, kind, "", "", ""))
        released = f"{release.version}, {release.day}"
        rows.append(old._replace(held=held, release=released, keeper=release.keeper or old.keeper))
    table.write(rows)
    before = f"{datetime.now(UTC) - OLD:%Y-%m-%d}"
    for row in rows:
        if row.release.rpartition(" ")[2] < before:
            print(f"{row.name}: the last release is of {row.release.rpartition(' ')[2]}")
    waiting = [row.name for row in rows if not (row.looked_at and row.reason)]
    for name in waiting:
        print(f"{name}: say in {table.FILE.relative_to(dependencies.ROOT)} when you looked at it and why it stays")
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main())
