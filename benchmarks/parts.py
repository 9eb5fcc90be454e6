"""The parts of the report for which servers run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from . import measuring, report
from .comparison import Comparison, Results, check_same, joined, save
from .services import Served, Site, Target, products

LIMIT_OPTIONS = ("--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-server-header", "--no-proxy-headers")
CONVENTIONAL_OPTIONS = ("--log-level", "warning")


class Parts:
    """Each part, as lines; every slice of it goes to a file of its own in `folder`.

    Servers are started several times: of the same code one process is up to 5 % faster than the next, by the luck of
    its memory's layout.
    """

    def __init__(self, site: Site, stack: ExitStack, folder: Path, *, seconds: float, cycles: int, starts: int) -> None:
        self._site = site
        self._comparison = Comparison(stack, site.surroundings.pid)
        self._folder = folder
        self._seconds = seconds
        self._cycles = cycles
        self._starts = starts
        self._results: list[Results] = []
        self._processes: dict[str, tuple[float, float]] = {}

    def service(self) -> list[str]:
        """The sample beside its limit and its peers."""
        site = self._site
        project, prepared, operations = site.service()

        def start() -> list[Target]:
            targets = [
                site.start_generated(report.SERVICE, project, prepared, operations),
                site.start_app(report.LIMIT, "limit", LIMIT_OPTIONS, prepared, operations),
                site.start_fastify(report.FASTIFY, prepared, operations),
                site.start_app(report.CONVENTIONAL, "conventional", CONVENTIONAL_OPTIONS, prepared, operations),
            ]
            check_same(targets)
            return targets

        results = self._measured("service", start)
        return report.comparison(results, [each.name for each in operations])

    def against(self, commit: str) -> list[str]:
        """The sample beside the one of another commit."""
        served = {commit: self._site.service(commit), report.SERVICE: self._site.service()}
        results = self._measured("against", lambda: self._generated(served))
        return report.against(results, [each.name for each in served[commit][2]], commit)

    def routes(self) -> list[str]:
        """One aggregate alone, and behind 24 others."""
        served = {name: self._site.numbered(size) for name, size in ((report.SMALL, 1), (report.LARGE, 25))}
        results = self._measured("routes", lambda: self._generated(served))
        return report.routes(results, [each.name for each in products()])

    def footing(self) -> list[str]:
        """What the processes took beside the requests, and how quiet the machine was."""
        return report.footing(self._results, self._processes)

    def _generated(self, served: Mapping[str, Served]) -> list[Target]:
        return [self._site.start_generated(name, *each) for name, each in served.items()]

    def _measured(self, name: str, start: Callable[[], Sequence[Target]]) -> Results:
        rounds = []
        for _ in range(self._starts):
            with self._site.interlude():
                targets = start()
                rounds.append(self._comparison.run(targets, self._seconds, self._cycles))
                self._processes |= {
                    each.name: (each.start_s, measuring.resident_mib(each.process.pid)) for each in targets
                }
        results = joined(rounds)
        save(results, self._folder / f"{name}.jsonl")
        self._results.append(results)
        return results
