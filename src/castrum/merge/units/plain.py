"""The units of files with a line for each thing: patterns, owners, settings; and the blocks of Terraform."""

import re
from collections.abc import Callable
from typing import Final

from .model import Order, Part, UnreadableError

SETTING: Final = re.compile(r"(?:export\s+)?([\w.-]+)=")
BLOCK: Final = re.compile(r"""(\w+(?:\s+"[^"]*")*)\s*\{(?!.*\{)(.*\})?\s*(?:(?:#|//).*)?$""")


def patterns(lines: list[str]) -> Part:
    """What git or Docker ignores."""
    return _lines(lines, Order.PATTERNS, lambda line: line.strip())


def owners(lines: list[str]) -> Part:
    """Who decides about which places, and the attributes of places."""
    if any(re.match(r"\^?\[", line) for line in lines):  # sections of GitLab's
        raise UnreadableError
    return _lines(lines, Order.OWNERS, lambda line: line.split()[0])


def settings(lines: list[str]) -> Part:
    """Environment variables."""

    def name(line: str) -> str:
        found = SETTING.match(line)
        if found is None or line.count('"') % 2 or line.count("'") % 2 or line.endswith("\\") or "$" in line:
            raise UnreadableError
        return found[1]

    return _lines(lines, Order.FREE, name)


def terraform(lines: list[str]) -> Part:
    """Terraform: the outermost blocks."""
    root = Part("", 0, len(lines), (0, len(lines)), order=Order.FREE)
    at = 0
    while at < len(lines):
        if not lines[at].strip() or lines[at].startswith(("#", "//")):
            at += 1
            continue
        found = BLOCK.match(lines[at])
        if found is None:
            raise UnreadableError
        end = at + 1 if found[2] else _closed(lines, at + 1)
        root.parts.append(Part(found[1], at, end))
        at = end
    return root


def _closed(lines: list[str], at: int) -> int:
    """The line after the end of the block; a text in it is none."""
    text = ""
    for number in range(at, len(lines)):
        line = lines[number]
        if text:
            text = "" if line.strip() == text else text
        elif found := re.search(r"<<-?(\w+)\s*$", line):
            text = found[1]
        elif line.startswith("}"):
            return number + 1
    raise UnreadableError


def _lines(lines: list[str], order: Order, key: Callable[[str], str]) -> Part:
    root = Part("", 0, len(lines), (0, len(lines)), order=order)
    for at, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            root.parts.append(Part(key(line), at, at + 1))
    return root
