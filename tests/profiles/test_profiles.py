"""Every profile passes the tools that apply to it: one in the fast set, a dozen in CI, all in the campaign."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import helm, kubernetes, monorepos, rendering, terraform
from harness.repository import git
from harness.seeds import chosen
from harness.tools import BIN, policy, run

from profiles import profiles

ROWS = profiles.committed()
IN_CI = 12
"""The first profiles have every value, and most of the pairs."""
NUMBERS = chosen(len(ROWS), IN_CI)
each_profile = pytest.mark.parametrize(
    "number", [pytest.param(number, marks=[pytest.mark.slow] * (number > 0)) for number in NUMBERS]
)
Trees = Callable[[int], Path]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Trees:
    """Number of a profile → its repository, rendered once; nobody writes into it."""
    made: dict[int, Path] = {}

    def rendered(number: int) -> Path:
        if number not in made:
            made[number] = profiles.render(ROWS[number], tmp_path_factory.mktemp("profile") / "repository")
        return made[number]

    return rendered


def on(host: str) -> pytest.MarkDecorator:
    """The profiles of a repository host."""
    numbers = [number for number in NUMBERS if ROWS[number]["repository_host"] == host]
    marked = [pytest.param(number, marks=[pytest.mark.slow] * (number != numbers[0])) for number in numbers]
    return pytest.mark.parametrize("number", marked)


@each_profile
def test_code(number: int, tree: Trees) -> None:
    run(BIN / "ruff", "check", ".", cwd=tree(number))
    run(BIN / "ruff", "format", "--check", ".", cwd=tree(number))


@each_profile
def test_image(number: int, tree: Trees) -> None:
    run(BIN / "hadolint", tree(number) / "deploy" / "Dockerfile")


@each_profile
def test_data_files(number: int, tree: Trees) -> None:
    """Every file that a program reads can be read, with names and texts of every kind in it."""
    for path in sorted(tree(number).rglob("*")):
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix in {".yaml", ".yml"} and "templates" not in path.parts:
            list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


@each_profile
def test_compose(number: int, tree: Trees) -> None:
    schema(tree(number), "vendor.compose-spec", "compose.yaml")


def schema(root: Path, name: str, *paths: str | Path) -> None:
    tool = "check-jsonschema==0.39.0"
    run(BIN / "uvx", "--quiet", "--from", tool, "check-jsonschema", "--builtin-schema", name, *paths, cwd=root)


@each_profile
def test_chart(number: int, tree: Trees) -> None:
    """Both versions of Helm, the schemas of the oldest and the newest Kubernetes, and the rules for objects."""
    (chart,) = (tree(number) / "deploy" / "helm").iterdir()
    for values in [None, helm.written(helm.MINIMAL), *sorted(chart.glob("values-*.yaml"))]:
        options = () if values is None else ("--values", values)
        for version in helm.PACKAGES:
            said = helm.lint(chart, *options, version=version)
            assert said.returncode == 0, said.stdout
            assert not re.search(r"\[(WARNING|ERROR)\]", said.stdout), said.stdout
            objects = helm.manifests(chart, values=() if values is None else (values,), version=version)
            wrong = {rule.__name__: found for rule in kubernetes.RULES.values() if (found := list(rule(objects)))}
            assert not wrong, (values, version)


@each_profile
def test_infrastructure(number: int, tree: Trees, tmp_path: Path) -> None:
    """Format, module and environments valid; the module's own tests where no profile before had the same module."""
    (cloud,) = (tree(number) / "deploy" / "terraform").iterdir()
    code = terraform.copy(cloud, tmp_path / cloud.name)
    terraform.terraform(code, "fmt", "-check", "-diff", "-recursive")
    folders = [*sorted((code / "modules").iterdir()), *sorted((code / "environments").iterdir())]
    for folder in folders:
        terraform.init(folder)
        assert terraform.validate(folder) == [], folder
    module = code / "modules" / "service"
    if number == next(first for first in range(number + 1) if alike(tree(first)) == alike(tree(number))):
        messages = list(terraform.test(module))
        (summary,) = [message["test_summary"] for message in messages if message["type"] == "test_summary"]
        assert summary["status"] == "pass", [each["@message"] for each in messages if each["@level"] == "error"]


def alike(root: Path) -> str:
    """What two repositories share whose Terraform module is the same but for names and numbers."""
    (code,) = (root / "deploy" / "terraform").iterdir()
    digest = hashlib.sha256()
    for path in sorted((code / "modules").rglob("*.tf*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@on("github")
def test_workflows(number: int, tree: Trees, tmp_path: Path) -> None:
    folder = str(ROWS[number]["folder"])
    root = tmp_path / "repository"
    service = shutil.copytree(tree(number), root / folder)
    git(root, "init", "--quiet")  # what actionlint takes for the root of a repository
    if folder:
        monorepos.root_files(service)
    policy(service, "zizmor")
    policy(service, "actionlint")
    schema(root, "vendor.github-workflows", *sorted((root / ".github" / "workflows").iterdir()))


@on("gitlab")
def test_pipeline(number: int, tree: Trees) -> None:
    schema(tree(number), "vendor.gitlab-ci", ".gitlab-ci.yml")


@pytest.mark.slow
def test_chart_policies(tree: Trees, tmp_path: Path) -> None:
    """Checkov over what the charts of all profiles are in production."""
    for number in NUMBERS:
        (chart,) = (tree(number) / "deploy" / "helm").iterdir()
        production = str(ROWS[number]["environments"]).split(", ")[-1]
        (tmp_path / f"profile{number}.yaml").write_text(
            helm.template(chart, values=[chart / f"values-{production}.yaml"]).stdout, encoding="utf-8"
        )
    report = helm.checkov("kubernetes", tmp_path)
    assert [f"{each['check_id']} {each['file_path']}" for each in report["results"]["failed_checks"]] == []
    assert report["summary"]["passed"] > 50 * len(NUMBERS)


@pytest.mark.slow
def test_policies(tree: Trees, tmp_path: Path) -> None:
    """Checkov over the images, pipelines and Terraform modules of all profiles, those that are the same once."""
    for path, destination in distinct(tree):
        if path.is_dir():
            shutil.copytree(path, tmp_path / destination)
        else:
            (tmp_path / destination).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / destination)
    for framework in ("dockerfile", "github_actions", "gitlab_ci", "terraform"):
        report = helm.checkov(framework, tmp_path)
        failed = [f"{each['check_id']} {each['file_path']}" for each in report["results"]["failed_checks"]]
        assert not failed, framework
        assert report["summary"]["passed"], framework
        assert not report["summary"]["parsing_errors"], framework


def distinct(tree: Trees) -> Iterator[tuple[Path, Path]]:
    """File or folder that checkov reads, and where in a repository of its own it belongs; equal ones once."""
    seen: set[Any] = set()
    for number in NUMBERS:
        root = tree(number)
        (code,) = (root / "deploy" / "terraform").iterdir()
        parts = [
            root / "deploy" / "Dockerfile",
            root / ".gitlab-ci.yml",
            root / ".github",
            code / "modules" / "service",
        ]
        for part in filter(Path.exists, parts):
            content = rendering.files(part) if part.is_dir() else {"": part.read_bytes()}
            key = json.dumps({name: hashlib.sha256(text).hexdigest() for name, text in content.items()})
            if key not in seen:
                seen.add(key)
                yield part, Path(f"profile{number}") / part.relative_to(root)
