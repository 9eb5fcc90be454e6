"""The platform of the generated services: its own tests, which no service carries, and how much of it they reach.

The tests in `tests/platform` run in the environment of a generated service: they import it as its own tests do, and
have the fixtures of its `tests/conftest.py` and `tests/platform/conftest.py`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from harness.paths import ROOT
from harness.tools import require, run

FOLDER = ROOT / "tests" / "platform"
EXAMPLE = "ordering"
POOLERS = FOLDER / "test_poolers.py"

pytestmark = pytest.mark.xdist_group(EXAMPLE)


FIXTURES = ("--confcutdir", FOLDER, "-p", "tests.conftest", "-p", "tests.platform.conftest", "--import-mode=importlib")


def run_tests(project: Path, *arguments: str | Path) -> str:
    """Pytest in the environment of a project; what it said."""
    done = run(
        project / ".venv/bin/python", "-m", "pytest", "-c", project / "pyproject.toml", "--rootdir", project,
        "-p", "no:cacheprovider", "-q", *arguments,
        cwd=project, timeout=1500, env={"PYTHONPATH": str(FOLDER)},
    )  # fmt: skip
    return done.stdout


def test_platform(projects: Callable[[str], Path]) -> None:
    check(run_tests(projects(EXAMPLE), *FIXTURES, FOLDER, f"--ignore={POOLERS}"))


def test_poolers(projects: Callable[[str], Path]) -> None:
    require("pgbouncer")
    check(run_tests(projects(EXAMPLE), *FIXTURES, POOLERS))


def check(said: str) -> None:
    assert "passed" in said, said
    assert "skipped" not in said, said


@pytest.mark.slow
def test_branches(projects: Callable[[str], Path]) -> None:
    """A service's own tests and these together run 95 % of the platform's branches."""
    require("pgbouncer")
    project = projects(EXAMPLE)
    measured = (
        f"--cov={project / 'src' / EXAMPLE / 'platform'}", "--cov-branch", f"--cov-config={FOLDER / 'coverage.ini'}",
    )  # fmt: skip
    run_tests(project, *measured, "--cov-report=", project / "tests")
    run_tests(project, *measured, "--cov-append", "--cov-fail-under=95", "--cov-report=term", *FIXTURES, FOLDER)
