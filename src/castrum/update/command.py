"""``castrum update``: bring a service up to date with the template, its answers and its domain.

Three trees are merged: a fresh copy of what the last update asked for, a fresh copy of what this one asks for, and the
working tree. Nothing of the working tree changes until all of that is known.
"""

import argparse
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from castrum.errors import FAILURE, STOPPED, Refusal
from castrum.repository import root_files
from castrum.repository.project import Project
from castrum.repository.transaction import Pending
from castrum.template.signing_in import redacted

from . import checking, origin
from .preparing import Update
from .reporting import report

if sys.platform != "win32":
    import fcntl

CLEAN: Final = 0
CONFLICTS: Final = 1


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    update = commands.add_parser(
        "update",
        help="bring a service up to date",
        description="Merge a new version of the template, changed answers and the edited domain.yaml into a service.",
        epilog="Exit codes: 0 done without conflicts, 1 done with conflicts to resolve (or --check found something to "
        "do), 2 nothing was changed, for the reason given.",
    )
    update.add_argument("project", nargs="?", type=Path, default=Path(), help="the service's folder (default: this)")
    update.add_argument("--to", metavar="VERSION", help="tag or commit of the template, or `current` (default: newest)")
    update.add_argument("-d", "--data", metavar="NAME=VALUE", action="append", default=[], help="change an answer")
    update.add_argument(
        "--answers",
        metavar="TEXT",
        default="",
        help="change those of one text: A=VALUE B='VALUE WITH BLANKS'",
    )
    update.add_argument("--template", metavar="URL", help="take the template from another address from now on")
    update.add_argument(
        "--accept-moved", action="store_true", help="go on although the tag that the service was made from was moved"
    )
    update.add_argument("--dry-run", action="store_true", help="show the difference, write nothing")
    update.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail if there is something to do, or a file that follows the template was edited",
    )
    update.add_argument("--json", action="store_true", help="with --check: the report as JSON")
    update.add_argument(
        "--abort", action="store_true", help="take back an update that was cut short or is not committed yet"
    )
    update.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    try:
        return _run(options)
    except (Refusal, BrokenPipeError):
        raise
    except Exception:  # noqa: BLE001 - Python's own exit code for a bug would mean conflicts
        print(redacted(traceback.format_exc()), file=sys.stderr)
        return FAILURE


def _run(options: argparse.Namespace) -> int:
    if options.json and not options.check:
        raise Refusal("--json belongs to --check", code=FAILURE)
    project = Project.opened(options.project)
    with alone(project.git_directory), stoppable(project.pending):
        if options.abort:
            return take_back(project)
        project.refuse_interrupted()  # before its half of the answers is judged
        project = Project.at(options.project)
        project.refuse_unready()
        update = Update.prepared(project, options)
        if options.check:
            return _check(update, options)
        if options.dry_run:
            sys.stdout.writelines(update.difference())
            report(update, dry=True)
        else:
            update.apply()
            try:
                root_files.write(project.root)
                report(update)
            except KeyboardInterrupt:
                raise Refusal(
                    "stopped, but the update is written: git diff shows it, castrum update --abort takes it back",
                    code=STOPPED,
                ) from None
    return CONFLICTS if update.plan.conflicts else CLEAN


def take_back(project: Project) -> int:
    """Put the tree back to what it was before what is not committed yet; returns the exit code."""
    if not project.pending.interrupted and not project.pending.finished(project.head):
        raise Refusal("there is nothing to take back; what is committed takes git revert", code=FAILURE)
    index = project.pending.index.read_bytes() if project.pending.index.exists() else None
    root_files.take_back(project)
    changed = project.pending.undo()
    root_files.write(project.root)
    if changed:
        raise Refusal(
            *(f"{path}: changed since the update, so it was left" for path in changed),
            "all other files are as they were; move these away, or git restore --source=HEAD --staged --worktree -- "
            f"{shlex.join(changed)}; then castrum update --abort",
            code=FAILURE,
        )
    if index is None:
        project.git("reset", "--quiet", "--", ".")
    else:  # git is in the middle of a merge, and goes on with that
        project.index.write_bytes(index)
    print("The tree is as it was before the update.")
    return CLEAN


def _check(update: Update, options: argparse.Namespace) -> int:
    address = origin.address(update.project, options.template)
    lines, to_do = checking.check(update, address, as_json=options.json)
    print("\n".join(lines))
    for line in root_files.misplaced(update.project):
        print(f"castrum: {line}", file=sys.stderr)
    to_do += root_files.differences(update.project.root)
    for line in to_do:
        print(f"castrum: {line}", file=sys.stderr)
    return CONFLICTS if to_do else CLEAN


@contextmanager
def stoppable(pending: Pending) -> Iterator[None]:
    """Let SIGTERM end the update in the same orderly way as Ctrl-C, which says what is left to do."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        if pending.interrupted:  # stopped again while what was there was put back
            raise Refusal("stopped halfway; put back what was there: castrum update --abort", code=STOPPED) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def alone(git_directory: Path) -> Iterator[None]:
    """Wait until no other update is at work in the repository."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(git_directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


__all__ = ["CLEAN", "CONFLICTS", "FAILURE", "add_parser", "alone", "run", "stoppable", "take_back"]
