"""Fields, filters and sorts as templates read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..targets.docs.types import mermaid_type
from ..targets.openapi.filters import asked_for
from ..targets.openapi.types import field_schemas
from ..targets.postgres.search import document
from ..targets.postgres.tables import table_name
from ..targets.postgres.types import sql_literals
from ..targets.python.domain import module_of
from ..text.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model.domain import Aggregate, Domain
    from ..model.fields import Field
    from ..targets.python.attributes import PythonField
    from ..targets.python.lists import PythonFilter, PythonSort

Json = dict[str, Any]


def field_view(field: PythonField, domain: Domain) -> Json:
    """A field."""
    declared = field.declared
    spec, schemas = declared.type, field_schemas(declared.type)
    module = module_of(declared.target) if declared.target else None
    return {
        "name": declared.name,
        "renamed_from": declared.renamed_from,
        "wire": declared.wire,
        "attribute": field.attribute,
        "title": declared.title,
        "kind": declared.kind,
        "type": spec.written,
        "optional": declared.optional,
        "required": declared.required,
        "unique": declared.unique,
        "ignorecase": declared.ignorecase,
        "readonly": declared.readonly,
        "compared": declared.compared,
        "computed": declared.computed.written if declared.computed else None,
        "sensitivity": declared.sensitivity,
        "default": _default(field),
        "begins": _beginning(declared),
        "description": _description(declared),
        "python": field.python,
        "view": field.view,
        "json_schema": schemas.answer,
        "input_json_schema": schemas.request,
        "example": declared.examples[0],
        "examples": list(declared.examples),
        "mermaid": mermaid_type(spec),
        "column": field.columns[0].name,
        "columns": plain(field.columns),
        "enum": declared.enum,
        "item": spec.inner.type.kind if spec.inner else None,
        "reference": _reference(declared, module, domain) if declared.reference else None,
        "target": declared.target,
        "starts_empty": declared.starts_empty,
        "members": [field_view(member, domain) for member in field.members],
    }


def _beginning(field: Field) -> str:
    """What the field of a new aggregate is made of its moment, as Python; nothing where it has a value of its own."""
    if not field.begins_now:
        return ""
    return "at" if field.type.type.instant else "at.date()"


def _default(field: PythonField) -> Json | None:
    declared, code = field.declared, field.default
    if declared.default is None or code is None:
        return None
    value = declared.default.value
    return {
        "python": code.python,
        "json": value,
        "sql": list(sql_literals(declared.type, value)),
    }


def _description(field: Field) -> str:
    """What the contract says of a field, with what clients have to know of the way in which it is compared."""
    if field.is_many:
        return f"{field.description} Each of them once, in the order in which they were sent."
    if field.begins_now:
        return f"{field.description} {'The moment' if field.type.type.instant else 'The day (UTC)'} of its creation."
    alike = " Upper and lower case are alike where it is compared."
    return f"{field.description}{alike}" if field.ignorecase else field.description


def _reference(field: Field, module: str | None, domain: Domain) -> Json:
    target = domain.aggregate(field.target) if field.target else None
    return {
        "context": field.reference.context if field.reference else None,
        "aggregate": field.reference.aggregate if field.reference else None,
        "module": module,
        "table": table_name(target.plural) if target else None,
    }


def filter_view(entry: PythonFilter, aggregate: Aggregate, fields: Iterable[Json]) -> Json:
    """A parameter by which lists of the aggregate, which has these fields, are narrowed."""
    declared = entry.declared
    field = _of(declared.field, fields) if declared.field else None
    asked = asked_for(entry.asked.word, declared, aggregate)
    return {
        "param": entry.asked.wire,
        "word": entry.asked.word,
        "attribute": entry.attribute,
        "annotation": entry.annotation,
        "selected": entry.selected,
        "is_several": entry.is_several,
        "key": entry.key,
        "column": entry.column.name,
        "cast": entry.column.cast,
        "document": document(declared.search) if declared.search else "",
        "language": declared.search.language if declared.search else "",
        "python": field["python"] if field else entry.query,
        "ignorecase": declared.ignorecase,
        "description": asked.description,
        "json_schema": asked.schema,
        "example": asked.example,
    }


def sort_view(entry: PythonSort, fields: Iterable[Json]) -> Json:
    """An order of the lists of the aggregate that has these fields."""
    field = _of(entry.declared.field, fields) if entry.declared.field else None
    return {
        "name": entry.declared.wire,
        "attribute": field["attribute"] if field else entry.declared.name,
        "column": entry.column.name,
        "cast": entry.column.cast,
        "nullable": entry.column.nullable,
        "kind": entry.kind,
        "python": field["python"] if field else "datetime",
    }


def _of(field: Field, fields: Iterable[Json]) -> Mapping[str, Any]:
    return next(each for each in fields if each["name"] == field.name)
