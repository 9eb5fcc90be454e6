"""Which merge there is to resolve: the one that git is at, or one that was committed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from castrum.errors import FAILURE, Refusal
from castrum.repository import commits, objects, stamps
from castrum.repository.project import ANSWERS, DOMAIN, Project, read

GOING_ON: Final = {
    "MERGE_HEAD": ("", "git merge --continue"),
    "CHERRY_PICK_HEAD": ("^", "git cherry-pick --continue"),
    "REBASE_HEAD": ("^", "git rebase --continue"),
}
"""What git is in the middle of → where the base is from there (empty: where both sides parted), and how it goes on."""


@dataclass(frozen=True)
class Commit:
    """A commit of the service, with what it was made from."""

    project: Project
    name: str

    @cached_property
    def tree(self) -> str:
        """The tree of the service in it."""
        return commits.subtree(self.project, self.name)

    @cached_property
    def stamps(self) -> set[str]:
        """The stamps of what git merged in it; of one that somebody made anew, one."""
        return stamps.of(commits.listed(self.project, self.tree))

    @cached_property
    def text(self) -> str:
        """The answers as they are recorded."""
        return self.content(ANSWERS).decode(errors="replace")

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The answers; refuses a commit that has none."""
        found = read(self.text)
        if found is None:
            raise Refusal(f"{self.name[:12]}: its {ANSWERS} does not say which template it is from", code=FAILURE)
        return found

    @cached_property
    def domain(self) -> bytes:
        """What domain.yaml says."""
        return self.content(DOMAIN)

    def content(self, path: str) -> bytes:
        """What a file of it says; nothing if there is none."""
        entry = commits.listed(self.project, self.tree).get(path)
        return objects.contents(self.project, [entry[1]])[entry[1]] if entry else b""

    @property
    def is_made(self) -> bool:
        """Whether the tree is made from the answers, and from one set of them."""
        return stamps.state(self.text, self.stamps) == "made"

    @property
    def title(self) -> str:
        """For a person's eyes."""
        return self.project.git("log", "-1", "--format=%h %s", self.name).strip()


@dataclass(frozen=True)
class Sides:
    """Two commits that were merged, and where they parted."""

    base: Commit
    ours: Commit
    theirs: Commit
    goes_on: str = ""
    """How git goes on, if it is in the middle of the merge."""

    @property
    def differ(self) -> bool:
        """Whether there is more to do than git did: each side was made from something else."""
        return any(side.text != self.base.text for side in (self.ours, self.theirs)) and (
            self.ours.text != self.theirs.text
        )


def going_on(project: Project) -> Sides | None:
    """The sides of what git is in the middle of."""
    for name, (base, goes_on) in GOING_ON.items():
        if name == "REBASE_HEAD" and not (project.git_directory / "rebase-merge").exists():
            continue
        found = project.tried("rev-parse", "--verify", "--quiet", name)
        if found is None:
            continue
        if name == "MERGE_HEAD" and len((project.git_directory / name).read_text().split()) > 1:
            raise Refusal("more than two branches at once: git merge --abort, and merge one by one", code=FAILURE)
        return _sides(project, "HEAD", found, f"{found}{base}" if base else None, goes_on)
    return None


def committed(commit: Commit) -> Sides | None:
    """The sides of the newest merge in the history of the commit whose code was not made anew."""
    if commit.is_made:
        return None
    for parents in _merges(commit):
        *first, last = (Commit(commit.project, parent) for parent in parents)
        stamps_of_all = set().union(*(each.stamps for each in (*first, last)))
        if len(first) > 1 and (not stamps_of_all <= commit.stamps or len(stamps_of_all) < 2):
            continue
        ours, theirs = _together(first), last
        both = ours.stamps | theirs.stamps
        if (ours.stamps != theirs.stamps and both <= commit.stamps) or (not both and ours.text != theirs.text):
            sides = _sides(commit.project, ours.name, theirs.name)
            if both or sides.differ:
                return sides
    return _squashed(commit)


def _merges(commit: Commit) -> Iterator[list[str]]:
    listed = commit.project.git("rev-list", "--merges", "--topo-order", "--parents", commit.name)
    for line in listed.splitlines():
        yield line.split()[1:]


def _together(several: list[Commit]) -> Commit:
    """A commit in which git merged them, in no branch; of one, itself. Refuses what git cannot merge by itself."""
    ours, *others = several
    for theirs in others:
        merged = commits.merge(ours.project, ours.name, theirs.name)
        if merged.conflicts:
            names = ", ".join(each.name[:12] for each in several)
            raise Refusal(
                f"the branches {names} came at once, and cannot be told apart: git revert (or reset) that commit, "
                "merge them one by one, and castrum resolve after each",
                code=FAILURE,
            )
        ours = Commit(ours.project, commits.joined(ours.project, merged.tree, (ours.name, theirs.name)))
    return ours


def _squashed(commit: Commit) -> Sides | None:
    """The sides of a merge of which only the result was committed: by the commits that made the stamps.

    Ours may be such a merge, too.
    """
    listed = commit.project.git("rev-list", "--first-parent", commit.name).split()
    before = (Commit(commit.project, name) for name in listed)
    ours = next((each for each in before if _is_before(each, commit)), None)
    if ours is None and len(commit.stamps) < 2:
        return None
    missing = sorted(commit.stamps - (ours.stamps if ours else set()))
    found = [_made(commit.project, stamp) for stamp in missing]
    several = [each for each in found if each is not None]
    if len(several) < len(missing):
        raise Refusal(
            "branches were merged, and the commits of one of them are not here: "
            f"none has {', '.join(missing)} and no other stamp",
            "get that branch, also a deleted one, from the host (git fetch origin BRANCH:merged), and try again",
            code=FAILURE,
        )
    # What they came to had no stamp of its own: all of them left from there.
    ours = ours or several.pop(0)
    return _sides(commit.project, ours.name, _together(several).name)


def _is_before(each: Commit, commit: Commit) -> bool:
    """Whether the commit has less merged than the other one."""
    return each.stamps < commit.stamps and (each.is_made or len(each.stamps) > 1)


def _made(project: Project, stamp: str) -> Commit | None:
    """A commit that was made from what the stamp stands for, and from nothing else."""
    place = f"{project.prefix}{stamp}"
    added = project.git("log", "--all", "--reflog", "--diff-filter=A", "--format=%H", "--", f":/{place}")
    commits_there = (Commit(project, name) for name in added.split())
    return next((each for each in commits_there if each.is_made and each.stamps == {stamp}), None)


def _sides(project: Project, ours: str, theirs: str, base: str | None = None, goes_on: str = "") -> Sides:
    parted = base or project.tried("merge-base", ours, theirs)
    names = [project.tried("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") for name in (parted, ours, theirs)]
    if None in names:
        raise Refusal(
            "the history here is too short to tell where the branches parted: git fetch --unshallow", code=FAILURE
        )
    at, one, two = (Commit(project, str(name)) for name in names)
    return Sides(at, one, two, goes_on)
