"""Files as git's object store has them, and as its index names them."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from castrum.errors import FAILURE, Refusal

from .project import Project
from .trees import File

LINK: Final = "120000"
SUBMODULE: Final = "160000"
GONE: Final = f"0 {'0' * 40}"
"""Mode and name of what is no longer there."""


def called(project: Project, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    """What git says, as it is; its failure is raised."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=project.root,
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    if done.returncode:
        raise Refusal(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}", code=FAILURE)
    return done.stdout


def mode(of: File) -> str:
    """Git's mode of the file."""
    if of.special:
        return SUBMODULE if of.is_folder else LINK
    return "100755" if of.executable else "100644"


def files(project: Project, entries: Mapping[str, tuple[str, str]]) -> dict[str, File]:
    """The files of these paths, given by mode and object."""
    found = contents(project, {name for mode, name in entries.values() if mode != SUBMODULE})
    return {
        path: File(found.get(name, b""), executable=mode == "100755", special=mode in {LINK, SUBMODULE})
        for path, (mode, name) in entries.items()
    }


def contents(project: Project, names: Iterable[str]) -> dict[str, bytes]:
    """Object → content."""
    wanted = sorted(names)
    said = called(project, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in wanted).encode())
    found, at = {}, 0
    for name in wanted:
        end = said.index(b"\n", at)
        begin, size = end + 1, int(said[at:end].split()[2])
        found[name] = said[begin : begin + size]
        at = begin + size + 1
    return found


def store(project: Project, contents: Sequence[bytes]) -> list[str]:
    """The objects that have these contents."""
    with tempfile.TemporaryDirectory(prefix="castrum-") as scratch:
        paths = [Path(scratch) / str(number) for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        listing = "".join(f"{path}\n" for path in paths).encode()
        return called(project, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=listing).decode().split()
