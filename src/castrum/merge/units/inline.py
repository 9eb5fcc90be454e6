"""Lists on one line: `names: [a, b]`, `from x import a, b`, `.PHONY: a b`."""

import re
from dataclasses import dataclass
from typing import Final

from .brackets import LITERAL, MEANT, WORD_OR_LITERAL, about, name_of
from .model import Order, Part, Unit

LONGEST: Final = 120
IN_BRACKETS: Final = re.compile(r"(?P<top>[^\[\](){}#]*[\[(])(?P<items>[^\[\](){}]+)(?P<low>[\])][^\[\](){}]*)")
IMPORTED: Final = re.compile(r"(?P<top>\s*from\s+[\w.]+\s+import\s+)(?P<items>[\w, ]+)(?P<low>(?:\s*#.*)?)")
TARGETS: Final = re.compile(r"(?P<top>\.PHONY\s*:\s*)(?P<items>[\w./ -]+)(?P<low>)")


@dataclass(frozen=True, slots=True)
class Inline:
    """A line with a list: what is before and behind the items, and what is between two of them."""

    top: str
    unit: Unit
    low: str
    between: str

    def line(self, items: list[str]) -> str:
        """The line with these items."""
        return f"{self.top}{self.between.join(items)}{self.low}"


def inline(line: str, *, has_names: bool) -> Inline | None:
    """The list that is all that the line has, if its order means nothing; ``has_names``: a word is no text there."""
    for pattern, between in ((TARGETS, " "), (IMPORTED, ", "), (IN_BRACKETS, ", ")):
        found = pattern.fullmatch(line)
        if found is None:
            continue
        items = [item.strip() for item in found["items"].split(between.strip() or None)]
        words = LITERAL if has_names and pattern is IN_BRACKETS else WORD_OR_LITERAL
        name = name_of(found["top"].strip(), "")
        means_order = pattern is IN_BRACKETS and (MEANT.search(name) or re.search(r"[\w\])]\($", found["top"]))
        if means_order or not all(words.fullmatch(item) and not item.strip("\"'").startswith("-") for item in items):
            return None
        inner = [
            Unit(item, (), (), (item,), (), (), Part(item, 0, 1, alias=about(item)), is_whole=True, lines=(item,))
            for item in items
        ]
        part = Part("", 0, len(items), order=Order.FREE)
        unit = Unit("", (), (), (), tuple(inner), (), part, is_whole=False, lines=tuple(items))
        return Inline(found["top"], unit, found["low"], between)
    return None
