"""The names in the contract, and the paths that the service itself owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...text import naming

if TYPE_CHECKING:
    from ...model.domain import Action, Aggregate

RESERVED_PATHS = frozenset({"livez", "readyz", "docs", "problems", "openapi", "openapi-json", "health", "metrics"})


def path_of(aggregate: Aggregate) -> str:
    """The aggregate's collection: `order-lines`."""
    return naming.kebab(aggregate.plural)


def id_parameter(aggregate: Aggregate) -> str:
    """The parameter in paths that says which one: `order_line_id`."""
    return f"{aggregate.singular}_id"


def operation_id(action: Action, aggregate: Aggregate) -> str:
    """The operation that does an action: `cancel_order`."""
    return f"{action.name}_{aggregate.singular}"
