"""The line of a field: `type[?] [unique] [ignorecase] [index] [readonly] [pii|secret] [= default]`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ...text.problems import nearest
from ...types import FieldTypeError, Spec, parse_type
from ..grammar import FLAGS

if TYPE_CHECKING:
    from .place import Place


class Line(NamedTuple):
    """What the line says; a default is still as it was written."""

    spec: Spec
    optional: bool
    flags: frozenset[str]
    default: str | None


def read_line(place: Place, name: str, line: str) -> Line | None:
    """The parts of the line of a field; nothing when its type is wrong."""
    text, default = _split_default(line)
    text, words = _split_words(text)
    optional = text.endswith("?")
    try:
        spec = replace(parse_type(text.removesuffix("?")), name=name)
    except FieldTypeError as problem:
        place.add(str(problem))
        return None
    flags: set[str] = set()
    for word in words:
        if word in FLAGS:
            if word in flags:
                place.add(f"says {word!r} twice")
            flags.add(word)
        elif word == "?":
            optional = True
            place.add("the '?' belongs right after the type, such as text? readonly")
        elif word in {"optional", "nullable", "null"}:
            place.add(f"unknown word {word!r}; an optional field has a '?' after its type, such as text?")
        elif word in {"required", "mandatory"}:
            place.add(f"unknown word {word!r}; a field without '?' is required already")
        else:
            place.add(f"unknown word {word!r} after the type{nearest(word, FLAGS)}")
    if default == "":
        place.add("has a '=' without a default after it")
        default = None
    elif default is not None and not spec.type.structured:
        default = _unquoted(default)
    return Line(spec, optional, frozenset(flags), default)


def _split_default(line: str) -> tuple[str, str | None]:
    """The line before and after the first `=` outside parentheses."""
    depth = 0
    for at, character in enumerate(line):
        depth += (character == "(") - (character == ")")
        if character == "=" and depth <= 0:
            return line[:at].strip(), line[at + 1 :].strip()
    return line.strip(), None


def _split_words(text: str) -> tuple[str, list[str]]:
    """The type with its `?`, and the words after it: `ref Customer? index` → `ref Customer?`, [index]."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and character.isspace():
            words = text[at:].split()
            first = text[:at]
            if first in {"ref", "id"} and words:
                first, words = f"{first} {words[0]}", words[1:]
            if words and words[0].startswith("("):  # `string (20)`
                rest = text[at:].strip()
                head, flags = _split_words(rest)
                return f"{first}{head}", flags
            return first, words
    return text, []


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
