"""The model as code: what the templates print for each field, column and table beyond its name.

`with_code` adds a mapping `code` to the model and to each of its aggregates, parts and fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..postgres.tablecode import table
from ..tests.examples import circular_parts, examples, limits, moves, refusals
from .expressions import domain_from_row, domain_from_view, patched, patched_part, view_from_domain, view_from_row
from .layout import WIDTH, imports
from .names import entity_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Model = dict[str, Any]

CLAIM_ARGS = 9
"""The arguments of `CLAIM` in platform/idempotency.py; those of an aggregate's INSERT follow."""

FIRST_CHANGED = 3
"""The arguments of an aggregate's UPDATE before what it sets: its id, and its version before."""

TEST_VARIABLES = frozenset({"moment", "new", "pytest", "state"})
"""What the tests of a model call something else."""

FIELDS = "from ..platform.fields import"
DECODERS = {
    "date": "date.fromisoformat",
    "datetime": "datetime.fromisoformat",
    "decimal": "Decimal",
    "int": "int",
    "bigint": "int",
    "uuid": "UUID",
    "ref": "UUID",
    "id": "UUID",
}
"""How a sort's value is read back from the text in a cursor; everything else is text."""

CURSOR_IMPORTS = {
    "date": "from datetime import date",
    "datetime": "from datetime import datetime",
    "decimal": "from decimal import Decimal",
}


def with_code(model: Model, package: str) -> Model:
    """The model with everything that the templates print; `package` is the service's Python package."""
    circular = set(circular_parts(model["aggregates"]))
    for aggregate in model["aggregates"]:
        for part in aggregate["parts"]:
            for field in part["fields"]:
                field["code"] = _field(field)
            part["code"] = _part(part, aggregate["table"]) | {"in_example": part["entity"] not in circular}
        for field in aggregate["fields"]:
            field["code"] = _field(field)
        aggregate["code"] = _aggregate(aggregate, package)
    by_name = {aggregate["name"]: aggregate for aggregate in model["aggregates"]}
    most = limits([by_name[name] for name in model["aggregates_by_dependency"]])
    for name, aggregate in by_name.items():
        aggregate["code"]["example_most"] = most.get(name)
    model["code"] = {
        "has_json": any(field["kind"] == "json" for each in model["aggregates"] for field in each["fields"]),
        "app_imports": _app_imports(model["aggregates"]),
        "aggregates": [by_name[name] for name in model["aggregates_by_module"]],
        "tables": [table for name in model["aggregates_by_dependency"] for table in by_name[name]["code"]["tables"]],
        "uses_postgresql_types": any(each["code"]["uses_postgresql_types"] for each in model["aggregates"]),
        "action_ids": [
            action["operation_id"]
            for each in model["aggregates"]
            for action in (each["lifecycle"] or {}).get("actions", ())
        ],
        "has_test_like_classes": any(name.startswith("Test") for name in _classes(model["aggregates"])),
        "has_version_like_path": any(re.search("v[0-9]", path) for path in _addresses(model["aggregates"])),
        "has_api_like_path": any(path.startswith("/api") for path in _addresses(model["aggregates"])),
        "members": sorted({each["wire"] for each in _members(model["aggregates"])}),
        "has_null": any(
            _has_null(_shown(each)) for each in _members(model["aggregates"]) if each.get("kind") == "json"
        ),
        "credential_places": list(_credential_places(model["aggregates"])),
    }
    return model


def _members(aggregates: list[Model]) -> Iterator[Model]:
    """Fields and parts: what the objects in the contract consist of."""
    for aggregate in aggregates:
        yield from (*aggregate["fields"], *aggregate["parts"])
        yield from (field for part in aggregate["parts"] for field in part["fields"])


def _shown(field: Model) -> list[Any]:
    """The values that the contract shows of a field."""
    default = [field["default"]["json"]] if field["default"] else []
    return [*default, *field["examples"]]


def _has_null(value: Any) -> bool:
    """Whether an object or a list has null in it, at any depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(each is None or _has_null(each) for each in inner)


def _classes(aggregates: list[Model]) -> Iterator[str]:
    """The names of the classes in the models."""
    for aggregate in aggregates:
        yield from (each["name"] for each in [aggregate, *aggregate["enums"]])
        yield from (part["entity"] for part in aggregate["parts"])


def _addresses(aggregates: list[Model]) -> Iterator[str]:
    """The paths of the contract, each with those below it."""
    for aggregate in aggregates:
        below = [action["path"] for action in (aggregate["lifecycle"] or {}).get("actions", ())]
        yield "/".join(["", aggregate["path"], aggregate["id_param"], *below])


def _credential_places(aggregates: list[Model]) -> Iterator[str]:
    """Where the contract has a parameter whose name OWASP's rules take for a credential, as JSON pointers."""
    words = re.compile(r"token|password|secret|apikey", re.IGNORECASE)
    for aggregate in aggregates:
        if words.search(aggregate["id_param"]):
            yield f"/components/parameters/{aggregate['id_param']}"
    for aggregate in aggregates:
        if any(words.search(entry["param"]) for entry in aggregate["filters"]):
            yield f"/paths/~1{aggregate['path']}/get/parameters"


# Fields --------------------------------------------------------------------------------------------------------------


def _field(field: Model) -> Model:
    """Annotations with their defaults, and expressions between rows, views and the domain."""
    create = _with_default(field, field["input"])
    patch = field["input"]
    if field["optional"]:
        patch = _with_alias(field, f"{patch} | None") + " = None"
    else:
        patch = f"{_annotated(_with_alias(field, f'{patch} | None'), 'NotNull')} = None"
    view = f"{field['view']} | None" if field["optional"] else field["view"]
    rename = field["attribute"] != field["wire"]
    if rename:
        default = "default=None, " if field["optional"] else ""
        view += f' = msgspec.field({default}name="{field["wire"]}")'
    elif field["optional"]:
        view += " = None"
    return {
        "model": _model(field) + (_exempt(field) if field["readonly"] else ""),
        "create": create + _exempt(field),
        "patch": patch,
        "view": view,
        "json_select": _json_select(field),
        "domain_from_row": domain_from_row(field),
        "patched": patched(field),
    }


def _exempt(field: Model) -> str:
    """A word to the linter that the field's default is no password, where its name suggests one."""
    default = field["default"]
    suspicious = default and default["python"][:1] in "\"'" and looks_secret(field["attribute"])
    return "  # noqa: S105 - a default of the domain" if suspicious else ""


def _model(field: Model) -> str:
    """The annotation in the domain model; only what is not sent by clients has its default there."""
    default = field["default"]
    if field["optional"]:
        return f"{field['python']} | None = None"
    if default is None or not field["readonly"]:
        return str(field["python"])
    if default["mutable"]:
        return f"{field['python']} = field(default_factory={_factory(default)})"
    return f"{field['python']} = {default['python']}"


def _with_default(field: Model, annotation: str) -> str:
    default = field["default"]
    if field["optional"]:
        return _with_alias(field, f"{annotation} | None") + " = None"
    annotation = _with_alias(field, annotation)
    if default is None:
        return annotation
    if default["mutable"]:
        return f"{annotation} = Field(default_factory={_factory(default)})"
    return f"{annotation} = {default['python']}"


def _factory(default: Model) -> str:
    empty = {"[]": "list", "{}": "dict"}
    return empty.get(default["python"], f"lambda: {default['python']}")


def _with_alias(field: Model, annotation: str) -> str:
    if field["attribute"] == field["wire"]:
        return annotation
    return _annotated(annotation, f'Field(alias="{field["wire"]}")')


def _annotated(annotation: str, item: str) -> str:
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


def _json_select(field: Model) -> str:
    first = field["column"]
    if field["kind"] != "money":
        return str(first)
    second = field["columns"][1]["name"]
    value = f"json_build_object(\n    'amount', {first}::text,\n    'currency', {second}\n)"
    if not field["optional"]:
        return value
    return "CASE\n    WHEN {} IS NOT NULL\n    THEN {}\nEND".format(first, value.replace("\n", "\n    "))


def _arguments(variable: str, fields: Iterable[Model]) -> list[tuple[str, str]]:
    """(column, expression) for every column of the fields of `variable`."""
    arguments = []
    for field in fields:
        value = f"{variable}.{field['attribute']}"
        if field["kind"] != "money":
            arguments.append((field["column"], value))
            continue
        for column, member in zip(field["columns"], ("amount", "currency"), strict=True):
            expression = f"{value} and {value}.{member}" if field["optional"] else f"{value}.{member}"
            arguments.append((column["name"], expression))
    return arguments


# Parts ---------------------------------------------------------------------------------------------------------------


def _part(part: Model, parent: str) -> Model:
    condition = f"WHERE {part['parent_column']} = {parent}.id"
    items = f"list[{part['entity']}Input]"
    alias = f', alias="{part["wire"]}"' if part["attribute"] != part["wire"] else ""
    variable = part["variable"]
    return {
        "create": f"Annotated[{items}, Field(max_length={part['max']}{alias})] = Field(default_factory=list)",
        "patch": f"Annotated[{items} | None, Field(max_length={part['max']}{alias}), NotNull] = None",
        "patched": patched_part(part),
        "entity": entity_name(part["entity"]),
        "constant": part["table"].upper(),
        "condition": condition if len(condition) <= WIDTH - 12 else condition.replace(" = ", "\n    = "),
        "function": f"_{part['table']}",
        "members": [{"column": name, "value": value} for name, value in _arguments("part", part["fields"])],
        "from_view": [
            {"attribute": field["attribute"], "value": domain_from_view(field, variable)} for field in part["fields"]
        ],
        "to_view": _to_view(part["fields"], variable),
    }


def _to_view(fields: Iterable[Model], variable: str) -> list[Model]:
    return [{"attribute": field["attribute"], "value": view_from_domain(field, variable)} for field in fields]


# Aggregates ----------------------------------------------------------------------------------------------------------


def _aggregate(aggregate: Model, package: str) -> Model:
    lifecycle, parts = aggregate["lifecycle"], aggregate["parts"]
    variable = aggregate["variable"]
    arguments = _arguments(variable, aggregate["fields"])
    if lifecycle:
        arguments.append(("status", f"{variable}.status"))
    names = ["id", *(name for name, _ in arguments), "version", "created_at", "modified_at"]
    casts = {column["name"]: column["cast"] for column in aggregate["table_columns"]}
    first = CLAIM_ARGS + 1
    for place, part in enumerate(parts):
        part["code"]["data_number"] = first + len(names) + place
    secret = {
        column["name"]
        for field in aggregate["fields"]
        if field["sensitivity"] == "secret"
        for column in field["columns"]
    }
    shown = [name for name in names if name not in secret]
    places = {name: place for place, name in enumerate(shown)}
    for field in aggregate["output_fields"]:
        field["code"]["view_from_row"] = view_from_row(field, places)
    for place, part in enumerate(parts, start=len(shown)):
        part["code"]["place"] = place
    changed = [*(name for name, _ in arguments), "version", "modified_at"]
    for place, part in enumerate(parts):
        part["code"]["update_number"] = FIRST_CHANGED + len(changed) + place
    return {
        "to_view": _to_view(aggregate["output_fields"], variable),
        **_imports(aggregate, package),
        **examples(aggregate),
        "a": f"{aggregate['article']} {aggregate['title']}",
        "entity": entity_name(aggregate["name"]),
        "entity_import": _entity_import(aggregate["name"]),
        "query": entity_name(f"{aggregate['name']}Query"),
        "router": _router(aggregate),
        "test_variable": f"{variable}_" if variable in TEST_VARIABLES else variable,
        "arguments": [value for _, value in arguments],
        "columns": names,
        "shown_columns": shown,
        "places": places,
        "has_secrets": bool(secret),
        "id_number": first,
        "insert_values": [f"${first + place}::{casts[name]}" for place, name in enumerate(names)],
        "update_values": [f"{name} = ${place}" for place, name in enumerate(changed, start=FIRST_CHANGED)],
        "constraints": [
            constraint
            for owner in (aggregate, *parts)
            for constraint in owner["constraints"]
            if constraint["pointer"] and constraint["kind"] != "pk"
        ],
        "sorts": [_sort(sort) for sort in aggregate["sorts"]],
        "sort_names": [f"{sign}{sort['name']}" for sort in aggregate["sorts"] for sign in ("", "-")],
        "tables": [table(owner) for owner in (aggregate, *parts)],
        "uses_postgresql_types": "from sqlalchemy.dialects import postgresql" in aggregate["imports"]["sa"],
        "covers_all_states": _covers_all_states(lifecycle) if lifecycle else {},
        "moves": moves(lifecycle) if lifecycle else [],
        "refusals": refusals(lifecycle) if lifecycle else [],
    }


def _sort(sort: Model) -> Model:
    decode = DECODERS.get(sort["kind"], "str")
    nullable = bool(sort["nullable"])
    return {"name": sort["name"], "code": f'Sort("{sort["column"]}", "{sort["cast"]}", {nullable}, {decode})'}


# Imports -------------------------------------------------------------------------------------------------------------


def _imports(aggregate: Model, package: str) -> Model:
    return {
        "model_imports": _model_imports(aggregate),
        "schema_imports": _schema_imports(aggregate),
        "view_imports": _view_imports(aggregate),
        "repository_imports": _repository_imports(aggregate),
        "model_test_imports": _model_test_imports(aggregate, package),
    }


def _everything(aggregate: Model) -> list[Model]:
    return [*aggregate["fields"], *(field for part in aggregate["parts"] for field in part["fields"])]


def _entity_import(name: str) -> str:
    """The class as it is imported: `Order`, or `Claim as ClaimModel`."""
    entity = entity_name(name)
    return name if entity == name else f"{name} as {entity}"


def _model_imports(aggregate: Model) -> str:
    fields = _everything(aggregate)
    text = " ".join(field["code"]["model"] for field in fields)
    printed = set(re.findall(r"(?<![.\w])\w+", re.sub(r'"[^"]*"', "", text)))
    lines = {
        f"{module} import {name}"
        for field in fields
        for module, _, names in (line.partition(" import ") for line in field["imports"]["python"])
        for name in names.split(", ")
        if name in printed and module != "from .model"
    }
    lines |= {"from dataclasses import dataclass", "from datetime import datetime", "from uuid import UUID"}
    if any("field(default_factory" in field["code"]["model"] for field in fields):
        lines.add("from dataclasses import field")
    if aggregate["enums"] or aggregate["lifecycle"]:
        lines.add("from enum import StrEnum")
    if aggregate["lifecycle"]:
        lines.add("from ..kernel import TransitionRefused")
    return imports(lines)


def _schema_imports(aggregate: Model) -> str:
    inputs = [*aggregate["input_fields"], *(field for part in aggregate["parts"] for field in part["input_fields"])]
    lines = {line for field in inputs for line in field["imports"]["input"]}
    lines |= {line for filter_ in aggregate["filters"] for line in filter_["imports"]}
    lines |= {
        "from datetime import datetime",
        "from typing import Literal",
        "from uuid import UUID",
        f"from .model import {_entity_import(aggregate['name'])}",
        "from ..platform.http import Body, PageParameters, Patch",
    }
    lines |= {f"from .model import {_entity_import(part['entity'])}" for part in aggregate["parts"]}
    printed = [field["code"][form] for field in aggregate["input_fields"] for form in ("create", "patch")]
    printed += [field["code"]["create"] for part in aggregate["parts"] for field in part["input_fields"]]
    printed += [part["code"][form] for part in aggregate["parts"] for form in ("create", "patch")]
    printed += [filter_["query"] for filter_ in aggregate["filters"] if filter_["param"] != filter_["attribute"]]
    if any("Annotated[" in text for text in printed):
        lines.add("from typing import Annotated")
    if any("Field(" in text for text in printed) or _renamed_filters(aggregate):
        lines |= {"from pydantic import Field"}
        lines |= {"from typing import Annotated"} if _renamed_filters(aggregate) else set()
    if any("NotNull" in text for text in printed):
        lines.add(f"{FIELDS} NotNull")
    if any(field["kind"] == "json" for field in aggregate["input_fields"]):
        lines.add("from ..platform.merge import merged")
    return imports(lines)


def _renamed_filters(aggregate: Model) -> bool:
    return any(filter_["param"] != filter_["attribute"] for filter_ in aggregate["filters"])


def _view_imports(aggregate: Model) -> str:
    shown = [*aggregate["output_fields"], *(field for part in aggregate["parts"] for field in part["fields"])]
    lines = {line for field in shown for line in field["imports"]["view"]}
    lines |= {
        "from datetime import datetime",
        "from typing import Self",
        "from uuid import UUID",
        "import msgspec",
        f"from .model import {aggregate['name']}",
    }
    lines |= {f"from .model import {part['entity']}" for part in aggregate["parts"]}
    return imports(lines)


def _repository_imports(aggregate: Model) -> str:
    name, parts, lifecycle = aggregate["name"], aggregate["parts"], aggregate["lifecycle"]
    lines = {
        "from collections.abc import Mapping",
        "from datetime import datetime",
        "from typing import ClassVar",
        "from uuid import UUID",
        "from ..platform.database import Database, Record",
        "from ..platform.idempotency import Claim, KeyTaken, claiming, erasing",
        "from ..platform.paging import PageQuery, Sort",
        "from ..platform.problems import version_mismatch",
        f"from .model import {_entity_import(name)}",
        f"from .schemas import {_entity_import(f'{name}Query')}",
        f"from .views import {name}Page, {name}View",
    }
    lines |= {CURSOR_IMPORTS[sort["kind"]] for sort in aggregate["sorts"] if sort["kind"] in CURSOR_IMPORTS}
    everything = _everything(aggregate)
    if any(field["kind"] == "money" for field in aggregate["fields"]):
        lines.add("from ..kernel import Money")
    if any(field["kind"] == "money" for field in aggregate["output_fields"]):
        lines.add("from ..platform.views import MoneyView")
    lines |= {f"from .model import {field['enum']}" for field in everything if field["enum"]}
    if lifecycle:
        lines |= {
            "from ..platform.idempotency import store_claim",
            "from ..platform.problems import changed_meanwhile",
            f"from .model import {lifecycle['enum']}",
        }
    for part in parts:
        lines |= {
            "from typing import Any",
            "import msgspec",
            f"from .model import {_entity_import(part['entity'])}",
            f"from .views import {part['entity']}View",
        }
    return imports(lines)


def _model_test_imports(aggregate: Model, package: str) -> str:
    module, name, lifecycle = aggregate["module"], aggregate["name"], aggregate["lifecycle"]
    lines = {
        "import json",
        "from dev.examples import EXAMPLES",
        f"from {package}.{module}.model import {name}",
        f"from {package}.{module}.schemas import {name}Create, {name}Patch",
        f"from {package}.platform.clock import now",
        f"from {package}.platform.ids import new_id",
    }
    if lifecycle:
        lines |= {"import pytest", f"from {package}.{module}.model import {lifecycle['enum']}"}
        if not all(_covers_all_states(lifecycle).values()):
            lines.add(f"from {package}.kernel import TransitionRefused")
    return imports(lines, package)


def _covers_all_states(lifecycle: Model) -> dict[str, bool]:
    """Action → whether it is possible in every state."""
    return {action["name"]: len(action["sources"]) == len(lifecycle["states"]) for action in lifecycle["actions"]}


def _router(aggregate: Model) -> str:
    """The name of the router in app.py, where the service's own have theirs."""
    name = f"{aggregate['singular']}_router"
    return f"{aggregate['plural']}_router" if name in {"docs_router", "health_router"} else name


def _app_imports(aggregates: list[Model]) -> str:
    lines = {
        "import asyncio",
        "from collections.abc import AsyncIterator",
        "from contextlib import asynccontextmanager",
        "from fastapi import FastAPI",
        "from .about import SERVICE, TITLE, VERSION",
        "from .own.app import extend",
        "from .platform import auth, edge, history, idempotency",
        "from .platform.database import Database",
        "from .platform.docs import Contract, docs_router",
        "from .platform.health import health_router",
        "from .settings import Settings",
    }
    for aggregate in aggregates:
        module, name = aggregate["module"], aggregate["name"]
        lines |= {
            f"from .{module}.repository import {name}Repository",
            f"from .{module}.routes import router as {aggregate['code']['router']}",
            f"from .{module}.service import {name}Service",
        }
    return imports(lines)


def looks_secret(name: str) -> bool:
    """Whether ruff's S105 takes a text that is assigned to this name for a password."""
    words = r"(?:^|_)(?:pas+wo?r?d|pass(?:phrase)?|pwd|token|secrete?)(?:$|_)"
    return re.search(words, name, re.IGNORECASE) is not None


GLOBALS: Model = {}
FILTERS = {"with_code": with_code, "looks_secret": looks_secret}
