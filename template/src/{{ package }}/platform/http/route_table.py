"""The routes of the application: who may call each of them, and a table that finds them in constant time.

This module alone touches what FastAPI does not promise (the attributes of routes). Where that changes, endpoints that
do not say who may call them can no longer be told, and the service does not start. The table, a trie of path segments
that is built once, tests itself against the routes; if anything is not as expected, there is no table, and FastAPI's
own router finds the same operations, only slower.
"""

import inspect
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import Match, Route, WebSocketRoute
from starlette.types import Scope

from . import Operation, OperationRoute
from .access import Access, Guarded

logger = logging.getLogger(__name__)

_METHODS = 0
_PARAMETER = 1

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


class Target(NamedTuple):
    """What answers a method of a path: an operation, or None for an ordinary endpoint of FastAPI."""

    path: str
    operation: Operation | None


Methods = dict[str, Target]


class Table:
    """The routes by path segment. In a complete one, what is not found does not exist."""

    def __init__(self) -> None:
        self.complete = True
        self.operations: list[Operation] = []
        self._root: dict[Any, Any] = {}

    def add(self, method: str, target: Target) -> None:
        """Add a route; among equal ones the first stays."""
        node = self._root
        for segment in target.path.split("/"):
            node = node.setdefault(_PARAMETER if segment.startswith("{") else segment, {})
        node.setdefault(_METHODS, {}).setdefault(method, target)

    def settle(self) -> None:
        """Let every fixed segment lead on to what a parameter in its place leads to, so that no search turns back; and
        what answers GET answer HEAD, too (RFC 9110)."""
        _settle(self._root)
        _add_head(self._root)

    def find(self, segments: list[str]) -> Methods | None:
        """The methods of a path, given as its segments."""
        node = self._root
        for segment in segments:
            child = node.get(segment)
            if child is None:
                child = node.get(_PARAMETER) if segment else None
                if child is None:
                    return None
            node = child
        return node.get(_METHODS)


def build(app: FastAPI) -> Table | None:
    """The table of an application's routes; None if it does not agree with them."""
    try:
        table = Table()
        routes = list(_routes(app, table))
        for method, target, _ in routes:
            table.add(method, target)
        table.settle()
        for method, target, route in routes:
            _check(table, method, target, route)
    except (AttributeError, LookupError, TypeError):
        logger.warning("routes are not as expected, so FastAPI's own, slower router finds them", exc_info=True)
        return None
    return table


def _routes(app: FastAPI, table: Table) -> Iterator[tuple[str, Target, Any]]:
    for context in contexts(app):
        route = context.original_route
        path, methods = context.path, context.methods
        if isinstance(route, WebSocketRoute):
            continue
        if not isinstance(route, Route) or not path or not methods or not _is_plain(path):
            table.complete = False
            continue
        operation = route.operation if isinstance(route, OperationRoute) else None
        if operation is not None and operation.path != path:
            raise ValueError(f"{path}: operations cannot be included with a prefix")
        if operation is not None:
            table.operations.append(operation)
        for method in sorted(methods):
            yield method, Target(path, operation), context


def _is_plain(path: str) -> bool:
    """Whether every segment is either fixed or one parameter without a convertor."""
    return all(
        "{" not in segment
        or (segment[0] == "{" and segment[-1] == "}" and ":" not in segment and segment.count("{") == 1)
        for segment in path.split("/")
    )


def _settle(node: dict[Any, Any]) -> None:
    variable = node.get(_PARAMETER)
    for segment, child in node.items():
        if segment == _METHODS:
            continue
        if variable is not None and isinstance(segment, str) and segment:
            _merge(child, variable)
        _settle(child)


def _merge(node: dict[Any, Any], other: dict[Any, Any]) -> None:
    for key, value in other.items():
        if key == _METHODS:
            node[_METHODS] = {**value, **node.get(_METHODS, {})}
        else:
            _merge(node.setdefault(key, {}), value)


def _add_head(node: dict[Any, Any]) -> None:
    methods = node.get(_METHODS, {})
    if "GET" in methods:
        methods.setdefault("HEAD", methods["GET"])
    for segment, child in node.items():
        if segment != _METHODS:
            _add_head(child)


def _check(table: Table, method: str, target: Target, route: Any) -> None:
    """Raise unless the table and the route agree on a path that the route is for."""
    segments = target.path.split("/")
    names = [segment[1:-1] for segment in segments if segment.startswith("{")]
    path = [f"0{segment[1:-1]}" if segment.startswith("{") else segment for segment in segments]
    match, scope = route.matches({"type": "http", "path": "/".join(path), "method": method, "headers": []})
    if match is not Match.FULL or scope["path_params"] != {name: f"0{name}" for name in names}:
        raise LookupError(f"the route does not match {method} {target.path}")
    if (table.find(path) or {})[method].path != target.path:
        raise LookupError(f"the table does not find {method} {target.path}")
