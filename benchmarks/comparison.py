"""Servers measured side by side.

Short slices of load go round them in a shuffled order, those of one operation one after the other, so that a
disturbance of the machine hits all servers alike. What counts is processor time per request, which others on the
machine change less than anything else. Ratios are taken between slices of the same cycle, and the cycles in which
others used the processors most are left out.
"""

import json
import random
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import IO, Any, cast

from . import measuring
from .services import Operation, Target, load_generator

CONNECTIONS = 32
WARM_UP = 0.5
WARM_UPS = 4  # Node compiles what has run for a while, on processor time that is measured
QUIET_SHARE = 0.67
MOMENT = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:]{8}(?:\.\d*[1-9])?)\.?0*Z$")
NEVER_THE_SAME = {
    "get": (),
    "list": ("next",),
    "create": ("id", "number", "created_at", "modified_at"),
    "update": ("modified_at",),
}


@dataclass(frozen=True)
class Slice:
    """What was measured in one slice: times per request in µs, waiting times in ms, shares of one processor."""

    cycle: int
    target: str
    operation: str
    requests_per_s: float
    server_us: float
    database_us: float
    p50_ms: float
    p99_ms: float
    server_share: float
    foreign_share: float


class Results:
    """All slices of a comparison."""

    def __init__(self, slices: Sequence[Slice]) -> None:
        self.slices = slices

    def median(self, target: str, operation: str, name: str) -> float:
        """The median of a figure over the quiet slices."""
        figures: list[float] = [getattr(each, name) for each in self._quiet(target, operation)]
        return median(figures)

    def ratio(self, target: str, other: str, operation: str) -> float:
        """How many requests `target` answers in the processor time that `other` needs for one."""
        pairs = [
            (ours.foreign_share + theirs.foreign_share, theirs.server_us / ours.server_us)
            for ours in self._of(target, operation)
            for theirs in self._of(other, operation)
            if ours.cycle == theirs.cycle
        ]
        pairs.sort()
        return median(ratio for _, ratio in pairs[: _quiet_count(len(pairs))])

    def foreign(self) -> float:
        """What others used of the machine meanwhile, as a share of one processor."""
        return median(each.foreign_share for each in self.slices)

    def _of(self, target: str, operation: str) -> list[Slice]:
        return [each for each in self.slices if (each.target, each.operation) == (target, operation)]

    def _quiet(self, target: str, operation: str) -> list[Slice]:
        slices = sorted(self._of(target, operation), key=lambda each: each.foreign_share)
        return slices[: _quiet_count(len(slices))]


class Comparison:
    """A load generator, and the processes that take part beside the servers."""

    def __init__(self, stack: ExitStack, surroundings: int) -> None:
        self._surroundings = surroundings
        self._client = load_generator("client", stack)

    def run(self, targets: Sequence[Target], seconds: float, cycles: int) -> Results:
        """Measure every operation of every target once in each cycle."""
        pairs = [(target, operation) for target in targets for operation in target.operations]
        for target, operation in pairs * WARM_UPS:
            self._load(target, operation, min(seconds, WARM_UP))
        names = list(dict.fromkeys(operation.name for _, operation in pairs))
        slices = []
        for cycle in range(cycles):
            for name in random.sample(names, len(names)):
                same = [(target, operation) for target, operation in pairs if operation.name == name]
                for target, operation in random.sample(same, len(same)):
                    slices.append(self._measure(cycle, target, operation, seconds))
        return Results(slices)

    def _measure(self, cycle: int, target: Target, operation: Operation, seconds: float) -> Slice:
        server, database = measuring.tree(target.process.pid), measuring.tree(self._surroundings)
        before = measuring.used(server), measuring.used(database), measuring.used([self._client.pid]), measuring.busy()
        done = self._load(target, operation, seconds)
        after = measuring.used(server), measuring.used(database), measuring.used([self._client.pid]), measuring.busy()
        served, stored, sent, busy = (end - begin for begin, end in zip(before, after, strict=True))
        requests, elapsed = done["requests"], done["seconds"]
        return Slice(
            cycle=cycle,
            target=target.name,
            operation=operation.name,
            requests_per_s=requests / elapsed,
            server_us=served / requests * 1e6,
            database_us=stored / requests * 1e6,
            p50_ms=done["p50"] * 1e3,
            p99_ms=done["p99"] * 1e3,
            server_share=served / elapsed,
            foreign_share=max(0.0, busy - served - stored - sent) / elapsed,
        )

    def _load(self, target: Target, operation: Operation, seconds: float) -> dict[str, Any]:
        job = {
            "port": target.port,
            "seconds": seconds,
            "messages": target.messages(operation, CONNECTIONS),
            "expected": operation.status,
        }
        requests, answers = cast("IO[str]", self._client.stdin), cast("IO[str]", self._client.stdout)
        requests.write(json.dumps(job) + "\n")
        requests.flush()
        done: dict[str, Any] = json.loads(answers.readline())
        if failure := done.get("failure") or done["unexpected"]:
            raise RuntimeError(f"{target.name}, {operation.name}: {failure}")
        return done


def joined(rounds: Sequence[Results]) -> Results:
    """One comparison of all rounds; their cycles stay apart."""
    cycles = 1 + max(each.cycle for results in rounds for each in results.slices)
    return Results([
        replace(each, cycle=number * cycles + each.cycle)
        for number, results in enumerate(rounds)
        for each in results.slices
    ])  # fmt: skip


def check_same(targets: Sequence[Target]) -> None:
    """Raise RuntimeError unless servers on one database answer alike, but for what is absent or never the same."""
    first, *others = targets
    for operation in first.operations:
        expected = _essence(first.ask(operation), operation)
        for other in others:
            answer = _essence(other.ask(operation), operation)
            if answer != expected:
                raise RuntimeError(f"{operation.name} of {other.name} and {first.name}:\n{answer}\n{expected}")


def _essence(value: Any, operation: Operation) -> Any:
    if isinstance(value, dict):
        never_the_same = NEVER_THE_SAME[operation.name]
        return {
            name: _essence(member, operation)
            for name, member in value.items()
            if member is not None and name not in never_the_same
        }
    if isinstance(value, list):
        return [_essence(each, operation) for each in value]
    return MOMENT.sub(r"\1Z", value) if isinstance(value, str) else value


def _quiet_count(count: int) -> int:
    return max(1, round(count * QUIET_SHARE))


def save(results: Results, file: Path) -> None:
    """Every slice as a line of JSON."""
    file.write_text("".join(json.dumps(vars(each)) + "\n" for each in results.slices), encoding="utf-8")
