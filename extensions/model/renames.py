"""Which renames by `renamed_from` can be carried out by one update, from the domain of the last one to the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..language.renames import in_steps
from ..text import english
from ..text.problems import Problem, nearest
from .domain import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .domain import Aggregate, Domain, ValueType
    from .fields import Field
    from .reserved import Reserved

Stored = dict[str, frozenset[str]]
"""Name → the tables or columns that it is stored in."""


def problems_between(old: Domain, new: Domain, reserved: Reserved) -> list[Problem]:
    """What stands in the way of the renames.

    A word that was carried out by an earlier update may stay.
    """
    renames = _Renames(reserved)
    before = {each.name: each for each in old.types}
    return [
        *renames.aggregates(old.aggregates, new.aggregates),
        *(problem for each in new.types for problem in renames.type(before.get(each.name), each)),
    ]


class _Renames:
    def __init__(self, reserved: Reserved) -> None:
        self._reserved = reserved

    def _table(self, owner: Aggregate | Part) -> str:
        return self._reserved.table(english.plural(owner.singular) if isinstance(owner, Part) else owner.plural)

    def _tables(self, aggregates: Sequence[Aggregate]) -> Stored:
        return {each.name: frozenset({self._table(each)}) for each in aggregates}

    def _columns(self, fields: Sequence[Field]) -> Stored:
        return {each.name: frozenset(self._reserved.columns(each.wire, each.type)) for each in fields}

    def aggregates(self, old: Sequence[Aggregate], new: Sequence[Aggregate]) -> Iterator[Problem]:
        before = {each.name: each for each in old}
        yield from _blocked("aggregates", new, "an aggregate", self._tables(old), self._tables(new))
        parts = {self._table(part): f"{each.name}.{part.name}" for each in old for part in each.parts}
        for aggregate in new:
            path, former, table = f"aggregates.{aggregate.name}", aggregate.renamed_from, self._table(aggregate)
            source = before.get(aggregate.name) or before.get(former or "")
            if aggregate.name not in before and former in before and table in parts:
                owner = parts[table]
                yield Problem(
                    f"{path}.renamed_from",
                    f"its table {table} was that of {owner} at the last update; "
                    f"an update, with its migration, for each step: remove {owner}, {former} → {aggregate.name}",
                )
            yield from self._fields(f"{path}.fields", source, aggregate)
            known = {each.name: each for each in source.parts} if source else {}
            for part in aggregate.parts:
                yield from self._fields(f"{path}.parts.{part.name}.fields", known.get(part.name), part)

    def type(self, old: ValueType | None, new: ValueType) -> Iterator[Problem]:
        """Those of the fields of a value object; what they are stored in begins with the name of its use."""
        yield from self._fields(f"types.{new.name}.fields", old, new)

    def _fields(
        self, path: str, old: Aggregate | Part | ValueType | None, new: Aggregate | Part | ValueType
    ) -> Iterator[Problem]:
        before = self._columns(old.fields if old else ())
        yield from _blocked(path, new.fields, "a field", before, self._columns(new.fields))


def _blocked(
    path: str, new: Sequence[Aggregate] | Sequence[Field], what: str, before: Stored, after: Stored
) -> Iterator[Problem]:
    """The renames of aggregates, or of the fields of one, that cannot be done at once."""
    asked = {
        each.renamed_from: each.name
        for each in new
        if each.renamed_from is not None and each.renamed_from in before and each.renamed_from not in after
    }
    for each in new:
        former, name = each.renamed_from, each.name
        if former is None or (former not in before and name in before):
            continue
        here = f"{path}.{name}.renamed_from"
        if former not in before:
            near = nearest(former, before, otherwise=False)
            yield Problem(here, f"{former!r} was not {what} at the last update, so there is nothing to rename{near}")
        elif name in before and name != former:
            yield Problem(here, f"{name!r} was {what} at the last update; {in_steps(asked, before)}")
        else:
            other = next((other for other in before if other != former and before[other] & after[name]), None)
            if other is not None:
                shared = ", ".join(sorted(before[other] & after[name]))
                steps = f"an update, with its migration, for each step: remove {other}, {former} → {name}"
                yield Problem(here, f"{shared} was stored for {other!r} at the last update; {steps}")
