"""What a person and the template insert in one place, and what two branches do, is united and reported."""

import json
from pathlib import Path

import pytest
from harness.releases import replace
from harness.repository import GIT, commit_all, git
from harness.tools import run
from harness.updates import DOMAINS, Site, State, castrum

pytestmark = pytest.mark.xdist_group("corpus")

START = State("v0.1.0", 0, 0)
CLEAN = "clean: ##"
CLIENT = "src/shop/platform/http_client.py"
UNITED = {
    "Makefile": "today: ## Print the day (template) and ours: ## Ours (yours)",
    "pyproject.toml": '"PYI" (template) and "SLOT" (yours)',
    CLIENT: "def today() -> str: (template) and def ours() -> int: (yours)",
}


@pytest.fixture
def project(fast: Site, tmp_path: Path) -> Path:
    return fast.project(START, tmp_path / "shop")


def insert(project: Path, target: str = "ours") -> None:
    """A target where a later version of the template has a new one."""
    replace(project, "Makefile", CLEAN, f"{target}: ## {target.title()}\n\t@{target}\n\n{CLEAN}")


def test_an_update_unites_and_says_where(project: Path) -> None:
    insert(project)
    replace(project, "pyproject.toml", '    "PTH",\n', '    "PTH",\n    "SLOT",\n')
    replace(
        project, CLIENT, "class HttpClient:", 'def ours() -> int:\n    """Ours."""\n    return 1\n\n\nclass HttpClient:'
    )
    commit_all(project, "Our work")
    places = ("update", project, "--to", "v0.3.0")
    document = json.JSONDecoder().raw_decode(castrum(*places, "--check", "--json")[1])[0]
    for said in (castrum(*places, "--check")[1], castrum(*places, "--dry-run")[1], str(document["united"])):
        for path, text in UNITED.items():
            assert path in said
            assert text in said
    code, said = castrum(*places)
    assert code == 0, said
    assert "Inserted by both in one place, and united:" in said
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    assert "today: ## Print the day\n\t@date\n\nours: ## Ours\n\t@ours\n\nclean: ##" in makefile
    number = makefile.split("\n").index("today: ## Print the day") + 1
    assert f"  Makefile:{number}: today" in said
    assert '    "PTH",\n    "PYI",\n    "SLOT",\n' in (project / "pyproject.toml").read_text(encoding="utf-8")
    client = (project / CLIENT).read_text(encoding="utf-8")
    assert '    return "Monday"\n\n\ndef ours() -> int:\n    """Ours."""\n    return 1\n\n\nclass HttpClient:' in client
    commit_all(project, "Update")
    assert "Nothing to do" in castrum(*places)[1]


def test_two_branches_that_insert_in_one_place(project: Path) -> None:
    git(project, "branch", "theirs")
    for branch, answer, target in (("main", "availability=99.95", "mine"), ("theirs", "organisation=Beta", "other")):
        git(project, "checkout", "--quiet", branch)
        insert(project, target)
        commit_all(project, "Work")
        code, said = castrum("update", project, "--to", "current", "--data", answer)
        assert code == 0, said
        commit_all(project, "An answer")
    git(project, "checkout", "--quiet", "main")
    run("git", "merge", "--quiet", "--no-edit", "theirs", cwd=project, env=GIT, check=False)
    assert "Makefile" in git(project, "ls-files", "--unmerged")
    code, said = castrum("resolve", project)
    assert code == 0, said
    assert "other: ## Other (theirs) and mine: ## Mine (ours)" in said
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    assert "mine: ## Mine\n\t@mine\n\n" in makefile
    assert "other: ## Other\n\t@other\n\n" in makefile
    assert not git(project, "ls-files", "--unmerged")


LINES = {
    "README.md": "| `/customers`",
    "docs/domain.md": "| `email`",
    "contract/openapi.yaml": "        email:",
    "src/shop/customer/repository.py": "    email,",
    "src/shop/customer/table.py": '        "email",',
    "src/shop/customer/store.py": "            email=",
    "src/shop/customer/schemas.py": "            email=",
}
"""What the line of a field or an aggregate begins with: in tables, the contract, SQL, columns and arguments."""


def test_edits_follow_aggregates_and_fields_in_another_order(project: Path, fast: Site) -> None:
    base, edited = fast.fresh(START), {}
    for path, begin in LINES.items():
        lines = base[path].decode().split("\n")
        at = next(number for number, line in enumerate(lines) if line.startswith(begin))
        edited[path] = (lines[at], f"{lines[at][:-2]} ours |" if path.endswith(".md") else f"{lines[at]}  # ours")
        lines[at] = edited[path][1]
        (project / path).write_text("\n".join(lines), encoding="utf-8")
    commit_all(project, "Our work")
    customer = {"fields": dict(reversed(DOMAINS[0]["Customer"]["fields"].items()))}
    domain = {"context": "shop", "aggregates": {"Order": DOMAINS[0]["Order"], "Customer": customer}}
    (project / "domain.yaml").write_text(json.dumps(domain, indent=2), encoding="utf-8")
    code, said = castrum("update", project, "--to", "current")
    assert code == 0, said
    for path, (before, after) in edited.items():
        lines = (project / path).read_text(encoding="utf-8").split("\n")
        assert lines.count(after) == 1, path
        assert lines.count(before) == base[path].decode().split("\n").count(before) - 1, path
