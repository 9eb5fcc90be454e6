"""Services pass the whole gate that they are generated with; and each part of the gate can fail."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import rendering
from harness.paths import EXAMPLES, GATED
from harness.projects import link_node_modules, make, make_fails, set_up
from harness.repository import GIT, commit_all
from harness.tools import BIN, run


def each(names: list[str]) -> pytest.MarkDecorator:
    """The sample stands for all of them in the fast set; a project's tests share a process."""
    grouped = [
        pytest.param(name, marks=[pytest.mark.xdist_group(name), *([] if name == "ordering" else [pytest.mark.slow])])
        for name in names
    ]
    return pytest.mark.parametrize("name", grouped)


each_other = each([name for name in EXAMPLES if name not in GATED])


@each(list(GATED))
def test_whole_gate(name: str, projects: Callable[[str], Path]) -> None:
    """Format, lint, types, layers, contract, migrations, and the tests with the coverage that the service demands."""
    project = link_node_modules(projects(name))
    said = make(project, "check", timeout=1500)
    check_lint(said)
    assert coverage(said) >= 95
    assert "fail_under = 95" in (project / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r"[1-9]\d* passed", said)
    assert not re.search(r"\d+ (?:failed|error|skipped|xfailed)", said), said[-3000:]


def coverage(said: str) -> float:
    """Of a service's tests, in per cent."""
    summary = re.search(r"^TOTAL\s.*?(\d+(?:\.\d+)?)%$", said, re.MULTILINE)
    assert summary, said
    return float(summary[1])


def check_lint(said: str) -> None:
    """Ruff, its formatter, mypy --strict, import-linter."""
    assert re.search(r"Success: no issues found in \d+ source files", said)
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", said)


PLAIN = {
    "context": "plain",
    "aggregates": {
        "Product": {"title": "string(80)"},
        "Note": {"line": "string(80)"},
        "Tag": {"name": "string(40) unique"},
    },
}


@pytest.mark.slow
def test_a_service_without_a_lifecycle_tries_what_only_actions_use(tmp_path: Path) -> None:
    """What is stored with an idempotency key, as an endpoint of one's own may do it."""
    project = rendering.copy_domain(PLAIN, tmp_path / "plain")
    commit_all(project, "Start")
    assert coverage(make(set_up(project), "pytest")) >= 95


@each_other
def test_lint_types_and_layers(name: str, projects: Callable[[str], Path]) -> None:
    check_lint(make(projects(name), "lint"))


@each_other
def test_contract_linters(name: str, projects: Callable[[str], Path]) -> None:
    """spectral:oas, spectral-owasp, the Zalando rules, redocly recommended-strict."""
    make(link_node_modules(projects(name)), "contract")


@each_other
def test_migrations(name: str, projects: Callable[[str], Path]) -> None:
    """Alembic upgrade head, downgrade base, upgrade head, check."""
    project = projects(name)
    run(project / ".venv/bin/python", "-m", "dev.migrate", "check", cwd=project, env=GIT)


@pytest.mark.parametrize("name", EXAMPLES)
def test_dockerfile(name: str, trees: Callable[[str], Path]) -> None:
    run(BIN / "hadolint", trees(name) / "deploy" / "Dockerfile")


def test_dockerfile_lint_can_fail(trees: Callable[[str], Path], tmp_path: Path) -> None:
    text = (trees("ordering") / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    bad = tmp_path / "Dockerfile"
    bad.write_text(text + "\nRUN cd /tmp && pip install fastapi\n", encoding="utf-8")
    assert run(BIN / "hadolint", bad, check=False).returncode != 0


in_sample = pytest.mark.xdist_group("ordering")


@in_sample
@pytest.mark.parametrize(
    ("path", "defect", "complaint"),
    [
        ("src/ordering/order/routes.py", "x  =  1\n", "would be reformatted"),
        ("src/ordering/order/routes.py", "\n\nimport os\n", "F401"),
        ("src/ordering/order/routes.py", '\n\ndef broken() -> int:\n    return "no"\n', "Incompatible return value"),
        ("src/ordering/order/routes.py", "\n\ndef untyped(x):  # type: ignore[misc]\n    return x\n", "no-untyped-def"),
    ],
)
def test_lint_can_fail(path: str, defect: str, complaint: str, sample: Path) -> None:
    with (sample / path).open("a", encoding="utf-8") as stream:
        stream.write(defect)
    assert complaint in make_fails(sample, "lint")


@in_sample
@pytest.mark.parametrize(
    ("path", "defect"),
    [
        ("src/ordering/order/model.py", "import pydantic"),
        ("src/ordering/order/model.py", "from . import repository"),
        ("src/ordering/order/service.py", "from ..customer import model"),
        ("src/ordering/kernel.py", "import fastapi"),
        ("src/ordering/platform/request_context.py", "from ..order import model"),
    ],
)
def test_layers_can_fail(path: str, defect: str, sample: Path) -> None:
    with (sample / path).open("a", encoding="utf-8") as stream:
        stream.write(f"\n{defect}\n")
    done = run(sample / ".venv/bin/lint-imports", "--no-cache", cwd=sample, check=False)
    assert done.returncode != 0
    assert "BROKEN" in done.stdout


@in_sample
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("operationId: create_order\n", "operationId: createOrder\n"),
        ("'#/components/schemas/Order'", "'#/components/schemas/Odrer'"),
        ("openapi: 3.1", "openapi: 9.1"),
    ],
)
def test_contract_lint_can_fail(old: str, new: str, sample: Path) -> None:
    contract = sample / "contract" / "openapi.yaml"
    text = contract.read_text(encoding="utf-8")
    assert old in text or old.replace("'", '"') in text
    contract.write_text(text.replace(old, new).replace(old.replace("'", '"'), new), encoding="utf-8")
    make_fails(sample, "contract")


@in_sample
@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("src/ordering/order/table.py", "String(20)", "String(21)"),
        ("migrations/versions/0001_initial.py", "def downgrade() -> None:\n", "def downgrade() -> None:\n    return\n"),
    ],
)
def test_migration_check_can_fail(path: str, old: str, new: str, sample: Path) -> None:
    text = (sample / path).read_text(encoding="utf-8")
    assert old in text
    (sample / path).write_text(text.replace(old, new, 1), encoding="utf-8")
    done = run(sample / ".venv/bin/python", "-m", "dev.migrate", "check", cwd=sample, check=False, env=GIT)
    assert done.returncode != 0


@in_sample
@pytest.mark.slow
def test_coverage_can_fail(sample: Path) -> None:
    """Code that no test runs."""
    lines = "".join(f"    if x == {number}:\n        x += 1\n" for number in range(400))
    with (sample / "src/ordering/order/service.py").open("a", encoding="utf-8") as stream:
        stream.write(f"\n\ndef unused(x: int) -> int:\n{lines}    return x\n")
    assert "Coverage failure" in make_fails(sample, "test")
