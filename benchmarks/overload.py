"""What a service answers when more clients come than it can serve, what that costs it, and whether its probes pass."""

import json
import resource
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import IO, TYPE_CHECKING, Any, Self, cast

import yaml

from . import measuring
from .services import Project, Site, Target, load_generator

if TYPE_CHECKING:
    import subprocess

CROWDS = (32, 2000, 6000)
WARM_UP_S = 4.0
PROBE_PAUSE_S = 0.25
PROBE_PATIENCE_S = 5.0
"""As in the chart."""
PROBES = ("/livez", "/readyz")
MANNERS = ("polite", "rude")
LEAST_SHARE = 0.8
SPARE_FILES = 200


@dataclass(frozen=True)
class Limits:
    """What a pod of the service has: the time for an answer in s, and memory in MiB."""

    answer_s: float
    memory_mib: int

    @classmethod
    def of(cls, project: Project) -> "Limits":
        """Those of the chart."""
        file = project.folder / "deploy" / "helm" / project.name / "values.yaml"
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
        memory: str = values["resources"]["limits"]["memory"]
        mib = int(memory[:-2]) * {"Mi": 1, "Gi": 1024}[memory[-2:]]
        return cls(float(values["settings"]["REQUEST_TIMEOUT_S"]), mib)


@dataclass(frozen=True)
class Rush:
    """One crowd at one process: what it was answered with per second, and what that took; the median wait in s."""

    manner: str
    connections: int
    good_per_s: float
    refused_per_s: float
    p50_s: float
    good_us: float
    resident_mib: float
    probes: int
    probes_answered: int
    slowest_probe_s: float
    foreign_share: float
    cycle: int = 0


@dataclass
class Watch:
    """Asks for the probes while a crowd is there, and looks at the memory."""

    target: Target
    resident_mib: float = 0.0
    answered: list[float] = field(default_factory=list)
    asked: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(PROBE_PAUSE_S):
            begun = time.monotonic()
            self.asked += 1
            if self._is_answered(PROBES[self.asked % len(PROBES)]):
                self.answered.append(time.monotonic() - begun)
            self.resident_mib = max(self.resident_mib, measuring.resident_mib(self.target.process.pid))

    def _is_answered(self, path: str) -> bool:
        connection = HTTPConnection("127.0.0.1", self.target.port, timeout=PROBE_PATIENCE_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


class Overload:
    """Crowds at the sample: each manner meets a process of its own, with ever more connections."""

    def __init__(self, site: Site, stack: ExitStack, folder: Path) -> None:
        self._site = site
        self._folder = folder
        self._client = load_generator("crowd", stack)

    def measure(self, crowds: Sequence[int], seconds: float, cycles: int) -> list[str]:
        """The part of the report; every rush goes to a file in the folder."""
        allow(crowds)
        project, prepared, operations = self._site.service()
        limits = Limits.of(project)
        rushes = []
        for cycle in range(cycles):
            for manner in MANNERS:
                with self._site.interlude():
                    target = self._site.start_generated(f"{manner} crowd", project, prepared, operations)
                    for size in crowds:
                        rush = self._rush(target, limits, manner, size, seconds)
                        rushes.append(replace(rush, cycle=cycle))
        save(rushes, self._folder / "overload.jsonl")
        return lines(limits, rushes)

    def _rush(self, target: Target, limits: Limits, manner: str, connections: int, seconds: float) -> Rush:
        operation = target.operations[0]
        job = {
            "port": target.port,
            "seconds": seconds,
            "warm_up": min(WARM_UP_S, 4 * seconds),
            "connections": connections,
            "requests": [message for own in target.messages(operation, len(target.prepared.tokens)) for message in own],
            "patience_s": limits.answer_s,
            "polite": manner == "polite",
        }
        answers = cast("IO[str]", self._client.stdout)
        with Watch(target) as watch:
            _write(self._client, job)
            answers.readline()  # from now on it counts
            before = self._used(target)
            done = json.loads(answers.readline())
            served, others = (end - begun for begun, end in zip(before, self._used(target), strict=True))
        good = done["statuses"].get(str(operation.status), 0) - done["late"]
        return Rush(
            manner=manner,
            connections=connections,
            good_per_s=good / seconds,
            refused_per_s=done["statuses"].get("503", 0) / seconds,
            p50_s=done["p50"],
            good_us=served / max(good, 1) * 1e6,
            resident_mib=watch.resident_mib,
            probes=watch.asked,
            probes_answered=len(watch.answered),
            slowest_probe_s=max(watch.answered, default=0.0),
            foreign_share=max(0.0, others) / seconds,
        )

    def _used(self, target: Target) -> tuple[float, float]:
        """The processor time of the server, and of whatever takes no part."""
        server = measuring.used(measuring.tree(target.process.pid))
        database = measuring.used(measuring.tree(self._site.surroundings.pid))
        return server, measuring.busy() - server - database - measuring.used([self._client.pid])


def allow(crowds: Sequence[int]) -> None:
    """Let this process, and those that it starts, have a connection to everybody; raises RuntimeError if it may not."""
    wanted = max(crowds) + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        except (ValueError, OSError) as error:
            raise RuntimeError(f"{max(crowds)} connections take {wanted} open files; ulimit -n {hard}") from error


def lines(limits: Limits, rushes: Sequence[Rush]) -> list[str]:
    """The part of the report."""
    return [
        "## More clients than it can serve",
        "",
        "So many keep-alive connections ask the service for an order, each again as soon as it is answered. Those that",
        "are refused (503) wait as long as `Retry-After` says if they are polite, and not at all if they are rude.",
        f"Good is an answer within {limits.answer_s:g} s, the service's time-out. With most clients they may fall to",
        f"{LEAST_SHARE:g} of the best. Meanwhile `/livez` and `/readyz` are asked in turns, and have",
        f"{PROBE_PATIENCE_S:g} s each. A pod has {limits.memory_mib} MiB.",
        "",
        "| clients | number | good/s | of the best | CPU µs | p50, s | refused/s | MiB | probes | slowest, s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(_row(limits, rushes, manner, size) for manner in MANNERS for size in _sizes(rushes)),
        "",
        f"Others used {median(each.foreign_share for each in rushes):.2f} of a processor meanwhile.",
    ]


def save(rushes: Sequence[Rush], file: Path) -> None:
    """Every rush as a line of JSON."""
    file.write_text("".join(json.dumps(vars(each)) + "\n" for each in rushes), encoding="utf-8")


def _row(limits: Limits, rushes: Sequence[Rush], manner: str, connections: int) -> str:
    own = [each for each in rushes if (each.manner, each.connections) == (manner, connections)]

    def middle(name: str) -> float:
        figures: list[float] = [getattr(each, name) for each in own]
        return median(figures)

    share = median(each.good_per_s / _best(rushes, each) for each in own)
    memory = max(each.resident_mib for each in own)
    probes, answered = sum(each.probes for each in own), sum(each.probes_answered for each in own)
    cells = [
        manner,
        str(connections),
        f"{middle('good_per_s'):.0f}",
        f"{share:.2f} {_mark(share >= LEAST_SHARE) if connections == max(_sizes(rushes)) else ''}".rstrip(),
        f"{middle('good_us'):.0f}",
        f"{middle('p50_s'):.2f}",
        f"{middle('refused_per_s'):.0f}",
        f"{memory:.0f} {_mark(memory < limits.memory_mib)}",
        f"{answered} of {probes} {_mark(answered == probes)}",
        f"{max(each.slowest_probe_s for each in own):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _best(rushes: Sequence[Rush], rush: Rush) -> float:
    """The most that the same process gave."""
    return max(each.good_per_s for each in rushes if (each.cycle, each.manner) == (rush.cycle, rush.manner)) or 1.0


def _sizes(rushes: Sequence[Rush]) -> list[int]:
    return sorted({each.connections for each in rushes})


def _mark(kept: bool) -> str:
    return "✓" if kept else "✗"


def _write(process: "subprocess.Popen[str]", job: dict[str, Any]) -> None:
    requests = cast("IO[str]", process.stdin)
    requests.write(json.dumps(job) + "\n")
    requests.flush()
