"""What an update says: what happened, why, and what is left to do."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from castrum.compatibility import contract
from castrum.errors import Refusal
from castrum.merge.tree import KEPT
from castrum.template import language, notes

from .preparing import Update


def report(update: Update, *, dry: bool = False) -> None:
    """Say what happened, why, and what is left to do."""
    for line in _lines(update, dry=dry):
        print(line)


def _lines(update: Update, *, dry: bool) -> Iterator[str]:
    if not update.plan.changes:
        yield f"Nothing to do: the tree is at {update.theirs.commit}{_newest(update)}."
        return
    files = _files(update)
    versions = (update.base.commit, update.theirs.commit)
    moved = f"from {versions[0]} to {versions[1]}" if versions[0] != versions[1] else f"at {versions[0]}"
    counts = ", ".join(f"{len(paths)} {kind}" for kind, paths in files.items() if paths)
    yield f"Template {moved}{_newest(update)}: {counts or 'nothing but what is set aside'}{' (dry run)' * dry}."
    base, theirs = update.base, update.theirs
    if changes := notes.between(theirs.releases, base.version, theirs.version, theirs.answers):
        yield from ("", "What the template changed:", *(f"  {line}" for line in notes.lines(changes)))
    yield from _renames(update)
    yield from _contract(update)
    yield from _events(update)
    yield from _tables(update)
    if files["removed"]:
        yield from ("", "Removed:", *(f"  {path}" for path in files["removed"]))
    if left := _left(update):
        yield from ("", "Yours, in folders that the template has left:", *(f"  {path}" for path in left))
    if update.plan.remarks:
        yield from ("", "Left as you have it:", *(f"  {remark}" for remark in update.plan.remarks))
    if update.plan.united:
        yield from ("", "Inserted by both in one place, and united:", *(f"  {place}" for place in update.plan.united))
    if update.plan.conflicts:
        count = len(update.plan.conflicts)
        yield from ("", f"{count} conflict{'s' * (count > 1)} for you to decide:")
        yield from (f"  {conflict.path}: {conflict.kind}; {conflict.advice}" for conflict in update.plan.conflicts)
    if update.ours.absent:
        yield from (
            "",
            "This checkout is sparse: what is not checked out was changed in git's index alone, see git diff --cached;",
            "new files need git add --sparse --all.",
        )
    if not dry:
        yield from (
            "",
            "Next: git diff, make check, and a commit of its own; or castrum update --abort takes it back.",
        )


def _newest(update: Update) -> str:
    return f", which is newer than the newest release, {update.newest}" if update.newest else ""


def _renames(update: Update) -> Iterator[str]:
    """What was renamed or is elsewhere, what of the person's followed, and where the old names are left."""
    told = update.renaming
    if told.renames:
        yield from ("", *(f"Renamed: {rename.what}." for rename in told.renames))
    if told.relocated:
        yield from ("", "The template put elsewhere:", *(f"  {one} → {two}" for one, two in told.relocated.items()))
    if told.followed:
        yield from ("", "Your code that followed:", *(f"  {path}" for path in told.followed))
    if told.moved:
        yield from (
            "",
            "Your files that moved with their folder:",
            *(f"  {one} → {two}" for one, two in told.moved.items()),
        )
    if told.left:
        yield from ("", "Old names that are left, for you to judge:", *(f"  {line}" for line in told.left))


def _files(update: Update) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {"new": [], "changed": [], "renamed": [], "removed": []}
    places = update.renaming.places
    there = {places[path] for path in places if path in update.ours}
    for path, after in sorted(update.plan.changes.items()):
        if path.startswith(f"{KEPT}/"):
            continue
        if after is None:
            if places.get(path) not in update.plan.changes:
                groups["removed"].append(path)
        else:
            groups["changed" if path in update.ours else "renamed" if path in there else "new"].append(path)
    return groups


def _left(update: Update) -> list[str]:
    """The person's own files, in folders in which the template no longer has any."""
    gone = _folders(update.base.tree) - _folders(update.theirs.tree)
    own = (path for path in update.ours if path not in update.base.tree and update.plan.changes.get(path, True))
    return [path for path in own if gone.intersection(map(str, PurePosixPath(path).parents))]


def _folders(paths: Iterable[str]) -> set[str]:
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents}


def _contract(update: Update) -> Iterator[str]:
    judged = contract.between(update.base.tree, update.theirs.tree)
    if judged is None:
        yield "Contract: as it was."
        return
    if both := contract.taken(update.ours, update.theirs.tree):
        yield from ("", "Contract: in your contract/own.yaml, too; remove there:", *(f"  {name}" for name in both))
    breaking, additions = judged
    how = "judged schema by schema: what may be sent must not shrink, what is answered must not grow"
    if breaking:
        yield from ("", f"Contract: BREAKS clients ({how}):", *(f"  {line}" for line in breaking))
    elif additions:
        yield from ("", f"Contract: compatible ({how}):", *(f"  {line}" for line in additions))
    else:
        yield f"Contract: compatible; only words changed ({how})."


def _events(update: Update) -> Iterator[str]:
    asked, others = _judged(update, language.event_changes)
    if not asked and not others:
        return
    verdict = "to be agreed with other contexts" if asked else "compatible"
    how = "judged by domain.yaml: what is expected must not grow, what is emitted must not go"
    yield from ("", f"Events: {verdict} ({how}):", *(f"  {line}" for line in (*asked, *others)))


def _judged(update: Update, verdict: Callable[[object, object], tuple[list[str], list[str]]]) -> tuple[list[str], ...]:
    """A verdict on the two domains; nothing where they are the same, or the language was another one then."""
    old, new = (answers.get("domain") for answers in (update.base.answers, update.theirs.answers))
    if old == new:
        return [], []
    try:
        return verdict(old, new)
    except Refusal:
        return [], []


def _tables(update: Update) -> Iterator[str]:
    changes, advice = _judged(update, language.table_changes)
    if changes or advice:
        yield from ("", "Tables:", *(f"  {change}" for change in changes), *(f"  mind {line}" for line in advice))
    if changes:
        message = ", ".join(changes)
        message = message if len(message) <= 60 else f"{message[:57].rpartition(', ')[0]} and more"
        yield f'  to do: make migration m="{message}" (the revisions that exist stay as they are)'
