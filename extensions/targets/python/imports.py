"""What the modules of an aggregate import."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ...model.domain import SEARCH
from .conditions import condition_columns
from .fields import command_field
from .import_block import imports
from .names import entity_name
from .refusals import refuses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .domain import PythonAggregate
    from .fields import FieldCode
    from .parts import PartCode

_CURSOR_IMPORTS = {
    "date": "from datetime import date",
    "datetime": "from datetime import datetime",
    "decimal": "from decimal import Decimal",
    "time": "from datetime import time",
}
"""What reads a sort's value back from a cursor, by the kind of the field."""


_OF_COLUMN = {
    "date": "from datetime import date",
    "datetime": "from datetime import datetime",
    "Decimal": "from decimal import Decimal",
    "time": "from datetime import time",
    "UUID": "from uuid import UUID",
}
"""What the types of columns in conditions need."""


class ModuleImports(NamedTuple):
    """The imports of an aggregate's modules, each as the lines at the module's head."""

    model_imports: str
    schema_imports: str
    store_imports: str
    operations_imports: str
    repository_imports: str
    use_case_models: str
    """What use_cases.py imports of the model."""
    route_schemas: str
    """What routes.py imports of the schemas."""


def module_imports(
    aggregate: PythonAggregate,
    fields: Sequence[FieldCode],
    parts: Sequence[tuple[PartCode, Sequence[FieldCode]]],
    *,
    sees_to: bool,
) -> ModuleImports:
    """The imports of the modules in which this code is printed: that of the fields, and of each part with its own.

    `sees_to` says that its deletion sees to what refers to it.
    """
    name = aggregate.declared.name
    schemas = [f"{name}{suffix}" for suffix in ("Create", "Patch", "Query", "View")]
    commands = [command.declared.command for command in aggregate.commands]
    sent = [f"{command.declared.command}Input" for command in aggregate.sent]
    return ModuleImports(
        model_imports=_model_imports(aggregate, [*fields, *(each for _, inner in parts for each in inner)]),
        schema_imports=_schema_imports(aggregate, fields, parts),
        store_imports=_store_imports(aggregate),
        operations_imports=_operations_imports(aggregate),
        repository_imports=_repository_imports(aggregate, sees_to=sees_to),
        use_case_models=imports({f"from .model import {each}" for each in (entity_import(name), *commands)}),
        route_schemas=imports({f"from .schemas import {each}" for each in (*schemas, *sent)}),
    )


def entity_import(name: str) -> str:
    """The class as it is imported: `Order`, or `Claim as ClaimModel`."""
    entity = entity_name(name)
    return name if entity == name else f"{name} as {entity}"


def _model_imports(aggregate: PythonAggregate, codes: Sequence[FieldCode]) -> str:
    sent = [field for command in aggregate.commands for field in command.fields]
    text = " ".join([*(code.model for code in codes), *(command_field(field).model for field in sent)])
    printed = set(re.findall(r"(?<![.\w])\w+", re.sub(r'"[^"]*"', "", text)))
    lines = {
        f"{module} import {name}"
        for field in (*(each for each in aggregate.all_fields if not each.declared.computed), *sent)
        for module, _, names in (line.partition(" import ") for line in field.imports.python)
        for name in names.split(", ")
        if name in printed and module != "from .model"
    }
    computed = (*aggregate.properties, *(each for part in aggregate.parts for each in part.properties))
    lines |= {line for each in computed for line in each.imports}
    actions = aggregate.declared.lifecycle.actions if aggregate.declared.lifecycle else ()
    lines |= {line for action in actions for each in aggregate.assigned_by(action) for line in each.imports}
    lines |= {"from dataclasses import dataclass", "from datetime import datetime", "from uuid import UUID"}
    if "field(default_factory" in text:
        lines.add("from dataclasses import field")
    if aggregate.declared.enums:
        lines.add("from enum import StrEnum")
    if aggregate.declared.lifecycle:
        lines.add("from ..kernel import TransitionRefused")
    if refuses(aggregate.declared):
        lines.add("from ..kernel import RuleViolated")
    bounded = (each for each in aggregate.declared.all_fields() if each.computed and each.computed.is_bounded)
    if any(each.kind in {"decimal", "money"} for each in bounded):
        lines.add("from decimal import Decimal")
    return imports(lines)


def _schema_imports(
    aggregate: PythonAggregate, fields: Sequence[FieldCode], parts: Sequence[tuple[PartCode, Sequence[FieldCode]]]
) -> str:
    renamed = [filter_ for filter_ in aggregate.filters if filter_.is_renamed]
    checked = (field for field in aggregate.all_fields if field.alias or not field.declared.readonly)
    lines = {line for field in checked for line in field.imports.input}
    sent = [field for command in aggregate.sent for field in command.fields]
    lines |= {line for field in sent for line in field.imports.input}
    lines |= {line for filter_ in aggregate.filters for line in filter_.imports}
    lines |= {f"from .model import {command.declared.command}" for command in aggregate.sent}
    lines |= {
        "from datetime import datetime",
        "from typing import Literal",
        "from uuid import UUID",
        f"from .model import {entity_import(aggregate.declared.name)}",
        f"from .store import {aggregate.declared.name}Row",
        "from ..platform.http import Body, PageParameters, Patch",
    }
    lines |= {
        f"from ..value_objects.schemas import {field.patch}"
        for field in aggregate.fields
        if field.members and not field.declared.readonly
    }
    lines |= {f"from .model import {entity_import(part.declared.entity)}" for part in aggregate.parts}
    if (lifecycle := aggregate.declared.lifecycle) and lifecycle.choices:
        lines.add(f"from .model import {lifecycle.enum}")
    printed = [
        text
        for field, code in zip(aggregate.fields, fields, strict=True)
        if not field.declared.readonly
        for text in (code.create, code.patch)
    ]
    for part, (code, inner) in zip(aggregate.parts, parts, strict=True):
        own = zip(part.fields, inner, strict=True)
        printed += [code.create, code.patch, *(each.create for field, each in own if not field.declared.readonly)]
    printed += [command_field(field).create for field in sent]
    printed += [filter_.query for filter_ in renamed]
    several = [filter_ for filter_ in aggregate.filters if filter_.is_several]
    if several:
        lines.add("from ..platform.http.fields import Several")
    if renamed or several or any("Annotated[" in text for text in printed):
        lines.add("from typing import Annotated")
    if renamed or any("Field(" in text for text in printed):
        lines.add("from pydantic import Field")
    if any("NotNull" in text for text in printed):
        lines.add("from ..platform.http.fields import NotNull")
    if any(field.kind == "json" for field in aggregate.declared.input_fields):
        lines.add("from ..platform.http.merge_patch import merged")
    return imports(lines)


def _store_imports(aggregate: PythonAggregate) -> str:
    shown = [*aggregate.output_fields, *(field for part in aggregate.parts for field in part.fields)]
    lines = {line for field in shown for line in field.imports.view}
    columns = condition_columns(aggregate)
    lines |= {_OF_COLUMN[column.python] for column in columns if column.python in _OF_COLUMN}
    if any(column.code.startswith("Ordered") for column in columns):
        lines.add("from ..platform import OrderedColumn")
    lines |= {
        "from datetime import datetime",
        "from typing import Protocol, Self",
        "from uuid import UUID",
        "import msgspec",
        "from . import model as _model",  # no field has this name
        "from ..kernel import Call",
        "from ..platform import Column, Condition",
    }
    return imports(lines)


def _operations_imports(aggregate: PythonAggregate) -> str:
    name = aggregate.declared.name
    return imports(
        {
            "from datetime import datetime",
            "from typing import Protocol",
            "from uuid import UUID",
            "from ..kernel import Call, Caller, NotFound",
            "from ..platform import new_id",
            f"from .model import {entity_import(name)}",
            f"from .service import {name}Service",
            f"from .store import {name}Page, {name}Reader, {name}Row, {name}Selection, {name}Store",
            *(f"from .model import {command.declared.command}" for command in aggregate.commands),
            *(["from .model import check_rules"] if refuses(aggregate.declared) else []),
        }
    )


def _repository_imports(aggregate: PythonAggregate, *, sees_to: bool) -> str:
    name, lifecycle = aggregate.declared.name, aggregate.declared.lifecycle
    lines = {
        "from collections.abc import Mapping",
        "from datetime import datetime",
        "from typing import ClassVar",
        "from uuid import UUID",
        "from typing import Any",
        "from . import store as _store",  # no variable has this name
        "from ..kernel import Call, KeyTaken",
        "from ..platform import Condition, where",
        "from ..platform.postgres import Database, Record",
        "from ..platform.postgres.idempotency import Claim, adding, outcome, store_claim",
        "from ..platform import text",
        "from ..platform.postgres.paging import Sort",
        "from ..platform.postgres import numbered",
        f"from .model import {entity_import(name)}",
    }
    if any(filter_.is_of_list for filter_ in aggregate.filters):
        lines.add("from ..platform.postgres import links as _links")  # no aggregate has this name
    else:
        lines.add("from ..platform.postgres.paging import PageQuery")
    if sees_to:
        lines.add("from ..platform.postgres import deletion as _deletion")  # no aggregate has this name
    else:
        lines.add("from ..platform.postgres.idempotency import erasing")
    words = {filter_.asked.word for filter_ in aggregate.filters} - {""}
    if words - {SEARCH}:
        lines.add("from ..platform.postgres.paging import Asked")
    if SEARCH in words:
        lines.add("from ..platform.postgres.paging import Searched")
    sorts = (*aggregate.sorts, *(sort for order in aggregate.orders for sort, _ in order.keys))
    lines |= {_CURSOR_IMPORTS[sort.kind] for sort in sorts if sort.kind in _CURSOR_IMPORTS}
    if any(field.kind == "money" and not field.computed for field in aggregate.declared.fields):
        lines.add("from ..kernel import Money")
    if any(field.kind == "money" for field in aggregate.declared.output_fields):
        lines.add("from ..platform import MoneyView")
    lines |= {f"from .model import {field.declared.enum}" for field in aggregate.all_fields if field.declared.enum}
    objects = {field.declared.type.target for field in aggregate.fields if field.members}
    lines |= {f"from ..value_objects.mappers import {each}Mapper" for each in objects}
    if lifecycle:
        lines.add(f"from .model import {lifecycle.enum}")
    for part in aggregate.parts:
        lines |= {"import msgspec", f"from .model import {entity_import(part.declared.entity)}"}
    return imports(lines)
