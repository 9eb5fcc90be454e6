"""What the model refuses: a condition, and what is said then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...text.columns import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...model.domain import Aggregate, Part


class RuleCode(NamedTuple):
    """What breaks a rule, as an `if` in the formatter's style; the message, and the pointer behind that of the item."""

    broken: str
    message: str
    pointer: str


def statement(together: Sequence[str]) -> str:
    """The head of an `if` in a function."""
    whole = " and ".join(together)
    if len(line := f"    if {whole}:") <= WIDTH:
        return line
    if whole.startswith("("):
        names, end = whole[1:].split(")", 1)
        inner = "".join(f"        {name},\n" for name in names.split(", "))
        return f"    if (\n{inner}    ){end}:"
    if len(line := f"        {whole}") > WIDTH:
        line = "\n        and ".join((f"        {together[0]}", *together[1:]))
    return f"    if (\n{line}\n    ):"


def refuses(aggregate: Aggregate) -> bool:
    """Whether the model refuses something: what breaks a rule, or what is computed and does not fit into its type."""
    return refuses_own(aggregate) or any(map(refuses_own, aggregate.parts))


def refuses_own(owner: Aggregate | Part) -> bool:
    """The same of the fields of an aggregate itself, or of an item of a part."""
    return bool(owner.rules) or any(field.computed and field.computed.is_bounded for field in owner.fields)
