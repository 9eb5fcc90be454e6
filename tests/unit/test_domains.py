"""Properties of every domain that the language can express."""

import json
import keyword
from collections.abc import Iterator
from typing import Any

import jsonschema
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from strategies import JUNK, damaged_domains, domains

from extensions.language.schema import language_schema
from extensions.language.yaml_reader import YamlError, load_yaml
from extensions.pipeline import build_model, problems_of, template_model
from extensions.targets.openapi.schemas import object_schemas
from extensions.targets.openapi.types import SHARED_SCHEMAS
from extensions.targets.postgres import names as sql_names
from extensions.targets.python import names as python_names

Model = dict[str, Any]

FAST = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
LANGUAGE = jsonschema.Draft7Validator(language_schema())


def _fields(model: Model) -> Iterator[Model]:
    for each in model["types"]:
        yield from each["fields"]
    for aggregate in model["aggregates"]:
        yield from aggregate["fields"]
        for part in aggregate["parts"]:
            yield from part["fields"]


def _tables(model: Model) -> Iterator[Model]:
    for aggregate in model["aggregates"]:
        yield aggregate
        yield from aggregate["parts"]


def _resolved(schema: Any, enums: dict[str, list[str]], types: Model) -> Any:
    """The schema with references to shared schemas replaced; free JSON is not followed."""
    if isinstance(schema, dict) and "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in enums:
            return {"enum": enums[name]}
        if name in types:
            return _resolved(types[name], enums, types)
        return {} if name.startswith("Json") else SHARED_SCHEMAS[name]
    if isinstance(schema, list):
        return [_resolved(each, enums, types) for each in schema]
    return (
        {key: _resolved(value, enums, types) for key, value in schema.items()} if isinstance(schema, dict) else schema
    )


@FAST
@given(domains())
def test_model(domain: Any) -> None:
    assert problems_of(domain) == []
    model = build_model(domain)
    assert json.loads(json.dumps(model)) == model
    _check_names(model)
    _check_tables(model)
    _check_examples(model)
    LANGUAGE.validate(domain)


def _check_names(model: Model) -> None:
    modules = [aggregate["module"] for aggregate in model["aggregates"]]
    assert len(set(modules)) == len(modules)
    paths = [aggregate["path"] for aggregate in model["aggregates"]]
    assert len(set(paths)) == len(paths)
    classes = [
        *_names(model),
        *(enum["name"] for aggregate in model["aggregates"] for enum in aggregate["enums"]),
        *(alias["name"] for aggregate in model["aggregates"] for alias in aggregate["aliases"]),
        *(part["entity"] for aggregate in model["aggregates"] for part in aggregate["parts"]),
        *(each["name"] for each in model["types"]),
        *(enum["name"] for each in model["types"] for enum in each["enums"]),
    ]
    assert len(set(classes)) == len(classes)
    assert not set(classes) & python_names.RESERVED_CLASSES
    for table in _tables(model):
        attributes = [field["attribute"] for field in table["fields"]]
        attributes += [part["attribute"] for part in table.get("parts", ())]
        attributes += [action["method"] for action in (table.get("lifecycle") or {}).get("actions", ())]
        assert len(set(attributes)) == len(attributes)
        for attribute in (*attributes, table["module"], table["variable"]):
            assert attribute.isidentifier()
            assert not keyword.iskeyword(attribute)
        wires = [field["wire"] for field in table["fields"]]
        assert len(set(wires)) == len(wires)


def _names(model: Model) -> list[str]:
    return [aggregate["name"] for aggregate in model["aggregates"]]


def _check_tables(model: Model) -> None:
    relations: list[str] = []
    for table in _tables(model):
        columns = [column["name"] for column in table["table_columns"]]
        assert len({column.lower() for column in columns}) == len(columns)
        for name in (table["table"], *columns):
            assert len(name) <= sql_names.LONGEST_IDENTIFIER
            assert name not in sql_names.SQL_WORDS or name == "position"
        names = [constraint["name"] for constraint in table["constraints"]]
        assert len(set(names)) == len(names)
        relations += [table["table"], *(index["name"] for index in table["indexes"])]
        relations += [c["name"] for c in table["constraints"] if c["kind"] in {"pk", "uq"}]
        leading = [index["columns"] for index in table["indexes"]]
        leading += [c["columns"] for c in table["constraints"] if c["kind"] in {"pk", "uq"}]
        unique = [(c["columns"], c["pointer"]) for c in table["constraints"] if c["kind"] == "uq"]
        for key in table["keys"]:
            own = [next(f["column"] for f in table["fields"] if f["wire"] == wire) for wire in key["wires"]]
            (pointers,) = [place for columns_, place in unique if columns_[-len(own) :] == own]
            assert [place.rpartition("/")[2] for place in pointers.split()] == key["wires"]
        for constraint in table["constraints"]:
            assert set(constraint["columns"]) <= set(columns)
            if constraint["kind"] == "fk":
                assert constraint["columns"] in [other[:1] for other in leading]
        links = {link["wire"]: link for link in table.get("links", ())}
        for search in (*table.get("filters", ()), *table.get("sorts", ())):
            if (link := links.get(search["column"])) is not None:
                (key,) = [each["columns"] for each in link["constraints"] if each["kind"] == "pk"]
                assert key[1] in [each["columns"][0] for each in link["indexes"]], "by what is referred to"
            else:
                assert [search["column"]] in [other[:1] for other in leading]
    assert len(set(relations)) == len(relations)
    assert all(len(name) <= sql_names.LONGEST_IDENTIFIER for name in relations)


def _check_examples(model: Model) -> None:
    enums = {
        enum["name"]: [member["value"] for member in enum["members"]]
        for aggregate in (*model["aggregates"], *model["types"])
        for enum in aggregate["enums"]
    }
    types = {name: schema for each in model["types"] for name, schema in object_schemas(each)}
    for field in _fields(model):
        assert field["examples"]
        for schema in (field["json_schema"], field["input_json_schema"]):
            validator = jsonschema.Draft202012Validator(_resolved(schema, enums, types))
            for value in field["examples"]:
                validator.validate(value)
            if field["default"]:
                validator.validate(field["default"]["json"])
        if field["default"]:
            assert field["default"]["json"] is not None
            assert len(field["default"]["sql"]) == len(field["columns"])


@FAST
@given(domains(most=2))
def test_yaml_is_read_back(domain: Any) -> None:
    text = yaml.safe_dump(domain, sort_keys=False, allow_unicode=True)
    assert load_yaml(text.encode()) == domain


@FAST
@given(domains())
def test_model_is_the_same_each_time(domain: Any) -> None:
    first = json.dumps(build_model(domain))
    build_model({"context": "other", "aggregates": {"Other": {"name": "int"}}})
    assert json.dumps(build_model(json.loads(json.dumps(domain)))) == first


@FAST
@given(st.one_of(JUNK, damaged_domains()))
@example({"\n": None})
@example({"aggregates": {"A": {"fields": {False: "int", "b": "int"}, "filter": ["a"]}}})
def test_anything_else_is_explained(domain: Any) -> None:
    problems = problems_of(domain)
    assert all(problem and "\n" not in problem for problem in problems)
    if not problems:
        assert json.loads(json.dumps(build_model(domain)))


@FAST
@given(
    st.one_of(st.binary(max_size=80), st.text("abc: -[]{}\"'#&*!|>%@`,?\n\t~<=0123456789", max_size=60).map(str.encode))
)
def test_any_file_is_read_or_refused(content: bytes) -> None:
    try:
        lines = problems_of(load_yaml(content))
    except YamlError as error:
        lines = [each.problem.line for each in error.found] or ["nothing was said"]
    assert all(line and "\n" not in line for line in lines)


def test_examples_need_no_resource_that_needs_them() -> None:
    aggregates = {
        "Recipe": {"fields": {"n": "int"}, "parts": {"steps": {"entity": "Step", "fields": {"sub": "ref Recipe"}}}},
        "Menu": {"fields": {"n": "int"}, "parts": {"courses": {"entity": "Course", "fields": {"guest": "ref Guest"}}}},
        "Guest": {"fields": {"n": "int"}, "parts": {"wishes": {"entity": "Wish", "fields": {"menu": "ref Menu"}}}},
    }
    model = template_model({"context": "kitchen", "aggregates": aggregates}, "kitchen")
    codes = {aggregate["name"]: aggregate["code"] for aggregate in model["aggregates"]}
    assert [code["example_references"] for code in codes.values()] == [
        [],
        [{"place": '("courses", 0, "guest_id")', "module": "guest"}],
        [],
    ]
    assert codes["Recipe"]["example_body"]["steps"] == codes["Guest"]["example_body"]["wishes"] == []
