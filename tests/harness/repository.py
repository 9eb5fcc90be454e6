"""The template as people get it: a git repository with a release tag, made from the working tree."""

import os
import shutil
from pathlib import Path

from .paths import ROOT
from .tools import run

# A person's git configuration (signing, hooks, default branch) must not reach the tests.
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
    "GIT_TERMINAL_PROMPT": "0",
}


def git(folder: Path, *arguments: str) -> str:
    return run("git", *arguments, cwd=folder, env=GIT).stdout.strip()


def commit_all(folder: Path, message: str) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def snapshot(folder: Path, tag: str = "v0.1.0") -> Path:
    """The working tree as a clean repository with one commit and one release."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    commit_all(folder, "Snapshot")
    git(folder, "tag", "--annotate", tag, "--message", tag)
    return folder
