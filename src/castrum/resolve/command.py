"""``castrum resolve``: make the code anew after a merge of branches that were made from something else each.

Git merges text. What two branches generated from their answers, their domain or their version of the template is no
text that can be merged line by line; this asks for what both of them asked for, and keeps what people wrote in either.
"""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castrum.errors import FAILURE, Refusal
from castrum.repository import index, objects, root_files
from castrum.repository.project import REVISIONS, Project
from castrum.repository.trees import WorkingTree, read
from castrum.template import source
from castrum.template.signing_in import signed_in
from castrum.update.command import CLEAN, CONFLICTS, alone, stoppable, take_back
from castrum.update.preparing import given

from . import merges, revisions
from .agreeing import Will
from .resolving import Resolution, Settled

if TYPE_CHECKING:
    from castrum.merge.values import Side


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    resolve = commands.add_parser(
        "resolve",
        help="make the code anew after a merge",
        description="Make the code anew after git merged branches with other answers, domains or template versions.",
        epilog="Exit codes: 0 done without conflicts, 1 done with conflicts to resolve, 2 nothing was changed, for the "
        "reason given.",
    )
    resolve.add_argument("project", nargs="?", type=Path, default=Path(), help="the service's folder (default: this)")
    resolve.add_argument(
        "--take", metavar="NAME=SIDE", action="append", default=[], help="where they disagree: ours or theirs"
    )
    resolve.add_argument("-d", "--data", metavar="NAME=VALUE", action="append", default=[], help="another answer")
    resolve.add_argument("--answers", metavar="TEXT", default="", help=argparse.SUPPRESS)
    resolve.add_argument("--to", metavar="VERSION", help="version of the template, where the newer one cannot be told")
    resolve.add_argument("--template", metavar="URL", help="take the template from this address from now on")
    resolve.add_argument("--abort", action="store_true", help="take back what is not committed yet")
    resolve.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    project = Project.opened(options.project)
    with alone(project.git_directory), stoppable(project.pending):
        if options.abort:
            return take_back(project)
        with signed_in(source.absolute(options.template)) if options.template else nullcontext() as address:
            return _resolve(project, _will(options, address))


def _resolve(project: Project, will: Will) -> int:
    project.refuse_interrupted()
    sides = merges.going_on(project)
    if sides is None:
        project.refuse_unready()
        sides = merges.committed(merges.Commit(project, project.head))
    elif not sides.differ:
        sides = None
    if sides is None:
        print("Nothing to resolve: no merge here has sides that were made from something else each.")
        return CLEAN
    print(f"Ours:   {sides.ours.title}\nTheirs: {sides.theirs.title}")
    tracked, absent = index.listed(project)
    before = WorkingTree(project.root, tracked, set(), absent)
    resolution = Resolution(project, will)
    settled = resolution.resolve(sides, before)
    mine = WorkingTree(project.root, tracked, {*settled.changes}, absent)
    if absent.keys() & settled.changes.keys():
        raise Refusal("files that this has to change are not checked out: git sparse-checkout disable", code=FAILURE)
    if strange := sorted(path for path in settled.changes if path in mine and path not in before):
        raise Refusal(*(f"{path}: git does not know it; move it away" for path in strange), code=FAILURE)
    _write(project, settled, staged=bool(sides.goes_on))
    root_files.write(project.root)
    _report(sides, resolution, settled, mine)
    return CONFLICTS if settled.conflicts else CLEAN


def _write(project: Project, settled: Settled, *, staged: bool) -> None:
    def finish() -> None:
        shutil.copyfile(project.index, project.pending.index)
        index.put(project, _entries(project, settled, staged=staged))

    project.write(settled.changes, finish, command="resolve")


def _entries(project: Project, settled: Settled, *, staged: bool) -> Iterator[tuple[str, str]]:
    """What goes into git's index: what was merged, where git is in the middle of it, and what is left to decide."""
    undecided = {conflict.path for conflict in settled.conflicts}
    for path in sorted({*settled.changes, *index.unmerged(project)} - undecided) if staged else ():
        yield path, objects.GONE
        file = read(project.root, path)
        if file is not None:
            yield path, f"{objects.mode(file)} {objects.store(project, [file.content])[0]} 0"
    for path, stages in settled.stages.items():
        yield path, objects.GONE
        yield from ((path, f"{mode} {name} {stage}") for stage, (mode, name) in stages.items())


def _report(sides: merges.Sides, resolution: Resolution, settled: Settled, mine: WorkingTree) -> None:
    if resolution.said:
        print("\nWhat was asked for since they parted:", *(f"  {line}" for line in resolution.said), sep="\n")
    print(f"\n{len(settled.changes)} files made anew.")
    if resolution.united:
        print("\nInserted by both in one place, and united:", *(f"  {each}" for each in resolution.united), sep="\n")
    if settled.conflicts:
        count = len(settled.conflicts)
        print(f"\n{count} conflict{'s' * (count > 1)} for you to decide:")
        print(*(f"  {each.path}: {each.kind}; {each.advice}" for each in settled.conflicts), sep="\n")
    files = {path: mine[path] for path in mine if path.startswith(REVISIONS)}
    files |= {path: file for path, file in settled.changes.items() if file is not None}
    if len(heads := revisions.heads(files)) > 1:
        print("\nMigrations:", *(f"  {path}" for path in heads), sep="\n")
        print("  to do: make migration puts them in one line")
    last = f"git add --all, {sides.goes_on}" if sides.goes_on else "a commit of its own"
    print(f"\nNext: git diff HEAD, make check, {last}; or castrum resolve --abort takes it back.")


def _will(options: argparse.Namespace, address: str | None) -> Will:
    take: dict[str, Side] = {}
    sides: dict[str, Side] = {"ours": "ours", "theirs": "theirs"}
    for pair in " ".join(options.take).split():
        name, _, side = pair.partition("=")
        if side not in sides:
            raise Refusal(f"--take {pair}: expected NAME=ours or NAME=theirs", code=FAILURE)
        take[name] = sides[side]
    return Will(take, given(options, ()), options.to, address)
