"""How wide a text is on the screen, and a text in lines of so many columns."""

from __future__ import annotations

import unicodedata

WIDTH = 120
"""Columns of the generated Python; its formatter's `line-length` in pyproject.toml."""


def columns(text: str) -> int:
    """The text's width, as formatters count it: Chinese letters and emoji take two columns, accents none."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many columns, unless one word is wider."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and columns(lines[-1]) + 1 + columns(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
