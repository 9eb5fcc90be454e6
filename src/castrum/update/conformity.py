"""Whether the files that follow the template are as it made them, and which edits of them are meant."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from castrum.errors import FAILURE, Refusal
from castrum.merge.tree import differ_in_ends
from castrum.repository.trees import Tree

RULES: Final = "ownership.yaml"
WAIVERS: Final = "waivers.yaml"
SHAPE: Final = "expected path, reason and, where it ends, until: 2027-03-31"


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that follows the template and is not as it made it; ``instead`` says where the change belongs."""

    path: str
    change: Literal["changed", "removed"]
    instead: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """An edit that is meant, until the end of a day."""

    path: str
    reason: str
    until: date | None = None


def edits(made: Tree, asked: Tree, ours: Tree) -> list[Edit]:
    """The edited files of those that follow the template, which an update has ``made`` and this one ``asked`` for."""
    if RULES not in made:
        return []
    rules = yaml.safe_load(made[RULES].content)["template"]
    found = []
    for path, file in sorted(made.items()):
        mine = ours.get(path)
        if mine in (file, asked.get(path)) or differ_in_ends(mine, file):
            continue
        instead = next((rule["instead"] for rule in rules if any(matches(each, path) for each in rule["paths"])), None)
        if instead is not None:
            found.append(Edit(path, "removed" if mine is None else "changed", instead))
    return found


def matches(pattern: str, path: str) -> bool:
    """Whether the path is the pattern's or below it; patterns are those of .gitignore, from the root on."""
    return re.match(rf"{re.escape(pattern.strip('/')).replace(re.escape('*'), '[^/]*')}(/|\Z)", path) is not None


def waivers(root: Path) -> list[Waiver]:
    """The edits that are meant. Refuses a file that does not say so for each with a reason."""
    if not (root / WAIVERS).is_file():
        return []
    try:
        content = yaml.safe_load((root / WAIVERS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError):
        raise Refusal(f"{WAIVERS}: not valid YAML", code=FAILURE) from None
    if not isinstance(content, list):
        raise Refusal(f"{WAIVERS}: expected a list; of each entry {SHAPE}", code=FAILURE)
    return [_waiver(number, entry) for number, entry in enumerate(content, 1)]


def _waiver(number: int, entry: Any) -> Waiver:
    known = isinstance(entry, dict) and {"path", "reason"} <= entry.keys() <= {"path", "reason", "until"}
    texts = known and all(isinstance(entry[name], str) and entry[name].strip() for name in ("path", "reason"))
    if not texts or not (entry.get("until") is None or type(entry["until"]) is date):
        raise Refusal(f"{WAIVERS}: entry {number}: {SHAPE}", code=FAILURE)
    return Waiver(**entry)


@dataclass(frozen=True, slots=True)
class Conformity:
    """The edits of a tree and its waivers, as of one day."""

    edits: Sequence[Edit]
    waivers: Sequence[Waiver]
    today: date

    def waived(self, edit: Edit) -> bool:
        """Whether the edit is meant, today."""
        return any(matches(each.path, edit.path) and not self._over(each) for each in self.waivers)

    def unwaived(self) -> Iterator[Edit]:
        """The edits that nobody gave a reason for, or not any more."""
        return (edit for edit in self.edits if not self.waived(edit))

    def state(self, waiver: Waiver) -> Literal["in use", "expired", "not needed"]:
        """What the waiver is good for, today."""
        if not any(matches(waiver.path, edit.path) for edit in self.edits):
            return "not needed"
        return "expired" if self._over(waiver) else "in use"

    def _over(self, waiver: Waiver) -> bool:
        return waiver.until is not None and waiver.until < self.today
