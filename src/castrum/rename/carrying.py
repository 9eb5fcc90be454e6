"""A generated file that a person edited, as they would have edited it under the new names.

The template's own lines are taken from the copy with the new names, which are laid out anew where a longer name needs
it; the person's lines stay where they are between them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from .spelling import Rename

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
LAYOUT = re.compile(r"[\s(),]|\ban?\b")
"""What a longer name may change beside itself: the breaks of lines, and the article before it."""


class Carrier:
    """Carries texts from the copy with the old names to the one with the new ones."""

    def __init__(self, renames: Iterable[Rename]) -> None:
        self._forms: dict[str, str] = {}
        for number, rename in enumerate(renames):
            for old, new in rename.forms:
                mark = f"\x1f{number}.{old}\x1f"
                self._forms |= {form: mark for form in (new, old) if form not in self._forms}
        words = sorted(map(re.escape, self._forms), key=len, reverse=True)
        self._pattern = re.compile("|".join(words))

    def carried(self, mine: str, rewritten: str, base: str, renamed: str) -> str | None:
        """The person's text under the new names; none where lines of theirs are in what has another place now.

        ``rewritten`` is ``mine`` with the new names where they are sure, line by line; ``renamed`` is ``base`` as it
        is rendered with them.
        """
        old, new, own, words = (text.splitlines(keepends=True) for text in (base, renamed, mine, rewritten))
        if len(own) != len(words):
            return None
        place = _places(old, own)
        taken: list[tuple[int, int, list[str]]] = []
        for first, last, start, end, certain in self._changes(old, new):
            where = _where(place, first, last, len(old), len(own))
            if where is not None:
                taken.append((*where, new[start:end]))
                continue
            around = _around(place, first, last, len(own))
            if around is None or not certain:
                return None
            left, right = own[around[0] : around[1]], words[around[0] : around[1]]
            taken.append((*around, _grown(old[first:last], new[start:end], left, right)))
        taken.sort(key=lambda each: each[:2])
        if any(end > start for (_, end, _), (start, _, _) in pairwise(taken)):
            return None
        for start, end, lines in reversed(taken):
            words[start:end] = lines
        return "".join(words)

    def _changes(self, old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int, bool]]:
        """The ranges of lines that differ, each as short as it may be, and whether it is nothing but the names."""
        one, two = ([self._without_names(line) for line in lines] for lines in (old, new))
        for kind, first, last, start, end in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
            if kind != "equal":
                certain = "".join(one[first:last]) == "".join(two[start:end])
                yield first, last, start, end, certain
                continue
            for line in range(first, last):
                other = start + line - first
                if old[line] != new[other]:
                    yield line, line + 1, other, other + 1, True

    def _without_names(self, line: str) -> str:
        marked = self._pattern.sub(lambda match: self._forms[match[0]], line) if self._forms else line
        return LAYOUT.sub("", marked)


def _places(old: Sequence[str], own: Sequence[str]) -> dict[int, int]:
    """Where each line of the template's is in the person's text, as far as it is there."""
    blocks = SequenceMatcher(None, old, own, autojunk=False).get_matching_blocks()
    return {one + offset: two + offset for one, two, size in blocks for offset in range(size)}


def _where(place: dict[int, int], first: int, last: int, length: int, end: int) -> tuple[int, int] | None:
    """The person's lines that are the template's lines of the range, when nothing is in between."""
    if first == last:  # a place between two lines
        before = -1 if first == 0 else place.get(first - 1)
        after = end if first == length else place.get(first)
        return (after, after) if before is not None and after is not None and after == before + 1 else None
    found = [place[line] for line in range(first, last) if line in place]
    whole = len(found) == last - first and found[-1] - found[0] == len(found) - 1
    return (found[0], found[-1] + 1) if whole else None


def _around(place: dict[int, int], first: int, last: int, end: int) -> tuple[int, int] | None:
    """The person's lines between the nearest lines above and below that are the template's."""
    above = next((place[line] for line in range(first - 1, -1, -1) if line in place), -1)
    below = next((place[line] for line in range(last, max(place, default=-1) + 1) if line in place), end)
    return (above + 1, below) if above < below else None


def _grown(old: Sequence[str], new: Sequence[str], own: Sequence[str], words: Sequence[str]) -> list[str]:
    """The person's lines, in which a whole line of the template's is as it is now, with theirs before or behind it."""
    result = list(words)
    if len(old) != len(new):
        return result
    for before, after in zip(old, new, strict=True):
        text = before.strip()
        hits = [number for number, line in enumerate(own) if text and line.count(text) == 1]
        if len(hits) != 1:
            continue
        line, rewritten = own[hits[0]], words[hits[0]]
        head, _, tail = line.partition(text)
        # The person's own words have the new names where those are sure.
        if rewritten.startswith(head):
            end = rewritten[len(rewritten) - len(tail) :] if rewritten.endswith(tail) else tail
            result[hits[0]] = f"{head}{after.strip()}{end}"
    return result
