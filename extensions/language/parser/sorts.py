"""What lists are ordered by: fields that callers may choose, several of them together, and the order of all others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...text.problems import kind_of, show
from ..declarations import OrderDeclaration, SortKey
from ..grammar import MOST_IN_SORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .place import Place

TOGETHER = "[last_name, first_name]"
SUCH_AS = f"such as [placed_at, number, {TOGETHER}]"

_DIRECTIONS = {"desc": "-", "descending": "-", "newest": "-", "latest": "-", "asc": "", "ascending": "", "oldest": ""}
"""What people write who know SQL → what is written before the name."""


def read_sort(place: Place, raw: object) -> tuple[tuple[str, ...], tuple[OrderDeclaration, ...]]:
    """The fields by which lists can be ordered, and those that go together; one name alone is a list of one."""
    if raw is None:
        return (), ()
    values = [raw] if isinstance(raw, str) else raw
    if not isinstance(values, list):
        place.add(f"expected a list of fields, {SUCH_AS}, not {kind_of(raw)}")
        return (), ()
    names: list[str] = []
    orders: list[OrderDeclaration] = []
    for item, value in enumerate(values):
        if isinstance(value, list):
            order = _together(place, value, item)
            if order is not None and _is_new(place, order, orders):
                orders.append(order)
        elif not isinstance(value, str):
            place.add(f"expected the name of a field, or several such as {TOGETHER}, not {kind_of(value)}", item)
        elif value in names:
            place.add(f"lists {value!r} twice; drop one", item)
        elif "," in value:
            place.add(f"{show(value)} is one text; write fields that are sorted by together as {_listed(value)}", item)
        elif (key := _key(place, value, item, signed=False)) is not None:
            names.append(key)
    return tuple(names), tuple(orders)


def read_order(place: Place, raw: object) -> OrderDeclaration | None:
    """The order of lists that are asked for none; nothing where it is not said, or wrong."""
    if raw is None:
        return None
    values = [raw] if isinstance(raw, str) else raw
    if not isinstance(values, list):
        place.add(f"expected fields, such as [-placed_at, number], not {kind_of(raw)}{_of_mapping(raw)}")
        return None
    if not values:
        place.add("[] has no fields; expected one at least, such as [-placed_at, number]")
        return None
    if isinstance(raw, str) and "," in raw:
        place.add(f"{show(raw)} is one text; write {_listed(raw)}")
        return None
    return _order(place, values, None)


def _together(place: Place, values: list[Any], item: int) -> OrderDeclaration | None:
    """A combination of fields, of which there are two at least."""
    if not values:
        place.add(f"[] has no fields; expected two at least, such as {TOGETHER}", item)
        return None
    if len(values) == 1 and isinstance(values[0], str):
        place.add(f"[{values[0]}] is one field; write {values[0].removeprefix('-')} without the brackets", item)
        return None
    return _order(place, values, item)


def _order(place: Place, values: Sequence[Any], item: int | None) -> OrderDeclaration | None:
    keys: list[SortKey] = []
    for number, value in enumerate(values):
        spot = number if item is None else item
        if not isinstance(value, str):
            place.add(f"expected the name of a field, not {kind_of(value)}{_of_mapping(value)}", spot)
            return None
        name = _key(place, value, spot, signed=True)
        if name is None:
            return None
        key = SortKey(name.removeprefix("-"), descending=name.startswith("-"))
        if any(each.name == key.name for each in keys):
            place.add(f"has {key.name!r} twice; drop one", spot)
            return None
        keys.append(key)
    if len(keys) > MOST_IN_SORT:
        place.add(f"has {len(keys)} fields; at most {MOST_IN_SORT} are possible", item)
        return None
    return OrderDeclaration(tuple(keys), item)


def _is_new(place: Place, order: OrderDeclaration, others: Sequence[OrderDeclaration]) -> bool:
    for other in others:
        if order.keys in {other.keys, other.backwards}:
            again = "again" if order.keys == other.keys else "backwards, which callers can ask for"
            place.add(f"{order.written} is {other.written} {again}; drop one of them", order.item)
            return False
    return True


def _key(place: Place, text: str, spot: int | None, *, signed: bool) -> str | None:
    """The name, with its sign; nothing where it is written as in other languages."""
    name, *words = re.sub(r"[:+]", " ", text).split() or [""]
    if len(words) == 1 and words[0].lower() in _DIRECTIONS:
        sign = _DIRECTIONS[words[0].lower()] if signed else ""
        why = "" if signed else "the caller chooses the direction; "
        place.add(f"{show(text)} has a word for its direction; {why}write {sign}{name}", spot)
        return None
    if words or not text.strip() or text.startswith("+"):
        place.add(f"{show(text)} is not the name of a field; expected one such as {'-' * signed}placed_at", spot)
        return None
    return text


def _listed(text: str) -> str:
    return f"[{', '.join(name.strip() for name in text.split(',') if name.strip())}]"


def _of_mapping(value: object) -> str:
    """What `placed_at: desc` is here."""
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    ((name, direction),) = value.items()
    sign = _DIRECTIONS.get(str(direction).lower())
    return "" if sign is None else f"; write {sign}{name}"
