"""A renamed aggregate and a renamed field: what certainly means them follows, everything else stays and is told.

That the rows follow, test_every_change.py tells; other renames, test_rename_corpus.py.
"""

import re
from pathlib import Path

import pytest
from harness.releases import replace
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run

SERVICE = """

    async def create(self, order: Order, caller: Caller) -> None:
        # in order to be sure, we look twice
        if order.note == "never":
            raise RuleViolated("Never.")
        await super().create(order, caller)
"""
REPORTS = '''"""A report of our own on orders, in the order of their numbers."""

from .order.model import Order
from .order.repository import OrderRepository

ADDRESS = "/orders/{order_id}"


def line(order: Order, repository: OrderRepository) -> str:
    return f"{order.number} {order.id} {repository}"
'''
TEST = '''"""A test of our own."""

from ordering.order.model import OrderLine


def test_the_line_is_called_as_it_was() -> None:
    assert OrderLine.__name__ == "OrderLine"
'''


def rename(project: Path) -> None:
    replace(project, "domain.yaml", "  Order:\n", "  Purchase:\n    renamed_from: Order\n")
    replace(project, "domain.yaml", "note: text?", "remark: {type: text?, renamed_from: note}")
    replace(project, "domain.yaml", "Order.ship", "Purchase.ship")


@pytest.fixture
def service(template_repository: Path, tmp_path: Path) -> Path:
    """The sample, with code of a person's."""
    project = tmp_path / "ordering"
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", template_repository, project, env=GIT)
    commit_all(project, "Start")
    imports = "from ..kernel import Caller, RuleViolated\nfrom .model import Order\n"
    replace(project, "src/ordering/order/service.py", "from .use_cases", f"{imports}from .use_cases")
    with (project / "src/ordering/order/service.py").open("a", encoding="utf-8") as stream:
        stream.write(SERVICE)
    (project / "src/ordering/reports.py").write_text(REPORTS, encoding="utf-8")
    (project / "tests/order/test_own.py").write_text(TEST, encoding="utf-8")
    for name in ("order", "purchase"):
        (project / f"src/ordering/own/{name}.py").write_text(f'"""Our {name}."""\n', encoding="utf-8")
    (project / "src/ordering/order/reports.py").symlink_to("../reports.py")
    docstring = '    """Create an order."""\n'
    replace(project, "src/ordering/order/routes.py", docstring, f"{docstring}    # mine: an order is created here\n")
    commit_all(project, "Our work")
    return project


def update(project: Path) -> str:
    return run(BIN / "castrum", "update", project, "--to", "current", env=GIT).stdout


def test_code_follows_the_rename(service: Path) -> None:
    rename(service)
    said = update(service)
    assert "Renamed: Order → Purchase" in said
    assert "rename orders to purchases" in said
    assert not (service / "src/ordering/order").exists()
    assert not (service / "kept").exists()
    text = (service / "src/ordering/purchase/service.py").read_text(encoding="utf-8")
    assert "class PurchaseService(PurchaseUseCases):" in text
    assert (
        SERVICE.replace("Order,", "Purchase,")
        .replace("order.note", "purchase.remark")
        .replace("order: ", "purchase: ")
        .replace("(order, caller)", "(purchase, caller)")
        in text
    )
    assert re.search(r"^  src/ordering/purchase/service\.py:\d+: order$", said, re.MULTILINE)  # "in order to"
    # Both are there: a new name that a file of the person's has already is no reason to lose one of them.
    own = [(service / f"src/ordering/own/{name}.py").read_text(encoding="utf-8") for name in ("order", "purchase")]
    assert own == ['"""Our order."""\n', '"""Our purchase."""\n']
    assert (service / "src/ordering/purchase/reports.py").readlink() == Path("../reports.py")
    report = (service / "src/ordering/reports.py").read_text(encoding="utf-8")
    assert "on orders, in the order of their numbers" in report
    assert 'ADDRESS = "/orders/{order_id}"' in report
    assert "  src/ordering/reports.py:6: orders, order_id\n" in said
    assert "from .purchase.repository import PurchaseRepository" in report
    assert "def line(order: Purchase, repository: PurchaseRepository) -> str:" in report
    assert "  src/ordering/reports.py\n" in said.partition("Your code that followed:")[2]
    assert "from ordering.purchase.model import OrderLine" in (service / "tests/purchase/test_own.py").read_text()
    assert "# mine: an order is created here" in (service / "src/ordering/purchase/routes.py").read_text()
    assert (service / "migrations/versions/0001_initial.py").read_bytes() == git(
        service, "show", "HEAD:migrations/versions/0001_initial.py"
    ).encode() + b"\n"
