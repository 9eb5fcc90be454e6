"""Routing in constant time: the application's own routes in a trie of path segments, built once at start-up.

This module and endpoints.py are the only ones that touch what FastAPI does not promise (the attributes of routes).
The table tests itself against the routes when it is built; if anything is not as expected, there is no table, and
FastAPI's own router finds the same operations, only slower.
"""

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi import FastAPI
from starlette.routing import Match, Route, WebSocketRoute

from .endpoints import contexts
from .handlers import Operation, OperationRoute

logger = logging.getLogger(__name__)

_METHODS = 0
_PARAMETER = 1


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
