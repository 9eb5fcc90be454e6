"""The units of TOML: tables, and the entries in them."""

import re
import tomllib
from typing import Final

from .brackets import Brackets
from .model import Order, Part, UnreadableError

TABLE: Final = re.compile(r"\[\[?\s*([^\[\]]+?)\s*\]\]?$")
ENTRY: Final = re.compile(r"""((?:[\w.-]+|"[^"]*"|'[^']*'|\s*\.\s*)+?)\s*=""")
QUOTES: Final = ('"""', "'''", '"', "'")


def parts(lines: list[str]) -> Part:
    """The unit of the whole text."""
    try:
        tomllib.loads("\n".join(lines) + "\n")
    except tomllib.TOMLDecodeError:
        raise UnreadableError from None
    brackets = Brackets(lines, QUOTES)
    root = Part("", 0, len(lines), (0, len(lines)), order=Order.FREE)
    table = root
    start: int | None = None
    for at, each in enumerate(brackets.info):
        if start is None and not each.code:
            continue
        if start is None and (found := TABLE.match(each.code)):
            several = each.code.startswith("[[")
            table = Part(each.code, at, at + 1, (at + 1, at + 1), order=Order.FREE, is_entry=not several)
            table.alias = found[1]
            root.parts.append(table)
            continue
        start = at if start is None else start
        following = brackets.info[at + 1] if at + 1 < len(lines) else None
        if each.after == 0 and not (following and following.in_text):
            entry = ENTRY.match(brackets.info[start].code)
            if entry is None:
                raise UnreadableError
            part = brackets.part(start, at + 1, entry[1])
            part.is_list = True
            table.parts.append(part)
            if table is not root:
                table.end = at + 1
                table.inside = (table.start + 1, at + 1)
            start = None
    for table in root.parts:  # a list of tables: those that have a name have that for a key
        if table.key.startswith("[[") and table.inside is not None:
            named = next((part for part in table.parts if part.key in {"name", "id"}), None)
            table.key = f"{table.key} {lines[named.start].strip() if named else ''}"
    return root
