"""The merge of texts by their units.

What is united is certain: whole units, of which none is about what another one is about, in a place where both orders
mean the same. What cannot be told so is merged line by line, and a conflict there if git has one. The result is read
anew and compared with what each side added before anybody gets it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from castrum.merge.blocks import ByLines
from castrum.merge.by_git import Merged

from .commuting import commute, in_order
from .inline import LONGEST, inline
from .kinds import Kind
from .matching import Gaps, Matching, Places, with_headings
from .model import COMMA, Order, Part, Unit, UnreadableError, assembled, with_commas
from .reading import agree

Lines = list[str]
Gapped = tuple[Sequence[str], Sequence[str]]


def united(sides: Sequence[bytes], kind: Kind, by_lines: ByLines) -> Merged | None:
    """The merge by units; none if one of the sides cannot be read, or the result does not say what both say."""
    try:
        texts = [side.decode() for side in sides]
        units = [_read(text, kind) for text in texts]
    except (UnreadableError, UnicodeDecodeError):
        return None
    if any(COMMA in text or "\x1f" in text for text in texts):
        return None
    merging = _Merging(by_lines)
    piece = merging.merged(*units)
    ends = [text.endswith("\n") for text in texts]
    last = ends[2] if ends[1] == ends[0] else ends[1]
    shown, *four = ("\n".join(lines) + "\n" for lines in (piece.shown, piece.settled, piece.old, piece.mine, piece.new))
    if not _keeps_lines(*four) or not agree(kind, *four):
        return None
    if not piece.conflicts and not kind.is_readable(shown):
        return None
    content = shown if last else shown.removesuffix("\n")
    return Merged(
        content.encode(), piece.conflicts, tuple(_places(shown, merging.said, by_lines.labels)), merging.has_widened
    )


def _read(text: str, kind: Kind) -> Unit:
    lines = text.removesuffix("\n").split("\n")
    return assembled(lines, kind.parts(lines), kind.is_comment)


def _keeps_lines(settled: str, old: str, mine: str, new: str) -> bool:
    """Whether each line is there as often as both sides ask for; what was taken out is out."""
    texts = (settled, old, mine, new)
    counts = [Counter(re.sub(r",?(\s*#.*)?$", r"\1", line.strip()) for line in text.split("\n")) for text in texts]
    lines = {line for count in counts for line in count if line}
    for line in lines:
        there, before, one, two = (count[line] for count in counts)
        if there != one + two - before and not (one == two == there):
            return False
    return True


@dataclass(slots=True)
class _Piece:
    """A merged part of a text, as a person sees it, and without its conflicts, with the three texts it is from."""

    shown: Lines
    settled: Lines
    old: Lines
    mine: Lines
    new: Lines
    conflicts: int = 0

    @classmethod
    def same(cls, old: Sequence[str], mine: Sequence[str], new: Sequence[str], result: Sequence[str]) -> "_Piece":
        return cls([*result], [*result], [*old], [*mine], [*new])

    def __add__(self, other: "_Piece") -> "_Piece":
        return _Piece(
            self.shown + other.shown, self.settled + other.settled, self.old + other.old, self.mine + other.mine,
            self.new + other.new, self.conflicts + other.conflicts,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Said:
    """What was united in one place: the first lines of each side's."""

    new: str
    mine: str
    line: str


@dataclass(slots=True)
class _Entry:
    """A unit in the result, by where it is in the three texts, and what came of it."""

    unit: Unit
    piece: _Piece
    places: Places


@dataclass
class _Merging:
    """Merges units of three texts, and keeps what it united."""

    by_lines: ByLines
    said: list[_Said] = field(default_factory=list)
    has_widened: bool = False
    """Whether a conflict was made larger, so that either side of it is whole."""

    def merged(self, old: Unit, mine: Unit, new: Unit) -> _Piece:
        """The merge of one unit, without the blank lines above it."""
        if mine.lines in (old.lines, new.lines):
            return _Piece.same(old.lines, mine.lines, new.lines, new.lines)
        if new.lines == old.lines:
            return _Piece.same(old.lines, mine.lines, new.lines, mine.lines)
        if any(unit.is_whole or unit.part.commas != old.part.commas for unit in (old, mine, new)):
            return self._in_one_line(old, mine, new) or self._by_lines(old.lines, mine.lines, new.lines)
        before = len(self.said)
        inner = self._inner(old, mine, new)
        if inner is None:
            del self.said[before:]
            return self._by_lines(old.lines, mine.lines, new.lines)
        top = self._by_lines(old.lead, mine.lead, new.lead) + self._by_lines(old.head, mine.head, new.head)
        return top + inner + self._by_lines(old.tail, mine.tail, new.tail)

    def _in_one_line(self, old: Unit, mine: Unit, new: Unit) -> _Piece | None:
        """The merge of lists on one line; none if they are not that, or not all that differs."""
        units = (old, mine, new)
        if any(len(unit.head) != 1 or not unit.part.is_list or unit.lead != old.lead for unit in units):
            return None
        found = [
            inline(unit.head[0].replace(COMMA, ""), has_names=self.by_lines.suffix in {".py", ".pyi"}) for unit in units
        ]
        one, two, three = found
        if one is None or two is None or three is None or len({(each.top, each.low) for each in (one, two, three)}) > 1:
            return None
        before = len(self.said)
        inner = self._inner(one.unit, two.unit, three.unit)
        if inner is None or inner.conflicts or len(line := one.line(inner.shown)) > LONGEST:
            del self.said[before:]
            return None
        # Where the comma belongs, behind the item, is marked in the line as it was.
        line += COMMA * (COMMA in old.head[0])
        self.said[before:] = [replace(each, line=line) for each in self.said[before:]]
        same = [*old.lines]
        return _Piece([*old.lead, line], same, same, same, same)

    def _by_lines(self, old: Sequence[str], mine: Sequence[str], new: Sequence[str]) -> _Piece:
        for one, other in ((mine, new), (new, mine)):
            if old == one or mine == new:
                return _Piece.same(old, mine, new, other)
        three = ["".join(f"{line}\n" for line in side).encode() for side in (mine, old, new)]
        content, conflicts = self.by_lines.merge(three[0], three[1], three[2])
        turned = self._turned(old, mine, new) if conflicts else None
        if turned is not None:
            shown, conflicts = turned
        else:
            shown = content.decode().removesuffix("\n").split("\n") if content else []
        return _Piece(shown, [*old], [*old], [*old], [*old], conflicts)

    def _turned(self, old: Sequence[str], mine: Sequence[str], new: Sequence[str]) -> tuple[Lines, int] | None:
        """The merge of lines of which the new text has some in another place: an edit of one goes there.

        Where that cannot be told, all of the place is one conflict: in one for each line, taking the person's side
        would leave the line in both places. None if no line was moved.
        """
        top = next((at for at, lines in enumerate(zip(old, mine, new, strict=False)) if len({*lines}) > 1), 0)
        ends = zip(reversed(old[top:]), reversed(mine[top:]), reversed(new[top:]), strict=False)
        low = next((at for at, lines in enumerate(ends) if len({*lines}) > 1), 0)
        sides = [side[top : len(side) - low] for side in (old, mine, new)]
        if not _has_moved(sides[0], sides[2]):
            return None
        before = len(self.said)
        units = [_of_lines(side) for side in sides] if all(line.strip() for side in sides for line in side) else []
        inner = self._inner(*units) if units else None
        del self.said[before:]
        if inner is not None and not inner.conflicts:
            return [*old[:top], *inner.shown, *old[len(old) - low :]], 0
        self.has_widened = True
        both = [
            f"<<<<<<< {self.by_lines.labels[0]}",
            *sides[1],
            "=======",
            *sides[2],
            f">>>>>>> {self.by_lines.labels[2]}",
        ]
        return [*old[:top], *both, *old[len(old) - low :]], 1

    def _inner(self, old: Unit, mine: Unit, new: Unit) -> _Piece | None:
        """The merge of what is in a unit; none if its units cannot be told apart."""
        sides = with_headings((old.inner, mine.inner, new.inner))
        if any(len({unit.key for unit in side}) < len(side) for side in sides):
            return None
        found = Matching(sides[0], sides[1], sides[2])
        if found.is_turned_round:
            return None
        orders = {unit.part.order for unit in (old, mine, new)}
        order = orders.pop() if len(orders) == 1 else Order.KEPT
        entries = self._entries(found, order)
        if entries is None:
            return None
        trails = [unit.trails for unit in (old, mine, new)]
        trail = trails[2] if trails[1] == trails[0] else trails[1]
        commas = old.part.commas
        gaps = Gaps(sides)

        def render(items: Sequence[Gapped], trails: bool) -> Lines:
            if commas:
                return with_commas(items, trails=trails)
            return [line for gap, lines in items for line in (*gap, *lines)]

        above = [None, *(entry.places for entry in entries)]
        shown = [
            (gaps.above(entry.places, before), entry.piece.shown) for entry, before in zip(entries, above, strict=False)
        ]
        settled = [(gap, entry.piece.settled) for (gap, _), entry in zip(shown, entries, strict=True)]
        three: list[Lines] = []
        for side, name in enumerate(("old", "mine", "new")):
            known = {entry.places[side]: getattr(entry.piece, name) for entry in entries}
            there = [(at, unit) for at, unit in enumerate(sides[side]) if at not in found.dropped[side]]
            three.append(render([(unit.gap, known.get(at, unit.lines)) for at, unit in there], trails[side]))
        return _Piece(
            render(shown, trail),
            render([item for item in settled if item[1]], trail),
            three[0],
            three[1],
            three[2],
            sum(entry.piece.conflicts for entry in entries),
        )

    def _entries(self, found: Matching, order: Order) -> list[_Entry] | None:
        old, mine, new = found.sides
        gone = {side: {at for at in range(len(old)) if found.at[side][at] is None} for side in (1, 2)}
        for side, against in ((1, 2), (2, 1)):
            for at in gone[side] - gone[against]:
                place = found.at[against][at]
                if place is not None and found.sides[against][place].lines != old[at].lines:
                    return None  # one took it out, and the other changed it
        entries: list[_Entry] = []
        for place, unit in enumerate(found.sides[found.frame]):
            known = found.back[found.frame].get(place)
            if known is None:
                entries.append(_added(unit, found.frame, place))
                continue
            there = found.at[found.other][known]
            if there is None:
                continue
            one, two = (place, there) if found.frame == 1 else (there, place)
            entries.append(_Entry(unit, self.merged(old[known], mine[one], new[two]), (known, one, two)))
        return self._with_insertions(found, order, entries)

    def _with_insertions(self, found: Matching, order: Order, entries: list[_Entry]) -> list[_Entry] | None:
        """The entries of one side, with what the other one inserted between them."""
        position = {at: number for number, entry in enumerate(entries) if (at := entry.places[0]) is not None}
        after: dict[int, list[_Entry]] = {}
        replaced: dict[int, tuple[int, list[_Entry]]] = {}
        for above, below, places in found.insertions(found.other, position.keys()):
            run = [_added(found.sides[found.other][at], found.other, at) for at in places]
            first = position[above] + 1 if above is not None else 0
            last = position[below] if below is not None else len(entries)
            if first <= last and all(entry.places[0] is None for entry in entries[first:last]):
                if first == last:
                    after.setdefault(first, []).extend(run)
                    continue
                sides = (entries[first:last], run) if found.frame == 1 else (run, entries[first:last])
                around = (entries[first - 1] if first else None, entries[last] if last < len(entries) else None)
                replaced[first] = (last, self._both(found, order, around, sides))
            elif order is Order.FREE:
                after.setdefault(first if above is not None else last, []).extend(run)
            else:
                return None
        result: list[_Entry] = []
        at = 0
        while at <= len(entries):
            result += after.get(at, [])
            if at in replaced:
                at, both = replaced[at]
                result += both
                result += after.get(at, [])
            if at < len(entries):
                result.append(entries[at])
            at += 1
        return result

    def _both(
        self,
        found: Matching,
        order: Order,
        around: tuple[_Entry | None, _Entry | None],
        sides: tuple[list[_Entry], list[_Entry]],
    ) -> list[_Entry]:
        """What both sides inserted in one place: united, or a conflict."""
        mine, new = sides
        there = {entry.unit.key: entry.unit.lines for entry in new}
        if order is not Order.KEPT:  # what both inserted is there once
            mine = [entry for entry in mine if there.get(entry.unit.key) != entry.unit.lines]
        if not mine:
            return new
        one, two = [entry.unit for entry in new], [entry.unit for entry in mine]
        if commute(one, two, order) and not found.is_taken_out(one, 1) and not found.is_taken_out(two, 2):
            above, below = (entry.unit if entry else None for entry in around)
            units = in_order(above, one, two, below)
            known = {id(entry.unit): entry for entry in (*new, *mine)}
            self.said.append(_Said(_title(one), _title(two), units[0].lines[0]))
            return [known[id(unit)] for unit in units]
        for side, those in ((1, mine), (2, new)):
            found.dropped[side] |= {at for entry in those if (at := entry.places[side]) is not None}
        lines: Lines = [f"<<<<<<< {self.by_lines.labels[0]}"]
        for number, those in enumerate((mine, new)):
            for entry_number, entry in enumerate(those):
                gap = entry.unit.gap if entry_number else ()
                lines += [*gap, *(line.replace(COMMA, ",") for line in entry.unit.lines)]
            lines.append("=======" if number == 0 else f">>>>>>> {self.by_lines.labels[2]}")
        piece = _Piece(lines, [], [], [], [], 1)
        return [_Entry(new[0].unit, piece, (None, mine[0].places[1], new[0].places[2]))]


def _has_moved(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether a line that says something went from one place to another."""
    gone, come = set[str](), set[str]()
    for kind, one, two, three, four in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            gone |= {line.strip().rstrip(",") for line in old[one:two]}
            come |= {line.strip().rstrip(",") for line in new[three:four]}
    return any(re.search(r"\w", line) for line in gone & come)


def _of_lines(lines: Sequence[str]) -> Unit:
    """A unit whose lines are its units."""
    inner = [
        Unit(line, (), (), (line,), (), (), Part(line, at, at + 1), is_whole=True, lines=(line,))
        for at, line in enumerate(lines)
    ]
    return Unit("", (), (), (), tuple(inner), (), Part("", 0, len(lines)), is_whole=False, lines=tuple(lines))


def _added(unit: Unit, side: int, at: int) -> _Entry:
    """What one side inserted."""
    lines = [*unit.lines]
    texts = [lines if each == side else [] for each in range(3)]
    piece = _Piece(lines, lines, texts[0], texts[1], texts[2])
    return _Entry(unit, piece, (None, at if side == 1 else None, at if side == 2 else None))


def _title(units: Sequence[Unit]) -> str:
    lines = [next(iter(unit.head or unit.lines)).replace(COMMA, "").strip() for unit in units]
    text = ", ".join(lines)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _places(shown: str, said: list[_Said], labels: tuple[str, str, str]) -> list[str]:
    """Each place with its line in the result."""
    lines = shown.split("\n")
    found = []
    for each in said:
        sought = each.line.replace(COMMA, "").rstrip(" ,")
        first = sought.partition("#")[0].rstrip() or sought
        at = next((number for number, line in enumerate(lines, 1) if line.startswith(first)), 1)
        found.append((at, f"{at}: {each.new} ({labels[2]}) and {each.mine} ({labels[0]})"))
    return [text for _, text in sorted(found)]
