"""Wrong domains at the front door: Copier says what is wrong, once and clearly, and writes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier.errors import UserMessageError
from harness import rendering
from harness.paths import ROOT
from harness.repository import GIT
from harness.tools import BIN, run

CASES: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests/unit/wrong_domains.yaml").read_text(encoding="utf-8"))
# One process each takes a second; every fourteenth case is enough to see that it is the same code.
SOME = CASES[::14]


def said(message: str) -> list[str]:
    """The problems in a message, which is a heading and a list."""
    heading, *lines = message.strip().splitlines()
    assert heading.endswith(":"), message
    assert all(line.startswith("  - ") for line in lines), message
    return [line.removeprefix("  - ") for line in lines]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_copy_refuses(case: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "domain.yaml").write_text(case["file"], encoding="utf-8")
    with pytest.raises(UserMessageError) as refusal:
        rendering.copy(tmp_path)
    assert said(refusal.value.message) == case["expected"]
    assert [path.name for path in tmp_path.iterdir()] == ["domain.yaml"]


@pytest.mark.parametrize("case", SOME, ids=[case["name"] for case in SOME])
def test_copier_refuses(case: dict[str, Any], template_repository: Path, tmp_path: Path) -> None:
    """The real command: exit code, what a person reads, nothing written."""
    destination = tmp_path / "service"
    destination.mkdir()
    (destination / "domain.yaml").write_text(case["file"], encoding="utf-8")
    done = run(
        BIN / "copier", "copy", "--trust", "--defaults", template_repository, destination, check=False, env=GIT
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for line in case["expected"]:
        assert line in done.stderr
    assert [path.name for path in destination.iterdir()] == ["domain.yaml"]


def test_copier_refuses_a_domain_among_the_answers(template_repository: Path, tmp_path: Path) -> None:
    """Without a file: the domain as an answer; the destination is not even made."""
    domain = {"context": "shop", "aggregates": {"Order": {"fields": {"total": "mony", "note": "txt"}}}}
    (tmp_path / "answers.yaml").write_text(json.dumps({"domain": domain}), encoding="utf-8")
    done = run(
        BIN / "copier", "copy", "--trust", "--defaults", "--data-file", "answers.yaml", template_repository, "service",
        cwd=tmp_path, check=False, env=GIT,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "aggregates.Order.fields.total: unknown type 'mony'; did you mean 'money'?" in done.stderr
    assert "aggregates.Order.fields.note" in done.stderr
    assert not (tmp_path / "service").exists()
