"""Rules over several fields as conditions of a table; a comparison with what is absent is none that a row breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .types import sql_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...model.domain import Rule
    from .relation import Column


class RuleCheck(NamedTuple):
    """The columns that a rule is about, its condition, and the member of a request's body that is blamed."""

    columns: tuple[str, ...]
    sql: str
    pointer: str


def rule_check(rule: Rule, columns: Mapping[str, Sequence[Column]]) -> RuleCheck:
    """The condition; `columns` are those of each field, by its name in JSON."""
    found = [columns[field.wire] for field in rule.fields]
    return RuleCheck(tuple(own[0].name for own in found), _condition(rule, found), f"/{rule.blamed}")


def _condition(rule: Rule, columns: Sequence[Sequence[Column]]) -> str:
    one, other, *_ = (own[0].name for own in columns)
    if rule.sign == "when":
        return f"{_unless(rule, other)} OR {one} IS NOT NULL"
    if rule.sign in {"or", "either"}:
        names = ", ".join(own[0].name for own in columns)
        return f"num_nonnulls({names}) {'= 1' if rule.sign == 'either' else '>= 1'}"
    sign = rule.sign.replace("!=", "<>")
    if len(columns[0]) == 1:
        return f"{one} {sign} {other}"
    join = "OR" if rule.sign == "!=" else "AND"
    alike = "<>" if rule.sign == "!=" else "="
    return f"{one} {sign} {other} {join} {columns[0][1].name} {alike} {columns[1][1].name}"


def _unless(rule: Rule, column: str) -> str:
    """What is true of the column that decides where nothing has to be there."""
    if rule.value is not None:
        return f"{column} <> {sql_text(rule.value)}"
    return f"NOT {column}" if rule.fields[1].type.type.truth else f"{column} IS NULL"
