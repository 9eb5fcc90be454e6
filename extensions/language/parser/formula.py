"""What a field is computed from: `computed quantity * unit_price`, in a line or as a key."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...text.problems import Word, kind_of

if TYPE_CHECKING:
    from ..declarations import FieldDeclaration
    from ..formulas import Formula
    from .line import Line
    from .place import Place

_NOT_THERE = "is computed, which only fields of aggregates and their parts are; drop the expression"
_SAID = re.compile(r"(?<=\s)computed(?:\s+(.*))?$")


def cut_formula(line: str) -> tuple[str, str | None, int]:
    """The line without its expression, that expression, and where it begins; none where the field is not computed."""
    match = _SAID.search(line) if "computed" in line else None
    before = line[: match.start()] if match else ""
    if match is None or "=" in _bare(before) or before.count("(") != before.count(")"):
        return line, None, 0
    return before.rstrip(), match[1] or "", match.start(1) if match[1] else match.start()


def _bare(text: str) -> str:
    """The text without what stands in parentheses."""
    return re.sub(r"\([^()]*\)", "", text)


def read_formula(place: Place, line: Line, body: dict[str, Any]) -> tuple[Formula | None, bool]:
    """The expression of the field, from its line or its key, and whether it has one, be it wrong."""
    in_line, key = line.computed, body.get("computed")
    if in_line is None and "computed" not in body:
        return None, False
    if in_line is not None and "computed" in body:
        (place / "computed").add("is given twice, in the type's line and as a key; drop one")
        return None, True
    from ..formulas import FormulaError, parse_formula  # noqa: PLC0415 - only who computes pays for it

    where = line.place if in_line is not None else place / "computed"
    spot = (line.computed_at, line.computed_at + len(in_line)) if in_line else None
    given = key if in_line is None else in_line
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        where.add(f"expected an expression, such as quantity * unit_price, not {kind_of(given)}")
        return None, True
    try:
        return parse_formula(str(given)), True
    except FormulaError as problem:
        where.add(f"what is computed: {problem}", spot)
        return None, True


def refuse_computed(place: Place, fields: tuple[FieldDeclaration, ...]) -> tuple[FieldDeclaration, ...]:
    """Complain of what is computed where nothing is; the fields without it."""
    for declared in fields:
        if declared.computed:
            place.problems.add(declared.path, _NOT_THERE, Word("computed"))
    return tuple(replace(each, computed=None, readonly=False) if each.computed else each for each in fields)
