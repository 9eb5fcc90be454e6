"""A generated file that a person edited, under new names: theirs stays where it is, the rest is as it is rendered."""

import pytest

from castrum.rename.carrying import Carrier
from castrum.rename.spelling import Rename

CARRIER = Carrier(
    [Rename.of("Order → PurchaseOfCompany", [("order", "purchase_of_company"), ("orders", "purchases_of_company")])]
)
BASE = '''"""Orders."""

from .customer import router
from .order import router as orders

WORDS = ["order", "customer"]


def create(order: Order, caller: Caller) -> None:
    """Create an order."""
    save(order)
    done()
'''
RENAMED = '''"""Purchases of company."""

from .customer import router
from .purchase_of_company import router as purchases_of_company

WORDS = ["purchase_of_company", "customer"]


def create(
    purchase_of_company: PurchaseOfCompany, caller: Caller
) -> None:
    """Create a purchase of company."""
    save(purchase_of_company)
    done()
'''


@pytest.mark.parametrize(
    ("mine", "expected"),
    [
        (("    done()\n", "    # Mine.\n    done()\n"), ("    done()\n", "    # Mine.\n    done()\n")),
        (('    """Create an order."""\n', ""), ('    """Create a purchase of company."""\n', "")),
        (
            ('    """Create an order."""\n', '    """Create an order."""  # an order of mine\n'),
            (
                '    """Create a purchase of company."""\n',
                '    """Create a purchase of company."""  # an order of mine\n',
            ),
        ),
        (('"""Orders."""\n', '"""All orders."""\n'), ('"""Purchases of company."""\n', '"""All orders."""\n')),
    ],
    ids=["beside", "taken out", "behind", "another text"],
)
def test_the_persons_lines_stay(mine: tuple[str, str], expected: tuple[str, str]) -> None:
    text = BASE.replace(*mine)
    assert text != BASE
    assert CARRIER.carried(text, text, BASE, RENAMED) == RENAMED.replace(*expected)


def test_lines_in_what_was_put_in_another_order_are_not_carried() -> None:
    """Which place is theirs now, nobody can tell here; where it is in what stayed, everybody can."""
    one, two = ("".join(f"{word} {number}\n" for number in range(4)) for word in ("alpha", "beta"))
    base, renamed = f"{one}{two}end\n", f"{two}{one}end\n"
    mine = base.replace("alpha 2\n", "alpha 2\nmine\n")
    assert CARRIER.carried(mine, mine, base, renamed) == renamed.replace("alpha 2\n", "alpha 2\nmine\n")
    mine = mine.replace("beta 2\n", "beta 2\nmine\n")
    assert CARRIER.carried(mine, mine, base, renamed) is None


def test_what_nobody_edited_is_as_it_is_rendered() -> None:
    assert CARRIER.carried(BASE, BASE, BASE, RENAMED) == RENAMED
