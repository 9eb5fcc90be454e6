"""What the linters and fuzzers of the contract have to be told about names and values of the domain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .names import id_parameter, operation_id, path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ...model.domain import Aggregate, Filter, ValueType
    from ...model.fields import Field

_CREDENTIAL = re.compile(r"token|password|secret|apikey", re.IGNORECASE)
"""What OWASP's rules take for a credential in the name of a parameter."""


_PLAIN = re.compile("[A-Z][A-Z0-9_]*")
"""A state as the linter likes it."""


class ContractLinting(NamedTuple):
    """The facts about the contract that decide which rules of its linters have exceptions."""

    action_ids: tuple[str, ...]
    """The operations that change a resource's state."""
    bare_action_ids: tuple[str, ...]
    """Those of them that read no body."""
    command_ids: tuple[str, ...]
    """Those of them that read one."""
    has_version_like_path: bool
    has_api_like_path: bool
    members: tuple[str, ...]
    """The names of what objects in the contract consist of."""
    has_words_as_written: bool
    """Whether some enum has words that an API had before."""
    has_null: bool
    """Whether some example or default of free JSON has null in it."""
    credential_places: tuple[str, ...]
    """Where a parameter's name is taken for a credential, as JSON pointers."""
    numbered_places: tuple[str, ...]
    """Where parameters are ids of other contexts that are numbers there, as JSON pointers."""


def contract_linting(aggregates: Sequence[Aggregate], types: Iterable[ValueType] = ()) -> ContractLinting:
    """The facts about the contract of these aggregates, and of the value objects that they have."""
    fields = [field for aggregate in aggregates for field in aggregate.all_fields()]
    fields += [field for aggregate in aggregates for action in aggregate.public_actions for field in action.input]
    fields += [field for each in types for field in each.fields]
    actions = [(action, aggregate) for aggregate in aggregates for action in aggregate.public_actions]
    parts = [part for aggregate in aggregates for part in aggregate.parts]
    paths = list(_paths(aggregates))
    return ContractLinting(
        action_ids=tuple(operation_id(*each) for each in actions),
        bare_action_ids=tuple(operation_id(*each) for each in actions if not each[0].input),
        command_ids=tuple(operation_id(*each) for each in actions if each[0].input),
        has_version_like_path=any(re.search("v[0-9]", path) for path in paths),
        has_api_like_path=any(path.startswith("/api") for path in paths),
        members=tuple(sorted({*(field.wire for field in fields), *(part.name for part in parts)})),
        has_words_as_written=any(each.as_written for field in fields for each in (field.type, field.type.inner) if each)
        or any(
            not _PLAIN.fullmatch(state.name) for each in aggregates if each.lifecycle for state in each.lifecycle.states
        ),
        has_null=any(_has_null(_shown(field)) for field in fields if field.kind == "json"),
        credential_places=tuple(_credential_places(aggregates)),
        numbered_places=tuple(
            _list_parameters(aggregate) for aggregate in aggregates if any(map(_is_number, aggregate.filters))
        ),
    )


def _paths(aggregates: Iterable[Aggregate]) -> Iterator[str]:
    """The paths of the contract, each with those below it."""
    for aggregate in aggregates:
        below = [action.resource for action in aggregate.public_actions]
        yield "/".join(["", path_of(aggregate), id_parameter(aggregate), *below])


def _shown(field: Field) -> list[Any]:
    """The values that the contract shows of a field."""
    return [*([field.default.value] if field.default else []), *field.examples]


def _has_null(value: Any) -> bool:
    """Whether an object or a list has null in it, at any depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(each is None or _has_null(each) for each in inner)


def _credential_places(aggregates: Sequence[Aggregate]) -> Iterator[str]:
    for aggregate in aggregates:
        if _CREDENTIAL.search(id_parameter(aggregate)):
            yield f"/components/parameters/{id_parameter(aggregate)}"
    for aggregate in aggregates:
        if any(_CREDENTIAL.search(filter_.wire) for filter_ in aggregate.filters):
            yield _list_parameters(aggregate)


def _list_parameters(aggregate: Aggregate) -> str:
    return f"/paths/~1{path_of(aggregate)}/get/parameters"


def _is_number(asked: Filter) -> bool:
    """Whether a list is asked for an id that is a number."""
    field = asked.field
    return field is not None and field.reference is not None and isinstance(field.examples[0], int)
