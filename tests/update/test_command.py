"""`castrum update` as a person meets it: what it refuses, what it shows, what it keeps aside."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from harness.releases import replace
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run
from harness.updates import Site, State, castrum, contents

from castrum import cli

pytestmark = pytest.mark.xdist_group("corpus")

FIRST = State("v0.1.0", 0, 0)


@pytest.fixture
def project(fast: Site, tmp_path: Path) -> Path:
    return fast.project(FIRST, tmp_path / "shop")


def ask_for(project: Path, state: State) -> None:
    (project / "domain.yaml").write_text(state.domain_text(), encoding="utf-8")


def test_refuses_uncommitted_work(project: Path) -> None:
    (project / "README.md").write_text("mine\n", encoding="utf-8")
    (project / "notes.txt").write_text("mine\n", encoding="utf-8")
    code, said = castrum("update", project)
    assert code == 2
    assert "README.md, notes.txt" in said
    assert "git stash --include-untracked" in said
    assert (project / "README.md").read_text(encoding="utf-8") == "mine\n"


def test_takes_the_domain_before_it_is_committed(project: Path) -> None:
    ask_for(project, State("v0.1.0", 1, 0))
    code, said = castrum("update", project, "--to", "current")
    assert code == 0, said
    assert (project / "src/shop/article/routes.py").is_file()


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda folder: (folder / ".copier-answers.yml").unlink(), "not the folder of a service"),
        (lambda folder: (folder / ".copier-answers.yml").write_text("_commit: v0.1.0\n"), "which template"),
        (lambda folder: replace(folder, ".copier-answers.yml", "cloud: aws", "cloud: gcp"), "an edit by hand"),
        (lambda folder: (folder / "domain.yaml").write_text("context: x\naggregates: {A: {b: mony}}\n"), "'money'"),
    ],
)
def test_refusals(break_it: object, words: str, project: Path) -> None:
    assert callable(break_it)
    break_it(project)
    commit_all(project, "Break it")
    before = contents(project)
    code, said = castrum("update", project, "--to", "current")
    assert code == 2, said
    assert words in said
    assert "Traceback" not in said
    assert contents(project) == before


def test_refuses_what_is_no_repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".git").rename(project / "elsewhere")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    code, said = castrum("update", project)
    assert code == 2
    assert "git init" in said


def test_says_why_git_refuses_the_repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    code, said = castrum("update", project)
    assert code == 2
    assert "safe.directory" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--data", "clod=gcp"), "unknown answer 'clod'"),
        (("--data", "cloud"), "NAME=VALUE"),
        (("--data", "domain=x"), "edit domain.yaml"),
        (("--to", "v9.9.9"), "v9.9.9"),
        (("--data", "cloud=moon"), "cloud"),
        (("--abort",), "nothing to take back"),
    ],
)
def test_refused_arguments(arguments: tuple[str, ...], words: str, project: Path) -> None:
    code, said = castrum("update", project, *arguments)
    assert code == 2, said
    assert words in said
    assert git(project, "status", "--porcelain") == ""


def test_refuses_to_go_back(fast: Site, tmp_path: Path) -> None:
    project = fast.project(State("v0.2.0", 0, 0), tmp_path / "shop")
    code, said = castrum("update", project, "--to", "v0.1.0")
    assert code == 2
    assert "older" in said


def test_dry_run_shows_the_difference_and_writes_nothing(project: Path) -> None:
    ask_for(project, State("v0.1.0", 1, 0))
    before = contents(project)
    code, said = castrum("update", project, "--to", "current", "--dry-run")
    assert code == 0
    assert "+++ b/src/shop/article/routes.py" in said
    assert contents(project) == before


def test_check_is_red_until_the_update_is_made(project: Path) -> None:
    assert castrum("update", project, "--to", "current", "--check")[0] == 0
    ask_for(project, State("v0.1.0", 1, 0))
    code, said = castrum("update", project, "--to", "current", "--check")
    assert code == 1
    assert "src/shop/article/routes.py" in said


def test_says_what_changed_and_why(project: Path) -> None:
    ask_for(project, State("v0.1.0", 1, 0))
    code, said = castrum("update", project)
    assert code == 0
    for words in (
        "from v0.1.0 to v0.3.0", "A handbook", "BREAKING: The clock knows the day", "to do: Tell the calendar.",
        "Mended words", "Contract: compatible", "POST /articles is new", "create articles", "add orders.urgency",
        "make migration m=",
    ):  # fmt: skip
        assert words in said
    assert "Never to be seen." not in said


def test_says_what_the_contract_has_twice(project: Path) -> None:
    """The team's own part of the contract had it first."""
    own = "tags: [{name: Ours}]\npaths: {/articles: {post: {}, put: {}}}\ncomponents: {schemas: {Article: {}}}\n"
    (project / "contract" / "own.yaml").write_text(own, encoding="utf-8")
    commit_all(project, "Ours")
    ask_for(project, State("v0.1.0", 1, 0))
    _, said = castrum("update", project, "--to", "current")
    expected = (
        "Contract: in your contract/own.yaml, too; remove there:\n  POST /articles\n  components/schemas/Article\n"
    )
    assert f"\n{expected}\n" in said
    (project / "contract" / "own.yaml").write_text("paths: [what]", encoding="utf-8")
    commit_all(project, "No contract")
    ask_for(project, FIRST)
    assert "own.yaml" not in castrum("update", project, "--to", "current")[1]


def test_says_what_became_of_events(project: Path) -> None:
    """Nothing is generated for them, so the tree is none the wiser; other contexts have to be."""
    document = json.loads(FIRST.domain_text())
    document["consumes"] = {"Paid": {"from": "payments", "fields": {"order": "uuid"}}}
    (project / "domain.yaml").write_text(json.dumps(document), encoding="utf-8")
    _, said = castrum("update", project, "--to", "current")
    assert "Events: to be agreed with other contexts (judged by domain.yaml: " in said
    assert "\n  Paid is consumed now; payments has to send it\n" in said
    commit_all(project, "Paid")
    ask_for(project, FIRST)
    _, said = castrum("update", project, "--to", "current")
    assert "Events: compatible (judged by domain.yaml: " in said
    assert "\n  Paid is no longer consumed\n" in said
    commit_all(project, "Not paid")
    ask_for(project, State("v0.1.0", 1, 0))
    assert "Events:" not in castrum("update", project, "--to", "current")[1]


def test_conflict_is_shown_by_git_and_can_be_taken_back(project: Path) -> None:
    replace(project, "AGENTS.md", "## Before you push\n", "## Before you dare to push\n")
    commit_all(project, "Our words")
    before = contents(project)
    code, said = castrum("update", project)
    assert code == 1
    assert "AGENTS.md: both changed" in said
    text = (project / "AGENTS.md").read_text(encoding="utf-8")
    assert "<<<<<<< yours\n## Before you dare to push\n=======\n## Before you push anything\n>>>>>>> template\n" in text
    assert "UU AGENTS.md" in git(project, "status", "--porcelain")
    assert castrum("update", project, "--abort")[0] == 0
    assert contents(project) == before
    assert git(project, "status", "--porcelain") == ""


def test_edited_files_of_a_removed_aggregate_are_kept(project: Path) -> None:
    rule = "\n    # mine: a rule\n"
    with (project / "src/shop/customer/service.py").open("a", encoding="utf-8") as stream:
        stream.write(rule)
    (project / "src/shop/customer/own.py").write_text("OWN = 1\n", encoding="utf-8")
    commit_all(project, "Our rule")
    ask_for(project, State("v0.1.0", 2, 0))
    code, said = castrum("update", project, "--to", "current")
    assert code == 1
    assert "src/shop/customer/service.py: removed by the update" in said
    assert rule in (project / "kept/src/shop/customer/service.py.yours").read_text(encoding="utf-8")
    assert not (project / "src/shop/customer/service.py").exists()
    assert (project / "src/shop/customer/own.py").is_file()
    assert "Yours, in folders that the template has left:\n  src/shop/customer/own.py\n" in said
    assert "Contract: BREAKS" in said
    assert "drop customers" in said


def test_answers_that_follow_from_others_follow(project: Path) -> None:
    code, said = castrum("update", project, "--to", "current", "--data", "cloud=gcp")
    assert code == 0, said
    assert "region: europe-west3" in (project / ".copier-answers.yml").read_text(encoding="utf-8")
    assert not (project / "deploy/terraform/aws").exists()
    assert (project / "deploy/terraform/gcp").is_dir()


def test_the_service_can_get_another_name(project: Path) -> None:
    """The folders that carry it move, with what is the person's."""
    (project / "src/shop/own/report.py").write_text("from shop.kernel import Caller\n", encoding="utf-8")
    for name in ("src/shop/order/service.py", "src/shop/order/routes.py", "deploy/helm/shop/values.yaml"):
        with (project / name).open("a", encoding="utf-8") as stream:
            stream.write("# mine\n")
    commit_all(project, "Our work")
    code, said = castrum("update", project, "--to", "current", "--data", "service_name=corner-shop")
    assert code == 0, said
    assert "Renamed: shop → corner-shop" in said
    assert not (project / "src/shop").exists()
    assert (project / "src/corner_shop/own/report.py").read_text() == "from corner_shop.kernel import Caller\n"
    for name in (
        "src/corner_shop/order/service.py",
        "src/corner_shop/order/routes.py",
        "deploy/helm/corner-shop/values.yaml",
    ):
        assert (project / name).read_text(encoding="utf-8").endswith("# mine\n")


def test_wherever_it_is_called_from(site: Site, tmp_path: Path) -> None:
    """From a hook, which names its repository to git, and in a terminal that knows no letters but English ones."""
    project = site.project(FIRST, tmp_path / "shop")
    Path(os.fsdecode(os.fsencode(project) + b"/docs/caf\xe9.md")).write_text("mine\n", encoding="utf-8")
    commit_all(project, "A name from another time")
    hook = tmp_path / "hooks/post-checkout"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {hook.parent}\n", encoding="utf-8")
    renamed = State("v0.1.0", 0, 0).domain_text().replace('"Order": {', '"Purchase": {"renamed_from": "Order",')
    (project / "domain.yaml").write_text(renamed, encoding="utf-8")
    surroundings = {
        **GIT,
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_DIR": str(project / ".git"),
        "GIT_INDEX_FILE": str(project / ".git/index"),
        "PYTHONIOENCODING": "ascii",
    }
    done = run(BIN / "castrum", "update", project, "--to", "current", env=surroundings)
    assert "Renamed: Order \\u2192 Purchase" in done.stdout
    assert (project / "src/shop/purchase/routes.py").is_file()


def test_a_reader_that_goes_away_is_no_failure(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert cli.main(["update", str(project), "--dry-run"]) == cli.PIPE_CLOSED


def test_the_template_can_move(project: Path, fast: Site, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    git(tmp_path, "clone", "--quiet", str(fast.template), str(elsewhere))
    code, said = castrum("update", project, "--to", "current", "--template", elsewhere)
    assert code == 0, said
    assert git(project, "status", "--porcelain") == "M .copier-answers.yml"
    assert f"_src_path: {elsewhere}" in (project / ".copier-answers.yml").read_text(encoding="utf-8")


def test_a_committed_update_is_not_taken_back(project: Path) -> None:
    assert castrum("update", project)[0] == 0
    commit_all(project, "Update")
    (project / "README.md").write_text("mine\n", encoding="utf-8")
    code, said = castrum("update", project, "--abort")
    assert code == 2
    assert "git revert" in said
    assert (project / "README.md").read_text(encoding="utf-8") == "mine\n"


def test_a_service_in_a_folder_of_a_repository(fast: Site, tmp_path: Path) -> None:
    project = fast.project(FIRST, tmp_path / "all" / "shop")
    (project / ".git").rename(project.parent / ".git")
    (project.parent / "other.txt").write_text("not committed\n", encoding="utf-8")
    git(project, "add", "--all", "--", ".")
    git(project, "commit", "--quiet", "--message", "One repository for all")
    replace(project, "AGENTS.md", "## Before you push\n", "## Before you dare to push\n")
    git(project, "commit", "--quiet", "--all", "--message", "Our words")
    code, _ = castrum("update", project)
    assert code == 1
    assert "or take the last update back: castrum update --abort" in castrum("update", project)[1]
    assert "UU shop/AGENTS.md" in git(project.parent, "status", "--porcelain")
    assert (project / "docs/handbook.md").is_file()
    second = fast.project(FIRST, project.parent / "second")
    shutil.rmtree(second / ".git")
    code, said = castrum("update", second, "--abort")
    assert (code, "nothing to take back" in said) == (2, True)
    assert castrum("update", project, "--abort")[0] == 0


def test_a_file_where_a_folder_has_to_be(project: Path) -> None:
    (project / "src/shop/article").write_text("mine\n", encoding="utf-8")
    commit_all(project, "A file in the way")
    ask_for(project, State("v0.1.0", 1, 0))
    code, said = castrum("update", project, "--to", "current")
    assert code == 1
    assert "in the way" in said
    assert (project / "src/shop/article").read_text(encoding="utf-8") == "mine\n"
    assert (project / "kept/src/shop/article/routes.py.template").is_file()
