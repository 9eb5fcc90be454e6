"""The files of a tree, as they are merged."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


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


class WorkingTree(Mapping[str, File]):
    """The person's files: what git tracks, and what lies where the template puts something. Read when asked for."""

    def __init__(self, root: Path, tracked: set[str], others: set[str], absent: Mapping[str, File]) -> None:
        self._root = root
        self.absent = absent
        """What git tracks and a sparse checkout leaves out, as the index has it."""
        self._known: dict[str, File | None] = dict(absent)
        self._names = {name for name in tracked | others if self._read(name) is not None}
        self.ignored = frozenset(self._names - tracked)
        """What lies there and git is told to ignore, such as a secret: it goes nowhere else."""

    def _read(self, name: str) -> File | None:
        if name not in self._known:
            self._known[name] = read(self._root, name)
        return self._known[name]

    def __getitem__(self, name: str) -> File:
        found = self._read(name) if name in self._names else None
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)
