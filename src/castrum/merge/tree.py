"""The three-way merge of a whole tree: what the last update made, what this one makes, and what the person has.

Nothing is written here; `plan` says what an update would do.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import chain, count
from pathlib import PurePosixPath
from typing import Final, Literal

from castrum.repository.trees import File, Tree

from .text import merge_text

KEPT: Final = "kept"
"""Folder for what an update takes away although the person had changed it; a suffix hides it from every tool."""
SIMILAR: Final = 0.6
"""Share of equal lines from which on a new file counts as a moved one."""

Kind = Literal["both changed", "both added", "removed by the update", "in the way", "not text", "moved"]
Matcher = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place where a person has to decide."""

    path: str
    kind: Kind
    advice: str


@dataclass(slots=True)
class Plan:
    """What the update writes (``None``: removes), what needs a decision, and what is worth saying.

    ``stages`` holds base, ours and theirs of each file with conflict markers, for git's index.
    """

    changes: dict[str, File | None] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    stages: dict[str, tuple[File | None, File, File]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    united: list[str] = field(default_factory=list)
    """Where both sides inserted something that was united, by file and line."""
    taken: frozenset[str] = frozenset()
    """What an earlier update has set aside."""
    gone: frozenset[str] = frozenset()
    """Names that the domain has no more."""


def plan(
    base: Tree,
    theirs: Tree,
    ours: Tree,
    *,
    seed: Matcher,
    frozen: Matcher,
    ignored: Container[str] = frozenset(),
    gone: frozenset[str] = frozenset(),
) -> Plan:
    """Merge what ``theirs`` changed of ``base`` into ``ours``.

    ``ours`` holds every file of the project that either of the others has, and all that git tracks. A ``seed`` file
    that the person changed is left alone, a ``frozen`` one in any case. What git is told to ignore is never merged.
    ``gone`` are names that the domain has no more.
    """
    merged = Plan(taken=frozenset(path for path in ours if path.startswith(f"{KEPT}/")), gone=gone)
    moved = _moved(base, theirs, ours)
    # Removals first: a folder may take the place of a file, and a file that of a folder.
    for path in sorted({*base, *theirs}, key=lambda path: (path in theirs, path)):
        old, new, mine = base.get(path), theirs.get(path), ours.get(path)
        if new in (old, mine) or (old is not None and new is not None and frozen(path)):
            continue
        if mine == old or (new is None and differ_in_ends(mine, old)):
            if new is not None and (obstacle := _obstacle(path, ours, merged)):
                _put_aside(merged, path, new, "in the way", f"{obstacle} stands where the template puts it")
            else:
                merged.changes[path] = new
        elif path in ignored:
            if new is None:
                merged.remarks.append(f"{path}: git ignores it here; the template has it no longer")
            else:
                _put_aside(merged, path, new, "in the way", "a file of yours that git ignores stands where it belongs")
        elif new is None:
            merged.changes[path] = None
            _put_aside(merged, path, ours[path], "removed by the update", "you had changed it; take what you need")
        elif mine is None:
            if path in moved:
                _merge(merged, moved[path], old, ours[moved[path]], new)
                merged.remarks.append(f"{path}: you moved it to {moved[path]}; the change went there")
            else:
                merged.remarks.append(f"{path}: you removed it; the template's change of it is left out")
        elif seed(path) and not differ_in_ends(mine, old):
            merged.remarks.append(f"{path}: yours; the template's change of it is left out")
        else:
            _merge(merged, path, old, mine, new)
    return merged


def _merge(merged: Plan, path: str, old: File | None, mine: File, new: File) -> None:
    executable = mine.executable if old is not None and new.executable == old.executable else new.executable
    if not (mine.is_text and new.is_text and (old is None or old.is_text)):
        if old is None or mine.content != old.content or mine.special:
            _put_aside(merged, path, new, "not text", "the template's version cannot be merged into yours")
        return
    windows = _is_windows(mine.content) and not _is_windows(new.content)
    sides = [each.content if each else b"" for each in (mine, old, new)]
    if windows:
        sides = [side.replace(b"\r\n", b"\n") for side in sides]
    merge = merge_text(sides[0], sides[1], sides[2], path, gone=merged.gone)
    content, conflicts = merge.content, merge.conflicts
    merged.united += [f"{path}:{place}" for place in merge.united]
    if windows:
        content = content.replace(b"\n", b"\r\n")
    result = File(content, executable)
    if result != mine:
        merged.changes[path] = result
    if conflicts:
        merged.stages[path] = (old, mine, new)
        kind: Kind = "both changed" if old is not None else "both added"
        merged.conflicts.append(Conflict(path, kind, f"{conflicts} place{'s' * (conflicts > 1)} with markers"))


def differ_in_ends(mine: File | None, old: File | None) -> bool:
    """Whether git or an editor gave the file other ends of lines, and nobody changed anything else."""
    if mine is None or old is None or mine.special or old.special or not _is_windows(mine.content):
        return False
    return mine.content.replace(b"\r\n", b"\n") == old.content and mine.executable == old.executable


def _is_windows(text: bytes) -> bool:
    return b"\r\n" in text and text.count(b"\n") == text.count(b"\r\n")


def _put_aside(merged: Plan, path: str, content: File, kind: Kind, advice: str) -> None:
    place = f"{KEPT}/{path}.{'template' if kind in {'in the way', 'not text'} else 'yours'}"
    place = next(
        free for free in chain([place], (f"{place}.{number}" for number in count(2))) if free not in merged.taken
    )
    merged.changes[place] = File(content.content, executable=False)
    merged.conflicts.append(Conflict(path, kind, f"{advice}: {place}"))


def _obstacle(path: str, ours: Tree, merged: Plan) -> str | None:
    """What of the person's own makes it impossible to write ``path``: a file where a folder has to be, or a folder."""
    for parent in PurePosixPath(path).parents:
        name = parent.as_posix()
        if name in ours and merged.changes.get(name, ours[name]) is not None:
            return name
    inside = f"{path}/"
    return next((name for name in ours if name.startswith(inside) and merged.changes.get(name, ours[name])), None)


def _moved(base: Tree, theirs: Tree, ours: Tree) -> dict[str, str]:
    """Old path → new path of the files that the person has moved and that the update changes."""
    gone = [path for path in base if path not in ours and path in theirs and theirs[path] != base[path]]
    if not gone:
        return {}
    new = [path for path in ours if path not in base and path not in theirs and ours[path].is_text]
    moved: dict[str, str] = {}
    for path in gone:
        scores = {other: _similarity(base[path], ours[other]) for other in new if other not in moved.values()}
        best = max(scores, key=scores.__getitem__, default=None)
        if best is not None and scores[best] >= SIMILAR and not _is_copy(best, path, scores[best], base, ours):
            moved[path] = best
    return moved


def _is_copy(own: str, gone: str, score: float, base: Tree, ours: Tree) -> bool:
    """Whether the person's file is rather one of their own, made after a generated file that is still there.

    That one has the name of the lost file, in another folder: each aggregate has its `routes.py`.
    """
    name = PurePosixPath(gone).name
    others = [path for path in base if path in ours and path != gone and PurePosixPath(path).name == name]
    return any(_similarity(base[path], ours[own]) > score for path in others)


def _similarity(left: File, right: File) -> float:
    if left.content == right.content:
        return 1.0
    one, two = left.content.splitlines(), right.content.splitlines()
    if not one or not two or not 0.5 < len(one) / len(two) < 2:
        return 0.0
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0
