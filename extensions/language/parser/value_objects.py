"""Value objects: the types that the domain itself defines, below `types:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...text.problems import KEY, Word, kind_of
from ...types import OBJECT, Member, Spec
from ..declarations import TypeDeclaration
from ..grammar import MOST_FIELDS_OF_A_TYPE, MOST_TYPES, TYPE_KEYS
from .fields import read_fields, refuse_now
from .formula import refuse_computed
from .place import check_keys, is_pascal, read_description, read_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..declarations import FieldDeclaration
    from .place import Place

_NOT_INSIDE = {
    "unique": "has no meaning in a type: its fields are in no key",
    "ignorecase": "has no meaning in a type: nothing compares its fields",
    "index": "has no meaning in a type: its fields have no index",
    "readonly": "is said of the field that is of the type",
}


def read_types(place: Place, raw: object) -> tuple[TypeDeclaration, ...]:
    """All types of the domain, except those that are wrong."""
    if raw is None:
        return ()
    mapping = read_mapping(place, raw, "a mapping of types by name, such as Address: {street: string(120)}")
    if len(mapping) > MOST_TYPES:
        place.add(f"has {len(mapping)} types; at most {MOST_TYPES} are possible")
        return ()
    types = []
    inside = place._replace(objects={name: _unread(name) for name in mapping})
    for name, value in mapping.items():
        if is_pascal(place / name, name, "the name of the type", KEY):
            types.append(_type(inside / name, name, value))
    return tuple(types)


def objects_of(types: Iterable[TypeDeclaration], raw: object) -> dict[str, Spec | None]:
    """Name → the type of its fields; nothing where the type itself is wrong, which is said there."""
    found: dict[str, Spec | None] = dict.fromkeys(raw) if isinstance(raw, dict) else {}
    for each in types:
        sound = each.fields and {field.name for field in each.fields} == each.mentioned
        if sound and not any(field.spec.members_of for field in each.fields):
            found[each.name] = Spec(OBJECT, target=each.name, members_of=tuple(map(_member, each.fields)))
    return {name: spec for name, spec in found.items() if isinstance(name, str)}


def refuse_objects(place: Place, fields: Iterable[FieldDeclaration], where: str) -> None:
    """Complain of value objects where there can be none."""
    for declared in fields:
        if declared.spec.members_of:
            message = (
                f"{declared.spec.target} is a type of this domain, which fields of an aggregate or a part can have, "
                f"not those of {where}; write out its fields"
            )
            place.problems.add(declared.path, message, Word(declared.spec.target))


def _unread(name: str) -> Spec:
    """What stands for a type where it cannot be used."""
    return Spec(OBJECT, target=name, members_of=(Member(name, Spec(OBJECT)),))


def _member(declared: FieldDeclaration) -> Member:
    return Member(
        wire=declared.wire,
        spec=declared.spec,
        optional=declared.optional,
        has_default=declared.has_default,
        default=declared.default,
        given=(declared.example,) if declared.has_example else (),
        secret=declared.secret,
    )


def _type(place: Place, name: str, raw: object) -> TypeDeclaration:
    if raw and not isinstance(raw, dict):
        place.add(
            f"expected a mapping of fields, such as {{street: string(120)}}, not {kind_of(raw)}; "
            "a type of one value is written at each field, such as enum(low, high)"
        )
        return TypeDeclaration(place.path, name)
    body = read_mapping(place, raw, "") if raw else {}
    description = ""
    listed: object = body
    if isinstance(body.get("fields"), dict) and not isinstance(body["fields"].get("type"), str):
        if "rules" in body:
            (place / "rules").add("a type has no rules; such a rule is code in service.py", KEY)
        check_keys(place, {key: value for key, value in body.items() if key != "rules"}, TYPE_KEYS)
        description, listed = read_description(place, body), body["fields"]
        fields_at = place / "fields"
    else:
        fields_at = place
    if not body or not listed:
        place.add("has no fields; expected at least one, such as street: string(120)")
        return TypeDeclaration(place.path, name)
    fields = refuse_computed(fields_at, read_fields(fields_at, listed))
    if len(fields) > MOST_FIELDS_OF_A_TYPE:
        fields_at.add(f"has {len(fields)} fields; at most {MOST_FIELDS_OF_A_TYPE} are possible in a type")
    refuse_now(place, fields, "a type")
    for declared in fields:
        _check_field(place, declared)
    if all(declared.secret for declared in fields):
        fields_at.add("has nothing but secrets; write secret at the field that is of the type instead")
    return TypeDeclaration(place.path, name, fields, description, frozenset(_names(listed)))


def _names(listed: object) -> Iterable[str]:
    return (key for key in listed if isinstance(key, str)) if isinstance(listed, dict) else ()


def _check_field(place: Place, declared: FieldDeclaration) -> None:
    """Complain of what no field of a type can be."""
    row = declared.spec.type
    wrong: Mapping[str, str] = {word: why for word, why in _NOT_INSIDE.items() if getattr(declared, word)}
    for word, why in wrong.items():
        place.problems.add(declared.path, f"{word} {why}; drop it here", Word(word))
    if declared.spec.members_of:
        message = f"{declared.spec.target} is a type, too, and there are none in each other; write out its fields"
        place.problems.add(declared.path, message, Word(declared.spec.target))
    elif row.many:
        place.problems.add(
            declared.path, "a type has no lists of references; make it a field of the aggregate, or a part"
        )
    elif declared.on_delete not in {None, "restrict"}:
        message = f"on_delete={declared.on_delete} is not possible in a type, whose references keep what they lead to"
        message += "; drop it, or make it a field of the aggregate"
        place.problems.add(declared.path, message, Word("on_delete"))
    elif row.shapeless:
        place.problems.add(declared.path, "a type has no json; make it a field of the aggregate, or name its fields")
