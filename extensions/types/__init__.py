"""The type table: what each field type of the language means.

Adding a type is adding a class and its row in `TABLE`, which the parser, the model and the language's JSON Schema read,
and a row in `types.py` of each target.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..text import naming
from ..text.patterns import Pattern, PatternError
from ..text.problems import near, nearest, show
from .base import FieldType, FieldTypeError, Spec
from .choices import EnumType, JsonType, ListType, as_enum, enum_member
from .moments import DatetimeType, DateType, IdType, RefType, TimeType, UuidType
from .numbers import BigintType, BoolType, DecimalType, FloatType, IntType, MoneyType
from .objects import OBJECT, Member
from .references import RefsType
from .text import EmailType, PhoneType, StringType, TextType, UrlType
from .wire import LONGEST_DEFAULT, LONGEST_INDEXED, LONGEST_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "LONGEST_DEFAULT",
    "LONGEST_INDEXED",
    "OBJECT",
    "TABLE",
    "FieldType",
    "FieldTypeError",
    "Member",
    "Spec",
    "as_enum",
    "enum_member",
    "parse_type",
    "pattern_of",
]

TABLE: Mapping[str, FieldType] = {
    row.kind: row
    for row in (
        StringType(),
        TextType(),
        IntType(),
        BigintType(),
        DecimalType(),
        FloatType(),
        MoneyType(),
        BoolType(),
        DateType(),
        TimeType(),
        DatetimeType(),
        UuidType(),
        EmailType(),
        UrlType(),
        PhoneType(),
        EnumType(),
        JsonType(),
        ListType(),
        RefType(),
        RefsType(),
        IdType(),
    )
}

_FLAGS = frozenset({"unique", "ignorecase", "index", "readonly", "pii", "secret"})


def parse_type(text: str, objects: Mapping[str, Spec | None] | None = None) -> Spec:
    """The type as it is written: `list(int(1..9))`, `ref Customer`, `refs Tag`, `id shop.Order bigint` or `Address`.

    `objects` are the types that the domain itself defines.
    """
    text = text.strip()
    objects = objects or {}
    match = re.fullmatch(r"(refs?|id)\s+(\S.*)", text)
    if match:
        return _reference(match[1], match[2].strip())
    match = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)\s*(?:\((.*)\))?", text, re.DOTALL)
    if not match:
        hint = " (inside {…} quote the whole line)" if text.count("(") != text.count(")") else ""
        raise FieldTypeError(f"{show(text)} is not a type{hint}; expected one such as string(120), int or ref Customer")
    word, arguments = match[1], match[2]
    row = TABLE.get(word)
    if row is None and (found := objects.get(word)) is not None:
        if arguments is not None:
            raise FieldTypeError(f"{word} takes no arguments; write its name alone")
        return found
    if row is None:
        near_object = near(word, objects)
        if near_object:
            raise FieldTypeError(f"unknown type {word!r}; did you mean {near_object!r}?")
        hint = f"; the type comes first, such as string(20) {word}" if word in _FLAGS else nearest(word, TABLE)
        raise FieldTypeError(f"unknown type {word!r}{hint}")
    if row.refers:
        raise FieldTypeError(f"{word} needs its aggregate; expected {row.syntax}, such as {row.sample}")
    if arguments is not None and not row.arguments:
        raise FieldTypeError(f"{word} takes no arguments; expected {row.syntax}")
    if isinstance(row, ListType):
        return _list(row, (arguments or "").strip(), objects)
    return row.spec((arguments or "").strip())


def _list(row: ListType, arguments: str, objects: Mapping[str, Spec | None]) -> Spec:
    if not arguments:
        raise FieldTypeError(f"list needs the type of its values; expected {row.syntax}, such as list(string(40))")
    if arguments.endswith("?"):
        raise FieldTypeError("the values of a list are never absent; drop the '?' inside")
    item = parse_type(arguments, objects)
    if not item.type.listable:
        instead = {"ref": f"write refs {item.target}", "text": "use string(n)"}
        hint = f"; {instead.get(item.type.kind, 'use a part')}"
        raise FieldTypeError(f"a list cannot hold {item.target if item.members_of else item.type.kind}{hint}")
    return Spec(row, inner=item)


def _reference(word: str, target: str) -> Spec:
    row = TABLE[word]
    if row.local:
        if not naming.PASCAL.fullmatch(target):
            raise FieldTypeError(
                f"{show(target)} is not the name of an aggregate; expected {row.syntax}, such as {row.sample}"
            )
        one = Spec(row, target=target)
        return Spec(row, target=target, inner=Spec(TABLE["ref"], target=target)) if row.many else one
    named, *typed = target.split(None, 1)
    match = re.fullmatch(r"([a-z][a-z0-9]*(?:[_-][a-z0-9]+)*)\.([A-Z][A-Za-z0-9]*)", named.removesuffix("?"))
    if not match:
        raise FieldTypeError(f"{show(named)} is not context.Aggregate; expected {row.syntax}, such as {row.sample}")
    if not typed:
        return Spec(row, context=match[1], target=match[2])
    if named.endswith("?"):
        raise FieldTypeError(f"the '?' stands before the type; write id {match[0]} {typed[0].rstrip('?')}?")
    spec = parse_type(typed[0])
    if not spec.type.identity:
        kinds = [each.kind for each in TABLE.values() if each.identity]
        raise FieldTypeError(
            f"{spec.written} is no type of an identity; expected one of {', '.join(kinds)}, "
            f"such as id {match[0]} string(64)"
        )
    # All that is said of the type holds for the identity; a UUID is what it is anyway.
    return replace(row.spec("") if spec.type.kind == "uuid" else spec, context=match[1], target=match[2])


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
