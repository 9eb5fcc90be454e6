"""The line of a field: `type[?] [unique] [ignorecase] [index] [readonly] [pii|secret] [on_delete=…] [= default]`.

Instead of a default it may end in `computed` and an expression.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ...text import naming
from ...text.problems import near, show
from ...types import TABLE, FieldTypeError, Spec, parse_type
from ..elsewhere import answer_line
from ..grammar import FLAGS
from .formula import cut_formula
from .on_delete import Said, cut

if TYPE_CHECKING:
    from ...text.problems import Edit
    from ..elsewhere import Remedy
    from .place import Place


NOW = "now"
MOMENTS = (TABLE["date"], TABLE["datetime"])
"""The types of which `= now` says the moment of creation."""


class Line(NamedTuple):
    """What the line says; a default is still as it was written, at `default_at` of the text at the place."""

    place: Place
    spec: Spec
    optional: bool
    flags: frozenset[str]
    default: str | None
    default_at: tuple[int, int]
    on_delete: list[Said]
    computed: str | None = None
    """The expression as it was written, at `computed_at`."""
    computed_at: int = 0


def read_line(place: Place, name: str, line: str) -> Line | None:
    """The parts of the line of a field; nothing when its type is wrong."""
    line, formula, formula_at = cut_formula(line)
    whole, (line, policies) = line, cut(line)
    equals = _equals(line)
    behind = _type_end(line[:equals])
    text = line[:behind].strip()
    optional = text.endswith("?")
    named = text.removesuffix("?")
    if named in place.objects and place.objects[named] is None:
        return None  # what is wrong with it is said there
    try:
        spec = replace(parse_type(named, place.objects), name=name)
    except FieldTypeError as problem:
        _say_type(place, name, whole, behind, str(problem))
        return None
    strangers = any(match[0] not in {*FLAGS, "?"} for match in re.finditer(r"\S+", line[behind:equals]))
    if strangers or (spec.type in MOMENTS and _is_now(line[equals:]) and line[equals + 1 :].strip() != NOW):
        remedy = None if spec.members_of else answer_line(name, whole, place.known)
        if remedy is not None:
            place.add(
                f"{show(whole.strip())} is not how it is said here; {remedy}",
                (_start(line), len(whole.rstrip())),
                *_edits(whole, remedy),
            )
            return None
    flags: set[str] = set()
    strange: list[re.Match[str]] = []
    for match in re.finditer(r"\S+", line[behind:equals]):
        word, spot = match[0], (behind + match.start(), behind + match.end())
        if word in FLAGS:
            if word in flags:
                place.add(f"says {word!r} twice; drop one", spot)
            flags.add(word)
        elif word == "?":
            optional = True
            place.add("the '?' has a space before it; it belongs right after the type, such as text? readonly", spot)
        elif close := near(word, FLAGS):
            place.add(f"unknown word {word!r} after the type; did you mean {close!r}?", spot, (spot, close))
        else:
            strange.append(match)
    if strange:
        first, last = behind + strange[0].start(), behind + strange[-1].end()
        said = line[first:last] if len(strange) > 1 else strange[0][0]
        what = f"unknown word {said!r}" if len(strange) == 1 else f"unknown words {show(said)}"
        place.add(f"{what} after the type; expected one of {', '.join(FLAGS)}", (first, last))
    default = line[equals + 1 :].strip() if equals < len(line) else None
    default_at = (equals + 1 + _start(line[equals + 1 :]), len(line.rstrip()))
    if default == "":
        place.add("has a '=' without a default after it; write the default, or drop it", (equals, equals + 1))
        default = None
    elif default is not None and not spec.type.structured:
        default = _unquoted(default)
    return Line(place, spec, optional, frozenset(flags), default, default_at, policies, formula, formula_at)


def _say_type(place: Place, name: str, line: str, behind: int, problem: str) -> None:
    """Say that the type is wrong, and what it is called here if that is known."""
    spot = (_start(line), behind)
    word = re.match(r"\w+", line.strip())
    if word and (close := near(word[0], place.objects)) and "unknown type" in problem:
        place.add(problem, spot, ((spot[0], spot[0] + len(word[0])), close))
        return
    is_own = not place.objects.keys().isdisjoint(re.findall(r"\w+", line))
    remedy = None if is_own else answer_line(name, line, place.known)
    if remedy is None:
        close = near(word[0], TABLE) if word and "unknown type" in problem else ""
        start = spot[0]
        edits = [((start, start + len(word[0])), close)] if word and close else []
        if word and not close and naming.PASCAL.fullmatch(word[0]) and "unknown type" in problem:
            hint = f"an aggregate is referred to by ref {word[0]}, and a value object is defined below `types:`"
            problem = f"unknown type {word[0]!r}; {hint}"
        place.add(problem, spot, *edits)
        return
    whole = line.strip()
    what = f"unknown type {show(whole)}" if re.fullmatch(r"\w+", whole) else f"{show(whole)} is not how it is said here"
    place.add(f"{what}; {remedy}", (spot[0], len(line.rstrip())), *_edits(line, remedy))


def _edits(line: str, remedy: Remedy) -> list[Edit]:
    return [((_start(line), len(line.rstrip())), remedy.write)] if remedy.exact and remedy.place == "line" else []


def _is_now(default: str) -> bool:
    """Whether the default is the current moment, as others say it."""
    return bool(re.fullmatch(r"=\s*(?:now|today|current_\w+|utcnow|sysdate)(?:\(\))?", default.strip(), re.IGNORECASE))


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
    """Where the type with its `?` ends: `id crm.Account int? index` → behind the `?`, also in `string (20) unique`."""
    at = _word_end(text, _start(text))
    word = text[:at].strip()
    if word in {"ref", "refs", "id"}:
        at = _word_end(text, at + _start(text[at:]))
    start = at + _start(text[at:])
    if word == "id" and (typed := re.match(r"\w+", text[start:])) and typed[0] in TABLE:
        at = _word_end(text, start)  # of an identity that is no UUID
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
