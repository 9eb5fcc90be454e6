"""Fields of aggregates, parts and events, in their in-line form or as a mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ...text.problems import KEY, Word, kind_of, show
from ...types import LONGEST_DEFAULT, TABLE, FieldTypeError, pattern_of
from .. import renames
from ..combinations import complaints
from ..declarations import FieldDeclaration
from ..elsewhere import answer_list, counterpart, embedded, relation
from ..grammar import FIELD_KEYS, FLAGS, MOST_FIELDS
from ..references import NO_DEFAULT
from .formula import read_formula
from .line import MOMENTS, NOW, read_line
from .on_delete import read_policy
from .place import check_keys, is_snake, read_description, read_flag, read_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...text.problems import Spot
    from ...types import Spec
    from ..elsewhere import Remedy
    from .line import Line
    from .place import Place


def read_fields(place: Place, raw: object) -> tuple[FieldDeclaration, ...]:
    """The fields of the mapping, except those whose names or types are wrong."""
    mapping = read_mapping(place, raw, "a mapping of fields, such as name: string(120)")
    if len(mapping) > MOST_FIELDS:
        place.add(f"has {len(mapping)} fields; at most {MOST_FIELDS} are possible")
        return ()
    if any(isinstance(value, str) and value.count("(") > value.count(")") for value in mapping.values()):
        # A comma inside braces has cut a type in two: its rest is now a key without a value.
        mapping = {name: value for name, value in mapping.items() if value is not None}
    found = (_field(place / name, name, value) for name, value in mapping.items())
    fields = tuple(declared for declared in found if declared is not None)
    for path, complaint in renames.within(fields, set(mapping), "a field"):
        place.problems.add(path, complaint)
    return fields


def _field(place: Place, name: str, raw: object) -> FieldDeclaration | None:
    if (remedy := _elsewhere(place, name, raw)) is not None:
        place.add(f"{show(name)} is not how it is said here; {remedy}", KEY)
        return None
    named = is_snake(place, name, "the field's name", KEY)
    body = _body(place, name, raw)
    if body is None:
        return None
    line = read_line(place if isinstance(raw, str) else place / "type", name, body["type"])
    if line is None:
        return None
    optional = read_flag(place, body, "optional") or line.optional
    flags = {flag for flag in FLAGS if read_flag(place, body, flag)} | line.flags
    on_delete = read_policy(place, line.on_delete, line.place, body)
    computed, is_computed = read_formula(place, line, body)
    if not named:
        return None
    description = read_description(place, body)
    former = _former(place / "renamed_from", body.get("renamed_from"))
    spec, sound = _bounded(place, line.spec, body)
    values = _values(place, line, spec, body) if sound else _Values(has_default=line.default is not None)
    declared = FieldDeclaration(
        place.path,
        name,
        spec,
        optional,
        unique="unique" in flags,
        ignorecase="ignorecase" in flags,
        index="index" in flags,
        readonly="readonly" in flags,
        pii="pii" in flags,
        secret="secret" in flags,
        on_delete=on_delete,
        default=values.default,
        has_default=values.has_default,
        begins_now=values.begins_now,
        example=values.example,
        has_example=values.has_example,
        description=description,
        renamed_from=former,
    )
    if is_computed and computed is None:
        return None  # what is wrong with it is said
    if computed:
        if declared.readonly:
            place.add("what is computed is in answers only anyhow; drop readonly", Word("readonly"))
        declared = replace(declared, computed=computed, readonly=True)
    for word, complaint in complaints(declared):
        place.add(complaint, Word(word))
    return declared


def check_now(place: Place, fields: Iterable[FieldDeclaration]) -> None:
    """Complain of fields of an aggregate that begin with its moment, and could be absent or changed."""
    what = "now is what the service sets when it is created"
    for declared in fields:
        if declared.begins_now and declared.optional:
            place.problems.add(declared.path, f"{what}, so it is never absent; drop the '?'", Word(NOW))
        elif declared.begins_now and declared.unique:
            place.problems.add(declared.path, "two may be created at the same moment; drop unique", Word("unique"))
        elif declared.begins_now and not declared.readonly:
            remedy = "write readonly before it, or drop '= now', and clients send it"
            place.problems.add(declared.path, f"{what}, and no client changes; {remedy}", Word(NOW))


def refuse_now(place: Place, fields: Iterable[FieldDeclaration], where: str) -> None:
    """Complain of fields that would begin with the moment at which an aggregate is created."""
    for declared in fields:
        if declared.begins_now:
            message = f"only a field of the aggregate itself begins with the moment of its creation; {where} has none"
            place.problems.add(declared.path, message, Word(NOW))


def _elsewhere(place: Place, name: str, raw: object) -> Remedy | None:
    """What to write for a relation or an object in the words of others."""
    if isinstance(raw, dict):
        return embedded(name, {key: value for key, value in raw.items() if isinstance(key, str)})
    if isinstance(raw, str) and raw.split("(")[0].split(" ")[0].rstrip("?") in {*TABLE, *place.objects}:
        return None
    return relation(name, raw, place.known)


def _body(place: Place, name: str, raw: object) -> dict[str, Any] | None:
    """The field as a mapping with its `type:`; nothing when it has none."""
    if isinstance(raw, str):
        return {"type": raw}
    if isinstance(raw, list) and (remedy := answer_list(name, raw, place.known)) is not None:
        place.add(f"expected a type, not a list; {remedy}", None, *([(None, remedy.write)] if remedy.exact else []))
        return None
    if not isinstance(raw, dict):
        place.add(f"expected a type, such as string(120), not {kind_of(raw)}")
        return None
    body = read_mapping(place, raw, "")
    check_keys(place, body, FIELD_KEYS)
    if any(counterpart(FIELD_KEYS, key) == "type" for key in body if key not in FIELD_KEYS):
        return None  # what to write for the type is said there
    if "type" not in body:
        place.add("has no type; expected `type:`, such as type: string(120)")
        return None
    if not isinstance(body["type"], str):
        (place / "type").add(f"expected a type, such as string(120), not {kind_of(body['type'])}")
        return None
    return body


def _former(place: Place, raw: object) -> str | None:
    """The field's name at the last update."""
    if raw is None:
        return None
    if not isinstance(raw, str):
        place.add(f"expected the field's former name, not {kind_of(raw)}")
        return None
    return raw if is_snake(place, raw, "the former name") else None


def _bounded(place: Place, spec: Spec, body: dict[str, Any]) -> tuple[Spec, bool]:
    """The type with its `min`, `max` and `pattern`, and whether they are right."""
    sound = True
    if body.get("min") is not None or body.get("max") is not None:
        try:
            spec = spec.type.bounded(spec, body.get("min"), body.get("max"))
        except FieldTypeError as problem:
            blamed = "max" if "min" not in body or str(problem).startswith("max") else "min"
            place.add(str(problem), Word(blamed))
            sound = False
    if (pattern := body.get("pattern")) is not None:
        patterned = _patterned(place / "pattern", spec, pattern)
        return patterned or spec, patterned is not None and sound
    return spec, sound


def _patterned(place: Place, spec: Spec, raw: object) -> Spec | None:
    """The type with its pattern; nothing when that is wrong."""
    if not spec.type.patterned:
        place.add(f"a pattern has no meaning for {spec.type.kind}; only string and text take one")
        return None
    try:
        pattern = pattern_of(raw)
    except FieldTypeError as problem:
        place.add(str(problem))
        return None
    spec = replace(spec, pattern=pattern)
    if next(spec.type.examples(spec), None) is None:
        shortest = spec.shortest
        if pattern.shortest > spec.length or (pattern.longest or shortest) < shortest:
            place.add(f"no text of {shortest} to {spec.length} characters matches {show(raw)}; change one of them")
            return None
    return spec


class _Values(NamedTuple):
    """Default and example in their wire form, as far as there are any."""

    default: Any = None
    has_default: bool = False
    example: Any = None
    has_example: bool = False
    begins_now: bool = False


def _values(place: Place, line: Line, spec: Spec, body: dict[str, Any]) -> _Values:
    begins_now = spec.type in MOMENTS and NOW in (body.get("default"), line.default)
    default, has_default = (None, False) if begins_now else _default(place, line, spec, body)
    example, has_example = None, False
    if body.get("example") is not None:
        try:
            example, has_example = spec.type.value(spec, body["example"]), True
        except FieldTypeError as problem:
            (place / "example").add(str(problem))
    elif spec.pattern is not None and next(spec.type.examples(spec), None) is None:
        place.add("no example for its pattern could be made up; give one with `example:`")
    return _Values(default, has_default, example, has_example, begins_now)


def _default(place: Place, line: Line, spec: Spec, body: dict[str, Any]) -> tuple[Any, bool]:
    """The default and whether there is one: that behind the type, or that of the key."""
    in_line = line.default
    if "default" in body and in_line is not None:
        (place / "default").add("is given twice, in the type's line and as a key; drop one")
    elif "default" not in body and in_line is None:
        return None, False
    given = body.get("default", in_line)
    spot: Spot = Word("default")
    if in_line is not None:
        place, spot = line.place, line.default_at
    if given is None:
        place.add("the default is nothing; drop it, or make the field optional with '?'", spot)
        return None, False
    if not spec.type.defaultable or spec.refers:
        what = "an id" if spec.context else f"a {spec.type.kind}"
        why = "since all would have the same identity" if not spec.members_of else "but its fields may have some"
        place.add(NO_DEFAULT if spec.type.many else f"{what} has no default, {why}; drop it", spot)
        return None, False
    try:
        default = spec.type.value(spec, given)
    except FieldTypeError as problem:
        place.add(f"the default: {problem}", spot)
        return None, False
    if len(str(default)) > LONGEST_DEFAULT:
        place.add(f"the default is too long; expected at most {LONGEST_DEFAULT} characters", spot)
    return default, True
