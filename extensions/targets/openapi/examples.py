"""The examples of an aggregate: sent and shown, after each action, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text.sentences import alternatives
from .aggregate import Fields, actions, commands, shown, with_article
from .samples import CREATED_AT, CURSOR, MODIFIED_AT, example, identity, seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .json_schema import Json


def examples(aggregate: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Component → example."""
    name, one = aggregate["schema"], with_article(aggregate)
    create = _sent(aggregate)
    parts = {part["wire"]: [_sent(part)] for part in aggregate["parts"]}
    yield f"{name}.create", {"summary": f"A new {aggregate['title']}", "value": create | parts}
    yield (
        f"{name}.patch",
        {"summary": f"Another {alternatives(_changed_titles(aggregate))}", "value": _changes(aggregate) or parts},
    )
    view = _view(aggregate)
    yield name, {"summary": f"{one[:1].upper()}{one[1:]} with all its members", "value": view}
    for action in {action["target"]: action for action in reversed(actions(aggregate))}.values():
        sent = {field["attribute"]: field for field in action["command"]["fields"]} if action["command"] else {}
        stamps = {sent[name]["wire"]: example(sent[name]) for name in action["sets"]}
        stamps |= {action["stamps"]: MODIFIED_AT} if action["stamps"] else {}
        for each in action["assigned"]:
            if each["inside"]:
                stamps[each["field"]] = stamps.get(each["field"], {}) | {each["inside"]: _assigned(each)}
            else:
                stamps[each["field"]] = _assigned(each)
        after = {"status": action["target"], "modified_at": MODIFIED_AT}
        yield (
            f"{name}.{action['enters'].lower()}",
            {"summary": f"After: {action['description']}", "value": _ordered(aggregate, view | stamps | after)},
        )
    for action in commands(aggregate):
        command = action["command"]
        yield (
            command["name"],
            {
                "summary": f"To {action['title']} {one}",
                "value": {field["wire"]: example(field) for field in command["fields"]},
            },
        )
    yield (
        f"{name}.page",
        {"summary": f"A page that is not the last, cut to {one}", "value": {"items": [view], "next": CURSOR}},
    )


def _assigned(given: Mapping[str, Any]) -> Any:
    if not given["moment"]:
        return given["value"]
    return MODIFIED_AT[:10] if given["kind"] == "date" else MODIFIED_AT


def _sent(owner: Mapping[str, Any]) -> Json:
    """What is sent of an aggregate or an item of a part."""
    return {field["wire"]: example(field) for field in owner["input_fields"] if not field["excluded"]}


def _changed(aggregate: Mapping[str, Any]) -> Fields:
    """The first two fields, rather those that no rule is about: another value of them keeps all rules."""
    fields: Fields = [field for field in aggregate["input_fields"] if not field["excluded"]]
    ruled = {wire for rule in aggregate["rules"] for wire in rule["wires"]}
    return ([field for field in fields if field["wire"] not in ruled] or fields)[:2]


def _changes(aggregate: Mapping[str, Any]) -> Json:
    """Other values of them."""
    return {field["wire"]: field["examples"][min(1, len(field["examples"]) - 1)] for field in _changed(aggregate)}


def _changed_titles(aggregate: Mapping[str, Any]) -> list[str]:
    titles = [field["title"] for field in _changed(aggregate)]
    return titles or [part["titles"] for part in aggregate["parts"]] or [aggregate["title"]]


def _view(aggregate: Mapping[str, Any]) -> Json:
    """The resource right after it was created."""
    view: Json = {"id": identity(aggregate["schema"])}
    for field in shown(aggregate):
        if field["computed"] or not (field["readonly"] or field["excluded"]):
            view[field["wire"]] = seen(field)
        elif field["default"] is not None:
            view[field["wire"]] = field["default"]["json"]
        elif field["starts_empty"]:
            view[field["wire"]] = {}
        elif field["begins"]:
            view[field["wire"]] = CREATED_AT if field["begins"] == "at" else CREATED_AT[:10]
    for part in aggregate["parts"]:
        view[part["wire"]] = [{field["wire"]: example(field) for field in shown(part) if not field["excluded"]}]
    if aggregate["lifecycle"]:
        view["status"] = aggregate["lifecycle"]["initial"]
    return view | {"created_at": CREATED_AT, "modified_at": CREATED_AT}


def _ordered(aggregate: Mapping[str, Any], view: Json) -> Json:
    """The members in the order of the schema."""
    own = [*(field["wire"] for field in shown(aggregate)), *(part["wire"] for part in aggregate["parts"])]
    return {wire: view[wire] for wire in ["id", *own, "status", "created_at", "modified_at"] if wire in view}
