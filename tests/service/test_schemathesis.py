"""Schemathesis against running services: every check, every phase, the stateful one too."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.services import make_run
from harness.tools import run


def sweep(project: Path, folder: Path, examples: int) -> None:
    with make_run(project, folder / "run.log") as service:
        done = run(
            project / ".venv/bin/schemathesis", "run", f"{service.address}/openapi.json", "--url", service.address,
            "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
            "--header", f"Authorization: Bearer {service.token}",
            "--max-examples", str(examples), "--seed", "1", "--no-color", "--request-timeout", "30",
            cwd=project, check=False, timeout=1500, env={"PYTHONUTF8": "1"},
        )  # fmt: skip
        log = service.log.read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, done.stdout[-20000:] + os.linesep + log[-3000:]
    assert "Stateful" in done.stdout
    assert '"status":500' not in log.replace(" ", "")


@pytest.mark.slow
@pytest.mark.xdist_group("ordering")
def test_sample(projects: Callable[[str], Path], tmp_path: Path) -> None:
    sweep(projects("ordering"), tmp_path, 30)


@pytest.mark.slow
@pytest.mark.xdist_group("everything")
def test_every_type_and_feature(projects: Callable[[str], Path], tmp_path: Path) -> None:
    sweep(projects("everything"), tmp_path, 15)
