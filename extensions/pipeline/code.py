"""What templates read: the model with what every target says of it, in values that survive JSON."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from ..targets.openapi.linting import contract_linting
from ..targets.postgres.statements import field_statements, part_statements, statements
from ..targets.postgres.tablecode import table_code
from ..targets.python.aggregates import aggregate_code
from ..targets.python.application import application_code
from ..targets.python.fields import field_code
from ..targets.python.imports import module_imports
from ..targets.python.parts import part_code
from ..targets.tests.examples import circular_parts, examples, limits
from ..targets.tests.modules import has_test_like_classes, names_in_tests
from ..targets.tests.scenarios import scenarios

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..targets.python.fields import FieldCode

Json = dict[str, Any]


def with_code(model: Json, package: str) -> Json:
    """The model with everything that the templates print; `package` is the service's Python package.

    What the targets say of the model, of an aggregate, a part or a field stands beside it as `code`.
    """
    aggregates = model["aggregates"]
    by_name = {aggregate["name"]: aggregate for aggregate in aggregates}
    without = set(circular_parts(aggregates))
    most = limits([by_name[name] for name in model["aggregates_by_dependency"]])
    views = {name: _aggregate(each, package, without, most.get(name)) for name, each in by_name.items()}
    code = {
        **plain(application_code(aggregates)),
        "aggregates": [views[name] for name in model["aggregates_by_module"]],
        "tables": [table for name in model["aggregates_by_dependency"] for table in views[name]["code"]["tables"]],
        "uses_postgresql_types": any(view["code"]["uses_postgresql_types"] for view in views.values()),
        "has_test_like_classes": has_test_like_classes(aggregates),
        **plain(contract_linting(aggregates)),
    }
    return {**model, "aggregates": list(views.values()), "code": code}


def plain(value: object) -> Any:
    """A value of a target as JSON has it: an object for a dataclass, an array for a tuple."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def _aggregate(aggregate: Json, package: str, without: Collection[str], most: int | None) -> Json:
    sql, ways = statements(aggregate), scenarios(aggregate["lifecycle"])
    tables = [table_code(owner) for owner in (aggregate, *aggregate["parts"])]
    own = [field_code(field, sql.places) for field in aggregate["fields"]]
    inner = [[field_code(field, {}) for field in part["fields"]] for part in aggregate["parts"]]
    parts = [part_code(part) for part in aggregate["parts"]]
    parts_sql = part_statements(aggregate, sql)
    code = {
        **plain(aggregate_code(aggregate)),
        **plain(module_imports(aggregate, own, list(zip(parts, inner, strict=True)))),
        **plain(sql),
        **plain(examples(aggregate, without, most)),
        **plain(ways),
        **plain(names_in_tests(aggregate, ways, package)),
        "tables": plain(tables),
        "uses_postgresql_types": any(table.uses_postgresql_types for table in tables),
    }
    return {
        **aggregate,
        **_fields(aggregate, own),
        "parts": [
            {**part, **_fields(part, codes), "code": {**plain(code), **plain(of_sql)}}
            for part, code, codes, of_sql in zip(aggregate["parts"], parts, inner, parts_sql, strict=True)
        ],
        "code": code,
    }


def _fields(owner: Mapping[str, Any], codes: Sequence[FieldCode]) -> Json:
    """The lists of fields of an aggregate or a part, each field with its code."""
    views = {
        field["attribute"]: {**field, "code": {**plain(code), **plain(field_statements(field))}}
        for field, code in zip(owner["fields"], codes, strict=True)
    }
    lists = [name for name in ("fields", "input_fields", "output_fields") if name in owner]
    return {name: [views[field["attribute"]] for field in owner[name]] for name in lists}
