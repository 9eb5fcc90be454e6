"""The type table: each field type of the language with its form in every artefact.

Adding a type is adding a class and its row in `TABLE`; the parser, the model and the language's JSON Schema read the
table.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import yaml

from . import naming
from .patterns import CONTROLS, Pattern, PatternError
from .problems import nearest, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
LONGEST_STRING = 10_000
LONGEST_INDEXED = 500  # a PostgreSQL index entry holds 2 704 bytes, a character up to 4
LONGEST_LIST = 100
LONGEST_PATTERN = 90
LONGEST_DEFAULT = 60
LARGEST_JSON_NUMBER = 2**53 - 1

TEXT_CONTROLS = r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F"
LINE_PATTERN = f"^[^{CONTROLS}]*$"
TEXT_PATTERN = f"^[^{TEXT_CONTROLS}]*$"
EMAIL_PATTERN = (
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)
URL_PATTERN = (
    r"^https?://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$"
)
DATE_PATTERN = r"^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
TIMESTAMP_PATTERN = (
    r"^(?:[1-8][0-9]|9[0-8])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""RFC 3339 in the years 1000 to 9899, so that no offset leads out of what Python and PostgreSQL can hold."""
MONEY_AMOUNT_PATTERN = r"^-?[0-9]{1,14}(?:\.[0-9]{1,4})?$"
ENUM_PATTERN = r"^[A-Z][A-Z0-9_]{0,39}$"
UUID_PATTERN = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

SHARED_SCHEMAS: dict[str, dict[str, Any]] = {
    "Money": {
        "type": "object",
        "description": "An exact amount in one currency.",
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "properties": {
            "amount": {
                "type": "string",
                "format": "decimal",
                "description": "Decimal amount, at most four decimal places; its scale is kept.",
                "maxLength": 20,
                "pattern": MONEY_AMOUNT_PATTERN,
                "examples": ["10.00"],
            },
            "currency": {
                "type": "string",
                "format": "iso-4217",
                "description": "ISO 4217 code.",
                "minLength": 3,
                "maxLength": 3,
                "pattern": "^[A-Z]{3}$",
                "examples": ["EUR"],
            },
        },
    },
    "JsonObject": {
        "type": "object",
        "description": "A JSON object of the caller's own shape, at most 16 levels deep.",
        "maxProperties": 100,
        "propertyNames": {"pattern": LINE_PATTERN, "maxLength": 100},
        "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
        "examples": [{"source": "import"}],
    },
    "JsonValue": {
        "description": "Any JSON value.",
        "anyOf": [
            {"type": "string", "maxLength": LONGEST_STRING, "pattern": TEXT_PATTERN},
            {
                "type": "number",
                "format": "double",
                "minimum": -LARGEST_JSON_NUMBER,
                "maximum": LARGEST_JSON_NUMBER,
            },
            {"type": "boolean"},
            {"type": "null"},
            {"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/JsonValue"}},
            {
                "type": "object",
                "maxProperties": 100,
                "propertyNames": {"pattern": LINE_PATTERN, "maxLength": 100},
                "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
            },
        ],
        "examples": ["import"],
    },
}
SHARED_SCHEMAS["NonNegativeMoney"] = {
    **SHARED_SCHEMAS["Money"],
    "description": "An exact amount of zero or more in one currency.",
    "properties": {
        **SHARED_SCHEMAS["Money"]["properties"],
        "amount": {
            **SHARED_SCHEMAS["Money"]["properties"]["amount"],
            "description": "Decimal amount of zero or more, at most four decimal places; its scale is kept.",
            "pattern": MONEY_AMOUNT_PATTERN.replace("-?", ""),
        },
    },
}
"""Schemas that a field's schema may refer to, by name under `#/components/schemas/`."""


class FieldTypeError(ValueError):
    """A type, bound, default or example is wrong; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a field. `suffix` is added to the field's name; `{c}` stands for the column in `checks`."""

    suffix: str
    sql: str
    sa: str
    cast: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forms:
    """A field's type in every artefact.

    `python` is the annotation in the domain model, `input` in the pydantic body, `query` in the query string, `view` in
    the msgspec answer; the imports beside them are whole lines. `schema` is the JSON Schema of answers, `input_schema`
    that of requests.
    """

    columns: tuple[Column, ...]
    python: str
    input: str
    view: str
    schema: dict[str, Any]
    mermaid: str
    query: str = ""
    input_schema: dict[str, Any] | None = None
    python_imports: tuple[str, ...] = ()
    input_imports: tuple[str, ...] = ()
    view_imports: tuple[str, ...] = ()
    query_imports: tuple[str, ...] = ()
    alias: str = ""
    """The input annotation when it deserves a name of its own; `input` is then that name."""


@dataclass(slots=True)
class Spec:
    """A field's type with its arguments and bounds, as declared."""

    type: FieldType
    name: str = ""
    length: int = 0
    low: int | None = None
    high: int | None = None
    precision: int = 0
    scale: int = 0
    members: list[str] = field(default_factory=list)
    inner: Spec | None = None
    target: str = ""
    context: str = ""
    pattern: Pattern | None = None
    enum_class: str = ""
    alias_name: str = ""

    @property
    def item(self) -> Spec:
        """The type of a list's values."""
        if self.inner is None:
            raise TypeError(f"{self.type.kind} holds no values")
        return self.inner


class FieldType(ABC):
    """One row of the type table."""

    kind: ClassVar[str]
    syntax: ClassVar[str]
    meaning: ClassVar[str]
    sample: ClassVar[str]
    """An example of the syntax."""
    shape: ClassVar[str]
    """The syntax as a regular expression, for editors."""
    arguments: ClassVar[bool] = False
    unique: ClassVar[bool] = True
    indexable: ClassVar[bool] = True
    filterable: ClassVar[bool] = True
    sortable: ClassVar[bool] = False
    listable: ClassVar[bool] = True
    defaultable: ClassVar[bool] = True
    nullable: ClassVar[str] = ""
    """Why the type cannot be optional, or nothing."""
    bounds: ClassVar[str] = ""
    """What `min` and `max` limit: length, number, sign, items, or nothing."""
    patterned: ClassVar[bool] = False

    def spec(self, arguments: str) -> Spec:
        """The type with the text between its parentheses; raises FieldTypeError."""
        return Spec(self)

    def bound(self, spec: Spec, low: object, high: object) -> None:
        """Apply `min` and `max` of the mapping form; raises FieldTypeError."""
        raise FieldTypeError(f"min and max have no meaning for {self.kind}")

    @abstractmethod
    def forms(self, spec: Spec) -> Forms: ...

    @abstractmethod
    def value(self, spec: Spec, raw: object) -> Any:
        """A default or example as it goes over the wire; raises FieldTypeError when it is not valid for the field."""

    def span(self, spec: Spec) -> list[int] | None:
        """Shortest and longest text, or least and greatest number, where the type has such bounds."""
        return None

    @abstractmethod
    def examples(self, spec: Spec) -> Iterator[Any]: ...

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        """A wire value as a Python expression of the domain type, with the imports that it needs."""
        return python_text(value), ()

    def sql_literals(self, spec: Spec, value: Any) -> tuple[str, ...]:
        """A wire value as SQL, one expression per column."""
        return (sql_text(value) if isinstance(value, str) else str(value),)


def python_text(value: object) -> str:
    """A JSON value as a Python literal in the formatter's style."""
    if isinstance(value, str):
        escaped = "".join(letter if letter in "'\"" else repr(letter)[1:-1] for letter in value)
        if value.count('"') > value.count("'"):
            return "'" + escaped.replace("'", "\\'") + "'"
        return '"' + escaped.replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{python_text(key)}: {python_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(python_text(item) for item in value) + "]"
    return repr(value)


def raw_text(value: str) -> str:
    """A regular expression as a Python string, raw if possible."""
    return f'r"{value}"' if '"' not in value else python_text(value)


def sql_text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _whole(raw: object, what: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, (int, str)) or not re.fullmatch(r"[+-]?[0-9_]{1,25}", str(raw)):
        raise FieldTypeError(f"{what} must be a whole number, not {show(raw)}")
    try:
        return int(raw)
    except ValueError:
        raise FieldTypeError(f"{what} must be a whole number, not {show(raw)}") from None


def _check_order(low: int | None, high: int | None) -> None:
    if low is not None and high is not None and low > high:
        raise FieldTypeError(f"min {low} is greater than max {high}")


# Text ----------------------------------------------------------------------------------------------------------------

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
    multiline: ClassVar[bool] = False

    def bound(self, spec: Spec, low: object, high: object) -> None:
        if high is not None:
            spec.high = _whole(high, "max")
            if not 1 <= spec.high <= spec.length:
                raise FieldTypeError(f"max must be between 1 and {spec.length}, the longest value of the type")
            spec.length = spec.high
        if low is not None:
            spec.low = _whole(low, "min")
            if spec.low < 0:
                raise FieldTypeError("min must be 0 or more: it is the shortest length")
        _check_order(spec.low, spec.length)

    def _shortest(self, spec: Spec) -> int:
        return 1 if spec.low is None else spec.low

    def span(self, spec: Spec) -> list[int] | None:
        return [self._shortest(spec), spec.length]

    def _pattern(self, spec: Spec) -> str:
        return spec.pattern.text if spec.pattern else TEXT_PATTERN if self.multiline else LINE_PATTERN

    def forms(self, spec: Spec) -> Forms:
        kind = "Text" if self.multiline else "Line"
        arguments = [str(spec.length)]
        if self._shortest(spec) != 1:
            arguments.append(f"min={spec.low}")
        if spec.pattern:
            arguments.append(f"pattern={raw_text(spec.pattern.text)}")
        annotation = f"Annotated[str, {kind}({', '.join(arguments)})]"
        alias = spec.alias_name if spec.pattern else ""
        schema: dict[str, Any] = {"type": "string", "maxLength": spec.length, "pattern": self._pattern(spec)}
        if self._shortest(spec):
            schema = {"type": "string", "minLength": self._shortest(spec), **schema}
        columns = self._columns(spec)
        imports = ("from typing import Annotated", f"from ..platform.fields import {kind}")
        return Forms(
            columns,
            "str",
            alias or annotation,
            "str",
            schema,
            self.kind,
            query=alias or annotation,
            input_imports=imports,
            query_imports=imports,
            alias=annotation if alias else "",
        )

    def _columns(self, spec: Spec) -> tuple[Column, ...]:
        return (Column("", f"varchar({spec.length})", f"sa.String({spec.length})", "text"),)

    def value(self, spec: Spec, raw: object) -> str:
        if isinstance(raw, (bool, dict, list)) or raw is None:
            raise FieldTypeError(f"expected a text, not {show(raw)}")
        text = str(raw)
        if not self._shortest(spec) <= len(text) <= spec.length:
            raise FieldTypeError(
                f"{show(text)} has {len(text)} characters; expected {self._shortest(spec)} to {spec.length}"
            )
        if not re.fullmatch(self._pattern(spec)[1:-1], text):
            what = f"does not match the pattern {spec.pattern.text}" if spec.pattern else "contains a control character"
            raise FieldTypeError(f"{show(text)} {what}")
        return text

    def examples(self, spec: Spec) -> Iterator[str]:
        if spec.pattern:
            return spec.pattern.samples(self._shortest(spec), spec.length)
        return _texts(spec.name, self._shortest(spec), spec.length)


class StringType(_Textual):
    kind = "string"
    syntax = "string(n)"
    meaning = "one line of 1 to n characters, n at most 10 000"
    sample = "string(120)"
    shape = r"string\([0-9]{1,5}\)"
    arguments = True
    sortable = True

    def spec(self, arguments: str) -> Spec:
        if not arguments:
            raise FieldTypeError("string needs its longest length, such as string(120); expected string(n)")
        length = _whole(arguments, "the length of string(n)")
        if not 1 <= length <= LONGEST_STRING:
            raise FieldTypeError(f"string({length}) is out of range; expected 1 to {LONGEST_STRING}")
        return Spec(self, length=length)


class TextType(_Textual):
    kind = "text"
    syntax = "text"
    meaning = "prose of up to 10 000 characters, line breaks included"
    sample = "text"
    shape = "text"
    multiline = True
    unique = indexable = filterable = listable = False

    def spec(self, arguments: str) -> Spec:
        return Spec(self, length=LONGEST_STRING)


class _Formatted(_Textual):
    """Text whose pattern belongs to the type."""

    bounds = ""
    patterned = False
    annotation: ClassVar[str]
    format: ClassVar[str]
    regex: ClassVar[str]
    shortest: ClassVar[int]

    def spec(self, arguments: str) -> Spec:
        return Spec(self, length=self.limit, low=self.shortest)

    def bound(self, spec: Spec, low: object, high: object) -> None:
        FieldType.bound(self, spec, low, high)

    def _pattern(self, spec: Spec) -> str:
        return self.regex

    def forms(self, spec: Spec) -> Forms:
        schema = {
            "type": "string",
            "format": self.format,
            "minLength": self.shortest,
            "maxLength": self.limit,
            "pattern": self.regex,
        }
        imports = (f"from ..platform.fields import {self.annotation}",)
        return Forms(
            self._columns(spec),
            "str",
            self.annotation,
            "str",
            schema,
            self.kind,
            query=self.annotation,
            input_imports=imports,
            query_imports=imports,
        )

    def value(self, spec: Spec, raw: object) -> str:
        text = str(raw) if not isinstance(raw, (bool, dict, list)) and raw is not None else ""
        if not self.shortest <= len(text) <= self.limit or not re.fullmatch(self.regex[1:-1], text):
            raise FieldTypeError(f"{show(raw)} is not {self.meaning}")
        return text


class EmailType(_Formatted):
    kind = "email"
    syntax = "email"
    meaning = "an e-mail address"
    sample = "email"
    shape = "email"
    annotation = "Email"
    format = "email"
    regex = EMAIL_PATTERN
    limit = 254
    shortest = 6
    sortable = True

    def examples(self, spec: Spec) -> Iterator[str]:
        yield from ("ada@example.com", "grace@example.com", "alan@example.com")
        yield from (f"person{number}@example.com" for number in range(1, 100))


class UrlType(_Formatted):
    kind = "url"
    syntax = "url"
    meaning = "an http or https address"
    sample = "url"
    shape = "url"
    annotation = "Url"
    format = "uri"
    regex = URL_PATTERN
    limit = 2048
    shortest = 8
    filterable = False

    def examples(self, spec: Spec) -> Iterator[str]:
        path = naming.kebab(spec.name or "page")
        yield from (f"https://www.example.com/{path}/{number}" for number in range(1, 100))


# Numbers -------------------------------------------------------------------------------------------------------------


class _Integral(FieldType):
    bounds = "number"
    sortable = True

    def bound(self, spec: Spec, low: object, high: object) -> None:
        for what, raw in (("min", low), ("max", high)):
            if raw is None:
                continue
            number = _whole(raw, what)
            if not INT64[0] <= number <= INT64[1]:
                raise FieldTypeError(f"{what} {number} does not fit into 64 bits")
            if what == "min":
                spec.low = number
            else:
                spec.high = number
        _check_order(spec.low, spec.high)

    def span(self, spec: Spec) -> list[int] | None:
        return list(self._range(spec))

    def _range(self, spec: Spec) -> tuple[int, int]:
        """The bounds; without them those of 32 bits, or of 64 when the one bound that is given does not fit."""
        given = [bound for bound in (spec.low, spec.high) if bound is not None]
        wide = self.kind == "bigint" or any(not INT32[0] <= bound <= INT32[1] for bound in given)
        least, most = INT64 if wide else INT32
        return (least if spec.low is None else spec.low, most if spec.high is None else spec.high)

    def forms(self, spec: Spec) -> Forms:
        low, high = self._range(spec)
        wide = self.kind == "bigint" or low < INT32[0] or high > INT32[1]
        full = (low, high) == (INT64 if wide else INT32)
        alias = "Int64" if wide else "Int32"
        column = Column(
            "",
            "bigint" if wide else "integer",
            "sa.BigInteger()" if wide else "sa.Integer()",
            "bigint" if wide else "integer",
            () if full else (f"{{c}} BETWEEN {low} AND {high}",),
        )
        return Forms(
            (column,),
            "int",
            alias if full else f"Annotated[int, Whole({low}, {high})]",
            "int",
            {"type": "integer", "format": "int64" if wide else "int32", "minimum": low, "maximum": high},
            "bigint" if wide else "int",
            query=f"Annotated[int, Digits({low}, {high})]",
            input_imports=(f"from ..platform.fields import {alias}",)
            if full
            else ("from typing import Annotated", "from ..platform.fields import Whole"),
            query_imports=("from typing import Annotated", "from ..platform.fields import Digits"),
        )

    def value(self, spec: Spec, raw: object) -> int:
        number = _whole(raw, "the value")
        low, high = self._range(spec)
        if not low <= number <= high:
            raise FieldTypeError(f"{number} is outside {low} to {high}")
        return number

    def examples(self, spec: Spec) -> Iterator[int]:
        low, high = self._range(spec)
        start = min(max(low, 1), high)
        yield from range(start, min(high, start + 99) + 1)
        yield from range(start - 1, max(low, start - 99) - 1, -1)


class IntType(_Integral):
    kind = "int"
    syntax = "int or int(a..b)"
    meaning = "a whole number of 32 bits, or within a..b"
    sample = "int(1..999)"
    shape = r"int(\(\s*[+-]?[0-9_]*\s*\.\.\s*[+-]?[0-9_]*\s*\))?"
    arguments = True

    def spec(self, arguments: str) -> Spec:
        if not arguments:
            return Spec(self)
        match = re.fullmatch(r"\s*([+-]?[0-9_]+)?\s*\.\.\s*([+-]?[0-9_]+)?\s*", arguments)
        if not match or not (match[1] or match[2]):
            raise FieldTypeError(f"int({arguments}) is no range; expected int(a..b), such as int(1..999)")
        spec = Spec(self)
        self.bound(spec, match[1], match[2])
        return spec


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

    def bound(self, spec: Spec, low: object, high: object) -> None:
        _bound_sign(spec, low, high)

    def _pattern(self, spec: Spec) -> str:
        whole = spec.precision - spec.scale
        digits = f"[0-9]{{1,{whole}}}" if whole > 1 else "[0-9]" if whole else "0"
        fraction = f"(?:\\.[0-9]{{1,{spec.scale}}})?" if spec.scale else ""
        return f"^{'' if spec.low == 0 else '-?'}{digits}{fraction}$"

    def forms(self, spec: Spec) -> Forms:
        arguments = f"{spec.precision}, {spec.scale}{', min=0' if spec.low == 0 else ''}"
        schema = {
            "type": "string",
            "format": "decimal",
            "maxLength": spec.precision + 3,
            "pattern": self._pattern(spec),
        }
        numeric = f"({spec.precision}, {spec.scale})"
        annotation = f"Annotated[Decimal, DecimalText({arguments})]"
        imports = (
            "from decimal import Decimal",
            "from typing import Annotated",
            "from ..platform.fields import DecimalText",
        )
        checks = ("{c} >= 0",) if spec.low == 0 else ()
        return Forms(
            (Column("", f"numeric{numeric}", f"sa.Numeric{numeric}", "numeric", checks),),
            "Decimal",
            annotation,
            "Decimal",
            schema,
            "decimal",
            query=annotation,
            python_imports=imports[:1],
            input_imports=imports,
            view_imports=imports[:1],
            query_imports=imports,
        )

    def value(self, spec: Spec, raw: object) -> str:
        text = str(raw)
        if isinstance(raw, bool) or not re.fullmatch(self._pattern(spec)[1:-1], text):
            raise FieldTypeError(
                f"{show(raw)} is not a value of decimal({spec.precision},{spec.scale}){_at_least(spec)}"
            )
        number = Decimal(text).quantize(Decimal(1).scaleb(-spec.scale), context=Context(prec=64))
        return f"{number or abs(number):f}"

    def examples(self, spec: Spec) -> Iterator[str]:
        for number in range(1, 100):
            whole = "0" if spec.precision == spec.scale else str(number % 10 ** (spec.precision - spec.scale))
            fraction = f"{number * 10 ** (spec.scale - 1) if spec.scale == 1 else number:0{spec.scale}d}"[-spec.scale :]
            yield f"{whole}.{fraction}" if spec.scale else whole

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        return _decimal_literal(value), ("from decimal import Decimal",)

    def sql_literals(self, spec: Spec, value: Any) -> tuple[str, ...]:
        return (str(value),)


def _decimal_literal(text: str) -> str:
    return f'Decimal("{text}")' if "." in text else f"Decimal({int(text)})"


def _bound_sign(spec: Spec, low: object, high: object) -> None:
    if high is not None:
        raise FieldTypeError(f"max has no meaning for {spec.type.kind}: its digits are its bound")
    if low is not None:
        if isinstance(low, bool) or str(low) not in {"0", "0.0", "0.00"}:
            raise FieldTypeError(
                f"min of {spec.type.kind} can only be 0 (no negative values): it is a string on the wire"
            )
        spec.low = 0


def _at_least(spec: Spec) -> str:
    return " of zero or more" if spec.low == 0 else ""


class MoneyType(FieldType):
    kind = "money"
    syntax = "money"
    meaning = "an exact amount with its currency, such as 10.00 EUR"
    sample = "money"
    shape = "money"
    unique = indexable = filterable = listable = False
    bounds = "sign"

    def bound(self, spec: Spec, low: object, high: object) -> None:
        _bound_sign(spec, low, high)

    def forms(self, spec: Spec) -> Forms:
        name = "NonNegativeMoney" if spec.low == 0 else "Money"
        amount = "scale({c}) <= 4 AND abs({c}) < 100000000000000"
        if spec.low == 0:
            amount = "scale({c}) <= 4 AND {c} >= 0 AND {c} < 100000000000000"
        return Forms(
            (
                Column("_amount", "numeric", "sa.Numeric()", "numeric", (amount,)),
                Column("_currency", "varchar(3)", "sa.String(3)", "text", ("{c} ~ '^[A-Z]{3}$'",)),
            ),
            "Money",
            "NonNegativeMoneyIn" if spec.low == 0 else "MoneyIn",
            "Money",
            {"$ref": f"#/components/schemas/{name}"},
            "Money",
            python_imports=("from ..kernel import Money",),
            input_imports=(f"from ..platform.fields import {'NonNegativeMoneyIn' if spec.low == 0 else 'MoneyIn'}",),
            view_imports=("from ..kernel import Money",),
        )

    def value(self, spec: Spec, raw: object) -> dict[str, str]:
        if isinstance(raw, str) and (match := re.fullmatch(r"\s*(\S+)\s+(\S+)\s*", raw)):
            raw = {"amount": match[1], "currency": match[2]}
        if not isinstance(raw, dict) or set(raw) != {"amount", "currency"}:
            raise FieldTypeError(f"expected an amount and a currency, such as 10.00 EUR, not {show(raw)}")
        amount, currency = str(raw["amount"]), str(raw["currency"])
        pattern = MONEY_AMOUNT_PATTERN.replace("-?", "") if spec.low == 0 else MONEY_AMOUNT_PATTERN
        if not re.fullmatch(pattern[1:-1], amount):
            raise FieldTypeError(
                f"the amount {show(amount)} is not a decimal{_at_least(spec)} with at most 4 decimal places"
            )
        if not re.fullmatch("[A-Z]{3}", currency):
            raise FieldTypeError(f"the currency {show(currency)} is not three capital letters, such as EUR")
        return {"amount": f"{Decimal(amount):f}", "currency": currency}

    def examples(self, spec: Spec) -> Iterator[dict[str, str]]:
        yield from ({"amount": f"{number}.00", "currency": "EUR"} for number in range(10, 100))

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        imports = ("from decimal import Decimal", "from ..kernel import Money")
        return f'Money({_decimal_literal(value["amount"])}, "{value["currency"]}")', imports

    def sql_literals(self, spec: Spec, value: Any) -> tuple[str, ...]:
        return value["amount"], sql_text(value["currency"])


class BoolType(FieldType):
    kind = "bool"
    syntax = "bool"
    meaning = "true or false"
    sample = "bool = false"
    shape = "bool"
    unique = False
    nullable = "a boolean is never absent: give it a default, such as bool = false, or use an enum"

    def forms(self, spec: Spec) -> Forms:
        return Forms(
            (Column("", "boolean", "sa.Boolean()", "boolean"),),
            "bool",
            "bool",
            "bool",
            {"type": "boolean"},
            "bool",
            query="Annotated[bool, TrueFalse]",
            query_imports=("from typing import Annotated", "from ..platform.fields import TrueFalse"),
        )

    def value(self, spec: Spec, raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        if str(raw).lower() in {"true", "false"}:
            return str(raw).lower() == "true"
        raise FieldTypeError(f"expected true or false, not {show(raw)}")

    def examples(self, spec: Spec) -> Iterator[bool]:
        yield from (True, False)

    def sql_literals(self, spec: Spec, value: Any) -> tuple[str, ...]:
        return ("true" if value else "false",)


# Time and identity ---------------------------------------------------------------------------------------------------


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
    meaning = "a moment, RFC 3339 with its offset, such as 2026-11-22T08:00:00Z"
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
            python_imports=("from datetime import datetime",),
            input_imports=("from ..platform.fields import Timestamp",),
            view_imports=("from datetime import datetime",),
            query_imports=("from ..platform.fields import Timestamp",),
        )

    def value(self, spec: Spec, raw: object) -> str:
        text = raw.isoformat() if isinstance(raw, datetime) else str(raw)
        try:
            if re.fullmatch(TIMESTAMP_PATTERN[1:-1], text):
                return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")
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


class IdType(UuidType):
    kind = "id"
    syntax = "id context.X"
    meaning = "the identity of an aggregate of another context"
    sample = "id payments.Payment"
    shape = r"id\s+[a-z][a-z0-9_-]*\.[A-Z][A-Za-z0-9]*"
    listable = defaultable = False


# Choices and structures ----------------------------------------------------------------------------------------------


class EnumType(FieldType):
    kind = "enum"
    syntax = "enum(a, b, c)"
    meaning = "one of the listed words, upper case on the wire"
    sample = "enum(low, normal, high)"
    shape = r"enum\([^()]+\)"
    arguments = True
    unique = False

    def spec(self, arguments: str) -> Spec:
        members: list[str] = []
        for raw in filter(None, (word.strip() for word in arguments.split(","))):
            member = enum_member(raw)
            if member in members:
                raise FieldTypeError(f"enum lists {raw!r} twice")
            members.append(member)
        if not members:
            raise FieldTypeError("enum needs its words, such as enum(low, high); expected enum(a, b, c)")
        if len(members) > 100:
            raise FieldTypeError(f"enum has {len(members)} words; at most 100 are possible")
        return Spec(self, members=members)

    def forms(self, spec: Spec) -> Forms:
        values = ", ".join(sql_text(member) for member in spec.members)
        imports = (f"from .model import {spec.enum_class}",)
        return Forms(
            (Column("", "varchar(40)", "sa.String(40)", "text", (f"{{c}} IN ({values})",)),),
            spec.enum_class,
            spec.enum_class,
            "str",
            {"$ref": f"#/components/schemas/{spec.enum_class}"},
            spec.enum_class or "enum",
            query=spec.enum_class,
            input_schema={"type": "string", "enum": spec.members},
            input_imports=imports,
            query_imports=imports,
        )

    def value(self, spec: Spec, raw: object) -> str:
        text = str(raw).strip().upper().replace("-", "_")
        if text not in spec.members:
            raise FieldTypeError(f"{show(raw)} is not one of {', '.join(spec.members)}")
        return text

    def examples(self, spec: Spec) -> Iterator[str]:
        yield from spec.members

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        return f"{spec.enum_class}.{value}", (f"from .model import {spec.enum_class}",)


def enum_member(raw: str) -> str:
    """A word of an enum as it goes over the wire: `in-transit` → `IN_TRANSIT`; raises FieldTypeError."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*", raw) or len(raw) > naming.LONGEST_NAME:
        raise FieldTypeError(
            f"{show(raw)} is not a word of letters, digits and '_', at most {naming.LONGEST_NAME} long"
        )
    return raw.upper().replace("-", "_")


class JsonType(FieldType):
    kind = "json"
    syntax = "json"
    meaning = "a JSON object of the caller's own shape"
    sample = "json"
    shape = "json"
    unique = indexable = filterable = listable = False

    def forms(self, spec: Spec) -> Forms:
        return Forms(
            (Column("", "jsonb", "postgresql.JSONB()", "jsonb"),),
            "dict[str, Any]",
            "JsonObject",
            "dict[str, Any]",
            {"$ref": "#/components/schemas/JsonObject"},
            "json",
            python_imports=("from typing import Any",),
            input_imports=("from ..platform.fields import JsonObject",),
            view_imports=("from typing import Any",),
        )

    def value(self, spec: Spec, raw: object) -> dict[str, Any]:
        if isinstance(raw, str):
            raw = _flow(raw)
        if not isinstance(raw, dict):
            raise FieldTypeError(f"expected a JSON object, such as {{}}, not {show(raw)}")
        _check_json(raw, 0)
        return raw

    def examples(self, spec: Spec) -> Iterator[dict[str, Any]]:
        yield from ({"source": "import", "attempt": number} for number in range(1, 10))

    def sql_literals(self, spec: Spec, value: Any) -> tuple[str, ...]:
        return (f"{sql_text(json.dumps(value, ensure_ascii=False))}::jsonb",)


def _check_json(value: object, depth: int) -> None:
    if depth > 16:
        raise FieldTypeError("the JSON object is more than 16 levels deep")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise FieldTypeError(f"the key {show(key)} of a JSON object is no text")
            _check_json(key, depth)
            _check_json(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_json(inner, depth + 1)
    elif isinstance(value, str):
        if not re.fullmatch(TEXT_PATTERN[1:-1], value):
            raise FieldTypeError("a text in the JSON object contains a control character")
    elif isinstance(value, (int, float)):
        if not -LARGEST_JSON_NUMBER <= value <= LARGEST_JSON_NUMBER:
            raise FieldTypeError(f"the number {value} in the JSON object is larger than 2^53")
    elif value is not None:
        raise FieldTypeError(f"{show(value)} has no form in JSON")


class ListType(FieldType):
    kind = "list"
    syntax = "list(type)"
    meaning = "up to 100 values of a simple type, in order"
    sample = "list(string(40)) = []"
    shape = r"list\(.+\)"
    arguments = True
    unique = indexable = filterable = listable = False
    nullable = "an empty list says it: write list(…) = []"
    bounds = "items"

    def bound(self, spec: Spec, low: object, high: object) -> None:
        for what, raw in (("min", low), ("max", high)):
            if raw is None:
                continue
            number = _whole(raw, what)
            if not 0 <= number <= LONGEST_LIST or (what == "max" and number == 0):
                raise FieldTypeError(f"{what} of a list must be between {int(what == 'max')} and {LONGEST_LIST}")
            if what == "min":
                spec.low = number
            else:
                spec.high = number
        _check_order(spec.low, spec.high)

    def _range(self, spec: Spec) -> tuple[int, int]:
        return spec.low or 0, spec.high or LONGEST_LIST

    def forms(self, spec: Spec) -> Forms:
        item = spec.item.type.forms(spec.item)
        column = item.columns[0]
        low, high = self._range(spec)
        checks = [f"cardinality({{c}}) {f'BETWEEN {low} AND {high}' if low else f'<= {high}'}"]
        if spec.item.type.kind == "enum":
            values = ", ".join(sql_text(member) for member in spec.item.members)
            checks.append(f"{{c}} <@ ARRAY[{values}]::{column.sql}[]")
        schema = {"type": "array", "items": item.schema, "maxItems": high}
        input_schema = {"type": "array", "items": item.input_schema or item.schema, "maxItems": high}
        if low:
            schema["minItems"] = input_schema["minItems"] = low
        size = f"min_length={low}, max_length={high}" if low else f"max_length={high}"
        return Forms(
            (Column("", f"{column.sql}[]", f"postgresql.ARRAY({column.sa})", f"{column.cast}[]", tuple(checks)),),
            f"list[{item.python}]",
            f"Annotated[list[{item.input}], Field({size})]",
            f"list[{item.view}]",
            schema,
            f"{item.mermaid}[]",
            input_schema=input_schema,
            python_imports=item.python_imports,
            input_imports=(*item.input_imports, "from typing import Annotated", "from pydantic import Field"),
            view_imports=item.view_imports,
        )

    def value(self, spec: Spec, raw: object) -> list[Any]:
        if isinstance(raw, str):
            raw = _flow(raw)
        if not isinstance(raw, list):
            raise FieldTypeError(f"expected a list, such as [], not {show(raw)}")
        low, high = self._range(spec)
        if not low <= len(raw) <= high:
            raise FieldTypeError(f"the list has {len(raw)} values; expected {low} to {high}")
        return [spec.item.type.value(spec.item, item) for item in raw]

    def examples(self, spec: Spec) -> Iterator[list[Any]]:
        low, high = self._range(spec)
        values = list(islice(spec.item.type.examples(spec.item), 3))
        for size in (max(low, min(2, high)), max(low, 1), min(high, max(low, 3))):
            yield [values[index % len(values)] for index in range(size)]

    def python_literal(self, spec: Spec, value: Any) -> tuple[str, tuple[str, ...]]:
        literals = [spec.item.type.python_literal(spec.item, item) for item in value]
        return f"[{', '.join(text for text, _ in literals)}]", tuple({line for _, lines in literals for line in lines})

    def sql_literals(self, spec: Spec, value: Any) -> tuple[str, ...]:
        column = spec.item.type.forms(spec.item).columns[0]
        values = ", ".join(spec.item.type.sql_literals(spec.item, item)[0] for item in value)
        return (f"ARRAY[{values}]::{column.sql}[]" if value else f"'{{}}'::{column.sql}[]",)


def _flow(text: str) -> object:
    """A default of the in-line form such as `[a, b]` or `{"a": 1}`."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise FieldTypeError(f"{show(text)} is neither JSON nor a YAML list or mapping") from None


TABLE: Mapping[str, FieldType] = {
    row.kind: row
    for row in (
        StringType(),
        TextType(),
        IntType(),
        BigintType(),
        DecimalType(),
        MoneyType(),
        BoolType(),
        DateType(),
        DatetimeType(),
        UuidType(),
        EmailType(),
        UrlType(),
        EnumType(),
        JsonType(),
        ListType(),
        RefType(),
        IdType(),
    )
}

_ALIASES = {
    "str": "string",
    "varchar": "string",
    "char": "string",
    "integer": "int",
    "int32": "int",
    "int64": "bigint",
    "long": "bigint",
    "number": "decimal",
    "numeric": "decimal",
    "float": "decimal",
    "double": "decimal",
    "boolean": "bool",
    "timestamp": "datetime",
    "time": "datetime",
    "uri": "url",
    "link": "url",
    "dict": "json",
    "object": "json",
    "array": "list",
    "reference": "ref",
    "mail": "email",
    "choice": "enum",
    "guid": "uuid",
}
"""Words of other languages, for the suggestion."""


def parse_type(text: str) -> Spec:
    """The type written as `string(120)`, `list(int(1..9))`, `ref Customer` or `id payments.Payment`."""
    text = text.strip()
    match = re.fullmatch(r"(ref|id)\s+(\S.*)", text)
    if match:
        return _reference(match[1], match[2].strip())
    match = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)\s*(?:\((.*)\))?", text, re.DOTALL)
    if not match:
        hint = " (inside {…} quote the whole line)" if text.count("(") != text.count(")") else ""
        raise FieldTypeError(f"{show(text)} is not a type{hint}; expected one such as string(120), int or ref Customer")
    word, arguments = match[1], match[2]
    row = TABLE.get(word)
    if row is None:
        near = f"; did you mean {_ALIASES[word.lower()]!r}?" if word.lower() in _ALIASES else nearest(word, TABLE)
        raise FieldTypeError(f"unknown type {word!r}{near}")
    if word in {"ref", "id"}:
        raise FieldTypeError(f"{word} needs its aggregate; expected {row.syntax}, such as {row.sample}")
    if arguments is not None and not row.arguments:
        raise FieldTypeError(f"{word} takes no arguments; expected {row.syntax}")
    if isinstance(row, ListType):
        return _list(row, (arguments or "").strip())
    return row.spec((arguments or "").strip())


def _list(row: ListType, arguments: str) -> Spec:
    if not arguments:
        raise FieldTypeError(f"list needs the type of its values; expected {row.syntax}, such as list(string(40))")
    if arguments.endswith("?"):
        raise FieldTypeError("the values of a list are never absent; drop the '?' inside")
    item = parse_type(arguments)
    if not item.type.listable:
        instead = {"ref": "use a part", "id": "use a part", "text": "use string(n)", "list": "use a part"}
        hint = f"; {instead.get(item.type.kind, 'use a part')}"
        raise FieldTypeError(f"a list cannot hold {item.type.kind}{hint}")
    return Spec(row, inner=item)


def _reference(word: str, target: str) -> Spec:
    row = TABLE[word]
    if word == "ref":
        if not naming.PASCAL.fullmatch(target):
            raise FieldTypeError(
                f"{show(target)} is not the name of an aggregate; expected {row.syntax}, such as {row.sample}"
            )
        return Spec(row, target=target)
    match = re.fullmatch(r"([a-z][a-z0-9]*(?:[_-][a-z0-9]+)*)\.([A-Z][A-Za-z0-9]*)", target)
    if not match:
        raise FieldTypeError(f"{show(target)} is not context.Aggregate; expected {row.syntax}, such as {row.sample}")
    return Spec(row, context=match[1], target=match[2])


def pattern_of(text: object) -> Pattern:
    """The checked pattern of a mapping form; raises FieldTypeError."""
    if not isinstance(text, str) or not text:
        raise FieldTypeError(f"expected a regular expression, not {show(text)}")
    try:
        pattern = Pattern(text)
    except PatternError as error:
        raise FieldTypeError(f"{show(text)} {error}") from None
    if len(pattern.text) > LONGEST_PATTERN:
        raise FieldTypeError(
            f"its portable form has {len(pattern.text)} characters; at most {LONGEST_PATTERN} are possible"
        )
    return pattern
