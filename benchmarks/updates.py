"""How much processor time an update takes: `castrum update`, and bare `copier update` beside it."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .generation import children, copy, environment, verdict

LIMIT_S = 3.5
"""What an update of the default project may take."""

COMMANDS = {
    "castrum update": ("castrum", "update"),
    "copier update": ("copier", "update", "--trust", "--defaults", "--quiet"),
}
GIT = {
    "GIT_AUTHOR_NAME": "Bench", "GIT_AUTHOR_EMAIL": "bench@example.com",
    "GIT_COMMITTER_NAME": "Bench", "GIT_COMMITTER_EMAIL": "bench@example.com",
}  # fmt: skip


@dataclass(frozen=True)
class UpdateTime:
    """The processor time of some updates by one command, in seconds."""

    name: str
    seconds: tuple[float, ...]


def measure(template: Path, scratch: Path, times: int) -> list[UpdateTime]:
    """Updates of the default project to a version in which two files changed, with one more field in its domain."""
    clone, project = scratch / "releases", scratch / "updated" / "ordering"
    _git(scratch, "clone", "--quiet", str(template), str(clone))
    _git(clone, "tag", "--annotate", "v1000.0.0", "--message", "old")
    copy(clone, project, None)
    _git(project, "init", "--quiet")
    _commit(project, "Start")
    for name in ("template/AGENTS.md.jinja", "template/src/{{ package }}/platform/http_client.py"):
        with (clone / name).open("a", encoding="utf-8") as stream:
            stream.write("\n# Changed.\n")
    _commit(clone, "Change")
    _git(clone, "tag", "--annotate", "v1000.1.0", "--message", "new")
    domain = project / "domain.yaml"
    text = domain.read_text(encoding="utf-8")
    domain.write_text(text.replace("      note: text?\n", "      note: text?\n      urgency: int(1..5) = 3\n"), "utf-8")
    _commit(project, "A field")
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(times):
        for name, (module, *arguments) in COMMANDS.items():
            copied = scratch / "project"
            shutil.copytree(project, copied)
            before = children()
            subprocess.run(
                [sys.executable, "-m", module, *arguments],
                cwd=copied,
                check=True,
                env=environment(**GIT),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            seconds[name].append(children() - before)
            shutil.rmtree(copied)
    return [UpdateTime(name, tuple(taken)) for name, taken in seconds.items()]


def lines(times: list[UpdateTime], importing_s: float) -> list[str]:
    """The part of the report."""
    best = min(times[0].seconds)
    return [
        "## Updates",
        "",
        "Processor time of an update of the sample to a new version of the template and of its domain, git included.",
        "",
        "| command | least, s |",
        "|---|---:|",
        *(f"| `{each.name}` | {min(each.seconds):.2f} |" for each in times),
        "",
        verdict("`castrum update`", best, LIMIT_S, importing_s),
    ]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, env=environment(**GIT))


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message)
