"""Values as clients see them, where the domain has another form for them."""

from decimal import Decimal
from typing import Self

import msgspec

from ..kernel import Money


class MoneyView(msgspec.Struct, gc=False):
    """An exact amount in one currency; its digits travel as text."""

    amount: str
    currency: str

    @classmethod
    def of(cls, money: Money) -> Self:
        """The view of an amount as the domain knows it."""
        return cls(str(money.amount), money.currency)

    def to_domain(self) -> Money:
        """The same in the domain's terms."""
        return Money(Decimal(self.amount), self.currency)
