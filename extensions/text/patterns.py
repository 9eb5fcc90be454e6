"""Regular expressions that mean the same to Rust (pydantic), ECMAScript (JSON Schema) and Python.

A pattern describes the whole value. Only the common subset is allowed; `.` and negated classes are rewritten so that
they never match a control character, because strings refuse those everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROLS = r"\x00-\x1F\x7F-\x9F"
_ASCII: dict[str, list[tuple[str, str]]] = {
    "d": [("0", "9")],
    "w": [("A", "Z"), ("a", "z"), ("0", "9"), ("_", "_")],
    "s": [(" ", " ")],
}
"""What `\\d`, `\\w` and `\\s` are here: of the digits, letters and blanks in which engines differ, those of ASCII."""
_SPECIAL = frozenset("^$\\.*+?()[]{}|/")
_LONGEST_REPEAT = 1000
_QUANTIFIER = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}")


class PatternError(ValueError):
    """The pattern is not in the common subset; the message says why."""


@dataclass(slots=True, eq=False)
class _Class:
    negated: bool
    ranges: list[tuple[str, str]]

    def matches(self, character: str) -> bool:
        return self.negated != any(low <= character <= high for low, high in self.ranges)

    def text(self) -> str:
        if not self.negated and len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1]:
            return _escaped(self.ranges[0][0])
        inside = "".join(
            _escaped_in_class(low) if low == high else f"{_escaped_in_class(low)}-{_escaped_in_class(high)}"
            for low, high in self.ranges
        )
        return f"[^{inside}{CONTROLS}]" if self.negated else f"[{inside}]"

    def choices(self) -> Iterator[str]:
        if self.negated:
            yield from (c for c in map(chr, range(0x30, 0x7B)) if c.isalnum() and self.matches(c))
            yield from (c for c in map(chr, [*range(0x20, 0x7F), 0xE9, 0x3B1, 0x4E00]) if self.matches(c))
        else:
            for low, high in self.ranges:
                yield from map(chr, range(ord(low), min(ord(high), ord(low) + 40) + 1))


@dataclass(slots=True, eq=False)
class _Repeat:
    node: _Class | _Group
    low: int
    high: int | None
    suffix: str


@dataclass(slots=True, eq=False)
class _Group:
    branches: list[list[_Repeat]] = field(default_factory=list)

    def text(self) -> str:
        return "|".join("".join(f"{_node_text(r.node)}{r.suffix}" for r in branch) for branch in self.branches)

    def shortest(self) -> int:
        return min(sum(r.low * _shortest(r.node) for r in branch) for branch in self.branches)

    def longest(self) -> int | None:
        lengths = [_sum(_longest(r) for r in branch) for branch in self.branches]
        return None if None in lengths else max(length or 0 for length in lengths)


def _sum(lengths: Iterator[int | None]) -> int | None:
    total = 0
    for length in lengths:
        if length is None:
            return None
        total += length
    return total


def _node_text(node: _Class | _Group) -> str:
    return node.text() if isinstance(node, _Class) else f"(?:{node.text()})"


def _shortest(node: _Class | _Group) -> int:
    return 1 if isinstance(node, _Class) else node.shortest()


def _longest(repeat: _Repeat) -> int | None:
    inner = 1 if isinstance(repeat.node, _Class) else repeat.node.longest()
    if inner == 0:
        return 0
    return None if inner is None or repeat.high is None else inner * repeat.high


def _escaped(character: str) -> str:
    return f"\\{character}" if character in _SPECIAL else character


def _escaped_in_class(character: str) -> str:
    return f"\\{character}" if character in r"\[]^-" else character


class Pattern:
    r"""A checked pattern: `text` is its portable, anchored form.

    >>> Pattern("[A-Z]{3}-.+").text
    '^[A-Z]{3}-[^\\x00-\\x1F\\x7F-\\x9F]+$'
    """

    def __init__(self, source: str) -> None:
        self._source = source.removeprefix("^")
        if self._source.endswith("$") and not self._source.endswith("\\$"):
            self._source = self._source[:-1]
        self._at = 0
        self._depth = 0
        self._root = self._alternatives()
        if self._at < len(self._source):
            raise PatternError("has a ')' that nothing opens; remove it, or write '\\)'")
        body = self._root.text()
        self.text = f"^(?:{body})$" if len(self._root.branches) > 1 else f"^{body}$"
        self.shortest = self._root.shortest()
        self.longest = self._root.longest()
        try:
            self._compiled = re.compile(self.text)
        except (re.error, OverflowError, RecursionError) as error:
            raise PatternError(f"is not a regular expression: {error}; expected one such as [A-Z]{{2}}[0-9]+") from None

    def matches(self, value: str) -> bool:
        """Whether the pattern describes the whole value."""
        return self._compiled.fullmatch(value) is not None

    def samples(self, shortest: int, longest: int) -> Iterator[str]:
        """Different values that match, simple ones first; at most a few hundred are tried."""
        seen = set()
        missing = shortest - self.shortest
        for extras in ((0, 1, 3, shortest), (missing, missing // 2, missing // 3) if missing > 0 else ()):
            for seed, extra in product(range(300), extras):
                value = self._sample(self._root, [seed], extra)
                if value not in seen and shortest <= len(value) <= longest and self.matches(value):
                    seen.add(value)
                    yield value

    def _sample(self, group: _Group, seed: list[int], extra: int) -> str:
        """A value chosen by the digits of `seed`, consumed from the left; unbounded repeats get `extra` more."""
        branch = group.branches[self._digit(seed, len(group.branches))]
        out: list[str] = []
        for repeat in branch:
            count = repeat.low + (extra if repeat.high is None else min(extra, repeat.high - repeat.low))
            if repeat.low == 0 and extra == 0:
                continue
            for _ in range(min(count, 400)):
                if isinstance(repeat.node, _Group):
                    out.append(self._sample(repeat.node, seed, extra))
                else:
                    choices = list(repeat.node.choices())
                    out.append(choices[self._digit(seed, len(choices))] if choices else "")
        return "".join(out)

    @staticmethod
    def _digit(seed: list[int], base: int) -> int:
        if base <= 1:
            return 0
        seed[0], digit = divmod(seed[0], base)
        return digit

    def _alternatives(self) -> _Group:
        self._depth += 1
        if self._depth > 20:
            raise PatternError("nests its groups more than 20 deep; expected fewer")
        group = _Group([[]])
        while self._at < len(self._source):
            character = self._source[self._at]
            if character == ")":
                break
            if character == "|":
                self._at += 1
                group.branches.append([])
            else:
                group.branches[-1].append(self._repeat(self._atom(character)))
        self._depth -= 1
        return group

    def _atom(self, character: str) -> _Class | _Group:
        self._at += 1
        if character == "(":
            if self._source.startswith("?:", self._at):
                self._at += 2
            elif self._source.startswith("?", self._at):
                raise PatternError("uses '(?…'; only plain groups and '(?:…)' mean the same everywhere")
            group = self._alternatives()
            if self._source[self._at : self._at + 1] != ")":
                raise PatternError("has a '(' that nothing closes; close it, or write '\\('")
            self._at += 1
            return group
        if character == "[":
            return self._class()
        if character == ".":
            return _Class(negated=True, ranges=[])
        if character == "\\":
            kind = self._source[self._at : self._at + 1]
            if kind and kind.lower() in _ASCII:
                self._at += 1
                return _Class(negated=kind.isupper(), ranges=_ASCII[kind.lower()])
            return self._single(self._escape())
        if character in "^$":
            raise PatternError(f"has a {character!r} inside; a pattern always describes the whole value")
        if character in "*+?{":
            raise PatternError(f"has a {character!r} with nothing to repeat; remove it, or write '\\{character}'")
        if character in "]}":
            raise PatternError(rf"has a lone {character!r}; write '\{character}'")
        return self._single(character)

    @staticmethod
    def _single(character: str) -> _Class:
        if _is_control(character):
            raise PatternError("contains a control character; remove it")
        return _Class(negated=False, ranges=[(character, character)])

    def _escape(self) -> str:
        character = self._source[self._at : self._at + 1]
        self._at += 1
        if character and character.lower() in _ASCII:
            raise PatternError(rf"has a range with '\{character}'; write '\-' for a hyphen")
        if not character:
            raise PatternError("ends in a backslash; remove it, or write two")
        if character.isalnum() or _is_control(character) or ord(character) > 0x7E or character == "_":
            raise PatternError(rf"uses '\{character}', which differs between engines; write the characters out")
        return character

    def _class(self) -> _Class:
        negated = self._source.startswith("^", self._at)
        self._at += negated
        ranges: list[tuple[str, str]] = []
        while True:
            character = self._source[self._at : self._at + 1]
            if not character:
                raise PatternError("has a '[' that nothing closes; close it, or write '\\['")
            if character == "]":
                self._at += 1
                break
            kind = self._source[self._at + 1 : self._at + 2] if character == "\\" else ""
            if kind and kind.lower() in _ASCII:
                ranges += self._kind_in_class(kind)
                continue
            low = self._class_character()
            high = low
            if self._source.startswith("-", self._at) and self._source[self._at + 1 : self._at + 2] not in {"]", ""}:
                self._at += 1
                high = self._class_character()
                if high < low:
                    raise PatternError(f"has the range '{low}-{high}' upside down; swap its ends")
            if not negated and (low < " " or (low <= "\x9f" and high >= "\x7f")):
                raise PatternError("has a class with control characters; expected others only")
            ranges.append((low, high))
        if not ranges:
            raise PatternError("has an empty class; write what may stand there")
        return _Class(negated, ranges)

    def _kind_in_class(self, kind: str) -> list[tuple[str, str]]:
        if kind.isupper():
            raise PatternError(rf"has '\{kind}' inside a class; write what may stand there, or '[^…]'")
        self._at += 2
        following = self._source[self._at : self._at + 2]
        if following[:1] == "-" and following != "-]":
            raise PatternError(rf"has a range with '\{kind}'; write '\-' for a hyphen")
        return _ASCII[kind]

    def _class_character(self) -> str:
        character = self._source[self._at]
        self._at += 1
        if character == "\\":
            return self._escape()
        if character == "[":
            raise PatternError(r"has a '[' inside a class; write '\['")
        if self._source.startswith(character, self._at) and character in "&~-":
            raise PatternError(
                f"has {character * 2!r} inside a class, which differs between engines; write '\\{character}' once"
            )
        return character

    def _repeat(self, node: _Class | _Group) -> _Repeat:
        low, high, suffix = 1, 1, ""
        character = self._source[self._at : self._at + 1]
        if character in {"*", "+", "?"}:
            self._at += 1
            suffix = character
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]  # type: ignore[assignment]
        elif character == "{":
            match = _QUANTIFIER.match(self._source, self._at)
            if not match:
                raise PatternError(r"has a '{' that is no quantifier; write '\{'")
            self._at = match.end()
            suffix = match[0]
            low = int(match[1])
            high = low if not match[2] else int(match[3]) if match[3] else None  # type: ignore[assignment]
            if (high is not None and high < low) or max(low, high or 0) > _LONGEST_REPEAT:
                raise PatternError(f"has the quantifier '{suffix}'; expected 0 ≤ low ≤ high ≤ {_LONGEST_REPEAT}")
        if suffix:
            following = self._source[self._at : self._at + 1]
            if following == "?":
                self._at += 1
                suffix += "?"
            elif following in {"*", "+", "{"}:
                raise PatternError(f"repeats a repetition: '{suffix}{following}'; write one of them")
            if isinstance(node, _Group) and node.shortest() == 0 and high != 1:
                raise PatternError("repeats a group that may be empty; let it have at least one character")
        return _Repeat(node, low, high, suffix)


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f"
