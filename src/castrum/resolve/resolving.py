"""A merge whose code is made anew: known to its last line and not written yet.

Each side is brought to what both of them ask for, as an update of that branch alone would do it. The two then differ
in what people wrote and in nothing else, and git merges that.
"""

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from castrum import copying
from castrum.copying import Copy
from castrum.errors import FAILURE, Refusal
from castrum.merge.text import merge_text
from castrum.merge.tree import KEPT, Conflict
from castrum.repository import commits, objects, stamps
from castrum.repository.project import ANSWERS, DOMAIN, Project
from castrum.repository.trees import File, Tree
from castrum.template import language
from castrum.update.following import merged

from . import agreeing, decisions, unifying
from .agreeing import Asked, Will
from .decisions import MARKER
from .merges import Commit, Sides, committed


@dataclass
class Settled:
    """A tree in which everything was made anew: what changes, what a person has to decide, and what to say."""

    changes: dict[str, File | None] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    stages: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)


class Resolution:
    """Brings the commits of a merge to what both sides ask for."""

    def __init__(self, project: Project, will: Will) -> None:
        self.project = project
        self.will = will
        self.said: list[str] = []
        self.united: list[str] = []
        """Where what two sides inserted in one place was united, by file."""
        self._copies: dict[str, Copy] = {}
        self._asked: dict[str, Asked] = {}

    def resolve(self, sides: Sides, mine: Tree) -> Settled:
        """What to change in the tree ``mine``, in which the sides were merged."""
        text = mine[ANSWERS].content.decode(errors="replace")
        domain = mine[DOMAIN].content if DOMAIN in mine else b""
        three = [self._asks(each) for each in (sides.base, sides.ours, sides.theirs)]
        asked, self.said = agreeing.agree(three[0], three[1], three[2], (text, domain), self.will)
        anew = self._fresh(asked, self._copy(sides.base))
        return self._settled(sides, mine, anew, asked)

    def _asks(self, commit: Commit) -> Asked:
        """What the commit is made from; of a merge that is not resolved yet, what its sides ask for."""
        if commit.name not in self._asked:
            sides = committed(commit)
            if sides is None:
                answers = {name: answer for name, answer in commit.answers.items() if name != "domain"}
                asked = Asked(answers, commit.domain)
            else:
                three = [self._asks(each) for each in (sides.base, sides.ours, sides.theirs)]
                asked, _ = agreeing.agree(three[0], three[1], three[2], (commit.text, commit.domain), self.will)
            self._asked[commit.name] = asked
        return self._asked[commit.name]

    def _copy(self, commit: Commit) -> Copy:
        """A fresh copy of what the commit was made from; of an unresolved merge, that of where it began."""
        sides = committed(commit)
        if sides is not None:
            return self._copy(sides.base)
        if commit.text not in self._copies:
            made = self._rendered(commit, {})
            _refuse_moved(made, commit.answers)
            # What the last update recorded, address and all.
            made.tree = {**made.tree, ANSWERS: File(commit.text.encode())}
            self._copies[commit.text] = made
        return self._copies[commit.text]

    def _rendered(self, commit: Commit, answers: dict[str, Any]) -> Copy:
        """A copy of the template's version that the commit was made from, with its answers but for these."""
        recorded = {name: value for name, value in commit.answers.items() if not name.startswith("_")}
        source = self.will.address or str(commit.answers["_src_path"])
        with tempfile.TemporaryDirectory(prefix="castrum-") as scratch:
            place = Path(scratch) / self.project.root.name
            return copying.fresh(source, str(commit.answers["_commit"]), place, recorded | answers)

    def _fresh(self, asked: Asked, base: Copy) -> Copy:
        """A fresh copy of what both sides ask for."""
        recorded = {name: answer for name, answer in asked.answers.items() if not name.startswith("_")}
        with tempfile.TemporaryDirectory(prefix="castrum-") as scratch:
            place = Path(scratch) / self.project.root.name
            place.mkdir()
            (place / DOMAIN).write_bytes(asked.domain)
            source, commit = (str(asked.answers[name]) for name in (agreeing.ADDRESS, agreeing.VERSION))
            copy = copying.fresh(source, commit, place, recorded, base)
        _refuse_moved(copy, asked.answers)
        if unknown := [name for name in self.will.data if name not in copy.answers]:
            raise Refusal(*(f"unknown answer '{name}'" for name in unknown), code=FAILURE)
        return copy

    def _settled(self, sides: Sides, mine: Tree, anew: Copy, asked: Asked) -> Settled:
        base = language.document(sides.base.domain)
        start = self._brought(sides.base, anew, asked, base)
        ends = [self._brought(each, anew, asked, base, start) for each in (sides.ours, sides.theirs)]
        made = self._united(commits.merge(self.project, ends[0], ends[1]))
        plain = commits.commit(self.project, sides.base.tree, {})
        both = [commits.commit(self.project, each.tree, {}, plain) for each in (sides.ours, sides.theirs)]
        by_git = commits.merge(self.project, both[0], both[1])
        each_side = [commits.read(self.project, each.tree) for each in (sides.ours, sides.theirs)]
        settled = _settle(mine, by_git, made, each_side)
        entries = [commits.listed(self.project, each.tree) for each in (sides.base, sides.ours, sides.theirs)]
        for conflict in settled.conflicts:
            stages = {number: side[conflict.path] for number, side in enumerate(entries, 1) if conflict.path in side}
            if len(stages) > 1:
                settled.stages[conflict.path] = stages
        return settled

    def _united(self, merge: commits.Merge) -> commits.Merge:
        """The merge of git's, in which what both sides inserted in one place is united where that is certain."""
        files, conflicts = dict(merge.files), dict(merge.conflicts)
        for path, stages in merge.conflicts.items():
            if path not in files or len(stages) < 3 or not files[path].is_text:
                continue
            names = [stages[number][1] for number in (2, 1, 3)]
            known = objects.contents(self.project, names)
            mine, old, new = (known[name] for name in names)
            both = merge_text(mine, old, new, path, labels=("ours", "base", "theirs"))
            if both.conflicts and not both.united:
                continue
            files[path] = File(both.content, files[path].executable)
            self._say(f"{path}:{place}" for place in both.united)
            if not both.conflicts:
                del conflicts[path]
        return commits.Merge(merge.tree, files, conflicts)

    def _say(self, united: Iterable[str]) -> None:
        self.united += [place for place in united if place not in self.united]

    def _brought(self, commit: Commit, anew: Copy, asked: Asked, base: Any, parent: str | None = None) -> str:
        """A commit of the tree as an update to ``anew`` would leave it."""
        tree = commits.read(self.project, commit.tree)
        sides = committed(commit)
        if sides is None:
            domain = unifying.seen_from(base, language.document(commit.domain), anew.answers["domain"])
            copy = replace(anew, answers=anew.answers | {"domain": domain})
            plan = merged(self._copy(commit), copy, tree, partial(self._rendered, commit))[1]
            changes = plan.changes
            self._say(plan.united)
        else:
            changes = self._settled(sides, tree, anew, asked).changes
        gone = stamps.of(tree) - stamps.of(anew.tree)
        changes |= dict.fromkeys(gone) | {path: anew.tree[path] for path in stamps.of(anew.tree)}
        changes |= {ANSWERS: anew.tree[ANSWERS], DOMAIN: File(asked.domain)}
        return commits.commit(self.project, commit.tree, changes, parent)


def _refuse_moved(copy: Copy, recorded: Mapping[str, Any]) -> None:
    if recorded.get(agreeing.ORIGIN, copy.hash) != copy.hash:
        tag = recorded[agreeing.VERSION]
        raise Refusal(
            f"the tag {tag} of the template was moved since a branch was made from it; what that branch made "
            "cannot be told from your own work",
            f"move it back in the template: git tag --force {tag} {recorded[agreeing.ORIGIN]}",
            code=FAILURE,
        )


def _settle(mine: Tree, by_git: commits.Merge, made: commits.Merge, each_side: list[dict[str, File]]) -> Settled:
    """Bring what the person has, made of what git merged, to the merge of what was made anew."""
    settled = Settled()
    always = {ANSWERS, DOMAIN, *stamps.of([*mine, *made.files])}
    for path in sorted({*mine, *by_git.files, *made.files}):
        git, new = by_git.files.get(path), made.files.get(path)
        yours = mine.get(path)
        shown = commits.labelled(yours) if yours is not None and path in by_git.conflicts else yours
        if path in always:
            result = new
        elif shown == git or (
            path in by_git.conflicts and path not in made.conflicts and _took(path, yours, each_side)
        ):
            result = new
            if path in made.conflicts and (new is None or not MARKER.search(new.content)):
                settled.conflicts.append(Conflict(path, "both changed", "one side removed it, or it is no text"))
        elif new in (git, shown):
            result = yours
        else:
            result = _decided(settled, path, shown, git, new)
        if result is not None and (result != yours or path in by_git.conflicts):
            places = len(re.findall(rb"^<{7,9}(?: |$)", result.content, re.MULTILINE))
            if places:
                advice = f"{places} place{'s' * (places > 1)} with markers"
                settled.conflicts.append(Conflict(path, "both changed", advice))
        if result is not None and path.startswith(f"{KEPT}/") and yours is None:
            settled.conflicts.append(Conflict(path, "removed by the update", "changed by a side; take what you need"))
        if result != yours:
            settled.changes[path] = result
    return settled


def _took(path: str, yours: File | None, each_side: list[dict[str, File]]) -> bool:
    return any(yours == side.get(path) for side in each_side)


def _decided(settled: Settled, path: str, yours: File | None, git: File | None, new: File | None) -> File | None:
    """What the person decided or wrote since, in what was made anew."""
    if yours is None:
        return None if git is not None else new
    if new is None:
        if git is None:
            return yours
        place = f"{KEPT}/{path}.yours"
        settled.changes[place] = File(yours.content)
        settled.conflicts.append(
            Conflict(path, "removed by the update", f"you had changed it; take what you need: {place}")
        )
        return None
    if not (yours.is_text and new.is_text):
        settled.conflicts.append(Conflict(path, "not text", "yours stays"))
        return yours
    content = decisions.bring(yours.content, git.content if git else b"", new.content)
    return File(content, executable=new.executable)
