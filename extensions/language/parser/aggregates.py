"""Aggregates and their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text import english, naming
from ...text.problems import KEY, Word, kind_of, show
from .. import renames
from ..combinations import without_use
from ..declarations import AggregateDeclaration, PartDeclaration
from ..elsewhere import counterpart
from ..grammar import AGGREGATE_KEYS, MOST_AGGREGATES, MOST_PARTS, PART_KEYS, TOP_KEYS
from ..references import IN_PART
from .fields import check_now, read_fields, refuse_now
from .filters import read_filter
from .keys import read_unique
from .lifecycle import read_lifecycle
from .place import check_keys, is_kebab, is_pascal, is_snake, read_description, read_mapping
from .rules import read_rules
from .search import read_search
from .sorts import read_order, read_sort

if TYPE_CHECKING:
    from ..declarations import FieldDeclaration
    from .place import Place

PARTS_WITHOUT_MAX = 100


def read_aggregates(place: Place, raw: object) -> tuple[AggregateDeclaration, ...]:
    """All aggregates of the domain, except those whose names are wrong."""
    if raw is None or raw == {}:
        place.add("is missing; expected a mapping of at least one aggregate, such as Order")
        return ()
    mapping = read_mapping(place, raw, "a mapping of aggregates by name")
    if len(mapping) > MOST_AGGREGATES:
        place.add(f"has {len(mapping)} aggregates; at most {MOST_AGGREGATES} are possible")
        return ()
    aggregates = tuple(
        _aggregate(place / name, name, value)
        for name, value in mapping.items()
        if not _belongs_above(place / name, name) and is_pascal(place / name, name, "the name of the aggregate", KEY)
    )
    for path, complaint in renames.within(aggregates, set(mapping), "an aggregate"):
        place.problems.add(path, complaint)
    for path, complaint in without_use(aggregates):
        place.problems.add(path, complaint, Word("ignorecase"))
    return aggregates


def _belongs_above(place: Place, name: str) -> bool:
    """Complain of a key of the domain that is indented too far."""
    if name not in TOP_KEYS:
        return False
    place.add(f"{name!r} is a key of the domain, not an aggregate; indent it less", KEY)
    return True


def _aggregate(place: Place, name: str, raw: object) -> AggregateDeclaration:
    plural = english.plural(naming.snake(name))
    if raw is None or raw == {}:
        place.add("has no fields; expected at least one, such as name: string(120)")
        return AggregateDeclaration(place.path, name, plural)
    body = read_mapping(place, raw, "a mapping of fields, or of `fields:`, `parts:`, `lifecycle:` …")
    if not is_whole_aggregate(body) and not _is_whole_elsewhere(body):
        fields = read_fields(place, body) if body else ()
        check_now(place, fields)
        return AggregateDeclaration(place.path, name, plural, fields, mentioned=frozenset(body))
    check_keys(place, body, AGGREGATE_KEYS)
    listed = body.get("fields")
    is_called = listed is None and _calls_fields(body)
    fields = () if is_called else _some_fields(place / "fields", listed, "name: string(120)")
    check_now(place, fields)
    sort, together = read_sort(place / "sort", body.get("sort"))
    return AggregateDeclaration(
        place.path,
        name,
        description=read_description(place, body),
        plural=_plural(place / "plural", body.get("plural")) or plural,
        renamed_from=_former(place / "renamed_from", body.get("renamed_from")),
        fields=fields,
        mentioned=_mentioned(listed),
        parts=_parts(place / "parts", body.get("parts")),
        lifecycle=read_lifecycle(place / "lifecycle", body.get("lifecycle")),
        unique=read_unique(place / "unique", body.get("unique")),
        rules=read_rules(place / "rules", body.get("rules")),
        filter=read_filter(place / "filter", body.get("filter")),
        sort=sort,
        sort_together=together,
        order=read_order(place / "order", body.get("order")),
        search=read_search(place / "search", body.get("search")),
    )


def is_whole_aggregate(body: dict[str, Any]) -> bool:
    """Whether the mapping has `fields:` and its siblings, rather than being the fields itself."""
    if isinstance(body.get("fields"), dict) or ("fields" in body and body["fields"] is None):
        return True
    structured = {
        key
        for key in ("parts", "lifecycle", "unique", "rules", "filter", "sort", "order", "search", "fields")
        if isinstance(body.get(key), (dict, list))
    }
    return any(not (isinstance(body[key], dict) and isinstance(body[key].get("type"), str)) for key in structured)


def _is_whole_elsewhere(body: dict[str, Any]) -> bool:
    """Whether the mapping is an aggregate in the words of others, such as `properties:`."""
    return any(
        isinstance(value, dict)
        and not isinstance(value.get("type"), str)
        and key not in AGGREGATE_KEYS
        and counterpart(AGGREGATE_KEYS, key) in {"fields", "parts", "lifecycle"}
        for key, value in body.items()
    )


def _calls_fields(body: dict[str, Any]) -> bool:
    return any(key not in AGGREGATE_KEYS and counterpart(AGGREGATE_KEYS, key) == "fields" for key in body)


def _plural(place: Place, raw: object) -> str | None:
    if raw is None:
        return None
    if not isinstance(raw, str) or not is_kebab(raw):
        place.add(f"{show(raw)} is not a lower-case plural; expected one such as people")
        return None
    return naming.snake(raw)


def _former(place: Place, raw: Any) -> str | None:
    return raw if raw is not None and is_pascal(place, raw, "the former name") else None


def _some_fields(place: Place, raw: object, such_as: str) -> tuple[FieldDeclaration, ...]:
    """The fields, of which there is at least one."""
    if raw is None or raw == {}:
        place.add(f"has no fields; expected at least one, such as {such_as}")
        return ()
    return read_fields(place, raw)


def _mentioned(raw: object) -> frozenset[str]:
    """The names of all fields, those with problems too."""
    return frozenset(key for key in raw if isinstance(key, str)) if isinstance(raw, dict) else frozenset()


def _parts(place: Place, raw: object) -> tuple[PartDeclaration, ...]:
    if raw is None:
        return ()
    mapping = read_mapping(place, raw, "a mapping of parts, such as lines: {entity: OrderLine, …}")
    parts = (_part(place / name, name, value) for name, value in mapping.items())
    return tuple(part for part in parts if part is not None)


def _part(place: Place, name: str, raw: object) -> PartDeclaration | None:
    named = is_snake(place, name, "the part's name", KEY)
    body = read_mapping(place, raw, "a mapping with `entity:` and `fields:`")
    if not body:
        if isinstance(raw, dict):
            place.add("is empty; expected `entity:` and `fields:`")
        return None
    check_keys(place, body, PART_KEYS)
    entity = body.get("entity")
    if entity is None:
        (place / "entity").add("is missing; expected the name of one of them, such as OrderLine")
    else:
        named = is_pascal(place / "entity", entity, "the entity") and named
    most = body.get("max", PARTS_WITHOUT_MAX)
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_PARTS:
        (place / "max").add(f"expected a whole number from 1 to {MOST_PARTS}, not {show(most)}")
        most = PARTS_WITHOUT_MAX
    least = body.get("min", 0)
    if isinstance(least, bool) or not isinstance(least, int) or not 0 <= least <= 1:
        message = f"expected 1, or nothing, not {kind_of(least)}; more than one are for service.py to ask for"
        (place / "min").add(message)
        least = 0
    fields = _some_fields(place / "fields", body.get("fields"), "quantity: int(1..999)")
    refuse_now(place, fields, "a part")
    for declared in fields:
        if declared.secret:
            place.problems.add(
                declared.path,
                "a part has no secret, since it is replaced as a whole; drop the word",
                Word("secret"),
            )
        elif any(member.secret for member in declared.spec.members_of):
            place.problems.add(
                declared.path,
                f"{declared.spec.target} has secrets, and a part has none, since it is replaced as a whole; "
                "write out its other fields",
                Word(declared.spec.target),
            )
        if least and declared.on_delete == "cascade":
            message = (
                "a deletion that takes the last entry along would leave none; write on_delete=restrict, or drop `min:`"
            )
            place.problems.add(declared.path, message, Word("on_delete"))
        if declared.spec.type.many:
            one, target = english.singular(declared.name), declared.spec.target
            place.problems.add(declared.path, IN_PART.format(one=one, name=declared.name, target=target))
    if not named or entity is None:
        return None
    return PartDeclaration(
        place.path,
        name,
        entity,
        most,
        fields,
        read_description(place, body),
        mentioned=_mentioned(body.get("fields")),
        unique=read_unique(place / "unique", body.get("unique")),
        rules=read_rules(place / "rules", body.get("rules")),
        min=least,
    )
