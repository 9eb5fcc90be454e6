"""The merge of texts that an update makes: by lines, and where that has conflicts, by the units of their kind."""

from pathlib import PurePosixPath

from .blocks import LABELS, merge_lines
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
    suffix = PurePosixPath(path).suffix
    content, conflicts = merge_lines(mine, old, new, kind=suffix, gone=gone, labels=labels)
    by_lines = Merged(content, conflicts)
    if not conflicts or not old.strip() or any(b"\r" in text for text in (mine, old, new)):
        return by_lines
    # The parsers are of no use but here.
    from .units.kinds import kind_of  # noqa: PLC0415
    from .units.merge import united  # noqa: PLC0415

    kind = kind_of(path)
    both = united((old, mine, new), kind, suffix, labels) if kind is not None else None
    return both if both is not None and both.conflicts < conflicts + both.is_whole else by_lines
