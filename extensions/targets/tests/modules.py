"""The test modules of an aggregate: what they import, and what they call the aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...text.naming import snake
from ..python.import_block import imports
from ..python.imports import entity_import

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...model.domain import Aggregate
    from ..python.domain import PythonAggregate
    from .examples import Examples
    from .scenarios import Scenarios

TEST_VARIABLES = frozenset({"at", "expected", "moment", "new", "pytest", "state"})
"""What the tests of a model call something else."""


ADAPTER = "from pydantic import TypeAdapter"
"""What makes the values of an internal action's input: there is no body that would."""


class NamesInTests(NamedTuple):
    """The names in the test modules of an aggregate."""

    test_variable: str
    behaviours: tuple[str, ...]
    """The classes of tests from which that of the aggregate derives."""
    test_imports: str
    use_case_test_imports: str


def names_in_tests(
    aggregate: PythonAggregate,
    ways: Scenarios,
    sample: Examples,
    package: str,
    *,
    has_deletions: bool,
    has_links: bool,
) -> NamesInTests:
    """The names in the test modules of an aggregate; `package` is the service's Python package."""
    variable = aggregate.variable
    cases = (
        sample.filter_tests,
        sample.asked_tests,
        sample.sort_tests,
        sample.order_tests,
        sample.search_tests,
        sample.replaceable_parts,
        sample.needed_parts,
        sample.twin_tests,
        sample.key_tests,
        sample.rule_tests,
        sample.object_tests,
        sample.item_object_tests,
        sample.computed_tests,
    )
    further = {"DeletionBehaviour": has_deletions, "LinkBehaviour": has_links}
    behaviours = (*_behaviours(aggregate, ways, sample), *(name for name, has in further.items() if has))
    lines = [f"from ..{snake(each)} import {each}" for each in behaviours] or ["from ..api import Behaviour"]
    written = (sample.apart_tests, sample.asked_tests, sample.order_tests, sample.rule_tests, sample.object_tests)
    if any(written) or (sample.computed_tests and sample.computed_tests.refused):
        lines.append("from typing import Any")
    return NamesInTests(
        test_variable=f"{variable}_" if variable in TEST_VARIABLES else variable,
        behaviours=behaviours or ("Behaviour",),
        test_imports=_test_imports(
            aggregate,
            ways,
            package,
            lines,
            has_cases=any(cases) or has_deletions or has_links,
            has_order=bool(sample.default_order),
        ),
        use_case_test_imports=_use_case_test_imports(aggregate, package),
    )


def _behaviours(aggregate: PythonAggregate, ways: Scenarios, sample: Examples) -> Iterator[str]:
    """What an aggregate does beside what all of them do; each class is in a module of its name."""
    if sample.asked_tests:
        yield "ListBehaviour"
    if sample.order_tests or sample.default_order:
        yield "SortBehaviour"
    if sample.search_tests:
        yield "SearchBehaviour"
    if sample.needed_parts:
        yield "PartBehaviour"
    if sample.key_tests or sample.apart_tests:
        yield "KeyBehaviour"
    lifecycle = aggregate.declared.lifecycle
    if ways.takings or (lifecycle and lifecycle.choices):
        yield "LifecycleBehaviour"
    if sample.rule_tests:
        yield "RuleBehaviour"
    if sample.object_tests:
        yield "ValueObjectBehaviour"
    if sample.item_object_tests:
        yield "ItemObjectBehaviour"
    if sample.computed_tests:
        yield "ComputedBehaviour"


def has_test_like_classes(aggregates: Iterable[Aggregate]) -> bool:
    """Whether pytest would take a class of the models for tests."""
    return any(
        name.startswith("Test")
        for aggregate in aggregates
        for name in (
            aggregate.name,
            *(enum.name for enum in aggregate.enums),
            *(part.entity for part in aggregate.parts),
            *(action.command for action in aggregate.commands),
        )
    )


def _test_imports(
    aggregate: PythonAggregate,
    ways: Scenarios,
    package: str,
    behaviours: Iterable[str],
    *,
    has_cases: bool,
    has_order: bool,
) -> str:
    """`has_cases` says that some tests have cases, `has_order` that one asks for a list without."""
    module, name, lifecycle = aggregate.module, aggregate.declared.name, aggregate.declared.lifecycle
    lines = {
        *behaviours,
        "import json",
        "from dev.examples import EXAMPLES",
        f"from {package}.{module}.model import {entity_import(name)}",
        f"from {package}.{module}.schemas import {name}Create, {name}Patch",
        f"from {package}.platform import now",
        f"from {package}.platform import new_id",
    }
    for action in aggregate.declared.commands:
        lines.add(f"from {package}.{module}.model import {action.command}")
        lines.add(ADAPTER if action.internal else f"from {package}.{module}.schemas import {action.command}Input")
    for action in aggregate.declared.actions:
        for line in (line for each in aggregate.assigned_by(action) for line in each.test_imports):
            lines.add(line.replace("from ..", f"from {package}."))
        if any(each.inside for each in action.assigns):
            lines.add("from operator import attrgetter")
    if lifecycle:
        lines.add(f"from {package}.{module}.model import {lifecycle.enum}")
        if not all(ways.covers_all_states.values()):
            lines.add(f"from {package}.kernel import TransitionRefused")
    if lifecycle or has_cases:
        lines.add("import pytest")
    if has_cases or has_order or aggregate.declared.public_actions or (lifecycle and lifecycle.choices):
        lines.add("from ..api import Api")
    return imports(lines, package)


def _use_case_test_imports(aggregate: PythonAggregate, package: str) -> str:
    module, name, lifecycle = aggregate.module, aggregate.declared.name, aggregate.declared.lifecycle
    public = [each for each in aggregate.declared.commands if not each.internal]
    tried = [each for each in public if lifecycle and lifecycle.first in each.sources]
    internal = [each for each in aggregate.declared.actions if each.internal]
    of_model = [
        *([lifecycle.enum] if lifecycle and internal else []),
        *(each.command for each in internal if each.input),
    ]
    return imports(
        {
            *(f"from {package}.{module}.schemas import {each.command}Input" for each in tried),
            *(f"from {package}.{module}.model import {each}" for each in of_model),
            *([f"from {package}.platform import now"] if internal else []),
            *([ADAPTER] if any(each.input for each in internal) else []),
            "import json",
            "import pytest",
            "from dev.examples import EXAMPLES",
            "from ..stores import InMemory, call",
            f"from {package}.kernel import NotFound",
            f"from {package}.{module}.operations import {name}Operations",
            f"from {package}.{module}.schemas import {name}Create",
            f"from {package}.{module}.service import {name}Service",
            f"from {package}.{module}.store import {name}Page, {name}Row",
            f"from {package}.platform import new_id",
        },
        package,
    )
