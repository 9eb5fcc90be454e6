"""`python -m benchmarks`: measure, print the report and write it to build/benchmarks/report.md."""

import argparse
import functools
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from . import gate, generation, interpreter, lists, measuring, overload, updates
from .generation import ROOT
from .parts import Parts
from .services import Site

FOLDER = ROOT / "build" / "benchmarks"
PARTS = ("generation", "updates", "gate", "service", "routes", "overload", "lists")
SIDE_BY_SIDE = {"service", "routes"}
RUSHES_S = 6.0


def main() -> int:
    """Measure what is asked for."""
    options = _options()
    parts: tuple[str, ...] = PARTS if options.only is None else (options.only,)
    if options.against is not None:
        parts = ()
    beside = bool(SIDE_BY_SIDE.intersection(parts)) or options.against is not None
    served = beside or bool({"overload", "lists"}.intersection(parts))
    if served and not measuring.AVAILABLE:
        print("The service is measured on Linux only; try --only generation.", file=sys.stderr)
        return 2
    lines = ["# Benchmarks", "", f"{datetime.now(UTC):%Y-%m-%d}, {measuring.processors()}, {_python()}."]
    if served:
        lines.append(f"The servers run on Python {interpreter.version()}, and on the Node of its makers.")
    yardstick = functools.partial(generation.yardstick, options.copies)  # each time: a machine's speed changes
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        scratch.chmod(0o755)  # PostgreSQL may run as another user
        template = generation.clone(options.template, scratch / "template")
        if "generation" in parts:
            times = generation.measure(template, scratch, options.copies)
            lines += ["", *generation.lines(times, yardstick())]
        if "updates" in parts:
            lines += ["", *updates.lines(updates.measure(template, scratch, options.copies), yardstick())]
        if "gate" in parts:
            lines += ["", *gate.lines(gate.measure(template, scratch, options.gates), yardstick())]
        if served:
            FOLDER.mkdir(parents=True, exist_ok=True)
            site = Site(template, scratch, stack)
            if "overload" in parts:
                crowds = overload.Overload(site, stack, FOLDER)
                lines += ["", *crowds.measure(options.crowds, options.crowd_seconds, options.cycles)]
            if "lists" in parts:
                found = lists.measure(template, scratch, site.python, options.rows)
                lines += ["", *lists.lines(found, options.rows)]
            slices = {"seconds": options.seconds, "cycles": options.cycles, "starts": options.starts}
            servers = Parts(site, stack, FOLDER, **slices)
            if "service" in parts:
                lines += ["", *servers.service()]
            if "routes" in parts:
                lines += ["", *servers.routes()]
            if options.against is not None:
                lines += ["", *servers.against(options.against)]
            if beside:
                lines += ["", *servers.footing()]
    text = "\n".join([*lines, ""])
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.md").write_text(text, encoding="utf-8")
    if options.keep:
        (ROOT / "benchmarks" / "RESULTS.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one slice of load")
    parser.add_argument("--cycles", type=int, default=4, help="slices of each operation of each process")
    parser.add_argument("--starts", type=int, default=5, help="processes of each server")
    parser.add_argument("--copies", type=int, default=3, help="copies of each domain")
    parser.add_argument("--gates", type=int, default=3, help="runs of the gate after the first")
    parser.add_argument("--crowds", type=int, nargs="+", default=overload.CROWDS, help="connections of the overload")
    parser.add_argument("--crowd-seconds", type=float, default=RUSHES_S, help="how long each of those is measured")
    parser.add_argument("--rows", type=int, default=lists.ROWS, help="rows of the table whose lists are measured")
    parser.add_argument("--only", choices=PARTS, help="measure only this part")
    parser.add_argument("--against", metavar="COMMIT", help="measure only the service, beside that of another commit")
    parser.add_argument(
        "--template", type=Path, default=ROOT, help="the repository whose HEAD is measured, by default this"
    )
    parser.add_argument("--keep", action="store_true", help="write benchmarks/RESULTS.md, too")
    return parser.parse_args()


def _python() -> str:
    return f"Python {sys.version_info.major}.{sys.version_info.minor}"


if __name__ == "__main__":
    sys.exit(main())
