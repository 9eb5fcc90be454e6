"""Every kind of change, in two updates of a service that a team works on: the gate is green, nothing is left over."""

import re
from pathlib import Path

import pytest
import yaml
from harness import rendering
from harness.projects import make, set_up
from harness.releases import replace
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run

CASTRUM = f"CASTRUM={BIN / 'castrum'}"
HISTORY = "migrations/versions/"
STAMP = ".castrum/"
"""Its file has its name from the recorded version, which a copy of the working tree does not have."""

REPORTS = '''"""A report of ours."""

from .order.model import Order
from .order.repository import OrderRepository


def line(order: Order, repository: OrderRepository) -> str:
    """One line about an order."""
    return f"{order.number} {order.id} {repository}"
'''
TEST = '''"""A test of ours."""

import inspect

from ordering import reports
from ordering.order.model import OrderLine


def test_report() -> None:
    assert "One line" in inspect.getsource(reports.line)
    assert OrderLine.__name__ == "OrderLine"
'''
WORKFLOW = """name: Ours
on:
  workflow_dispatch:
permissions: {}
jobs:
  greet:
    name: Greet
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: echo Salve
"""
MANIFEST = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-ours
  namespace: {{ .Release.Namespace }}
data:
  greeting: Salve
"""
OWN = {
    "src/ordering/reports.py": REPORTS,
    "tests/order/test_ours.py": TEST,
    ".github/workflows/ours.yml": WORKFLOW,
    "deploy/helm/ordering/templates/ours.yaml": MANIFEST,
    "deploy/terraform/aws/environments/production/ours.tf": 'locals {\n  ours = "salve"\n}\n',
    "own.mk": "greet: ## Greet\n\t@echo Salve\n",
}
RULE = """
    async def create(self, order: Order, caller: Caller) -> None:
        # in order to be sure, we look twice
        if order.number == "never":  # pragma: no cover
            raise RuleViolated("Never.")
        await super().create(order, caller)
"""
PRODUCT = "  Product:\n    fields:\n      name: string(80) unique\n      stars: int(1..5) = 3\n"


@pytest.fixture
def project(template_repository: Path, tmp_path: Path) -> Path:
    """The sample with a team's own files and edits."""
    project = tmp_path / "ordering"
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", template_repository, project, env=GIT)
    commit_all(project, "Start")
    set_up(project)
    for name, text in OWN.items():
        (project / name).write_text(text, encoding="utf-8")
    imports = "from ..kernel import Caller, RuleViolated\nfrom .model import Order\n"
    replace(project, "src/ordering/order/service.py", "from .use_cases", f"{imports}from .use_cases")
    with (project / "src/ordering/order/service.py").open("a", encoding="utf-8") as stream:
        stream.write(RULE)
    replace(project, "README.md", "## Start it\n", "## Start it\n\nOurs: ask Ann.\n")
    commit_all(project, "Our work")
    return project


@pytest.mark.slow
def test_gate_is_green_after_every_kind_of_change(project: Path, tmp_path: Path) -> None:
    own = {name.replace("tests/order/", "tests/purchase/") for name in OWN}
    edited = {"README.md", "src/ordering/purchase/service.py"}

    # An aggregate and a field renamed, one of each added, fields retyped.
    replace(project, "domain.yaml", "  Order:\n", "  Purchase:\n    renamed_from: Order\n")
    replace(project, "domain.yaml", "Order.ship", "Purchase.ship")
    replace(project, "domain.yaml", "note: text?", "remark: {type: text?, renamed_from: note}")
    replace(project, "domain.yaml", "aggregates:\n", f"aggregates:\n{PRODUCT}")
    replace(project, "domain.yaml", "      total: money\n", "      total: money\n      urgency: int(1..5) = 3\n")
    replace(project, "domain.yaml", "string(20) unique", "string(30) unique")
    replace(project, "domain.yaml", "enum(normal, express)", "enum(normal, express, courier)")
    said = make(project, "regen", CASTRUM, "ANSWERS=cloud=gcp repository_host=gitlab release=canary")
    for name in (".github/workflows/ours.yml", "deploy/terraform/aws/environments/production/ours.tf"):
        assert f"\n  {name}\n" in said.partition("Yours, in folders that the template has left:")[2]
    up, down = revision(project, "call an order a purchase")
    for words in (
        "orders RENAME TO purchases",
        "RENAME COLUMN note TO remark",
        "RENAME COLUMN order_id TO purchase_id",
        "String(length=30)",
        'create_table(\n        "products"',
    ):
        assert words in up
    assert not re.search(r'op\.(drop|create)_table\(\n?\s*"(orders|purchases)"', up + down)
    assert up.index("orders RENAME TO purchases") < up.index('drop_constraint("ck_purchases_priority"')
    assert "# in order to be sure, we look twice" in (project / "src/ordering/purchase/service.py").read_text("utf-8")
    assert_no_leftovers(project, own, edited, tmp_path / "first")
    make(project, "lint")
    commit_all(project, "Purchases")

    # An aggregate and fields dropped; the other clouds, hosts and strategies.
    replace(project, "domain.yaml", PRODUCT, "")
    replace(project, "domain.yaml", "      urgency: int(1..5) = 3\n", "")
    replace(project, "domain.yaml", "      priority: enum(normal, express, courier) = normal\n", "")
    replace(project, "domain.yaml", "    renamed_from: Order\n", "")
    replace(project, "domain.yaml", "remark: {type: text?, renamed_from: note}", "remark: text?")
    make(project, "regen", CASTRUM, "ANSWERS=cloud=azure repository_host=github release=blue-green")
    up, down = revision(project, "no products after all")
    assert "ck_purchases_priority" not in up  # it goes with its column
    assert down.index('add_column(\n        "purchases"') < down.index("ADD CONSTRAINT ck_purchases_priority")
    assert_no_leftovers(project, own, edited, tmp_path / "second")
    make(project, "check")
    make(project, "chart")
    commit_all(project, "No products")
    make(project, "drift", CASTRUM)


def revision(project: Path, message: str) -> tuple[str, str]:
    """Both ways of a new revision, in which a person says why it may do what it does."""
    make(project, "migration", f"m={message}")
    path = max((project / HISTORY).glob("*.py"))
    found = run("make", "migrations", cwd=project, env=GIT, check=False).stdout
    rules = sorted(set(re.findall(rf"^\S*{path.name}: ([a-z-]+): ", found, re.MULTILINE)))
    text = path.read_text(encoding="utf-8")
    accepts = "".join(f'    "{rule}": "Deployed without overlap.",\n' for rule in rules)
    head, tail = text.split("depends_on = None\n")
    path.write_text(f"{head}depends_on = None\n\naccepts = {{\n{accepts}}}\n{tail}", encoding="utf-8")
    up, down = text.split("def downgrade()")
    return up, down


def assert_no_leftovers(project: Path, own: set[str], edited: set[str], scratch: Path) -> None:
    """The project has what a fresh one of its answers has, byte for byte, and the team's own."""
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    data = {name: value for name, value in answers.items() if not name.startswith("_") and name != "domain"}
    fresh = rendering.files(rendering.copy_domain(answers["domain"], scratch / "ordering", data))
    there = {
        name
        for name in git(project, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
        if (project / name).is_file() and not name.startswith((HISTORY, STAMP))
    }
    wanted = {name for name in fresh if not name.startswith((HISTORY, STAMP))}
    assert there - wanted == own | {"uv.lock"}
    assert wanted <= there
    recorded = {".copier-answers.yml", "domain.yaml"}  # by whom and from where; in whose words
    assert {name for name in wanted - recorded if (project / name).read_bytes() != fresh[name]} == edited
