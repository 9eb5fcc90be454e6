"""Two services in one repository: made as docs/monorepos.md says, updated on two branches, told their folder later."""

import re
from pathlib import Path

import pytest
from harness.monorepos import root_files
from harness.paths import ROOT
from harness.releases import TAGS
from harness.repository import commit_all, git
from harness.updates import Site, castrum

from castrum.template import source

pytestmark = [pytest.mark.xdist_group("corpus"), pytest.mark.usefixtures("git_environment")]

SERVICES = ("orders", "billing")
CI = ".github/workflows/{}-ci.yml"


def start(top: Path, *remote: str) -> Path:
    top.mkdir()
    git(top, "init", "--quiet", "--initial-branch", "main")
    if remote:
        git(top, "remote", "add", "origin", *remote)
    return top


def new(site: Site, place: Path, *options: str) -> str:
    """What `castrum new` of the first release says, after it has done so."""
    code, said = castrum("new", place, "--defaults", "--template", f"git+{site.template.as_uri()}", *options)
    assert code == 0, said
    return said


@pytest.fixture
def first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `castrum new` take the first release, so that there is something to update to."""
    monkeypatch.setattr(source, "named", lambda place: source.Template(place, TAGS[0]))


@pytest.fixture
def shop(site: Site, first: None, tmp_path: Path) -> Path:
    """What the page says first, with the first release."""
    top = start(tmp_path / "shop", "git@github.com:acme/shop.git")
    (made, *_) = re.findall(
        r"^```sh\n(.*?)^```$", (ROOT / "docs/monorepos.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    news = re.findall(r"^castrum new (\S+) --defaults$", made, re.MULTILINE)
    assert news == [f"services/{name}" for name in SERVICES]
    for folder in news:
        said = new(site, top / folder)
        assert f"{folder} is a folder of the repository {top}" in said
        assert "git init" not in said
    commit_all(top, "Start two services")
    return top


def service(top: Path, name: str) -> Path:
    return top / "services" / name


def test_two_services_updated_on_two_branches(shop: Path) -> None:
    """Each update brings its service's files at the root along; merged, both gates are green."""
    for name in SERVICES:
        text = (service(shop, name) / ".copier-answers.yml").read_text(encoding="utf-8")
        assert f"folder: services/{name}\n" in text
        assert "repository: acme/shop\n" in text
        git(shop, "checkout", "--quiet", "-b", name, "main")
        with (service(shop, name) / ".github" / "CODEOWNERS").open("a", encoding="utf-8") as owners:
            owners.write(f"/services/{name}/contract/ @acme/reviewers-of-{name}\n")
        root_files(service(shop, name))
        commit_all(shop, "Ours")
        code, said = castrum("update", service(shop, name), "--data", "python_version=3.14")
        assert code == 0, said
        assert f"At the root of the repository:\n  {CI.format(name)}: written" in said
        text = (shop / CI.format(name)).read_text(encoding="utf-8")
        assert 'python-version: "3.14"' in text
        changed = git(shop, "status", "--porcelain", "--untracked-files=all").splitlines()
        own = (f"services/{name}/", f".github/workflows/{name}-", f".github/actions/{name}-", ".github/CODEOWNERS")
        assert all(line[2:].strip().startswith(own) for line in changed), changed
        commit_all(shop, "Update")
    git(shop, "merge", "--quiet", "--no-edit", SERVICES[0])
    for name in SERVICES:
        assert f"@acme/reviewers-of-{name}\n" in (shop / ".github" / "CODEOWNERS").read_text(encoding="utf-8")
        assert root_files(service(shop, name), "--check").stdout == ""
        code, said = castrum("update", service(shop, name), "--check")
        assert code == 0, said


def test_an_update_that_is_taken_back_leaves_the_root_as_it_was(shop: Path) -> None:
    code, said = castrum("update", service(shop, "orders"), "--to", "current", "--data", "python_version=3.14")
    assert code == 0, said
    assert git(shop, "status", "--porcelain", "--", ".github")
    code, said = castrum("update", service(shop, "orders"), "--abort")
    assert code == 0, said
    assert git(shop, "status", "--porcelain") == ""


def test_check_says_that_the_root_is_not_what_the_folder_says(shop: Path) -> None:
    (shop / CI.format("orders")).unlink()
    git(shop, "commit", "--quiet", "--all", "--message", "Without")
    code, said = castrum("update", service(shop, "orders"), "--to", "current", "--check")
    assert code == 1
    assert f"{CI.format('orders')}: is not what services/orders says at the root; make root-files" in said


def test_a_folder_can_be_told_later(site: Site, first: None, tmp_path: Path) -> None:
    """Until then its own checks name the answer; an update brings the root's files, and takes them back."""
    top = start(tmp_path / "shop")
    new(site, top / "orders", "--data", "folder=")
    commit_all(top, "Start")
    assert git(top, "ls-files", "--", ".github") == ""
    hint = 'make regen ANSWERS="folder=orders"'
    code, said = castrum("update", top / "orders", "--to", "current", "--check")
    assert code == 0
    assert hint in said
    told = ("update", top / "orders", "--to", "current", "--data", "folder=orders")
    code, said = castrum(*told)
    assert code == 0, said
    assert (top / CI.format("orders")).exists()
    assert "working-directory: orders\n" in (top / CI.format("orders")).read_text(encoding="utf-8")
    git(top, "add", "--all")
    code, said = castrum("update", top / "orders", "--abort")
    assert code == 0, said
    assert git(top, "status", "--porcelain", "--untracked-files=all") == ""
    assert castrum(*told)[0] == 0
    commit_all(top, "In a folder")
    assert root_files(top / "orders", "--check").stdout == ""
    code, said = castrum("update", top / "orders", "--to", "current", "--check")
    assert (code, hint in said) == (0, False), said


def test_where_a_new_service_lies(site: Site, first: None, tmp_path: Path) -> None:
    """Ignored, or a repository already: one of its own. With a neighbour: where that says."""
    top = start(tmp_path / "shop", "https://gitlab.example/acme/sales/shop.git")
    (top / ".gitignore").write_text("/build/\n", encoding="utf-8")
    start_own = start(top / "own")
    for place in (top / "build" / "demo", start_own):
        new(site, place)
        assert "folder: ''\n" in (place / ".copier-answers.yml").read_text(encoding="utf-8")
    new(site, top / "a")
    text = (top / "a" / ".copier-answers.yml").read_text(encoding="utf-8")
    assert "repository: acme/sales/shop\nrepository_host: gitlab\n" in re.sub(r"\n\n", "\n", text)
    assert (top / ".gitlab-ci.yml").exists()
    git(top, "add", "a")
    git(top, "remote", "set-url", "origin", "git@github.com:else/where.git")
    new(site, top / "b")
    text = (top / "b" / ".copier-answers.yml").read_text(encoding="utf-8")
    assert "repository: acme/sales/shop\n" in text
    code, said = castrum("new", top / "1st place", "--defaults", "--template", site.template)
    assert code == 1
    assert "--data folder=" in said
    assert not (top / "1st place").exists()
