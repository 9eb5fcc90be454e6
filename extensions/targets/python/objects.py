"""Value objects in the code: the modules that all aggregates import them from, and their way into columns and views."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..postgres.tables import columns
from .aggregates import article
from .attributes import python_field
from .expressions import (
    AttributeValue,
    begun,
    domain_from_columns,
    domain_from_view,
    row_from_domain,
    view_from_columns,
    view_from_domain,
)
from .fields import FieldCode, field_code
from .import_block import imports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model.domain import Domain, ValueType
    from .aliases import Alias
    from .attributes import PythonField

VARIABLE = "value"
"""What stands for one of them."""


class MemberCode(NamedTuple):
    """A field of a value object."""

    attribute: str
    code: FieldCode
    begun: str
    """Its value in a patch of what was absent."""
    is_secret: bool


class ObjectCode(NamedTuple):
    """A value object: its classes, and the expressions for its values."""

    name: str
    a: str
    """The object in a sentence: `an address`."""
    description: str
    is_sent: bool
    """Whether clients write some of them."""
    is_changed: bool
    """Whether they change some of them by a merge patch."""
    is_optional: bool
    """Whether some of these may be absent."""
    is_kept: bool
    """Whether the row of some aggregate has them."""
    is_in_parts: bool
    """Whether items of some part have them, which rows have as JSON."""
    fields: tuple[MemberCode, ...]
    to_view: tuple[AttributeValue, ...]
    from_view: tuple[AttributeValue, ...]
    read: tuple[AttributeValue, ...]
    """The domain's values, of those of the columns."""
    show: tuple[AttributeValue, ...]
    """What clients see of them, of those of the columns without secrets."""
    has_secrets: bool
    write: tuple[str, ...]
    """The values of the columns."""
    absent: str
    """The same of one that is absent."""


class ObjectsCode(NamedTuple):
    """The modules of the value objects."""

    objects: tuple[ObjectCode, ...]
    aliases: tuple[Alias, ...]
    has_optional: bool
    adapters: str
    """The modules that import the views, as a layer of the linter of imports; empty where there are none."""
    model_imports: str
    schema_imports: str
    view_imports: str
    mapper_imports: str
    """Empty where only parts have value objects."""


class _Uses(NamedTuple):
    """The names of the value objects that are used in each way."""

    sent: set[str]
    changed: set[str]
    optional: set[str]
    kept: set[str]
    in_parts: set[str]


def objects_code(domain: Domain) -> ObjectsCode:
    """The code of all value objects of the domain."""
    fields = {each.name: [python_field(field, columns(field)) for field in each.fields] for each in domain.types}
    uses = _Uses(
        sent=domain.sent_types,
        changed=domain.changed_types,
        optional=domain.optional_types,
        kept=domain.kept_types,
        in_parts=domain.types_in_parts,
    )
    objects = [_object(each, fields[each.name], uses) for each in domain.types]
    every = [field for each in fields.values() for field in each]
    written, kept = (
        [field for name, each in fields.items() if name in names for field in each] for names in (uses.sent, uses.kept)
    )
    adapters = [name for name, fields_there in (("mappers", kept), ("schemas", written)) if fields_there]
    return ObjectsCode(
        objects=tuple(objects),
        aliases=tuple(dict.fromkeys(field.alias for field in written if field.alias)),
        has_optional=bool(uses.optional),
        adapters=" | ".join(adapters),
        model_imports=_model_imports(domain, every),
        schema_imports=_schema_imports(objects, written, has_optional=bool(uses.optional)),
        view_imports=_view_imports(every),
        mapper_imports=_mapper_imports(objects, kept) if kept else "",
    )


def _object(declared: ValueType, fields: list[PythonField], uses: _Uses) -> ObjectCode:
    shown = [field for field in fields if not field.declared.is_secret]
    written = tuple(each.value for each in row_from_domain(fields, VARIABLE))
    return ObjectCode(
        name=declared.name,
        a=f"{article(declared.title)} {declared.title}",
        description=declared.description,
        is_sent=declared.name in uses.sent,
        is_changed=declared.name in uses.changed,
        is_optional=declared.name in uses.optional,
        is_kept=declared.name in uses.kept,
        is_in_parts=declared.name in uses.in_parts,
        fields=tuple(
            MemberCode(field.attribute, field_code(field, {}, {}), begun(field), field.declared.is_secret)
            for field in fields
        ),
        to_view=view_from_domain(shown, VARIABLE),
        from_view=domain_from_view(fields, "self", "_model."),
        read=tuple(AttributeValue(each.attribute, domain_from_columns(each, at)) for each, at in _placed(fields)),
        show=tuple(AttributeValue(each.attribute, view_from_columns(each, at)) for each, at in _placed(shown)),
        has_secrets=len(shown) < len(fields),
        write=written,
        absent=f"({', '.join(['None'] * len(written))}{',' if len(written) == 1 else ''})",
    )


def _placed(fields: list[PythonField]) -> Iterator[tuple[PythonField, list[str]]]:
    """The fields with their values among those of the columns of all of them."""
    start = 0
    for field in fields:
        end = start + len(field.columns)
        yield field, [f"values[{place}]" for place in range(start, end)]
        start = end


def _model_imports(domain: Domain, fields: list[PythonField]) -> str:
    printed = {word for field in fields for word in re.findall(r"\w+", field.python)}
    lines = {
        f"{module} import {name}"
        for field in fields
        for module, _, names in (line.partition(" import ") for line in field.imports.python)
        for name in names.split(", ")
        if name in printed and module != "from .model"
    }
    if any(each.enums for each in domain.types):
        lines.add("from enum import StrEnum")
    return imports({"from dataclasses import dataclass", *lines})


def _schema_imports(objects: list[ObjectCode], fields: list[PythonField], *, has_optional: bool) -> str:
    lines = {line for field in fields for line in field.imports.input}
    sent = [each for each in objects if each.is_sent]
    lines |= {f"from .model import {each.name}" for each in sent}
    lines |= {"from ..platform.http import Body"} if sent else set()
    printed = [field.code.create for each in sent for field in each.fields]
    printed += [field.code.patch for each in sent if each.is_changed for field in each.fields]
    if any("Annotated[" in text for text in printed):
        lines.add("from typing import Annotated")
    if any("Field(" in text for text in printed):
        lines.add("from pydantic import Field")
    if any("NotNull" in text for text in printed):
        lines.add("from ..platform.http.fields import NotNull")
    if has_optional:
        lines |= {"from typing import TypeVar", "from ..kernel import RuleViolated"}
    return imports(lines)


def _view_imports(fields: list[PythonField]) -> str:
    lines = {line for field in fields if not field.declared.is_secret for line in field.imports.view}
    return imports({"from typing import Self", "import msgspec", "from . import model as _model", *lines})


def _mapper_imports(objects: list[ObjectCode], fields: list[PythonField]) -> str:
    lines = {"from collections.abc import Sequence", "from typing import Any"}
    for each in objects:
        if each.is_kept:
            lines |= {f"from .model import {each.name}", f"from .views import {each.name}View"}
    lines |= {f"from .model import {field.declared.enum}" for field in fields if field.declared.enum}
    amounts = [field for field in fields if field.declared.kind == "money"]
    if amounts:
        lines.add("from ..kernel import Money")
    if any(not field.declared.is_secret for field in amounts):
        lines.add("from ..platform import MoneyView")
    return imports(lines)
