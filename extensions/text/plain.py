"""Values as JSON has them."""

from __future__ import annotations

from typing import Any


def plain(value: object) -> Any:
    """The value as templates read it: an object for what has names, an array for a tuple; the rest is JSON already."""
    if isinstance(value, tuple) and (names := getattr(value, "_fields", ())):
        return {name: plain(each) for name, each in zip(names, value, strict=True)}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value
