"""What the linters and fuzzers of the contract have to be told about names and values of the domain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Model = dict[str, Any]

_CREDENTIAL = re.compile(r"token|password|secret|apikey", re.IGNORECASE)
"""What OWASP's rules take for a credential in the name of a parameter."""


@dataclass(frozen=True, slots=True)
class ContractLinting:
    """The facts about the contract that decide which rules of its linters have exceptions."""

    action_ids: tuple[str, ...]
    """The operations that change a resource's state."""
    has_version_like_path: bool
    has_api_like_path: bool
    members: tuple[str, ...]
    """The names of what objects in the contract consist of."""
    has_null: bool
    """Whether some example or default of free JSON has null in it."""
    credential_places: tuple[str, ...]
    """Where a parameter's name is taken for a credential, as JSON pointers."""


def contract_linting(aggregates: Sequence[Model]) -> ContractLinting:
    """The facts about the contract of these aggregates."""
    members, paths = list(_members(aggregates)), list(_paths(aggregates))
    return ContractLinting(
        action_ids=tuple(action["operation_id"] for aggregate in aggregates for action in _actions(aggregate)),
        has_version_like_path=any(re.search("v[0-9]", path) for path in paths),
        has_api_like_path=any(path.startswith("/api") for path in paths),
        members=tuple(sorted({each["wire"] for each in members})),
        has_null=any(_has_null(_shown(each)) for each in members if each.get("kind") == "json"),
        credential_places=tuple(_credential_places(aggregates)),
    )


def _actions(aggregate: Model) -> Sequence[Model]:
    return aggregate["lifecycle"]["actions"] if aggregate["lifecycle"] else ()


def _members(aggregates: Iterable[Model]) -> Iterator[Model]:
    """Fields and parts: what the objects in the contract consist of."""
    for aggregate in aggregates:
        yield from (*aggregate["fields"], *aggregate["parts"])
        yield from (field for part in aggregate["parts"] for field in part["fields"])


def _paths(aggregates: Iterable[Model]) -> Iterator[str]:
    """The paths of the contract, each with those below it."""
    for aggregate in aggregates:
        below = [action["path"] for action in _actions(aggregate)]
        yield "/".join(["", aggregate["path"], aggregate["id_param"], *below])


def _shown(field: Model) -> list[Any]:
    """The values that the contract shows of a field."""
    default = [field["default"]["json"]] if field["default"] else []
    return [*default, *field["examples"]]


def _has_null(value: Any) -> bool:
    """Whether an object or a list has null in it, at any depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(each is None or _has_null(each) for each in inner)


def _credential_places(aggregates: Sequence[Model]) -> Iterator[str]:
    for aggregate in aggregates:
        if _CREDENTIAL.search(aggregate["id_param"]):
            yield f"/components/parameters/{aggregate['id_param']}"
    for aggregate in aggregates:
        if any(_CREDENTIAL.search(filter_["param"]) for filter_ in aggregate["filters"]):
            yield f"/paths/~1{aggregate['path']}/get/parameters"
