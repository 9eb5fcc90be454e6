"""The orders of a list: by one field, by several together, and that of a list which is asked for none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..text.problems import Word
from ..types import LONGEST_INDEXED, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..language.declarations import AggregateDeclaration, FieldDeclaration, OrderDeclaration
    from ..text.problems import Spot
    from .domain import Sort

MOMENTS = ("created_at", "modified_at")
"""What every aggregate has, and can be ordered by."""

MOST_BYTES = 4 * LONGEST_INDEXED
"""Of the values in a cursor: so many has one that goes by a single text."""
LONGEST_VALUE = 40
"""Characters of a number or a moment in a cursor, at most."""


class OrderKey(NamedTuple):
    """A field by which a list is ordered, and in which direction."""

    sort: Sort
    descending: bool = False

    @property
    def name(self) -> str:
        """As it is written."""
        return f"{'-' * self.descending}{self.sort.name}"

    @property
    def wire(self) -> str:
        """As it is in addresses."""
        return f"{'-' * self.descending}{self.sort.wire}"

    @property
    def backwards(self) -> OrderKey:
        """The same in the other direction."""
        return self._replace(descending=not self.descending)


class Order(NamedTuple):
    """An order of a list, by what comes first in it; where all is equal the id decides, in the last one's direction."""

    keys: tuple[OrderKey, ...]

    @property
    def name(self) -> str:
        """As it is written."""
        return ",".join(key.name for key in self.keys)

    @property
    def wire(self) -> str:
        """As it is in addresses."""
        return ",".join(key.wire for key in self.keys)

    @property
    def backwards(self) -> Order:
        """The same in the other direction."""
        return Order(tuple(key.backwards for key in self.keys))

    @property
    def rising(self) -> Order:
        """Itself or the other direction: the one that begins with rising values."""
        return self.backwards if self.keys[0].descending else self


def orders_of(declared: AggregateDeclaration, sorts: Mapping[str, Sort]) -> tuple[tuple[Order, ...], Order]:
    """The rising orders by several fields, and that of lists asked for none; `sorts` are all their fields."""

    def made(order: OrderDeclaration) -> Order:
        return Order(tuple(OrderKey(sorts[key.name], key.descending) for key in order.keys))

    default = made(declared.order) if declared.order else Order((OrderKey(sorts["created_at"], descending=True),))
    together = [*map(made, declared.sort_together), *([default] if len(default.keys) > 1 else [])]
    return tuple({order.name: order for order in (each.rising for each in together)}.values()), default


def names_of(declared: AggregateDeclaration) -> Iterator[str]:
    """The fields by which lists can be ordered alone: created_at first, and that of the order without a choice."""
    alone = declared.order.keys if declared.order and len(declared.order.keys) == 1 else ()
    yield from dict.fromkeys(("created_at", *declared.sort, *(key.name for key in alone)))


def asked_by(declared: AggregateDeclaration) -> Iterator[tuple[str, str, Spot]]:
    """Each field of an order by several, or of that without a choice: key of the aggregate, name, place."""
    for order in declared.sort_together:
        yield from (("sort", key.name, order.item) for key in order.keys)
    if declared.order:
        yield from (("order", key.name, Word(key.written)) for key in declared.order.keys)


def unfit(declared: FieldDeclaration) -> str:
    """Why lists cannot be ordered by the field; nothing if they can."""
    if declared.spec.type.sortable:
        return ""
    kinds = ", ".join(kind for kind, row in TABLE.items() if row.sortable)
    return f"{declared.name!r} is {declared.spec.type.kind}, which cannot be sorted by; only {kinds} can"


def complaints(aggregate: AggregateDeclaration) -> Iterator[tuple[str, str, int | None]]:
    """Orders whose values are too long for a cursor: the key of the aggregate, what is wrong, the place in the list."""
    fields = {field.name: field for field in aggregate.fields}
    orders = [("sort", order) for order in aggregate.sort_together]
    if aggregate.order:
        orders.append(("order", aggregate.order))
    for key, order in orders:
        values = [fields.get(each.name) for each in order.keys]
        size = sum(map(_bytes, values))
        if size > MOST_BYTES and len(values) > 1 and not any(map(unfit, filter(None, values))):
            most = f"at most {MOST_BYTES} fit into a cursor"
            yield key, f"the values of {order.written} may have {size} bytes, and {most}; shorten a text", order.item


def _bytes(field: FieldDeclaration | None) -> int:
    """The most that a value takes in a cursor, with its quotes and a comma."""
    if field is None:
        return LONGEST_VALUE + 3
    spec = field.spec
    return 3 + (4 * spec.length if spec.type.longest_indexed is not None else max(spec.length, LONGEST_VALUE))
