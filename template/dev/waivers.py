"""Edits of files that follow the template and are meant: waivers.yaml, which `castrum update --check` reads, too.

- path: deploy/helm/*/templates/_pod.tpl
  reason: our cluster wants another probe
  until: 2027-03-31
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import yaml

from . import ROOT

FILE = "waivers.yaml"
SHAPE = "expected path, reason and, where it ends, until: 2027-03-31"


def in_force(today: date) -> list[str]:
    """The paths of the edits that are meant. Ends the program if the file does not say so for each with a reason."""
    return [entry["path"] for entry in entries() if entry.get("until") is None or entry["until"] >= today]


def entries() -> Iterator[dict[str, Any]]:
    if not (ROOT / FILE).is_file():
        return
    try:
        content = yaml.safe_load((ROOT / FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError):
        raise SystemExit(f"{FILE}: not valid YAML") from None
    if not isinstance(content, list):
        raise SystemExit(f"{FILE}: expected a list; of each entry {SHAPE}")
    for number, entry in enumerate(content, 1):
        known = isinstance(entry, dict) and {"path", "reason"} <= entry.keys() <= {"path", "reason", "until"}
        texts = known and all(isinstance(entry[name], str) and entry[name].strip() for name in ("path", "reason"))
        if not texts or not (entry.get("until") is None or type(entry["until"]) is date):
            raise SystemExit(f"{FILE}: entry {number}: {SHAPE}")
        yield entry
