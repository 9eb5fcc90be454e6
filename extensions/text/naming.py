"""Names: their casing, their likeness in ASCII, and their order."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST_NAME = 40

PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
KEBAB = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")


def snake(name: str) -> str:
    """`OrderLine` → `order_line`; acronyms stay together: `HTTPRoute` → `http_route`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[-_\s]+", "_", spaced).strip("_").lower()


def kebab(name: str) -> str:
    """`order_line` → `order-line`."""
    return snake(name).replace("_", "-")


def pascal(name: str) -> str:
    """`order_line` → `OrderLine`."""
    return "".join(word[:1].upper() + word[1:] for word in snake(name).split("_"))


def words(name: str) -> str:
    """`OrderLine` → `order line`."""
    return snake(name).replace("_", " ")


_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)


def plain(name: str) -> str:
    """The name in ASCII, with what has no likeness there left out: `Größe` → `Grosse`."""
    return unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()


def digest(text: str) -> str:
    """Eight characters that tell texts apart, and stay the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def natural(name: str) -> list[tuple[int, int]]:
    """Sort key in which `a2` comes before `a10` and after `a.b`, as ruff sorts imports."""
    parts = re.findall(r"\d+|\D", name.lower())
    return [(ord("0"), int(part)) if part.isdigit() else (ord(part), 0) for part in parts]
