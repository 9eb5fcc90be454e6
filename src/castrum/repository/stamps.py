"""The stamp of a tree: a file whose name is the digest of the answers, domain and template that the tree is made from.

A branch that changes one of them takes the old stamp away and brings its own. Two such branches merge without a
conflict there, and the two stamps that are left say that git merged what each of them generated.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final, Literal

FOLDER: Final = ".castrum"
STAMP: Final = re.compile(rf"{re.escape(FOLDER)}/[0-9a-f]{{16}}")
LEGACY: Final = re.compile(r"^# Digest: (\w+)$", re.MULTILINE)
ADDRESS: Final = re.compile(r"^_src_path:.*\n(?: .*\n)*", re.MULTILINE)

State = Literal["made", "merged", "edited"]


def state(answers: str, paths: Iterable[str]) -> State:
    """Whether a tree with these files is made from the answers, given as the text that records them.

    Trees of older versions of the template have no stamp, but the digest above the answers; still older ones have none.
    """
    stamps = of(paths)
    if len(stamps) > 1:
        return "merged"
    if stamps:
        return "made" if stamps == {path(answers)} else "edited"
    told = LEGACY.search(answers)
    return "edited" if told and told[1] != _digest(answers.splitlines()) else "made"


def of(paths: Iterable[str]) -> set[str]:
    """Those of the paths that are stamps."""
    return {path for path in paths if STAMP.fullmatch(path)}


def path(answers: str) -> str:
    """The stamp of a tree that is made from the answers; from which address the template came is no matter."""
    lines = ADDRESS.sub("", answers).split("\n")
    return f"{FOLDER}/{_digest(lines)}"


def _digest(lines: Iterable[str]) -> str:
    kept = [line for line in lines if line.strip() and not line.startswith("#")]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:16]
