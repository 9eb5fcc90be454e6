"""The real Renovate proposes a newer template in a generated repository, from its answers file."""

import json
from pathlib import Path
from typing import Any

import pytest
from harness import node, releases
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run

pytestmark = pytest.mark.slow

VERSION = "44.121.2"
# Without its database of advisories, which it fetches from elsewhere.
SETTINGS = {"LOG_FORMAT": "json", "LOG_LEVEL": "debug", "RENOVATE_FORCE": '{"osvVulnerabilityAlerts": false}'}


@pytest.fixture(scope="module")
def template(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three releases, and a candidate of a fourth."""
    folder = releases.with_history(template_repository, tmp_path_factory.mktemp("renovate") / "template")
    git(folder, "tag", "--annotate", "v0.4.0rc1", "--message", "v0.4.0rc1")
    return folder


def made(template: Path, tag: str, folder: Path) -> Path:
    """A service of this release; Renovate takes addresses only, no paths."""
    command = ("copy", "--trust", "--defaults", "--quiet", "--vcs-ref", tag, f"git+{template.as_uri()}")
    run(BIN / "copier", *command, folder, env=GIT)
    commit_all(folder, "Start")
    return folder


def proposed(service: Path, place: Path) -> list[dict[str, Any]]:
    """The updates that Renovate finds for the answers file, which is all that Copier's manager has to find."""
    said = node.run_script(
        node.package("renovate", VERSION) / "dist" / "renovate.js",
        "--platform=local", "--dry-run=lookup", "--enabled-managers=copier",
        cwd=service, env={**GIT, **SETTINGS, "RENOVATE_BASE_DIR": str(place)},
    ).stdout  # fmt: skip
    records = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    (found,) = [record["config"] for record in records if record["msg"] == "packageFiles with updates"]
    ((file,),) = found.values()
    assert file["packageFile"] == ".copier-answers.yml"
    (dependency,) = file["deps"]
    updates: list[dict[str, Any]] = dependency["updates"]
    return updates


def test_the_newest_release_is_proposed(template: Path, tmp_path: Path) -> None:
    service = made(template, "v0.1.0", tmp_path / "service")
    (update,) = proposed(service, tmp_path / "renovate")
    assert (update["newVersion"], update["branchName"]) == ("v0.3.0", "renovate/template")
    # A tag that git lists has no date, so a rule that waits for an age would wait for ever.
    assert "pendingChecks" not in update

    rules = json.loads((service / "renovate.json").read_text(encoding="utf-8"))
    for rule in rules["packageRules"]:
        rule.pop("minimumReleaseAge", None)
    (service / "renovate.json").write_text(json.dumps(rules), encoding="utf-8")
    (update,) = proposed(service, tmp_path / "renovate")
    assert update["pendingChecks"]


def test_nothing_is_proposed_to_a_service_of_the_newest_release(template: Path, tmp_path: Path) -> None:
    assert proposed(made(template, "v0.3.0", tmp_path / "service"), tmp_path / "renovate") == []


def test_the_configuration_is_what_renovate_asks_for(template: Path, tmp_path: Path) -> None:
    service = made(template, "v0.1.0", tmp_path / "service")
    validator = node.package("renovate", VERSION) / "dist" / "config-validator.js"
    node.run_script(validator, "--strict", "renovate.json", cwd=service)
    path = service / "renovate.json"
    path.write_text(path.read_text("utf-8").replace('"ignoreScripts"', '"ignoreScript"'), encoding="utf-8")
    refused = node.run_script(validator, "--strict", "renovate.json", cwd=service, check=False)
    assert refused.returncode == 1
    assert "ignoreScript" in refused.stdout
