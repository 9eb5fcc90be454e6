"""Deletions that see to what refers to the resource: which tables they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...model.deletion import going, seen_to
from .tables import column_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...model.deletion import Referring
    from ...model.domain import Aggregate, Domain
    from .relation import Table


class ResourcesCode(NamedTuple):
    """A kind of resources that is deleted: its table, and those of its parts with their keys to it."""

    name: str
    table: str
    parts: tuple[tuple[str, str], ...]


class ReferenceCode(NamedTuple):
    """A column that refers to the table of a kind; `of` is the key of a part to its resource."""

    target: str
    resource: str
    table: str
    column: str
    of: str
    goes: bool


class DeletionCode(NamedTuple):
    """The deletion of an aggregate, with the kinds that may go along and all references to them that are seen to."""

    kinds: tuple[ResourcesCode, ...]
    references: tuple[ReferenceCode, ...]


def deletion(aggregate: Aggregate, domain: Domain, stored: Mapping[str, Table]) -> DeletionCode | None:
    """The deletion of the aggregate; None where nothing is to be seen to.

    What refers to itself in a list goes with that list, whichever of its foreign keys the server looks at first.
    """
    kinds = going(domain, aggregate.name)
    references = [(kind, each) for kind in kinds for each in seen_to(domain.aggregates, kind.name)]
    if not references and not aggregate.lists_itself:
        return None
    return DeletionCode(
        kinds=tuple(_resources(kind, stored) for kind in kinds),
        references=tuple(_reference(kind, each, stored) for kind, each in references),
    )


def _resources(kind: Aggregate, stored: Mapping[str, Table]) -> ResourcesCode:
    inner = [stored[part.entity] for part in kind.parts]
    inner += [link.table for link in stored[kind.name].links]
    return ResourcesCode(kind.name, stored[kind.name].name, tuple((each.name, each.keys[0].name) for each in inner))


def _reference(target: Aggregate, each: Referring, stored: Mapping[str, Table]) -> ReferenceCode:
    table = stored[each.part.entity if each.part else each.aggregate.name]
    if each.field.is_many:
        link = table.link_of(each.field)
        # What goes is the row of the list; its aggregate changes, as that of a part does.
        return ReferenceCode(
            stored[target.name].name, table.name, link.table.name, link.target, of=link.owner, goes=True
        )
    return ReferenceCode(
        target=stored[target.name].name,
        resource=stored[each.aggregate.name].name,
        table=table.name,
        column=column_names(each.field.wire, each.field.type)[0],
        of=table.keys[0].name,
        goes=each.on_delete == "cascade",
    )
