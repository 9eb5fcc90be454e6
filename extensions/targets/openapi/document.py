"""The service's contract: the model and the answers as an OpenAPI 3.1 document.

The document is complete by itself: every operation with its parameters, headers, answers, examples and links. What is
the same for all resources is a shared component; what names a resource is that resource's own, so that a line of the
file can be told from the same line of its neighbour, by people and by three-way merges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from ...text import yamltext
from .examples import examples
from .headers import headers
from .introduction import introduction
from .json_schema import Json, named_once
from .links import links
from .operations import paths, tag
from .parameters import parameters, shared_parameters
from .problems import problem_schemas
from .responses import responses, shared_responses
from .schemas import object_schemas, schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION = "1.0.0"
LICENCES = {
    "proprietary": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
    "mit": {"name": "MIT License", "identifier": "MIT"},
    "apache-2.0": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
}
SECURITY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": (
        "An access token (JWT) of the OpenID Connect issuer that the deployment trusts. Signature, issuer, "
        "audience, expiry and algorithm are validated as RFC8725 (JWT best current practices) says. The scopes of "
        "a resource are its name with `.read` for reading and `.write` for everything else."
    ),
}
"""How callers say who they are."""
SPACED = (
    (),
    ("paths",),
    ("components",),
    ("components", "parameters"),
    ("components", "headers"),
    ("components", "responses"),
    ("components", "schemas"),
    ("components", "examples"),
    ("components", "links"),
)


def contract(model: Mapping[str, Any], service: Mapping[str, Any]) -> Json:
    """Return the OpenAPI document of `model` as a dict.

    `service` holds the answers `service_name`, `description`, `organisation`, `owner_team`, `owner_email`, `api_url`
    and `licence`, and `max_body_bytes`. Raises KeyError when one is missing.
    """
    api_url = service["api_url"]
    words = service["service_name"].replace("-", " ").capitalize()
    aggregates = model["aggregates"]
    shared = shared_responses(api_url, service["max_body_bytes"])
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": f"{words} API",
            "summary": f"The {model['title']} context of {service['organisation']}",
            "description": introduction(service["description"], service["max_body_bytes"]),
            "version": VERSION,
            "contact": {
                "name": service["owner_team"],
                "url": f"{api_url}/docs",
                "email": service["owner_email"],
            },
            "license": dict(LICENCES[service["licence"]]),
            "x-api-id": str(uuid5(NAMESPACE_URL, f"{service['organisation']}/{service['service_name']}")),
            "x-audience": "company-internal",
        },
        "servers": [{"url": api_url, "description": "Production", "x-internal": True}],
        "tags": [tag(aggregate) for aggregate in aggregates],
        "security": [{"bearer": []}],
        "paths": named_once(*map(paths, aggregates)),
        "components": {
            "securitySchemes": {"bearer": SECURITY_SCHEME},
            "parameters": named_once(shared_parameters().items(), *map(parameters, aggregates)),
            "headers": headers(api_url),
            "responses": named_once(*(responses(aggregate, api_url) for aggregate in aggregates), shared.items()),
            "schemas": named_once(
                *map(schemas, aggregates),
                *map(object_schemas, model["types"]),
                model["schemas"].items(),
                problem_schemas(api_url).items(),
            ),
            "examples": named_once(*map(examples, aggregates)),
            "links": named_once(*map(links, aggregates)),
        },
    }
    return _without_unused(document)


def contract_yaml(model: Mapping[str, Any], service: Mapping[str, Any]) -> str:
    """Return the document of `contract` as the text of `contract/openapi.yaml`, without its leading comment."""
    return yamltext.dump(contract(model, service), spaced=SPACED)


def _without_unused(document: Json) -> Json:
    """The document without the components that nothing refers to."""
    components = document["components"]
    used: set[tuple[str, str]] = set()
    waiting: list[Any] = [document["paths"]]
    while waiting:
        for reference in _references(waiting.pop()):
            if reference not in used:
                used.add(reference)
                kind, name = reference
                waiting.append(components[kind][name])
    document["components"] = {
        kind: {name: value for name, value in entries.items() if kind == "securitySchemes" or (kind, name) in used}
        for kind, entries in components.items()
    }
    return document


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/components/"):
            _, _, kind, name = reference.split("/")
            yield kind, name
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


FILTERS = {"contract_yaml": contract_yaml}
GLOBALS: dict[str, Any] = {}
