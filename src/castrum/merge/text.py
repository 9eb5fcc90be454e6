"""The merge of texts that an update makes: by lines, and where that has conflicts, by the units of their kind."""

from collections import Counter
from pathlib import PurePosixPath

from .blocks import LABELS, ByLines
from .by_git import Merged


def merge_text(
    mine: bytes,
    old: bytes,
    new: bytes,
    path: str,
    *,
    gone: frozenset[str] = frozenset(),
    labels: tuple[str, str, str] = LABELS,
) -> Merged:
    """The merge of three versions of the file at the path; ``gone`` are names that the domain has no more."""
    by_lines = ByLines(PurePosixPath(path).suffix, gone, labels)
    content, conflicts = by_lines.merge(mine, old, new)
    back = not conflicts and _is_back(mine, old, new, content)
    if not (conflicts or back) or not old.strip() or any(b"\r" in text for text in (mine, old, new)):
        return Merged(content, conflicts)
    # The parsers are of no use but here.
    from .units.kinds import kind_of  # noqa: PLC0415
    from .units.merge import united  # noqa: PLC0415

    kind = kind_of(path)
    both = united((old, mine, new), kind, by_lines) if kind is not None else None
    better = both is not None and (both.conflicts < conflicts + both.is_whole or (back and not both.conflicts))
    return both if both is not None and better else Merged(content, conflicts)


def _is_back(mine: bytes, old: bytes, new: bytes, merged: bytes) -> bool:
    """Whether a line is there again that the person took out, since the template has it in another place now."""
    if old in (mine, new):
        return False
    theirs, before, after, there = (Counter(text.split(b"\n")) for text in (mine, old, new, merged))
    gone = (line for line in before - theirs if line.strip(b" ()[]{},"))
    return any(there[line] > theirs[line] and after[line] <= before[line] for line in gone)
