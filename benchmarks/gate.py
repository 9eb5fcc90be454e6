"""How long the gate of a service takes, `make check`, when all that it needs is installed."""

import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .generation import children, copy, environment, verdict

LIMIT_S = 25.0
"""What the gate of the default service may take on two processors."""


@dataclass(frozen=True)
class GateTime:
    """What a person waits for one run of the gate, and the processor time in it, in seconds."""

    waited: float
    processor: float


def measure(template: Path, scratch: Path, times: int) -> list[GateTime]:
    """Runs of the gate of the default service, after one that installs its tools and fills its caches.

    Without further `times` it is that one, so that a test of the measurement need not wait for more.
    """
    project = scratch / "gate"
    copy(template, project)
    for arguments in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *arguments], cwd=project, check=True, env=environment())
    taken = [_check(project) for _ in range(times + 1)]
    shutil.rmtree(project)
    return taken[1:] or taken


def _check(project: Path) -> GateTime:
    processor, began = children(), time.monotonic()
    done = subprocess.run(
        ["make", "check"], cwd=project, env=environment(), capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise RuntimeError(f"make check failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return GateTime(time.monotonic() - began, children() - processor)


def lines(times: Sequence[GateTime], importing_s: float) -> list[str]:
    """The part of the report."""
    best = min(each.waited for each in times)
    return [
        "## The gate",
        "",
        "`make check` of the sample, with what it needs installed: what a person waits, and processor time.",
        "",
        "| | least, s | median, s |",
        "|---|---:|---:|",
        f"| waited | {best:.1f} | {median(each.waited for each in times):.1f} |",
        f"| processor | {min(each.processor for each in times):.1f} | {median(each.processor for each in times):.1f} |",
        "",
        verdict("It", best, LIMIT_S, importing_s),
    ]
