"""How much processor time `copier copy` takes."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .domains import domain

ROOT = Path(__file__).resolve().parents[1]
SIZES = (1, 5, 25)
LIMIT_S = 1.2
"""What a copy of the default may take, on a machine that imports Copier in `USUAL_IMPORT_S`."""

USUAL_IMPORT_S = 0.37
"""What importing Copier takes on a quiet machine of the kind that the limits were set on."""

# What a person has not set: without byte code on disk every run would compile all of Copier first.
UNUSUAL = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH", "VIRTUAL_ENV", "DATABASE_URL", "MAKEFLAGS")


@dataclass(frozen=True)
class CopyTime:
    """The processor time of some copies of one domain, in seconds, and how many files one of them made."""

    name: str
    seconds: tuple[float, ...]
    files: int

    @property
    def best(self) -> float:
        """The least, which others on the machine disturbed least."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The one in the middle."""
        return median(self.seconds)


def environment(**more: str) -> dict[str, str]:
    """The environment of a person who has just installed Python and git, and `more`."""
    usual = {name: value for name, value in os.environ.items() if name not in UNUSUAL}
    return {**usual, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **more}


def clone(repository: Path, folder: Path, commit: str = "HEAD") -> Path:
    """The template as it is committed, or as it was, packed as a fetch from a host brings it."""
    subprocess.run(["git", "clone", "--quiet", "--no-local", repository, folder], check=True, env=environment())
    subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=folder, check=True, env=environment())
    return folder


def copy(template: Path, destination: Path, content: dict[str, Any] | None = None, *options: str) -> float:
    """One `copier copy` with defaults, of the domain given or else the sample; the processor time in seconds."""
    destination.mkdir(parents=True)
    if content is not None:
        (destination / "domain.yaml").write_text(json.dumps(content, indent=2), encoding="utf-8")
    before = children()
    subprocess.run(
        [
            sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--quiet", "--vcs-ref", "HEAD", *options,
            template, destination,
        ],
        check=True,
        env=environment(),
    )  # fmt: skip
    return children() - before


def yardstick(times: int) -> float:
    """What importing Copier takes, in seconds; it tells how busy the machine is."""
    seconds = []
    for _ in range(times):
        before = children()
        subprocess.run([sys.executable, "-c", "import copier"], check=True, env=environment())
        seconds.append(children() - before)
    return min(seconds)


def measure(template: Path, scratch: Path, copies: int) -> list[CopyTime]:
    """Copies of the sample and of domains of 1, 5 and 25 aggregates, in turns, after one that does not count."""
    cases = {"sample": None, **{_name(size): domain(size) for size in SIZES}}
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    files = {}
    for turn in range(copies + 1):
        for name, content in cases.items():
            if turn == 0 and content is not None:
                continue
            destination = scratch / "copy"
            taken = copy(template, destination, content)
            files[name] = sum(path.is_file() for path in destination.rglob("*"))
            shutil.rmtree(destination)
            if turn:
                seconds[name].append(taken)
    return [CopyTime(name, tuple(taken), files[name]) for name, taken in seconds.items()]


def lines(times: Sequence[CopyTime], importing_s: float) -> list[str]:
    """The part of the report."""
    sample = times[0]
    return [
        "## Generation",
        "",
        "Processor time of `copier copy --defaults` from a git repository, git included.",
        "Only the first copy compiles the templates.",
        "",
        "| domain | files | least, s | median, s |",
        "|---|---:|---:|---:|",
        *(f"| {each.name} | {each.files} | {each.best:.2f} | {each.median:.2f} |" for each in times),
        "",
        f"Importing Copier alone takes {importing_s:.2f} s here, and {USUAL_IMPORT_S} s on the machine of the limits.",
        verdict("The sample", sample.best, LIMIT_S, importing_s),
    ]


def verdict(what: str, seconds: float, limit_s: float, importing_s: float) -> str:
    """Whether what was measured is below its limit, once this machine's speed is reckoned with."""
    there = seconds * USUAL_IMPORT_S / importing_s
    return (
        f"{what} takes {seconds:.2f} s, which is {there:.2f} s there:"
        f" {'below' if there < limit_s else 'ABOVE'} the {limit_s} s that it may take."
    )


def _name(size: int) -> str:
    return f"{size} aggregate{'s' * (size > 1)}"


def children() -> float:
    """The processor time of all processes that this one has waited for, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
