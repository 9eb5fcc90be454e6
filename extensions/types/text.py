"""Types that are text: string, text, email, url, phone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from ..text import naming
from ..text.problems import show
from .base import FieldType, FieldTypeError, Spec, check_order, whole_number
from .wire import (
    EMAIL_PATTERN,
    LINE_PATTERN,
    LONGEST_INDEXED,
    LONGEST_STRING,
    PHONE_PATTERN,
    TEXT_PATTERN,
    URL_PATTERN,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


_WORDS = {
    "name": ["Ada Lovelace", "Grace Hopper", "Alan Turing"],
    "first_name": ["Ada", "Grace", "Alan"],
    "last_name": ["Lovelace", "Hopper", "Turing"],
    "title": ["A first title", "A second title", "A third title"],
    "number": ["A-1001", "A-1002", "A-1003"],
    "code": ["A1", "B2", "C3"],
    "sku": ["SKU-1001", "SKU-1002", "SKU-1003"],
    "currency": ["EUR", "USD", "CHF"],
    "country": ["DE", "FR", "PL"],
    "city": ["Berlin", "Paris", "Kraków"],
    "street": ["1 High Street", "2 Low Street", "3 Mill Lane"],
    "postcode": ["10115", "75001", "30001"],
    "phone": ["+49 30 1234567", "+33 1 2345678", "+48 12 345678"],
}


def _texts(name: str, shortest: int, longest: int) -> Iterator[str]:
    words = _WORDS.get(name) or _WORDS.get(name.rpartition("_")[2]) or []
    yield from (word for word in words if shortest <= len(word) <= longest)
    base = naming.words(name).capitalize() or "Text"
    for number in range(1, 1000):
        text = f"{base} {number}" if number > 1 else base
        if len(text) > longest:
            alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
            text, rest = "", number - 1
            while len(text) < max(1, min(longest, 3)):
                rest, digit = divmod(rest, len(alphabet))
                text += alphabet[digit]
        if len(text) < shortest:
            text = text.ljust(shortest, ".")
        if len(text) <= longest:
            yield text


class _Textual(FieldType):
    """Types that are a JSON string and a Python `str`."""

    bounds = "length"
    patterned = True
    limit: ClassVar[int] = LONGEST_STRING

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        longest, shortest = spec.length, spec.low
        if high is not None:
            longest = whole_number(high, "max")
            if not 1 <= longest <= spec.length:
                raise FieldTypeError(
                    f"max must be between 1 and {spec.length}, the longest value of the type; lower it"
                )
        if low is not None:
            shortest = whole_number(low, "min")
            if shortest < 0:
                raise FieldTypeError("min is the shortest length; expected 0 or more")
        check_order(shortest, longest)
        return replace(spec, low=shortest, length=longest)

    def span(self, spec: Spec) -> list[int] | None:
        return [spec.shortest, spec.length]

    def pattern(self, spec: Spec) -> str:
        return spec.pattern.text if spec.pattern else TEXT_PATTERN if self.multiline else LINE_PATTERN

    def value(self, spec: Spec, raw: object) -> str:
        if isinstance(raw, (bool, dict, list)) or raw is None:
            raise FieldTypeError(f"expected a text, not {show(raw)}")
        text = str(raw)
        if not spec.shortest <= len(text) <= spec.length:
            raise FieldTypeError(f"{show(text)} has {len(text)} characters; expected {spec.shortest} to {spec.length}")
        if not re.fullmatch(self.pattern(spec)[1:-1], text):
            if spec.pattern:
                raise FieldTypeError(
                    f"{show(text)} does not match the pattern {spec.pattern.text}; write one that does"
                )
            raise FieldTypeError(f"{show(text)} contains a control character; remove it")
        return text

    def examples(self, spec: Spec) -> Iterator[str]:
        if spec.pattern:
            return spec.pattern.samples(spec.shortest, spec.length)
        return _texts(spec.name, spec.shortest, spec.length)


class StringType(_Textual):
    kind = "string"
    syntax = "string(n)"
    meaning = "one line of 1 to n characters, n at most 10 000"
    sample = "string(120)"
    shape = r"string\([0-9]{1,5}\)"
    arguments = True
    sortable = True
    asks = ("any", "prefix")
    cased = True
    identity = True
    searched = True
    longest_indexed = LONGEST_INDEXED

    def spec(self, arguments: str) -> Spec:
        if not arguments:
            raise FieldTypeError("string needs its longest length, such as string(120); expected string(n)")
        length = whole_number(arguments, "the length of string(n)")
        if not 1 <= length <= LONGEST_STRING:
            raise FieldTypeError(f"string({length}) is out of range; expected 1 to {LONGEST_STRING}")
        return Spec(self, length=length)

    def written(self, spec: Spec) -> str:
        return f"string({spec.length})"

    def examples(self, spec: Spec) -> Iterator[str]:
        if spec.refers and not spec.pattern:
            made = (f"{naming.kebab(spec.name)}-{number}" for number in range(1001, 1031))
            yield from (text for text in made if spec.shortest <= len(text) <= spec.length)
        yield from super().examples(spec)


class TextType(_Textual):
    kind = "text"
    syntax = "text"
    meaning = "prose of up to 10 000 characters, line breaks included"
    sample = "text"
    shape = "text"
    multiline = True
    searched = True
    unique = indexable = filterable = listable = False

    def spec(self, arguments: str) -> Spec:
        return Spec(self, length=LONGEST_STRING)


class _Formatted(_Textual):
    """Text whose pattern belongs to the type."""

    bounds = ""
    patterned = False
    cased = True
    regex: ClassVar[str]
    shortest: ClassVar[int]

    def spec(self, arguments: str) -> Spec:
        return Spec(self, length=self.limit, low=self.shortest)

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        return FieldType.bounded(self, spec, low, high)

    def pattern(self, spec: Spec) -> str:
        return self.regex

    def value(self, spec: Spec, raw: object) -> str:
        text = str(raw) if not isinstance(raw, (bool, dict, list)) and raw is not None else ""
        if not self.shortest <= len(text) <= self.limit or not re.fullmatch(self.regex[1:-1], text):
            raise FieldTypeError(
                f"{show(raw)} is not {self.meaning}; expected one such as {next(self.examples(spec), '')}"
            )
        return text


class EmailType(_Formatted):
    kind = "email"
    syntax = "email"
    meaning = "an e-mail address"
    sample = "email"
    shape = "email"
    regex = EMAIL_PATTERN
    limit = 254
    shortest = 6
    sortable = True
    asks = ("any", "prefix")

    def examples(self, spec: Spec) -> Iterator[str]:
        yield from ("ada@example.com", "grace@example.com", "alan@example.com")
        yield from (f"person{number}@example.com" for number in range(1, 100))


class UrlType(_Formatted):
    kind = "url"
    syntax = "url"
    meaning = "an http or https address"
    sample = "url"
    shape = "url"
    regex = URL_PATTERN
    limit = 2048
    shortest = 8
    filterable = False

    def examples(self, spec: Spec) -> Iterator[str]:
        path = naming.kebab(spec.name or "page")
        yield from (f"https://www.example.com/{path}/{number}" for number in range(1, 100))


class PhoneType(_Formatted):
    kind = "phone"
    syntax = "phone"
    meaning = "a phone number as E.164 has it, such as +12025550123"
    sample = "phone"
    shape = "phone"
    cased = False
    regex = PHONE_PATTERN
    limit = 16
    shortest = 8
    sortable = True
    asks = ("any", "prefix")

    def examples(self, spec: Spec) -> Iterator[str]:
        # The hundred numbers that belong to nobody.
        yield from (f"+120255501{(number + 23) % 100:02}" for number in range(100))
