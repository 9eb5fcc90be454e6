"""Where in a request a value is that the database refused: `/lines/2/sku`."""

import re
from typing import Any

from pydantic import BaseModel

from ..kernel import AlreadyExists, InvalidValue, ValueRefused
from .problems import pointer

ANY = "*"
"""Stands in the pointer of a constraint for the place of an item in its list: `/lines/*/sku`."""

# What PostgreSQL says in the detail of an error, in whatever language: the columns of a key with their values, and the
# whole row, which begins with the resource that a part belongs to and the part's place in it.
_KEY = re.compile(r"\)=\((?P<values>.*)\)", re.DOTALL)
_ROW = re.compile(r"\([0-9a-f-]{36}, (?P<position>[0-9]+)[,)]")


def place_in(body: BaseModel, refusal: ValueRefused) -> str | None:
    """The JSON pointer of the item's value in this body; None where the refusal is about no item, or none of these."""
    if ANY not in refusal.place:
        return None
    part, _, member = refusal.place[1:].split("/")
    index = _index([_member(item, member) for item in _member(body, part) or ()], refusal)
    return None if index is None else pointer(part, index, member)


def _index(values: list[Any], refusal: ValueRefused) -> int | None:
    if isinstance(refusal, InvalidValue):
        row = _ROW.search(refusal.said)
        return int(row["position"]) if row and int(row["position"]) < len(values) else None
    # A key looks like a row where its value is a number.
    key = _KEY.search(refusal.said)
    if key is None:
        return None
    if isinstance(refusal, AlreadyExists):
        texts = [None if value is None else str(value).casefold() for value in values]
        repeated = [index for index, text in enumerate(texts) if text is not None and text in texts[:index]]
        equal = [index for index, value in enumerate(values) if value is not None and value in values[:index]]
        return next(iter(equal or repeated), None)
    return next((index for index, value in enumerate(values) if str(value) == key["values"]), None)


def _member(model: BaseModel, wire: str) -> Any:
    """The value of the member that has this name in JSON."""
    for name, field in type(model).model_fields.items():
        if (field.alias or name) == wire:
            return getattr(model, name)
    return None
