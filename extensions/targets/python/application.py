"""The service as a whole: app.py and wiring.py, which put its parts together, and modules that not every one needs."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, NamedTuple

from ..postgres.types import sql_text
from .aggregates import router_name
from .import_block import imports
from .objects import objects_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ...model.domain import Domain
    from .domain import PythonAggregate
    from .objects import ObjectsCode


class Crossing(NamedTuple):
    """An aggregate that always refers to another one, by which attribute: the example of a rule across two."""

    name: str
    module: str
    singular: str
    attribute: str
    other: str
    """The other one, in snake_case."""


class Internal(NamedTuple):
    """An action without input that only the service takes: the example of a job that takes it."""

    action: str
    name: str
    """The aggregate."""
    method: str
    operations: str
    """The part of the service that has its use cases."""
    titles: str
    table: str
    source: str


class ApplicationCode(NamedTuple):
    """What the service as a whole has."""

    app_imports: str
    wiring_imports: str
    has_json: bool
    """Whether some aggregate has free JSON, which patches merge."""
    has_links: bool
    """Whether some aggregate has a list of references."""
    has_on_delete: bool
    """Whether some deletion sees to what refers to the resource."""
    crossing: Crossing | None
    internal: Internal | None
    value_objects: ObjectsCode | None
    """What several fields are of, where the domain names such types."""
    new_field: str
    """A name that the first aggregate has not: the example of a field to come."""


def application_code(aggregates: Sequence[PythonAggregate], domain: Domain) -> ApplicationCode:
    """The code of the service that has these aggregates of the domain."""
    return ApplicationCode(
        app_imports=_app_imports(aggregates),
        wiring_imports=_wiring_imports(aggregates),
        has_json=any(field.kind == "json" for aggregate in aggregates for field in aggregate.declared.fields),
        has_links=any(field.declared.is_many for aggregate in aggregates for field in aggregate.fields),
        has_on_delete=any(aggregate.declared.lists_itself for aggregate in aggregates)
        or any(
            field.reference is not None and field.reference.on_delete != "restrict"
            for aggregate in aggregates
            for field in aggregate.declared.all_fields()
        ),
        crossing=next(_crossings(aggregates), None),
        internal=next(_internal(aggregates), None),
        value_objects=objects_code(domain) if domain.types else None,
        new_field=_new_field(aggregates[0]),
    )


def _new_field(aggregate: PythonAggregate) -> str:
    taken = {field.declared.name for field in aggregate.fields} | {part.name for part in aggregate.declared.parts}
    return next(name for name in chain(["remark"], map("remark_{}".format, count(2))) if name not in taken)


def _crossings(aggregates: Sequence[PythonAggregate]) -> Iterator[Crossing]:
    singulars = {each.declared.name: each.declared.singular for each in aggregates}
    for aggregate in aggregates:
        name, singular = aggregate.declared.name, aggregate.declared.singular
        for field in aggregate.fields:
            target = field.declared.target
            if target and target != name and field.declared.required:
                yield Crossing(name, aggregate.module, singular, field.attribute, singulars[target])


def _internal(aggregates: Sequence[PythonAggregate]) -> Iterator[Internal]:
    for aggregate in aggregates:
        declared = aggregate.declared
        for action in declared.actions:
            if action.internal and not action.input:
                yield Internal(
                    action=action.name,
                    name=declared.name,
                    method=aggregate.method(action),
                    operations=f"{declared.singular}_operations",
                    titles=declared.titles,
                    table=aggregate.table,
                    source=sql_text(action.sources[0]),
                )


def _app_imports(aggregates: Iterable[PythonAggregate]) -> str:
    """What app.py imports: the platform, what the service is made of, and the routes of each aggregate."""
    lines = {
        "from collections.abc import AsyncIterator",
        "from contextlib import asynccontextmanager",
        "from fastapi import FastAPI",
        "from . import TITLE, VERSION",
        "from .own.app import extend",
        "from .own.wiring import OwnWiring",
        "from .platform.http import middleware",
        "from .platform.jobs import running",
        "from .platform.http.about import Contract, docs_router, health_router",
        "from .settings import Settings",
        "from .wiring import Wiring",
    }
    lines |= {f"from .{each.module}.routes import router as {router_name(each.declared)}" for each in aggregates}
    return imports(lines)


def _wiring_imports(aggregates: Iterable[PythonAggregate]) -> str:
    """What wiring.py imports: the platform, and repository and rules of each aggregate."""
    lines = {
        "import asyncio",
        "from collections.abc import AsyncIterator, Callable, Mapping",
        "from contextlib import asynccontextmanager",
        "from functools import cached_property, partial",
        "from inspect import signature",
        "from typing import TypeVar",
        "from httpx2 import AsyncBaseTransport",
        "from . import SERVICE",
        "from .platform.auth import Authenticator",
        "from .platform.jobs import Work",
        "from .platform.postgres import Database",
        "from .platform.postgres.history import History",
        "from .platform.http_client import HttpClient",
        "from .platform.postgres.idempotency import keep_purged",
        "from .settings import Settings",
    }
    for aggregate in aggregates:
        module, name = aggregate.module, aggregate.declared.name
        lines |= {
            f"from .{module}.operations import {name}Operations",
            f"from .{module}.repository import {name}Repository",
            f"from .{module}.service import {name}Service",
        }
    return imports(lines)
