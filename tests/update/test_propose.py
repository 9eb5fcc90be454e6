"""The pipeline that proposes updates: real repositories and real runners; only the hosts themselves are played."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from harness import github, gitlab
from harness.monorepos import root_files
from harness.releases import replace
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run
from harness.updates import Site, State

pytestmark = [pytest.mark.xdist_group("corpus"), pytest.mark.slow]

BRANCH = "template-update"
# What `gh` is asked, and the one pull request there may be.
GH = """#!/usr/bin/env bash
test "$GH_TOKEN" = of-the-repository || exit 4
echo "gh $*" >>"$PLACE/calls"
case "$1 $2" in
  "pr list") cat "$PLACE/number" 2>/dev/null || true ;;
  "pr create") echo 7 >"$PLACE/number" && cat >"$PLACE/body" ;;
  "pr edit") cat >"$PLACE/body" ;;
esac
"""
# What GitLab makes a merge request of.
HOOK = """#!/usr/bin/env bash
for ((each = 0; each < GIT_PUSH_OPTION_COUNT; each++)); do
  option=GIT_PUSH_OPTION_$each
  echo "${!option}" >>"$PLACE/calls"
  case ${!option} in merge_request.description=*) echo "${!option#*=}" >"$PLACE/body" ;; esac
done
"""
SETUP = (
    f"""\tmkdir -p .venv/bin && printf '#!/bin/sh\\nexec {sys.executable} "$$@"\\n' >.venv/bin/python\n"""
    "\tchmod +x .venv/bin/python && cp pyproject.toml uv.lock\n\ttouch $@\n"
)
TOKENS = "$$GH_TOKEN$$UPDATE_TOKEN$$CI_JOB_TOKEN"
CHECK = f'check: ## The gate\n\t@echo "checked $$(git log -1 --format=%s){TOKENS}"; test -z "$(RED)"\n\n'


@dataclass
class Service:
    """A service, its repository on the host, and what the host was asked."""

    project: Path
    place: Path
    on: str
    folder: str = ""
    """In a repository of several services, its folder."""

    @property
    def top(self) -> Path:
        """The root of the repository."""
        return self.project.parents[self.folder.count("/")] if self.folder else self.project

    @property
    def remote(self) -> Path:
        return self.place / "acme" / "ordering.git"

    def propose(self, *, red: str = "", fails: bool = False) -> str:
        """Run the scheduled pipeline; what it prints."""
        (self.place / "calls").write_text("")
        env = {
            "CASTRUM": str(BIN / "castrum"), "PLACE": str(self.place), "RED": red,
            "PATH": f"{self.place / 'bin'}:{BIN}:/usr/local/bin:/usr/bin:/bin",
        }  # fmt: skip
        if self.on == "github":
            env |= {
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_VALUE_0": "https://github.com/",
                "GIT_CONFIG_KEY_0": f"url.file://{self.place}/.insteadOf",
            }  # fmt: skip
            done = github.act(
                self.top, "workflow_dispatch", {}, "--secret", "UPDATE_TOKEN=of-the-repository",
                workflow="shop-update" if self.folder else "update", env=env, check=False,
            )  # fmt: skip
        else:
            # The runner hands on nothing of what a schedule sets, so the service's pipeline is run as GitLab starts it.
            child = ("--file", f"{self.folder}/.gitlab-ci.yml") if self.folder else ()
            started = {"CI_PIPELINE_SOURCE": "parent_pipeline", "PARENT": "schedule"} if self.folder else {}
            done = gitlab.pipeline(
                self.top, *child, check=False,
                variables=env | gitlab.UPDATE | started | {
                    "CI_PROJECT_URL": f"file://{self.remote}"[:-4],
                    "CI_DEFAULT_BRANCH": "main", "CI_JOB_TOKEN": "of-the-job",
                    "GITLAB_USER_NAME": "Ann", "GITLAB_USER_EMAIL": "ann@example.com",
                },
            )  # fmt: skip
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def calls(self) -> str:
        return (self.place / "calls").read_text(encoding="utf-8")

    @property
    def body(self) -> str:
        return unescape((self.place / "body").read_text(encoding="utf-8"))

    def branch(self, name: str = BRANCH) -> str:
        """The commit that a branch of the host is at; empty if there is no such branch."""
        return git(self.remote, "for-each-ref", "--format=%(objectname)", f"refs/heads/{name}")

    def draft(self) -> bool:
        if self.on == "github":
            last = self.calls.splitlines()[-1]
            assert "pr create" in last or last.startswith("gh pr ready 7")
            return last.endswith(("--draft", "--undo"))
        return "merge_request.title=Draft: " in self.calls


@pytest.fixture(params=["github", "gitlab"])
def service(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> Callable[..., Service]:
    def made(tag: str = "v0.1.0", edit: tuple[str, str, str] | None = None, folder: str = "") -> Service:
        project = tmp_path / "all" / folder if folder else tmp_path / "shop"
        if folder:
            git(tmp_path, "init", "--quiet", "--initial-branch", "main", "all")
            answers = {"service_name": "shop", "folder": folder, "repository_host": request.param}
            data = [part for name, value in answers.items() for part in ("-d", f"{name}={value}")]
            command = ("copy", "--quiet", "--trust", "--defaults", "--vcs-ref", tag, *data)
            run(BIN / "copier", *command, site.template, project, env=GIT)
            root_files(project)
        else:
            site.project(State(tag, 0, 0 if request.param == "github" else 2), project)
        makefile = (project / "Makefile").read_text(encoding="utf-8")
        ready, check = makefile.index("\t@{ for each in python uv uvx;"), makefile.index("check: ownership")
        after_ready, after_check = makefile.index("\nrun: setup"), makefile.index("chart: setup")
        (project / "Makefile").write_text(
            f"{makefile[:ready]}{SETUP}{makefile[after_ready:check]}{CHECK}{makefile[after_check:]}", encoding="utf-8"
        )
        shutil.copy(project / "pyproject.toml", project / "uv.lock")
        if edit:
            replace(project, *edit)
        place = tmp_path / "host"
        place.mkdir()
        found = Service(project, place, request.param, folder)
        commit_all(found.top, "Our own")
        (found.top / ".git" / "info" / "exclude").write_text(
            "/.gitlab-ci-local/\n", encoding="utf-8"
        )  # the runner's own
        git(tmp_path, "clone", "--quiet", "--bare", str(found.top), str(found.remote))
        git(found.remote, "config", "receive.advertisePushOptions", "true")
        git(project, "remote", "add", "origin", "https://github.com/acme/ordering.git")
        gitlab.track(project)
        for path, code in ((place / "bin" / "gh", GH), (found.remote / "hooks" / "post-receive", HOOK)):
            path.parent.mkdir(exist_ok=True)
            path.write_text(code, encoding="utf-8")
            path.chmod(0o755)
        return found

    return made


def test_proposes_what_merges_and_refreshes_it(service: Callable[..., Service]) -> None:
    """One branch with the update and its lock file, one request with notes and gate; main moves on, and both follow."""
    there = service()
    there.propose()
    first = there.branch()
    files = git(there.remote, "diff", "--name-only", "main", BRANCH).split()
    assert {".copier-answers.yml", "docs/handbook.md", "pyproject.toml", "uv.lock"} <= set(files)
    assert not [name for name in files if name.startswith((".venv", ".cache", "build"))]
    assert git(there.remote, "log", "-1", "--format=%s", BRANCH) == "Update the template to v0.3.0"
    assert not there.draft()
    for words in (
        "The gate is green", "from v0.1.0 to v0.3.0", "A handbook", "BREAKING: The clock knows the day",
        "to do: Tell the calendar.", "Contract: ",
    ):  # fmt: skip
        assert words in there.body
    assert "Next: git diff" not in there.body

    git(there.project, "checkout", "--quiet", "main")
    (there.project / "notes.txt").write_text("ours\n", encoding="utf-8")
    commit_all(there.project, "More of our own")
    git(there.project, "push", "--quiet", str(there.remote), "main")
    said = there.propose(red="yes")
    assert "checked Update the template to v0.3.0\n" in said, "the gate sees the commit, and no token"
    assert there.branch() != first
    assert git(there.remote, "merge-base", "main", BRANCH) == there.branch("main")
    assert "The gate is red" in there.body
    assert "checked Update the template" in there.body
    assert not there.draft()
    if there.on == "github":
        assert "pr create" not in there.calls


def test_one_of_several_services_has_a_branch_of_its_own(service: Callable[..., Service]) -> None:
    """It changes the service's folder, and what is made from that at the root."""
    there = service(folder="services/shop")
    there.propose()
    branch = f"{BRANCH}-shop"
    assert there.branch(branch)
    assert not there.branch()
    files = git(there.remote, "diff", "--name-only", "main", branch).split()
    assert {f"services/shop/{name}" for name in (".copier-answers.yml", "docs/handbook.md", "uv.lock")} <= set(files)
    assert all(name.startswith(("services/shop/", ".github/workflows/shop-")) for name in files), files
    assert git(there.remote, "log", "-1", "--format=%s", branch) == "shop: update the template to v0.3.0"
    assert "The gate is green" in there.body


def test_conflicts_are_a_draft_without_a_change(service: Callable[..., Service]) -> None:
    there = service(edit=("AGENTS.md", "## Before you push\n", "## Before you dare to push\n"))
    there.propose()
    assert git(there.remote, "rev-list", "--count", f"main..{BRANCH}") == "1"
    assert git(there.remote, "diff", "--name-only", "main", BRANCH) == ""
    assert there.draft()
    for words in ("<li><code>AGENTS.md</code></li>", "make upgrade TO=v0.3.0", "AGENTS.md: both changed", "A handbook"):
        assert words in there.body

    git(there.project, "checkout", "--quiet", "-B", BRANCH)
    (there.project / "AGENTS.md").write_text("decided\n", encoding="utf-8")
    commit_all(there.project, "Decide")
    git(there.project, "push", "--quiet", "--force", str(there.remote), BRANCH)
    git(there.project, "checkout", "--quiet", "main")
    decided = there.branch()
    assert "holds somebody's work" in there.propose()
    assert there.branch() == decided
    assert there.calls == ""


def test_nothing_to_do_is_nothing_done(service: Callable[..., Service]) -> None:
    there = service("v0.3.0")
    assert "Nothing to do: the tree is at v0.3.0." in there.propose()
    assert there.branch() == ""
    assert there.calls == ""


def test_an_update_that_is_refused_is_red(service: Callable[..., Service]) -> None:
    there = service(edit=(".copier-answers.yml", "licence: ", "licence: un"))
    assert "is not what the last update wrote" in there.propose(fails=True)
    assert there.branch() == ""
