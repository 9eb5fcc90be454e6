"""The shared kernel: value objects and errors that every aggregate speaks of. Standard library only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple


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


class IdempotencyKey:
    """The promise to carry out a call once: its caller and key, and the fingerprint of what it asks; kept for `ttl`."""

    __slots__ = ("caller", "fingerprint", "key", "ttl")

    def __init__(self, caller: str, key: str, fingerprint: bytes, ttl: timedelta) -> None:
        self.caller = caller
        self.key = key
        self.fingerprint = fingerprint
        self.ttl = ttl


class Outcome(NamedTuple):
    """What a call with a key came to, as it is kept; each transport says it in its own way, also to a repeated call.

    `kind` is CREATED, CHANGED, GONE, or what an endpoint that only one transport has calls it.
    """

    kind: str
    resource: str | None
    """Its name, `orders/<id>`."""
    version: int | None
    snapshot: bytes
    """The JSON of the resource as the call left it."""


CREATED: Final = "created"
CHANGED: Final = "changed"
GONE: Final = "gone"
_NOTHING_KEPT: Final = Outcome("", None, None, b"")


class Call:
    """What every transport knows of a call: who makes it and when, and what holds it from happening twice or blindly.

    `versions` are those of the resource that the call is made for, None where any will do. `outcome` is here once a
    store has kept it under the key.
    """

    __slots__ = ("at", "caller", "key", "outcome", "versions")

    def __init__(
        self,
        caller: Caller,
        at: datetime,
        key: IdempotencyKey | None = None,
        versions: Collection[int] | None = None,
    ) -> None:
        self.caller = caller
        self.at = at
        self.key = key
        self.versions = versions
        self.outcome = _NOTHING_KEPT

    def check(self, version: int) -> None:
        """Raise StaleVersion unless the call is made for this version of the resource."""
        if self.versions is not None and version not in self.versions:
            raise StaleVersion

    def outrun(self) -> "StaleVersion | ChangedMeanwhile":
        """What to raise where another call has changed the resource since it was loaded."""
        return ChangedMeanwhile() if self.versions is None else StaleVersion()


class DomainError(Exception):
    """A refusal by its meaning, which each transport has a code of its own for: see `MEANINGS` in platform/problems.py.

    `place` is the JSON pointer of the value that is refused, or several with a space between where these values are
    refused together; empty where it is none.
    """

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(message)
        self.place = place


class RuleViolated(DomainError):
    """A business rule says no. `field` is the attribute that the rule is about."""

    def __init__(self, message: str, *, field: str | None = None, place: str = "") -> None:
        super().__init__(message, place=place)
        self.field = field


class TransitionRefused(DomainError):
    """The life cycle does not allow this action in this state."""

    def __init__(self, action: str, state: str) -> None:
        super().__init__(f"'{action}' is not possible in state {state}")
        self.action = action
        self.state = state


class NotFound(DomainError):
    """There is no such resource, or the caller may not know of it; e.g. `NotFound("order", order_id)`."""

    def __init__(self, what: str, identity: object) -> None:
        super().__init__(f"There is no {what} {identity}.")


class StaleVersion(DomainError):
    """The change was made for another version than the current one."""

    def __init__(self) -> None:
        super().__init__("The resource has changed since it was read.")


class ChangedMeanwhile(DomainError):
    """Another call has changed the resource at the same time; the same again may succeed."""

    def __init__(self) -> None:
        super().__init__("The resource was changed by another request; send this one again.")


class ValueRefused(DomainError):
    """The store does not take a value, and has `said` why; `place` has `*` for the item of a list: `/lines/*/sku`."""

    def __init__(self, message: str, *, place: str = "", said: str = "") -> None:
        super().__init__(message, place=place)
        self.said = said


class InvalidValue(ValueRefused):
    """The value is none that can be stored."""


class InvalidCursor(DomainError):
    """The page cannot be continued from there: the cursor is malformed, or of another order or other filters."""


class AlreadyExists(ValueRefused):
    """Another resource has this value in a unique field, or these in several that are unique together."""


class ReferenceNotFound(ValueRefused):
    """The value refers to a resource that does not exist."""


class StillReferenced(DomainError):
    """Other resources refer to this one."""


class KeyTaken(DomainError):
    """The idempotency key could not be claimed: its call was answered before, or is under way."""

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is under way.")


class KeyReused(DomainError):
    """The idempotency key stands for another call."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was sent with another request before.")


class Gone(DomainError):
    """What a repeated call made or changed has been deleted since."""

    def __init__(self) -> None:
        super().__init__("What this request made or changed has been deleted since.")


class Unavailable(DomainError):
    """Something that the service needs is not there at the moment; nothing has been done."""


class OutcomeOpen(DomainError):
    """The connection was lost, or the call given up, when its change may have been committed."""

    def __init__(self) -> None:
        super().__init__(
            "This may have been carried out. Send the same request again to learn it: nothing happens twice."
        )
