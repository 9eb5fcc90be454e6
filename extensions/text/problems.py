"""What is wrong with a domain: every problem with its path, what was expected, and the nearest valid word."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY: Final = "key"


class Word(NamedTuple):
    """A word at a path: a key of the mapping, an item of the list, or one that the text has."""

    text: str


Spot = str | int | tuple[int, int] | Word | None
"""What a problem is about at its path: KEY, an item by its number, characters, a word, or all that stands there."""
Edit = tuple[Spot, str]
"""What to write at a spot."""

_QUOTED = re.compile(r"""(?:^|(?<=[\s(]))(['"])(?:[^\\]|\\.)*?\1(?=[\s,;:).?!]|$)""")
_STEP = re.compile(r'("(?:[^"\\]|\\.)*")(?:\.|$)|([^.]+)(?:\.|$)')


def below(path: str, key: str) -> str:
    """The path of a key; one that the path could be read wrongly with is in quotes."""
    if "." in key or key.startswith('"') or not key:
        key = json.dumps(key, ensure_ascii=False)
    return f"{path}.{key}" if path else key


def steps(path: str) -> list[str]:
    """The keys of the path."""
    return [json.loads(quoted) if quoted else plain for quoted, plain in _STEP.findall(path)]


class Problem(NamedTuple):
    """What is wrong, and where: the path, and the spot of what stands there."""

    path: str
    message: str
    spot: Spot = None
    edits: tuple[Edit, ...] = ()
    """What would mend it, where there is nothing to choose."""

    @property
    def line(self) -> str:
        """`aggregates.Order.fields.total: unknown type 'mony'; did you mean 'money'?`, in one line."""
        return printable(f"{self.path}: {self.message}" if self.path else self.message)

    @property
    def remedy(self) -> str:
        """The part of the message that says what to do; nothing if it only says what is wrong."""
        # What is quoted may have anything in it.
        plain = _QUOTED.sub(lambda match: "x" * len(match[0]), self.message)
        at = plain.find("; ")
        if at >= 0:
            return printable(self.message[at + 2 :])
        at = plain.find("expected ")
        return printable(self.message[at:].rpartition(", not ")[0] or self.message[at:]) if at >= 0 else ""


def printable(text: str) -> str:
    """The text in one line, with the characters escaped that cannot be seen."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


class Problems:
    """Collects the problems of a domain."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._lines: set[str] = set()

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.found)

    @property
    def messages(self) -> list[str]:
        """Each problem in one line."""
        return [problem.line for problem in self.found]

    def add(self, path: str, message: str, spot: Spot = None, edits: tuple[Edit, ...] = ()) -> None:
        """Note the problem, unless it is noted already."""
        problem = Problem(path, message, spot, edits)
        if problem.line not in self._lines:
            self._lines.add(problem.line)
            self.found.append(problem)

    def below(self, path: str) -> bool:
        """Whether something at or below the path is wrong already, so that what follows from it need not be said."""
        return any(each.path == path or each.path.startswith(f"{path}.") for each in self.found)


def nearest(word: str, valid: Iterable[str], *, otherwise: bool = True) -> str:
    """`; did you mean 'money'?`, or, when nothing is near, `; expected one of …` (or nothing)."""
    choices = list(valid)
    if close := near(word, choices):
        return f"; did you mean {close!r}?"
    return f"; expected one of {', '.join(choices)}" if otherwise and choices else ""


def near(word: str, valid: Iterable[str]) -> str:
    """The valid word of which the other one is a slip of the pen, if there is one.

    A slip leaves the beginning, and few letters are wrong: none of two, one of five, two of nine. What is farther away
    was meant otherwise, as `phone` for `money`.
    """
    written = _letters(word)
    found = [(_slips(written, _letters(choice)), number, choice) for number, choice in enumerate(valid)]
    distance, _, choice = min(found, default=(1, 0, ""))
    return choice if distance <= _most_slips(written) else ""


def _letters(word: str) -> str:
    return re.sub(r"[\s_-]+", "", word).lower()


def _most_slips(word: str) -> int:
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2 if len(word) < 12 else 3


def _may_be_meant(word: str, other: str) -> bool:
    """Whether they begin alike; of a short word only some slips are likely, since so many words are near it."""
    if sorted(word[:2]) != sorted(other[:2]) and word[:1] != other[:1] and word != other[1:]:
        return False
    if len(word) < 6 and len(word) > len(other):
        return re.sub(r"(.)\1+", r"\1", word) == re.sub(r"(.)\1+", r"\1", other) or word == f"{other}s"
    return len(word) > 3 or len(word) < len(other) or sorted(word) == sorted(other)


def _slips(word: str, other: str) -> int:
    """How many letters are missing, too many, wrong or swapped; as many as there are where the beginning differs."""
    if not _may_be_meant(word, other):
        return max(len(word), len(other))
    rows = [list(range(len(other) + 1))]
    for i, one in enumerate(word, 1):
        row = [i]
        for j, two in enumerate(other, 1):
            least = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (one != two))
            if i > 1 and j > 1 and (one, word[i - 2]) == (other[j - 2], two):
                least = min(least, rows[-2][j - 2] + 1)
            row.append(least)
        rows.append(row)
    return rows[-1][-1]


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
