"""The units of files with a line for each thing: patterns, owners, settings; and the blocks of Terraform."""

import re
from collections.abc import Callable
from typing import Final

from .model import Order, Part, UnreadableError

SETTING: Final = re.compile(r"(?:export\s+)?([\w.-]+)=")
BLOCK: Final = re.compile(r"""(\w+(?:\s+"[^"]*")*)\s*\{$""")


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
        one = re.fullmatch(r"""(\w+(?:\s+"[^"]*")*)\s*\{.*\}""", lines[at])
        if one:
            end = at + 1
        elif found and not any("<<" in line for line in lines):
            end = next((n for n in range(at + 1, len(lines)) if lines[n].startswith("}")), len(lines)) + 1
        else:
            raise UnreadableError
        root.parts.append(Part((one or found or [""])[1] if one or found else "", at, end))
        at = end
    return root


def _lines(lines: list[str], order: Order, key: Callable[[str], str]) -> Part:
    root = Part("", 0, len(lines), (0, len(lines)), order=order)
    for at, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            root.parts.append(Part(key(line), at, at + 1))
    return root
