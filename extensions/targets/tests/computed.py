"""What the generated tests try of computed fields: what is sent, what then comes out, and what does not fit."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple

from ...model.computed import Fold, Name, Number, evaluate, is_outside, range_of
from ...model.rules import keeps
from ..python.literals import python_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ...model.computed import Node
    from ...model.domain import Aggregate, Part
    from ...model.fields import Field

Json = dict[str, Any]

_WAYS = 500
"""The most that are looked at for values that do not fit."""


class ComputedTests(NamedTuple):
    """As code: bodies with what comes out of each, and bodies that are refused, with the place of the problem."""

    kept: tuple[tuple[str, str], ...]
    refused: tuple[tuple[str, str], ...]


class _Leaf(NamedTuple):
    """A field that something is made of; of a part's one item where the part is named."""

    part: str
    field: Field


def computed_tests(
    aggregate: Aggregate, body: Json, items: Mapping[str, list[Json]], repeatable: Collection[str]
) -> ComputedTests:
    """The tests of the aggregate, whose example is this body with these items of its parts.

    Of parts that are `repeatable`, two items may be alike.
    """
    tests = _Tests(aggregate, body, {name: each[0] for name, each in items.items() if each}, repeatable)
    return ComputedTests(tuple(tests.kept()), tuple(tests.refused()))


class _Tests:
    def __init__(
        self, aggregate: Aggregate, body: Json, items: Mapping[str, Json], repeatable: Collection[str]
    ) -> None:
        self._aggregate = aggregate
        self._body = body
        self._items = items
        self._fields = {field.name: field for field in aggregate.fields}
        self._inner = {part.name: part.fields for part in aggregate.parts}
        self._repeatable = repeatable
        # In the order in which the model looks at them.
        self._computed = [
            _Leaf(part.name, field)
            for part in aggregate.parts
            if part.name in items
            for field in part.fields
            if field.computed
        ]
        self._computed += [_Leaf("", field) for field in aggregate.fields if field.computed]
        keys = [*aggregate.keys, *(key for part in aggregate.parts for key in part.keys)]
        keyed = [field for key in keys for field in key.fields]
        keyed += [field for field in aggregate.all_fields() if field.unique]
        # What tells examples apart has another value each time.
        self._told = [each for each in self._computed if not any(leaf.field in keyed for leaf in self._leaves(each))]
        self._sent = [leaf for leaf in self._leaves_once(self._told) if self._is_sent(leaf)]

    def kept(self) -> Iterator[tuple[str, str]]:
        """The example, its fields with other values, and without those that may be absent."""
        if not self._told:
            return
        seen: list[Json] = []
        for change in (_usual, _other, _absent):
            given = self._given(self._sent, [change(leaf.field) for leaf in self._sent])
            expected = [(each, self._value(each, given)) for each in self._told]
            if given not in seen and self._keeps(given) and self._outside(given) is None:
                seen.append(given)
                yield python_text(given), python_text(_shaped(expected))

    def refused(self) -> Iterator[tuple[str, str]]:
        """For each that may come out of the range of its type: values with which it is the first that does."""
        for each in self._computed:
            if not (each.field.computed and each.field.computed.is_bounded):
                continue
            sent = [leaf for leaf in self._leaves_once([each]) if self._is_sent(leaf)]
            ways = product(*(_extremes(leaf.field) for leaf in sent), (1, 2))
            for *values, count in islice(ways, _WAYS):
                given = self._given(sent, values, count)
                if self._outside(given) is each and self._keeps(given):
                    place = f"/{each.part}/0/{each.field.wire}" if each.part else f"/{each.field.wire}"
                    yield python_text(given), place
                    break

    def _outside(self, given: Json) -> _Leaf | None:
        """The first one that is out of the range of its type."""
        return next((each for each in self._computed if is_outside(each.field, self._value(each, given))), None)

    def _leaves_once(self, computed: Sequence[_Leaf]) -> list[_Leaf]:
        found = {(leaf.part, leaf.field.name): leaf for each in computed for leaf in self._leaves(each)}
        return list(found.values())

    def _leaves(self, each: _Leaf) -> Iterator[_Leaf]:
        """What the field is made of in the end."""
        if each.field.computed is None:
            yield each
            return
        inner = {field.name: field for field in self._inner[each.part]} if each.part else self._fields
        for part, name in _names(each.field.computed.root):
            if part:
                own = next(field for field in self._inner[part] if field.name == name)
                yield from self._leaves(_Leaf(part, own))
            else:
                yield from self._leaves(_Leaf(each.part, inner[name]))

    def _is_sent(self, leaf: _Leaf) -> bool:
        is_there = leaf.field.wire in (self._items.get(leaf.part, {}) if leaf.part else self._body)
        return is_there and not leaf.field.readonly

    def _given(self, sent: Sequence[_Leaf], values: Sequence[Any], count: int = 1) -> Json:
        """What is sent: members, and of a part a list of items, as many where two can be alike."""
        found = _shaped(list(zip(sent, values, strict=True)))
        return {
            name: value * count if isinstance(value, list) and name in self._repeatable else value
            for name, value in found.items()
        }

    def _value(self, each: _Leaf, given: Json) -> Any:
        started = {field.wire: field.default.value for field in self._aggregate.fields if field.default}
        body = started | self._body | {name: value for name, value in given.items() if not isinstance(value, list)}
        items = {name: [self._item(name, given)] * len(given.get(name, [{}])) for name in self._items}
        if each.part:
            inner = {field.name: field for field in self._inner[each.part]}
            return evaluate(each.field.name, inner, items[each.part][0], {})
        return evaluate(each.field.name, self._fields, body | items, self._inner)

    def _item(self, part: str, given: Json) -> Json:
        started = {field.wire: field.default.value for field in self._inner[part] if field.default}
        given_item: Json = given.get(part, [{}])[0]
        return started | self._items[part] | given_item

    def _keeps(self, given: Json) -> bool:
        own = self._body | {name: value for name, value in given.items() if not isinstance(value, list)}
        owners: list[tuple[Aggregate | Part, Json]] = [(self._aggregate, own)]
        owners += [(part, self._item(part.name, given)) for part in self._aggregate.parts if part.name in self._items]
        return all(keeps(rule, body) for owner, body in owners for rule in owner.rules)


def _shaped(values: Sequence[tuple[_Leaf, Any]]) -> Json:
    """The values as members, those of a part in a list of one item."""
    found: Json = {}
    for leaf, value in values:
        if leaf.part:
            found.setdefault(leaf.part, [{}])[0][leaf.field.wire] = value
        else:
            found[leaf.field.wire] = value
    return found


def _usual(field: Field) -> Any:
    return field.examples[0]


def _other(field: Field) -> Any:
    return field.examples[min(1, len(field.examples) - 1)]


def _absent(field: Field) -> Any:
    return None if field.optional else _other(field)


def _extremes(field: Field) -> list[Any]:
    """The greatest value, the least one, and a usual one."""
    if field.type.type.family not in {"numbers", "amounts"}:
        return [field.examples[0]]
    low, high = range_of(field.type)
    return [_as_sent(field, high), _as_sent(field, low), field.examples[0]]


def _as_sent(field: Field, number: Any) -> Any:
    """A number as it goes over the wire."""
    if field.kind == "money":
        return {"amount": f"{number:f}", "currency": field.type.currencies[0]}
    return f"{number:f}" if field.kind == "decimal" else int(number)


def _names(node: Node) -> Iterator[tuple[str, str]]:
    """The fields in an expression, each behind its part."""
    if isinstance(node, Name):
        yield "", node.name
    elif isinstance(node, Fold):
        if node.field:
            yield node.part, node.field
    elif not isinstance(node, Number):
        yield from _names(node.left)
        yield from _names(node.right)
