"""One answer changes the files that it concerns, and no other."""

from fnmatch import fnmatch
from pathlib import Path

import pytest
from harness import rendering

from extensions.answers.given import questions
from profiles import profiles
from profiles.array import Row, Value

HELM = "deploy/helm/*"
TERRAFORM = "deploy/terraform/*"
PIPELINES = (".github/*", ".gitlab/*", ".gitlab-ci.yml", "renovate.json")
NUMBERS = (
    "compose.yaml",
    "docs/capacity.md",
    "docs/deployment.md",
    "docs/runbooks/*",
    "docs/settings.md",
    "src/*/settings.py",
    "deploy/helm/*/values*.yaml",
    TERRAFORM,
)

CONCERNS: dict[str, tuple[str, ...]] = {
    "service_name": ("*",),
    "description": (
        "README.md", "pyproject.toml", "contract/openapi.yaml", "deploy/helm/*/Chart.yaml", "src/*/__init__.py",
        "src/*/__init__.py",
    ),
    "organisation": ("README.md", "LICENSE", "pyproject.toml", "contract/openapi.yaml", "deploy/Dockerfile", HELM),
    "owner_team": (
        "README.md", "pyproject.toml", "contract/openapi.yaml", "SECURITY.md", "*CODEOWNERS", HELM, TERRAFORM, "docs/*",
    ),
    "owner_email": ("README.md", "pyproject.toml", "contract/openapi.yaml", "SECURITY.md", HELM, TERRAFORM, "docs/*"),
    "api_url": ("README.md", "contract/openapi.yaml", "src/*/__init__.py", "docs/*", *PIPELINES, HELM, TERRAFORM),
    "licence": ("README.md", "LICENSE", "pyproject.toml", "contract/openapi.yaml", "deploy/Dockerfile", HELM),
    "python_version": ("README.md", "deploy/Dockerfile", ".devcontainer/*", *PIPELINES),
    "repository_host": (
        *PIPELINES, "*CODEOWNERS", "SECURITY.md", "README.md", "AGENTS.md", "Makefile", "ownership.yaml", "docs/*",
        "deploy/Dockerfile", ".checkov.yaml", "dev/template.py", TERRAFORM, HELM,
    ),
    "repository": ("*CODEOWNERS", "SECURITY.md", "README.md", "pyproject.toml", "docs/*", *PIPELINES, TERRAFORM, HELM),
    "folder": (
        *PIPELINES, ".pre-commit-config.yaml", "AGENTS.md", "Makefile", "README.md", "docs/*", "dev/template.py",
        "dev/root_files.py", TERRAFORM,
    ),
    "cloud": (
        TERRAFORM, "deploy/helm/*/values*.yaml", "README.md", "docs/*", "src/*/settings.py", *PIPELINES,
    ),
    "region": (TERRAFORM, "deploy/helm/*/values*.yaml", "docs/*", *PIPELINES),
    "environments": (TERRAFORM, "deploy/helm/*/values*.yaml", "README.md", "docs/*", *PIPELINES),
    "release": (HELM, "README.md", "AGENTS.md", "docs/*", *PIPELINES, TERRAFORM),
    "peak_rps": NUMBERS,
    "p99_ms": NUMBERS,
    "availability": NUMBERS,
    "rpo_minutes": NUMBERS,
    "rto_minutes": NUMBERS,
    "rows_per_day": NUMBERS,
    "retention_days": NUMBERS,
    "data_class": NUMBERS,
}  # fmt: skip
"""Question → patterns of the files that may differ when its answer alone differs, beside the answers file."""

CHANGES = [
    (name, value)
    for name, values in profiles.VALUES.items()
    if name != "example"
    for value in values[1:]
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return rendering.files(profiles.render(default_row(), tmp_path_factory.mktemp("base") / "project"))


def default_row() -> Row:
    return {name: values[0] for name, values in profiles.VALUES.items()} | {"example": "ordering"}


def test_the_table_has_every_question() -> None:
    assert CONCERNS.keys() == questions().keys() - {"domain"}


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_an_answer_changes_what_it_concerns(name: str, value: Value, base: dict[str, bytes], tmp_path: Path) -> None:
    row = default_row() | {name: value}
    assert profiles.allowed(row), "contradicts the defaults, so nobody can change it alone"
    after = rendering.files(profiles.render(row, tmp_path / "project"))
    changed = {path for path in base.keys() | after.keys() if base.get(path) != after.get(path)}
    changed = {path for path in changed if path != ".copier-answers.yml" and not path.startswith(".castrum/")}
    assert changed, "an answer without effect"
    elsewhere = sorted(path for path in changed if not any(fnmatch(path, pattern) for pattern in CONCERNS[name]))
    assert not elsewhere
