"""Import lines in the order of the linter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ...text.naming import natural

if TYPE_CHECKING:
    from collections.abc import Iterable

TOOLS = frozenset({"dev", "tests"})
"""Packages of the generated repository beside the service's own."""


def imports(lines: Iterable[str], package: str = "") -> str:
    """Import lines merged by module, grouped and sorted as `ruff check --select I` wants them.

    `package` is the service's own, where it is imported by its name; the sections are those of pyproject.toml.
    """
    names: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("import "):
            names.setdefault(line.removeprefix("import "), set())
        else:
            module, _, members = line.removeprefix("from ").partition(" import ")
            names.setdefault(module, set()).update(member.strip() for member in members.split(","))
    groups: dict[int, list[tuple[Any, str]]] = {}
    for module, found in names.items():
        root = module.partition(".")[0]
        group = _group(root, package)
        if not found:
            groups.setdefault(group, []).append(((False, _module_key(module), ()), f"import {module}"))
        plain = sorted((member for member in found if " as " not in member), key=_member_key)
        renamed = [[member] for member in found if " as " in member]  # each on a line of its own
        for each in filter(None, [plain, *renamed]):
            key = (True, _module_key(module), _member_key(each[0]))
            groups.setdefault(group, []).append((key, f"from {module} import {', '.join(each)}"))
    return "\n\n".join("\n".join(text for _, text in sorted(groups[group])) for group in sorted(groups))


def _group(root: str, package: str) -> int:
    """Standard library, third party, the service, its tools, relative imports."""
    if not root:
        return 4
    if root == package:
        return 2
    return 3 if root in TOOLS else 0 if root in sys.stdlib_module_names else 1


def _module_key(module: str) -> tuple[Any, ...]:
    dots = len(module) - len(module.lstrip("."))
    return -dots, natural(module)


def _member_key(member: str) -> tuple[Any, ...]:
    kind = 0 if member.isupper() and len(member) > 1 else 1 if member[:1].isupper() else 2
    return kind, natural(member), member
