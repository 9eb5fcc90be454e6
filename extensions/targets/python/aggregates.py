"""Aggregates in the code: the names of their objects, and their way between rows, the domain and views."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...model.deletion import consequences, takers
from ...text.sentences import alternatives
from .conditions import ConditionColumn, condition_columns
from .expressions import AttributeValue, ColumnValue, row_from_domain, view_from_domain
from .imports import entity_import
from .names import entity_name
from .refusals import refuses, refuses_own
from .rules import BRANCHES, RulesCode, rules_code

if TYPE_CHECKING:
    from ...model.domain import Aggregate, Domain
    from .computed import PropertyCode
    from .domain import PythonAggregate
    from .lists import PythonSort

_DECODERS = {
    "date": "date.fromisoformat",
    "datetime": "datetime.fromisoformat",
    "decimal": "Decimal",
    "float": "float",
    "time": "time.fromisoformat",
    "int": "int",
    "bigint": "int",
    "uuid": "UUID",
    "ref": "UUID",
    "id": "UUID",
}
"""How a sort's value is read back from the text in a cursor; everything else is text."""

_OWN_ROUTERS = frozenset({"docs_router", "health_router"})
"""The routers that the service has beside those of its aggregates."""


class SortCode(NamedTuple):
    """A sort by its name, and the expressions that make it: one, or as many as it has columns."""

    name: str
    codes: tuple[str, ...]


class AggregateCode(NamedTuple):
    """An aggregate's names, and the expressions for its values."""

    a: str
    """The aggregate in a sentence: `an order line`."""
    an: str
    """The same at the start of one: `An order line`."""
    entity: str
    entity_import: str
    router: str
    to_view: tuple[AttributeValue, ...]
    row_values: tuple[ColumnValue, ...]
    """The values of the columns between the id and the version."""
    link_values: tuple[ColumnValue, ...]
    """The lists of references."""
    asks_links: bool
    """Whether lists can be asked for by what they refer to."""
    condition_columns: tuple[ConditionColumn, ...]
    sample_column: str
    """One of them that serves as an example."""
    rules: RulesCode
    has_rules: bool
    has_many_rules: bool
    """Whether the function that holds them has more branches than the linter likes."""
    sorts: tuple[SortCode, ...]
    sort_names: tuple[str, ...]
    searched: tuple[str, ...]
    """The attributes whose words lists are searched for."""
    default_sort: str
    properties: tuple[PropertyCode, ...]
    """What is computed."""


def aggregate_code(aggregate: PythonAggregate) -> AggregateCode:
    """The code of an aggregate, beside that of its fields and parts."""
    declared, variable = aggregate.declared, aggregate.variable
    values = list(row_from_domain([field for field in aggregate.fields if not field.declared.is_many], variable))
    if declared.lifecycle:
        values.append(ColumnValue("status", f"{variable}.status"))
    sentence = f"{article(declared.title)} {declared.title}"
    columns = condition_columns(aggregate)
    searched = [field for filter_ in declared.filters if filter_.search for field in filter_.search.fields]
    rules = rules_code(declared.rules, aggregate.fields, variable)
    return AggregateCode(
        a=sentence,
        an=f"{sentence[0].upper()}{sentence[1:]}",
        entity=entity_name(declared.name),
        entity_import=entity_import(declared.name),
        router=router_name(declared),
        to_view=view_from_domain(aggregate.output_fields, variable),
        row_values=tuple(values),
        link_values=row_from_domain([field for field in aggregate.fields if field.declared.is_many], variable),
        asks_links=any(filter_.is_of_list for filter_ in aggregate.filters),
        condition_columns=columns,
        sample_column=columns[1].attribute,
        rules=rules,
        has_rules=refuses(declared),
        has_many_rules=1 + len(rules.codes) + len(rules.computed) + sum(map(refuses_own, declared.parts)) > BRANCHES,
        sorts=(
            *(SortCode(sort.declared.wire, (_sort(sort, falling=False),)) for sort in aggregate.sorts),
            *(
                SortCode(order.declared.wire, tuple(_sort(sort, falling=falling) for sort, falling in order.keys))
                for order in aggregate.orders
            ),
        ),
        sort_names=(
            *(f"{sign}{sort.declared.wire}" for sort in aggregate.sorts for sign in ("", "-")),
            *(each.wire for order in declared.orders for each in (order, order.backwards)),
        ),
        searched=tuple(field.attribute for field in aggregate.fields if field.declared in searched),
        default_sort=declared.order.wire,
        properties=aggregate.properties,
    )


def article(title: str) -> str:
    """The article before a title."""
    return "an" if title[0] in "aeiou" else "a"


def removal(aggregate: Aggregate, domain: Domain) -> str:
    """What the use case of a deletion accepts, and whose rules it does not ask."""
    text, further = f"Accept that the {aggregate.title} is removed.", consequences(domain, aggregate.name)
    if further:
        text = f"{text} {further} The rules of these are not asked."
    if others := takers(domain.aggregates, aggregate):
        titles = alternatives(f"{article(each.title)} {each.title}" for each in others)
        text = f"{text} Where it goes along with {titles}, this is not asked."
    return text


def router_name(aggregate: Aggregate) -> str:
    """The name of the aggregate's router in app.py, where the service's own have theirs."""
    name = f"{aggregate.singular}_router"
    return f"{aggregate.plural}_router" if name in _OWN_ROUTERS else name


def _sort(sort: PythonSort, *, falling: bool) -> str:
    column, decode = sort.column, _DECODERS.get(sort.kind, "str")
    return f'Sort("{column.name}", "{column.cast}", {column.nullable}, {decode}{", True" * falling})'
