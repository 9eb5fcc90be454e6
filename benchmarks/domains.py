"""Domains of any size, the same at each run."""

from typing import Any

MEASURED = "Product"
"""The aggregate that is measured: it is in every domain, the last one of each."""

MEASURED_TABLE = "products"
OPERATIONS = 6


def domain(aggregates: int) -> dict[str, Any]:
    """A domain of so many aggregates, each with six operations.

    Each but the first and the measured one refers to the one before.
    """
    items = [_item(number) for number in range(1, aggregates)]
    return {
        "context": "catalogue",
        "description": "Keeps the catalogue of a shop.",
        "aggregates": {**dict(items), MEASURED: _aggregate(MEASURED, "Something that can be bought.")},
    }


def _item(number: int) -> tuple[str, dict[str, Any]]:
    reference = {} if number == 1 else {"previous": f"ref Item{number - 1:02}?"}
    name = f"Item{number:02}"
    return name, _aggregate(name, f"Kind {number} of a thing.", reference)


def _aggregate(name: str, description: str, reference: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "description": description,
        "fields": {
            "code": "string(20) unique",
            "name": "string(120)",
            "price": "money",
            "active": "bool = true",
            "note": "text?",
            **(reference or {}),
        },
        "lifecycle": {
            "states": ["draft", "released"],
            "actions": {"release": {"from": "draft", "to": "released", "emits": f"{name}Released"}},
        },
        "filter": ["status", *(reference or {})],
        "sort": ["name"],
    }
