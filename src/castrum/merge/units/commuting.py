"""Whether two insertions in one place may stand in either order, and in which one they do."""

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise, product
from typing import Any

from .model import Order, Unit
from .python import route


def commute(one: Sequence[Unit], two: Sequence[Unit], order: Order) -> bool:
    """Whether both orders of the insertions mean the same."""
    both = (*one, *two)
    if order is Order.KEPT or any(unit.is_comment or not unit.part.is_entry for unit in both):
        return False
    names = [{unit.part.alias or unit.key for unit in side} | {unit.key for unit in side} for side in (one, two)]
    if names[0] & names[1]:
        return False
    if order is Order.KEYWORDS:
        return all(unit.key.endswith("=") for unit in both)
    if order is Order.CODE:
        return _independent(one, two)
    if order is Order.PATTERNS:
        return not any(unit.key.startswith("!") for unit in both)
    if order is Order.OWNERS:
        return not any(_overlap(left.key, right.key) for left, right in product(one, two))
    return True


def _independent(one: Sequence[Unit], two: Sequence[Unit]) -> bool:
    defined, used, acting = [], [], []
    for side in (one, two):
        defined.append(frozenset(chain.from_iterable(unit.part.defines for unit in side)))
        used.append(frozenset(chain.from_iterable(unit.part.uses for unit in side)))
        acting.append([unit for unit in side if unit.part.acts])
    imports = all(unit.key.startswith(("from ", "import ")) for unit in (*one, *two))
    if defined[0] & (used[1] | defined[1]) or defined[1] & used[0]:
        return imports and not _clash(one, two)
    return not (acting[0] and acting[1]) or _routes_apart(acting[0], acting[1])


def _clash(one: Sequence[Unit], two: Sequence[Unit]) -> bool:
    """Whether imports give one name to two things; `import a.b` and `import a.c` do not."""
    return not all(unit.key.startswith("import ") and " as " not in unit.key for unit in (*one, *two))


def _routes_apart(one: Iterable[Unit], two: Iterable[Unit]) -> bool:
    """Whether all of them are operations, and no request is for one of either side."""
    for left, right in product(one, two):
        first, second = route(left.lines), route(right.lines)
        if first is None or second is None:
            return False
        if first[0] == second[0] and _meet(first[1], second[1]):
            return False
    return True


def _meet(one: str, two: str) -> bool:
    left, right = one.strip("/").split("/"), two.strip("/").split("/")
    if any(":path}" in piece for piece in (*left, *right)):
        return True
    return len(left) == len(right) and all(a == b or "{" in a or "{" in b for a, b in zip(left, right, strict=True))


def _overlap(one: str, two: str) -> bool:
    """Whether a file may match both patterns, as far as that is not certain to be wrong."""
    if not (one.startswith("/") and two.startswith("/")) or any(mark in one + two for mark in "*?[!\\"):
        return True
    left, right = one.rstrip("/") + "/", two.rstrip("/") + "/"
    return left.startswith(right) or right.startswith(left)


def in_order(before: Unit | None, one: Sequence[Unit], two: Sequence[Unit], after: Unit | None) -> list[Unit]:
    """Both insertions: sorted where each of them is in a place that is sorted, else one after the other."""

    def is_sorted(units: Iterable[Unit | None]) -> bool:
        ranks = [_rank(unit) for unit in units if unit is not None and not unit.is_comment]
        return len(ranks) > 1 and all(left <= right for left, right in pairwise(ranks))

    if all(is_sorted((before, *side, after)) for side in (one, two)) and not any(unit.gap for unit in (*one, *two)):
        return sorted([*one, *two], key=_rank)
    return [*one, *two]


def _rank(unit: Unit) -> Any:
    """Where it is in a sorted list; imports as the formatter has them."""
    words = unit.key.split()
    if words and words[0] in {"from", "import"} and len(words) > 1:
        module = words[1]
        dots = len(module) - len(module.lstrip("."))
        return (dots > 0, words[0] == "from", -dots, module.lower(), " ".join(words[2:]))
    return (False, False, 0, unit.key.strip("\"'").lower(), "")
