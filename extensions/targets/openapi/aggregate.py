"""What several parts of the contract want to know of an aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text.sentences import together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Fields = list[dict[str, Any]]
Json = dict[str, Any]


def with_article(aggregate: Mapping[str, Any]) -> str:
    """Its title as a sentence needs it: `an order`."""
    return f"{aggregate['article']} {aggregate['title']}"


def actions(aggregate: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """The actions of its lifecycle that clients take."""
    listed = aggregate["lifecycle"]["actions"] if aggregate["lifecycle"] else ()
    return [action for action in listed if not action["internal"]]


def commands(aggregate: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """Those of them to which something is sent."""
    return [action for action in actions(aggregate) if action["command"]]


def shown(owner: Mapping[str, Any]) -> Fields:
    """The fields of an aggregate or a part that answers show."""
    return [field for field in owner["fields"] if field["sensitivity"] != "secret"]


def held(owner: Mapping[str, Any], schema: Json) -> Json:
    """The schema of what is sent of an aggregate or a part, with its rules: in words, and as they are written."""
    if not owner["rules"]:
        return schema
    said = " ".join((schema["description"], *(rule["sentence"] for rule in owner["rules"])))
    return schema | {"description": said, "x-rules": [rule["written"] for rule in owner["rules"]]}


def distinct(owner: Mapping[str, Any]) -> str:
    """What clients have to know of the keys of an aggregate or a part: a sentence each, with a space before it."""
    said = ""
    for key in owner["keys"]:
        unless = ", unless one of these is absent" if key["optional"] else ""
        said += f" No two {owner['titles']} have the same {together(f'`{wire}`' for wire in key['wires'])}{unless}."
    return said
