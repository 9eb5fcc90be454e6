"""Who may call an ordinary endpoint: each says it by a dependency, or by `guarded` where there are no dependencies.

    @router.get("/reports", dependencies=[requires("reports.read")])
    app.mount("/files", guarded(StaticFiles(directory="files"), any_caller()))

The service does not start with an endpoint that says nothing. To find them, this module touches what FastAPI does not
promise, like route_table.py; where that changes, the service does not start.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.requests import Request
from starlette.routing import Match, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ..auth.tokens import unauthenticated
from ..request_context import ANONYMOUS, RequestContext, context_of
from .handlers import OperationRoute

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # a scope-token of RFC 6749


@dataclass(frozen=True)
class Access:
    """Lets in callers with the scope; without one every caller with a valid token, or everybody if it is public."""

    scope: str | None = None
    public: bool = False

    async def __call__(self, request: Request) -> None:
        """Check the caller of a request, as a dependency of FastAPI."""
        self.check(context_of(request))

    def check(self, context: RequestContext) -> None:
        """Raise problem 401 or 403 for a caller who may not."""
        if self.public:
            return
        if context.caller is ANONYMOUS:
            raise unauthenticated()
        if self.scope is not None:
            context.allow(self.scope)


class Guarded:
    """An ASGI application that only those may call whom `access` lets in."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.access = access
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application; raises problem 401 or 403."""
        self.access.check(scope["context"])
        await self._app(scope, receive, send)


def requires(scope: str) -> Any:
    """A dependency of an ordinary endpoint: its callers need the scope."""
    if not _SCOPE.fullmatch(scope):
        raise ValueError(f"requires({scope!r}): one scope is expected, without blanks, such as 'reports.read'")
    return Depends(Access(scope))


def any_caller() -> Any:
    """A dependency of an ordinary endpoint: every caller with a valid token may, whatever its scopes."""
    return Depends(Access())


def public() -> Any:
    """A dependency of an ordinary endpoint: everybody may, without a token, which is not looked at."""
    return Depends(Access(public=True))


def guarded(app: ASGIApp, access: Any) -> Guarded:
    """An ASGI application to mount or route, with `requires(…)`, `any_caller()` or `public()`."""
    given = getattr(access, "dependency", None)
    if not isinstance(given, Access):
        raise TypeError("guarded(app, access): access is requires(…), any_caller() or public()")
    return Guarded(app, given)


REMEDY = """\
Say it where the endpoint is registered, or for its router, by one of
  dependencies=[requires("reports.read")]   callers need this scope
  dependencies=[any_caller()]               every caller with a valid token
  dependencies=[public()]                   everybody, without a token
from platform.http. What has no dependencies (mounts, routes of Starlette) is given as guarded(app, requires("…"))."""


class OpenEndpoints(Exception):
    """The endpoints, one a line, that do not say who may call them."""


@dataclass(frozen=True)
class Endpoint:
    """What answers some methods of a path, or all methods if there are none; `scopes` are those that a caller needs."""

    methods: tuple[str, ...]
    path: str
    name: str
    place: str
    is_hidden: bool
    is_public: bool
    scopes: frozenset[str]
    route: RouteContext

    @property
    def security(self) -> list[dict[str, list[str]]]:
        """What the contract says of it."""
        return [] if self.is_public else [{"bearer": sorted(self.scopes)}]


def endpoints(app: FastAPI) -> list[Endpoint]:
    """The endpoints of an application. Raises `OpenEndpoints`."""
    found, wrong = [], []
    for route in contexts(app):
        rights = list(_rights(route))
        endpoint = Endpoint(
            methods=tuple(sorted(route.methods or ())),
            path=_path(route),
            name=getattr(route, "operation_id", None) or route.name or "",
            place=_place(route),
            is_hidden=not isinstance(route.original_route, APIRoute) or not route.include_in_schema,
            is_public=any(right.public for right in rights),
            scopes=frozenset(right.scope for right in rights if right.scope is not None),
            route=route,
        )
        found.append(endpoint)
        fault = _fault(route, rights)
        if fault is not None:
            methods = " ".join(endpoint.methods) or type(route.original_route).__name__
            wrong.append(f"  {methods} {endpoint.path}: {endpoint.place}{fault}")
    if wrong:
        raise OpenEndpoints("\n".join(["These endpoints do not say who may call them:", *wrong, REMEDY]))
    return found


def _fault(route: RouteContext, rights: list[Access]) -> str | None:
    """What is wrong with the rights of a route, after its name; None if nothing is."""
    if isinstance(route.original_route, WebSocketRoute):
        return ", but WebSockets are not served"
    if len({right.public for right in rights}) > 1:
        return ", which is public() and something else, too"
    return None if rights else ""


class Public:
    """The endpoints that are for everybody."""

    def __init__(self, given: Iterable[Endpoint]) -> None:
        found = [endpoint for endpoint in given if endpoint.is_public]
        self._routes = [endpoint.route for endpoint in found]
        self._known = {(method, endpoint.path) for endpoint in found for method in endpoint.methods}

    def has(self, path: str, scope: Scope) -> bool:
        """Whether a request goes to one of them: by the path of its route, or by matching where that is not known."""
        if path:
            return (scope["method"], path) in self._known
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes)


def contexts(app: FastAPI) -> Iterator[RouteContext]:
    """The routes as they are included, those that FastAPI asks last, too (`app.frontend`)."""
    yield from iter_route_contexts(app.routes)
    yield from map(RouteContext, app.router._low_priority_routes)
    for route in app.routes:
        if hasattr(route, "effective_low_priority_routes"):
            for context in route.effective_low_priority_routes():
                yield RouteContext(context.original_route, context)


def _rights(route: RouteContext) -> Iterator[Access]:
    """What a route says of its callers: by its dependencies and theirs, or as what it leads to."""
    if isinstance(route.original_route, OperationRoute):
        yield Access(route.original_route.operation.scope)
    elif dependant := getattr(route, "dependant", None):
        yield from _nested(dependant)
    else:
        leads_to = getattr(route, "endpoint", None), getattr(route, "app", None)
        yield from (each.access for each in leads_to if isinstance(each, Guarded))


def _nested(dependant: Any) -> Iterator[Access]:
    if isinstance(dependant.call, Access):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _nested(inner)


def _path(route: RouteContext) -> str:
    inner = getattr(route.original_route, "routes", None) or ()  # of a frontend
    return route.path or ", ".join(getattr(each, "path", "?") for each in inner) or getattr(route, "host", "") or "?"


def _place(route: RouteContext) -> str:
    """Name, file and line of what a route leads to, as far as they are known."""
    endpoint = getattr(route, "endpoint", None) or getattr(route, "app", None) or route.original_route
    named = inspect.unwrap(endpoint) if inspect.isroutine(endpoint) else type(endpoint)
    name = f"{named.__module__}.{named.__qualname__}"
    code = getattr(named, "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name
