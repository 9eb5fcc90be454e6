"""Checkouts that do not have every file, and files that git is told to ignore."""

from pathlib import Path

import pytest
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run
from harness.updates import Site, State, castrum, contents

pytestmark = pytest.mark.xdist_group("corpus")

FIRST = State("v0.1.0", 0, 0)
SECRET = "token: s3cret\n"  # noqa: S105 - made up


@pytest.fixture
def project(fast: Site, tmp_path: Path) -> Path:
    project = fast.project(FIRST, tmp_path / "shop")
    git(project, "status")  # a copied index takes every file for touched, and git leaves such ones where they are
    return project


def at_commit(project: Path) -> dict[str, bytes]:
    """Every file of the commit, as a fresh clone has it."""
    git(project.parent, "clone", "--quiet", str(project), "clone")
    return contents(project.parent / "clone")


def test_a_sparse_checkout_is_updated_as_a_whole(project: Path, fast: Site, tmp_path: Path) -> None:
    expected = fast.project(FIRST, tmp_path / "whole" / "shop")
    assert castrum("update", expected)[0] == 0
    commit_all(expected, "Update")
    git(project, "sparse-checkout", "set", "src", "contract")
    code, said = castrum("update", project)
    assert code == 0, said
    assert "you removed it" not in said
    assert "git add --sparse --all" in said
    assert not (project / "tests").exists()
    git(project, "add", "--sparse", "--all")
    git(project, "commit", "--quiet", "--message", "Update")
    assert at_commit(project) == contents(expected)
    assert git(project, "status", "--porcelain") == ""
    assert castrum("update", project) == (0, "Nothing to do: the tree is at v0.3.0.\n")
    assert castrum("update", project, "--check")[0] == 0
    assert run(BIN / "python", "-m", "dev.template", "ownership", cwd=tmp_path / "clone", env=GIT).returncode == 0
    git(project, "sparse-checkout", "set", "src", "dev")
    (project / "ownership.yaml").touch()
    assert "its file is gone" not in run(BIN / "python", "-m", "dev.template", "ownership", cwd=project, env=GIT).stdout


def test_an_update_of_a_sparse_checkout_is_taken_back(project: Path) -> None:
    (project / "docs/deployment.md").write_text("# Ours\n", encoding="utf-8")
    with (project / "migrations/env.py").open("a", encoding="utf-8") as stream:
        stream.write("# ours\n")
    commit_all(project, "Ours")
    git(project, "sparse-checkout", "set", "src", "contract")
    before, index = contents(project), git(project, "ls-files", "-t", "--stage")
    assert "S 100644" in index
    (project / "domain.yaml").write_text(State("v0.1.0", 2, 0).domain_text(), encoding="utf-8")
    assert castrum("update", project, "--data", "cloud=gcp")[0] in (0, 1)
    assert git(project, "diff", "--cached", "--name-only") != ""
    assert castrum("update", project, "--abort")[0] == 0
    git(project, "checkout", "--", "domain.yaml")
    assert contents(project) == before
    assert git(project, "ls-files", "-t", "--stage") == index
    assert git(project, "status", "--porcelain") == ""


def test_a_conflict_of_a_file_that_is_not_checked_out(project: Path) -> None:
    """It is brought here, so that a person can decide."""
    (project / "docs/handbook.md").write_text("# Ours\n", encoding="utf-8")
    commit_all(project, "A handbook of our own")
    git(project, "sparse-checkout", "set", "src", "contract")
    before, index = contents(project), git(project, "ls-files", "-t", "--stage")
    code, said = castrum("update", project)
    assert code == 1
    assert "docs/handbook.md: both added" in said
    assert "<<<<<<< yours" in (project / "docs/handbook.md").read_text(encoding="utf-8")
    assert "AA docs/handbook.md" in git(project, "status", "--porcelain")
    assert castrum("update", project, "--abort")[0] == 0
    assert contents(project) == before
    assert git(project, "ls-files", "-t", "--stage") == index


@pytest.mark.parametrize("where", [".gitignore", ".git/info/exclude"])
def test_what_git_ignores_is_neither_merged_nor_stored(where: str, project: Path) -> None:
    with (project / where).open("a", encoding="utf-8") as stream:
        stream.write("docs/handbook.md\n")
    commit_all(project, "Notes are nobody's business")
    (project / "docs/handbook.md").write_text(SECRET, encoding="utf-8")
    code, said = castrum("update", project, "--dry-run")
    assert SECRET.strip() not in said
    code, said = castrum("update", project)
    assert code == 1
    assert (
        "docs/handbook.md: in the way; a file of yours that git ignores stands where it belongs: "
        "kept/docs/handbook.md.template" in said
    )
    assert (project / "docs/handbook.md").read_text(encoding="utf-8") == SECRET
    assert "# Handbook" in (project / "kept/docs/handbook.md.template").read_text(encoding="utf-8")
    git(project, "add", "--all")
    objects = git(project, "cat-file", "--batch-check", "--batch-all-objects").splitlines()
    for line in objects:
        if line.split()[1] == "blob":
            assert SECRET.strip() not in git(project, "cat-file", "blob", line.split()[0])


def test_what_git_ignores_stays_where_the_template_takes_it_away(project: Path) -> None:
    with (project / ".gitignore").open("a", encoding="utf-8") as stream:
        stream.write(".editorconfig\n")
    git(project, "rm", "--quiet", "--cached", ".editorconfig")
    commit_all(project, "Everybody has an own one")
    (project / ".editorconfig").write_text(SECRET, encoding="utf-8")
    code, said = castrum("update", project)
    assert code == 0, said
    assert ".editorconfig: git ignores it here; the template has it no longer" in said
    assert (project / ".editorconfig").read_text(encoding="utf-8") == SECRET
    assert not (project / "kept").exists()
