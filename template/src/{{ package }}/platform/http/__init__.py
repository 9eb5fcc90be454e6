"""Operations over HTTP: plain, typed handlers whose signature says what of the request they take.

    router = Operations("orders", tag="Orders")

    @router.patch("/orders/{order_id}", operation_id="update_order")
    async def update(order_id: UUID, body: OrderPatch, call: Call, operations: OrderOperations) -> Reply: ...

A signature is compiled once, at start-up. Ordinary FastAPI endpoints work beside operations, see access.py. All that
routes need is imported from here.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from ...kernel import CHANGED, CREATED, Call, Caller, ChangedMeanwhile, DomainError, Outcome, StaleVersion, ValueRefused
from ..postgres import ATTEMPTS, Database, RolledBack, pause
from ..postgres.idempotency import Once, replay
from ..postgres.sessions import place_in
from ..problems import FieldError, Problem, from_domain, invalid
from ..request_context import RequestContext, context_of
from .access import Integer, any_caller, guarded, provided, public, requires
from .bodies import JSON, MERGE_PATCH, body_reader, optional, refuse_body
from .parameters import (
    Body,
    IfMatch,
    IfNoneMatch,
    PageParameters,
    Patch,
    Query,
    Reader,
    announces_body,
    call_reader,
    if_match_reader,
    if_none_match_reader,
    once_reader,
    path_reader,
    query_reader,
    read_body,
    refuse_query,
    sent_if_match_reader,
)

__all__ = [
    "Body",
    "IfMatch",
    "IfNoneMatch",
    "Integer",
    "Once",
    "Operations",
    "PageParameters",
    "Patch",
    "Query",
    "Reply",
    "any_caller",
    "guarded",
    "provided",
    "public",
    "requires",
]

NO_CONTENT = frozenset({204, 304})

_encode = msgspec.json.Encoder().encode
_PARAMETER = re.compile(r"{([^}]*)}")
_OF_REQUEST: dict[Any, Reader] = {
    IfMatch: if_match_reader,
    IfMatch | None: sent_if_match_reader,
    IfNoneMatch: if_none_match_reader,
    Caller: lambda context: context.caller,
    Request: lambda context: Request(context.scope, context.receive),
}


class Reply:
    """An answer: a status, its content (encoded once), the version behind its ETag, and where the resource is."""

    __slots__ = ("_body", "content", "location", "status", "version")

    def __init__(
        self,
        status: int = 200,
        content: msgspec.Struct | None = None,
        *,
        version: int | None = None,
        location: str | None = None,
    ) -> None:
        self.status = status
        self.content = content
        self.version = version
        self.location = location
        self._body: bytes | None = None

    @classmethod
    def not_modified(cls, version: int) -> "Reply":
        """304: the client has this version already."""
        return cls(304, version=version)

    @classmethod
    def stored(cls, status: int, version: int | None, location: str | None, body: bytes) -> "Reply":
        """An answer given before, byte for byte."""
        reply = cls(status, version=version, location=location)
        reply._body = body
        return reply

    @classmethod
    def of(cls, outcome: Outcome) -> "Reply":
        """What a call came to, for the first time or repeated."""
        kind, resource, version, snapshot = outcome
        if kind == CREATED:
            return cls.stored(201, version, f"/{resource}", snapshot)
        if kind == CHANGED:
            return cls.stored(200, version, None, snapshot)
        return cls.stored(int(kind), version, resource, snapshot)

    def outcome(self, resource: str | None = None) -> Outcome:
        """What `of` makes this reply from; `resource` is the path of what it shows, if not its location.

        Where it says more than that something was created or changed, its status is the kind, and its location goes
        along as it is.
        """
        kind, name = str(self.status), resource if self.location is None else self.location
        if self.status == 201 and self.location is not None and self.location.startswith("/"):
            kind, name = CREATED, self.location[1:]
        elif self.status == 200 and self.location is None:
            kind, name = CHANGED, None if resource is None else resource.removeprefix("/")
        return Outcome(kind, name, self.version, self.body)

    @property
    def body(self) -> bytes:
        """The content as JSON; empty if there is none."""
        body = self._body
        if body is None:
            body = self._body = b"" if self.content is None else _encode(self.content)
        return body

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that describe the content."""
        headers: list[tuple[bytes, bytes]] = []
        if self.status not in NO_CONTENT:
            body = self.body
            headers.append((b"content-length", b"%d" % len(body)))
            if body:
                headers.append((b"content-type", b"application/json"))
        if self.version is not None:
            headers.append((b"etag", b'"%d"' % self.version))
            headers.append((b"cache-control", b"private, no-cache"))
        if self.location is not None:
            headers.append((b"location", self.location.encode("latin-1")))
        return headers


Handler = Callable[..., Awaitable[Reply]]
HandlerT = TypeVar("HandlerT", bound=Handler)
Services = Mapping[type, Any]


class Operation:
    """A handler with its method and path, and the scope that its callers need."""

    def __init__(self, method: str, path: str, handler: Handler, *, scope: str) -> None:
        self.method = method
        self.path = path
        self.handler = handler
        self.scope = scope
        hints = get_type_hints(handler)
        self.parameters: dict[str, Any] = {name: hints[name] for name in inspect.signature(handler).parameters}
        self.positions = {
            found[1]: index for index, part in enumerate(path.split("/")) if (found := _PARAMETER.fullmatch(part))
        }

    @property
    def media_type(self) -> bytes:
        """What the body is sent as."""
        return MERGE_PATCH if self.method == "PATCH" else JSON

    def takes(self, kind: type) -> bool:
        """Whether a parameter is of this type or a subclass of it."""
        return any(issubclass(each, kind) for each in map(_given, self.parameters.values()) if isinstance(each, type))

    def keeps(self, kind: Any) -> bool:
        """Whether a parameter of this type has an idempotency key."""
        return kind is Call and self.method == "POST"

    async def endpoint(self, request: Request) -> Response:
        """The operation as an endpoint of FastAPI, for when FastAPI's own router found it."""
        context = context_of(request)
        context.route = self.path
        context.segments = [""] * (1 + max(self.positions.values(), default=0))
        for name, index in self.positions.items():
            context.segments[index] = request.path_params[name]
        context.allow(self.scope)
        reply = await context.pipeline.bound(self)(context)
        response = Response(reply.body, reply.status)
        response.raw_headers = reply.headers()
        return response


class BoundOperation:
    """An operation compiled for one application: a request in, a reply or a problem out."""

    __slots__ = (
        "_attempts",
        "_database",
        "_handler",
        "_key",
        "_max_body",
        "_readers",
        "_reads_body",
        "_refuses_body",
        "_takes_query",
        "operation",
    )

    def __init__(self, operation: Operation, services: Services, *, max_body: int, key_ttl: timedelta) -> None:
        self.operation = operation
        self._handler = operation.handler
        self._max_body = max_body
        self._takes_query = operation.takes(Query)
        kinds = list(operation.parameters.values())
        self._key = next((place for place, kind in enumerate(kinds) if kind is Once or operation.keeps(kind)), -1)
        self._reads_body = operation.takes(Body) or self._key >= 0
        self._readers = [self._reader(name, kind, services, key_ttl) for name, kind in operation.parameters.items()]
        self._database: Database | None = services[Database] if self._key >= 0 else None
        self._refuses_body = not operation.takes(Body) and Request not in kinds
        self._attempts = 1 if Request in kinds else ATTEMPTS  # what has been received does not come twice

    def _reader(self, name: str, kind: Any, services: Services, key_ttl: timedelta) -> Reader:
        operation = self.operation
        if name in operation.positions:
            return path_reader(name, operation.positions[name], kind)
        model = _given(kind)
        if isinstance(model, type) and issubclass(model, Body):
            read = body_reader(model, operation.media_type)
            return read if model is kind else optional(read)
        if isinstance(kind, type) and issubclass(kind, Query):
            return query_reader(kind)
        if kind is Once:
            return once_reader(key_ttl)
        if kind is Call:
            return call_reader(operation.method, key_ttl, names_resource=bool(operation.positions))
        if kind in _OF_REQUEST:
            return _OF_REQUEST[kind]
        if kind in services:
            service = services[kind]
            return lambda context: service
        handler = operation.handler
        raise TypeError(
            f"{handler.__module__}.{handler.__qualname__}: nothing is provided for parameter '{name}' of type {kind!r}"
        )

    async def __call__(self, context: RequestContext) -> Reply:
        """Answer a request whose caller is known and allowed; raises `Problem`."""
        if self._reads_body or (self._refuses_body and announces_body(context.headers)):
            context.body = await read_body(context.headers, context.receive, self._max_body)
        try:
            if not self._takes_query and context.scope["query_string"]:
                refuse_query(context)
            if self._refuses_body:
                refuse_body(context)
            arguments = [read(context) for read in self._readers]
        except Problem as first:
            raise self._with_all_errors(context, first) from None
        try:
            return await self._handler(*arguments)
        except (Problem, DomainError) as refusal:
            return await self._after(refusal, context, arguments)

    async def _after(self, refusal: Problem | DomainError, context: RequestContext, arguments: list[Any]) -> Reply:
        """What follows a refusal: another attempt where the database undid it, an answer given before, or a problem."""
        attempt = 1
        while isinstance(refusal, RolledBack) and attempt < self._attempts:
            await pause(refusal, attempt)
            attempt += 1
            context.committing = False
            arguments = [read(context) for read in self._readers]
            try:
                return await self._handler(*arguments)
            except (Problem, DomainError) as again:
                refusal = again
        problem = _as_problem(refusal, arguments)
        if self._database is not None and problem.status < 500:
            argument: Once | Call = arguments[self._key]
            key = argument.key if isinstance(argument, Call) else argument
            stored = None if key is None else await replay(self._database, key)
            if stored is not None:
                return Reply.of(stored)
        raise problem from refusal

    def _with_all_errors(self, context: RequestContext, first: Problem) -> Problem:
        """What is wrong with a request altogether, not only in the parameter that was read first."""
        if first.status != 400:
            return first
        errors: list[FieldError] = []
        readers = self._readers if self._takes_query else [refuse_query, *self._readers]
        readers = [refuse_body, *readers] if self._refuses_body else readers
        for read in readers:
            try:
                read(context)
            except Problem as problem:
                errors.extend(problem.errors)
        return invalid(errors)


class OperationRoute(APIRoute):
    """A route of FastAPI whose handler reads the request itself, without the dependency solver."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        operation = getattr(endpoint, "__self__", None)
        if not isinstance(operation, Operation) or options.get("dependencies"):
            raise TypeError(f"{path}: operations are registered by Operations, and take no dependencies")
        self.operation = operation
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.operation.endpoint


class Operations(APIRouter):
    """The operations of one resource.

    A caller needs the scope `<name>.read` for GET and `<name>.write` for everything else, unless an operation names
    another scope. Include it without a prefix.
    """

    def __init__(self, name: str, *, tag: str) -> None:
        super().__init__(tags=[tag], route_class=OperationRoute)
        self.name = name

    def get(self, path: str, *, operation_id: str, scope: str = "") -> Callable[[HandlerT], HandlerT]:  # type: ignore[override]
        """Register the handler for GET."""
        return self.operation("GET", path, operation_id=operation_id, scope=scope or f"{self.name}.read")

    def post(self, path: str, *, operation_id: str, scope: str = "") -> Callable[[HandlerT], HandlerT]:  # type: ignore[override]
        """Register the handler for POST."""
        return self.operation("POST", path, operation_id=operation_id, scope=scope or f"{self.name}.write")

    def put(self, path: str, *, operation_id: str, scope: str = "") -> Callable[[HandlerT], HandlerT]:  # type: ignore[override]
        """Register the handler for PUT."""
        return self.operation("PUT", path, operation_id=operation_id, scope=scope or f"{self.name}.write")

    def patch(self, path: str, *, operation_id: str, scope: str = "") -> Callable[[HandlerT], HandlerT]:  # type: ignore[override]
        """Register the handler for PATCH."""
        return self.operation("PATCH", path, operation_id=operation_id, scope=scope or f"{self.name}.write")

    def delete(self, path: str, *, operation_id: str, scope: str = "") -> Callable[[HandlerT], HandlerT]:  # type: ignore[override]
        """Register the handler for DELETE."""
        return self.operation("DELETE", path, operation_id=operation_id, scope=scope or f"{self.name}.write")

    def operation(self, method: str, path: str, *, operation_id: str, scope: str) -> Callable[[HandlerT], HandlerT]:
        """Register the handler for a method."""

        def register(handler: HandlerT) -> HandlerT:
            operation = Operation(method, path, handler, scope=scope)
            self.add_api_route(
                path,
                operation.endpoint,
                methods=[method],
                operation_id=operation_id,
                name=operation_id,
                description=inspect.getdoc(handler),
            )
            return handler

        return register


def _given(kind: Any) -> Any:
    """The type of what is sent, where it may be left out: `HoldBook` of `HoldBook | None`."""
    given = [each for each in get_args(kind) if each is not type(None)]
    return given[0] if isinstance(kind, UnionType) and len(given) == 1 else kind


def _as_problem(refusal: Problem | DomainError, arguments: list[Any]) -> Problem:
    """The problem in the terms of the request: the item of its body, and the version that it was made for."""
    if isinstance(refusal, Problem):
        return refusal
    if isinstance(refusal, ValueRefused):
        body = next((each for each in arguments if isinstance(each, Body)), None)
        return from_domain(refusal, None if body is None else place_in(body, refusal))
    if_match = next((each for each in arguments if isinstance(each, IfMatch)), None)
    if if_match is not None and isinstance(refusal, ChangedMeanwhile | StaleVersion):
        refusal = StaleVersion() if if_match.tags is not None else ChangedMeanwhile()
    return from_domain(refusal)
