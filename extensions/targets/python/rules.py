"""Rules over several fields in the model: what breaks each, and what is said then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...model.rules import sentence
from ...text.columns import WIDTH
from .literals import python_text
from .names import member_names
from .refusals import RuleCode, statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...model.domain import Rule
    from .attributes import PythonField

BRANCHES = 10
"""The linter takes a function with more for too complex; each `if` and `for` is one, and the function itself."""

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "!=": "=="}
_SHORT = "it"
"""The variable where names are so long that a comparison of two attributes would not fit on a line."""


class RulesCode(NamedTuple):
    """The rules of an aggregate or a part, and the variable whose attributes they are about."""

    variable: str
    codes: tuple[RuleCode, ...]
    computed: tuple[RuleCode, ...] = ()
    """What refuses computed values that do not fit, when all that they are made of was looked at."""


def rules_code(rules: Sequence[Rule], fields: Iterable[PythonField], variable: str) -> RulesCode:
    """The rules of an aggregate or a part that the variable stands for."""
    fields = list(fields)
    by_wire = {field.declared.wire: field for field in fields}
    about = [(rule, [by_wire[field.wire] for field in rule.fields]) for rule in rules]
    alone = (each for rule, own in about for way in _ways(rule, own, variable) for each in way)
    name = _SHORT if any(len(f"        and {each}") > WIDTH for each in alone if not each.startswith("(")) else variable
    if any(len(line) > WIDTH for each in _refusals(fields, name) for line in each.broken.splitlines()):
        name = _SHORT
    codes = [
        RuleCode(statement(way), python_text(sentence(rule)), f"/{rule.blamed}")
        for rule, own in about
        for way in _ways(rule, own, name)
    ]
    return RulesCode(name, tuple(codes), _refusals(fields, name))


def _refusals(fields: Sequence[PythonField], variable: str) -> tuple[RuleCode, ...]:
    """What refuses computed values that do not fit into their types."""
    if not any(field.declared.computed for field in fields):
        return ()
    from .computed import refusals  # noqa: PLC0415 - only who computes pays for it

    return refusals(fields, variable)


def _ways(rule: Rule, fields: Sequence[PythonField], variable: str) -> list[list[str]]:
    """The ways to break a rule, each as what is true together."""
    names = [f"{variable}.{field.attribute}" for field in fields]
    if rule.sign in {"or", "either"}:
        absent = f"== {len(names)}" if rule.sign == "or" else f"!= {len(names) - 1}"
        return [[f"({', '.join(names)}).count(None) {absent}"]]
    if rule.sign == "when":
        return [[_holds(rule, fields[1], names[1]), f"{names[0]} is None"]]
    there = [f"{name} is not None" for name, field in zip(names, fields, strict=True) if field.declared.optional]
    one, other = names
    if rule.sign == "!=" or fields[0].declared.type.type.family != "amounts":
        return [[*there, f"{one} {_OPPOSITE[rule.sign]} {other}"]]
    return [
        [*there, f"{one}.amount {_OPPOSITE[rule.sign]} {other}.amount"],
        [*there, f"{one}.currency != {other}.currency"],
    ]


def _holds(rule: Rule, field: PythonField, name: str) -> str:
    """What is true where the other field has to be there."""
    if rule.value is not None:
        words = field.declared.type.members
        return f"{name} == {field.declared.enum}.{member_names(words)[words.index(rule.value)]}"
    return name if field.declared.type.type.truth else f"{name} is not None"
