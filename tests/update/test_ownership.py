"""Who changes which file: one list, and what is told from it."""

from pathlib import Path

import pytest
import yaml
from harness.paths import ROOT
from harness.releases import replace
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run
from harness.updates import Site, State, castrum

from castrum.repository.project import FROZEN

pytestmark = pytest.mark.xdist_group("corpus")

SOURCE = ROOT / "questions" / "ownership.yml"


@pytest.fixture
def project(site: Site, tmp_path: Path, git_environment: None) -> Path:
    return site.project(State("v0.1.0", 0, 0), tmp_path / "shop")


def check(project: Path, *, fails: bool = False) -> str:
    """What `make ownership` says; it needs nothing but PyYAML."""
    done = run(BIN / "python", "-m", "dev.template", "ownership", cwd=project, env=GIT, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout


def test_manifest_has_what_copier_reads(project: Path) -> None:
    source = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    manifest = yaml.safe_load((project / "ownership.yaml").read_text(encoding="utf-8"))
    assert manifest["yours"] == source["_skip_if_exists"]
    there = [rule["paths"] for rule in source["_follows_template"]]
    assert [rule["paths"] for rule in manifest["template"]] == [*there, ["/.github/workflows/"]]
    assert all(any(pattern.strip("/").startswith(path.strip("/")) for pattern in manifest["yours"]) for path in FROZEN)


@pytest.mark.parametrize("answers", [0, 2])
def test_every_pattern_is_about_some_file(answers: int, site: Site, tmp_path: Path) -> None:
    """Nothing is listed that a service with these answers does not have."""
    project = site.project(State("v0.1.0", 0, answers), tmp_path / "shop")
    manifest = yaml.safe_load((project / "ownership.yaml").read_text(encoding="utf-8"))
    patterns = [*manifest["yours"], *(path for rule in manifest["template"] for path in rule["paths"])]
    for pattern in patterns:
        assert git(project, "ls-files", "--cached", "--ignored", f"--exclude={pattern}"), pattern


@pytest.mark.parametrize(("answers", "place"), [(0, ".github"), (2, ".gitlab")])
def test_code_owners_can_be_named_for_what_follows_the_template(
    answers: int, place: str, site: Site, tmp_path: Path
) -> None:
    """Nobody is named who may not exist; the paths are there to put a team behind."""
    project = site.project(State("v0.1.0", 0, answers), tmp_path / "shop")
    text = (project / place / "CODEOWNERS").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == ["* @acme/team-shop"]
    manifest = yaml.safe_load((project / "ownership.yaml").read_text(encoding="utf-8"))
    paths = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# /")]
    assert paths == [path for rule in manifest["template"] for path in rule["paths"]]
    assert ("/.github/workflows/" in paths) == (place == ".github")


def test_fresh_is_quiet(project: Path) -> None:
    assert check(project) == ""


def test_edit_of_a_template_file_is_told_with_its_extension_point(project: Path) -> None:
    with (project / "src/shop/platform/http_client.py").open("a", encoding="utf-8") as stream:
        stream.write("# mine\n")
    commit_all(project, "An edit")
    assert "src/shop/platform/http_client.py: follows the template; routes, tables, settings" in check(project)


def test_files_of_ones_own_beside_them_are_no_edits(project: Path) -> None:
    """A workflow or a manifest of one's own is what the advice itself asks for; also when it changes later."""
    for text in ("name: Ours\n", "name: Ours, too\n"):
        for name in (".github/workflows/ours.yml", "deploy/helm/shop/templates/ours.yaml", "dev/ours.py"):
            (project / name).write_text(text, encoding="utf-8")
        commit_all(project, "Ours")
        assert check(project) == ""


def test_an_update_before_its_commit_is_no_edit(fast: Site, tmp_path: Path) -> None:
    project = fast.project(State("v0.1.0", 0, 0), tmp_path / "shop")
    (project / "domain.yaml").write_text(State("v0.1.0", 1, 0).domain_text(), encoding="utf-8")
    assert castrum("update", project, "--to", "v0.2.0")[0] == 0
    assert check(project) == ""
    commit_all(project, "Update")
    (project / "src/shop/platform/http_client.py").write_text("# mine\n", encoding="utf-8")
    (project / "docs/domain.md").write_text("mine\n", encoding="utf-8")
    assert [line.partition(":")[0] for line in check(project).splitlines()] == [
        "docs/domain.md", "src/shop/platform/http_client.py",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("README.md", "<<<<<<< yours\na\n=======\nb\n>>>>>>> template\n", "README.md: has conflict markers"),
        ("README.md.rej", "patch\n", "README.md.rej: was set aside"),
        ("kept/README.md.yours", "mine\n", "kept/README.md.yours: was set aside"),
    ],
)
def test_leftovers_of_an_update_are_red(name: str, text: str, words: str, project: Path) -> None:
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text(text, encoding="utf-8")
    assert words in check(project, fails=True)


def test_a_stamp_that_is_gone_is_red(project: Path) -> None:
    for stamp in (project / ".castrum").iterdir():
        stamp.unlink()
    assert "its file is gone; get it back" in check(project, fails=True)


def test_answers_edited_by_hand_are_red(project: Path) -> None:
    replace(project, ".copier-answers.yml", "cloud: aws", "cloud: gcp")
    assert ".copier-answers.yml: edited by hand" in check(project, fails=True)
