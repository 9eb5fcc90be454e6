"""The merge of three texts by git."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged text, how many conflicts it has, each between markers, and what was united in it, by its lines."""

    content: bytes
    conflicts: int
    united: tuple[str, ...] = ()
    is_whole: bool = False
    """Whether a conflict was made larger, so that no side of it leaves a line in two places."""


def merge_file(
    ours: bytes, base: bytes, theirs: bytes, *options: str, labels: tuple[str, str, str] = ("ours", "base", "theirs")
) -> tuple[bytes, int]:
    """What `git merge-file`, with its options, makes of three texts, and how many conflicts it leaves in that."""
    with tempfile.TemporaryDirectory(prefix="castrum-") as folder:
        names = ("ours", "base", "theirs")
        for name, text in zip(names, (ours, base, theirs), strict=True):
            (Path(folder) / name).write_bytes(text)
        called = [part for label in labels for part in ("-L", label)]
        done = subprocess.run(
            ["git", "merge-file", "--stdout", "--quiet", *options, *called, *names],
            cwd=folder,
            capture_output=True,
            check=False,
        )
    if not 0 <= done.returncode <= 127:
        raise OSError(done.returncode, done.stderr.decode(errors="replace").strip() or "git merge-file failed")
    return done.stdout, done.returncode
