"""Days, times of day, moments and identities."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..text.problems import show
from .base import FieldType, FieldTypeError, Spec
from .numbers import BigintType, IntType
from .text import StringType
from .wire import DATE_PATTERN, MOMENT_PATTERN, TIME_PATTERN, UUID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

_IDENTITIES = (StringType.shape, IntType.shape, BigintType.shape, "uuid")
"""The types of identities that may stand behind `id context.X`, for editors."""


class DateType(FieldType):
    kind = "date"
    syntax = "date"
    meaning = "a calendar day, such as 2026-11-22"
    sample = "date"
    shape = "date"
    sortable = True
    family = "days"
    ordered = True
    asks = ("any", "from", "to")

    def value(self, spec: Spec, raw: object) -> str:
        text = raw.isoformat() if isinstance(raw, date) else str(raw)
        try:
            if re.fullmatch(DATE_PATTERN[1:-1], text):
                return date.fromisoformat(text).isoformat()
        except ValueError:
            pass
        raise FieldTypeError(f"{show(raw)} is not a date; expected one such as 2026-11-22")

    def examples(self, spec: Spec) -> Iterator[str]:
        yield from (f"2026-11-{day:02d}" for day in range(22, 31))
        yield from (f"2027-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29))


class TimeType(FieldType):
    kind = "time"
    syntax = "time"
    meaning = "a time of day without a zone, such as 09:30:00; cut to microseconds"
    sample = "time"
    shape = "time"
    unique = False
    sortable = True
    asks = ("any", "from", "to")

    def value(self, spec: Spec, raw: object) -> str:
        text = raw.isoformat() if isinstance(raw, time) else str(raw)
        text = f"{text}:00" if re.fullmatch("[0-9]{2}:[0-9]{2}", text) else text
        if not re.fullmatch(TIME_PATTERN[1:-1], text):
            raise FieldTypeError(f"{show(raw)} is not a time of day; expected one such as 09:30:00")
        return time.fromisoformat(text).isoformat()

    def examples(self, spec: Spec) -> Iterator[str]:
        for number in range(24 * 4):
            yield f"{(9 + number // 4) % 24:02d}:{number % 4 * 15:02d}:00"


class DatetimeType(FieldType):
    kind = "datetime"
    syntax = "datetime"
    meaning = "a moment, RFC 3339 with its offset, such as 2026-11-22T08:00:00Z; cut to microseconds"
    sample = "datetime"
    shape = "datetime"
    sortable = True
    family = "moments"
    ordered = True
    filterable = False
    asks = ("from", "to")
    instant = True

    def value(self, spec: Spec, raw: object) -> str:
        text = raw.isoformat() if isinstance(raw, datetime) else str(raw)
        try:
            if re.fullmatch(MOMENT_PATTERN[1:-1], text):
                return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat().replace("+00:00", "Z")
        except ValueError:
            pass
        raise FieldTypeError(f"{show(raw)} is not a moment with its offset; expected one such as 2026-11-22T08:00:00Z")

    def rank(self, value: Any) -> datetime:
        return datetime.fromisoformat(value)

    def examples(self, spec: Spec) -> Iterator[str]:
        for number in range(24 * 60):
            yield f"2026-11-22T{(8 + number // 60) % 24:02d}:{number % 60:02d}:00Z"


class UuidType(FieldType):
    kind = "uuid"
    syntax = "uuid"
    meaning = "a UUID"
    sample = "uuid"
    shape = "uuid"
    identity = True
    family = "identities"
    asks = ("any",)

    def value(self, spec: Spec, raw: object) -> str:
        if not isinstance(raw, str) or not UUID_PATTERN.fullmatch(raw):
            raise FieldTypeError(
                f"{show(raw)} is not a UUID; expected one such as 018f6d2e-7c1a-7b3e-9f00-0a1b2c3d4e5f"
            )
        return str(UUID(raw))

    def examples(self, spec: Spec) -> Iterator[str]:
        seed = sum((index + 1) * ord(letter) for index, letter in enumerate(spec.name)) % 0xFFFF
        yield from (f"018f6d2e-7c1a-7b3e-9f00-{seed:04x}{number:08x}" for number in range(1, 100))


class RefType(UuidType):
    kind = "ref"
    syntax = "ref X"
    meaning = "a reference to the aggregate X of this context"
    sample = "ref Customer"
    shape = r"ref\s+[A-Z][A-Za-z0-9]*"
    listable = defaultable = identity = False
    refers = local = True

    def written(self, spec: Spec) -> str:
        return f"ref {spec.target}"


class IdType(UuidType):
    kind = "id"
    syntax = "id context.X"
    meaning = "the identity of an aggregate of another context: a UUID, or a string(n), int or bigint"
    sample = "id payments.Payment"
    shape = rf"id\s+[a-z][a-z0-9_-]*\.[A-Z][A-Za-z0-9]*(?:\s+(?:{'|'.join(_IDENTITIES)}))?"
    listable = defaultable = identity = False
    refers = True

    def written(self, spec: Spec) -> str:
        return f"id {spec.context}.{spec.target}"
