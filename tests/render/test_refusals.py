"""Wrong domains at the front door: Copier says what is wrong, once and clearly, and writes nothing."""

import json
import tomllib
from datetime import date
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
# tests/unit asks for each of them; here it is enough to see that Copier says the same. A process takes a second.
HALF = CASES[::2]
SOME = CASES[::25]


def said(message: str) -> list[str]:
    """The problems in a message, which is a heading and a list."""
    heading, *lines = message.strip().splitlines()
    assert heading.endswith(":"), message
    assert all(line.startswith("  - ") for line in lines), message
    return [line.removeprefix("  - ").removeprefix("domain.yaml:").strip() for line in lines]


@pytest.mark.parametrize("case", HALF, ids=[case["name"] for case in HALF])
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


GIVEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "choice": ({"cloud": "azur"}, ["cloud: 'azur' is not aws, gcp or azure"]),
    "unknown": ({"peak_rp": "5"}, ["unknown answer 'peak_rp'; did you mean 'peak_rps'?"]),
    "computed": ({"uses": {}}, ["unknown answer 'uses'; the answers are api_url, "]),
    "list": (
        {"environments": ["staging", "production"]},
        ["environments: write one text instead of a list: 'staging, production'"],
    ),
    "mapping": ({"region": {"a": 1}}, ["region: YAML reads what stands there as a mapping; write the text in quotes"]),
    "nothing": ({"organisation": None}, ["organisation: YAML reads what stands there as nothing; write the text in"]),
    "truth": ({"description": True}, ["description: YAML reads what stands there as true; write the text in quotes"]),
    "number": ({"description": 83}, ["description: YAML reads what stands there as the number 83; write the text in"]),
    "date": ({"owner_team": date(2026, 1, 2)}, ["owner_team: YAML reads what stands there as a date; write the text"]),
    "no YAML": ({"domain": "{a: [}"}, ["domain: not valid YAML: while parsing a flow node "]),
    "several": ({"licence": "gpl", "x": 1}, ["licence: 'gpl' is not proprietary, mit or apache-2.0", "unknown answer"]),
}


@pytest.mark.parametrize("name", GIVEN)
def test_answers_that_copier_cannot_take(name: str, tmp_path: Path) -> None:
    data, expected = GIVEN[name]
    with pytest.raises(UserMessageError) as refusal:
        rendering.copy(tmp_path / "service", data)
    found = said(refusal.value.message)
    assert len(found) == len(expected)
    assert all(line.startswith(beginning) for line, beginning in zip(found, expected, strict=True)), found
    assert not (tmp_path / "service").exists()


def test_numbers_are_taken_for_numbers(tmp_path: Path) -> None:
    """In a data file nobody writes quotes around them."""
    service = rendering.copy(tmp_path / "service", {"peak_rps": 250, "availability": 99.9, "python_version": 3.13})
    answers = yaml.safe_load((service / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert (answers["peak_rps"], answers["availability"], answers["python_version"]) == ("250", "99.9", "3.13")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--data", "cloud=azur"), "cloud: 'azur' is not aws, gcp or azure"),
        (
            ("--answers-file", ".copier-answers.service.yml"),
            "answers file of a service is always called ",
        ),
    ],
)
def test_copier_ends_with_a_sentence(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """The real command, without a git repository: that is what ends it early."""
    done = run(
        BIN / "copier", "copy", "--trust", "--defaults", *options, ROOT, tmp_path / "service", check=False, env=GIT
    )  # fmt: skip
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "service").exists()


@pytest.mark.parametrize("text", ["0123", "1e3", "null", "yes", "1:30", "#1"])
def test_texts_that_look_like_something_else_stay_texts(text: str, tmp_path: Path) -> None:
    answers = dict.fromkeys(("description", "organisation", "owner_team"), text)
    service = rendering.copy(tmp_path / "service", {**answers, "service_name": "s12", "repository": "acme/s12"})
    recorded = yaml.safe_load((service / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert {name: recorded[name] for name in answers} == answers
    contract = yaml.safe_load((service / "contract/openapi.yaml").read_text(encoding="utf-8"))
    assert contract["info"]["description"].startswith(text)
    assert contract["info"]["contact"]["name"] == text
    chart = yaml.safe_load((service / "deploy/helm/s12/Chart.yaml").read_text(encoding="utf-8"))
    assert chart["description"] == text
    project = tomllib.loads((service / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["description"] == text
