"""Words put together for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def alternatives(words: Iterable[str]) -> str:
    """One of them: `a`, `a or b`, `a, b or c`."""
    *head, tail = words
    return f"{', '.join(head)} or {tail}" if head else tail
