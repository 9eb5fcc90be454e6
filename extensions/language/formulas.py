"""What a computed field is: `quantity * unit_price`, `sum(lines.amount)`, `paid > due`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .grammar import FOLDS, MOST_IN_FORMULA

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(<=|>=|!=|[-+*/%^(),=<>]|\S))")
_SIGNS = ("<", "<=", ">", ">=", "!=")


class Name(NamedTuple):
    """A field of the same aggregate or part."""

    name: str


class Number(NamedTuple):
    """A number as it is written."""

    text: str


class Fold(NamedTuple):
    """What is made of all items of a part: `sum`, `min` or `max` of a field, or their `count` without one."""

    how: str
    part: str
    field: str


class Operation(NamedTuple):
    """Two of them with a sign between: `+`, `-`, `*`, or a comparison."""

    sign: str
    left: Node
    right: Node


Node = Name | Number | Fold | Operation


class Formula(NamedTuple):
    """An expression as it is `written`, and what it consists of."""

    written: str
    root: Node


class FormulaError(ValueError):
    """What is written is no expression; the message says what was expected."""


def parse_formula(text: str) -> Formula:
    """The expression that the text is; raises FormulaError."""
    written = " ".join(text.split())
    tokens = [match for match in _TOKEN.finditer(text.strip()) if match[0].strip()]
    if not tokens:
        raise FormulaError("is empty; expected an expression, such as quantity * unit_price")
    if len(tokens) > MOST_IN_FORMULA:
        raise FormulaError(f"has {len(tokens)} words and signs; at most {MOST_IN_FORMULA} are possible, split it")
    reader = _Reader([match[0].strip() for match in tokens])
    return Formula(written, reader.whole())


def renamed(text: str, names: Mapping[str, str], inner: Mapping[str, Mapping[str, str]]) -> str:
    """The expression with new names of fields, and, by the name of a part, of the fields in it."""

    def called(match: re.Match[str]) -> str:
        part, dot, name = match[0].partition(".")
        return f"{part}.{inner.get(part, {}).get(name, name)}" if dot else names.get(part, part)

    return re.sub(r"[A-Za-z_][\w.]*(?!\w*\s*\()", called, text)


class _Reader:
    """Reads the words and signs of an expression from the left; `*` goes before `+` and `-`."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Node:
        left = self._sum()
        if self._next() in _SIGNS:
            left = Operation(self._take(), left, self._sum())
        if self._next():
            raise FormulaError(self._unexpected())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while self._next() in {"+", "-"}:
            left = Operation(self._take(), left, self._product())
        return left

    def _product(self) -> Node:
        left = self._one()
        while self._next() == "*":
            left = Operation(self._take(), left, self._one())
        return left

    def _one(self) -> Node:
        word = self._next()
        if word == "(":
            self._take()
            inner = self._sum()
            self._close()
            return inner
        if re.fullmatch(r"\d+(?:\.\d+)?", word):
            return Number(self._take())
        if not re.fullmatch(r"[A-Za-z_][\w.]*", word):
            raise FormulaError(self._unexpected())
        self._take()
        if self._next() == "(":
            return self._fold(word)
        if "." in word:
            raise FormulaError(f"{word!r} is of many items; say what to make of them, such as sum({word})")
        return Name(word)

    def _fold(self, how: str) -> Fold:
        if how not in FOLDS:
            raise FormulaError(f"{how!r} is not known; expected one of {', '.join(FOLDS)}")
        self._take()
        part, dot, field = (self._take() if re.match(r"[A-Za-z_]", self._next()) else "").partition(".")
        if how == "count" and (not part or dot):
            raise FormulaError("count takes the name of a part; write it such as count(lines)")
        if how != "count" and (not field or "." in field):
            raise FormulaError(f"{how} takes a field of a part; write it such as {how}(lines.amount)")
        self._close()
        return Fold(how, part, field)

    def _close(self) -> None:
        if self._next() != ")":
            raise FormulaError(self._unexpected() if self._next() else "has a parenthesis that is not closed; close it")
        self._take()

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _unexpected(self) -> str:
        word = self._next()
        if not word:
            return "ends too early; expected a field, a number or a parenthesis"
        if word in {"/", "%", "^"}:
            return f"has {word!r}, whose results would have to be rounded; only + - * are exact"
        if word == "=":
            return "has '=', but is computed always; a default, or another value, is not possible"
        return f"has {word!r} at a wrong place; expected such as quantity * unit_price, or sum(lines.amount)"
