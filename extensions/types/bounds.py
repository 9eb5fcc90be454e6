"""Bounds of numbers that are no whole ones, which may exclude the number that they name: `0..1`, `>0, <=100`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from ..text.problems import show
from .base import FieldTypeError

_NUMBER = r"[+-]?[0-9]{1,38}(?:\.[0-9]{1,20})?"
_COMPARED = re.compile(rf"(>=?|<=?)\s*({_NUMBER})")
_SPAN = re.compile(rf"({_NUMBER})?\s*\.\.\s*({_NUMBER})?")
NOTATION = "a..b, or one or two of >a, >=a, <b, <=b"
SHAPE = r"\s*(?:[+-]?[0-9_.]*\s*\.\.\s*[+-]?[0-9_.]*|[<>]=?\s*[+-]?[0-9.]+(?:\s*,\s*[<>]=?\s*[+-]?[0-9.]+)?)\s*"
"""The notation as a regular expression, for editors."""


class Bound(NamedTuple):
    """The least or the greatest number, or, excluded, the one that all are above or below."""

    number: Decimal
    excluded: bool = False

    @property
    def text(self) -> str:
        """The number without zeros that say nothing."""
        return f"{self.number.normalize():f}" if self.number else "0"


class Range(NamedTuple):
    """Between which numbers a value is."""

    low: Bound | None = None
    high: Bound | None = None

    @property
    def written(self) -> str:
        """The range as a reader of the domain would write it."""
        low, high = self
        if low is not None and high is not None and not (low.excluded or high.excluded):
            return f"{low.text}..{high.text}"
        said = [f"{'>' if low.excluded else '>='}{low.text}"] if low else []
        said += [f"{'<' if high.excluded else '<='}{high.text}"] if high else []
        return ", ".join(said)

    def holds(self, number: Decimal) -> bool:
        """Whether the number is within."""
        low, high = self
        above = low is None or number > low.number or (number == low.number and not low.excluded)
        return above and (high is None or number < high.number or (number == high.number and not high.excluded))

    def takes_no_less(self, old: Range) -> bool:
        """Whether each number of the old range is in this one."""
        above = self.low is None or (
            old.low is not None and (old.low.number, old.low.excluded) >= (self.low.number, self.low.excluded)
        )
        below = self.high is None or (
            old.high is not None and (-old.high.number, old.high.excluded) >= (-self.high.number, self.high.excluded)
        )
        return above and below


def read_range(text: str, kind: str) -> Range:
    """The range that is written; raises FieldTypeError, which calls the type `kind`."""
    text = text.strip()
    if (match := _SPAN.fullmatch(text)) and (match[1] or match[2]):
        low, high = (Bound(Decimal(each)) if each else None for each in (match[1], match[2]))
        return in_order(Range(low, high))
    found: dict[str, Bound] = {}
    for part in text.split(","):
        match = _COMPARED.fullmatch(part.strip())
        if match is None or match[1][0] in found:
            raise FieldTypeError(f"{show(text)} are no bounds of {kind}; expected {NOTATION}")
        found[match[1][0]] = Bound(Decimal(match[2]), excluded=len(match[1]) == 1)
    return in_order(Range(found.get(">"), found.get("<")))


def in_order(bounds: Range) -> Range:
    """The range; raises FieldTypeError where no number is in it."""
    low, high = bounds
    if low is not None and high is not None:
        empty = low.number == high.number and (low.excluded or high.excluded)
        if empty or low.number > high.number:
            raise FieldTypeError(f"no number is within {bounds.written}; swap the bounds, or move them apart")
    return bounds
