"""What the deletion of an aggregate does to others: what refers to it goes along, is emptied, or refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..language.declarations import Policy
    from .domain import Aggregate, Domain, Part
    from .fields import Field


class Referring(NamedTuple):
    """A field that refers to an aggregate: of another one, or of a part of it."""

    aggregate: Aggregate
    part: Part | None
    field: Field
    on_delete: Policy

    @property
    def takes_aggregate(self) -> bool:
        """Whether the whole aggregate goes along."""
        return self.on_delete == "cascade" and self.part is None


def referring(aggregates: Sequence[Aggregate], name: str) -> Iterator[Referring]:
    """All fields that refer to the aggregate of that name."""
    for aggregate in aggregates:
        owners: list[tuple[Part | None, Sequence[Field]]] = [(None, aggregate.fields)]
        owners += [(part, part.fields) for part in aggregate.parts]
        for part, fields in owners:
            for field in fields:
                if field.refers_to == name and field.reference:
                    yield Referring(aggregate, part, field, field.reference.on_delete)


def seen_to(aggregates: Sequence[Aggregate], name: str) -> list[Referring]:
    """Those of them that do not refuse its deletion."""
    return [each for each in referring(aggregates, name) if each.on_delete != "restrict"]


def takers(aggregates: Sequence[Aggregate], aggregate: Aggregate) -> list[Aggregate]:
    """Those with which the aggregate is deleted."""
    targets = {field.target for field in aggregate.fields if field.reference and field.reference.on_delete == "cascade"}
    return [each for each in aggregates if each.name in targets]


def going(domain: Domain, name: str) -> list[Aggregate]:
    """The aggregate, and those that may be deleted with it, at whatever distance."""
    found = [domain.aggregate(name)]
    for aggregate in found:
        for each in referring(domain.aggregates, aggregate.name):
            if each.takes_aggregate and each.aggregate not in found:
                found.append(each.aggregate)
    return found


def consequences(domain: Domain, name: str) -> str:
    """What the deletion of an aggregate does to others, as a sentence; nothing where it does nothing to them."""
    seen = seen_to(domain.aggregates, name)
    if not seen:
        return ""
    text = "; ".join(map(_consequence, seen))
    further = " What refers to these goes or changes in the same way." if len(going(domain, name)) > 2 else ""
    return f"{text[0].upper()}{text[1:]}.{further}"


def _consequence(each: Referring) -> str:
    of, wire = each.aggregate.titles, each.field.wire
    whose = f"{each.part.titles} of {of}" if each.part else of
    if each.field.is_many:
        return f"goes from `{wire}` of the {whose} that refer to it"
    if each.on_delete == "clear":
        return f"empties `{wire}` of the {whose} that refer to it"
    return f"takes along the {whose} that refer to it by `{wire}`"
