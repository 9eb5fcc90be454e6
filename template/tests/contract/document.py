"""The contract as the tests read it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from dev.contract import METHODS, document

CONTRACT = document()


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    """The value, or what it refers to."""
    while "$ref" in value:
        found = CONTRACT
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) for every operation of the contract."""
    for path, item in CONTRACT["paths"].items():
        yield from ((method.upper(), path, item[method]) for method in METHODS if method in item)


@cache
def validator(reference: str) -> Draft202012Validator:
    """What checks values against the schema that is referred to."""
    document = {"$ref": reference, "components": CONTRACT["components"]}
    return Draft202012Validator(document, validate_formats=True)
