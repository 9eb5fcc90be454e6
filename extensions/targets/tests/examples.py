"""What the generated tests send and ask: an example of each aggregate, and its variations."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ...model.rules import keeps
from ..openapi.types import field_schemas
from ..python.domain import module_of
from ..python.literals import python_text, row
from .needs import targets_of
from .orders import OrderTest, order_tests
from .rules import RuleTest, rule_tests
from .value_objects import ObjectTest, another, item_object_tests, object_tests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ...model.domain import Action, Aggregate, Key, Part
    from ...model.fields import Field
    from .computed import ComputedTests

Json = dict[str, Any]

PLENTY = 10
TWO_WORDS = 17
"""The characters of the two words that the tests search for."""
"""No generated test makes so many resources of one kind."""

LATE = "2999-12-31T00:00:00Z"
"""A moment that no resource has in its books."""

_LIKE_OTHERS = re.compile(r"@|://|^[0-9a-fA-F]{8}-|^[0-9]{4}-?[0-9W]|^[-+]?[0-9.]+$")
"""Texts that `another` in dev/examples.py takes for an address, a UUID, a day or a number."""


class ReferenceCode(NamedTuple):
    """Where an example has a reference that it needs, and the module of the aggregate that it refers to."""

    place: str
    module: str
    """With a number behind it where it must be another one than that of another reference."""


class InputCode(NamedTuple):
    """What the tests send with an action, by its path: an example, what of it is needed, and where it refers to."""

    path: str
    body: Json
    required: tuple[str, ...]
    references: Mapping[str, str]
    """The module of the example that a member refers to, by the member's name."""


class Examples(NamedTuple):
    """How the tests create and change the aggregate, and which of its members they ask lists by."""

    example_body: Json
    example_patch: Json
    example_patch_reference: Mapping[str, str]
    """The module of the example that the patch refers to, by the member's name, if it is a reference."""
    example_patch_places: tuple[ReferenceCode, ...]
    """Where the patch refers to examples inside of a value object."""
    example_references: tuple[ReferenceCode, ...]
    example_unique: Mapping[str, str]
    """Wire name → the values that a unique field can have: a list, or a range."""
    example_varied: Mapping[str, str]
    """The same for one field of each key that nothing else tells apart."""
    example_keys: tuple[str, ...]
    """The wire names in each key of which the example has all values."""
    example_ignorecase: tuple[str, ...]
    example_most: int | None
    """How many of the aggregate can exist, where that is fewer than the tests may want."""
    filter_tests: tuple[str, ...]
    asked_tests: tuple[tuple[str, str], ...]
    """A parameter of a list, its member and its word, and another value that the member may have."""
    replaceable_parts: tuple[str, ...]
    needed_parts: tuple[str, ...]
    """Those of which there is one at least."""
    twin_tests: tuple[tuple[str, tuple[str, ...]], ...]
    key_tests: tuple[tuple[str, str], ...]
    """The wire names in a key, and those of them that two resources may still share."""
    apart_tests: tuple[tuple[str, str], ...]
    """A part, and the changes by which an item differs from the example in each key."""
    sort_tests: tuple[str, ...]
    order_tests: tuple[OrderTest, ...]
    search_tests: tuple[str, ...]
    default_order: str
    """That of lists which are asked for none, where it is not the usual one."""
    rule_tests: tuple[RuleTest, ...]
    object_tests: tuple[ObjectTest, ...]
    item_object_tests: tuple[tuple[str, str], ...]
    example_inputs: tuple[InputCode, ...]
    computed_tests: ComputedTests | None
    """None where nothing is computed of what the tests send."""


def examples(aggregate: Aggregate, without: Collection[str], most: Mapping[str, int]) -> Examples:
    """The example of an aggregate, which has no items of the parts whose entities it does `without`.

    Of the aggregates in `most` there can be only that many.
    """
    inputs = [field for field in aggregate.input_fields if not field.left_out]
    items = {part.name: _items(part, without) for part in aggregate.parts}
    body = {field.wire: field.examples[0] for field in inputs}
    patch, reference = _patch(aggregate, items, body)
    twins = {part.name: _unique_members(part, items[part.name]) for part in aggregate.parts}
    apart = {part.name: _apart(part, items[part.name], most) for part in aggregate.parts}
    keys = [key for key in aggregate.keys if not any(map(_is_absent, key.fields))]
    telling = {key.name: _telling(key, most) for key in keys}
    compared = {field.wire for key in keys for field in key.fields}
    return Examples(
        example_body=body | items,
        example_patch=patch,
        example_patch_reference=reference,
        example_patch_places=tuple(
            ReferenceCode(row(place, "()"), module_of(target))
            for field in aggregate.input_fields
            if field.members and field.wire in patch and patch[field.wire]
            for place, target in field.targets
        ),
        example_references=tuple(_references(aggregate, without)),
        example_unique={field.wire: _values(field) for field in inputs if field.unique and not field.target},
        example_varied={
            field.wire: _values(field) for field in telling.values() if not field.target and not field.readonly
        },
        example_keys=tuple(row(key.wires) for key in keys),
        example_ignorecase=tuple(
            field.wire
            for field in inputs
            if (field.unique or field.wire in compared)
            and field.ignorecase
            and field.kind != "url"
            and not _choices(field)
        ),
        example_most=most.get(aggregate.name),
        filter_tests=tuple(
            filter_.wire
            for filter_ in aggregate.filters
            if filter_.asked[0].word in {"", "any"} and (filter_.field is None or _is_in_example(filter_.field))
        ),
        asked_tests=tuple(_asked(aggregate, body)),
        replaceable_parts=tuple(part.name for part in aggregate.parts if _is_repeatable(part) and not part.minimum),
        needed_parts=tuple(part.name for part in aggregate.parts if part.minimum),
        twin_tests=tuple((wire, members) for wire, members in twins.items() if members),
        key_tests=tuple(
            (row(key.wires), row(wire for wire in key.wires if wire not in {each.wire for each in telling.values()}))
            for key in keys
        ),
        apart_tests=tuple((wire, python_text(changes)) for wire, changes in apart.items() if changes is not None),
        rule_tests=tuple(_rule_tests(aggregate, body, items)),
        object_tests=tuple(object_tests(aggregate)),
        item_object_tests=tuple(item_object_tests(aggregate, without)),
        sort_tests=tuple(sort.wire for sort in aggregate.sorts if sort.wire != "created_at"),
        order_tests=tuple(order_tests(aggregate, body | items)),
        search_tests=tuple(_searched(aggregate)),
        default_order="" if aggregate.order.wire == "-created_at" else aggregate.order.wire,
        example_inputs=tuple(_input(action) for action in aggregate.commands if not action.internal),
        computed_tests=_computed(aggregate, body, items),
    )


def _computed(aggregate: Aggregate, body: Json, items: Mapping[str, list[Json]]) -> ComputedTests | None:
    if not any(field.computed for field in aggregate.all_fields()):
        return None
    from .computed import computed_tests  # noqa: PLC0415 - only who computes pays for it

    found = computed_tests(aggregate, body, items, {part.name for part in aggregate.parts if _is_repeatable(part)})
    return found if found.kept or found.refused else None


def limits(aggregates: Sequence[Aggregate]) -> dict[str, int]:
    """Aggregate → how many of it can exist, where that is fewer than the tests may want: unique values run out.

    The aggregates come after those that they must refer to.
    """
    found: dict[str, int] = {}
    for aggregate in aggregates:
        counts = []
        for field in aggregate.input_fields:
            if not field.unique or field.left_out:
                continue
            counts.append(_count(field, found))
        counts += [max(_count(field, found) for field in key.fields) for key in aggregate.keys]
        if (fewest := min(counts, default=PLENTY)) < PLENTY:
            found[aggregate.name] = fewest
    return found


def _input(action: Action) -> InputCode:
    """The example of what is sent with an action; it refers to what is there, also where it need not."""
    return InputCode(
        path=action.resource,
        body={field.wire: field.examples[0] for field in action.input},
        required=tuple(field.wire for field in action.input if field.required),
        references={field.wire: module_of(field.target) for field in action.input if field.target},
    )


def _is_absent(field: Field) -> bool:
    """Whether new resources have no value of the field."""
    return field.left_out or (field.readonly and field.optional)


def _telling(key: Key, most: Mapping[str, int]) -> Field:
    """The field by which the key tells one example from the next: rather a reference, which leads to a new one."""
    return max(key.fields, key=lambda field: (min(_count(field, most), PLENTY), bool(field.target), not field.readonly))


def _apart(part: Part, items: list[Json], most: Mapping[str, int]) -> Json | None:
    """The changes by which an item differs from the example in each key; None where there is no key, or no way."""
    changes: Json = {}
    inputs = [field for item in items for field in part.input_fields if field.wire in item]
    if not inputs or not part.keys or part.maximum < 2 or any(field.unique for field in inputs):
        return None
    for key in part.keys:
        own = [field for field in key.fields if field in inputs]
        others = [field for field in own if not field.target and len(field.examples) > 1]
        if any(_is_absent(field) for field in key.fields) or {field.wire for field in own} & changes.keys():
            continue
        if any(field.target and most.get(field.target, PLENTY) >= PLENTY for field in own):
            continue
        if not others:
            return None
        changes[others[0].wire] = others[0].examples[1]
    return changes if all(_keeps(part, item | changes) for item in items) else None


def _asked(aggregate: Aggregate, body: Json) -> Iterator[tuple[str, str]]:
    """What lists are asked for in other ways than by a value, as far as new resources are for or against it."""
    for filter_ in aggregate.filters:
        if filter_.search:
            continue
        field = filter_.field
        if filter_.is_moment:
            others: Sequence[Any] = (None, LATE)
        elif field is None:
            others = [state.name for state in aggregate.lifecycle.states] if aggregate.lifecycle else ()
        else:
            others = field.examples
        for word, wire in filter_.asked:
            if word == "absent" and not _keeps(aggregate, body | {filter_.wire: None}):
                continue
            if word == "absent" or (word and (field is None or _is_in_example(field))):
                other = None if word == "absent" else others[1] if len(others) > 1 else None
                yield row((wire, filter_.wire, word), "()"), python_text(other)


def _searched(aggregate: Aggregate) -> Iterator[str]:
    """The members whose words lists are searched for, where they may be any two."""
    searched = (field for filter_ in aggregate.filters if filter_.search for field in filter_.search.fields)
    for field in searched:
        limits = field.type
        if _is_in_example(field) and not limits.pattern and limits.shortest <= TWO_WORDS <= limits.length:
            yield field.wire


def _is_in_example(field: Field) -> bool:
    return not field.readonly and not field.left_out


def _is_repeatable(part: Part) -> bool:
    """Whether two items like the example may stand in one resource, without another resource to refer to."""
    return part.maximum > 1 and not targets_of(part) and not _guards(part)


def _guards(part: Part) -> bool:
    return bool(part.keys) or any(field.unique for field in part.input_fields)


def _unique_members(part: Part, items: list[Json]) -> tuple[str, ...]:
    """What two items of the part in the example may not share, where there may be two; a key as its names in a row."""
    fields = [field for item in items for field in part.input_fields if field.wire in item]
    if part.maximum == 1 or not fields:
        return ()
    keys = [key for key in part.keys if not any(map(_is_absent, key.fields))]
    return (*(field.wire for field in fields if field.unique), *(" ".join(key.wires) for key in keys))


def _items(part: Part, without: Collection[str]) -> list[Json]:
    """The part in the example: one item, or none where an item would need the aggregate itself."""
    if part.entity in without:
        return []
    return [{field.wire: field.examples[0] for field in part.input_fields if not field.left_out}]


def _values(field: Field) -> str:
    """The values of a unique field as Python: a list, or a range."""
    return row(choices) if (choices := _choices(field)) else row(_span(field), "()")


def _choices(field: Field) -> tuple[Any, ...]:
    """The values of a unique field, where no other can be made up: of a pattern, or of a format of the team's own."""
    if field.kind in {"bool", "enum", "time"}:
        return field.examples
    if field.compared:
        return field.examples
    looks_like_others = field.kind == "string" and _LIKE_OTHERS.search(field.examples[0])
    return field.examples if field.type.pattern or looks_like_others else ()


def _span(field: Field) -> tuple[int, int]:
    """Shortest and longest text, or least and greatest number; the digits of a decimal are a number."""
    if field.kind == "decimal":
        return 0, 10 ** min(field.type.precision, 15) - 1
    schema = field_schemas(field.type).request
    low, high = ("minimum", "maximum") if "minimum" in schema else ("minLength", "maxLength")
    return schema.get(low, 0), schema.get(high, 0)


def _count(field: Field, most: Mapping[str, int]) -> int:
    """How many values of a field there are, each of which one may have, or that there are plenty."""
    if _is_absent(field):
        return PLENTY
    if field.readonly:
        return 1
    if field.target:
        return most.get(field.target, PLENTY)
    if choices := _choices(field):
        return len(choices)
    low, high = _span(field)
    return high - low + 1 if field.kind in {"int", "bigint", "decimal"} else PLENTY


def _patch(aggregate: Aggregate, items: Mapping[str, list[Json]], body: Json) -> tuple[Json, dict[str, str]]:
    """A merge patch that is valid for every resource made from the example, and changes it where that can be.

    With it comes the module of the example that its member refers to, by the member's name, if it is a reference.
    """
    inputs = [field for field in aggregate.input_fields if not field.is_many]
    plain = [field for field in inputs if not field.targets]
    objects = [field for field in inputs if field.members and field.targets]
    kept = {part.name for part in aggregate.parts if part.minimum}
    for field in sorted(plain, key=lambda field: field.unique):
        if len(field.examples) > 1 and _keeps(aggregate, body | {field.wire: field.examples[1]}):
            return {field.wire: field.examples[1]}, {}
    for wire, given in items.items():
        if given and wire not in kept:
            return {wire: []}, {}
    for field in (*plain, *objects):
        if field.optional and _keeps(aggregate, body | {field.wire: None}):
            return {field.wire: None}, {}
    for field in inputs:
        if field.target and _keeps(aggregate, body | {field.wire: field.examples[0]}):
            return {field.wire: field.examples[0]}, {field.wire: module_of(field.target)}
    plain.sort(key=lambda field: field.left_out)
    if plain:
        return {plain[0].wire: plain[0].examples[0]}, {}
    if objects:
        return {objects[0].wire: objects[0].examples[0] | another(objects[0])}, {}
    lists = (*items, *(field.wire for field in aggregate.input_fields if field.is_many))
    return {wire: items[wire] if wire in kept else [] for wire in lists}, {}


def _keeps(owner: Aggregate | Part, body: Json) -> bool:
    return all(keeps(rule, body) for rule in owner.rules)


def _rule_tests(aggregate: Aggregate, body: Json, items: Mapping[str, list[Json]]) -> Iterator[RuleTest]:
    yield from rule_tests(aggregate.rules, body)
    for part in aggregate.parts:
        for item in items[part.name]:
            yield from rule_tests(part.rules, item, part.name, int(_is_repeatable(part)))


def _references(aggregate: Aggregate, without: Collection[str]) -> Iterator[ReferenceCode]:
    """The references that the example needs: those of the aggregate, and those of each part's one item."""
    owners: list[tuple[tuple[str | int, ...], Aggregate | Part]] = [((), aggregate)]
    owners += [((part.name, 0), part) for part in aggregate.parts if part.entity not in without]
    for above, owner in owners:
        apart = {field.wire for rule in owner.rules if rule.sign == "!=" for field in rule.fields}
        count: Counter[str] = Counter()
        for field in owner.input_fields:
            for place, target in () if field.left_out else field.targets:
                module = module_of(target)
                if field.wire in apart:
                    count[module] += 1
                # A second one, where two must differ.
                number = f" {count[module]}" if field.wire in apart and count[module] > 1 else ""
                yield ReferenceCode(row((*above, *place), "()"), f"{module}{number}")
