"""What ran on a bare machine is left out on the next one, and nothing is run nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness.machines import NEEDS_HISTORY
from harness.paths import ROOT

SUITE = """import os
import pytest

def test_both():
    pass

@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("name", ["a b", "ä::x"])
def test_group(name):
    pass

def test_tool():
    if os.environ["MACHINE"] == "first":
        pytest.skip(os.environ.get("REASON", "no tool"))

@pytest.mark.slow
def test_long():
    pass
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tests, and in `passed` those that passed on the first machine."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_it.py").write_text(SUITE, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow: long\n", encoding="utf-8")
    done = run(folder, "first", "-m", "not slow", "--passed-to=passed")
    assert done.returncode == 0, done.stdout
    return folder


def run(suite: Path, machine: str, *options: str) -> subprocess.CompletedProcess[str]:
    plugins = ("-p", "xdist", "-p", "harness.machines")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(ROOT / "tests"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "MACHINE": machine}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-n", "1", "--dist", "loadgroup", "-v", *options],
        cwd=suite, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_second_machine_runs_the_rest(suite: Path) -> None:
    assert len((suite / "passed").read_text(encoding="utf-8").splitlines()) == 3
    done = run(suite, "second", "--passed-before=passed")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
    for name in ("test_tool", "test_long"):
        assert f"PASSED test_it.py::{name}" in done.stdout


@pytest.mark.parametrize(("reason", "code"), [("no tool", 1), (NEEDS_HISTORY, 0)])
def test_what_passed_nowhere_fails(reason: str, code: int, suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REASON", reason)
    done = run(suite, "first", "--passed-before=passed")
    assert done.returncode == code, done.stdout
    assert ("passed on neither machine: test_it.py::test_tool" in done.stdout) == bool(code)
