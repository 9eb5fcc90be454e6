"""Words put together for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def alternatives(words: Iterable[str]) -> str:
    """One of them: `a`, `a or b`, `a, b or c`."""
    return _joined(words, "or")


def together(words: Iterable[str]) -> str:
    """All of them: `a`, `a and b`, `a, b and c`."""
    return _joined(words, "and")


def _joined(words: Iterable[str], last: str) -> str:
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail
