"""Names in a person's modules: those of the renamed symbols have the new one, and no other word is touched."""

import pytest

from castrum.rename.pythoncode import Modules
from castrum.rename.rewriting import Rewriter
from castrum.rename.spelling import Rename
from castrum.rename.symbols import Symbols
from castrum.repository.trees import File

MODEL = """from dataclasses import dataclass


@dataclass
class Order:
    note: str
    lines: list["OrderLine"]

    def touch(self, order_note: str) -> None: ...


@dataclass
class OrderLine:
    note: str
"""
SERVICE = """from .model import Order


class OrderUseCases:
    async def create(self, order: Order) -> Order:
        return order


def find(order_id: int) -> Order | None: ...
"""
RENAMES = [
    Rename.of("Order → Sale", [("Order", "Sale"), ("order", "sale"), ("orders", "sales")]),
    Rename.of("Sale.note → Sale.remark", [("note", "remark")]),
]


def tree(**files: str) -> dict[str, File]:
    return {name.replace("__", "/") + ".py": File(text.encode()) for name, text in files.items()}


BASE = tree(src__shop__order__model=MODEL, src__shop__order__service=SERVICE, src__shop__kernel="class Caller: ...\n")
NEW = tree(
    src__shop__sale__model=MODEL.replace("class Order:\n    note", "class Sale:\n    remark")
    .replace("order_note", "sale_remark")
    .replace("touch", "touch"),
    src__shop__sale__service=SERVICE.replace("Order", "Sale").replace("order", "sale"),
    src__shop__kernel="class Caller: ...\n",
)
PLACE = {path: path.replace("shop/order", "shop/sale") for path in BASE}


def rewritten(text: str, **others: str) -> str | None:
    path = "src/shop/own/ours.py"
    ours = BASE | {path: File(text.encode())} | tree(**others)
    found = Rewriter(Modules(ours), Symbols.between(BASE, NEW, PLACE, RENAMES)).rewritten(path)
    return found.decode() if found is not None else None


IMPORT = "from ..order.model import Order\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Where the new name is somebody else's, the old one stays what it is called here.
        (
            f"from stripe import Sale\n{IMPORT}x: Order\ny = Sale(Order)\n",
            "from stripe import Sale\nfrom ..sale.model import Sale as Order\nx: Order\ny = Sale(Order)\n",
        ),
        (
            f"{IMPORT}def f(one: Order):\n    Sale = 1\n    return one.note, Sale, Order\n",
            (
                "from ..sale.model import Sale as Order\n"
                "def f(one: Order):\n    Sale = 1\n    return one.remark, Sale, Order\n"
            ),
        ),
        # What is called so elsewhere in the file is no obstacle.
        (
            f"{IMPORT}def f(Sale): ...\ndef g(one: Order): ...\n",
            "from ..sale.model import Sale\ndef f(Sale): ...\ndef g(one: Sale): ...\n",
        ),
        # A part has a field of the same name, which keeps it; so have a class of one's own and a foreign one.
        (
            f"{IMPORT}def f(one: Order):\n    return [line.note for line in one.lines], one.note\n",
            (
                "from ..sale.model import Sale\n"
                "def f(one: Sale):\n    return [line.note for line in one.lines], one.remark\n"
            ),
        ),
        (
            (
                "from .. import order\nfrom ..order.service import OrderUseCases as Base, find\n"
                "class Ours(Base):\n    async def create(self, order):\n        found = find(order_id=1)\n"
                "        await super().create(order=order)\n        return found and found.note, order.note\n"
            ),
            (
                "from .. import sale\nfrom ..sale.service import SaleUseCases as Base, find\n"
                "class Ours(Base):\n    async def create(self, sale):\n        found = find(sale_id=1)\n"
                "        await super().create(sale=sale)\n        return found and found.remark, sale.note\n"
            ),
        ),
        (
            (
                f"{IMPORT}import dataclasses as d\ndef f(one: Order):\n    two = d.replace(one, note='')\n"
                "    three = replace(one, note='')\n    return two.note, three.note, Order(note='note', lines=[])\n"
            ),
            (
                "from ..sale.model import Sale\nimport dataclasses as d\n"
                "def f(one: Sale):\n    two = d.replace(one, remark='')\n"
                "    three = replace(one, note='')\n    return two.remark, three.note, Sale(remark='note', lines=[])\n"
            ),
        ),
        (f"{IMPORT}def f(one: Order):\n    one = other()\n    return one.note\n", None),
        (
            f"{IMPORT}def f(one: Order, order):\n    one.touch(order_note=order.note)\n",
            "one.touch(sale_remark=order.note)",
        ),
        (f'{IMPORT}x: "list[Order] | None"\ny = "Order"\n', 'x: "list[Sale] | None"\ny = "Order"\n'),
        (f"\ufeff# é\r\n{IMPORT[:-1]}\r\nx = Order\r\n", "\ufeff# é\r\nfrom ..sale.model import Sale\r\nx = Sale\r\n"),
    ],
)
def test_only_the_renamed_symbol_follows(before: str, after: str | None) -> None:
    found = rewritten(before)
    assert found is not None
    if after is None:
        assert "one.note" in found
    elif after.startswith(("from", "\ufeff")):
        assert found == after
    else:
        assert after in found


def test_what_is_exported_again_follows_from_module_to_module() -> None:
    text = "from .api import Order, Mine\ndef f(one: Order, two: Mine):\n    return one.note, two.note\n"
    api = "from ..order.model import Order\nfrom ..order.model import Order as Mine\n"
    after = text.replace("Order", "Sale").replace(".note", ".remark")
    assert rewritten(text, src__shop__own__api=api) == after


def test_what_is_no_python_is_left() -> None:
    assert rewritten("def order(:\n") is None
    assert rewritten("x = 1\n\x0cfrom ..order.model import Order\n") is None


def test_a_package_with_another_name_is_not_mixed_up_with_a_variable() -> None:
    base = {path: file for path, file in BASE.items() if "kernel" in path}
    new = {path.replace("shop", "store"): file for path, file in base.items()}
    place = {path: path.replace("shop", "store") for path in base}
    symbols = Symbols.between(base, new, place, [Rename.of("shop → store", [("shop", "store")])])

    def after(text: str) -> str:
        path = "src/shop/own/ours.py"
        found = Rewriter(Modules(base | {path: File(text.encode())}), symbols).rewritten(path)
        assert found is not None
        return found.decode()

    free = "import shop.kernel\ndef f(store): ...\nx = shop.kernel.Caller\n"
    assert after(free) == free.replace("shop", "store")
    taken = "import shop.kernel\ndef f(store):\n    return shop.kernel.Caller, store\n"
    assert after(taken) == taken
