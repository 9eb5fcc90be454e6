"""The tables of lists of references: a row for each of them, which says who refers to what, and in which place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.links import one_of
from ...text import naming
from . import names as sql_names
from .constraints import TableBuilder
from .relation import Column, Link

if TYPE_CHECKING:
    from ...model.domain import Aggregate
    from ...model.fields import Field


def link_table_name(singular: str, name: str) -> str:
    """The table of a list of references, from the aggregate's name in snake_case and the field's."""
    return sql_names.short(sql_names.sql_name(f"{singular}_{name}"))


def link_of(
    field: Field, column: Column, aggregate: Aggregate, tables: tuple[str, str], relations: set[str], *, use_alter: bool
) -> Link:
    """The table of a list; `column` is what rows for readers have of it, `tables` are that of both sides."""
    owner, target = f"{aggregate.singular}_id", one_of(field.name)
    singular = naming.snake(aggregate.renamed_from or aggregate.name)
    before = field.renamed_from or field.name
    name = link_table_name(aggregate.singular, field.name)
    former = link_table_name(singular, before)
    builder = TableBuilder(name, relations)
    builder.primary([owner, target])
    # This one comes first: with the aggregate its references to itself go before the other one looks for any.
    builder.foreign(owner, "", tables[0], "CASCADE", use_alter=False)
    builder.foreign(target, f"/{field.wire}/*", tables[1], "RESTRICT", use_alter=use_alter)
    builder.index([target, owner])
    title = naming.words(field.refers_to or "")
    keys = (
        _uuid(owner, f"{singular}_id", f"The {aggregate.title} that refers."),
        _uuid(target, one_of(before), f"The {title} that it refers to."),
    )
    place = Column("position", "integer", "sa.Integer()", "integer", "Its place in the list, from 1.")
    table = builder.table(None if former == name else former, keys, (), (place,))
    return Link(field=field.wire, title=field.title, column=column, table=table, owner=owner, target=target)


def _uuid(name: str, former: str, comment: str) -> Column:
    renamed_from = None if former == name else former
    return Column(name=name, sql="uuid", sa="sa.Uuid()", cast="uuid", comment=comment, renamed_from=renamed_from)
