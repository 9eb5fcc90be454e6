"""What errors of PostgreSQL mean, in the words of the kernel, and which value of a request they are about."""

import re
from collections.abc import Mapping
from typing import Any

import asyncpg
from pydantic import BaseModel

from ...kernel import (
    AlreadyExists,
    DomainError,
    InvalidValue,
    ReferenceNotFound,
    StillReferenced,
    Unavailable,
    ValueRefused,
)
from ..problems import pointer

# Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html
LOST_CONNECTION = ("08", "57P", "40003", "25006", "25P03", "25P04")  # also: the primary has become a standby
OPEN_OUTCOME = ("08", "57P", "40003")  # of these, where a commit may have come before
ROLLED_BACK = ("40001", "40P01")  # serialization failure, deadlock: the same again may succeed
BUSY = ("40", "53", "55P03", "57014")  # rolled back by the server, out of resources, lock or statement time-out
BAD_VALUE = ("22", "23502", "23514")  # data exceptions, not-null and check violations
UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"
RESTRICT_VIOLATION = "23001"


class RolledBack(Unavailable):
    """The server has undone a transaction because of another one; the same again may succeed."""

    def __init__(self, code: str) -> None:
        super().__init__("The database is too busy to answer in time.")
        self.sqlstate = code


def meaning_of(error: asyncpg.PostgresError, constraints: Mapping[str, str]) -> DomainError | None:
    """What the error means to a caller, None if it means nothing; `constraints` are the places that they guard."""
    code = error.sqlstate or ""
    if code.startswith(LOST_CONNECTION):
        return Unavailable("The connection to the database was lost.")
    if code in ROLLED_BACK:
        return RolledBack(code)
    if code.startswith(BUSY):
        return Unavailable("The database is too busy to answer in time.")
    if code.startswith(BAD_VALUE):
        return _refused(InvalidValue, "A value cannot be stored.", error, constraints)
    if code == UNIQUE_VIOLATION:
        return _refused(AlreadyExists, "Another resource has this value already.", error, constraints)
    # References point at `id`, and no referring column has that name: so the columns in the detail, in whatever
    # language it is, tell on which side the key was violated.
    if code == RESTRICT_VIOLATION or (code == FOREIGN_KEY_VIOLATION and "(id)=(" in (error.detail or "")):
        return StillReferenced("Other resources still refer to this one.")
    if code == FOREIGN_KEY_VIOLATION:
        return _refused(ReferenceNotFound, "There is no such resource.", error, constraints)
    return None


def _refused(
    refusal: type[ValueRefused], message: str, error: asyncpg.PostgresError, constraints: Mapping[str, str]
) -> ValueRefused:
    place = constraints.get(error.constraint_name or "", "")
    return refusal(message, place=place, said=error.detail or "")


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
