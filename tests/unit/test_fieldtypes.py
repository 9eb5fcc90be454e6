"""The forms of each type agree with each other: the contract's schema and the input type take the same values."""

import ast
import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from pydantic import Field, TypeAdapter, ValidationError

from extensions.language.schema import language_schema
from extensions.targets.openapi.types import SHARED_SCHEMAS, field_schemas
from extensions.targets.openapi.wire import GLOBALS
from extensions.targets.postgres.types import column_types, sql_literals
from extensions.targets.python.literals import python_text
from extensions.targets.python.types import python_literal, python_type
from extensions.types import TABLE, FieldTypeError, Spec, parse_type

TEMPLATE = Path(__file__).parents[2] / "template"
MODELS = [
    "string(3)",
    "text",
    "int",
    "int(-5..999)",
    "int(0..99999999999)",
    "bigint",
    "decimal(5, 2)",
    "decimal(3, 3)",
    "decimal(4)",
    "int(>0, <10)",
    "float",
    "float(0..1)",
    "float(>0, <=100.5)",
    "float(<-1.5)",
    "money",
    "money(EUR, USD)",
    "money(CHF)",
    "bool",
    "date",
    "time",
    "datetime",
    "uuid",
    "email",
    "url",
    "phone",
    "enum(low, high)",
    "json",
    "list(string(3))",
    "list(decimal(5, 2))",
    "ref X",
    "refs X",
    "id other.X",
    "id other.X string(9)",
    "id other.X bigint",
]


class Choice(StrEnum):
    LOW = "LOW"
    HIGH = "HIGH"


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The module `platform/http/fields.py` of a generated service."""
    template = TEMPLATE / "src" / "{{ package }}"
    folder = tmp_path_factory.mktemp("types") / "typed_service"
    (folder / "platform" / "http").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "platform" / "__init__.py").touch()
    (folder / "platform" / "http" / "__init__.py").touch()
    shutil.copyfile(template / "kernel.py", folder / "kernel.py")
    source = (template / "platform" / "http" / "fields.py.jinja").read_text(encoding="utf-8")
    rendered = Environment(trim_blocks=True, lstrip_blocks=True).from_string(source).render(GLOBALS)  # noqa: S701
    (folder / "platform" / "http" / "fields.py").write_text(rendered, encoding="utf-8")
    sys.path.insert(0, str(folder.parent))
    yield importlib.import_module("typed_service.platform.http.fields")
    sys.path.remove(str(folder.parent))


def test_json_has_the_largest_number_that_javascript_holds(fields: ModuleType) -> None:
    assert GLOBALS["wire"]["LARGEST_JSON_NUMBER"] == fields.LARGEST_NUMBER


def _spec(text: str) -> Spec:
    spec = parse_type(text)
    inner = replace(spec.inner, enum_class="Choice") if spec.inner else None
    return replace(spec, name="value", enum_class="Choice", inner=inner)


def _adapter(fields: ModuleType, spec: Spec) -> TypeAdapter[Any]:
    return TypeAdapter(eval(python_type(spec).body.text, {**vars(fields), "Choice": Choice, "Field": Field}))  # noqa: S307


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    shared = SHARED_SCHEMAS | {"Choice": {"type": "string"}}
    return {**schema, "components": {"schemas": shared}}


@pytest.mark.parametrize("text", MODELS)
def test_examples_are_valid_everywhere(fields: ModuleType, text: str) -> None:
    spec = _spec(text)
    validator = jsonschema.Draft202012Validator(_schema(field_schemas(spec).request))
    adapter = _adapter(fields, spec)
    examples = list(islice(spec.type.examples(spec), 20))
    assert examples
    for value in examples:
        validator.validate(value)
        adapter.validate_json(json.dumps(value), strict=True)
        assert spec.type.value(spec, value) == value


VALUES = st.one_of(
    st.lists(st.uuids().map(str), max_size=2).flatmap(lambda ids: st.sampled_from([ids, [*ids, *ids]])),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number != int(number)),
    st.text(max_size=6),
    st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,4})?", fullmatch=True),
    st.dates().map(str),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.from_regex(
        r"20[0-9]{2}-1[0-3]-0[1-9][Tt ][01][0-9]:[0-5][0-9](:[0-5][0-9]([.][0-9]{0,9})?)?([Zz]|[+-]0[0-9]:[0-5][0-9])?",
        fullmatch=True,
    ),
    st.times().map(lambda moment: moment.isoformat()),
    st.sampled_from([0, 1, -1.5, 100.5, -1e-300, "09:30", "24:00:00", "9:30:00", "09:30:00Z"]),
    st.floats(-3, 120).filter(lambda number: number != int(number)),
    st.uuids().map(str),
    st.emails(),
    st.sampled_from(["LOW", "low", "OTHER", "https://a.example/x?y=z#t", "ftp://a", "http://-", "a@b.c", "2026-02-30"]),
    st.lists(st.text(max_size=4), max_size=3),
    st.fixed_dictionaries(
        {"amount": st.from_regex(r"-?[0-9]{1,16}(\.[0-9]{1,5})?", fullmatch=True)},
        optional={"currency": st.sampled_from(["EUR", "eur", "CHF"])},
    ),
    st.dictionaries(st.text(max_size=3), st.one_of(st.text(max_size=3), st.integers(), st.none()), max_size=3),
)
WITHOUT_SECOND = "2026-02-28T08:00Z"
IMPOSSIBLE_DAYS = ("-02-29", "-02-30", "-02-31", "-04-31", "-06-31", "-09-31", "-11-31")


@pytest.mark.parametrize("text", MODELS)
@settings(max_examples=60)
@given(value=VALUES)
@example(value="a\u0000b")
@example(value="a\n")
@example(value="0001-01-01T00:00:00+14:00")
@example(value="9999-12-31T23:59:59-14:00")
@example(value="2026-02-28T08:00:00.1234567Z")
@example(value="2026-02-28T08:00:00.123456789+01:00")
@example(value=WITHOUT_SECOND)
@example(value="2026-02-28t08:00:00z")
@example(value=f"2026-02-28T08:00:00.{'0' * 80}Z")
@example(value="2016-12-31T23:59:60Z")
@example(value={"amount": "1.00", "currency": "EUR"})
def test_contract_and_input_take_the_same(fields: ModuleType, text: str, value: Any) -> None:
    spec = _spec(text)
    formats = jsonschema.FormatChecker(["date", "uuid"])
    validator = jsonschema.Draft202012Validator(_schema(field_schemas(spec).request), format_checker=formats)
    if isinstance(value, str) and (value.endswith("\n") or any(day in value for day in IMPOSSIBLE_DAYS)):
        return  # Python's `$` and missing format checkers differ from what the contract says
    allowed = validator.is_valid(value)
    try:
        _adapter(fields, spec).validate_json(json.dumps(value), strict=True)
        taken = True
    except ValidationError:
        taken = False
    # Java leaves out a second of zero, which is no RFC 3339: taken, although the contract's format cannot promise it.
    assert taken if value == WITHOUT_SECOND and text == "datetime" else allowed == taken


def test_every_type_is_tested_and_described() -> None:
    assert {parse_type(text).type.kind for text in MODELS} == set(TABLE)
    line = language_schema()["definitions"]["line"]
    for row in TABLE.values():
        assert row.syntax in line["description"]
        jsonschema.validate(row.sample, line)


@pytest.mark.parametrize("text", MODELS)
def test_sql_and_python_forms(text: str) -> None:
    spec = _spec(text)
    value = next(spec.type.examples(spec))
    assert len(sql_literals(spec, value)) == len(column_types(spec))
    literal = python_literal(spec, value)
    compile(literal.text, "literal", "eval")
    assert all(line.startswith("from ") for line in literal.imports)


def test_values_are_brought_into_their_wire_form() -> None:
    for text, raw, wire in (
        ("decimal(5, 2)", "1.5", "1.50"),
        ("decimal(5, 2)", 3, "3.00"),
        ("decimal(5, 2)", "-0", "0.00"),
        ("money", "10 EUR", {"amount": "10", "currency": "EUR"}),
        ("money(CHF)", "10.50", {"amount": "10.50", "currency": "CHF"}),
        ("datetime", "2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z"),
        ("datetime", "2026-01-01t02:00:00.1234567z", "2026-01-01T02:00:00.123456Z"),
        ("datetime", "2026-01-01T02:00Z", "2026-01-01T02:00:00Z"),
        ("enum(in-transit)", "in-transit", "IN_TRANSIT"),
        ('enum("usd", "In Transit")', "In Transit", "In Transit"),
        ("list(int)", "[1, 2]", [1, 2]),
        ("json", '{"a": 1}', {"a": 1}),
        ("bool", "true", True),
        ("time", "09:30", "09:30:00"),
        ("time", "09:30:00.5", "09:30:00.500000"),
        ("float", "1e3", 1000.0),
        ("float", 2, 2.0),
        ("float", "-0", 0.0),
        ("int", "1_000", 1000),
    ):
        spec = _spec(text)
        assert spec.type.value(spec, raw) == wire


@settings(max_examples=60)
@given(st.sampled_from(sorted(TABLE)), VALUES)
def test_any_value_is_taken_or_refused(kind: str, raw: Any) -> None:
    row = TABLE[kind]
    spec = _spec(row.sample.partition(" =")[0])
    try:
        value = row.value(spec, raw)
    except FieldTypeError:
        return
    assert row.value(spec, value) == value


@settings(max_examples=60)
@given(st.text())
def test_python_text_reads_back(value: str) -> None:
    assert ast.literal_eval(python_text(value)) == value


def test_python_text_has_the_formatters_quotes() -> None:
    assert python_text("it's") == '"it\'s"'
    assert python_text('say "x"') == "'say \"x\"'"
    assert python_text('\'{"a": "b"}\'') == "'\\'{\"a\": \"b\"}\\''"
