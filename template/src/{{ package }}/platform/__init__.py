"""What use cases and rules use of the platform: the time, identifiers, amounts as rows have them, and conditions.

A condition on stored resources is data, which SQL and a store in memory evaluate alike:

    OrderColumns.customer_id.equals(own) | ~OrderColumns.status.is_in(["DRAFT", "CANCELLED"])

As in SQL, what is compared with nothing is neither true nor false. A resource is found only where the whole is true.
What knows a transport or the database is in the modules and packages beside this.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter, ge, gt, le, lt
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from ..kernel import Money

T = TypeVar("T")

_ORDERS = {"<": lt, "<=": le, ">": gt, ">=": ge}


def now() -> datetime:
    """The current time: aware, UTC, to the microsecond, which is what a `timestamptz` column keeps.

    It is the one clock of the service, so that a test can replace it.
    """
    return datetime.now(UTC)


def new_id() -> UUID:
    """A UUIDv7: unguessable enough to be public, and ordered by time, so that new rows land at the end of an index."""
    return uuid7()


def text(identity: UUID) -> str:
    """What `str(identity)` is, in a fifth of the time."""
    written: str = msgspec.to_builtins(identity)
    return written


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


class Condition:
    """Base of conditions; they are joined by `&` and `|`, and turned round by `~`."""

    __slots__ = ()

    def sql(self, arguments: list[Any]) -> str:
        """The condition as SQL; its values are appended to the arguments of the statement."""
        raise NotImplementedError

    def truth(self, resource: Any) -> bool | None:
        """Whether the condition is true of a resource; None where that is not known, as in SQL."""
        raise NotImplementedError

    def holds(self, resource: Any) -> bool:
        """Whether a resource is one of those that the condition is for."""
        return self.truth(resource) is True

    def __and__(self, other: "Condition") -> "Condition":
        return _All((self, other))

    def __or__(self, other: "Condition") -> "Condition":
        return _Any((self, other))

    def __invert__(self) -> "Condition":
        return _Not(self)


class Column(Generic[T]):
    """A column of an aggregate: its name and SQL type, and where the value is in the aggregate, `total.amount`."""

    __slots__ = ("cast", "name", "of")

    def __init__(self, name: str, cast: str, path: str = "") -> None:
        self.name = name
        self.cast = cast
        first, _, rest = (path or name).partition(".")
        self.of = attrgetter(first) if not rest else _inner(first, rest)

    def equals(self, value: T) -> Condition:
        """The value is this one; upper and lower case differ."""
        return _Among(self, (value,))

    def is_in(self, values: Iterable[T]) -> Condition:
        """The value is one of these."""
        return _Among(self, tuple(values))

    def is_absent(self) -> Condition:
        """There is no value."""
        return _Absent(self)


class OrderedColumn(Column[T]):
    """A column of numbers or moments."""

    __slots__ = ()

    def below(self, value: T) -> Condition:
        """The value is less, or earlier."""
        return _Compared(self, "<", value)

    def at_most(self, value: T) -> Condition:
        """The value is not more, or not later."""
        return _Compared(self, "<=", value)

    def above(self, value: T) -> Condition:
        """The value is more, or later."""
        return _Compared(self, ">", value)

    def at_least(self, value: T) -> Condition:
        """The value is not less, or not earlier."""
        return _Compared(self, ">=", value)


def where(visible: Condition | None, arguments: list[Any]) -> str:
    """What follows the other conditions of a statement: ` AND …`, or nothing."""
    return "" if visible is None else f" AND {visible.sql(arguments)}"


@dataclass(frozen=True, slots=True)
class _Among(Condition):
    column: Column[Any]
    values: tuple[Any, ...]

    def sql(self, arguments: list[Any]) -> str:
        arguments.append(self.values)
        return f'"{self.column.name}" = ANY(${len(arguments)}::{self.column.cast}[])'

    def truth(self, resource: Any) -> bool | None:
        value = self.column.of(resource)
        if not self.values:
            return False
        if value is None:
            return None
        return True if value in self.values else None if None in self.values else False


@dataclass(frozen=True, slots=True)
class _Compared(Condition):
    column: Column[Any]
    order: str
    value: Any

    def sql(self, arguments: list[Any]) -> str:
        arguments.append(self.value)
        return f'"{self.column.name}" {self.order} ${len(arguments)}::{self.column.cast}'

    def truth(self, resource: Any) -> bool | None:
        value = self.column.of(resource)
        if value is None or self.value is None:
            return None
        compared: bool = _ORDERS[self.order](value, self.value)
        return compared


@dataclass(frozen=True, slots=True)
class _Absent(Condition):
    column: Column[Any]

    def sql(self, arguments: list[Any]) -> str:
        return f'"{self.column.name}" IS NULL'

    def truth(self, resource: Any) -> bool | None:
        return self.column.of(resource) is None


@dataclass(frozen=True, slots=True)
class _All(Condition):
    conditions: tuple[Condition, ...]

    def sql(self, arguments: list[Any]) -> str:
        return f"({' AND '.join(each.sql(arguments) for each in self.conditions)})"

    def truth(self, resource: Any) -> bool | None:
        found = [each.truth(resource) for each in self.conditions]
        return False if False in found else None if None in found else True


@dataclass(frozen=True, slots=True)
class _Any(Condition):
    conditions: tuple[Condition, ...]

    def sql(self, arguments: list[Any]) -> str:
        return f"({' OR '.join(each.sql(arguments) for each in self.conditions)})"

    def truth(self, resource: Any) -> bool | None:
        found = [each.truth(resource) for each in self.conditions]
        return True if True in found else None if None in found else False


@dataclass(frozen=True, slots=True)
class _Not(Condition):
    condition: Condition

    def sql(self, arguments: list[Any]) -> str:
        return f"NOT {self.condition.sql(arguments)}"

    def truth(self, resource: Any) -> bool | None:
        found = self.condition.truth(resource)
        return None if found is None else not found


def _inner(first: str, rest: str) -> Any:
    """Reads a member of a value that may be absent, at any depth."""
    step, _, below = rest.partition(".")
    outer, inner = attrgetter(first), _inner(step, below) if below else attrgetter(step)

    def read(resource: Any) -> Any:
        value = outer(resource)
        return None if value is None else inner(value)

    return read
