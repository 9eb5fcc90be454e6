"""What `copier update` does by itself for files that a release has put elsewhere: Copier calls it before and after.

Before: what the template has made takes its new place out of Copier's sight, which knows only the old one. After: what
people wrote in it is merged into the new file, by git, with the last update's as the base; then all imports follow.
Nothing is lost where either is cut short: the service is committed, or Copier would not have begun.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import copier
import yaml
from packaging.version import Version

from .releases import Release, ReleaseError, Step, moving

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = ".copier-answers.yml"
FOLDER = Path(__file__).resolve().parents[2]
LABELS = ("before updating", "last update", "after updating")
FROZEN = ("domain.yaml", "migrations/versions/")


def passes_moves(old: Any, new: Any, current: Any) -> bool:
    """Whether ``current`` is the newest release between two versions that has put something elsewhere.

    An update that passes several of them carries out all of them at once.
    """
    releases = _releases(str(old), str(new))
    return bool(releases) and releases[-1].version == Version(str(current))


def _releases(old: str, new: str) -> list[Release]:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("releases/*.yaml")}
    return moving(texts, Version(old), Version(new))


def main(stage: str) -> int:
    """Run the stage in the folder of a service; returns the exit code. Copier tells the versions by the environment."""
    try:
        releases = _releases(os.environ["VERSION_PEP440_FROM"], os.environ["VERSION_PEP440_TO"])
        service = _Service(releases)
        problems = list(service.problems()) if stage == "before" else []
        if problems:
            print(*problems, "Nothing was written.", sep="\n", file=sys.stderr)
            return 1
        if stage == "before":
            service.make_room()
        else:
            service.bring()
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


class _Service:
    """The service in this folder, as it was committed, and the copy that the last update made."""

    def __init__(self, releases: list[Release]) -> None:
        listed = _git("ls-tree", "-r", "-z", "--name-only", "HEAD", ".").decode(*_names()).split("\0")[:-1]
        self._committed = set(listed)
        self._made = _last_copy(_git("show", f"HEAD:./{ANSWERS}"))
        self._steps: list[Step] = []
        paths = [*self._made]
        for release in releases:
            self._steps.append(Step(release, paths))
            paths = [self._steps[-1].place(path) for path in paths]

    def _place(self, path: str) -> str:
        for step in self._steps:
            path = step.place(path)
        return path

    def _content(self, path: str, content: bytes) -> bytes:
        for step in self._steps:
            path, content = step.place(path), step.content(path, content)
        return content

    def _moved(self) -> Iterator[tuple[str, str]]:
        """Old path and new path of the files of both, the template and the person, that are elsewhere now."""
        for path in sorted({*self._made, *self._committed}):
            if (place := self._place(path)) != path:
                yield path, place

    def problems(self) -> Iterator[str]:
        """Why the files cannot be put where they belong now."""
        patterns = yaml.safe_load((FOLDER / "questions/ownership.yml").read_text(encoding="utf-8"))["_skip_if_exists"]
        for path, place in self._moved():
            owned = path in self._made and any(
                _matches(pattern, each) for pattern in patterns for each in (path, place)
            )
            if owned or path.startswith(FROZEN) or place.startswith(FROZEN):
                yield f"{path} → {place}: a release moves what belongs to the service; its template has to leave it"
            elif path in self._committed and (taken := self._taken(place)):
                yield f"{taken}: a release puts {path} to {place}, and a file is there: git mv it, and commit"

    def _taken(self, place: str) -> str | None:
        """The file that stands where one is to be, or where its folder is to be."""
        if Path(place).exists() and self._place(place) == place:
            return place
        folders = (folder.as_posix() for folder in Path(place).parents)
        return next((each for each in folders if Path(each).is_file() and self._place(each) == each), None)

    def make_room(self) -> None:
        """Take what is elsewhere now out of its old place, and a person's own file with its folder to the new one."""
        for path, place in self._moved():
            if path in self._made:
                old = [each for each in (path, place) if each in self._committed]
                if old:
                    _git("rm", "--quiet", "--", *map(_literal, old))
            else:
                file = Path(place)
                file.parent.mkdir(parents=True, exist_ok=True)
                _git("mv", "--", path, place)
                if not file.is_symlink():
                    file.write_bytes(self._content(path, file.read_bytes()))
                    _git("add", "--", _literal(place))

    def bring(self) -> None:
        """Merge what people wrote into the files where they are now, and let the imports of all modules follow."""
        for path, place in self._moved():
            if path in self._made:
                self._merge(path, place)
        for path in sorted(self._committed & {*self._made}):
            if self._place(path) == path and not Path(path).is_file():
                mine = _git("show", f"HEAD:./{path}")
                if mine != self._made[path]:
                    _tell_gone(path)
        listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py")
        for name in sorted(set(listed.decode(*_names()).split("\0")[:-1])):
            file = Path(name)
            if not file.is_file() or file.is_symlink():
                continue
            content = file.read_bytes()
            after = self._follow(name, content)
            if after != content:
                file.write_bytes(after)

    def _follow(self, name: str, content: bytes) -> bytes:
        """The content of a file that has its new place already."""
        for step in self._steps:
            content = step.content(name, content, name)
        return content

    def _merge(self, path: str, place: str) -> None:
        source = next((each for each in (path, place) if each in self._committed), None)
        file = Path(place)
        if source is None:  # the person had removed it
            file.unlink(missing_ok=True)
            return
        mode = _git("ls-tree", "HEAD", "--", source).split()[0].decode()
        mine = _git("show", f"HEAD:./{source}")
        mine = self._content(path, mine) if source == path else mine
        base = self._content(path, self._made[path])
        if mine == base:
            return
        if not file.is_file():
            _tell_gone(path)
            return
        new = file.read_bytes()
        with tempfile.TemporaryDirectory() as scratch:
            sides = [Path(scratch) / str(number) for number in range(3)]
            for side, content in zip(sides, (mine, base, new), strict=True):
                side.write_bytes(content)
            labels = [part for label in LABELS for part in ("-L", label)]
            done = subprocess.run(["git", "merge-file", "--stdout", *labels, *sides], capture_output=True, check=False)
        if not 0 <= done.returncode <= 127:
            print(f"{place}: no text that can be merged; yours is in git show HEAD:./{source}", file=sys.stderr)
            return
        file.write_bytes(done.stdout)
        file.chmod(file.stat().st_mode & ~0o111 | (0o111 if mode == "100755" else 0))
        if done.returncode:
            prefix = _git("rev-parse", "--show-prefix").decode(*_names()).strip("\n")
            stored = [_git("hash-object", "-w", "--stdin", stdin=side).decode().strip() for side in (base, mine, new)]
            entries = [f"{mode} {name} {stage}\t{prefix}{place}" for stage, name in enumerate(stored, 1)]
            _git("update-index", "--index-info", stdin="\n".join([f"0 {'0' * 40}\t{prefix}{place}", *entries]).encode())
            print(f"{place}: conflict", file=sys.stderr)


def _tell_gone(path: str) -> None:
    print(f"{path}: you had changed it; the template has it no longer: git show HEAD:./{path}", file=sys.stderr)


def _last_copy(recorded: bytes) -> dict[str, bytes]:
    """What the last update has made: path → content."""
    answers: dict[str, Any] = yaml.safe_load(recorded)
    with tempfile.TemporaryDirectory() as scratch:
        # A default may be made from the folder's name.
        folder = Path(scratch) / Path.cwd().name
        source, version = str(answers["_src_path"]), str(answers["_commit"])
        copier.run_copy(
            source, folder, data=answers, vcs_ref=version, defaults=True, overwrite=True, quiet=True, unsafe=True,
            skip_tasks=True,
        )  # fmt: skip
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink()
        }


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern of ours, which has a path from the root on, is for the path."""
    parts, names = pattern.strip("/").split("/"), path.split("/")
    return len(parts) <= len(names) and all(one in ("*", two) for one, two in zip(parts, names, strict=False))


def _literal(path: str) -> str:
    return f":(literal){path}"


def _names() -> tuple[str, str]:
    return sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()


def _git(*arguments: str, stdin: bytes | None = None) -> bytes:
    return subprocess.run(["git", *arguments], capture_output=True, check=True, input=stdin).stdout


GLOBALS = {"passes_moves": passes_moves}
FILTERS: dict[str, Any] = {}
