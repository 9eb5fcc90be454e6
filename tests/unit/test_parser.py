"""The parser takes any value anywhere: what is wrong is said, at its place, and nothing is raised."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from extensions.language.parser import parse
from extensions.text.problems import Problems

DOMAIN: dict[str, Any] = {
    "context": "ordering",
    "description": "Orders.",
    "aggregates": {
        "Order": {
            "description": "An order.",
            "plural": "orders",
            "renamed_from": "Purchase",
            "fields": {
                "number": {"type": "string(20)", "unique": True, "pattern": "[A-Z]{2}", "example": "AB"},
                "rank": {"type": "int", "min": 1, "max": 9, "default": 3, "renamed_from": "place"},
                "tags": "list(string(20)) = []",
            },
            "parts": {"lines": {"entity": "OrderLine", "max": 9, "fields": {"sku": "string(20)"}}},
            "lifecycle": {
                "states": ["draft", "placed"],
                "actions": {"place": {"from": "draft", "to": "placed", "emits": "OrderPlaced", "resource": "places"}},
            },
            "filter": ["number"],
            "sort": ["rank"],
        },
    },
    "consumes": {"Paid": {"from": "payments", "fields": {"amount": "money"}, "triggers": "Order.place"}},
}
WRONG: dict[str, Any] = {
    "true": True,
    "number": 7,
    "fraction": 1.5,
    "nothing": None,
    "text": "(x",
    "list": [1],
    "mapping": {"x": 1},
    "key that is no text": {True: "text"},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values."""
    yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def with_value(path: tuple[Any, ...], value: Any) -> Any:
    """The domain with another value at the path."""
    if not path:
        return value
    domain = deepcopy(DOMAIN)
    owner: Any = domain
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value
    return domain


def test_the_domain_itself_is_sound() -> None:
    problems = Problems()
    parse(DOMAIN, problems)
    assert problems.messages == []


@pytest.mark.parametrize("wrong", WRONG)
def test_a_value_of_another_kind_is_explained_at_its_place(wrong: str) -> None:
    for path in places(DOMAIN):
        problems = Problems()
        parse(with_value(path, WRONG[wrong]), problems)
        near = ".".join(str(key) for key in path[:-1] if isinstance(key, str))
        assert all(near in message for message in problems.messages[:1]), (path, problems.messages)
