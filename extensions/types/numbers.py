"""Numbers, money and booleans."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from ..text.problems import show
from .base import FieldType, FieldTypeError, Spec, check_order, whole_number
from .bounds import NOTATION, SHAPE, Bound, Range, in_order, read_range
from .wire import INT32, INT64, LARGEST_DOUBLE, MONEY_AMOUNT_PATTERN, MOST_CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Integral(FieldType):
    whole = True
    bounds = "number"
    sortable = True
    identity = True
    family = "numbers"
    ordered = True
    asks = ("any", "from", "to")

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        least, greatest = spec.low, spec.high
        for what, raw in (("min", low), ("max", high)):
            if raw is None:
                continue
            number = whole_number(raw, what)
            if not INT64[0] <= number <= INT64[1]:
                raise FieldTypeError(f"{what} {number} does not fit into 64 bits; expected at most 9223372036854775807")
            if what == "min":
                least = number
            else:
                greatest = number
        check_order(least, greatest)
        return replace(spec, low=least, high=greatest)

    def written(self, spec: Spec) -> str:
        if spec.low is None and spec.high is None:
            return self.kind
        return f"{self.kind}({'' if spec.low is None else spec.low}..{'' if spec.high is None else spec.high})"

    def span(self, spec: Spec) -> list[int] | None:
        return list(integer_range(spec))

    def value(self, spec: Spec, raw: object) -> int:
        number = whole_number(raw, "the value")
        low, high = integer_range(spec)
        if not low <= number <= high:
            raise FieldTypeError(f"{number} is outside {low} to {high}; expected one of these")
        return number

    def examples(self, spec: Spec) -> Iterator[int]:
        low, high = integer_range(spec)
        start = min(max(low, 1), high)
        yield from range(start, min(high, start + 99) + 1)
        yield from range(start - 1, max(low, start - 99) - 1, -1)


def is_wide(spec: Spec) -> bool:
    """Whether the integers need 64 bits rather than 32."""
    given = [bound for bound in (spec.low, spec.high) if bound is not None]
    return spec.type.kind == BigintType.kind or any(not INT32[0] <= bound <= INT32[1] for bound in given)


def integer_range(spec: Spec) -> tuple[int, int]:
    """The least and the greatest integer; without bounds those of 32 bits, or of 64 when a given one needs them."""
    least, most = INT64 if is_wide(spec) else INT32
    return (least if spec.low is None else spec.low, most if spec.high is None else spec.high)


def has_whole_range(spec: Spec) -> bool:
    """Whether all integers of 32 bits, or of 64, are valid."""
    return integer_range(spec) == (INT64 if is_wide(spec) else INT32)


def is_non_negative(spec: Spec) -> bool:
    """Whether `min: 0` excludes negative amounts."""
    return spec.low == 0


class IntType(_Integral):
    kind = "int"
    syntax = "int or int(a..b)"
    meaning = "a whole number of 32 bits, or within a..b"
    sample = "int(1..999)"
    shape = rf"int(\({SHAPE}\))?"
    arguments = True

    def spec(self, arguments: str) -> Spec:
        if not arguments:
            return Spec(self)
        match = re.fullmatch(r"\s*([+-]?[0-9_]+)?\s*\.\.\s*([+-]?[0-9_]+)?\s*", arguments)
        if match and (match[1] or match[2]):
            return self.bounded(Spec(self), match[1], match[2])
        if not re.match(r"\s*[<>]", arguments):
            raise FieldTypeError(f"int({arguments}) is no range; expected int(a..b), such as int(1..999)")
        return self._compared(arguments)

    def _compared(self, arguments: str) -> Spec:
        """Within bounds that may exclude their number: of whole ones, the next is the bound."""
        low, high = read_range(arguments, self.kind)
        for bound in (low, high):
            if bound and bound.number % 1:
                raise FieldTypeError(f"the bound {bound.text} of {self.kind} is no whole number; write one")
        least = int(low.number) + low.excluded if low else None
        most = int(high.number) - high.excluded if high else None
        if least is not None and most is not None and least > most:
            raise FieldTypeError(f"no whole number is within {Range(low, high).written}; move the bounds apart")
        return self.bounded(Spec(self), least, most)


class BigintType(_Integral):
    kind = "bigint"
    syntax = "bigint"
    meaning = "a whole number of 64 bits"
    sample = "bigint"
    shape = "bigint"


class DecimalType(FieldType):
    kind = "decimal"
    syntax = "decimal(p,s)"
    meaning = "an exact number of p digits, s of them after the point; a string on the wire"
    sample = "decimal(12, 2)"
    shape = r"decimal\(\s*[0-9]{1,2}\s*(,\s*[0-9]\s*)?\)"
    arguments = True
    sortable = True
    family = "numbers"
    ordered = True
    asks = ("any", "from", "to")
    bounds = "sign"

    def spec(self, arguments: str) -> Spec:
        match = re.fullmatch(r"\s*([0-9]{1,3})\s*(?:,\s*([0-9]{1,3})\s*)?", arguments)
        if not match:
            raise FieldTypeError("decimal needs its digits, such as decimal(12, 2); expected decimal(p,s)")
        spec = Spec(self, precision=int(match[1]), scale=int(match[2] or 0))
        if not 1 <= spec.precision <= 38 or spec.scale > min(6, spec.precision):
            raise FieldTypeError(
                f"decimal({arguments}) is out of range; expected p from 1 to 38 and s from 0 to 6, s ≤ p"
            )
        return spec

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        return _bounded_sign(spec, low, high)

    def written(self, spec: Spec) -> str:
        return f"decimal({spec.precision}, {spec.scale})"

    def pattern(self, spec: Spec) -> str:
        whole = spec.precision - spec.scale
        digits = f"[0-9]{{1,{whole}}}" if whole > 1 else "[0-9]" if whole else "0"
        fraction = f"(?:\\.[0-9]{{1,{spec.scale}}})?" if spec.scale else ""
        return f"^{'' if is_non_negative(spec) else '-?'}{digits}{fraction}$"

    def value(self, spec: Spec, raw: object) -> str:
        text = str(raw)
        if isinstance(raw, bool) or not re.fullmatch(self.pattern(spec)[1:-1], text):
            raise FieldTypeError(
                f"{show(raw)} is not a value of decimal({spec.precision},{spec.scale}){_at_least(spec)}; "
                f"expected one such as {next(self.examples(spec), '')}"
            )
        number = Decimal(text).quantize(Decimal(1).scaleb(-spec.scale), context=Context(prec=64))
        return f"{number or abs(number):f}"

    def rank(self, value: Any) -> Decimal:
        return Decimal(value)

    def examples(self, spec: Spec) -> Iterator[str]:
        for number in range(1, 100):
            whole = "0" if spec.precision == spec.scale else str(number % 10 ** (spec.precision - spec.scale))
            fraction = f"{number * 10 ** (spec.scale - 1) if spec.scale == 1 else number:0{spec.scale}d}"[-spec.scale :]
            yield f"{whole}.{fraction}" if spec.scale else whole


class FloatType(FieldType):
    kind = "float"
    syntax = "float or float(a..b)"
    meaning = "a binary fraction of 64 bits for what is measured, or within a..b, or above or below, as float(>0, <=1)"
    sample = "float(0..1)"
    shape = rf"float(\({SHAPE}\))?"
    arguments = True
    unique = indexable = filterable = False
    sortable = True
    asks = ("from", "to")
    bounds = "number"

    def spec(self, arguments: str) -> Spec:
        if not arguments:
            return Spec(self)
        if arguments.isdigit():
            raise FieldTypeError(f"float({arguments}) is no range: a float has 64 bits always; expected {NOTATION}")
        return replace(Spec(self), range=_doubles(read_range(arguments, self.kind)))

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        least, most = spec.range or Range()
        for what, raw in (("min", low), ("max", high)):
            if raw is None:
                continue
            if isinstance(raw, bool) or (number := _double(raw)) is None:
                raise FieldTypeError(f"{what} is {show(raw)}; expected a number, such as 0.5")
            if what == "min":
                least = Bound(Decimal(repr(number)))
            else:
                most = Bound(Decimal(repr(number)))
        return replace(spec, range=in_order(Range(least, most)))

    def written(self, spec: Spec) -> str:
        return f"float({spec.range.written})" if spec.range else self.kind

    def value(self, spec: Spec, raw: object) -> float:
        number = None if isinstance(raw, bool) else _double(raw)
        if number is None:
            raise FieldTypeError(f"{show(raw)} is not a finite number of 64 bits; expected one such as 1.5")
        if spec.range and not spec.range.holds(Decimal(repr(number))):
            raise FieldTypeError(f"{show(raw)} is not within {spec.range.written}; expected a number that is")
        return number or 0.0

    def examples(self, spec: Spec) -> Iterator[float]:
        low, high = (bound and bound.number for bound in spec.range or Range())
        for number in range(1, 100):
            if low is not None and high is not None:
                value = low + (high - low) * number / 100
            elif high is not None:
                value = high - number - Decimal("0.5")
            else:
                value = (low or 0) + number + Decimal("0.5")
            made = float(f"{value:.12g}")
            if not spec.range or spec.range.holds(Decimal(repr(made))):
                yield made
        if spec.range and low is not None and low == high:
            yield float(low)


def _double(raw: object) -> float | None:
    """The number, where it is one that 64 bits hold."""
    if not isinstance(raw, (int, float, str)) or not re.fullmatch(
        r"[+-]?(?:[0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?", str(raw)
    ):
        return None
    number = float(raw)
    return number if abs(number) <= LARGEST_DOUBLE else None


def _doubles(bounds: Range) -> Range:
    """The range with the numbers that 64 bits hold."""
    low, high = (bound and bound._replace(number=Decimal(repr(float(bound.number)))) for bound in bounds)
    return in_order(Range(low, high))


def _bounded_sign(spec: Spec, low: object, high: object) -> Spec:
    if high is not None:
        raise FieldTypeError(f"max has no meaning for {spec.type.kind}: its digits are its bound; drop it")
    if low is not None:
        if isinstance(low, bool) or str(low) not in {"0", "0.0", "0.00"}:
            raise FieldTypeError(
                f"min of {spec.type.kind} is only possible as 0, for no negative values; write min: 0, or drop it"
            )
        return replace(spec, low=0)
    return spec


def _at_least(spec: Spec) -> str:
    return " of zero or more" if is_non_negative(spec) else ""


class MoneyType(FieldType):
    kind = "money"
    syntax = "money or money(EUR, USD)"
    meaning = "an exact amount with its currency, such as 10.00 EUR, or only in one of those that are listed"
    sample = "money"
    shape = r"money(\(\s*[A-Z]{3}(?:\s*,\s*[A-Z]{3})*\s*\))?"
    arguments = True
    unique = indexable = filterable = listable = False
    family = "amounts"
    ordered = True
    bounds = "sign"

    def spec(self, arguments: str) -> Spec:
        if not arguments:
            return Spec(self)
        found: list[str] = []
        for word in (each.strip() for each in arguments.split(",")):
            if not re.fullmatch("[A-Z]{3}", word):
                raise FieldTypeError(
                    f"{show(word)} is no currency of three capital letters; expected money, or such as money(EUR, USD)"
                )
            if word in found:
                raise FieldTypeError(f"money lists {word} twice; drop one")
            found.append(word)
        if len(found) > MOST_CURRENCIES:
            raise FieldTypeError(f"money lists {len(found)} currencies; at most {MOST_CURRENCIES} are possible")
        return Spec(self, currencies=tuple(found))

    def written(self, spec: Spec) -> str:
        return f"money({', '.join(spec.currencies)})" if spec.currencies else self.kind

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        return _bounded_sign(spec, low, high)

    def value(self, spec: Spec, raw: object) -> dict[str, str]:
        if len(spec.currencies) == 1 and re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", str(raw)):
            raw = f"{raw} {spec.currencies[0]}"
        if isinstance(raw, str) and (match := re.fullmatch(r"\s*(\S+)\s+(\S+)\s*", raw)):
            raw = {"amount": match[1], "currency": match[2]}
        if not isinstance(raw, dict) or set(raw) != {"amount", "currency"}:
            raise FieldTypeError(f"expected an amount and a currency, such as 10.00 EUR, not {show(raw)}")
        amount, currency = str(raw["amount"]), str(raw["currency"])
        pattern = MONEY_AMOUNT_PATTERN.replace("-?", "") if is_non_negative(spec) else MONEY_AMOUNT_PATTERN
        if not re.fullmatch(pattern[1:-1], amount):
            raise FieldTypeError(
                f"the amount {show(amount)} is not a decimal{_at_least(spec)} of at most 4 places; "
                "expected one such as 10.00"
            )
        if not re.fullmatch("[A-Z]{3}", currency):
            raise FieldTypeError(
                f"the currency {show(currency)} is not three capital letters; expected one such as EUR"
            )
        if spec.currencies and currency not in spec.currencies:
            raise FieldTypeError(f"{currency} is not one of the currencies; expected {', '.join(spec.currencies)}")
        return {"amount": f"{Decimal(amount):f}", "currency": currency}

    def rank(self, value: Any) -> Decimal:
        return Decimal(value["amount"])

    def examples(self, spec: Spec) -> Iterator[dict[str, str]]:
        currencies = spec.currencies or ("EUR",)
        for number in range(10, 100):
            yield {"amount": f"{number}.00", "currency": currencies[(number - 10) % len(currencies)]}


class BoolType(FieldType):
    kind = "bool"
    syntax = "bool"
    meaning = "true or false"
    sample = "bool = false"
    shape = "bool"
    truth = True
    unique = False

    def value(self, spec: Spec, raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        if str(raw).lower() in {"true", "false"}:
            return str(raw).lower() == "true"
        raise FieldTypeError(f"expected true or false, not {show(raw)}")

    def examples(self, spec: Spec) -> Iterator[bool]:
        yield from (True, False)
