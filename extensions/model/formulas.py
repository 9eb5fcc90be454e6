"""What is wrong with computed fields, and what their expressions may result in."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, NamedTuple

from ..language.formulas import Fold, Name, Number
from ..language.grammar import RESERVED_FIELDS
from ..text.problems import nearest
from .computed import EXACT, PLACES, Computed, evaluate, is_outside, range_of, result
from .keys import STATE, misspelt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..language.declarations import AggregateDeclaration, FieldDeclaration, PartDeclaration
    from ..language.formulas import Node
    from .fields import Field

    Owner = AggregateDeclaration | PartDeclaration

MOST_DIGITS = 28
"""With so many digits decimal numbers of Python are exact."""
_COMPARED = frozenset({"days", "moments"})


class _Kind(NamedTuple):
    """What an expression results in: its family, and its least and greatest value where it has some."""

    family: str
    optional: bool
    whole: bool = False
    scale: int = 0
    currency: str = ""
    low: Decimal = Decimal()
    high: Decimal = Decimal()
    minus_zero: bool = False
    """Whether it may be a product of zero and something negative."""

    @property
    def digits(self) -> int:
        """The most digits that it may have."""
        return len(f"{int(max(abs(self.low), abs(self.high)))}") + self.scale


class UnfitError(ValueError):
    """The expression cannot be computed; the message says why."""


# What is wrong -------------------------------------------------------------------------------------------------------


def complaints(aggregate: AggregateDeclaration, others: Sequence[AggregateDeclaration]) -> Iterator[tuple[str, str]]:
    """What is wrong with computed fields of an aggregate and its parts: the path of the field, and a message."""
    for owner in aggregate.owners:
        circle = _circle(owner)
        for each in owner.fields:
            if each.computed is None:
                continue
            if each.name in circle:
                yield each.path, f"{' → '.join((*circle, circle[0]))} are computed from each other; break the circle"
                continue
            if not each.pii and (personal := _personal(each, owner, aggregate)):
                yield each.path, f"is made of {personal!r}, which is pii; write pii here, too"
            try:
                with localcontext(EXACT):
                    _fit(each, _Reader(owner, aggregate, others).kind(each.computed.root, is_root=True))
            except UnfitError as problem:
                if str(problem):
                    yield each.path, str(problem)


def _personal(declared: FieldDeclaration, owner: Owner, aggregate: AggregateDeclaration) -> str:
    """The first field that is pii of those that it is made of."""
    fields = {each.name: each.pii for each in owner.fields}
    for part in aggregate.parts:
        fields |= {f"{part.name}.{each.name}": each.pii for each in part.fields}
    names = _names(declared.computed.root) if declared.computed else ()
    return next((name for name in names if fields.get(name)), "")


def _circle(owner: Owner) -> tuple[str, ...]:
    """Computed fields each of which is made of the next; none where there is no circle."""
    needed = {each.name: [*_names(each.computed.root)] for each in owner.fields if each.computed}
    for start, names in needed.items():
        way, rest = [start], [iter(names)]
        while rest:
            name = next(rest[-1], None)
            if name is None:
                rest.pop()
                way.pop()
            elif name == start:
                return tuple(way)
            elif name in needed and name not in way:
                way.append(name)
                rest.append(iter(needed[name]))
    return ()


def _names(node: Node) -> Iterator[str]:
    """The fields in an expression, those of a part as `lines.amount`."""
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Fold):
        yield f"{node.part}.{node.field}"
    elif not isinstance(node, Number):
        yield from _names(node.left)
        yield from _names(node.right)


def _fit(declared: FieldDeclaration, kind: _Kind) -> None:
    """Raise UnfitError where the field has another type than its expression."""
    spec, written = declared.spec, declared.spec.written
    if kind.family == "truth":
        is_fitting, fitting = spec.type.truth, "bool"
    elif kind.family == "amounts":
        is_fitting, fitting = spec.currencies == (kind.currency,), f"money({kind.currency})"
    elif kind.family != "numbers":
        raise UnfitError("is another field as it is; drop one of them")
    elif kind.whole:
        is_fitting, fitting = spec.type.whole, "int or bigint"
    else:
        is_fitting, fitting = spec.precision > 0 and spec.scale == kind.scale, f"decimal(…, {kind.scale})"
    if not is_fitting or spec.context:
        raise UnfitError(f"is {written}, and what is computed is {fitting}; write this type")
    if kind.optional and not declared.optional:
        raise UnfitError("may be absent, as something that it is made of may be; write '?' behind its type")
    if declared.optional and not kind.optional:
        raise UnfitError("is never absent, as nothing that it is made of is; drop the '?'")
    rounded = kind.family == "amounts" and kind.scale > PLACES
    digits = max(spec.precision, kind.digits if rounded else 0)
    if digits > MOST_DIGITS:
        raise UnfitError(
            f"may have {digits} digits; at most {MOST_DIGITS} are computed exactly, so write a smaller type"
        )


class _Reader:
    """Finds out what expressions of an owner result in."""

    def __init__(self, owner: Owner, aggregate: AggregateDeclaration, others: Sequence[AggregateDeclaration]) -> None:
        self._owner = owner
        self._aggregate = aggregate
        self._others = others

    def kind(self, node: Node, *, is_root: bool = False) -> _Kind:
        if isinstance(node, Number):
            number = Decimal(node.text)
            places = len(node.text.partition(".")[2])
            return _Kind("numbers", optional=False, whole=places == 0, scale=places, low=number, high=number)
        if isinstance(node, Name):
            return self._named(node.name)
        if isinstance(node, Fold):
            return self._folded(node, is_root=is_root)
        left, right = self.kind(node.left), self.kind(node.right)
        for each in (left, right):
            if each.digits > MOST_DIGITS:
                what = f"may have {each.digits} digits on the way; at most {MOST_DIGITS} are computed exactly"
                raise UnfitError(f"{what}, so write smaller types")
        if node.sign in {"+", "-", "*"}:
            return _arithmetic(node.sign, left, right)
        if left.family != right.family or left.currency != right.currency:
            raise UnfitError(f"compares {_said(left)} with {_said(right)}; both have to be of one kind")
        return _Kind("truth", left.optional or right.optional)

    def _named(self, name: str) -> _Kind:
        declared = next((each for each in self._owner.fields if each.name == name), None)
        if declared is None:
            raise UnfitError(self._unknown(name))
        return _of(declared)

    def _unknown(self, name: str) -> str:
        if any(part.name == name for part in self._aggregate.parts):
            return f"{name!r} is a part; say what to make of its items, such as count({name})"
        if self._owner is not self._aggregate and any(each.name == name for each in self._aggregate.fields):
            owner = self._aggregate.name
            return f"{name!r} is a field of {owner}; what is computed in a part is made of fields of the part alone"
        if name in RESERVED_FIELDS or (name == STATE and self._aggregate.lifecycle):
            return f"{name!r} is kept by the service, and nothing is computed from it; leave it out"
        return next(misspelt(name, self._owner), "")

    def _folded(self, fold: Fold, *, is_root: bool) -> _Kind:
        if self._owner is not self._aggregate:
            raise UnfitError(f"{fold.how} is of a part, and a part has none; use fields of the part alone")
        part = next((each for each in self._aggregate.parts if each.name == fold.part), None)
        if part is None:
            owner = next((each.name for each in self._others for one in each.parts if one.name == fold.part), "")
            if owner:
                raise UnfitError(
                    f"{fold.part!r} is a part of {owner}; only parts of {self._aggregate.name} are possible"
                )
            known = [each.name for each in self._aggregate.parts]
            raise UnfitError(f"unknown part {fold.part!r}{nearest(fold.part, known) or '; there is none'}")
        if fold.how == "count":
            return _Kind("numbers", optional=False, whole=True, low=Decimal(part.min), high=Decimal(part.max))
        declared = next((each for each in part.fields if each.name == fold.field), None)
        if declared is None:
            raise UnfitError(next(misspelt(fold.field, part), ""))
        kind, name = _of(declared), f"{fold.part}.{fold.field}"
        if kind.family not in {"numbers", "amounts"}:
            raise UnfitError(f"{name!r} is {declared.spec.written}; {fold.how} is of numbers and of money")
        if kind.optional:
            raise UnfitError(f"{name!r} may be absent in an item, and then there is no {fold.how} of all; drop its '?'")
        if fold.how == "sum":
            return kind._replace(low=min(kind.low * part.max, Decimal()), high=max(kind.high * part.max, Decimal()))
        if not is_root:
            raise UnfitError(f"{fold.how} is absent where there are no items; make it a field of its own, and use that")
        return kind._replace(optional=not part.min)


def _of(declared: FieldDeclaration) -> _Kind:
    """The values of a field."""
    spec, name = declared.spec, declared.name
    if declared.secret:
        raise UnfitError(f"{name!r} is secret, and what is computed is shown; leave it out")
    if spec.type.family in _COMPARED:
        return _Kind(spec.type.family, declared.optional)
    if spec.refers or spec.type.family not in {"numbers", "amounts"}:
        raise UnfitError(f"{name!r} is {spec.written}; only numbers, money, days and moments can be computed with")
    if spec.type.family == "amounts" and len(spec.currencies) != 1:
        few = f"money({spec.currencies[0] if spec.currencies else 'EUR'})"
        raise UnfitError(f"{name!r} may be in several currencies, which cannot be added; write {few}")
    low, high = range_of(spec)
    currency = spec.currencies[0] if spec.currencies else ""
    scale = PLACES if currency else spec.scale
    return _Kind(spec.type.family, declared.optional, not currency and not spec.precision, scale, currency, low, high)


def _arithmetic(sign: str, left: _Kind, right: _Kind) -> _Kind:
    families = {left.family, right.family}
    if not families <= {"numbers", "amounts"} or (
        left.family != right.family if sign != "*" else families == {"amounts"}
    ):
        what = {"+": "adds {} and {}", "-": "takes {1} from {0}", "*": "multiplies {} by {}"}[sign]
        raise UnfitError(f"{what.format(_said(left), _said(right))}; that has no meaning")
    if sign != "*" and left.currency != right.currency:
        raise UnfitError(f"mixes {left.currency} and {right.currency}, which cannot be added; use one currency")
    corners = [result(sign, one, two) for one in (left.low, left.high) for two in (right.low, right.high)]
    return _Kind(
        "amounts" if "amounts" in families else "numbers",
        left.optional or right.optional,
        left.whole and right.whole,
        left.scale + right.scale if sign == "*" else max(left.scale, right.scale),
        left.currency or right.currency,
        min(corners),
        max(corners),
        sign == "*" and not (left.whole and right.whole) and (_may_be_minus_zero(left, right)),
    )


def _may_be_minus_zero(left: _Kind, right: _Kind) -> bool:
    zero = [each.low <= 0 <= each.high for each in (left, right)]
    return (zero[0] and right.low < 0) or (zero[1] and left.low < 0)


def _said(kind: _Kind) -> str:
    return {"amounts": f"money({kind.currency})", "numbers": "a number", "truth": "a comparison"}.get(
        kind.family, "a moment" if kind.family == "moments" else "a day"
    )


# What it is ----------------------------------------------------------------------------------------------------------


def with_computed(
    fields: tuple[Field, ...], owner: Owner, aggregate: AggregateDeclaration, parts: Mapping[str, Sequence[Field]]
) -> tuple[Field, ...]:
    """The fields of an owner that was checked, those that are computed with what they are made of, and an example."""
    found = {each.name: each for each in fields}
    for declared in owner.fields:
        if declared.computed is not None:
            found[declared.name] = found[declared.name]._replace(computed=_computed(declared, owner, aggregate))
    body = {each.wire: each.examples[0] for each in fields if not each.computed and not each.is_many}
    items = {name: [{each.wire: each.examples[0] for each in inner}] for name, inner in parts.items()}
    for name, each in found.items():
        if each.computed:
            value = evaluate(name, found, body | items, parts)
            is_fitting = value is not None and not is_outside(each, value)
            found[name] = each._replace(examples=(value,) if is_fitting else each.examples[:1])
    return tuple(found.values())


def _computed(declared: FieldDeclaration, owner: Owner, aggregate: AggregateDeclaration) -> Computed:
    if (formula := declared.computed) is None:
        raise ValueError(declared.path)
    with localcontext(EXACT):
        kind = _Reader(owner, aggregate, ()).kind(formula.root, is_root=True)
    is_number = kind.family in {"numbers", "amounts"}
    low, high = range_of(declared.spec) if is_number else (kind.low, kind.high)
    return Computed(
        formula.written,
        formula.root,
        rounds=kind.family == "amounts" and kind.scale > PLACES,
        may_be_minus_zero=kind.minus_zero,
        too_low=low if kind.low < low else None,
        too_high=high if kind.high > high else None,
    )
