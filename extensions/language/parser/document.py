"""The whole of `domain.yaml`: context, description, aggregates and the events of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...text import naming
from ...text.problems import KEY, Problems, kind_of, show
from ..declarations import Domain
from ..elsewhere import Known, counterpart
from ..grammar import TOP_KEYS
from .aggregates import read_aggregates
from .events import read_consumed
from .place import Place, is_kebab, read_description, read_mapping, unknown_key
from .value_objects import objects_of, read_types

if TYPE_CHECKING:
    from typing import Any


def parse(raw: object, problems: Problems) -> Domain:
    """Read the whole mapping; what is wrong is added to `problems` and left out of the result."""
    place = Place("", problems, Known.of(raw))
    if not isinstance(raw, dict):
        found = "the domain is empty" if raw is None else f"the domain is {kind_of(raw)}"
        place.add(f"{found}; expected a mapping with `context:` and `aggregates:`")
        return Domain("", "", (), ())
    top = read_mapping(place, raw, "")
    _check_keys(place, top)
    types = read_types(place / "types", top.get("types"))
    place = place._replace(objects=objects_of(types, top.get("types")))
    elsewhere = {counterpart(TOP_KEYS, key) for key in top if key not in TOP_KEYS} - top.keys()
    return Domain(
        "" if "context" in elsewhere else _context(place / "context", top.get("context")),
        read_description(place, top),
        () if "aggregates" in elsewhere else read_aggregates(place / "aggregates", top.get("aggregates")),
        read_consumed(place / "consumes", top.get("consumes")),
        types,
    )


def _check_keys(place: Place, top: dict[str, Any]) -> None:
    for key, value in top.items():
        if key in TOP_KEYS:
            continue
        if naming.PASCAL.fullmatch(key) and isinstance(value, dict):
            (place / key).add(f"an aggregate belongs under `aggregates:`; indent {show(key)} below it", KEY)
        else:
            unknown_key(place / key, key, value, TOP_KEYS, taken=top)


def _context(place: Place, raw: object) -> str:
    if raw is None:
        place.add("is missing; expected the name of this bounded context, such as ordering")
    elif not is_kebab(raw):
        place.add(
            f"{show(raw)} is not a lower-case name of at most {naming.LONGEST_NAME} characters; "
            "expected one such as ordering"
        )
    return raw if isinstance(raw, str) else ""
