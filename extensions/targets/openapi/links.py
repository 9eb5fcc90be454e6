"""The links of an aggregate: what can be done next with the resource of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .aggregate import actions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .json_schema import Json


def links(aggregate: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Component, which is named like the operation that it leads to → link."""
    module, title = aggregate["singular"], aggregate["title"]
    identity = {aggregate["id_param"]: "$response.body#/id"}
    versioned = identity | {"If-Match": "$response.header.ETag"}
    yield _link(f"get_{module}", f"Get the {title} again.", identity)
    yield _link(f"update_{module}", f"Change this version of the {title}.", versioned)
    yield _link(f"delete_{module}", f"Delete this version of the {title}.", versioned)
    for action in actions(aggregate):
        yield _link(action["operation_id"], action["description"], identity)


def _link(operation_id: str, description: str, parameters: Json) -> tuple[str, Json]:
    return operation_id, {"operationId": operation_id, "description": description, "parameters": parameters}
