"""Every wrong domain is refused with all of its problems, each in one line with its place, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from castrum.template import language

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("wrong_domains.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_wrong_domain(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "domain.yaml"
    path.write_text(case["file"], encoding="utf-8")
    found = [message.removeprefix(f"{path}:").strip() for message in language.problems(path)]
    assert found == case["expected"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_problem_has_a_place(case: dict[str, Any]) -> None:
    for line in case["expected"]:
        assert re.match(r"[1-9][0-9]*:[1-9][0-9]*: ", line) or line.startswith("the domain is more than 40 levels deep")


def test_there_are_many() -> None:
    assert len(CASES) > 250
    assert len({case["name"] for case in CASES}) == len(CASES)
