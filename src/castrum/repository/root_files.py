"""What a service in a folder has at the root of its repository: its own tool makes that from files of the folder."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from .project import Project

TOOL: Final = "dev/root_files.py"


def write(root: Path) -> None:
    """Write it, and say which files that were; without a folder there is nothing to write."""
    code, said = _tool(root)
    if said:
        heading = "At the root of the repository:" if code == 0 else "castrum: the root of the repository is as it was:"
        print(heading, *(f"  {line}" for line in said), sep="\n", file=sys.stderr if code else sys.stdout)


def differences(root: Path) -> list[str]:
    """What is to be done there."""
    code, said = _tool(root, "--check")
    return said if code else []


def take_back(project: Project) -> None:
    """Take it away, where it came with an update that is now taken back."""
    if project.tried("cat-file", "-e", f"HEAD:./{TOOL}") is None:
        _, said = _tool(project.root, "--remove")
        names = [f":(top,literal){line.partition(': ')[0]}" for line in said]
        if names:  # somebody may have added them
            project.tried("reset", "--quiet", "--", *names)


def misplaced(project: Project) -> list[str]:
    """What to do for a service in a folder whose answers do not say so: its pipeline is where no host looks for it."""
    folder = project.prefix.rstrip("/")
    if not folder or project.recorded.get("folder", "?"):
        return []
    where = f"the service lies in {folder} of its repository, where no host looks for pipelines and owners"
    return [f'{where}: make regen ANSWERS="folder={folder}" brings them to the root']


def _tool(root: Path, *options: str) -> tuple[int, list[str]]:
    if not (root / TOOL).is_file():
        return 0, []
    done = subprocess.run(
        [sys.executable, "-m", "dev.root_files", *options],
        cwd=root,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.splitlines()
    if done.returncode and not said:
        said = [f"{TOOL}: {line}" for line in done.stderr.splitlines()[-1:]]
    return done.returncode, said
