"""What a text is made of: units that have a name among their neighbours, with the comments that belong to each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

COMMA: Final = "\x1e"
"""Where the comma after an item of a list in brackets belongs, whether there is one or not."""


class Order(Enum):
    """What the order of the units in one place means."""

    KEPT = auto()
    """Something: steps, statements, arguments."""
    FREE = auto()
    """Nothing: entries, sections, names in a list."""
    CODE = auto()
    """Nothing where at most one side does something, and no side uses what the other one defines."""
    KEYWORDS = auto()
    """Nothing between arguments that have names."""
    PATTERNS = auto()
    """Nothing unless a pattern takes something back."""
    OWNERS = auto()
    """Nothing between places of which none is in the other."""


class UnreadableError(Exception):
    """The text is not of its kind, or so laid out that its units share lines."""


@dataclass(slots=True)
class Part:
    """A unit by the lines that it takes, before comments and blank lines are given to the units they belong to."""

    key: str
    start: int
    end: int
    inside: tuple[int, int] | None = None
    """The lines of what is in it; none if it is not taken apart."""
    parts: "list[Part]" = field(default_factory=list)
    order: Order = Order.KEPT
    alias: str = ""
    """What it is about, where the key says more: `a>=2` is about `a`."""
    is_entry: bool = True
    """Whether it is of the kind whose order may mean nothing in its place."""
    defines: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    acts: bool = False
    """Whether it does something beside defining names."""
    is_list: bool = False
    """Whether it may be a list on one line."""
    stem: str = ""
    """By what it is the same unit as another one in its place, whatever else it says."""
    commas: bool = False
    """Whether what is in it is separated by commas."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with its lines."""

    key: str
    gap: tuple[str, ...]
    """The blank lines above."""
    lead: tuple[str, ...]
    """The comments above that belong to it."""
    head: tuple[str, ...]
    """Its own lines above what is in it; of a unit that is not taken apart, all."""
    inner: "tuple[Unit, ...]"
    tail: tuple[str, ...]
    part: Part
    is_whole: bool
    """Whether it is not taken apart."""
    is_comment: bool = False
    trails: bool = False
    """Whether a comma follows its last item."""
    lines: tuple[str, ...] = ()
    """All of it but the blank lines above."""


def assembled(lines: Sequence[str], root: Part, is_comment: Callable[[str], bool]) -> Unit:
    """The unit of the whole text."""
    return _unit(list(lines), root, is_comment, (), ())


def _unit(
    lines: list[str], part: Part, is_comment: Callable[[str], bool], gap: tuple[str, ...], lead: tuple[str, ...]
) -> Unit:
    if part.inside is None:
        own = tuple(lines[part.start : part.end])
        return Unit(part.key, gap, lead, own, (), (), part, is_whole=True, lines=(*lead, *own))
    first, last = part.inside
    inner: list[Unit] = []
    at = first
    for each in part.parts:
        if each.start < at or each.end > last:
            raise UnreadableError
        between = _comments(lines[at : each.start], has_below=True)
        inner += between[0]
        inner.append(_unit(lines, each, is_comment, between[1], between[2]))
        at = each.end
    rest = lines[at:last]
    while rest and not rest[-1].strip():  # what is below the last one belongs to what comes next
        rest.pop()
    blank = tuple(lines[at + len(rest) : last])
    inner += _comments(rest, has_below=False)[0]
    if any(line.strip() and not is_comment(line) for unit in inner if unit.is_comment for line in unit.lines):
        raise UnreadableError
    trails = False
    if part.commas:
        items = [number for number, unit in enumerate(inner) if not unit.is_comment]
        trails = bool(items) and any(f"{COMMA}," in line for line in inner[items[-1]].lines)
        inner = [_without_comma(unit) for unit in inner]
    head, tail = tuple(lines[part.start : first]), (*blank, *lines[last : part.end])
    whole = (*lead, *head, *joined(inner, trails=trails, commas=part.commas), *tail)
    return Unit(part.key, gap, lead, head, tuple(inner), tail, part, is_whole=False, trails=trails, lines=whole)


def joined(units: Sequence[Unit], *, trails: bool, commas: bool) -> list[str]:
    """The lines of what is in a unit, with its commas."""
    found = [(unit.gap, unit.lines) for unit in units]
    if not commas:
        return [line for gap, lines in found for line in (*gap, *lines)]
    return with_commas(found, trails=trails)


def with_commas(items: Sequence[tuple[Sequence[str], Sequence[str]]], *, trails: bool) -> list[str]:
    """The lines of items, each with the blank lines above, and a comma after each that is not the last one."""
    marked = [number for number, (_, lines) in enumerate(items) if any(COMMA in line for line in lines)]
    result: list[str] = []
    for number, (gap, lines) in enumerate(items):
        comma = "," if trails or (marked and number != marked[-1]) else ""
        result += [*gap, *(line.replace(COMMA, comma) for line in lines)]
    return result


def _without_comma(unit: Unit) -> Unit:
    def bare(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(line.replace(f"{COMMA},", COMMA) for line in lines)

    return replace(unit, head=bare(unit.head), tail=bare(unit.tail), lines=bare(unit.lines))


def _comments(lines: list[str], *, has_below: bool) -> tuple[list[Unit], tuple[str, ...], tuple[str, ...]]:
    """What stands between two units: comments of their own, the blank lines above the next one, and its comments."""
    blocks: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    gap: list[str] = []
    block: list[str] = []
    for line in lines:
        if line.strip():
            block.append(line)
            continue
        if block:
            blocks.append((tuple(gap), tuple(block)))
            gap, block = [], []
        gap.append(line)
    lead: tuple[str, ...] = ()
    if block and has_below:
        lead = tuple(block)
    elif block:
        blocks.append((tuple(gap), tuple(block)))
        gap = []
    return [comment(*each) for each in blocks], tuple(gap), lead


def comment(gap: tuple[str, ...], lines: tuple[str, ...]) -> Unit:
    """A comment that belongs to no unit."""
    key = "\n".join(line.strip() for line in lines)
    part = Part(key, 0, 0, is_entry=False)
    return Unit(key, gap, (), lines, (), (), part, is_whole=True, is_comment=True, lines=lines)
