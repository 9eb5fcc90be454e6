"""`castrum update --check`: what is pending, what was edited of the standard, which edits are meant."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.paths import ROOT
from harness.releases import replace
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run
from harness.updates import Site, State, castrum
from jsonschema import Draft202012Validator

from castrum.errors import Refusal
from castrum.update import conformity
from castrum.update.conformity import Conformity, Edit, Waiver

pytestmark = pytest.mark.xdist_group("corpus")

FIRST = State("v0.1.0", 0, 0)
PROBLEMS = "src/shop/platform/problems.py"
CI = ".github/workflows/ci.yml"
CURRENT = ("--to", "current", "--check")


@pytest.fixture
def project(fast: Site, tmp_path: Path) -> Path:
    return fast.project(FIRST, tmp_path / "shop")


def weaken(project: Path) -> None:
    """A header less, a gate that is none; an edit of a shared file and a file of one's own are nobody's business."""
    replace(project, PROBLEMS, "nosniff", "sniff")
    text = (project / CI).read_text(encoding="utf-8")
    (project / CI).write_text(text.replace("run: make check", "run: true"), encoding="utf-8")
    with (project / "README.md").open("a", encoding="utf-8") as stream:
        stream.write("Ours.\n")
    (project / "src/shop/platform/own.py").write_text("OWN = 1\n", encoding="utf-8")
    commit_all(project, "Weaken it")


def waive(project: Path, text: str) -> None:
    (project / "waivers.yaml").write_text(text, encoding="utf-8")
    commit_all(project, "Waive")


def report(project: Path, *options: str) -> dict[str, Any]:
    code, said = castrum("update", project, "--check", "--json", *options)
    document: dict[str, Any] = json.JSONDecoder().raw_decode(said)[0]
    schema = json.loads((ROOT / "docs/check.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert code == (0 if document["conforms"] else 1), said
    return document


def test_an_edited_standard_is_told(project: Path) -> None:
    weaken(project)
    code, said = castrum("update", project, *CURRENT)
    assert code == 1
    assert f"{PROBLEMS}: changed here, though it follows the template; routes, tables, settings" in said
    assert f"{CI}: changed here, though it follows the template; add a workflow of your own" in said
    assert "say in waivers.yaml why they are meant" in said
    assert "README.md" not in said
    assert "own.py" not in said
    git(project, "rm", "--quiet", CI)
    commit_all(project, "Take it away")
    assert f"{CI}: removed here" in castrum("update", project, *CURRENT)[1]


def test_a_waiver_is_a_reason_until_its_day(project: Path) -> None:
    weaken(project)
    waive(
        project,
        f"- {{path: {PROBLEMS}, reason: our proxy}}\n- {{path: .github/, reason: runners, until: 2999-12-31}}\n",
    )
    code, said = castrum("update", project, *CURRENT)
    assert code == 0, said
    assert said.endswith("domain.yaml ask for, but for 2 edits with a waiver.\n")
    ownership = run(BIN / "python", "-m", "dev.template", "ownership", cwd=project, env=GIT)
    assert "follows the template" not in ownership.stdout
    waive(project, f"- {{path: {PROBLEMS}, reason: our proxy}}\n- {{path: {CI}, reason: runners, until: 2020-02-29}}\n")
    code, said = castrum("update", project, *CURRENT)
    assert code == 1
    assert f"waivers.yaml: {CI}: expired since 2020-02-29" in said
    assert PROBLEMS not in said
    ownership = run(BIN / "python", "-m", "dev.template", "ownership", cwd=project, env=GIT)
    assert ownership.stdout.count("follows the template") == 1


def test_the_report_for_programs(project: Path, fast: Site) -> None:
    clean = report(project, "--to", "current")
    commit = git(fast.template, "rev-parse", "v0.1.0^{}")
    assert clean == {
        "service": "shop", "template": str(fast.template), "version": "v0.1.0", "commit": commit, "target": "v0.1.0",
        "newest": "v0.3.0", "pending": [], "united": [], "edited": [], "waivers": [], "conforms": True,
    }  # fmt: skip
    weaken(project)
    replace(project, "AGENTS.md", "## Before you push\n", "## Before you dare to push\n")
    waive(project, f"- {{path: {PROBLEMS}, reason: our proxy}}\n- {{path: Makefile, reason: x, until: 2999-12-31}}\n")
    found = report(project)
    assert (found["version"], found["target"], found["newest"]) == ("v0.1.0", "v0.3.0", "v0.3.0")
    changes = {each["path"]: (each["change"], each["conflict"]) for each in found["pending"]}
    assert changes["docs/handbook.md"] == ("new", False)
    assert changes[".editorconfig"] == ("removed", False)
    assert changes["AGENTS.md"] == ("changed", True)
    assert [(each["path"], each["change"], each["waived"]) for each in found["edited"]] == [
        (CI, "changed", False), (PROBLEMS, "changed", True),
    ]  # fmt: skip
    assert found["waivers"] == [
        {"path": PROBLEMS, "reason": "our proxy", "until": None, "state": "in use"},
        {"path": "Makefile", "reason": "x", "until": "2999-12-31", "state": "not needed"},
    ]
    assert git(project, "status", "--porcelain") == ""


def test_json_belongs_to_check(project: Path) -> None:
    code, said = castrum("update", project, "--json")
    assert (code, said) == (2, "castrum: --json belongs to --check\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "waivers.yaml: not valid YAML"),
        ("path: x", "waivers.yaml: expected a list; of each entry expected path, reason"),
        ("- {path: x}", "waivers.yaml: entry 1: expected path, reason"),
        ("- {path: x, reason: ''}", "waivers.yaml: entry 1: expected path, reason"),
        ("- {path: x, reason: y}\n- {path: x, reason: y, untill: 2027-01-01}", "waivers.yaml: entry 2: expected path"),
        ("- {path: x, reason: y, until: soon}", "waivers.yaml: entry 1: expected path, reason"),
        ("- x", "waivers.yaml: entry 1: expected path, reason"),
    ],
)
def test_command_and_service_read_the_same_waivers(text: str, message: str, project: Path) -> None:
    (project / "waivers.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refusal, match=r"^waivers\.yaml: ") as refusal:
        conformity.waivers(project)
    assert str(refusal.value.messages[0]).startswith(message)
    (project / PROBLEMS).write_text("edited\n", encoding="utf-8")
    done = run(BIN / "python", "-m", "dev.template", "ownership", cwd=project, env=GIT, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == refusal.value.messages[0]


def test_the_day_of_a_waiver_is_its_last() -> None:
    edits = [Edit("a/b.py", "changed", "elsewhere")]
    waiver = Waiver("a/*.py", "so", date(2026, 2, 28))
    assert Conformity(edits, [waiver], date(2026, 2, 28)).state(waiver) == "in use"
    over = Conformity(edits, [waiver], date(2026, 3, 1))
    assert over.state(waiver) == "expired"
    assert list(over.unwaived()) == edits
    assert Conformity([], [waiver], date(2026, 3, 1)).state(waiver) == "not needed"


def test_patterns_mean_what_git_takes_them_for(project: Path) -> None:
    """`make ownership` lets git match them, the command does so by itself."""
    manifest = yaml.safe_load((project / "ownership.yaml").read_text(encoding="utf-8"))
    tracked = git(project, "ls-files").splitlines()
    for pattern in [path for rule in manifest["template"] for path in rule["paths"]]:
        expected = git(project, "ls-files", "--cached", "--ignored", f"--exclude={pattern}").splitlines()
        assert [path for path in tracked if conformity.matches(pattern, path)] == expected, pattern
