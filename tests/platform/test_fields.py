from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from ordering.kernel import Money
from ordering.platform.http.fields import (
    E164,
    Day,
    DecimalText,
    Digits,
    Double,
    DoubleText,
    Email,
    Int32,
    JsonObject,
    Line,
    MoneyIn,
    MoneyObject,
    NonNegativeMoneyIn,
    NotNull,
    Text,
    TimeOfDay,
    Timestamp,
    TrueFalse,
    Url,
    Uuid,
)
from ordering.platform.http.parameters import field_errors
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

SHARE = Annotated[Decimal, DecimalText(3, 2, min=0)]
FRACTION = Annotated[Decimal, DecimalText(2, 2)]
WHOLE = Annotated[Decimal, DecimalText(3, 0)]
SHARE_OF_ONE = Annotated[float, Double(gt=0.0, le=1.0)]
ASKED_SHARE = Annotated[float, DoubleText(gt=0.0, le=1.0)]
EUROS = Annotated[Money, MoneyObject("EUR|CHF", sign="")]
CODE = Annotated[str, Line(9, pattern="^[A-Z]+$")]
PRESENT = Annotated[str | None, NotNull]
ID = "018f6d2e-7c1a-7b3e-9f00-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("annotation", "sent", "value"),
    [
        (Annotated[str, Line(3)], '"a é"', "a é"),
        (Annotated[str, Text(9)], '"a\\n\\tb"', "a\n\tb"),
        (CODE, '"ABC"', "ABC"),
        (Int32, "7", 7),
        (SHARE, '"1.5"', Decimal("1.50")),
        (FRACTION, '"-0.25"', Decimal("-0.25")),
        (WHOLE, '"-0"', Decimal(0)),
        (MoneyIn, '{"amount": "-1.500", "currency": "EUR"}', Money(Decimal("-1.500"), "EUR")),
        (MoneyIn, '{"amount": "-0.00", "currency": "EUR"}', Money(Decimal("0.00"), "EUR")),
        (NonNegativeMoneyIn, '{"amount": "1", "currency": "EUR"}', Money(Decimal(1), "EUR")),
        (EUROS, '{"amount": "1", "currency": "CHF"}', Money(Decimal(1), "CHF")),
        (Day, '"2026-02-28"', date(2026, 2, 28)),
        (Timestamp, '"2026-02-28T01:00:00.5+02:00"', datetime(2026, 2, 27, 23, 0, 0, 500_000, tzinfo=UTC)),
        (TimeOfDay, '"09:30:00"', time(9, 30)),
        (TimeOfDay, '"23:59:59.999999"', time(23, 59, 59, 999_999)),
        (SHARE_OF_ONE, "1", 1.0),
        (SHARE_OF_ONE, "5e-324", 5e-324),
        (ASKED_SHARE, '"1e-3"', 0.001),
        (Timestamp, '"2026-02-28T01:00:00Z"', datetime(2026, 2, 28, 1, tzinfo=UTC)),
        (Timestamp, '"2026-02-28t01:00:00.9999999z"', datetime(2026, 2, 28, 1, 0, 0, 999_999, tzinfo=UTC)),
        (Timestamp, '"2026-02-28T01:00+01:00"', datetime(2026, 2, 28, tzinfo=UTC)),
        (Timestamp, '"2016-12-31T18:59:60.5-05:00"', datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        (Uuid, f'"{ID}"', UUID(ID)),
        (Email, '"ada@example.com"', "ada@example.com"),
        (Url, '"https://example.com:8080/a?b=c#d"', "https://example.com:8080/a?b=c#d"),
        (JsonObject, '{"a": [1, 2.5, true, null, {"b": "c"}]}', {"a": [1, 2.5, True, None, {"b": "c"}]}),
        (PRESENT, '"a"', "a"),
    ],
)
def test_takes(annotation: Any, sent: str, value: Any) -> None:
    taken = TypeAdapter(annotation).validate_json(sent, strict=True)
    assert taken == value
    assert str(taken) == str(value)


@pytest.mark.parametrize(
    ("annotation", "sent", "code"),
    [
        (Annotated[str, Line(3)], '"a\\nb"', "string_pattern_mismatch"),
        (Annotated[str, Line(3)], '""', "string_too_short"),
        (Annotated[str, Line(3)], "3", "string_type"),
        (Annotated[str, Text(9)], '"a\\u0000b"', "string_pattern_mismatch"),
        (CODE, '"abc"', "string_pattern_mismatch"),
        (Int32, "2147483648", "less_than_equal"),
        (Int32, "7.0", "int_type"),
        (Int32, "true", "int_type"),
        (Int32, '"7"', "int_type"),
        (SHARE, '"-1.5"', "string_pattern_mismatch"),
        (SHARE, "1.5", "string_type"),
        (FRACTION, '"1.25"', "string_pattern_mismatch"),
        (WHOLE, '"1e2"', "string_pattern_mismatch"),
        (MoneyIn, '{"amount": "1.50000", "currency": "EUR"}', "string_pattern_mismatch"),
        (MoneyIn, '{"amount": "1.50", "currency": "EUR", "more": 1}', "extra_forbidden"),
        (NonNegativeMoneyIn, '{"amount": "-1", "currency": "EUR"}', "string_pattern_mismatch"),
        (EUROS, '{"amount": "1", "currency": "USD"}', "string_pattern_mismatch"),
        (EUROS, '{"amount": "-1", "currency": "EUR"}', "string_pattern_mismatch"),
        (Day, '"2026-02-30"', "no_such_day"),
        (Day, '"20260228"', "string_pattern_mismatch"),
        (TimeOfDay, '"24:00:00"', "string_pattern_mismatch"),
        (TimeOfDay, '"09:30"', "string_pattern_mismatch"),
        (TimeOfDay, '"09:30:00Z"', "string_pattern_mismatch"),
        (SHARE_OF_ONE, "0", "greater_than"),
        (SHARE_OF_ONE, "1.0000001", "less_than_equal"),
        (SHARE_OF_ONE, "true", "float_type"),
        (SHARE_OF_ONE, '"0.5"', "float_type"),
        (SHARE_OF_ONE, "1e999", "finite_number"),
        (ASKED_SHARE, '"0"', "greater_than"),
        (ASKED_SHARE, '"NaN"', "string_pattern_mismatch"),
        (ASKED_SHARE, '"1e999"', "finite_number"),
        (Timestamp, '"2026-02-30T00:00:00Z"', "no_such_day"),
        (Timestamp, '"2026-02-28T08:00:60Z"', "no_leap_second"),
        (Timestamp, '"1000-01-01T00:00:00+00:01"', "out_of_range"),
        (Timestamp, '"9899-12-31T23:59:60.5Z"', "out_of_range"),
        (Timestamp, f'"2026-02-28T08:00:00.{"1" * 100}Z"', "string_too_long"),
        (Timestamp, '"2026-02-28T00:00:00"', "string_pattern_mismatch"),
        (Timestamp, '"9999-12-31T23:59:59-01:00"', "string_pattern_mismatch"),
        (Uuid, f'"{ID.replace("-", "")}"', "uuid_parsing"),
        (Uuid, "1", "uuid_type"),
        (Email, '"ada@example"', "string_pattern_mismatch"),
        (Email, f'"{"a" * 65}@example.com"', "email"),
        (Url, '"ftp://example.com"', "string_pattern_mismatch"),
        (Url, '"https://example.com/#a#b"', "url"),
        (Url, '"https://example.com/%zz"', "url"),
        (E164, '"12025550123"', "string_pattern_mismatch"),
        (E164, '"+02025550123"', "string_pattern_mismatch"),
        (E164, '"+1 202 555 0123"', "string_pattern_mismatch"),
        (E164, f'"+{"1" * 16}"', "string_too_long"),
        (JsonObject, '{"a": "\\u0000"}', "json_bounds"),
        (JsonObject, '{"\\u0000": "a"}', "json_bounds"),
        (JsonObject, '{"a": 1e300}', "json_bounds"),
        (JsonObject, '{"a": ' + "[" * 20 + "]" * 20 + "}", "json_bounds"),
        (JsonObject, "[]", "dict_type"),
        (PRESENT, "null", "not_null"),
    ],
)
def test_refuses(annotation: Any, sent: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_json(sent, strict=True)
    assert [error["type"] for error in caught.value.errors()] == [code]


@pytest.mark.parametrize(
    ("annotation", "sent", "detail"),
    [
        (Annotated[str, Line(3)], '"a\\tb"', "Input should be one line without control characters"),
        (Day, '"28.02.2026"', "Input should be a date, such as 2026-02-28"),
        (FRACTION, '"1,5"', "Input should be a decimal number, with 0 before the point and at most 2 digits after it"),
        (WHOLE, '"1.5"', "Input should be a decimal number, with at most 3 digits and no point"),
        (EUROS, '{"amount": "1", "currency": "USD"}', "Input should be EUR or CHF"),
        (CODE, '"abc"', "String should match pattern '^[A-Z]+$'"),
    ],
)
def test_says_what_is_expected(annotation: Any, sent: str, detail: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_json(sent, strict=True)
    assert [error.detail for error in field_errors(caught.value)] == [detail]


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (Annotated[int, Digits(-9, 9)], "-7", -7),
        (Annotated[bool, TrueFalse], "true", True),
        (Annotated[bool, TrueFalse], "false", False),
        (SHARE, "1.5", Decimal("1.50")),
        (Day, "2026-02-28", date(2026, 2, 28)),
        (Uuid, ID, UUID(ID)),
    ],
)
def test_takes_from_a_query(annotation: Any, text: str, value: Any) -> None:
    assert TypeAdapter(annotation).validate_strings(text) == value


@pytest.mark.parametrize(
    ("annotation", "text", "code"),
    [
        (Annotated[int, Digits(-9, 9)], "10", "out_of_range"),
        (Annotated[int, Digits(-9, 9)], "1_0", "string_pattern_mismatch"),
        (Annotated[bool, TrueFalse], "1", "true_or_false"),
        (Uuid, "x", "uuid_parsing"),
    ],
)
def test_refuses_from_a_query(annotation: Any, text: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_strings(text)
    assert [error["type"] for error in caught.value.errors()] == [code]


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    total: MoneyIn
    placed_at: Timestamp
    share: SHARE


def test_code_passes_values_themselves() -> None:
    order = Order(total=Money(Decimal(1), "EUR"), placed_at=datetime(2026, 1, 1, tzinfo=UTC), share=Decimal(1))
    assert order.total == Money(Decimal(1), "EUR")
