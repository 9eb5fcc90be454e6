"""The merge of texts that an update makes: by lines, and where that has conflicts, by the units of their kind."""

from pathlib import PurePosixPath

from .blocks import LABELS, ByLines
from .textmerge import Merged


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
    if not conflicts or not old.strip() or any(b"\r" in text for text in (mine, old, new)):
        return Merged(content, conflicts)
    # The parsers are of no use but here.
    from .units.kinds import kind_of  # noqa: PLC0415
    from .units.merge import united  # noqa: PLC0415

    kind = kind_of(path)
    both = united((old, mine, new), kind, by_lines) if kind is not None else None
    return both if both is not None and both.conflicts < conflicts + both.is_whole else Merged(content, conflicts)
