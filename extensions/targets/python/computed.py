"""Computed fields in the model: the property of each, and what a value that does not fit is refused by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...model.computed import PLACES, Fold, Name, Number, Operation
from ...text.columns import WIDTH
from .literals import docstring, python_text
from .refusals import RuleCode, statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from ...model.computed import Computed, Node
    from .attributes import PythonField
    from .domain import PythonPart

DECIMAL = "from decimal import Decimal"
ROUNDING = "from decimal import ROUND_HALF_UP"

_WHOLE = frozenset({"int", "bigint"})
_NO_MINUS_ZERO = "# Adding 0 makes 0 of -0, which the database would not keep."
_INDENT = 8
_LEVEL = {"+": 1, "-": 1, "*": 2}


class PropertyCode(NamedTuple):
    """A property of the model: its name and annotation, and its lines from the docstring on."""

    attribute: str
    annotation: str
    lines: tuple[str, ...]
    imports: tuple[str, ...]


def properties(fields: Sequence[PythonField], parts: Sequence[PythonPart]) -> tuple[PropertyCode, ...]:
    """The properties of an aggregate, which has these parts, or of a part."""
    writer = _Writer(fields, parts)
    return tuple(writer.property(field) for field in fields if field.declared.computed)


def refusals(fields: Sequence[PythonField], variable: str) -> tuple[RuleCode, ...]:
    """What computed values of the variable break that do not fit into their types."""
    return tuple(code for field in fields if (code := _refusal(field, variable)))


def _refusal(field: PythonField, variable: str) -> RuleCode | None:
    computed = field.declared.computed
    if computed is None or (computed.too_low is None and computed.too_high is None):
        return None
    whole = field.declared.kind in _WHOLE
    low, high = (each if each is None or whole else _decimal(each) for each in (computed.too_low, computed.too_high))
    value = f"{variable}.{field.attribute}"
    number = f"{value}.amount" if field.declared.kind == "money" else value
    if low and high and computed.too_low == -(computed.too_high or 0):
        outside = f"abs({number}) > {high}"
    elif low is None or high is None:
        outside = f"{number} < {low}" if high is None else f"{number} > {high}"
    else:
        outside = f"not {low} <= {number} <= {high}"
    there = [f"{value} is not None"] if field.declared.optional else []
    bounds = " and ".join(
        f"at {what} {bound}"
        for what, bound in (("least", computed.too_low), ("most", computed.too_high))
        if bound is not None
    )
    message = f"The {field.declared.title} comes out of range: it is {bounds}."
    return RuleCode(statement([*there, outside]), python_text(message), f"/{field.declared.wire}")


def _fits(line: str) -> bool:
    return len(line) <= WIDTH - _INDENT


def _broken(head: str, terms: Sequence[str], join: str = "", end: str = "") -> list[str]:
    """A statement of these terms with a word between them; in parentheses, each on its own line, if it is too wide."""
    between = f" {join} " if join else " "
    line = f"{head} {between.join(terms)}{end}"
    if _fits(line):
        return [line]
    if len(terms) == 1 or not all(_fits(f"    {join} {term}") for term in terms):
        return [f"{line}  # fmt: skip"]
    rest = [f"    {join} {term}" if join else f"    {term}" for term in terms[1:]]
    return [f"{head} (", f"    {terms[0]}", *rest, f"){end}"]


def _decimal(number: Decimal) -> str:
    return f'Decimal("{number}")' if "." in str(number) else f"Decimal({number})"


class _Writer:
    """Writes expressions of an owner's fields, as attributes of `self` or of an item."""

    def __init__(self, fields: Sequence[PythonField], parts: Sequence[PythonPart]) -> None:
        self._fields = {field.declared.name: field for field in fields}
        self._parts = {part.declared.name: part for part in parts}
        self._imports: set[str] = set()

    def property(self, field: PythonField) -> PropertyCode:
        """The property of the field."""
        declared, computed = field.declared, field.declared.computed
        if computed is None:
            raise ValueError(declared.name)
        self._imports = set(field.imports.python)
        lines = [docstring(declared.description, 8)]
        if absent := [f"{each} is None" for each in self._absent(computed.root)]:
            lines += [*_broken("if", absent, "or", ":"), "    return None"]
        root = computed.root
        if isinstance(root, Fold) and root.how in {"min", "max"}:
            lines.append(f"return {self._extreme(root)}")
        else:
            lines += self._returned(field, computed)
        annotation = f"{field.python} | None" if declared.optional else field.python
        return PropertyCode(field.attribute, annotation, tuple(lines), tuple(sorted(self._imports)))

    def _returned(self, field: PythonField, computed: Computed) -> list[str]:
        """The lines that return a value which is made of what is there."""
        root, lines = computed.root, [_NO_MINUS_ZERO] if computed.may_be_minus_zero else []
        terms = self._terms(root)
        if computed.may_be_minus_zero:
            terms.append("+ 0")
        if field.declared.kind != "money":
            if not isinstance(root, Operation) or root.sign in _LEVEL or _fits(f"return {terms[0]}"):
                return [*lines, *_broken("return", terms)]
            left, right = self._terms(root.left), self._terms(root.right)
            return [*_broken("left =", left), *_broken("right =", right), f"return left {root.sign} right"]
        amount, currency = " ".join(terms), field.declared.type.currencies[0]
        if not computed.rounds and _fits(f'return Money({amount}, "{currency}")'):
            return [*lines, f'return Money({amount}, "{currency}")']
        lines += _broken("amount =", terms)
        amount = "amount"
        if computed.rounds:
            self._imports |= {DECIMAL, ROUNDING}
            amount = f'amount.quantize(Decimal("0.{1:0{PLACES}}"), ROUND_HALF_UP)'
        return [*lines, f'return Money({amount}, "{currency}")']

    def _terms(self, node: Node) -> list[str]:
        """What is added and taken away, each with its sign but for the first."""
        if not isinstance(node, Operation) or node.sign not in {"+", "-"}:
            return [self._text(node)]
        return [*self._terms(node.left), f"{node.sign} {self._text(node.right, 1, is_right=True)}"]

    def _absent(self, node: Node) -> list[str]:
        """The attributes of which one that is absent makes the whole so, each once."""
        if isinstance(node, Name):
            field = self._fields[node.name]
            return [f"self.{field.attribute}"] if field.declared.optional else []
        if isinstance(node, (Number, Fold)):
            return []
        return list(dict.fromkeys((*self._absent(node.left), *self._absent(node.right))))

    def _text(self, node: Node, above: int = 0, *, is_right: bool = False) -> str:
        if isinstance(node, Number):
            if "." not in node.text:
                return str(int(node.text))
            self._imports.add(DECIMAL)
            return f'Decimal("{node.text}")'
        if isinstance(node, Name):
            return _member(self._fields[node.name], "self")
        if isinstance(node, Fold):
            return self._fold(node)
        level = _LEVEL.get(node.sign, 0)
        left, right = self._text(node.left, level), self._text(node.right, level, is_right=True)
        text = f"{left} {node.sign} {right}"
        return f"({text})" if level < above or (is_right and level == above and above) else text

    def _fold(self, fold: Fold) -> str:
        part = self._parts[fold.part]
        if fold.how == "count":
            return f"len(self.{part.attribute})"
        field, variable = self._inner(fold)
        values = f"{_member(field, variable)} for {variable} in self.{part.attribute}"
        if field.declared.kind in _WHOLE:
            return f"sum({values})"
        self._imports.add(DECIMAL)
        scale = field.declared.type.scale
        zero = f'Decimal("0.{"0" * scale}")' if scale else "Decimal()"
        return f"sum(({values}), {zero})"

    def _extreme(self, fold: Fold) -> str:
        field, variable = self._inner(fold)
        part = self._parts[fold.part]
        values = f"({variable}.{field.attribute} for {variable} in self.{part.attribute})"
        key = "key=lambda money: money.amount" if field.declared.kind == "money" else ""
        what = [key] if key else []
        what += [] if part.declared.minimum else ["default=None"]
        return f"{fold.how}({', '.join((values, *what))})" if what else f"{fold.how}{values}"

    def _inner(self, fold: Fold) -> tuple[PythonField, str]:
        part = self._parts[fold.part]
        return next(field for field in part.fields if field.declared.name == fold.field), part.variable


def _member(field: PythonField, owner: str) -> str:
    value = f"{owner}.{field.attribute}"
    return f"{value}.amount" if field.declared.kind == "money" else value
