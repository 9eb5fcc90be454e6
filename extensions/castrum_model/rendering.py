"""Filters for templates that write Python: import blocks as ruff sorts them, prose that fits its line."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable

from .naming import natural

LINE = 120


def import_block(lines: Iterable[str], first_party: str = "") -> str:
    """Import lines merged, sorted and wrapped as ruff would; sections are separated by an empty line.

    `lines` holds whole statements, `import x`, `import x as y` or `from m import a`, in any order and with repetitions.
    """
    plain: set[str] = set()
    members: dict[str, set[str]] = {}
    for line in lines:
        if match := re.fullmatch(r"from (\S+) import (.+)", line.strip()):
            members.setdefault(match[1], set()).update(name.strip() for name in match[2].split(","))
        else:
            plain.add(line.strip())
    sections: dict[int, list[str]] = {}
    for line in sorted(plain, key=lambda text: natural(text.removeprefix("import "))):
        sections.setdefault(_section(line.split()[1], first_party), []).append(line)
    for module in sorted(members, key=_module_key):
        sections.setdefault(_section(module, first_party), []).append(_statement(module, members[module]))
    return "\n\n".join("\n".join(sections[section]) for section in sorted(sections))


def _section(module: str, first_party: str) -> int:
    top = module.split(".")[0]
    if module == "__future__":
        return 0
    if module.startswith("."):
        return 4
    if top == first_party:
        return 3
    return 1 if top in sys.stdlib_module_names else 2


def _module_key(module: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Relative modules from the furthest to the closest, then by name."""
    level = len(module) - len(module.lstrip("."))
    return -level, natural(module.lstrip("."))


def _name_key(name: str) -> tuple[int, list[tuple[int, int, str]], str]:
    """Constants, then classes, then the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, natural(name), name


def _statement(module: str, names: set[str]) -> str:
    ordered = sorted(names, key=_name_key)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= LINE:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def prose(text: str, indent: int = 0, prefix: str = "", first: int = 0) -> str:
    """Text wrapped to the line length, safe inside a docstring; `first` columns of the first line are taken already."""
    safe = text.replace("\\", "/").replace('"""', "'''")
    if safe.endswith('"'):
        safe = f"{safe[:-1]}'"
    space = " " * indent + prefix
    wrapped = textwrap.wrap(
        safe, LINE, initial_indent="x" * first if first else space, subsequent_indent=space, break_on_hyphens=False
    )
    return "\n".join(wrapped)[first:]
