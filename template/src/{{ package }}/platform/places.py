"""Where in a request a value is that the database refused: `/lines/2/sku`."""

import re
from typing import Any

from pydantic import BaseModel

from .problems import FieldError, Problem, pointer

ANY = "*"
"""Stands in the pointer of a constraint for the place of an item in its list: `/lines/*/sku`."""

# What PostgreSQL says in the detail of an error, in whatever language: the columns of a key with their values, and the
# whole row, which begins with the resource that a part belongs to and the part's place in it.
_KEY = re.compile(r"\)=\((?P<values>.*)\)", re.DOTALL)
_ROW = re.compile(r"\([0-9a-f-]{36}, (?P<position>[0-9]+)[,)]")


class PartRefused(Problem):
    """A value in a part that the database refused. Which item has it, only the body of the request tells."""

    def __init__(self, status: int, code: str, detail: str, *, member: str, said: str) -> None:
        self.part, _, self.member = member[1:].split("/")
        super().__init__(status, code, detail, errors=[FieldError(pointer(self.part), code, detail)])
        self.said = said

    def within(self, body: BaseModel) -> Problem:
        """The same problem with the item of this body; the problem itself where the body has no such value."""
        values = [_member(item, self.member) for item in _member(body, self.part) or ()]
        index = self._index(values)
        if index is None:
            return self
        place = pointer(self.part, index, self.member)
        return Problem(self.status, self.code, self.detail, errors=[FieldError(place, self.code, self.detail)])

    def _index(self, values: list[Any]) -> int | None:
        if self.code == "invalid-request":
            row = _ROW.search(self.said)
            return int(row["position"]) if row and int(row["position"]) < len(values) else None
        # A key looks like a row where its value is a number.
        key = _KEY.search(self.said)
        if key is None:
            return None
        if self.code == "already-exists":
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
