"""What the generated tests try of deletions that see to what refers to the resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...model.deletion import seen_to
from ..python.domain import module_of
from ..python.literals import row

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ...model.domain import Aggregate, Domain


class DeletionTest(NamedTuple):
    """The example that refers to the resource, the place in its body, and whether it, or the item, goes along."""

    module: str
    place: str
    goes: bool


def deletion_tests(
    aggregate: Aggregate, domain: Domain, without: Collection[str], most: Mapping[str, int]
) -> tuple[DeletionTest, ...]:
    """A test for each reference that clients can set in an example; of the aggregates in `most` there can be few."""
    return tuple(
        DeletionTest(
            module=module_of(each.aggregate.name),
            place=row((each.part.name, 0, each.field.wire) if each.part else (each.field.wire,), "[]"),
            goes=each.on_delete == "cascade",
        )
        for each in seen_to(domain.aggregates, aggregate.name)
        if not each.field.readonly
        and not each.field.is_many
        and not each.field.is_secret
        and not (each.part and each.part.entity in without)
        and most.keys().isdisjoint({aggregate.name, each.aggregate.name})
    )
