"""The service as a whole: app.py, which puts its parts together, and the modules that not every service needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .aggregates import router_name
from .import_block import imports

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .domain import PythonAggregate


class ApplicationCode(NamedTuple):
    """What the service as a whole has."""

    app_imports: str
    has_json: bool
    """Whether some aggregate has free JSON, which patches merge."""


def application_code(aggregates: Sequence[PythonAggregate]) -> ApplicationCode:
    """The code of the service that has these aggregates."""
    return ApplicationCode(
        app_imports=_app_imports(aggregates),
        has_json=any(field.kind == "json" for aggregate in aggregates for field in aggregate.declared.fields),
    )


def _app_imports(aggregates: Iterable[PythonAggregate]) -> str:
    """What app.py imports: the platform, and repository, routes and rules of each aggregate."""
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
        module, name = aggregate.module, aggregate.declared.name
        lines |= {
            f"from .{module}.repository import {name}Repository",
            f"from .{module}.routes import router as {router_name(aggregate.declared)}",
            f"from .{module}.service import {name}Service",
        }
    return imports(lines)
