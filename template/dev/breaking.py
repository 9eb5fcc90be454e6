"""Fail if the contract breaks the clients of an earlier one: `python -m dev.breaking origin/main`.

A higher major version in `info.version` is the way to break them on purpose.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from . import contract, git, lint_contract

CONTRACT = "contract/openapi.yaml"
OWN = "contract/own.yaml"
VALUES = ("enum", "x-extensible-enum")
SORT = re.compile(r"\^-\?\(\?:([\w|]+)\)\$")


def main() -> int:
    """Print what breaks clients; 0 if nothing does or the major version rose."""
    parser = argparse.ArgumentParser(prog="dev.breaking", description=__doc__)
    parser.add_argument("base", help="the commit whose contract the clients know")
    base: str = parser.parse_args().base
    git.text("cat-file", "-e", f"{base}^{{commit}}")
    if not git.text("ls-tree", "--name-only", base, "--", CONTRACT):
        print(f"{base} has no {CONTRACT}: there are no clients to break.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        own = git.text("show", f"{base}:./{OWN}") if git.text("ls-tree", "--name-only", base, "--", OWN) else ""
        try:
            known = contract.joined(git.raw("show", f"{base}:./{CONTRACT}"), own)
        except ValueError as error:
            raise SystemExit(f"In {base}: {error}") from None
        findings = compare(contract.write(Path(folder) / "before.yaml", known), contract.file())
    old, new = (str(document["info"]["version"]) for document in (known, contract.document()))
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"Contract {old} → {new}: {len(findings)} breaking changes since {base}.")
    if findings and int(new.split(".")[0]) <= int(old.split(".")[0]):
        print("Keep what clients rely on, or raise the major version in info.version.", file=sys.stderr)
        return 1
    return 0


def compare(before: Path, after: Path) -> list[str]:
    """What in the contract `after` breaks a client that was written for `before`."""
    lint_contract.install()
    redocly = str(lint_contract.MODULES / ".bin" / "redocly")
    with tempfile.TemporaryDirectory() as folder:
        report, said = Path(folder) / "report.json", Path(folder) / "said"
        options = ("--config", "redocly.yaml", "--fail-on", "none", "--format", "json", "--output", str(report))
        with said.open("w") as output:
            failed = lint_contract.node(redocly, "diff", str(before), str(after), *options, output=output)
        if failed:
            raise SystemExit(f"The contracts cannot be compared.\n{said.read_text()}")
        changes: list[dict[str, Any]] = json.loads(report.read_text())["changes"]
    found = [
        f"{change['path']}: {verdict['message']} ({verdict['ruleId']})"
        for change in changes
        for verdict in change["verdicts"]
        if verdict["impact"] == "major" and not sorts_by_more(change)
    ]
    old, new = (yaml.safe_load(path.read_text()) for path in (before, after))
    return found + [f"#{path}: Value {value!r} is gone; clients may wait for it." for path, value in gone(old, new)]


def sorts_by_more(change: dict[str, Any]) -> bool:
    """Whether the change only adds fields that one can sort by, which the contract lists in a pattern."""
    patterns = [SORT.fullmatch(str(change.get(side, {}).get("value"))) for side in ("base", "revision")]
    old, new = (set(pattern[1].split("|")) if pattern else set() for pattern in patterns)
    return bool(old) and old <= new


def gone(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of each that was possible and is no more; redocly takes it for harmless in an answer."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    for key in old.keys() & new.keys():
        here = f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
        if key in VALUES and isinstance(old[key], list) and isinstance(new[key], list):
            yield from ((here, value) for value in old[key] if value not in new[key])
        else:
            yield from gone(old[key], new[key], here)


if __name__ == "__main__":
    sys.exit(main())
