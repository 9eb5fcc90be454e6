"""Two services in one repository: linters take what is at the root, and both hosts' runners run each service's jobs."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import github, gitlab, monorepos
from harness.monorepos import FOLDERS
from harness.repository import commit_all, git
from harness.tools import policy

CLOUDS = {"orders": {"cloud": "gcp", "release": "canary"}, "billing": {"cloud": "azure", "environments": "live"}}
GATES = {"breaking", "chart", "infrastructure", "policy", "sast", "audit", "secrets"}
Shop = Callable[[str], Path]
both = pytest.mark.parametrize("service", FOLDERS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Host → a repository of two services on different clouds; nobody writes into it."""
    made: dict[str, Path] = {}

    def repository(host: str) -> Path:
        if host not in made:
            made[host] = monorepos.made(tmp_path_factory.mktemp(host) / "shop", host, CLOUDS)
        return made[host]

    return repository


@both
def test_linters_take_what_is_at_the_root(service: str, shop: Shop) -> None:
    folder = shop("github") / FOLDERS[service]
    assert "No findings to report" in policy(folder, "zizmor")
    policy(folder, "actionlint")


def test_linters_look_at_the_root(shop: Shop, tmp_path: Path) -> None:
    top = shutil.copytree(shop("github"), tmp_path / "shop")
    path = top / ".github" / "workflows" / "orders-release.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("permissions: {}", "permissions: write-all", 1), encoding="utf-8")
    assert "excessive-permissions" in policy(top / FOLDERS["orders"], "zizmor", check=False)
    path.write_text(text.replace("needs: gate", "needs: gates", 1), encoding="utf-8")
    assert "gates" in policy(top / FOLDERS["orders"], "actionlint", check=False)


def stand_in(top: Path, host: str, folder: Path) -> Path:
    """The pipelines alone, with gates that pass, except the one named in RED."""
    for name in FOLDERS.values():
        service = folder / name
        service.mkdir(parents=True)
        recipe = '\t@echo "made $@ $(BASE)$(SINCE) in $$PWD"; test "$@" != "$(RED)"'
        (service / "Makefile").write_text(f"%:\n{recipe}\n", encoding="utf-8")
        if host == "gitlab":
            gitlab.copy_pipeline(top / name, service)
            (service / ".gitlab" / "tools.sh").write_text("echo tools: $*\n", encoding="utf-8")
            (service / "pyproject.toml").touch()
            (service / "uv.lock").touch()
    if host == "github":
        shutil.copytree(top / ".github", folder / ".github")
        return github.repository(folder)
    text = (top / ".gitlab-ci.yml").read_text(encoding="utf-8")
    # GitLab replaces the variable before it hands it on; this runner hands it on as it stands there.
    assert text.count("PARENT: $CI_PIPELINE_SOURCE\n") == len(FOLDERS)
    text = text.replace("PARENT: $CI_PIPELINE_SOURCE\n", "PARENT: merge_request_event\n")
    (folder / ".gitlab-ci.yml").write_text(text, encoding="utf-8")
    return gitlab.repository(folder)


def changed(top: Path, name: str) -> None:
    """A commit of a branch on which one file is changed."""
    git(top, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(top, "checkout", "--quiet", "-b", "change")
    (top / name).parent.mkdir(parents=True, exist_ok=True)
    with (top / name).open("a", encoding="utf-8") as stream:
        stream.write("# Changed.\n")
    commit_all(top, "Change")


REQUEST = ("pull_request", github.PULL_REQUEST)


@pytest.mark.parametrize(
    ("name", "ran"),
    [
        (f"{FOLDERS['orders']}/notes.md", {"orders"}),
        (".github/workflows/billing-deploy.yml", {"billing"}),
        (".github/CODEOWNERS", {"orders", "billing"}),
        ("docs/notes.md", set()),
    ],
)
def test_a_pull_request_runs_the_gates_of_the_services_that_it_changes(
    name: str, ran: set[str], shop: Shop, tmp_path: Path
) -> None:
    """Those of the others are skipped, which lets their required checks pass."""
    top = stand_in(shop("github"), "github", tmp_path / "shop")
    changed(top, name)
    for service, folder in FOLDERS.items():
        done = github.act(top, *REQUEST, env={"GITHUB_BASE_REF": "main"}, workflow=f"{service}-ci")
        jobs = {"changes", *((GATES | {"check", "image"}) if service in ran else ())}
        assert github.results(done.stdout) == {f"{service}-{job}": "succeeded" for job in jobs}
        if service in ran:
            assert f"made check  in {_place(done.stdout, folder)}" in done.stdout
            assert "made breaking origin/main" in done.stdout


def _place(said: str, folder: str) -> str:
    """Where the runner had the folder: it works in a copy."""
    place: str
    (place,) = {*re.findall(rf"made check  in (\S+/{re.escape(folder)})\n", said)}
    return place


def test_a_gate_of_a_service_can_fail(shop: Shop, tmp_path: Path) -> None:
    top = stand_in(shop("github"), "github", tmp_path / "shop")
    changed(top, f"{FOLDERS['orders']}/notes.md")
    env = {"RED": "sast", "GITHUB_BASE_REF": "main"}
    done = github.act(top, *REQUEST, "--job", "sast", env=env, workflow="orders-ci", check=False)
    assert done.returncode != 0
    assert github.results(done.stdout) == {"orders-changes": "succeeded", "orders-sast": "failed"}


def children(said: str) -> dict[str, set[str]]:
    """Service → the jobs that passed in its pipeline."""
    found: dict[str, set[str]] = {}
    for service, job in re.findall(r"^ PASS  \[(\w+)\] -> (\S+)", said, re.MULTILINE):
        found.setdefault(service, set()).add(job)
    return found


OF_REQUEST = ("--unset-variable", "CI_COMMIT_BRANCH", "--variable", "SCHEDULE=")


@pytest.mark.parametrize("red", ["", "sast"])
def test_a_merge_request_starts_the_pipeline_of_the_services_that_it_changes(
    red: str, shop: Shop, tmp_path: Path
) -> None:
    top = stand_in(shop("gitlab"), "gitlab", tmp_path / "shop")
    changed(top, f"{FOLDERS['orders']}/notes.md")
    done = gitlab.pipeline(
        top, "--unset-variable", "CI_COMMIT_BRANCH", variables=gitlab.MERGE_REQUEST | {"RED": red}, check=False
    )
    print(done.stdout, done.stderr)
    assert children(done.stdout) == {"orders": GATES | {"gate"} - {red}}
