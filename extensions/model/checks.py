"""What only the whole domain shows: references that lead nowhere, names used twice, fields that no list can go by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..language.grammar import RESERVED_FIELDS
from ..text import english, naming
from ..text.problems import KEY, Word, below, near, nearest
from . import filters, keys, links, rules, sorts
from .assignments import check_assignments
from .inputs import check_cleared, check_inputs
from .keys import STATE
from .order import cycles, led_to
from .value_objects import check_types, inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..language.declarations import (
        ActionDeclaration,
        AggregateDeclaration,
        Domain,
        FieldDeclaration,
        FilterDeclaration,
    )
    from ..text.problems import Problems, Spot
    from .reserved import Reserved


def check(domain: Domain, reserved: Reserved, problems: Problems) -> None:
    """Add what is wrong to `problems`."""
    checks = _Checks(domain, reserved, problems)
    checks.references()
    for aggregate in domain.aggregates:
        checks.aggregate(aggregate)
    checks.consumed()
    check_types(domain, reserved, problems)


def _actions(aggregate: AggregateDeclaration) -> tuple[ActionDeclaration, ...]:
    return aggregate.lifecycle.actions if aggregate.lifecycle else ()


class _Checks:
    def __init__(self, domain: Domain, reserved: Reserved, problems: Problems) -> None:
        self._domain = domain
        self._reserved = reserved
        self._problems = problems
        self._aggregates = {aggregate.name: aggregate for aggregate in domain.aggregates}

    def _add(self, path: str, message: str, spot: Spot = None, instead: str = "") -> None:
        """Note the problem; `instead` is what to write at the spot, if there is nothing to choose."""
        self._problems.add(path, message, spot, ((spot, instead),) if instead else ())

    # References ------------------------------------------------------------------------------------------------------

    def references(self) -> None:
        required: dict[str, list[str]] = {name: [] for name in self._aggregates}
        for aggregate in self._domain.aggregates:
            parts = (field for part in aggregate.parts for field in part.fields)
            needed = [*aggregate.fields, *(field for part in aggregate.parts if part.min for field in part.fields)]
            sent = (field for action in _actions(aggregate) for field in action.input)
            for declared in [*aggregate.fields, *parts, *sent]:
                self._reference(declared)
            for declared in needed:
                required[aggregate.name] += [target for target, needs in led_to(declared) if needs]
        for value in self._domain.types:
            for declared in value.fields:
                self._reference(declared)
        for cycle in cycles(required):
            path = f"aggregates.{cycle[0]}"
            if len(cycle) == 1:
                self._add(
                    path, "must refer to itself, so the first could never be created; make the reference optional"
                )
            else:
                circle = " → ".join([*cycle, cycle[0]])
                self._add(path, f"{circle} require each other, so none could be created; make one reference optional")

    def _reference(self, declared: FieldDeclaration) -> None:
        spec = declared.spec
        if spec.type.local and spec.target not in self._aggregates:
            message = self._unknown_target(spec.target)
            self._add(declared.path, message, Word(spec.target), near(spec.target, self._aggregates))
        elif spec.refers and not spec.type.local and spec.context == self._domain.context:
            self._add(declared.path, f"{spec.context!r} is this context; write ref {spec.target}")

    def _unknown_target(self, name: str) -> str:
        owner = next(
            (each.name for each in self._aggregates.values() for part in each.parts if part.entity == name), ""
        )
        if owner:
            return f"{name} is a part of {owner}, and has no id; refer to {owner}, or make {name} an aggregate"
        if name in {declared.name for declared in self._domain.types}:
            return f"{name} is a type, whose values have no id; write {name} without ref"
        return f"unknown aggregate {name!r}{nearest(name, self._aggregates)}"

    def consumed(self) -> None:
        for event in self._domain.consumes:
            path = f"{event.path}.triggers"
            if event.source == self._domain.context:
                self._add(f"{event.path}.from", f"{event.source!r} is this context; expected another one")
            if event.aggregate is None:
                continue
            aggregate = self._aggregates.get(event.aggregate)
            if aggregate is None:
                self._add(path, f"unknown aggregate {event.aggregate!r}{nearest(event.aggregate, self._aggregates)}")
                continue
            actions = [action.name for action in _actions(aggregate)]
            if event.action not in actions:
                known = nearest(event.action or "", actions) or f"; {event.aggregate} has no actions"
                self._add(path, f"unknown action '{event.aggregate}.{event.action}'{known}")

    # Aggregates ------------------------------------------------------------------------------------------------------

    def aggregate(self, aggregate: AggregateDeclaration) -> None:
        wires: dict[str, str] = {}
        columns: dict[str, str] = {}
        for declared in aggregate.fields:
            self._field(declared, wires, columns)
            if complaint := links.complaint(declared, aggregate):
                self._add(declared.path, complaint, KEY)
            if aggregate.lifecycle and declared.name == STATE:
                self._add(declared.path, f"{STATE!r} is the state of the lifecycle; rename the field or drop it", KEY)
        if aggregate.fields and not self._problems.below(aggregate.path) and all(f.readonly for f in aggregate.fields):
            self._add(
                aggregate.path, "has only readonly fields, so nothing could be written; expected at least one other"
            )
        self._parts(aggregate, wires)
        self._resources(aggregate)
        self._keys(aggregate)
        self._rules(aggregate)
        self._computed(aggregate)
        check_inputs(aggregate, self._aggregates, self._problems)
        check_cleared(aggregate, self._problems)
        check_assignments(aggregate, self._problems)
        self._filter(aggregate)
        self._sort(aggregate)
        self._search(aggregate)

    def _parts(self, aggregate: AggregateDeclaration, wires: dict[str, str]) -> None:
        parent = f"{naming.snake(aggregate.name)}_id"
        for part in aggregate.parts:
            if part.name in wires or part.name in RESERVED_FIELDS or (aggregate.lifecycle and part.name == STATE):
                self._add(part.path, f"the name {part.name!r} is also that of a field; rename one of them", KEY)
            wires[part.name] = part.path
            inner: dict[str, str] = {}
            columns = {parent: "the aggregate's own identity", "position": "its place in the list"}
            for declared in part.fields:
                if declared.wire == parent:
                    self._add(
                        declared.path, f"{declared.name!r} is the aggregate that the part belongs to; drop it", KEY
                    )
                else:
                    self._field(declared, inner, columns)

    def _field(self, declared: FieldDeclaration, wires: dict[str, str], columns: dict[str, str]) -> None:
        name, path = declared.name, declared.path
        if name in RESERVED_FIELDS:
            self._add(path, f"{name!r} is a field that every aggregate has already; drop it or rename it", KEY)
            return
        if declared.spec.type.many and name.endswith(("_id", "_ids")):
            relation = english.plural(re.sub("_ids?$", "", name))
            wire = declared.wire_of(relation)
            self._add(path, f"name the relation, not its ids: {relation!r}; on the wire it is {wire!r}", KEY)
        elif declared.spec.refers and name.endswith("_id"):
            self._add(
                path, f"name the relation, not its id: {name.removesuffix('_id')!r}; on the wire it is {name!r}", KEY
            )
        if declared.wire in wires:
            self._add(path, f"is {declared.wire!r} on the wire, as {wires[declared.wire]} is; rename one of them", KEY)
            return
        wires.setdefault(declared.wire, path)
        for column in self._reserved.columns(declared.wire, declared.spec):
            if column in columns and columns[column] != path:
                self._add(path, f"has the column {column!r}, as {columns[column]} has; rename one of them", KEY)
            columns.setdefault(column, path)

    def _resources(self, aggregate: AggregateDeclaration) -> None:
        resources: dict[str, str] = {}
        for action in _actions(aggregate):
            if action.internal:
                continue
            if action.resource in resources:
                other = resources[action.resource]
                self._add(
                    action.path, f"is {action.resource!r} in paths, as {other!r} is; give another with `resource:`"
                )
            resources.setdefault(action.resource, action.name)

    def _keys(self, aggregate: AggregateDeclaration) -> None:
        for owner in aggregate.owners:
            for complaint, item in keys.complaints(owner):
                self._add(below(owner.path, "unique"), complaint, item)

    def _rules(self, aggregate: AggregateDeclaration) -> None:
        for owner in aggregate.owners:
            for complaint, item in rules.complaints(owner):
                self._add(below(owner.path, "rules"), complaint, item)

    def _computed(self, aggregate: AggregateDeclaration) -> None:
        if any(declared.computed for owner in aggregate.owners for declared in owner.fields):
            from . import formulas  # noqa: PLC0415 - only who computes pays for it

            for path, complaint in formulas.complaints(aggregate, self._domain.aggregates):
                self._add(path, complaint)

    # Lists -----------------------------------------------------------------------------------------------------------

    def _filter(self, aggregate: AggregateDeclaration) -> None:
        fields = {field.name: field for field in aggregate.fields}
        path = f"{aggregate.path}.filter"
        known = {*filters.MOMENTS, *([STATE] if aggregate.lifecycle else [])}
        for each in aggregate.filter:
            declared = fields.get(each.name)
            if declared is None and each.name not in known:
                states = [STATE] if aggregate.lifecycle else []
                self._unknown_field(path, each.name, aggregate, [*aggregate.mentioned, *states], each)
                continue
            found = [*filters.complaints(each, declared, aggregate, self._reserved.parameters)]
            for complaint in found:
                self._add(path, complaint, each.item)
            if declared is not None and not found:
                self._searched(path, declared, each.item)

    def _sort(self, aggregate: AggregateDeclaration) -> None:
        fields = {field.name: field for field in aggregate.fields}
        path = f"{aggregate.path}.sort"
        for name in aggregate.sort:
            if name in sorts.MOMENTS:
                continue
            declared = fields.get(name.removeprefix("-"))
            if declared is not None and name.startswith("-"):
                self._add(
                    path,
                    f"{name!r} has a direction; the caller chooses it, list the name only",
                    Word(name),
                    declared.name,
                )
            elif declared is None:
                self._unknown_field(path, name, aggregate, [*aggregate.mentioned, *sorts.MOMENTS])
            elif unfit := sorts.unfit(declared):
                self._add(path, unfit, Word(name))
            else:
                self._searched(path, declared)
        for key, name, spot in sorts.asked_by(aggregate):
            path, declared = below(aggregate.path, key), fields.get(name)
            if declared is None and name not in sorts.MOMENTS:
                self._unknown_field(path, name, aggregate, [*aggregate.mentioned, *sorts.MOMENTS], spot=spot)
            elif declared is not None and (unfit := sorts.unfit(declared)):
                self._add(path, unfit, spot)
            elif declared is not None:
                self._searched(path, declared, spot)
        for key, complaint, item in sorts.complaints(aggregate):
            self._add(below(aggregate.path, key), complaint, item)

    def _search(self, aggregate: AggregateDeclaration) -> None:
        if (search := aggregate.search) is None:
            return
        fields = {field.name: field for field in aggregate.fields}
        texts = [field.name for field in aggregate.fields if field.spec.type.searched]
        for name in search.fields:
            if (declared := fields.get(name)) is None:
                self._unknown_field(search.path, name, aggregate, texts)
            elif complaint := filters.unsearchable(declared):
                self._add(search.path, complaint, Word(name))
        if "search" in {field.wire for field in aggregate.fields}:
            complaint = "lists are asked for words by the parameter 'search', which is a field, too; rename the field"
            self._add(below(aggregate.path, "search"), complaint, KEY)

    def _unknown_field(
        self,
        path: str,
        name: str,
        aggregate: AggregateDeclaration,
        valid: Sequence[str],
        asked: FilterDeclaration | None = None,
        *,
        spot: Spot = None,
    ) -> None:
        mends = spot is None  # of several fields no single name takes the place
        spot = asked.item if asked else Word(name) if spot is None else spot
        declared = next((field for field in aggregate.fields if field.wire == name), None)
        if declared is not None:
            self._add(
                path,
                f"{name!r} is the name on the wire; write the field's name {declared.name!r}",
                spot,
                _said(declared.name, asked) if mends else "",
            )
        elif any(part.name == name for part in aggregate.parts):
            self._add(path, f"{name!r} is a part; only fields of the aggregate itself are possible", spot)
        elif complaint := inside(name, aggregate.fields):
            self._add(path, complaint, spot)
        elif name in RESERVED_FIELDS or "." in name:
            what = (
                "every aggregate has it already" if name in RESERVED_FIELDS else "it is in a part or another aggregate"
            )
            self._add(path, f"{name!r} cannot be used here: {what}; drop it", spot)
        elif name not in aggregate.mentioned:
            instead = _said(near(name, sorted(valid)), asked) if mends else ""
            self._add(path, f"unknown field {name!r}{nearest(name, sorted(valid))}", spot, instead)

    def _searched(self, path: str, declared: FieldDeclaration, spot: Spot = None) -> None:
        spot = Word(declared.name) if spot is None else spot
        if declared.secret or declared.pii:
            what = "secret" if declared.secret else "pii"
            self._add(
                path,
                f"{declared.name!r} is {what}; addresses end up in logs: drop it here, or the word there",
                spot,
            )
        elif (longest := declared.spec.type.longest_indexed) is not None and declared.spec.length > longest:
            self._add(
                path,
                f"{declared.name!r} is too long for an index; expected at most {longest} characters",
                spot,
            )


def _said(name: str, asked: FilterDeclaration | None) -> str:
    """The right name, with the words that stood behind the wrong one."""
    return " ".join((name, *asked.words)) if name and asked else name
