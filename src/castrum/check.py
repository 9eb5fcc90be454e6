"""``castrum check``: what is wrong with a domain file, for people and for programs."""

import argparse
import json
from pathlib import Path
from typing import Any

from castrum.new.command import print_notes
from castrum.repository.project import DOMAIN
from castrum.template import language

from .errors import Refusal


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    check = commands.add_parser("check", help="check a domain file", description="Check a domain file; writes nothing.")
    check.add_argument("domain", nargs="?", type=Path, default=Path(DOMAIN), help=f"default: {DOMAIN}")
    check.add_argument("--json", action="store_true", help="print the problems for a program, with ranges and edits")
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code: 1 if there are problems."""
    found = language.findings(options.domain)
    if options.json:
        print(json.dumps(document(options.domain, found), indent=2, ensure_ascii=False))
        return 1 if found else 0
    if found:
        raise Refusal(*(each.said(str(options.domain)) for each in found))
    print(f"{options.domain}: no problems")
    print_notes(options.domain)
    return 0


def document(path: Path, found: list[Any]) -> dict[str, Any]:
    """The problems as docs/problems.schema.json describes them."""
    return {
        "file": str(path),
        "valid": not found,
        "problems": [
            {
                "path": each.problem.path,
                "pointer": each.pointer,
                "range": None if each.range is None else _range(each.range),
                "message": each.problem.message,
                "remedy": each.problem.remedy or None,
                "edits": [{"range": _range(place), "text": text} for place, text in each.edits],
            }
            for each in found
        ],
        "notes": [] if found else language.notes(path),
    }


def _range(place: Any) -> dict[str, dict[str, int]]:
    return {
        name: {"line": position.line, "column": position.column}
        for name, position in (("start", place.start), ("end", place.end))
    }
