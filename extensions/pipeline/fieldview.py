"""Fields, filters and sorts as templates read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model.domain import written
from ..targets.docs.types import mermaid_type
from ..targets.openapi.types import field_schemas
from ..targets.postgres.tables import table_name
from ..targets.postgres.types import sql_literals
from ..targets.python import names as python_names
from ..targets.python.types import python_literal, python_type
from ..text import naming
from .tableview import column_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model.domain import Aggregate, Domain, Field, Filter, Sort
    from ..targets.postgres.relation import Column

Json = dict[str, Any]
WIDTH = 120


def field_view(field: Field, columns: Iterable[Column], domain: Domain) -> Json:
    """A field that is stored in these columns."""
    spec = field.type
    code, schemas = python_type(spec), field_schemas(spec)
    default = _default(field) if field.default else None
    example = python_literal(spec, field.examples[0])
    stored = [column_view(column) for column in columns]
    module = python_names.module_name(naming.snake(field.target)) if field.target else None
    return {
        "name": field.name,
        "renamed_from": field.renamed_from,
        "wire": field.wire,
        "attribute": python_names.attribute_name(field.wire),
        "title": field.title,
        "kind": field.kind,
        "type": written(spec),
        "optional": field.optional,
        "required": field.required,
        "unique": field.unique,
        "ignorecase": field.ignorecase,
        "indexed": field.indexed,
        "readonly": field.readonly,
        "sensitivity": field.sensitivity,
        "default": default,
        "description": _description(field),
        "python": code.model.text,
        "input": code.body.text,
        "view": code.answer.text,
        "query": code.query.text,
        "imports": {
            "python": sorted({*code.model.imports, *(default["imports"] if default else ())}),
            "input": sorted({*code.body.imports, *(default["imports"] if default else ())}),
            "view": sorted(code.answer.imports),
            "query": sorted(code.query.imports),
        },
        "alias": {"name": spec.alias_name, "definition": _alias(spec.alias_name, code.alias)} if code.alias else None,
        "json_schema": schemas.answer,
        "input_json_schema": schemas.request,
        "example": field.examples[0],
        "other_example": field.examples[1] if len(field.examples) > 1 else None,
        "examples": list(field.examples),
        "bounds": spec.type.span(spec),
        "example_python": example.text,
        "example_imports": list(example.imports),
        "mermaid": mermaid_type(spec),
        "column": stored[0]["name"],
        "columns": stored,
        "enum": field.enum,
        "item": spec.inner.type.kind if spec.inner else None,
        "reference": _reference(field, module, domain) if field.reference else None,
        "target": field.target,
        "target_module": module,
    }


def _default(field: Field) -> Json:
    value = field.default.value if field.default else None
    python = python_literal(field.type, value)
    return {
        "python": python.text,
        "input": python.text,
        "json": value,
        "sql": list(sql_literals(field.type, value)),
        "mutable": isinstance(value, (list, dict)) and field.kind != "money",
        "imports": list(python.imports),
    }


def _description(field: Field) -> str:
    """What the contract says of a field, with what clients have to know of the way in which it is compared."""
    alike = " Upper and lower case are alike where it is compared."
    return f"{field.description}{alike}" if field.ignorecase else field.description


def _alias(name: str, annotation: str) -> str:
    line = f"{name} = {annotation}"
    if len(line) <= WIDTH:
        return line
    inner = annotation.removeprefix("Annotated[").removesuffix("]")
    return f"{name} = Annotated[\n    {inner}\n]"


def _reference(field: Field, module: str | None, domain: Domain) -> Json:
    target = domain.aggregate(field.target) if field.target else None
    return {
        "context": field.reference.context if field.reference else None,
        "aggregate": field.reference.aggregate if field.reference else None,
        "module": module,
        "table": table_name(target.plural) if target else None,
    }


def filter_view(entry: Filter, aggregate: Aggregate, fields: Iterable[Json]) -> Json:
    """A filter of the aggregate that has these fields."""
    if entry.field is None:
        return _state_filter(aggregate)
    field = _of(entry.field, fields)
    return {
        "param": field["wire"],
        "attribute": field["attribute"],
        "column": field["column"],
        "cast": field["columns"][0]["cast"],
        "python": field["python"],
        "query": field["query"],
        "imports": field["imports"]["query"],
        "ignorecase": field["ignorecase"],
        "cases": ", in upper or lower case" if field["ignorecase"] else "",
        "kind": field["kind"],
        "title": field["title"],
        "json_schema": field["input_json_schema"],
        "example": field["example"],
        "testable": not field["readonly"] and field["kind"] != "ref",
    }


def _state_filter(aggregate: Aggregate) -> Json:
    if aggregate.lifecycle is None:
        raise ValueError(aggregate.name)
    enum = aggregate.lifecycle.enum
    values = [state.name for state in aggregate.lifecycle.states]
    return {
        "param": "status",
        "attribute": "status",
        "column": "status",
        "cast": "text",
        "python": enum,
        "query": enum,
        "imports": [f"from .model import {enum}"],
        "ignorecase": False,
        "cases": "",
        "kind": "enum",
        "title": "status",
        "json_schema": {"type": "string", "enum": values},
        "example": values[0],
        "testable": False,
    }


def sort_view(entry: Sort, fields: Iterable[Json]) -> Json:
    """An order of the lists of the aggregate that has these fields."""
    if entry.field is None:
        return {
            "name": entry.name,
            "attribute": entry.name,
            "column": entry.name,
            "cast": "timestamptz",
            "nullable": False,
            "kind": "datetime",
            "python": "datetime",
        }
    field = _of(entry.field, fields)
    return {
        "name": field["wire"],
        "attribute": field["attribute"],
        "column": field["column"],
        "cast": field["columns"][0]["cast"],
        "nullable": field["optional"],
        "kind": field["kind"],
        "python": field["python"],
    }


def _of(field: Field, fields: Iterable[Json]) -> Mapping[str, Any]:
    return next(each for each in fields if each["name"] == field.name)
