"""Processor time of processes, and where they run. Linux only."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subprocess import Popen

TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PRIORITY = -10
AVAILABLE = Path("/proc/stat").exists() and hasattr(os, "sched_setaffinity")


def pin(process: "Popen[Any]", place: int) -> None:
    """Keep a process that has just started, and what it starts, on one processor: 0 for the server, 1 for the rest.

    Where we may, it also goes before other processes of the machine.
    """
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        os.sched_setaffinity(process.pid, {processors[place]})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, process.pid, PRIORITY)


def tree(pid: int) -> list[int]:
    """A process and what descends from it."""
    found = [pid]
    for each in found:
        try:
            found += map(int, Path(f"/proc/{each}/task/{each}/children").read_text(encoding="ascii").split())
        except OSError:
            continue
    return found


def used(pids: Iterable[int]) -> float:
    """The processor time that processes have used so far, in seconds, to the nanosecond."""
    return sum(map(_used, pids))


def busy() -> float:
    """The processor time that everything on the machine has used so far, in seconds."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS_PER_S


def resident_mib(pid: int) -> float:
    """The memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def processors() -> str:
    """What kind of machine this is, without its name."""
    models = [
        line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if line.startswith("model name")
    ]
    model = models[0].partition(":")[2].strip() if models else "unknown processor"
    return f"{os.cpu_count()} processors, {model}"


def _used(pid: int) -> float:
    clock = (~pid << 3) | 2  # how clock_getcpuclockid(3) names the clock of another process
    try:
        return time.clock_gettime(clock)
    except OSError:
        return 0.0
