"""Writing an update into the working tree: all of it, or nothing.

What is to be written lies complete in a folder of the repository's git directory, with a copy of what it replaces,
before the first file of the tree changes. When the process dies in between, `undo` puts back what was there.
"""

import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from .trees import File

JOURNAL: Final = "journal.json"
DONE: Final = "done.json"


class Pending:
    """The folder of an update that is being written: the journal, and each file before and after it."""

    def __init__(self, git_directory: Path, root: Path, prefix: str = "") -> None:
        # One folder for each service of a repository: what an update of one of them did says nothing about another.
        self.folder = git_directory / "-".join(filter(None, ("castrum-update", quote(prefix.rstrip("/"), safe=""))))
        self._root = root

    @property
    def index(self) -> Path:
        """Where git's index is kept, as it was before, by what changes that too."""
        return self.folder / "index.before"

    @property
    def interrupted(self) -> bool:
        """Whether an update has begun to write and has not ended."""
        return (self.folder / JOURNAL).exists()

    def finished(self, commit: str) -> bool:
        """Whether an update was written to its end when ``commit`` was checked out."""
        done = self.folder / DONE
        return done.exists() and json.loads(done.read_text(encoding="utf-8"))["commit"] == commit

    def write(self, changes: Mapping[str, File | None], commit: str, finish: Callable[[], None]) -> None:
        """Apply the changes (``None``: remove) and call ``finish``; a failure puts the tree back, and is raised.

        ``commit`` is what is checked out: the changes can be taken back until something else is.
        """
        paths = sorted(changes, key=lambda path: (changes[path] is not None, path))
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in paths:
            self._save("before", path, self._root / path)
            after = changes[path]
            if after is not None:
                place = self._place("after", path)
                if after.special:
                    place.symlink_to(os.fsdecode(after.content))
                else:
                    place.write_bytes(after.content)
                    place.chmod(self._mode(path, after))
        _write_durably(self.folder / JOURNAL, json.dumps({"commit": commit, "paths": paths}))
        try:
            for path in paths:
                self._put(path, "after")
            finish()
        except BaseException:
            self.undo()
            raise
        (self.folder / JOURNAL).replace(self.folder / DONE)

    def undo(self) -> list[str]:
        """Put back what was there before; returns the files that somebody changed since, which are left as they are."""
        changed = []
        journal = self.folder / (JOURNAL if self.interrupted else DONE)
        paths = json.loads(journal.read_text(encoding="utf-8"))["paths"]
        for path in reversed(paths):
            now = _state(self._root / path)
            before, after = (_state(self.folder / kind / path) for kind in ("before", "after"))
            if now == before:
                continue
            if now == after:
                self._put(path, "before")
            else:
                changed.append(path)
        if not changed:
            journal.unlink()
            shutil.rmtree(self.folder, ignore_errors=True)
        return changed

    def _put(self, path: str, kind: str) -> None:
        """Give the path of the tree the content from the journal, at once; remove it where there is none."""
        source, target = self.folder / kind / path, self._root / path
        if not (source.is_symlink() or source.exists()):
            if target.is_symlink() or target.is_file():
                target.unlink()
            self._remove_empty(target.parent)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._place("scratch", path)
        scratch.unlink(missing_ok=True)
        shutil.copy2(source, scratch, follow_symlinks=False)
        try:
            scratch.replace(target)
        except OSError:  # the git directory is on another disk
            if target.is_dir() and not target.is_symlink():
                raise
            shutil.copy2(scratch, target, follow_symlinks=False)

    def _remove_empty(self, folder: Path) -> None:
        """Remove the folder and those above it that hold nothing but Python's byte code."""
        while folder != self._root and folder.is_dir():
            if any(path.name != "__pycache__" for path in folder.iterdir()):
                return
            shutil.rmtree(folder, ignore_errors=True)
            folder = folder.parent

    def _save(self, kind: str, path: str, source: Path) -> None:
        if source.is_symlink() or source.is_file():
            shutil.copy2(source, self._place(kind, path), follow_symlinks=False)

    def _place(self, kind: str, path: str) -> Path:
        place = self.folder / kind / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _mode(self, path: str, file: File) -> int:
        """The mode of what is there already, with the executable bit that the file has to have."""
        target = self._root / path
        usual = 0o666 & ~_umask()
        mode = stat.S_IMODE(target.stat().st_mode) if target.is_file() else usual
        return mode | (mode & 0o444) >> 2 if file.executable else mode & ~0o111


def _state(path: Path) -> tuple[bytes, bool] | None:
    """What git would notice: the content, and whether the file is executable."""
    if path.is_symlink():
        return os.fsencode(path.readlink()), False
    return (path.read_bytes(), bool(path.stat().st_mode & 0o100)) if path.is_file() else None


def _write_durably(path: Path, text: str) -> None:
    """The file is there with all of its text, or not at all, also after a loss of power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    with scratch.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    scratch.replace(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
