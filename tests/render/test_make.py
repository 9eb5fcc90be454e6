"""What is typed behind a target of the generated Makefile reaches the program as it was typed."""

import json
import sys
from pathlib import Path

import pytest
from harness import rendering
from harness.tools import run

# As the person means them, whatever make and the shell would make of them.
VALUES = [
    "cloud=gcp release=canary",
    "description=Takes orders, and more",
    "description='Takes \"orders\"' cloud=gcp",
    "description=It's $5, $$ and $(x or ${y} `id` $(shell echo no)",
    "description=#1 of \\ 100% *.py ~ & ; | < > ! é ü 注文",
    "description='two\nlines'",
    "organisation=-x",
]

PROGRAM = """
import json, os, sys
print(json.dumps(sys.argv[1:]))
sys.exit(" ".join([sys.argv[0].rpartition("/")[2], *sys.argv[1:]]) == os.environ.get("FAILS"))
"""
GATE = [
    "lint-imports",
    "python -m dev.contract endpoints",
    "python -m dev.contract lint",
    "python -m dev.describe jobs --check",
    "python -m dev.migrate check",
    "python -m dev.migrate lint",
    "python -m dev.template ownership",
    "python -m mypy",
    "python -m pytest --cov --cov-report=term --deselect=tests/test_contract.py::test_the_service_keeps_its_contract",
    "python -m pytest tests/test_contract.py::test_the_service_keeps_its_contract",
    "python -m ruff check",
    "python -m ruff format --check",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service whose Python tells what it was called with."""
    folder = rendering.copy(tmp_path_factory.mktemp("made") / "orders", {})
    (folder / ".venv/bin").mkdir(parents=True)
    for name in ("python", "lint-imports"):
        program = folder / ".venv/bin" / name
        program.write_text(f"#!{sys.executable}\n{PROGRAM}", encoding="utf-8")
        program.chmod(0o755)
    (folder / ".venv/ready").touch()
    return folder


def called(project: Path, *words: str, env: dict[str, str] | None = None) -> list[str]:
    """What the first program that the target calls is given."""
    found: list[str] = json.loads(run("make", "--silent", *words, cwd=project, env=env).stdout.splitlines()[0])
    return found


@pytest.mark.parametrize("value", VALUES)
def test_values_stay_whole(value: str, project: Path) -> None:
    update = ["-m", "dev.template", "castrum", "update"]
    assert called(project, "regen", f"ANSWERS={value}") == [*update, "--to", "current", f"--answers={value}"]
    assert called(project, "regen", env={"ANSWERS": value})[-1] == f"--answers={value}"
    assert called(project, "upgrade", f"ANSWERS={value}", f"TO={value}") == [
        *update, f"--to={value}", f"--answers={value}",
    ]  # fmt: skip
    assert called(project, "resolve", f"ANSWERS={value}", f"TAKE={value}", f"TO={value}") == [
        "-m", "dev.template", "castrum", "resolve", f"--take={value}", f"--to={value}", f"--answers={value}",
    ]  # fmt: skip
    assert called(project, "migration", f"m={value}") == ["-m", "dev.migrate", "new", "--base=origin/main", "--", value]
    assert called(project, "token", f"SUBJECT={value}", f"SCOPES={value}", "TTL=60") == [
        "-m", "dev.run", "token", f"--scopes={value}", f"--subject={value}", "--ttl=60",
    ]  # fmt: skip
    assert called(project, "breaking", f"BASE={value}") == ["-m", "dev.contract", "breaking", "--", value]
    assert called(project, "secrets", f"SINCE={value}") == ["-m", "dev.delivery", "secrets", f"--since={value}"]


def test_a_merge_is_resolved_before_anything_is_set_up(project: Path) -> None:
    """What the setup reads may have conflicts then."""
    uvx = project / ".venv/bin/uvx"
    uvx.touch()
    (project / ".venv/ready").rename(project / "ready")
    try:
        first, *_, last = run("make", "--dry-run", "resolve", cwd=project).stdout.splitlines()
        assert "dev.template castrum resolve" in first
        assert "dev.migrate join" in last  # with the code that was made
    finally:
        (project / "ready").rename(project / ".venv/ready")
        uvx.unlink()


def test_what_is_not_typed_is_not_passed(project: Path) -> None:
    assert called(project, "upgrade") == ["-m", "dev.template", "castrum", "update", "--answers="]
    assert called(project, "resolve") == ["-m", "dev.template", "castrum", "resolve", "--answers="]
    assert called(project, "token") == ["-m", "dev.run", "token"]
    assert called(project, "breaking") == ["-m", "dev.contract", "breaking", "--", "origin/main"]
    assert called(project, "secrets") == ["-m", "dev.delivery", "secrets"]
    assert called(project, "migration") == ["-m", "dev.migrate", "new", "--base=origin/main", "--", ""]


@pytest.mark.parametrize("options", [(), ("--jobs=3",)], ids=" ".join)
def test_the_gate_has_each_part_once(options: tuple[str, ...], project: Path) -> None:
    done = run("make", "--dry-run", *options, "check", cwd=project)
    programs = [line.removeprefix(".venv/bin/") for line in done.stdout.splitlines() if line.startswith(".venv/bin/")]
    assert sorted(programs) == GATE
    assert ("--jobs=2" in done.stdout) is not bool(options)
    assert done.stderr == ""  # such as a warning that make forgets the number that it was told
    run("make", *options, "check", cwd=project)


@pytest.mark.parametrize("part", GATE)
def test_the_gate_fails_with_each_part(part: str, project: Path) -> None:
    assert run("make", "check", cwd=project, env={"FAILS": part}, check=False).returncode != 0
