"""An update that is known to its last line and not written yet."""

import argparse
import difflib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from castrum import answers, copying
from castrum.copying import Copy, NothingNewer
from castrum.errors import FAILURE, Refusal
from castrum.merge.tree import KEPT, Plan
from castrum.repository import index
from castrum.repository.project import DOMAIN, Project
from castrum.repository.trees import File, WorkingTree
from castrum.template import language
from castrum.template.signing_in import signed_in

from . import origin
from .following import Renaming, merged

CURRENT: Final = "current"


@dataclass
class Update:
    """An update that is known to its last line and not written yet."""

    project: Project
    base: Copy
    theirs: Copy
    ours: WorkingTree
    renaming: Renaming
    plan: Plan
    newest: str | None = None
    """The newest release, where it is older than what the service is made from."""

    @classmethod
    def prepared(cls, project: Project, options: argparse.Namespace) -> "Update":
        """Make the copies and merge; refuses what cannot be rendered."""
        recorded = {name: value for name, value in project.recorded.items() if not name.startswith("_")}
        commit = str(project.recorded["_commit"])
        changed = given(options, recorded)
        newest = None
        tracked, absent = index.listed(project)
        address = origin.address(project, options.template)
        with signed_in(address) as source, tempfile.TemporaryDirectory(prefix="castrum-") as scratch:
            # A default may be made from the folder's name, so both copies have that of the project.
            one, two = (Path(scratch) / name / project.root.name for name in ("last", "next"))
            base = origin.base(project, source, one, recorded, accept_moved=options.accept_moved)
            followers = copying.followers(
                source, commit, recorded, changed, Path(scratch) / "asked" / project.root.name
            )
            recorded = {name: value for name, value in recorded.items() if name not in followers}
            two.mkdir(parents=True)
            if (project.root / DOMAIN).is_file():
                shutil.copyfile(project.root / DOMAIN, two / DOMAIN)
            elif DOMAIN in absent:
                (two / DOMAIN).write_bytes(absent[DOMAIN].content)
            if (two / DOMAIN).exists():
                recorded.pop("domain", None)
            target = commit if options.to == CURRENT else options.to
            try:
                theirs = copying.fresh(source, target, two, recorded | changed, base)
            except NothingNewer as told:
                newest = str(told)
                theirs = copying.fresh(source, commit, two, recorded | changed, base)
        unknown = [name for name in changed if name not in theirs.answers]
        if unknown:
            known = ", ".join(name for name in theirs.answers if not name.startswith("_") and name != "domain")
            raise Refusal(*(f"unknown answer '{name}'; the answers are {known}" for name in unknown), code=FAILURE)
        kept = (path.relative_to(project.root).as_posix() for path in (project.root / KEPT).rglob("*"))
        ours = WorkingTree(project.root, tracked, {*kept, *base.tree, *theirs.tree}, absent)
        base = replace(base, tree=origin.as_recorded(base.tree, ours))

        def render(answers: dict[str, Any]) -> Copy:
            last = {"domain": base.answers["domain"]} | recorded | answers
            ref = str(base.hash) if options.accept_moved and base.hash else commit
            with signed_in(address) as source, tempfile.TemporaryDirectory(prefix="castrum-") as scratch:
                return copying.fresh(source, ref, Path(scratch) / project.root.name, last)

        renaming, plan = merged(base, theirs, ours, render)
        hidden = (path for path, file in plan.changes.items() if file is not None and path not in ours)
        if strange := [path for path in hidden if (project.root / path).is_file()]:
            raise Refusal(*(f"{path}: git does not know it; move it away" for path in strange), code=FAILURE)
        return cls(project, base, theirs, ours, renaming, plan, newest)

    def difference(self) -> Iterator[str]:
        """The update as a patch."""
        for path, after in sorted(self.plan.changes.items()):
            before = self.ours.get(path)
            if before == after:
                continue
            one, two = (_lines(side) for side in (before, after))
            names = (f"a/{path}" if before else os.devnull, f"b/{path}" if after else os.devnull)
            for line in difflib.unified_diff(one, two, *names):
                yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"

    def apply(self) -> None:
        """Write it into the working tree."""
        if not self.plan.changes:
            return
        unseen = self._unseen()
        written = {path: file for path, file in self.plan.changes.items() if path not in unseen}
        self.project.write(written, self._finish, command="update")

    def _finish(self) -> None:
        """What git's index has to know beside the files that are written."""
        index.write(self.project, self.plan.stages, self._unseen())

    def _unseen(self) -> dict[str, File | None]:
        """The changes of files that are not checked out; a conflict is, so that a person can decide."""
        return {
            path: file
            for path, file in self.plan.changes.items()
            if path in self.ours.absent and path not in self.plan.stages
        }


def _lines(file: File | None) -> list[str]:
    return file.content.decode(errors="replace").splitlines(keepends=True) if file else []


def given(options: argparse.Namespace, known: Collection[str]) -> dict[str, str]:
    """The answers that the person gives, by their names."""
    try:
        found = answers.words(options.answers, {*known, *language.questions()}) | answers.pairs(options.data)
    except Refusal as refusal:
        raise Refusal(*refusal.messages, code=FAILURE) from None
    for name in found:
        if name == "domain" or name.startswith("_"):
            raise Refusal(f"{name}: edit domain.yaml; addresses and versions have options", code=FAILURE)
    return found
