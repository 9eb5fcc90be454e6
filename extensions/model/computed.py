"""Computed fields: what one is made of, and its value in an example."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, Any

from ..language.formulas import Fold, Name, Node, Number, Operation
from ..types.numbers import integer_range, is_non_negative

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..types import Spec
    from .fields import Field

__all__ = [
    "EXACT",
    "PLACES",
    "Computed",
    "Fold",
    "Name",
    "Node",
    "Number",
    "Operation",
    "evaluate",
    "is_outside",
    "range_of",
    "result",
]

PLACES = 4
"""Of an amount of money, after the point."""
EXACT = Context(prec=400)
_AMOUNT = Decimal("99999999999999.9999")


@dataclass(frozen=True, slots=True)
class Computed:
    """What a field is made of, always; two that are written alike are alike."""

    written: str
    root: Node = field(compare=False)
    rounds: bool = field(compare=False)
    """Whether an amount is rounded to the places of money, half up."""
    may_be_minus_zero: bool = field(compare=False)
    too_low: Decimal | None = field(compare=False)
    """The least value of its type, where it could come out lower."""
    too_high: Decimal | None = field(compare=False)
    """The greatest one, where it could come out higher."""

    @property
    def is_bounded(self) -> bool:
        """Whether it could come out of the range of its type."""
        return self.too_low is not None or self.too_high is not None


def range_of(spec: Spec) -> tuple[Decimal, Decimal]:
    """The least and the greatest value of a number or an amount."""
    if spec.type.whole:
        low, high = integer_range(spec)
        return Decimal(low), Decimal(high)
    most = _AMOUNT if spec.type.family == "amounts" else EXACT.scaleb(Decimal(10**spec.precision - 1), -spec.scale)
    return Decimal() if is_non_negative(spec) else EXACT.minus(most), most


def result(sign: str, left: Decimal, right: Decimal) -> Decimal:
    """What the sign makes of both."""
    return left + right if sign == "+" else left - right if sign == "-" else left * right


def is_outside(each: Field, value: Any) -> bool:
    """Whether a computed value as it goes over the wire does not fit into the field's type."""
    if value is None or isinstance(value, bool):
        return False
    number = Decimal(value["amount"] if isinstance(value, dict) else value)
    low, high = range_of(each.type)
    return not low <= number <= high


def evaluate(
    name: str, fields: Mapping[str, Field], body: Mapping[str, Any], parts: Mapping[str, Sequence[Field]]
) -> Any:
    """A field's value as it goes over the wire, in a body of these fields and of items of parts; None if absent."""
    each = fields[name]
    if each.computed is None:
        return body.get(each.wire)
    with localcontext(EXACT):
        found = _value(each.computed.root, fields, body, parts)
        if found is None or isinstance(found, (bool, int)):
            return found
        if each.computed.rounds:
            found = found.quantize(Decimal(1).scaleb(-PLACES), rounding="ROUND_HALF_UP")
        text = f"{found or abs(found):f}"
    return {"amount": text, "currency": each.type.currencies[0]} if each.type.currencies else text


def _value(
    node: Node, fields: Mapping[str, Field], body: Mapping[str, Any], parts: Mapping[str, Sequence[Field]]
) -> Any:
    """The number, truth or text that an expression results in."""
    if isinstance(node, Number):
        return Decimal(node.text) if "." in node.text else int(node.text)
    if isinstance(node, Name):
        return _number(fields[node.name], evaluate(node.name, fields, body, parts))
    if isinstance(node, Fold):
        items = body.get(node.part, [])
        if node.how == "count":
            return len(items)
        inner = {each.name: each for each in parts[node.part]}
        own = inner[node.field]
        values = [_number(own, evaluate(node.field, inner, item, {})) for item in items]
        start = 0 if own.type.type.whole else Decimal(1).scaleb(-own.type.scale) * 0
        return sum(values, start) if node.how == "sum" else (min if node.how == "min" else max)(values, default=None)
    left, right = (_value(each, fields, body, parts) for each in (node.left, node.right))
    if left is None or right is None:
        return None
    if node.sign in {"+", "-", "*"}:
        return result(node.sign, left, right)
    return {
        "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, "!=": left != right
    }[node.sign]  # fmt: skip


def _number(each: Field, value: Any) -> Any:
    if value is None or each.type.type.whole:
        return value
    return each.type.type.rank(value)
