"""The values that examples of the contract show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATED_AT = "2026-11-22T08:00:00Z"
MODIFIED_AT = "2026-11-22T08:15:00Z"
CURSOR = "WyIwYzQxIiwiMjAyNi0xMS0yMlQwODowMDowMFoiXQ"
REQUEST_ID = "018f6d2e-7c1a-7b3e-9f00-0a1b2c3d4e5f"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def identity(name: str) -> str:
    """The id of the example of this aggregate; the same wherever the aggregate is referred to."""
    return f"018f6d2e-7c1a-7b3e-9f00-{crc32(name.encode()) & 0xFFFF:04x}00000001"


def seen(field: Mapping[str, Any]) -> Any:
    """The example of a field as answers show it: a value object without its secrets."""
    hidden = {each["wire"] for each in field.get("members", ()) if each["sensitivity"] == "secret"}
    value = example(field)
    return {wire: value[wire] for wire in value if wire not in hidden} if hidden else value


def example(field: Mapping[str, Any]) -> Any:
    """The field's example; a reference within the context shows the id of the example that it refers to.

    One that must differ from another reference has an id of its own.
    """
    reference = field["reference"]
    own = reference is None or reference["context"] or field["compared"]
    if own:
        inner = {each["wire"]: each for each in field.get("members", ()) if each["target"]}
        shown = field["example"]
        return shown | {wire: example(inner[wire]) for wire in shown if wire in inner} if inner else shown
    shown = identity(reference["aggregate"])
    return [shown] if field["item"] else shown
