"""What is wrong with a domain: every problem with its path, what was expected, and the nearest valid word."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Problems:
    """Collects messages such as `aggregates.Order.fields.total: unknown type 'mony'; did you mean 'money'?`."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, path: str, message: str) -> None:
        """Note the problem, unless it is noted already."""
        line = f"{path}: {message}" if path else message
        line = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in line)
        if line not in self.messages:
            self.messages.append(line)

    def below(self, path: str) -> bool:
        """Whether something at or below the path is wrong already, so that what follows from it need not be said."""
        return any(message.startswith((f"{path}:", f"{path}.")) for message in self.messages)


def nearest(word: str, valid: Iterable[str], *, otherwise: bool = True) -> str:
    """`; did you mean 'money'?`, or, when nothing is near, `; expected one of …` (or nothing)."""
    choices = list(valid)
    folded = {choice.lower(): choice for choice in choices}
    if match := difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6):
        return f"; did you mean {folded[match[0]]!r}?"
    return f"; expected one of {', '.join(choices)}" if otherwise and choices else ""


def show(value: object, longest: int = 60) -> str:
    """The value as it appears in a message, on one line."""
    text = repr(value)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def kind_of(value: object) -> str:
    """What YAML made of a value, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {show(value)}"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"{show(value)}"
