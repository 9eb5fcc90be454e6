"""Lists in brackets over several lines, an item on each: of Python, TOML, JSON and YAML."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .model import COMMA, Order, Part

OPENING: Final = "([{"
CLOSING: Final = ")]}"
PAIR: Final = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\w.-]+)\s*:(?:\s|$)""")
NAMED: Final = re.compile(r"(\w+)\s*=(?!=)")
LITERAL: Final = re.compile(
    r"""[rbfu]?"(?:[^"\\]|\\.)*"|[rbfu]?'(?:[^'\\]|\\.)*'|-?[\d_.]+|None|True|False|true|false"""
)
WORD: Final = re.compile(r"[\w./+-]+")
WORD_OR_LITERAL: Final = re.compile(f"{LITERAL.pattern}|{WORD.pattern}")
IDENTITY: Final = ("name", "id", "key", "uid")
"""What tells the objects of a list apart."""
CASES: Final = "parametrize"
MEANT: Final = re.compile(
    r"(?i)order|priorit|precedence|rank|middlewares?|pipeline|sequence|chain|steps?(_|$)|stages?(_|$)|phases?(_|$)"
    r"|layers?(_|$)|migration|command|cmd|(^|_)arg|argv|opts|options|entrypoint|script|(^|_)run(_|$)|rules?(_|$)|hooks"
    r"|include|(^|_)init|fallback|search|(^|_)paths?$|servers|filters?(_|$)|filterwarnings|plugins|processors|handlers"
    r"|transform|overrid|before|after|security|routes|repos$|columns|fields|header|playlist|queue|extends|values?files"
)
"""Names of lists whose order may mean something."""


@dataclass(slots=True)
class Line:
    """What a line does to the brackets."""

    before: int = 0
    after: int = 0
    least: int = 0
    in_text: bool = False
    """Whether it begins inside of a text."""
    code: str = ""
    """Without the comment behind it, and the blanks."""
    end: int = 0
    """Where the code ends."""


def scanned(lines: Sequence[str], quotes: Iterable[str], comment: str) -> list[Line]:
    """How deep each line is in brackets."""
    found = []
    depth, text = 0, ""
    marks = sorted(quotes, key=len, reverse=True)
    for line in lines:
        each = Line(before=depth, least=depth, in_text=bool(text))
        at, end = 0, 0
        while at < len(line):
            if text:
                if (line[at] == "\\" and text[0] == '"') or (line[at] == "\\" and comment == "#" and "'''" in marks):
                    at += 2
                elif line.startswith(text, at):
                    at += len(text)
                    text = ""
                else:
                    at += 1
                end = min(at, len(line))
                continue
            if comment and line.startswith(comment, at):
                break
            text = next((mark for mark in marks if line.startswith(mark, at)), "")
            if text:
                at += len(text)
                end = at
                continue
            depth += (line[at] in OPENING) - (line[at] in CLOSING)
            each.least = min(each.least, depth)
            at += 1
            if not line[at - 1].isspace():
                end = at
        if len(text) == 1:  # such a text ends with its line
            text = ""
        each.after, each.end, each.code = depth, end, line[:end].strip()
        found.append(each)
    return found


class Brackets:
    """Finds the items of lists in brackets; marks in the lines where their commas belong."""

    def __init__(self, lines: list[str], quotes: Iterable[str], comment: str = "#", *, has_names: bool = False) -> None:
        self._lines = lines
        self._has_names = has_names
        self._quotes = (*quotes,)
        self._comment = comment
        self.info = scanned(lines, self._quotes, comment)

    def part(self, start: int, end: int, key: str, name: str = "") -> Part:
        """The unit of these lines, taken apart if they are a list with an item on each line."""
        inside = self._inside(start, end)
        part = Part(key, start, end)
        if inside is None:
            return part
        head = self.info[start].code
        items = self._items(*inside, name_of(head, name))
        if not items and any(each.code for each in self.info[inside[0] : inside[1]]):
            return part
        part.inside, part.parts, part.commas = inside, items, True
        part.order = self._order(head, items, name_of(head, name))
        for number, item in enumerate(items if head.endswith("(") else ()):
            if item.inside and self.info[item.start].code in {"[", "(", "{"}:  # an argument, by its place
                item.key = f"{self.info[item.start].code}{number}"
        return part

    def _inside(self, start: int, end: int) -> tuple[int, int] | None:
        info = self.info
        if end - start < 2 or not info[start].code.endswith(("(", "[", "{")) or info[start].in_text:
            return None
        depth = info[start].after
        last = end - 1
        closes = info[last].code.startswith((")", "]", "}")) and info[last].before == depth and not info[last].in_text
        if not closes or info[last].after >= depth or depth <= info[start].before:
            return None
        return (start + 1, last) if all(each.least >= depth for each in info[start + 1 : last]) else None

    def _items(self, first: int, last: int, name: str) -> list[Part]:
        depth = self.info[first].before
        code = [at for at in range(first, last) if self.info[at].code or self.info[at].in_text]
        items: list[Part] = []
        start: int | None = None
        for number, at in enumerate(code):
            each = self.info[at]
            start = at if start is None else start
            following = self.info[code[number + 1]] if number + 1 < len(code) else None
            in_text = following.in_text if following else False
            if each.after != depth or in_text or not (each.code.endswith(",") or following is None):
                continue
            self._mark(at)
            items.append(self._item(start, at + 1, name))
            start = None
        return items

    def _mark(self, at: int) -> None:
        line, end = self._lines[at], self.info[at].end
        end -= line[:end].endswith(",")
        self._lines[at] = f"{line[:end]}{COMMA}{line[end:]}"

    def _item(self, start: int, end: int, name: str) -> Part:
        code = self.info[start].code.rstrip(",")
        pair = PAIR.match(code)
        named = None if pair else NAMED.match(code)
        words = " ".join(self.info[at].code for at in range(start, end)).rstrip(",")
        if found := pair or named:
            key = found[1] if pair else f"{found[1]}="
            part = self.part(start, end, key, found[1].strip("\"'"))
            part.is_list = True
        else:
            key = words
            if code.endswith("(") and end - start > 2:
                key = f"{code}{self.info[start + 1].code}"
            part = self.part(start, end, key, name)
            part.alias = about(words)
        told = next((each for each in part.parts if each.key.strip("\"'") in IDENTITY), None) if code == "{" else None
        if told is not None:
            part.key = self._lines[told.start].strip().rstrip(f",{COMMA}")
        part.is_entry = bool(
            told
            or pair
            or named
            or name == CASES
            or LITERAL.fullmatch(words)
            or WORD.fullmatch(words)
            or _is_row(words)
        )
        return part

    def _order(self, head: str, items: list[Part], name: str) -> Order:
        if re.fullmatch(r"from\s+[\w.]+\s+import\s+\(", head):
            return Order.FREE
        if MEANT.search(name) or any(item.key.strip("\"'").startswith("-") for item in items):
            return Order.KEPT
        if head.endswith("{"):
            return Order.FREE
        called = head.endswith("(") and re.search(r"[\w\])]\($", head)
        if called and not re.search(r"\b(frozenset|set)\($", head):
            return Order.KEYWORDS
        if name == CASES and head == "[":
            return Order.FREE
        listed = name == "__all__" or re.search(r"[=:]\s*[\[(]$|\b(?:frozenset|set)\([\[({]?$", head)
        words = LITERAL if self._has_names else WORD_OR_LITERAL
        told = all(item.is_entry and item.inside for item in items)
        plain = told or all(words.fullmatch(item.key) or (name != "" and _is_row(item.key)) for item in items)
        return Order.FREE if listed and plain else Order.KEPT


def name_of(head: str, outer: str) -> str:
    """What the list is called that begins so."""
    if head.endswith(f"{CASES}("):
        return CASES
    found = re.match(r"""(?:"([^"]+)"|'([^']+)'|([\w.-]+))\s*(?::[^=]*)?(?:[=:]|$)""", head)
    return next((each for each in found.groups() if each), outer) if found else outer


def about(words: str) -> str:
    """What an item is about: the name of what is required, set or chosen in a version."""
    text = words.strip("\"'")
    found = re.match(r"[\w./-]+(?=\s*[\[<>=!~@:;, ]|$)", text)
    return re.sub(r"[-_.]+", "-", found[0].lower()) if found else text


def _is_row(words: str) -> bool:
    """Whether it is a row of values."""
    inside = words[1:-1] if words[:1] + words[-1:] in {"()", "[]"} else ""
    pieces = [piece.strip() for piece in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", inside)]
    return bool(inside) and all(LITERAL.fullmatch(piece) or not piece for piece in pieces)
