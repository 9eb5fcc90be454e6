"""Clients see an amount exactly as the domain has it."""

from decimal import Decimal

import msgspec
import pytest
from ordering.kernel import Money
from ordering.platform import MoneyView


@pytest.mark.parametrize("amount", ["0", "0.00", "19.90", "-0.0001", "99999999999999.9999", "100", "1E+2"])
def test_money_keeps_its_digits(amount: str) -> None:
    money = Money(Decimal(amount), "EUR")
    view = MoneyView.of(money)
    assert msgspec.json.encode(view) == msgspec.json.encode(money)
    assert str(view.to_domain().amount) == str(money.amount)
    assert view.to_domain() == money
    assert msgspec.json.decode(msgspec.json.encode(view), type=MoneyView) == view
