"""Fields in the code: their annotations in the model, the schemas and the views, and their way between these."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .expressions import created, domain_from_row, patched, view_from_row
from .lint import DEFAULT_NOTE, looks_like_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .attributes import PythonDefault, PythonField

_EMPTY = {"[]": "list", "{}": "dict"}


class FieldCode(NamedTuple):
    """A field's annotations, with their defaults, and the expressions for its value."""

    model: str
    create: str
    patch: str
    view: str
    domain_from_row: str | None
    """The domain's value in a row of asyncpg; none in parts and value objects, which have no row of their own."""
    view_from_row: str | None
    """What clients see of a row of asyncpg; none where they see nothing, and in parts, which rows have as JSON."""
    patched: str
    created: str
    """The domain's value in what clients send of something new."""


def field_code(field: PythonField, places: Mapping[str, int], stored: Mapping[str, int]) -> FieldCode:
    """The code of a field; `places` are those of the columns that clients see in a row of asyncpg, `stored` of all."""
    exempt = DEFAULT_NOTE if _looks_like_password(field) else ""
    return FieldCode(
        model=_model(field) + (exempt if field.declared.readonly else ""),
        create=_create(field) + exempt,
        patch=_patch(field),
        view=_view(field),
        domain_from_row=domain_from_row(field, stored) if stored else None,
        view_from_row=view_from_row(field, places) if any(column.name in places for column in field.columns) else None,
        patched=patched(field),
        created=created(field),
    )


class CommandFieldCode(NamedTuple):
    """The annotations of what is sent with an action, with their defaults."""

    model: str
    create: str


def command_field(field: PythonField) -> CommandFieldCode:
    """The code of a field that is sent with an action."""
    exempt = DEFAULT_NOTE if _looks_like_password(field) else ""
    return CommandFieldCode(model=_model(field), create=_create(field) + exempt)


def annotated(annotation: str, item: str) -> str:
    """The annotation with one more item of `Annotated`."""
    if annotation.startswith("Annotated[") and annotation.endswith("]") and _is_whole(annotation):
        return f"{annotation[:-1]}, {item}]"
    return f"Annotated[{annotation}, {item}]"


def _is_whole(annotation: str) -> bool:
    """Whether the first bracket is closed by the last character."""
    depth = 0
    for position, character in enumerate(annotation):
        depth += (character == "[") - (character == "]")
        if depth == 0 and character == "]":
            return position == len(annotation) - 1
    return False


def _looks_like_password(field: PythonField) -> bool:
    """Whether the linter takes the field's default for a password, by the field's name."""
    default = field.default
    return default is not None and looks_like_password(field.attribute, default.python)


def _model(field: PythonField) -> str:
    """The annotation in the domain model; only what is not sent by clients has its default there."""
    default = field.default
    if field.declared.optional:
        return f"{field.python} | None = None"
    if field.declared.starts_empty:
        return f"{field.python} = field(default_factory={field.python})"
    if default is None or not field.declared.readonly:
        return field.python
    return f"{field.python} = {_default(default, 'field')}"


def _create(field: PythonField) -> str:
    default = field.default
    if field.declared.optional:
        return _with_alias(field, f"{field.input} | None") + " = None"
    annotation = _with_alias(field, field.input)
    return annotation if default is None else f"{annotation} = {_default(default, 'Field')}"


def _patch(field: PythonField) -> str:
    annotation = _with_alias(field, f"{field.patch} | None")
    return f"{annotation if field.declared.optional else annotated(annotation, 'NotNull')} = None"


def _view(field: PythonField) -> str:
    view = f"{field.view} | None" if field.declared.optional else field.view
    if field.is_renamed:
        default = "default=None, " if field.declared.optional else ""
        return f'{view} = msgspec.field({default}name="{field.declared.wire}")'
    return f"{view} = None" if field.declared.optional else view


def _default(default: PythonDefault, field: str) -> str:
    """The default's expression; one that can be changed is made anew for each object, by `field` of its library."""
    literal = default.python
    return f"{field}(default_factory={_EMPTY.get(literal, f'lambda: {literal}')})" if default.mutable else literal


def _with_alias(field: PythonField, annotation: str) -> str:
    if not field.is_renamed:
        return annotation
    return annotated(annotation, f'Field(alias="{field.declared.wire}")')
