"""What git's index knows: files that are not checked out (sparse checkouts), and conflicts."""

import subprocess
from collections.abc import Mapping
from typing import Final

from .project import Project
from .trees import File

NOTHING: Final = f"0 {'0' * 40}"
LINK: Final = "120000"
SUBMODULE: Final = "160000"


def listed(project: Project) -> tuple[set[str], dict[str, File]]:
    """The files that git tracks; and those of them that are not checked out, as the index has them."""
    tracked: set[str] = set()
    absent: dict[str, tuple[str, str]] = {}
    for entry in project.git("ls-files", "-z", "-t", "--stage").split("\0")[:-1]:
        about, _, path = entry.partition("\t")
        tag, mode, digest, _ = about.split(" ")
        tracked.add(path)
        place = project.root / path
        if tag == "S" and not (place.is_symlink() or place.exists()):
            absent[path] = (mode, digest)
    return tracked, dict(zip(absent, _contents(project, list(absent.values())), strict=True))


def _contents(project: Project, entries: list[tuple[str, str]]) -> list[File]:
    """The files with these modes and digests."""
    asked = "".join(f"{digest}\n" for mode, digest in entries if mode != SUBMODULE)
    said = _git(project, "cat-file", "--batch", stdin=asked.encode()) if asked else b""
    found, place = [], 0
    for mode, _ in entries:
        content = b""
        if mode != SUBMODULE:
            end = said.index(b"\n", place)
            begin, size = end + 1, int(said[place:end].split()[2])
            content, place = said[begin : begin + size], begin + size + 1
        found.append(File(content, mode == "100755", mode in {LINK, SUBMODULE}))
    return found


def write(
    project: Project, unmerged: Mapping[str, tuple[File | None, File, File]], absent: Mapping[str, File | None]
) -> None:
    """Let git show conflicts as unmerged, with base, ours and theirs, so that it refuses to commit them.

    Files that are not checked out get their new content (``None``: they are removed) here alone.
    """
    lines = []
    for path, sides in unmerged.items():
        lines.append(f"{NOTHING}\t{project.prefix}{path}")
        lines += [_entry(project, path, side, stage) for stage, side in enumerate(sides, 1) if side is not None]
    for path, file in absent.items():
        lines.append(_entry(project, path, file, 0) if file else f"{NOTHING}\t{project.prefix}{path}")
    if lines:
        project.git("update-index", "--index-info", stdin="\n".join([*lines, ""]))
    if left := [path for path, file in absent.items() if file]:
        project.git("update-index", "--skip-worktree", "-z", "--stdin", stdin="".join(f"{path}\0" for path in left))


def _entry(project: Project, path: str, file: File, stage: int) -> str:
    digest = _git(project, "hash-object", "-w", "--stdin", stdin=file.content).decode().strip()
    mode = LINK if file.special else "100755" if file.executable else "100644"
    return f"{mode} {digest} {stage}\t{project.prefix}{path}"


def _git(project: Project, *arguments: str, stdin: bytes) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=project.root, input=stdin, capture_output=True, check=True)
    return done.stdout
