"""Parts in the code: their annotations in the schemas, and their items' way between views, the domain and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .expressions import (
    AttributeValue,
    ColumnValue,
    domain_from_view,
    item_from_domain,
    patched_part,
    view_from_domain,
)
from .names import entity_name
from .rules import RulesCode, rules_code

if TYPE_CHECKING:
    from .computed import PropertyCode
    from .domain import PythonPart


class PartCode(NamedTuple):
    """A part's annotations and names, and the expressions for its items."""

    create: str
    patch: str
    patched: str
    entity: str
    constant: str
    """The name of the decoder of the part's items in a row."""
    function: str
    """The name of the function that turns a view of an item into the domain's."""
    members: tuple[ColumnValue, ...]
    from_view: tuple[AttributeValue, ...]
    to_view: tuple[AttributeValue, ...]
    rules: RulesCode
    properties: tuple[PropertyCode, ...]
    """What is computed."""


def part_code(part: PythonPart) -> PartCode:
    """The code of a part."""
    items = f"list[{part.declared.entity}Input]"
    alias = f', alias="{part.declared.name}"' if part.attribute != part.declared.name else ""
    least = f"min_length={part.declared.minimum}, " if part.declared.minimum else ""
    limit = f"Field({least}max_length={part.declared.maximum}{alias})"
    return PartCode(
        create=f"Annotated[{items}, {limit}]{'' if least else ' = Field(default_factory=list)'}",
        patch=f"Annotated[{items} | None, {limit}, NotNull] = None",
        patched=patched_part(part),
        entity=entity_name(part.declared.entity),
        constant=part.table.upper(),
        function=f"_{part.table}",
        members=item_from_domain(part.fields, "part"),
        from_view=domain_from_view([field for field in part.fields if not field.declared.computed], part.variable),
        to_view=view_from_domain(part.fields, part.variable),
        rules=rules_code(part.declared.rules, part.fields, part.variable),
        properties=part.properties,
    )
