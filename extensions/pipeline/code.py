"""What templates read: the model with what every target says of it, in values that survive JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..targets.openapi.linting import contract_linting
from ..targets.openapi.names import path_of
from ..targets.postgres.deletions import deletion
from ..targets.postgres.statements import field_statements, link_statements, part_statements, statements
from ..targets.postgres.tablecode import table_code
from ..targets.postgres.tables import tables
from ..targets.python.aggregates import aggregate_code
from ..targets.python.application import application_code
from ..targets.python.domain import python_domain
from ..targets.python.fields import command_field, field_code
from ..targets.python.imports import module_imports
from ..targets.python.parts import part_code
from ..targets.tests.deletions import deletion_tests
from ..targets.tests.examples import examples, limits
from ..targets.tests.links import link_tests
from ..targets.tests.modules import has_test_like_classes, names_in_tests
from ..targets.tests.needs import circular_parts
from ..targets.tests.scenarios import scenarios
from ..text.naming import natural
from ..text.plain import plain
from .view import view_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model.domain import Domain
    from ..targets.postgres.relation import Table
    from ..targets.python.attributes import PythonField
    from ..targets.python.domain import PythonAggregate
    from ..targets.python.fields import FieldCode
    from ..targets.tests.deletions import DeletionTest
    from ..targets.tests.examples import Examples
    from ..targets.tests.links import LinkTest

Json = dict[str, Any]


def with_code(domain: Domain, package: str) -> Json:
    """The domain with everything that the templates print; `package` is the service's Python package.

    What the targets say of the domain, of an aggregate, a part or a field stands beside it as `code`.
    """
    stored = tables(domain)
    aggregates = python_domain(domain, stored)
    model = view_of(domain, stored, aggregates)
    without = set(circular_parts(domain.aggregates))
    most = limits([domain.aggregate(name) for name in domain.by_dependency])
    views = {}
    for view, (name, aggregate) in zip(model["aggregates"], aggregates.items(), strict=True):
        sample = examples(aggregate.declared, without, most)
        taking = _deletion(aggregate, domain, stored)
        tried = deletion_tests(aggregate.declared, domain, without, most)
        linked = link_tests(aggregate.declared, most)
        tests = _tests(aggregate, sample, package, tried, linked)
        views[name] = _aggregate(view, aggregate, stored, taking, tests)
    code = {
        **plain(application_code(list(aggregates.values()), domain)),
        "aggregates": sorted(views.values(), key=lambda view: natural(view["module"])),
        "tables": [table for name in domain.by_dependency for table in views[name]["code"]["tables"]],
        "computes": any(aggregate.computes for aggregate in aggregates.values()),
        "uses_postgresql_types": any(view["code"]["uses_postgresql_types"] for view in views.values()),
        "behaviours": sorted({each for view in views.values() for each in view["code"]["behaviours"]}),
        "has_test_like_classes": has_test_like_classes(domain.aggregates),
        **plain(contract_linting(domain.aggregates, domain.types)),
    }
    return {**model, "aggregates": list(views.values()), "code": code}


def _aggregate(
    view: Json, aggregate: PythonAggregate, stored: Mapping[str, Table], taking: Json | None, tests: Json
) -> Json:
    declared, own = aggregate.declared, stored[aggregate.declared.name]
    inner = [stored[part.entity] for part in declared.parts]
    sql = statements(own, inner)
    sql_of_parts = part_statements(own, inner, sql)
    places = {column: place for place, column in enumerate(sql.columns)}
    fields = [field_code(field, sql.places, places) for field in aggregate.fields]
    parts = [part_code(part) for part in aggregate.parts]
    fields_of_parts = [[field_code(field, {}, {}) for field in part.fields] for part in aggregate.parts]
    lifecycle = _lifecycle(view["lifecycle"], aggregate)
    described = [table_code(own, declared.description)]
    described += [table_code(stored[part.entity], part.description) for part in declared.parts]
    described += [table_code(link.table, f"{link.title.capitalize()} of the {declared.title}.") for link in own.links]
    code = {
        **plain(aggregate_code(aggregate)),
        **plain(
            module_imports(aggregate, fields, list(zip(parts, fields_of_parts, strict=True)), sees_to=bool(taking))
        ),
        **plain(sql),
        "links": plain(link_statements(own)),
        "deletion": taking,
        **tests,
        "tables": plain(described),
        "uses_postgresql_types": any(table.uses_postgresql_types for table in described),
    }
    return {
        **view,
        **_fields(view, aggregate.fields, fields),
        "parts": [
            {
                **view["parts"][place],
                **_fields(view["parts"][place], part.fields, fields_of_parts[place]),
                "code": {**plain(parts[place]), **plain(sql_of_parts[place])},
            }
            for place, part in enumerate(aggregate.parts)
        ],
        "lifecycle": lifecycle,
        "commands": [action for action in lifecycle["actions"] if action["command"]] if lifecycle else [],
        "code": code,
    }


def _deletion(aggregate: PythonAggregate, domain: Domain, stored: Mapping[str, Table]) -> Json | None:
    """The deletion that sees to what refers to the aggregate; the kinds of resources have their paths."""
    found: Json | None = plain(deletion(aggregate.declared, domain, stored))
    for kind in found["kinds"] if found else ():
        kind["path"] = path_of(domain.aggregate(kind["name"]))
    return found


def _lifecycle(view: Json | None, aggregate: PythonAggregate) -> Json | None:
    """The lifecycle; what is sent with an action has the code of its fields."""
    if view is None:
        return None
    sent = {command.declared.name: command.fields for command in aggregate.commands}
    codes = {name: [{"code": plain(command_field(field))} for field in fields] for name, fields in sent.items()}
    return {**view, "actions": [_action(action, codes.get(action["name"], [])) for action in view["actions"]]}


def _action(view: Json, codes: Sequence[Json]) -> Json:
    command = view["command"]
    if command is None:
        return view
    fields = [{**field, **code} for field, code in zip(command["fields"], codes, strict=True)]
    return {**view, "command": {**command, "fields": fields}}


def _tests(
    aggregate: PythonAggregate,
    sample: Examples,
    package: str,
    tried: Sequence[DeletionTest],
    linked: Sequence[LinkTest],
) -> Json:
    ways = scenarios(aggregate.declared.lifecycle)
    names = names_in_tests(aggregate, ways, sample, package, has_deletions=bool(tried), has_links=bool(linked))
    tests = {"deletion_tests": plain(tried), "link_tests": plain(linked)}
    return {**plain(sample), **plain(ways), **plain(names), **tests}


def _fields(view: Json, fields: Sequence[PythonField], codes: Sequence[FieldCode]) -> Json:
    """The lists of fields of an aggregate or a part, each field with its code."""
    coded = {
        field.attribute: {**plain(code), **plain(field_statements(field.declared, field.columns))}
        for field, code in zip(fields, codes, strict=True)
    }
    lists = [name for name in ("fields", "input_fields", "output_fields") if name in view]
    return {name: [{**field, "code": coded[field["attribute"]]} for field in view[name]] for name in lists}
