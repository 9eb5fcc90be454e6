"""Several services in folders of one repository."""

import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

from . import rendering
from .repository import GIT, commit_all, git
from .tools import run

FOLDERS = {"orders": "services/orders", "billing": "apps/eu/billing"}
"""Service → its folder."""


def made(top: Path, host: str, data: Mapping[str, Mapping[str, str]] | None = None) -> Path:
    """A repository with two services, each of which has written what it has at the root; committed."""
    top.mkdir(parents=True)
    git(top, "init", "--quiet", "--initial-branch", "main")
    for name, folder in FOLDERS.items():
        added(top, folder, {"service_name": name, "repository_host": host, **(data or {}).get(name, {})})
    commit_all(top, "Start")
    return top


def added(top: Path, folder: str, data: Mapping[str, str]) -> str:
    """A service in a folder, and what it says of the root."""
    rendering.copy(top / folder, {"repository": "acme/shop", "folder": folder, **data})
    return root_files(top / folder).stdout


def root_files(service: Path, *options: str, check: bool = True) -> CompletedProcess[str]:
    """What `make root-files` runs, with any Python."""
    env = {**GIT, "PYTHONDONTWRITEBYTECODE": "1"}
    return run(sys.executable, "-m", "dev.root_files", *options, cwd=service, env=env, check=check)


def tracked(top: Path) -> dict[str, bytes]:
    """Path → content of what is at the root, beside the services' folders."""
    own = tuple(f"{folder}/" for folder in FOLDERS.values())
    names = git(top, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return {name: (top / name).read_bytes() for name in names if not name.startswith(own) and (top / name).exists()}
