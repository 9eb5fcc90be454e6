"""Git, for the tools here: what it prints, or the end of the program with what it says."""

import subprocess

from . import ROOT


def raw(*arguments: str, stdin: bytes | None = None) -> bytes:
    """What git prints, as it is."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, input=stdin, capture_output=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise SystemExit(f"git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout


def tried(*arguments: str) -> str | None:
    """What git prints, without the white space around it; None if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)  # noqa: S603, S607
    return None if done.returncode else done.stdout.decode().strip()


def text(*arguments: str) -> str:
    """What git prints, without the white space around it."""
    return raw(*arguments).decode().strip()
