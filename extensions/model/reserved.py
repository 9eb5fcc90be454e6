"""What the model has to know of its targets: the names that they have taken. The pipeline hands it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..types import Spec


class Reserved(NamedTuple):
    """Names that targets have taken, and how they form theirs from those of the domain."""

    classes: frozenset[str]
    """No aggregate, part or event may have one of these names."""
    borrowed_classes: frozenset[str]
    """No enum or pattern may have one of these names either."""
    aggregate_suffixes: tuple[str, ...]
    """With each of these, the name of an aggregate is a class or a schema of its own."""
    lifecycle_suffixes: tuple[str, ...]
    """The same where the aggregate has a lifecycle."""
    part_suffixes: tuple[str, ...]
    command_suffixes: tuple[str, ...]
    """The same for the name of what is sent with an action."""
    enum_suffixes: tuple[str, ...]
    beside_enums: tuple[str, ...]
    """With each of these, the name of an aggregate is a class of a module that has the enums of its fields too."""
    longest_class: int
    """The name of an enum or a pattern has its owner's in front, as long as it fits."""
    longest_class_of_default: int
    """A longer one does not fit on a line with its default."""
    longest_column: int
    type_suffixes: tuple[str, ...]
    """With each of these, the name of a value object is a class or a schema of its own."""
    tables: frozenset[str]
    paths: frozenset[str]
    parameters: frozenset[str]
    """What every list can be asked for in its address."""
    is_of_module: Callable[[str, str], bool]
    """Whether a class of the name is in the modules of the aggregate, which is named second."""
    folder: Callable[[str], str]
    """The folder of an aggregate, from its name in snake_case."""
    table: Callable[[str], str]
    """The table of an aggregate or a part, from its plural in snake_case."""
    link_table: Callable[[str, str], str]
    """The table of a list of references, from the aggregate's name in snake_case and the field's."""
    columns: Callable[[str, Spec], Sequence[str]]
    """The columns of a field, from its name in JSON and its type."""
