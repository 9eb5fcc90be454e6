"""A generated service in its git repository."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from castrum.errors import FAILURE, Refusal

from . import stamps
from .transaction import Pending
from .trees import File

ANSWERS: Final = ".copier-answers.yml"
DOMAIN: Final = "domain.yaml"
REVISIONS: Final = "migrations/versions/"
FROZEN: Final = (DOMAIN, REVISIONS)
"""The person's own model and the history of the schema: nothing but the person changes them, once they are there."""
MERGED: Final = "after a merge of two branches: castrum resolve"


@dataclass(slots=True, weakref_slot=True)
class Project:
    """A generated service in its git repository."""

    root: Path
    git_directory: Path
    prefix: str
    """Path of the service inside the repository, empty or with a slash at its end."""
    recorded: dict[str, Any]
    pending: Pending = field(init=False)

    def __post_init__(self) -> None:
        self.pending = Pending(self.git_directory, self.root, self.prefix)

    @classmethod
    def opened(cls, folder: Path) -> "Project":
        """The service in the folder, whatever state its answers are in; refuses a folder that holds none."""
        root = folder.expanduser().resolve()
        if not (root / ANSWERS).is_file():
            others = sorted(path.name for path in root.glob(".copier-answers*.y*ml"))
            hints = [f"if it is this one, give it that name: git mv {name} {ANSWERS}" for name in others]
            raise Refusal(f"{root} has no {ANSWERS}: it is not the folder of a service", *hints, code=FAILURE)
        done = _git(root, "rev-parse", "--absolute-git-dir", "--show-prefix", check=False)
        if done.returncode:
            reason = done.stderr.strip()
            if "not a git repository" in reason:
                reason = f"{root} is not in a git repository; git init && git add --all && git commit"
            raise Refusal(reason, code=FAILURE)
        directory, _, prefix = done.stdout.partition("\n")
        return cls(root, Path(directory), prefix.strip("\n"), {})

    @classmethod
    def at(cls, folder: Path) -> "Project":
        """The service in the folder, with its answers; refuses answers that the tree is not made from."""
        project = cls.opened(folder)
        try:
            text = (project.root / ANSWERS).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            text = ""
        if re.search(r"^<{7,9} ", text, re.MULTILINE):
            raise Refusal(f"{ANSWERS} has conflict markers: {MERGED}", code=FAILURE)
        project.recorded = read(text) or {}
        if not project.recorded:
            raise Refusal(
                f"{ANSWERS} does not say which template the service is from; get it back: git log -- {ANSWERS}",
                code=FAILURE,
            )
        there = (path.relative_to(project.root).as_posix() for path in (project.root / stamps.FOLDER).glob("*"))
        state = stamps.state(text, there)
        if state == "merged":
            raise Refusal(f"branches were merged that were each made from something else: {MERGED}", code=FAILURE)
        if state == "edited":
            raise Refusal(
                f"{ANSWERS} is not what the last update wrote, so what that made cannot be told from your own work",
                MERGED,
                f"after an edit by hand: take it back (git log -p -- {ANSWERS}), and give --data NAME=VALUE",
                code=FAILURE,
            )
        return project

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        """What git says; its failure is raised."""
        return _git(self.root, *arguments, stdin=stdin).stdout

    def tried(self, *arguments: str) -> str | None:
        """What git says, without the white space around it; none if it fails."""
        done = _git(self.root, *arguments, check=False)
        return None if done.returncode else done.stdout.strip()

    @property
    def index(self) -> Path:
        """Git's index."""
        return self.root / self.git("rev-parse", "--git-path", "index").strip()

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD").strip()

    def write(self, changes: Mapping[str, File | None], finish: Callable[[], None], *, command: str) -> None:
        """Write all of the changes and call ``finish``, or write nothing; the command's --abort takes it back."""
        print(f"Writing {len(changes)} files. Should this be cut short: castrum {command} --abort", file=sys.stderr)
        try:
            self.pending.write(changes, self.head, finish)
        except OSError as error:
            raise Refusal(
                f"{error.filename or 'the tree'}: {error.strerror or error}", "the tree is as it was", code=FAILURE
            ) from None

    def refuse_interrupted(self) -> None:
        """Refuse while an interrupted update is in the tree."""
        if self.pending.interrupted:
            raise Refusal(
                "an update was interrupted here; put back what was there: castrum update --abort", code=FAILURE
            )

    def refuse_unready(self) -> None:
        """Refuse while work that is not committed is in the tree."""
        if _git(self.root, "rev-parse", "--verify", "--quiet", "HEAD", check=False).returncode:
            raise Refusal("nothing is committed yet: git add --all && git commit", code=FAILURE)
        status = self.git("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", ".")
        # domain.yaml may wait for its commit: an update reads it and never writes it.
        own = f"{self.prefix}{DOMAIN}"
        dirty = [entry[3:] for entry in status.split("\0") if entry and (entry[3:] != own or entry[:2] == "??")]
        if dirty:
            shown = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
            last = ["or take the last update back: castrum update --abort"] if self.pending.finished(self.head) else []
            raise Refusal(
                f"there are changes that are not committed: {shown}",
                "commit them, or put them away with git stash --include-untracked; then nothing can get mixed up",
                *last,
                code=FAILURE,
            )

    @property
    def template(self) -> str:
        """The recorded address of the template."""
        return str(self.recorded["_src_path"])


def read(text: str) -> dict[str, Any] | None:
    """The answers that the text records; none if it says not even which template they are for."""
    try:
        recorded = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return recorded if isinstance(recorded, dict) and {"_src_path", "_commit"} <= recorded.keys() else None


def _git(
    folder: Path, *arguments: str, check: bool = True, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        input=stdin,
        # As Python reads names of files itself, whatever the locale.
        encoding=sys.getfilesystemencoding(),
        errors=sys.getfilesystemencodeerrors(),
    )
    if check and done.returncode:
        raise Refusal(f"git {arguments[0]}: {done.stderr.strip()}", code=FAILURE)
    return done
