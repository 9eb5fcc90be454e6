"""Lists of references: what each of them is called, beside the aggregate that has the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text import english, naming

if TYPE_CHECKING:
    from ..language.declarations import AggregateDeclaration, FieldDeclaration


def one_of(name: str) -> str:
    """The name of one reference in the list: `tags` → `tag_id`."""
    return f"{english.singular(name)}_id"


def complaint(declared: FieldDeclaration, aggregate: AggregateDeclaration) -> str:
    """What is wrong with the name of a list of references; nothing where nothing is."""
    own = f"{naming.snake(aggregate.name)}_id"
    if not declared.spec.type.many or one_of(declared.name) != own:
        return ""
    return (
        f"each of them would be {own!r}, as the {naming.words(aggregate.name)} itself is; name it otherwise, such "
        f"as related_{english.plural(naming.snake(aggregate.name))}"
    )
