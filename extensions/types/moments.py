"""Days, moments and identities."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..text.problems import show
from .base import Column, FieldType, FieldTypeError, Forms, Spec
from .wire import DATE_PATTERN, LONGEST_MOMENT, MOMENT_PATTERN, RFC3339_PATTERN, TIMESTAMP_PATTERN, UUID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator


class DateType(FieldType):
    kind = "date"
    syntax = "date"
    meaning = "a calendar day, such as 2026-11-22"
    sample = "date"
    shape = "date"
    sortable = True

    def forms(self, spec: Spec) -> Forms:
        schema = {"type": "string", "format": "date", "minLength": 10, "maxLength": 10, "pattern": DATE_PATTERN}
        imports = ("from ..platform.fields import Day",)
        return Forms(
            (Column("", "date", "sa.Date()", "date"),),
            "date",
            "Day",
            "date",
            schema,
            "date",
            query="Day",
            python_imports=("from datetime import date",),
            input_imports=imports,
            view_imports=("from datetime import date",),
            query_imports=imports,
        )

    def value(self, spec: Spec, raw: object) -> str:
        text = raw.isoformat() if isinstance(raw, date) else str(raw)
        try:
            if re.fullmatch(DATE_PATTERN[1:-1], text):
                return date.fromisoformat(text).isoformat()
        except ValueError:
            pass
        raise FieldTypeError(f"{show(raw)} is not a date, such as 2026-11-22")

    def examples(self, spec: Spec) -> Iterator[str]:
        yield from (f"2026-11-{day:02d}" for day in range(22, 31))
        yield from (f"2027-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 29))

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        day = date.fromisoformat(value)
        return f"date({day.year}, {day.month}, {day.day})", ("from datetime import date",)


class DatetimeType(FieldType):
    kind = "datetime"
    syntax = "datetime"
    meaning = "a moment, RFC 3339 with its offset, such as 2026-11-22T08:00:00Z; cut to microseconds"
    sample = "datetime"
    shape = "datetime"
    sortable = True
    filterable = False

    def forms(self, spec: Spec) -> Forms:
        schema = {"type": "string", "format": "date-time", "maxLength": 35, "pattern": TIMESTAMP_PATTERN}
        return Forms(
            (Column("", "timestamptz", "sa.DateTime(timezone=True)", "timestamptz"),),
            "datetime",
            "Timestamp",
            "datetime",
            schema,
            "datetime",
            query="Timestamp",
            input_schema=schema | {"maxLength": LONGEST_MOMENT, "pattern": RFC3339_PATTERN},
            python_imports=("from datetime import datetime",),
            input_imports=("from ..platform.fields import Timestamp",),
            view_imports=("from datetime import datetime",),
            query_imports=("from ..platform.fields import Timestamp",),
        )

    def value(self, spec: Spec, raw: object) -> str:
        text = raw.isoformat() if isinstance(raw, datetime) else str(raw)
        try:
            if re.fullmatch(MOMENT_PATTERN[1:-1], text):
                return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat().replace("+00:00", "Z")
        except ValueError:
            pass
        raise FieldTypeError(f"{show(raw)} is not a moment with its offset, such as 2026-11-22T08:00:00Z")

    def examples(self, spec: Spec) -> Iterator[str]:
        for number in range(24 * 60):
            yield f"2026-11-22T{(8 + number // 60) % 24:02d}:{number % 60:02d}:00Z"

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        moment = datetime.fromisoformat(value)
        parts = [moment.year, moment.month, moment.day, moment.hour, moment.minute]
        parts += [moment.second, moment.microsecond] if moment.microsecond else [moment.second] if moment.second else []
        arguments = ", ".join(map(str, parts))
        return f"datetime({arguments}, tzinfo=UTC)", ("from datetime import UTC, datetime",)


class UuidType(FieldType):
    kind = "uuid"
    syntax = "uuid"
    meaning = "a UUID"
    sample = "uuid"
    shape = "uuid"

    def forms(self, spec: Spec) -> Forms:
        imports = ("from ..platform.fields import Uuid",)
        return Forms(
            (Column("", "uuid", "sa.Uuid()", "uuid"),),
            "UUID",
            "Uuid",
            "UUID",
            {"type": "string", "format": "uuid", "minLength": 36, "maxLength": 36},
            "uuid",
            query="Uuid",
            python_imports=("from uuid import UUID",),
            input_imports=imports,
            view_imports=("from uuid import UUID",),
            query_imports=imports,
        )

    def value(self, spec: Spec, raw: object) -> str:
        if not isinstance(raw, str) or not UUID_PATTERN.fullmatch(raw):
            raise FieldTypeError(f"{show(raw)} is not a UUID, such as 018f6d2e-7c1a-7b3e-9f00-0a1b2c3d4e5f")
        return str(UUID(raw))

    def examples(self, spec: Spec) -> Iterator[str]:
        seed = sum((index + 1) * ord(letter) for index, letter in enumerate(spec.name)) % 0xFFFF
        yield from (f"018f6d2e-7c1a-7b3e-9f00-{seed:04x}{number:08x}" for number in range(1, 100))

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        return f'UUID("{value}")', ("from uuid import UUID",)


class RefType(UuidType):
    kind = "ref"
    syntax = "ref X"
    meaning = "a reference to the aggregate X of this context"
    sample = "ref Customer"
    shape = r"ref\s+[A-Z][A-Za-z0-9]*"
    listable = defaultable = False
    refers = local = True


class IdType(UuidType):
    kind = "id"
    syntax = "id context.X"
    meaning = "the identity of an aggregate of another context"
    sample = "id payments.Payment"
    shape = r"id\s+[a-z][a-z0-9_-]*\.[A-Z][A-Za-z0-9]*"
    listable = defaultable = False
    refers = True
