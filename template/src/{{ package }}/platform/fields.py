"""The types of fields that clients send: exactly what the contract allows, and every refusal says what is wrong.

A body is validated as strict JSON, a query as text. Both are compared with the patterns that the contract shows.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, PlainValidator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..kernel import Money

LARGEST_NUMBER = 2**53 - 1
LONGEST_TEXT = 10_000
LONGEST_NAME = 100
LONGEST_LOCAL_PART = 64
MOST_MEMBERS = 100
DEEPEST = 16
LONGEST_MOMENT = 100
FIRST_YEAR, LAST_YEAR = 1000, 9899

_LINE = r"^[^\x00-\x1F\x7F-\x9F]*$"
_TEXT = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$"
_EMAIL = (
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)
_URL = r"^https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$"
_PATH = r"(?:[A-Za-z0-9._~:@!$&'()*+,;=/-]|%[0-9A-Fa-f]{2})*"
_QUERY = r"(?:[A-Za-z0-9._~:@!$&'()*+,;=/?-]|%[0-9A-Fa-f]{2})*"
_AFTER_HOST = re.compile(rf"https?://[^/?#]+(?:/{_PATH})?(?:\?{_QUERY})?(?:#{_QUERY})?")
_DATE = r"^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
_WHOLE = "^-?[0-9]+$"
_CURRENCY = "^[A-Z]{3}$"
_TIMESTAMP = (
    r"^(?:[1-8][0-9]|9[0-8])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]"
    r"(?::(?:[0-5][0-9]|60)(?:\.[0-9]+)?)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
EXPECTED = {
    _LINE: "one line without control characters",
    _TEXT: "text without control characters",
    _EMAIL: "an e-mail address, such as ada@example.com",
    _URL: "an http or https address, such as https://example.com/a",
    _DATE: "a date, such as 2026-02-28",
    _TIMESTAMP: "a moment with its offset, such as 2026-02-28T08:00:00Z",
    _WHOLE: "a whole number, such as 7",
    _CURRENCY: "three capital letters, such as EUR",
}
"""What a text should be, in words, by its pattern; those of decimal numbers join when their types are made."""

_UUID_LENGTH = 36
_EXACT = Context(prec=64)
_CONTROLS = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
_TEXT_CONTROLS = _CONTROLS - set("\t\n\r")


def _decimal(sign: str, digits: int, scale: int) -> str:
    """The pattern of a decimal number with so many digits before the point, and at most `scale` after it."""
    whole = f"[0-9]{{1,{digits}}}" if digits else "0"
    pattern = f"^{sign}{whole}" + (rf"(?:\.[0-9]{{1,{scale}}})?$" if scale else "$")
    before = _at_most(digits) if digits else "0"
    places = f"{before} before the point and {_at_most(scale)} after it" if scale else f"{before} and no point"
    EXPECTED[pattern] = f"a decimal number{'' if sign else ' from 0 on'}, with {places}"
    return pattern


def _at_most(digits: int) -> str:
    return f"at most {digits} digit{'s' * (digits > 1)}"


def _converted(kind: type, text: CoreSchema, convert: Callable[[str], Any]) -> CoreSchema:
    """A value of `kind` that travels as text; code may also pass the value itself."""
    read = core_schema.no_info_after_validator_function(convert, text)
    return core_schema.json_or_python_schema(
        json_schema=read,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(kind), read]),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text without control characters; `pattern` describes the whole of it."""

    max: int
    min: int = 1
    pattern: str = _LINE

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(strict=True, min_length=self.min, max_length=self.max, pattern=self.pattern)


@dataclass(frozen=True, slots=True)
class Text:
    """Prose: line breaks and tabs, but no other control character."""

    max: int
    min: int = 1
    pattern: str = _TEXT

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(strict=True, min_length=self.min, max_length=self.max, pattern=self.pattern)


@dataclass(frozen=True, slots=True)
class DecimalText:
    """An exact number that travels as text: `precision` digits, `scale` of them after the point; `min` is 0 or none."""

    precision: int
    scale: int
    min: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        pattern = _decimal("" if self.min == 0 else "-?", self.precision - self.scale, self.scale)
        text = core_schema.str_schema(strict=True, max_length=self.precision + 3, pattern=pattern)
        unit = Decimal(1).scaleb(-self.scale)

        def read(value: str) -> Decimal:
            number = Decimal(value).quantize(unit, context=_EXACT)
            return number or abs(number)

        return _converted(Decimal, text, read)


@dataclass(frozen=True, slots=True)
class MoneyObject:
    """An exact amount in one currency, `{"amount": "10.00", "currency": "EUR"}`; the scale of the amount is kept."""

    sign: str = "-?"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        amount = core_schema.str_schema(strict=True, max_length=20, pattern=_decimal(self.sign, 14, 4))
        currency = core_schema.str_schema(strict=True, max_length=3, pattern=_CURRENCY)
        members = core_schema.typed_dict_schema(
            {"amount": core_schema.typed_dict_field(amount), "currency": core_schema.typed_dict_field(currency)},
            extra_behavior="forbid",
        )

        def read(value: dict[str, str]) -> Money:
            number = Decimal(value["amount"])
            return Money(number or abs(number), value["currency"])

        made = core_schema.no_info_after_validator_function(read, members)
        return core_schema.json_or_python_schema(
            json_schema=made,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(Money), made]),
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within the bounds; "7" and true are none. That 7.0 is 7 in JSON is known to who reads the body."""

    low: int
    high: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.int_schema(strict=True, ge=self.low, le=self.high)


@dataclass(frozen=True, slots=True)
class Digits:
    """A whole number in a query: its digits and nothing else, within the bounds."""

    low: int
    high: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: str) -> int:
            number = int(value)
            if not self.low <= number <= self.high:
                bounds = {"low": self.low, "high": self.high}
                raise PydanticCustomError("out_of_range", "Input should be between {low} and {high}", bounds)
            return number

        return _converted(int, core_schema.str_schema(max_length=20, pattern=_WHOLE), read)


@dataclass(frozen=True, slots=True)
class _Moment:
    pattern: str
    kind: type[date]
    convert: Callable[[str], date]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: str) -> date:
            try:
                return self.convert(value)
            except PydanticCustomError:
                raise
            except ValueError:
                raise PydanticCustomError("no_such_day", "Input should be a day of the calendar") from None

        text = core_schema.str_schema(strict=True, max_length=LONGEST_MOMENT, pattern=self.pattern)
        return _converted(self.kind, text, read)


def _utc(value: str) -> datetime:
    """The moment, cut to microseconds; a leap second is the first one of the next day, as PostgreSQL has it."""
    text = value.upper()
    if text[16:19] == ":60":
        moment = datetime.fromisoformat(f"{text[:17]}59{text[19:]}").astimezone(UTC)
        if (moment.hour, moment.minute) != (23, 59):
            raise PydanticCustomError("no_leap_second", "A second 60 is a leap second, which is at 23:59 UTC only")
        moment += timedelta(seconds=1)
    else:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        bounds = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise PydanticCustomError("out_of_range", "Input should be in the years {first} to {last} of UTC", bounds)
    return moment


def _true_or_false(value: object) -> bool:
    if value in {"true", "false"}:
        return value == "true"
    raise PydanticCustomError("true_or_false", "Input should be true or false")


def _hyphenated(value: object) -> object:
    if isinstance(value, str) and len(value) != _UUID_LENGTH:
        raise PydanticCustomError("uuid_parsing", "Input should be a UUID of 36 characters")
    return value


def _present(value: object) -> object:
    if value is None:
        raise PydanticCustomError("not_null", "Input should not be null: this member cannot be removed")
    return value


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    _check_json(value, 1)
    return value


def _check_json(value: object, depth: int) -> None:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT or not _TEXT_CONTROLS.isdisjoint(value):
            raise _json_error(f"texts of at most {LONGEST_TEXT} characters, without control characters")
    elif isinstance(value, int | float):
        if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            raise _json_error(f"numbers between -{LARGEST_NUMBER} and {LARGEST_NUMBER}")
    elif isinstance(value, dict | list):
        if depth > DEEPEST or len(value) > MOST_MEMBERS:
            raise _json_error(f"at most {DEEPEST} levels, each of at most {MOST_MEMBERS} members")
        if isinstance(value, dict):
            if any(len(name) > LONGEST_NAME or not _CONTROLS.isdisjoint(name) for name in value):
                raise _json_error(f"names of at most {LONGEST_NAME} characters, without control characters")
            value = list(value.values())
        for inner in value:
            _check_json(inner, depth + 1)


def _json_error(expected: str) -> PydanticCustomError:
    return PydanticCustomError("json_bounds", "A JSON object may have {expected}", {"expected": expected})


def _deliverable(address: str) -> str:
    if address.index("@") > LONGEST_LOCAL_PART:
        raise PydanticCustomError("email", "An address has at most 64 characters before the @")
    return address


def _uri(address: str) -> str:
    if not _AFTER_HOST.fullmatch(address):
        raise PydanticCustomError("url", "This is not a URL as RFC 3986 has it")
    return address


Int32 = Annotated[int, Whole(-(2**31), 2**31 - 1)]
Int64 = Annotated[int, Whole(-(2**63), 2**63 - 1)]
MoneyIn = Annotated[Money, MoneyObject()]
NonNegativeMoneyIn = Annotated[Money, MoneyObject(sign="")]
Day = Annotated[date, _Moment(_DATE, date, date.fromisoformat)]
Timestamp = Annotated[datetime, _Moment(_TIMESTAMP, datetime, _utc)]
Uuid = Annotated[UUID, BeforeValidator(_hyphenated)]
Email = Annotated[str, Line(254, min=6, pattern=_EMAIL), AfterValidator(_deliverable)]
Url = Annotated[str, Line(2048, min=8, pattern=_URL), AfterValidator(_uri)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_bounded)]

TrueFalse = PlainValidator(_true_or_false)
"""A boolean in a query: `true` or `false`."""

NotNull = BeforeValidator(_present)
"""A member of a merge patch that may be absent but not null: `Annotated[str | None, NotNull] = None`."""
