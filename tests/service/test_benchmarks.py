"""The benchmark works; what it measures is nothing for a test."""

import sys

import pytest
from harness.paths import ROOT
from harness.tools import run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("benchmarks")]


def test_it_measures_and_reports() -> None:
    if sys.platform != "linux":
        pytest.skip("the service is measured on Linux only")
    done = run(sys.executable, "-m", "benchmarks", "--seconds", "0.1", "--cycles", "1", "--copies", "1", cwd=ROOT)
    titles = [line for line in done.stdout.splitlines() if line.startswith("## ")]
    assert titles == [
        "## Generation",
        "## Updates",
        "## The service between its limit and convention",
        "## The number of routes",
        "## Start and memory",
    ]
    assert (ROOT / "build" / "benchmarks" / "report.md").read_text(encoding="utf-8") == done.stdout.removesuffix("\n")
