"""What an example cannot do without: the aggregates that it must refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model.domain import Aggregate, Part


def circular_parts(aggregates: Sequence[Aggregate]) -> Iterator[str]:
    """The entities of the parts that an example does without: they need a resource that may need this one."""
    needed = {aggregate.name: targets_of(aggregate) for aggregate in aggregates}
    for aggregate in aggregates:
        for part in aggregate.parts:
            targets = targets_of(part)
            if aggregate.name in _reached(targets, needed):
                yield part.entity
            else:
                needed[aggregate.name] |= targets


def targets_of(owner: Aggregate | Part) -> set[str]:
    """The aggregates that it must refer to."""
    return {target for field in owner.input_fields if not field.left_out for _, target in field.targets}


def _reached(names: set[str], needed: dict[str, set[str]]) -> set[str]:
    """These names and all that they need."""
    reached: set[str] = set()
    rest = set(names)
    while rest:
        name = rest.pop()
        reached.add(name)
        rest |= needed[name] - reached
    return reached
