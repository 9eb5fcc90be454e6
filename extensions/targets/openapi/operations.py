"""The paths of an aggregate with their operations: the collection, an item of it, and the actions of its lifecycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text.sentences import alternatives, together
from .aggregate import actions, distinct, with_article
from .json_schema import Json, ref
from .parameters import list_parameters
from .problems import ANY_OPERATION
from .wire import MOST_TAKEN_ALONG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def paths(aggregate: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Path → its operations."""
    collection = f"/{aggregate['path']}"
    item = f"{collection}/{{{aggregate['id_param']}}}"
    id_param = [ref("parameters", aggregate["id_param"])]
    yield collection, {"get": _list(aggregate), "post": _create(aggregate)}
    yield (
        item,
        {
            "parameters": id_param,
            "get": _get(aggregate),
            "patch": _update(aggregate),
            "delete": _delete(aggregate),
        },
    )
    for action in actions(aggregate):
        yield f"{item}/{action['path']}", {"parameters": id_param, "post": _act(aggregate, action)}


def tag(aggregate: Mapping[str, Any]) -> Json:
    """What groups the operations of the aggregate."""
    description = aggregate["description"]
    if aggregate["lifecycle"]:
        states = ", ".join(state["value"] for state in aggregate["lifecycle"]["states"])
        description = f"{description} Its states: {states}."
    return {"name": _tag_name(aggregate), "description": description}


def _tag_name(aggregate: Mapping[str, Any]) -> str:
    name: str = aggregate["titles"]
    return name.capitalize()


# The collection ------------------------------------------------------------------------------------------------------


def _list(aggregate: Mapping[str, Any]) -> Json:
    titles = aggregate["titles"]
    return _operation(
        aggregate,
        "read",
        f"list_{aggregate['plural']}",
        f"List {titles}",
        f"A page of {titles}, {_order(aggregate)} unless `sort` says otherwise.",
        parameters=list_parameters(aggregate),
        responses={"200": f"{aggregate['schema']}.page"} | _errors(aggregate, "400", "403"),
    )


def _order(aggregate: Mapping[str, Any]) -> str:
    """How a list is ordered that is asked for nothing else."""
    return "the newest first" if aggregate["order"] == "-created_at" else f"in the order of `{aggregate['order']}`"


def _create(aggregate: Mapping[str, Any]) -> Json:
    name, title = aggregate["schema"], aggregate["title"]
    return _operation(
        aggregate,
        "write",
        f"create_{aggregate['singular']}",
        f"Create {with_article(aggregate)}",
        f"Stores a new {title} and answers with it and its address.{distinct(aggregate)}",
        parameters=[ref("parameters", "idempotency_key")],
        body=_body(aggregate, "application/json", f"{name}Create", "create", f"The new {title}."),
        responses={"201": f"{name}.created"} | _errors(aggregate, "400", "403", "409", "410", "413", "415"),
    )


# An item -------------------------------------------------------------------------------------------------------------


def _get(aggregate: Mapping[str, Any]) -> Json:
    title = aggregate["title"]
    return _operation(
        aggregate,
        "read",
        f"get_{aggregate['singular']}",
        f"Get {with_article(aggregate)}",
        f"The {title} as it is now; 304 without a body when `If-None-Match` names its current version.",
        parameters=[ref("parameters", "if_none_match")],
        responses={"200": aggregate["schema"], "304": "not-modified"} | _errors(aggregate, "400", "403", "404"),
    )


def _update(aggregate: Mapping[str, Any]) -> Json:
    name, title = aggregate["schema"], aggregate["title"]
    errors = _errors(aggregate, "400", "403", "404", "409", "412", "413", "415", "428")
    return _operation(
        aggregate,
        "write",
        f"update_{aggregate['singular']}",
        f"Change {with_article(aggregate)}",
        f"A JSON merge patch (RFC 7396) of the {title}: absent members stay, null empties an optional one."
        + distinct(aggregate),
        parameters=[ref("parameters", "if_match")],
        body=_body(aggregate, "application/merge-patch+json", f"{name}Patch", "patch", f"What changes of the {title}."),
        responses={"200": name} | errors,
    )


def _delete(aggregate: Mapping[str, Any]) -> Json:
    return _operation(
        aggregate,
        "write",
        f"delete_{aggregate['singular']}",
        f"Delete {with_article(aggregate)}",
        f"Removes the {aggregate['title']}"
        + (" with all that belongs to it." if aggregate["parts"] else ".")
        + _taken(aggregate),
        parameters=[ref("parameters", "if_match")],
        responses={"204": "no-content"} | _errors(aggregate, "400", "403", "404", "409", "412", "428"),
    )


def _taken(aggregate: Mapping[str, Any]) -> str:
    """What becomes of that which refers to it, with a space before it."""
    if not aggregate["deletion"]:
        return ""
    return (
        f" {aggregate['deletion']} What changes so has a new version. The scope of this operation is enough for all of "
        f"it. If it is about more than {MOST_TAKEN_ALONG} resources, or another one refers to what would go, nothing "
        "happens and the answer is 409."
    )


# An action -----------------------------------------------------------------------------------------------------------


def _act(aggregate: Mapping[str, Any], action: Mapping[str, Any]) -> Json:
    sources, command = alternatives(action["sources"]), action["command"]
    codes = ["400", "403", "404", "409", "410", "412", *(("413", "415") if command else ())]
    return _operation(
        aggregate,
        "write",
        action["operation_id"],
        action["description"].rstrip("."),
        f"Takes the {aggregate['title']} from {sources} to {action['target']}; in any other state it is refused with "
        f"409.{_assigned(action)}{_emptied(action)}",
        parameters=[ref("parameters", "idempotency_key"), ref("parameters", "sent_if_match")],
        body=_sent(aggregate, action) if command else None,
        responses={"200": aggregate["schema"]} | _errors(aggregate, *codes),
    )


def _assigned(action: Mapping[str, Any]) -> str:
    """What is set by the action itself: a sentence, with a space before it."""
    found = [f"`{each['wire']}` to {each['text']}" for each in action["assigned"]]
    return f" Sets {together(found)}." if found else ""


def _emptied(action: Mapping[str, Any]) -> str:
    """What is absent after the action: a sentence, with a space before it."""
    return f" Empties {together(f'`{wire}`' for wire in action['cleared'])}." if action["cleared"] else ""


def _sent(aggregate: Mapping[str, Any], action: Mapping[str, Any]) -> Json:
    """The body of an action, which may be left out where nothing of it is required."""
    command, title = action["command"], f"{action['title']} {with_article(aggregate)}"
    body = _content(aggregate, "application/json", command["schema"], command["name"], f"What is sent to {title}.")
    return body | {"required": not command["optional"]}


# What all of them have -----------------------------------------------------------------------------------------------


def _operation(
    aggregate: Mapping[str, Any],
    right: str,
    operation_id: str,
    summary: str,
    description: str,
    *,
    parameters: list[Json],
    responses: Mapping[str, str],
    body: Json | None = None,
) -> Json:
    """`right` is read or write; `responses` are status → component."""
    codes = dict(responses) | ANY_OPERATION
    operation: Json = {
        "operationId": operation_id,
        "summary": summary,
        "description": description,
        "tags": [_tag_name(aggregate)],
        "security": [{"bearer": [aggregate[f"scope_{right}"]]}],
        "parameters": parameters,
    }
    if body is not None:
        operation["requestBody"] = body
    operation["responses"] = {code: ref("responses", codes[code]) for code in sorted(codes)}
    operation["responses"]["default"] = ref("responses", "problem")
    return operation


def _body(aggregate: Mapping[str, Any], media_type: str, schema: str, example: str, description: str) -> Json:
    return _content(aggregate, media_type, schema, f"{aggregate['schema']}.{example}", description)


def _content(aggregate: Mapping[str, Any], media_type: str, schema: str, example: str, description: str) -> Json:
    return {
        "required": True,
        "description": description,
        "content": {
            media_type: {
                "schema": ref("schemas", schema),
                "examples": {aggregate["singular"]: ref("examples", example)},
            }
        },
    }


def _errors(aggregate: Mapping[str, Any], *codes: str) -> dict[str, str]:
    """Status → the component with its problem."""
    name = aggregate["schema"]
    names = {
        "400": f"{name}.invalid",
        "403": f"{name}.forbidden",
        "404": f"{name}.not-found",
        "409": f"{name}.conflict",
        "410": "gone",
        "412": "precondition-failed",
        "413": "content-too-large",
        "415": "unsupported-media-type",
        "428": "precondition-required",
    }
    return {code: names[code] for code in codes}
