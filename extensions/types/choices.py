"""Enums, free JSON and lists."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import yaml

from ..text import naming
from ..text.problems import show
from .base import FieldType, FieldTypeError, Spec, check_order, whole_number
from .wire import LARGEST_JSON_NUMBER, LONGEST_LIST, TEXT_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class EnumType(FieldType):
    kind = "enum"
    syntax = "enum(a, b, c)"
    meaning = "one of the listed words, upper case on the wire, or as they are written where they are quoted"
    sample = "enum(low, normal, high)"
    shape = r"enum\([^()]+\)"
    asks = ("any",)
    arguments = True
    unique = False

    def spec(self, arguments: str) -> Spec:
        members: list[str] = []
        words = [word for word in (word.strip() for word in arguments.split(",")) if word]
        quoted = [word for word in words if word[0] in "'\""]
        if quoted and len(quoted) < len(words):
            raise FieldTypeError("enum has words with quotes and without; write all of them in the same way")
        for raw in words:
            member = _as_written(raw) if quoted else enum_member(raw)
            if member in members:
                raise FieldTypeError(f"enum lists {raw!r} twice; drop one")
            members.append(member)
        if not members:
            raise FieldTypeError("enum needs its words, such as enum(low, high); expected enum(a, b, c)")
        if len(members) > 100:
            raise FieldTypeError(f"enum has {len(members)} words; at most 100 are possible")
        return Spec(self, members=tuple(members), as_written=bool(quoted))

    def written(self, spec: Spec) -> str:
        if spec.as_written:
            return as_enum(spec.members)
        return f"enum({', '.join(member.lower() for member in spec.members)})"

    def value(self, spec: Spec, raw: object) -> str:
        text = str(raw).strip()
        text = text if spec.as_written else text.upper().replace("-", "_")
        if text not in spec.members:
            raise FieldTypeError(f"{show(raw)} is not a word of the enum; expected one of {', '.join(spec.members)}")
        return text

    def examples(self, spec: Spec) -> Iterator[str]:
        yield from spec.members


_KEPT = re.compile(r"[^\s\"\\,(){}`](?:[^\"\\,(){}`]*[^\s\"\\,(){}`])?")


def _as_written(raw: str) -> str:
    """A word in quotes, which goes over the wire as it is; raises FieldTypeError."""
    word = raw[1:-1]
    if raw[-1] != raw[0] or len(raw) < 2 or raw[0] in word or not _KEPT.fullmatch(word) or not word.isprintable():
        raise FieldTypeError(
            f'{show(raw)} is no word in quotes; expected one such as "in transit", without a blank at its ends, '
            "quotation marks, backslashes, commas and brackets"
        )
    if len(word) > naming.LONGEST_NAME:
        raise FieldTypeError(f"{show(raw)} has {len(word)} characters; at most {naming.LONGEST_NAME} are possible")
    return word


def as_enum(words: Iterable[str]) -> str:
    """An enum whose words are those on the wire, as one writes it."""
    return "enum(" + ", ".join(f'"{word}"' for word in words) + ")"


def enum_member(raw: str) -> str:
    """A word of an enum as it goes over the wire: `in-transit` → `IN_TRANSIT`; raises FieldTypeError."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*", raw) or len(raw) > naming.LONGEST_NAME:
        raise FieldTypeError(
            f"{show(raw)} is not a word of the letters a to z, digits and '_', at most {naming.LONGEST_NAME} long; "
            + ("a word begins with a letter, such as v1" if raw[:1].isdigit() else "expected one such as in_transit")
            + '; what is in quotes stays as it is, such as enum("usd", "18+")'
        )
    return raw.upper().replace("-", "_")


class JsonType(FieldType):
    kind = "json"
    syntax = "json"
    meaning = "a JSON object of the caller's own shape"
    sample = "json"
    shape = "json"
    unique = indexable = filterable = listable = False
    structured = True
    shapeless = True

    def value(self, spec: Spec, raw: object) -> dict[str, Any]:
        if isinstance(raw, str):
            raw = _flow(raw)
        if not isinstance(raw, dict):
            raise FieldTypeError(f"expected a JSON object, such as {{}}, not {show(raw)}")
        _check_json(raw, 0)
        return raw

    def examples(self, spec: Spec) -> Iterator[dict[str, Any]]:
        yield from ({"source": "import", "attempt": number} for number in range(1, 10))


def _check_json(value: object, depth: int) -> None:
    if depth > 16:
        raise FieldTypeError("the JSON object is more than 16 levels deep; make it flatter")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise FieldTypeError(f"the key {show(key)} of a JSON object is no text; quote it")
            _check_json(key, depth)
            _check_json(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_json(inner, depth + 1)
    elif isinstance(value, str):
        if not re.fullmatch(TEXT_PATTERN[1:-1], value):
            raise FieldTypeError("a text in the JSON object contains a control character; remove it")
    elif isinstance(value, (int, float)):
        if not -LARGEST_JSON_NUMBER <= value <= LARGEST_JSON_NUMBER:
            raise FieldTypeError(f"the number {value} in the JSON object is larger than 2^53; write it as a text")
    elif value is not None:
        raise FieldTypeError(f"{show(value)} has no form in JSON; write it as a text")


class ListType(FieldType):
    kind = "list"
    syntax = "list(type)"
    meaning = "up to 100 values of a simple type, in order"
    sample = "list(string(40)) = []"
    shape = r"list\(.+\)"
    arguments = True
    unique = indexable = filterable = listable = False
    structured = True
    nullable = "a list is never absent; an empty list says it: write list(…) = []"
    bounds = "items"

    def bounded(self, spec: Spec, low: object, high: object) -> Spec:
        fewest, most = spec.low, spec.high
        for what, raw in (("min", low), ("max", high)):
            if raw is None:
                continue
            number = whole_number(raw, what)
            if not 0 <= number <= LONGEST_LIST or (what == "max" and number == 0):
                raise FieldTypeError(
                    f"{what} of a list is how many values it has; expected {int(what == 'max')} to {LONGEST_LIST}"
                )
            if what == "min":
                fewest = number
            else:
                most = number
        check_order(fewest, most)
        return replace(spec, low=fewest, high=most)

    def written(self, spec: Spec) -> str:
        return f"list({spec.item.written})"

    def value(self, spec: Spec, raw: object) -> list[Any]:
        if isinstance(raw, str):
            raw = _flow(raw)
        if not isinstance(raw, list):
            raise FieldTypeError(f"expected a list, such as [], not {show(raw)}")
        low, high = list_range(spec)
        if not low <= len(raw) <= high:
            raise FieldTypeError(f"the list has {len(raw)} values; expected {low} to {high}")
        return [spec.item.type.value(spec.item, item) for item in raw]

    def examples(self, spec: Spec) -> Iterator[list[Any]]:
        low, high = list_range(spec)
        values = list(islice(spec.item.type.examples(spec.item), 3))
        for size in (max(low, min(2, high)), max(low, 1), min(high, max(low, 3)), low):
            yield [values[index % len(values)] for index in range(size)]


def list_range(spec: Spec) -> tuple[int, int]:
    """The fewest and the most values of a list."""
    return spec.low or 0, spec.high or LONGEST_LIST


def _flow(text: str) -> object:
    """A default of the in-line form such as `[a, b]` or `{"a": 1}`."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise FieldTypeError(
            f"{show(text)} is neither JSON nor a YAML list or mapping; expected one such as [] or {{}}"
        ) from None
