"""The three-way merge of a whole tree: what the last update made, what this one makes, and what the person has.

Nothing is written here; `plan` says what an update would do.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Final, Literal

KEPT: Final = "kept"
"""Folder for what an update takes away although the person had changed it; a suffix hides it from every tool."""

LABELS: Final = ("yours", "last update", "template")
BLOCK: Final = b"\x1f"
"""Between a line and the block that it is in; no text has it."""
DEEPEST: Final = 3
SIMILAR: Final = 0.6
"""Share of equal lines from which on a new file counts as a moved one."""
RENAMED: Final = 0.8
"""The same of a block that the person gave another name."""
RETITLED: Final = 0.9
"""The same of a section of a document, of the template's: an aggregate's is much like that of another one."""

Kind = Literal["both changed", "both added", "removed by the update", "in the way", "not text", "moved"]


@dataclass(frozen=True, slots=True)
class File:
    """A file's content; ``special`` is a link or anything else that is no ordinary file."""

    content: bytes
    executable: bool = False
    special: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether git tracks it as one: a repository inside of this one."""
        return self.special and not self.content

    @property
    def is_text(self) -> bool:
        """Whether lines of it can be merged."""
        return not self.special and b"\0" not in self.content


Tree = Mapping[str, File]


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
    taken: frozenset[str] = frozenset()
    """What an earlier update has set aside."""


Matcher = Callable[[str], bool]


def read(root: Path, name: str) -> File | None:
    """The file of that name below ``root``; ``None`` when there is none."""
    path = root / name
    if path.is_symlink():
        return File(os.fsencode(path.readlink()), special=True)
    try:
        if path.is_file():
            return File(path.read_bytes(), bool(path.stat().st_mode & 0o100))
        return File(b"", special=True) if path.exists() else None
    except NotADirectoryError:
        return None


def read_tree(root: Path) -> dict[str, File]:
    """All files below ``root``, by their path relative to it."""
    names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return {name: found for name in sorted(names) if (found := read(root, name)) is not None}


def plan(base: Tree, theirs: Tree, ours: Tree, *, seed: Matcher, frozen: Matcher) -> Plan:
    """Merge what ``theirs`` changed of ``base`` into ``ours``.

    ``ours`` holds every file of the project that either of the others has, and all that git tracks. A ``seed`` file
    that the person changed is left alone, a ``frozen`` one in any case.
    """
    merged = Plan(taken=frozenset(path for path in ours if path.startswith(f"{KEPT}/")))
    moved = _moved(base, theirs, ours)
    # Removals first: a folder may take the place of a file, and a file that of a folder.
    for path in sorted({*base, *theirs}, key=lambda path: (path in theirs, path)):
        old, new, mine = base.get(path), theirs.get(path), ours.get(path)
        if new in (old, mine) or (old is not None and new is not None and frozen(path)):
            continue
        if mine == old or (new is None and _differ_in_ends(mine, old)):
            if new is not None and (obstacle := _obstacle(path, ours, merged)):
                _put_aside(merged, path, new, "in the way", f"{obstacle} stands where the template puts it")
            else:
                merged.changes[path] = new
        elif new is None:
            merged.changes[path] = None
            _put_aside(merged, path, ours[path], "removed by the update", "you had changed it; take what you need")
        elif mine is None:
            if path in moved:
                _merge(merged, moved[path], old, ours[moved[path]], new)
                merged.remarks.append(f"{path}: you moved it to {moved[path]}; the change went there")
            else:
                merged.remarks.append(f"{path}: you removed it; the template's change of it is left out")
        elif seed(path) and not _differ_in_ends(mine, old):
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
    content, conflicts = merge_lines(*sides, kind=PurePosixPath(path).suffix)
    if windows:
        content = content.replace(b"\n", b"\r\n")
    result = File(content, executable)
    if result != mine:
        merged.changes[path] = result
    if conflicts:
        merged.stages[path] = (old, mine, new)
        kind: Kind = "both changed" if old is not None else "both added"
        merged.conflicts.append(Conflict(path, kind, f"{conflicts} place{'s' * (conflicts > 1)} with markers"))


def merge_lines(mine: bytes, old: bytes, new: bytes, *, kind: str = "") -> tuple[bytes, int]:
    """The merged text and how many conflicts it has, each between markers.

    Where ``kind``, the file's suffix, has blocks, a line is only ever taken for one of the same block: two entries of a
    contract differ in few lines, and two tests begin with the same decorator, so where one goes, git would take the
    next one for it, with the person's edits in it.
    """
    if old in (mine, new):
        return (new if mine == old else mine), 0
    mark = MARKS.get(kind)
    if mark is None or any(BLOCK in text or b"\r" in text for text in (mine, old, new)):
        return _merged(mine, old, new)
    one, base, two = (mark(text) for text in (mine, old, new))
    one = _under_old_names(one, base, RENAMED)
    if mark is not with_blocks:
        two = _under_old_names(two, base, RETITLED)
    merged, conflicts = _merged(one, base, two)
    if conflicts and [*_blocks(base)] == [*_blocks(two)]:
        # The template has the blocks that it had, so there is nothing to mistake; the person took one apart.
        plain, others = _merged(mine, old, new)
        if others < conflicts:
            return plain, others
    return re.sub(BLOCK + rb"[^\n]*", b"", merged), conflicts


def with_blocks(text: bytes) -> bytes:
    """Each line of YAML, followed by the keys of the first three levels that it is below."""
    lines = []
    above: list[bytes] = []
    for line in text.split(b"\n"):
        key = line.strip()
        level = (len(line) - len(line.lstrip(b" "))) // 2
        if not key:
            lines.append(line)
            continue
        lines.append(line + BLOCK + b"/".join(above[:level]))
        if key.startswith((b"#", b"{{")):
            continue
        above = above[:level]
        if level == len(above) < DEEPEST and b":" in key and not key.startswith(b"- "):
            above.append(key.partition(b": ")[0].rstrip(b":"))
    return b"\n".join(lines)


def with_headings(text: bytes) -> bytes:
    """Each line of Markdown, followed by the headings that it is below, but for the title of the whole."""
    lines = []
    above: list[bytes] = []
    fenced = False
    for line in text.split(b"\n"):
        fenced ^= line.lstrip().startswith(b"```")
        heading = None if fenced else re.match(rb"#(#*) (.*)", line)
        if heading:
            above = above[: max(len(heading[1]) - 1, 0)]
        lines.append(line + BLOCK + b"/".join(above) if line.strip() else line)
        if heading and heading[1]:
            above.append(heading[2])
    return b"\n".join(lines)


def with_definitions(text: bytes) -> bytes:
    """Each line of Python, followed by the definitions, constants and calls that it is in; a decorator is in its own.

    Of calls only those count that begin with a text or a list, such as a column of a table, and of what is in a text
    (SQL) the parentheses.
    """
    lines = text.split(b"\n")
    marked = []
    above: list[tuple[int, bytes]] = []
    quoted = False
    inside = 0
    for number, line in enumerate(lines):
        content = line.strip()
        if not content:
            marked.append(line)
            continue
        depth = len(line) - len(line.lstrip())
        if quoted:
            depth += inside
        if content.startswith(b"#"):
            marked.append(line + BLOCK + b"/".join(name for at, name in above if at < depth))
            continue
        closes = content.startswith((b")", b"]", b"}")) or (quoted and content.startswith(b'"""'))
        while above and (above[-1][0] > depth or (above[-1][0] == depth and not closes)):
            above.pop()
        name = _opened_text(lines, number) if quoted else _opened(lines, number)
        if name:
            above.append((depth, name))
        marked.append(line + BLOCK + b"/".join(name for _, name in above))
        if content.count(b'"""') % 2:
            quoted = not quoted
            inside = above[-1][0] + 1 if quoted and above else 0
    return b"\n".join(marked)


def _opened(lines: list[bytes], number: int) -> bytes | None:
    """The name of what the line of Python begins."""
    line = lines[number]
    content = line.lstrip()
    indent = line[: len(line) - len(content)]
    if content.startswith(b"@"):
        below = (each for each in lines[number + 1 :] if not re.match(indent + rb"(?:[\s@#)\]}]|$)", each))
        content = next(below, b"").removeprefix(indent)
    if definition := re.match(rb"(?:async )?(?:def|class) (\w+)", content):
        return definition[1]
    if not indent and (constant := re.match(rb"(\w+)(?:: .+?)? = .*(?:[(\[{]|\"\"\",?)$", content)):
        return constant[1]
    below = (each.strip() for each in lines[number + 1 :])
    after = next((each for each in below if not each.startswith(b"#")), b"")
    return content + after if content.endswith(b"(") and after.startswith((b'"', b"[")) else None


def _opened_text(lines: list[bytes], number: int) -> bytes | None:
    """The name of the parentheses that the line of a text opens: what is before them, and what is after them.

    The number of a parameter is no part of it; one field more changes all of those.
    """
    line = lines[number]
    if not line.endswith(b"("):
        return None
    indent = line[: len(line) - len(line.lstrip())]
    end = next((each for each in lines[number + 1 :] if each.startswith(indent + b")")), b"")
    return re.sub(rb"\$\d+", b"$", line.strip()) + end.strip().rstrip(b",")


def with_resources(text: bytes) -> bytes:
    """Each line of Terraform, followed by the outermost block that it is in."""
    lines = []
    above = b""
    for line in text.split(b"\n"):
        if line[:1].isalpha():
            above = line if line.endswith(b"{") else b""
        lines.append(line + BLOCK + above if line.strip() and not line.startswith(b"#") else line)
        if line.startswith(b"}"):
            above = b""
    return b"\n".join(lines)


MARKS: Final = {
    ".yaml": with_blocks,
    ".yml": with_blocks,
    ".md": with_headings,
    ".py": with_definitions,
    ".tf": with_resources,
}


def _under_old_names(text: bytes, old: bytes, share: float) -> bytes:
    """The text with its blocks called as in ``old``, where somebody gave one of them another name.

    That is one of which ``share`` of the lines are in a block that is new, while the block itself is gone.
    """
    before, after = _blocks(old), _blocks(text)
    names = {}
    for block in sorted(before.keys() - after.keys()):
        alike = {other: len(before[block] & after[other]) for other in after.keys() - before.keys()}
        best = max(sorted(alike), key=alike.__getitem__, default=None)
        if best is not None and alike[best] >= share * len(before[block]):
            names[best] = block
    if not names:
        return text
    parts = (line.partition(BLOCK) for line in text.split(b"\n"))
    return b"\n".join(line + end + names.get(block, block) for line, end, block in parts)


def _blocks(text: bytes) -> dict[bytes, set[bytes]]:
    """The blocks of such a text, with their lines."""
    found: dict[bytes, set[bytes]] = {}
    for line in text.split(b"\n"):
        content, _, block = line.partition(BLOCK)
        found.setdefault(block, set()).add(content)
    return found


def _merged(mine: bytes, old: bytes, new: bytes) -> tuple[bytes, int]:
    with tempfile.TemporaryDirectory(prefix="castrum-") as folder:
        names = []
        for name, text in zip(("mine", "old", "new"), (mine, old, new), strict=True):
            (Path(folder) / name).write_bytes(text)
            names.append(name)
        labels = [part for label in LABELS for part in ("-L", label)]
        done = subprocess.run(
            ["git", "merge-file", "--stdout", *labels, *names], cwd=folder, capture_output=True, check=False
        )
    if done.returncode < 0 or done.returncode > 127:
        raise OSError(done.returncode, done.stderr.decode(errors="replace").strip() or "git merge-file failed")
    return done.stdout, done.returncode


def _differ_in_ends(mine: File | None, old: File | None) -> bool:
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
