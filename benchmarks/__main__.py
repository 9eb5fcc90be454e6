"""`python -m benchmarks`: measure, print the report and write it to build/benchmarks/report.md."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from . import generation, measuring, report, updates
from .comparison import Comparison, check_same, joined, save
from .generation import ROOT
from .services import Site, products

FOLDER = ROOT / "build" / "benchmarks"
PARTS = ("generation", "updates", "service", "routes")
STARTS = 5  # of the same code one process is up to 5 % faster than the next, by the luck of its memory's layout
LIMIT_OPTIONS = ("--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-server-header", "--no-proxy-headers")
CONVENTIONAL_OPTIONS = ("--log-level", "warning")


def main() -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one slice of load")
    parser.add_argument("--cycles", type=int, default=6, help="slices of each operation of each server")
    parser.add_argument("--copies", type=int, default=3, help="copies of each domain")
    parser.add_argument("--only", choices=PARTS, help="measure only this part")
    parser.add_argument(
        "--template", type=Path, default=ROOT, help="the repository whose HEAD is measured, by default this"
    )
    parser.add_argument("--keep", action="store_true", help="write benchmarks/RESULTS.md, too")
    options = parser.parse_args()
    parts = PARTS if options.only is None else (options.only,)
    served = any(part in parts for part in ("service", "routes"))
    if served and not measuring.AVAILABLE:
        print("The service is measured on Linux only; try --only generation.", file=sys.stderr)
        return 2
    lines = ["# Benchmarks", "", f"{datetime.now(UTC):%Y-%m-%d}, {measuring.processors()}, {_python()}."]
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        scratch.chmod(0o755)  # PostgreSQL may run as another user
        template = generation.clone(options.template, scratch / "template")
        if "generation" in parts:
            times = generation.measure(template, scratch, options.copies)
            lines += ["", *generation.lines(times, generation.yardstick(options.copies))]
        if "updates" in parts:
            lines += ["", *updates.lines(updates.measure(template, scratch, options.copies))]
        if served:
            lines += _services(Site(template, scratch, stack), stack, parts, options.seconds, options.cycles)
    text = "\n".join([*lines, ""])
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.md").write_text(text, encoding="utf-8")
    if options.keep:
        (ROOT / "benchmarks" / "RESULTS.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def _services(site: Site, stack: ExitStack, parts: tuple[str, ...], seconds: float, cycles: int) -> list[str]:
    comparison = Comparison(stack, site.surroundings.pid)
    lines: list[str] = []
    results = []
    processes: dict[str, tuple[float, float]] = {}
    FOLDER.mkdir(parents=True, exist_ok=True)
    if "service" in parts:
        prepared, operations = site.service()
        targets = [
            site.start_generated(report.SERVICE, None, prepared, operations),
            site.start_app(report.LIMIT, "limit", LIMIT_OPTIONS, prepared, operations),
            site.start_app(report.CONVENTIONAL, "conventional", CONVENTIONAL_OPTIONS, prepared, operations),
        ]
        check_same(targets)
        measured = comparison.run(targets, seconds, cycles)
        save(measured, FOLDER / "service.jsonl")
        lines += ["", *report.comparison(measured, [each.name for each in operations])]
        results.append(measured)
        processes |= {each.name: (each.start_s, measuring.resident_mib(each.process.pid)) for each in targets}
    if "routes" in parts:
        numbered = {name: site.numbered(aggregates) for name, aggregates in ((report.SMALL, 1), (report.LARGE, 25))}
        rounds = []
        for _ in range(STARTS):
            with site.interlude():
                targets = [site.start_generated(name, *each) for name, each in numbered.items()]
                rounds.append(comparison.run(targets, seconds, cycles))
                processes |= {each.name: (each.start_s, measuring.resident_mib(each.process.pid)) for each in targets}
        measured = joined(rounds)
        save(measured, FOLDER / "routes.jsonl")
        lines += ["", *report.routes(measured, [each.name for each in products()])]
        results.append(measured)
    return [*lines, "", *report.footing(results, processes)]


def _python() -> str:
    return f"Python {sys.version_info.major}.{sys.version_info.minor}"


if __name__ == "__main__":
    sys.exit(main())
