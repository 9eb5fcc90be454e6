"""The shared kernel: value objects and refusals that every aggregate speaks of. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in major units of a currency, e.g. `Money(Decimal("12.50"), "EUR")`; the currency is ISO 4217."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the verified subject of the token, its scopes and all of its claims."""

    subject: str
    scopes: frozenset[str]
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


class DomainError(Exception):
    """A refusal in the words of the domain; the edge of the service turns it into a problem."""


class RuleViolated(DomainError):
    """A business rule says no; answered with 409 `rule-violated`. `field` is the attribute that the rule is about."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TransitionRefused(DomainError):
    """The life cycle does not allow this action in this state; answered with 409 `transition-refused`."""

    def __init__(self, action: str, state: str) -> None:
        super().__init__(f"'{action}' is not possible in state {state}")
        self.action = action
        self.state = state
