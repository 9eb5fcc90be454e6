"""Which units of three texts are the same ones."""

from collections.abc import Container, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from .model import Unit, comment

ALIKE: Final = {True: 0.6, False: 0.8}
"""Share of equal text from which on a unit counts as one under another name: of one line, and of more."""
Places = tuple[int | None, int | None, int | None]
"""Where a unit is in the old text, the person's and the new one."""


def with_headings(sides: Sequence[Sequence[Unit]]) -> list[list[Unit]]:
    """The units, in which a comment that stands above another one on a side belongs to none: it heads several."""
    heads = [unit.lines if unit.is_comment else unit.lead for unit in sides[0] if unit.is_comment or unit.lead]
    moved = []
    for lead in heads:
        keys = [[u.key for u in side if (u.lines if u.is_comment else u.lead) == lead] for side in sides]
        if all(len(key) == 1 for key in keys) and len({key[0] for key in keys}) > 1:
            moved.append(lead)
    found = []
    for side in sides:
        units: list[Unit] = []
        for unit in side:
            if unit.lead and unit.lead in moved:
                units += [
                    comment(unit.gap, unit.lead),
                    replace(unit, gap=(), lead=(), lines=unit.lines[len(unit.lead) :]),
                ]
            else:
                units.append(unit)
        found.append(units)
    return found


class Matching:
    """Which unit of each side is which of the old ones.

    ``frame`` is the side whose order counts, ``other`` the one whose insertions are put into that.
    """

    def __init__(self, old: Sequence[Unit], mine: Sequence[Unit], new: Sequence[Unit]) -> None:
        self.sides = (old, mine, new)
        self.dropped: list[set[int]] = [set(), set(), set()]
        keys = {unit.key: at for at, unit in enumerate(old)}
        self.at: list[dict[int, int | None]] = [{}, {}, {}]
        self.back: list[dict[int, int]] = [{}, {}, {}]
        for side in (1, 2):
            self.back[side] = {place: keys[u.key] for place, u in enumerate(self.sides[side]) if u.key in keys}
        for side, against in ((1, 2), (2, 1)):
            self._pair(side, against)
        for side in (1, 2):
            places = {at: place for place, at in self.back[side].items()}
            self.at[side] = {at: places.get(at) for at in range(len(old))}
        mine_is_permuted = not self._is_in_order(1)
        self.is_turned_round = mine_is_permuted and not self._is_in_order(2)
        self.frame, self.other = (1, 2) if mine_is_permuted else (2, 1)

    def _is_in_order(self, side: int) -> bool:
        order = [self.back[side][place] for place in sorted(self.back[side])]
        return order == sorted(order)

    def _pair(self, side: int, against: int) -> None:
        """Take a unit that came where one went for that under another name, if that moves no edit of the other side."""
        old, units = self.sides[0], self.sides[side]
        kept = set(self.back[side].values())
        other = {unit.key for unit in self.sides[against]}
        for above, below, places in self.insertions(side, kept):
            first = above + 1 if above is not None else 0
            last = below if below is not None else len(old)
            gone = [at for at in range(first, last) if at not in kept]
            if len(gone) != 1 or len(places) != 1:
                continue
            before, after = old[gone[0]], units[places[0]]
            if before.part.stem and before.part.stem == after.part.stem:
                self.back[side][places[0]] = gone[0]
                continue
            if before.is_whole != after.is_whole or after.key in other or before.is_comment != after.is_comment:
                continue
            theirs = (self.sides[against][place] for place, at in self.back[against].items() if at == gone[0])
            if side == 2 and any(unit.lines != before.lines for unit in theirs):
                continue
            one, two = "\n".join(before.lines), "\n".join(after.lines)
            if SequenceMatcher(None, one, two, autojunk=False).ratio() >= ALIKE[len(before.lines) == 1]:
                self.back[side][places[0]] = gone[0]

    def insertions(self, side: int, kept: Container[int]) -> list[tuple[int | None, int | None, list[int]]]:
        """The runs of what one side inserted, each with the old units above and below that are kept."""
        found: list[tuple[int | None, int | None, list[int]]] = []
        above: int | None = None
        run: list[int] = []
        for place in range(len(self.sides[side])):
            at = self.back[side].get(place)
            if at is None:
                run.append(place)
            elif at in kept:
                if run:
                    found.append((above, at, run))
                above, run = at, []
        if run:
            found.append((above, None, run))
        return found

    def is_taken_out(self, units: Sequence[Unit], side: int) -> bool:
        """Whether the other side took out what one of the units is about."""
        names = {unit.part.alias or unit.key for unit in units}
        gone = (unit for at, unit in enumerate(self.sides[0]) if self.at[side].get(at) is None)
        return any((unit.part.alias or unit.key) in names for unit in gone)


class Gaps:
    """The blank lines between two units that were not neighbours before."""

    def __init__(self, sides: Sequence[Sequence[Unit]]) -> None:
        self._sides = sides

    def above(self, here: Places, before: Places | None) -> tuple[str, ...]:
        """The blank lines above what is in these places, below what is in those before."""
        known: list[tuple[str, ...] | None] = []
        for side, place in enumerate(here):
            above = before[side] if before else -1
            near = place is not None and above is not None and above == place - 1
            known.append(self._sides[side][place].gap if near and place is not None else None)
        old, mine, new = known
        if mine is not None and new is not None:
            return new if mine == old else mine
        if mine is not None or new is not None:
            return mine if mine is not None else new or ()
        if before is None:
            return self._own(here)
        # Neither knows the other: as much as there was to what each had for a neighbour, and no more.
        both = [self._sides[side][place].gap for side, place in enumerate(here) if place]
        for side, place in enumerate(before):
            if place is not None and place + 1 < len(self._sides[side]):
                both.append(self._sides[side][place + 1].gap)
        return min(both, key=len, default=self._own(here))

    def _own(self, here: Places) -> tuple[str, ...]:
        return next(self._sides[side][place].gap for side, place in enumerate(here) if place is not None)
