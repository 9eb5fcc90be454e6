"""Text search: what PostgreSQL looks for words in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import names as sql_names

if TYPE_CHECKING:
    from ...model.domain import Search


def document(search: Search) -> str:
    """The words of the fields in all their forms, as the index has them and a query has to repeat it."""
    texts = " || ' ' || ".join(f"coalesce({column}, '')" for column in searched_columns(search))
    return f"to_tsvector('{search.language}', {texts})"


def searched_columns(search: Search) -> tuple[str, ...]:
    """The columns of the fields."""
    return tuple(sql_names.sql_name(field.wire) for field in search.fields)
