"""What others call what becomes of a reference when what it refers to is deleted."""

from __future__ import annotations

from .remedies import folded, table


def answer_policy(word: str) -> str | None:
    """The word for it here: `models.SET_NULL` → clear; nothing where there is none."""
    wanted = folded(word.strip(":'\"()").rpartition(".")[2].lstrip(":"))
    return next((policy for policy, words in table("policies").items() if wanted in map(folded, words)), None)
