"""``castrum update --check``: what an update would do, and what was edited of the files that follow the template."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from castrum.merge.tree import KEPT
from castrum.template import signing_in

from . import origin
from .conformity import WAIVERS, Conformity, edits, waivers
from .preparing import Update


def check(update: Update, address: str, *, as_json: bool) -> tuple[list[str], list[str]]:
    """What to print, and what is left to do: nothing, if the tree is what the template at the address asks for."""
    found = edits(update.base.tree, update.theirs.tree, update.ours)
    conformity = Conformity(found, waivers(update.project.root), datetime.now(UTC).date())
    lines = (
        [json.dumps(_document(update, address, conformity), indent=2)] if as_json else list(_lines(update, conformity))
    )
    return lines, list(_to_do(update, conformity))


def _lines(update: Update, conformity: Conformity) -> Iterator[str]:
    yield from sorted(update.plan.changes)
    yield from (f"{place}: inserted by both in one place, would be united" for place in update.plan.united)
    for edit in conformity.unwaived():
        yield f"{edit.path}: {edit.change} here, though it follows the template; {edit.instead}"
    for waiver in conformity.waivers:
        state = conformity.state(waiver)
        if state != "in use":
            yield f"{WAIVERS}: {waiver.path}: {state}{f' since {waiver.until}' if state == 'expired' else ''}"
    if not update.plan.changes and not any(conformity.unwaived()):
        count = len(conformity.edits)
        meant = f", but for {count} edit{'s' * (count > 1)} with a waiver" if count else ""
        yield f"The tree is what the template, the answers and domain.yaml ask for{meant}."


def _to_do(update: Update, conformity: Conformity) -> Iterator[str]:
    if update.plan.changes:
        moved = update.theirs.commit != update.base.commit
        asked = f"the template at {update.theirs.commit} asks" if moved else "the answers and domain.yaml ask"
        yield f"there are files that are not what {asked} for: run make {'upgrade' if moved else 'regen'}"
    if any(conformity.unwaived()):
        yield (
            "there are edits of files that follow the template: take them back (git log -p -- FILE), or say in "
            f"{WAIVERS} why they are meant: path, reason and, where it ends, until"
        )


def _document(update: Update, address: str, conformity: Conformity) -> dict[str, Any]:
    """The report as docs/check.schema.json describes it."""
    changes = {path: file for path, file in sorted(update.plan.changes.items()) if not path.startswith(f"{KEPT}/")}
    conflicts = {conflict.path for conflict in update.plan.conflicts}
    return {
        "service": update.base.answers.get("service_name"),
        "template": signing_in.public(address),
        "version": update.base.commit,
        "commit": update.base.hash,
        "target": update.theirs.commit,
        "newest": origin.newest(address),
        "pending": [
            {
                "path": path,
                "change": "removed" if file is None else "changed" if path in update.ours else "new",
                "conflict": path in conflicts,
            }
            for path, file in changes.items()
        ],
        "united": update.plan.united,
        "edited": [
            {"path": edit.path, "change": edit.change, "instead": edit.instead, "waived": conformity.waived(edit)}
            for edit in conformity.edits
        ],
        "waivers": [
            {
                "path": each.path,
                "reason": each.reason,
                "until": each.until.isoformat() if each.until else None,
                "state": conformity.state(each),
            }
            for each in conformity.waivers
        ],
        "conforms": not update.plan.changes and not any(conformity.unwaived()),
    }
