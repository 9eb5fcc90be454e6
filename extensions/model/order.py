"""The order in which aggregates need each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..language.declarations import AggregateDeclaration, FieldDeclaration


def by_dependency(aggregates: Sequence[AggregateDeclaration]) -> tuple[str, ...]:
    """Aggregates after those they refer to, as far as the references form no circle."""
    known = {aggregate.name: aggregate for aggregate in aggregates}
    order: list[str] = []
    visiting: set[str] = set()

    def visit(name: str) -> None:
        if name in visiting:
            return
        visiting.add(name)
        aggregate = known[name]
        fields = [*aggregate.fields, *(field for part in aggregate.parts for field in part.fields)]
        for required_first in (True, False):
            for declared in fields:
                for target, needs in led_to(declared):
                    if needs == required_first:
                        visit(target)
        order.append(name)

    for name in known:
        visit(name)
    return tuple(order)


def led_to(declared: FieldDeclaration) -> Iterator[tuple[str, bool]]:
    """The aggregates of this domain that a field refers to, itself or inside of it, and whether it always does."""
    if declared.spec.type.local:
        yield declared.spec.target, not (declared.optional or declared.spec.type.many)
    for member in declared.spec.members_of:
        if member.spec.type.local:
            yield member.spec.target, not (declared.optional or member.optional)


def cycles(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Circles in the graph, each once, from the first of its members in declaration order."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            cycle = trail[trail.index(name) :]
            if not any(set(cycle) == set(other) for other in found):
                found.append(cycle)
            return
        if name in done:
            return
        for target in edges.get(name, ()):
            visit(target, [*trail, name])
        done.add(name)

    for name in edges:
        visit(name, [])
    return found
