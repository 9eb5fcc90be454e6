"""Trees as git stores them: read from commits, written as commits of nobody, and merged by git itself."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from castrum.errors import FAILURE, Refusal

from . import objects
from .project import Project
from .trees import File

NOBODY: Final = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "castrum"), ("EMAIL", "castrum@localhost"), ("DATE", "2000-01-01T00:00:00Z"))
}
LABEL: Final = re.compile(rb"^(<{7,9}|>{7,9}) .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Merge:
    """What git makes of two trees: the files, and for those that it could not merge, base, ours and theirs."""

    tree: str
    files: dict[str, File]
    conflicts: dict[str, dict[int, tuple[str, str]]]
    """Path → number of the side (1 base, 2 ours, 3 theirs) → mode and object."""


def listed(project: Project, tree: str) -> dict[str, tuple[str, str]]:
    """Path → mode and object, of every file of the tree."""
    found = {}
    for entry in project.git("ls-tree", "--full-tree", "-r", "-z", tree).split("\0")[:-1]:
        about, _, path = entry.partition("\t")
        mode, _, name = about.split()
        found[path] = (mode, name)
    return found


def read(project: Project, tree: str) -> dict[str, File]:
    """Every file of the tree."""
    return objects.files(project, listed(project, tree))


def subtree(project: Project, commit: str) -> str:
    """The tree of the service in the commit; of a service that is not there yet, an empty one."""
    return project.git("rev-parse", f"{commit}:{project.prefix.rstrip('/')}").strip()


def commit(project: Project, tree: str, changes: Mapping[str, File | None], parent: str | None = None) -> str:
    """A commit of the tree with the changes (``None``: removed), in no branch."""
    with tempfile.TemporaryDirectory(prefix="castrum-") as scratch:
        environment = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        objects.called(project, "read-tree", tree, env=environment)
        names = objects.store(project, [after.content for after in changes.values() if after is not None])
        entries = [
            f"{objects.GONE}\t{path}" if after is None else f"{objects.mode(after)} {names.pop(0)}\t{path}"
            for path, after in changes.items()
        ]
        index = "".join(f"{entry}\0" for entry in entries)
        objects.called(project, "update-index", "-z", "--index-info", stdin=os.fsencode(index), env=environment)
        made = objects.called(project, "write-tree", env=environment).decode().strip()
    return joined(project, made, (parent,) if parent else ())


def joined(project: Project, tree: str, parents: Iterable[str]) -> str:
    """A commit of the tree after these, in no branch."""
    after = (word for parent in parents for word in ("-p", parent))
    return objects.called(project, "commit-tree", tree, *after, "-m", "Made anew", env=NOBODY).decode().strip()


def merge(project: Project, ours: str, theirs: str) -> Merge:
    """Let git merge two commits, as `git merge` does, without touching anything; markers have ours and theirs."""
    arguments = ("merge-tree", "--write-tree", "-z", "--no-messages", ours, theirs)
    done = subprocess.run(
        ["git", "-c", "merge.conflictStyle=merge", *arguments], cwd=project.root, capture_output=True, check=False
    )
    if done.returncode not in (0, 1):
        reason = done.stderr.decode(errors="replace").strip()
        if "usage" in reason:
            reason = "git 2.38 or newer is needed here"
        raise Refusal(f"git merge-tree: {reason}", code=FAILURE)
    tree, *entries = os.fsdecode(done.stdout).split("\0")
    conflicts: dict[str, dict[int, tuple[str, str]]] = {}
    for entry in filter(None, entries):
        about, _, path = entry.partition("\t")
        kind, name, stage = about.split()
        conflicts.setdefault(path, {})[int(stage)] = (kind, name)
    files = read(project, tree)
    for path in conflicts.keys() & files.keys():
        files[path] = labelled(files[path])
    return Merge(tree, files, conflicts)


def labelled(of: File) -> File:
    """The file with its conflict markers called by the sides, not by whatever git knew the commits as."""
    if of.special:
        return of
    names = {b"<": b"ours", b">": b"theirs"}
    content = LABEL.sub(lambda found: found[1] + b" " + names[found[1][:1]], of.content)
    return File(content, of.executable)
