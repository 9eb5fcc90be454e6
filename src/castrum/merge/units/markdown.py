"""The units of Markdown: sections, and in them paragraphs, the items of lists, and the rows of tables."""

import re
from typing import Final

from .model import Order, Part, UnreadableError

HEADING: Final = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
ITEM: Final = re.compile(r"([-*+])\s+(?:\[[ xX]\]\s+)?(.*)$")
FENCE: Final = re.compile(r"\s*(```+|~~~+)")
NUMBERED: Final = re.compile(r"(?i)(\d+[.):]?\s|(?:step|phase|stage|part|chapter)\s+\w+)")


def parts(lines: list[str]) -> Part:
    """The unit of the whole text."""
    levels = _levels(lines)
    return _section(lines, levels, Part("", 0, len(lines)), 0)


def _levels(lines: list[str]) -> dict[int, int]:
    """Line of a heading → its level."""
    found = {}
    fence = ""
    for at, line in enumerate(lines):
        if opened := FENCE.match(line):
            if not fence:
                fence = opened[1]
            elif opened[1].startswith(fence):
                fence = ""
        elif not fence and (heading := HEADING.match(line)):
            found[at] = len(heading[1])
        if not fence and re.match(r"(=+|-{2,})\s*$", line) and at and lines[at - 1].strip() and line[0] == "=":
            raise UnreadableError
    if fence or lines[:1] == ["---"]:
        raise UnreadableError
    return found


def _section(lines: list[str], levels: dict[int, int], part: Part, level: int) -> Part:
    top, end = part.start + (level > 0), part.end
    inner = [at for at in levels if top <= at < end]
    first = inner[0] if inner else end
    part.inside, part.order = (top, end), Order.FREE
    part.parts = _blocks(lines, top, first)
    at = first
    while at < end:
        depth = levels[at]
        after = next((each for each in inner if each > at and levels[each] <= depth), end)
        last = after
        while not lines[last - 1].strip():
            last -= 1
        heading = HEADING.match(lines[at])
        title = heading[2] if heading else ""
        each = _section(lines, levels, Part(f"{'#' * depth} {title}", at, last), depth)
        each.is_entry = not NUMBERED.match(title) and depth > 1
        part.parts.append(each)
        at = after
    return part


def _blocks(lines: list[str], start: int, end: int) -> list[Part]:
    """Paragraphs, lists, tables and code between two headings."""
    found: list[Part] = []
    at = start
    while at < end:
        if not lines[at].strip():
            at += 1
        elif opened := FENCE.match(lines[at]):
            last = next((n for n in range(at + 1, end) if lines[n].strip().startswith(opened[1])), end - 1) + 1
            found.append(_plain(lines, at, last))
            at = last
        elif ITEM.match(lines[at]):
            found.append(_list(lines, at, end, len(found)))
            at = found[-1].end
        elif _is_table(lines, at, end):
            table = _table(lines, at, end)
            same = sum(each.key.startswith(table.key) for each in found)
            table.key += f" {same}" if same else ""
            found.append(table)
            at = found[-1].end
        else:
            last = at + 1
            while last < end and lines[last].strip() and not (FENCE.match(lines[last]) or ITEM.match(lines[last])):
                last += 1
            found.append(_plain(lines, at, last))
            at = last
    return found


def _plain(lines: list[str], start: int, end: int) -> Part:
    return Part("\n".join(lines[start:end]), start, end, is_entry=False)


def _list(lines: list[str], start: int, end: int, number: int) -> Part:
    mark = lines[start][0]
    part = Part(f"list {number}", start, start, order=Order.FREE, is_entry=False)
    at = start
    while at < end:
        found = ITEM.match(lines[at])
        if not found or found[1] != mark:
            break
        last = at + 1
        while last < end and (lines[last].startswith(" ") or (lines[last].strip() and not _begins(lines[last]))):
            last += 1
        text = " ".join(line.strip() for line in lines[at:last])
        item = _with_inner_items(lines, Part(text, at, last, alias=_term(found[2])))
        item.is_entry = not NUMBERED.match(found[2])
        part.parts.append(item)
        at = part.end = last
        if any(FENCE.match(line) for line in lines[item.start : item.end]):
            raise UnreadableError
        following = next((n for n in range(at, end) if lines[n].strip()), None)
        if following is None or not ITEM.match(lines[following]):
            break
        at = following
    part.inside = (start, part.end)
    return part


def _with_inner_items(lines: list[str], item: Part) -> Part:
    """The item, taken apart if it ends with a list of items that are further in."""
    inner = [at for at in range(item.start + 1, item.end) if ITEM.match(lines[at].lstrip())]
    if not inner:
        return item
    column = len(lines[inner[0]]) - len(lines[inner[0]].lstrip())
    if any(line.strip() and len(line) - len(line.lstrip()) < column for line in lines[inner[0] : item.end]):
        return item
    starts = [at for at in inner if len(lines[at]) - len(lines[at].lstrip()) == column]
    if len({lines[at].lstrip()[0] for at in starts}) > 1:
        return item
    item.inside, item.order = (inner[0], item.end), Order.FREE
    item.key = " ".join(line.strip() for line in lines[item.start : inner[0]])
    for start, after in zip(starts, [*starts[1:], item.end], strict=True):
        last = after
        while not lines[last - 1].strip():
            last -= 1
        text = " ".join(line.strip() for line in lines[start:last])
        found = ITEM.match(lines[start].lstrip())
        each = Part(text, start, last, alias=_term(found[2] if found else text))
        each.is_entry = not NUMBERED.match(found[2] if found else "")
        item.parts.append(_with_inner_items(lines, each))
    return item


def _begins(line: str) -> bool:
    return bool(ITEM.match(line) or HEADING.match(line) or FENCE.match(line) or re.match(r"(\d+[.)]\s|>|\|)", line))


def _term(text: str) -> str:
    """What the item is about, where it begins with code, a bold word or a link."""
    found = re.match(r"(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\])", text)
    return found[1].lower() if found else text.lower()


def _is_table(lines: list[str], at: int, end: int) -> bool:
    return at + 1 < end and lines[at].lstrip().startswith("|") and bool(re.match(r"\s*\|?[\s:|-]+$", lines[at + 1]))


def _table(lines: list[str], start: int, end: int) -> Part:
    last = start + 2
    width = len(_cells(lines[start]))
    part = Part(f"table {' '.join(_cells(lines[start]))}", start, last, order=Order.FREE, is_entry=False)
    while last < end and lines[last].lstrip().startswith("|"):
        cells = _cells(lines[last])
        row = Part(cells[0], last, last + 1, is_entry=len(cells) == width and bool(cells[0]))
        row.is_entry &= not re.fullmatch(r"[\d.]+", cells[0])
        part.parts.append(row)
        last += 1
    keys = [row.key for row in part.parts]
    for row in part.parts:  # several rows about one thing, told apart by what is said of it
        if keys.count(row.key) > 1:
            row.key = " ".join(_cells(lines[row.start])[:2])
    part.end, part.inside = last, (start + 2, last)
    return part


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
