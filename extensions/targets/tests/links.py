"""What the generated tests try of lists of references."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...types.choices import list_range
from ..python.domain import module_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...model.domain import Aggregate


class LinkTest(NamedTuple):
    """A list of references by its name in JSON, and the example that it refers to."""

    wire: str
    module: str
    most: int
    """How many of them it may have."""
    clears: bool
    """Whether the deletion of what it refers to takes that out of it; otherwise it is refused."""
    is_asked: bool
    """Whether lists can be asked for what refers to one."""


def link_tests(aggregate: Aggregate, most: Mapping[str, int]) -> tuple[LinkTest, ...]:
    """A test for each list of the aggregate; of those in `most` there can be few."""
    asked = {filter_.wire for filter_ in aggregate.filters}
    return tuple(
        LinkTest(
            wire=field.wire,
            module=module_of(field.refers_to),
            most=list_range(field.type)[1],
            clears=field.reference is not None and field.reference.on_delete == "clear",
            is_asked=field.wire in asked,
        )
        for field in aggregate.fields
        if field.is_many and field.refers_to and most.keys().isdisjoint({aggregate.name, field.refers_to})
    )
