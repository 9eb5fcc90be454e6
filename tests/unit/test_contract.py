"""The contract of every example and of random domains: complete, consistent, and true to the model."""

import copy
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import jsonschema
import openapi_spec_validator
import pytest
import yaml
from harness.paths import EXAMPLES, ROOT
from hypothesis import HealthCheck, given, settings
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from strategies import domains

from extensions.pipeline import build_model
from extensions.targets.openapi.document import contract, contract_yaml
from extensions.targets.openapi.examples import examples
from extensions.targets.openapi.json_schema import named_once
from extensions.targets.openapi.links import links
from extensions.targets.openapi.operations import paths
from extensions.targets.openapi.parameters import parameters
from extensions.targets.openapi.responses import responses
from extensions.targets.openapi.schemas import schemas

SERVICE = {
    "service_name": "order-desk",
    "description": "Takes customers' orders.",
    "organisation": "Acme",
    "owner_team": "Team Orders",
    "owner_email": "orders@acme.example",
    "api_url": "https://orders.acme.example",
    "licence": "proprietary",
    "max_body_bytes": 2_097_152,
}
METHODS = ("get", "post", "patch", "delete")
Json = dict[str, Any]


def model_of(name: str) -> Json:
    domain = yaml.safe_load((ROOT / "examples" / name / "domain.yaml").read_text(encoding="utf-8"))
    model: Json = json.loads(json.dumps(build_model(domain)))
    return model


@pytest.fixture(scope="module")
def ordering() -> Json:
    return contract(model_of("ordering"), SERVICE)


def resolve(document: Json, value: Json) -> Json:
    while "$ref" in value:
        found = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        yield from ((method, path, item[method]) for method in METHODS if method in item)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for key, text in value.items() if key == "$ref" and isinstance(text, str))
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def check(document: Json) -> None:
    """What holds for the contract of every domain."""
    kinds = document["components"]
    used = set(references(document))
    assert used == {f"#/components/{kind}/{name}" for kind, names in kinds.items() for name in names} - {
        "#/components/securitySchemes/bearer"
    }
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert {link["operationId"] for link in kinds["links"].values()} <= set(names)
    registry = Registry().with_resource("contract:", DRAFT202012.create_resource(document)).crawl()
    for method, _, operation in operations(document):
        check_operation(document, method, operation)
        for schema, example in examples_of(document, operation):
            validator = jsonschema.Draft202012Validator(
                {"$ref": f"contract:{schema}"},
                registry=registry,
                format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
            )
            validator.validate(example)


def check_operation(document: Json, method: str, operation: Json) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert [tag for tag in document["tags"] if tag["name"] == operation["tags"][0]]
    (scope,) = operation["security"][0]["bearer"]
    assert scope.endswith(".read" if method == "get" else ".write")
    assert {"400", "401", "403", "429", "500", "503", "default"} <= set(operation["responses"])
    needed = {"post": "idempotency_key", "patch": "if_match", "delete": "if_match"}.get(method, "")
    assert not needed or {"$ref": f"#/components/parameters/{needed}"} in operation["parameters"]
    assert ("428" in operation["responses"]) == (needed == "if_match")


def examples_of(document: Json, operation: Json) -> Iterator[tuple[str, Any]]:
    """(reference to the schema, value) of every example of the operation."""
    for described in (operation.get("requestBody", {}), *operation["responses"].values()):
        for content in resolve(document, described).get("content", {}).values():
            assert content["examples"]
            for example in content["examples"].values():
                yield content["schema"]["$ref"], resolve(document, example)["value"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    document = contract(model_of(name), SERVICE)
    check(document)
    text = contract_yaml(model_of(name), SERVICE)
    assert yaml.safe_load(text) == document
    assert text == contract_yaml(model_of(name), SERVICE)
    assert max(map(len, text.splitlines())) <= 220


@pytest.mark.parametrize("name", ["everything", "ordering"])
def test_is_openapi(name: str) -> None:
    openapi_spec_validator.validate(copy.deepcopy(contract(model_of(name), SERVICE)))


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(domains())
def test_random_domains(domain: Any) -> None:
    model = json.loads(json.dumps(build_model(domain)))
    check(contract(model, SERVICE))
    for share in (paths, parameters, partial(responses, api_url="https://x.example"), schemas, examples, links):
        names = [name for aggregate in model["aggregates"] for name, _ in share(aggregate)]
        assert len(set(names)) == len(names), share


def test_info(ordering: Json) -> None:
    info = ordering["info"]
    assert info["title"] == "Order desk API"
    assert info["contact"] == {
        "name": "Team Orders",
        "url": "https://orders.acme.example/docs",
        "email": "orders@acme.example",
    }
    assert info["license"]["identifier"] == "LicenseRef-Proprietary"
    assert info["x-api-id"] == contract(model_of("minimal"), SERVICE)["info"]["x-api-id"]
    assert info["x-api-id"] != contract(model_of("ordering"), {**SERVICE, "service_name": "x"})["info"]["x-api-id"]
    assert ordering["servers"][0]["url"] == "https://orders.acme.example"


def test_actions_are_sub_resources(ordering: Json) -> None:
    place = ordering["paths"]["/orders/{order_id}/placements"]["post"]
    assert place["operationId"] == "place_order"
    assert "requestBody" not in place
    assert place["responses"]["200"] == {"$ref": "#/components/responses/Order"}


def test_an_action_with_input_reads_a_body() -> None:
    document = contract(model_of("everything"), SERVICE)
    retire = document["paths"]["/products/{product_id}/retirements"]["post"]
    assert retire["requestBody"]["required"] is False, "nothing of it is required"
    assert retire["requestBody"]["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/RetireProductInput"},
        "examples": {"product": {"$ref": "#/components/examples/RetireProduct"}},
    }
    assert {"413", "415"} <= set(retire["responses"])
    shown = document["components"]["examples"]["Product.retired"]["value"]
    assert shown["retirement"] == document["components"]["examples"]["RetireProduct"]["value"]["retirement"]


def test_creation_answers_with_address_and_version(ordering: Json) -> None:
    created = ordering["components"]["responses"]["Order.created"]
    assert {"ETag", "Location"} <= set(created["headers"])
    assert created["links"]["update_order"] == {"$ref": "#/components/links/update_order"}
    link = ordering["components"]["links"]["update_order"]
    assert link["parameters"] == {"order_id": "$response.body#/id", "If-Match": "$response.header.ETag"}


def test_enums_are_open_in_answers_and_closed_in_requests(ordering: Json) -> None:
    schemas = ordering["components"]["schemas"]
    assert schemas["OrderStatus"]["x-extensible-enum"] == ["DRAFT", "PLACED", "SHIPPED", "CANCELLED"]
    assert "enum" not in json.dumps(schemas["OrderStatus"]).replace("x-extensible-enum", "")
    assert [one["const"] for one in schemas["OrderStatusInput"]["oneOf"]][:2] == ["DRAFT", "PLACED"]
    status = next(p for p in ordering["paths"]["/orders"]["get"]["parameters"] if p.get("name") == "status")
    assert status["schema"] == {"$ref": "#/components/schemas/OrderStatusInput"}


def test_optional_members_may_be_null_in_requests_only(ordering: Json) -> None:
    schemas = ordering["components"]["schemas"]
    assert schemas["OrderCreate"]["properties"]["note"]["type"] == ["string", "null"]
    assert schemas["OrderPatch"]["properties"]["note"]["type"] == ["string", "null"]
    assert schemas["OrderPatch"]["properties"]["number"]["type"] == "string"
    assert schemas["Order"]["properties"]["note"]["type"] == "string"
    assert "note" not in schemas["Order"]["required"]


def test_secrets_are_written_and_never_read() -> None:
    document = contract(model_of("everything"), SERVICE)
    schemas = document["components"]["schemas"]
    assert schemas["SupplierCreate"]["properties"]["api_key"]["writeOnly"] is True
    assert schemas["SupplierPatch"]["properties"]["api_key"]["writeOnly"] is True
    assert "api_key" not in schemas["Supplier"]["properties"]
    assert "api_key" not in document["components"]["examples"]["Supplier"]["value"]


def test_readonly_members_are_read_and_never_written(ordering: Json) -> None:
    schemas = ordering["components"]["schemas"]
    assert schemas["Order"]["properties"]["placed_at"]["readOnly"] is True
    assert "placed_at" not in schemas["OrderCreate"]["properties"]
    assert ordering["components"]["examples"]["Order.placed"]["value"]["placed_at"].endswith("Z")


def test_references_of_examples_lead_to_examples(ordering: Json) -> None:
    examples = ordering["components"]["examples"]
    assert examples["Order"]["value"]["customer_id"] == examples["Customer"]["value"]["id"]


def test_lists_can_be_sorted_and_filtered_as_the_domain_says(ordering: Json) -> None:
    parameters = [resolve(ordering, one) for one in ordering["paths"]["/orders"]["get"]["parameters"]]
    assert [one["name"] for one in parameters] == ["cursor", "limit", "sort", "status", "customer_id"]
    assert parameters[2]["schema"]["pattern"] == "^-?(?:created_at|placed_at|number)$"


def test_lists_are_asked_for_as_the_words_of_a_filter_say() -> None:
    fields = {"number": "string(20)", "size": "int(1..9)", "due": "datetime?", "kind": "enum(a, b)"}
    filters = ["number prefix", "size from to", "due from absent", "kind any"]
    model = build_model({"context": "shop", "aggregates": {"Order": {"fields": fields, "filter": filters}}})
    found = contract(model, SERVICE)
    listed = [one for one in found["paths"]["/orders"]["get"]["parameters"] if "name" in one]
    asked = {one["name"]: one for one in listed}
    assert list(asked)[1:] == [
        *("number", "number_prefix", "size", "size_from", "size_to", "due_from", "due_absent", "kind")
    ]
    prefix, kind = asked["number_prefix"]["schema"], asked["kind"]
    assert (prefix["minLength"], prefix["maxLength"], prefix["examples"]) == (1, 20, ["A-1"])
    assert asked["size_to"]["schema"]["maximum"] == 9
    assert asked["due_from"]["schema"]["example"] == "2026-11-22T08:00:00Z"
    assert asked["due_absent"]["schema"] == {"type": "boolean", "examples": [True]}
    assert (kind["style"], kind["explode"], kind["schema"]["maxItems"]) == ("form", True, 50)
    assert resolve(found, kind["schema"]["items"])["oneOf"][0]["const"] == "A"


def test_an_answer_is_required() -> None:
    with pytest.raises(KeyError, match="api_url"):
        contract(model_of("minimal"), {name: answer for name, answer in SERVICE.items() if name != "api_url"})


def test_one_name_is_one_thing() -> None:
    assert named_once([("a", 1), ("b", 2)], [("a", 1)]) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="by the name a"):
        named_once([("a", 1)], [("a", 2)])
