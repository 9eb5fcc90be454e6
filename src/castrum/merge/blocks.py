"""The merge of one text, line by line, in which a line is only ever taken for one of the same block."""

import re
from dataclasses import dataclass
from typing import Final

from castrum.rename.spelling import mentions

from .by_git import merge_file

LABELS: Final = ("yours", "last update", "template")
BLOCK: Final = b"\x1f"
"""Between a line and the block that it is in; no text has it."""
DEEPEST: Final = 3
RENAMED: Final = 0.8
"""Share of equal lines from which on a block counts as one that the person gave another name."""
RETITLED: Final = 0.9
"""The same of a section of a document, of the template's: an aggregate's is much like that of another one."""


@dataclass(frozen=True, slots=True)
class ByLines:
    """How the lines of a kind of file are merged; ``gone`` are names that the domain has no more."""

    suffix: str
    gone: frozenset[str] = frozenset()
    labels: tuple[str, str, str] = LABELS

    def merge(self, mine: bytes, old: bytes, new: bytes) -> tuple[bytes, int]:
        """The merged text and how many conflicts it has."""
        return merge_lines(mine, old, new, kind=self.suffix, gone=self.gone, labels=self.labels)


def merge_lines(
    mine: bytes,
    old: bytes,
    new: bytes,
    *,
    kind: str = "",
    gone: frozenset[str] = frozenset(),
    labels: tuple[str, str, str] = LABELS,
) -> tuple[bytes, int]:
    """The merged text and how many conflicts it has, each between markers.

    Where ``kind``, the file's suffix, has blocks, a line is only ever taken for one of the same block: two entries of a
    contract differ in few lines, and two tests begin with the same decorator, so where one goes, git would take the
    next one for it, with the person's edits in it. ``gone`` are names that the domain has no more: what is called after
    one of them is not taken for what is like it under another name.
    """
    if old in (mine, new):
        return (new if mine == old else mine), 0
    mark = MARKS.get(kind)
    if mark is None or any(BLOCK in text or b"\r" in text for text in (mine, old, new)):
        return merge_file(mine, old, new, labels=labels)
    one, base, two = (mark(text) for text in (mine, old, new))
    one = _under_old_names(one, base, RENAMED)
    if mark is not with_blocks:
        two = _under_old_names(two, base, RETITLED, gone)
    merged, conflicts = merge_file(one, base, two, labels=labels)
    if conflicts and [*_blocks(base)] == [*_blocks(two)]:
        # The template has the blocks that it had, so there is nothing to mistake; the person took one apart.
        plain, others = merge_file(mine, old, new, labels=labels)
        if others < conflicts:
            return plain, others
    return re.sub(BLOCK + rb"[^\n]*", b"", merged), conflicts


def with_blocks(text: bytes) -> bytes:
    """Each line of YAML, followed by the keys that it is below, of the first three levels of what is there."""
    lines = []
    above: list[bytes] = []
    margin = min((len(line) - len(line.lstrip(b" ")) for line in text.split(b"\n") if line.strip()), default=0)
    for line in text.split(b"\n"):
        key = line.strip()
        level = (len(line) - len(line.lstrip(b" ")) - margin) // 2
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
    above: list[tuple[int, bytes]] = []
    fenced = False
    for line in text.split(b"\n"):
        fenced ^= line.lstrip().startswith(b"```")
        heading = None if fenced else re.match(rb"#(#*) (.*)", line)
        if heading:
            above = [each for each in above if each[0] < len(heading[1])]
        lines.append(line + BLOCK + b"/".join(title for _, title in above) if line.strip() else line)
        if heading and heading[1]:
            above.append((len(heading[1]), heading[2]))
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


def _under_old_names(text: bytes, old: bytes, share: float, gone: frozenset[str] = frozenset()) -> bytes:
    """The text with its blocks called as in ``old``, where somebody gave one of them another name.

    That is one of which ``share`` of the lines are in a block that is new, while the block itself is gone.
    """
    before, after = _blocks(old), _blocks(text)
    names = {}
    for block in sorted(before.keys() - after.keys()):
        if any(mentions(block.decode(errors="replace"), name) for name in gone):
            continue
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
