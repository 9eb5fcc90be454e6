"""The line of a field: `type[?] [unique] [ignorecase] [index] [readonly] [pii|secret] [= default]`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ...text.problems import nearest
from ...types import FieldTypeError, Spec, parse_type
from ..grammar import FLAGS

if TYPE_CHECKING:
    from .place import Place


class Line(NamedTuple):
    """What the line says; a default is still as it was written, at `default_at` of the text at the place."""

    place: Place
    spec: Spec
    optional: bool
    flags: frozenset[str]
    default: str | None
    default_at: tuple[int, int]


def read_line(place: Place, name: str, line: str) -> Line | None:
    """The parts of the line of a field; nothing when its type is wrong."""
    equals = _equals(line)
    behind = _type_end(line[:equals])
    text = line[:behind].strip()
    optional = text.endswith("?")
    try:
        spec = replace(parse_type(text.removesuffix("?")), name=name)
    except FieldTypeError as problem:
        place.add(str(problem), (_start(line), behind))
        return None
    flags: set[str] = set()
    for match in re.finditer(r"\S+", line[behind:equals]):
        word, spot = match[0], (behind + match.start(), behind + match.end())
        if word in FLAGS:
            if word in flags:
                place.add(f"says {word!r} twice", spot)
            flags.add(word)
        elif word == "?":
            optional = True
            place.add("the '?' belongs right after the type, such as text? readonly", spot)
        elif word in {"optional", "nullable", "null"}:
            place.add(f"unknown word {word!r}; an optional field has a '?' after its type, such as text?", spot)
        elif word in {"required", "mandatory"}:
            place.add(f"unknown word {word!r}; a field without '?' is required already", spot)
        else:
            place.add(f"unknown word {word!r} after the type{nearest(word, FLAGS)}", spot)
    default = line[equals + 1 :].strip() if equals < len(line) else None
    default_at = (equals + 1 + _start(line[equals + 1 :]), len(line.rstrip()))
    if default == "":
        place.add("has a '=' without a default after it", (equals, equals + 1))
        default = None
    elif default is not None and not spec.type.structured:
        default = _unquoted(default)
    return Line(place, spec, optional, frozenset(flags), default, default_at)


def _start(text: str) -> int:
    return len(text) - len(text.lstrip())


def _equals(line: str) -> int:
    """Where the first `=` outside parentheses is; behind the line without one."""
    depth = 0
    for at, character in enumerate(line):
        depth += (character == "(") - (character == ")")
        if character == "=" and depth <= 0:
            return at
    return len(line)


def _type_end(text: str) -> int:
    """Where the type with its `?` ends: `ref Customer? index` → behind the `?`, also in `string (20) unique`."""
    at = _word_end(text, _start(text))
    if text[:at].strip() in {"ref", "id"}:
        at = _word_end(text, at + _start(text[at:]))
    following = at + _start(text[at:])
    return _word_end(text, following) if text[following : following + 1] == "(" else at


def _word_end(text: str, start: int) -> int:
    """Where the word ends that starts there; a space in parentheses belongs to it."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0 and text[at].isspace():
            return at
    return len(text)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
