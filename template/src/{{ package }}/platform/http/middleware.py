"""The one middleware of the service, through which every request comes in and every answer goes out.

It gives the request its ids, finds what answers it, checks who asks, how often and how much, renders every error as a
problem, and leaves a log line. Operations are called here; everything else is FastAPI's.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...kernel import Caller, DomainError, OutcomeOpen
from ...settings import Settings
from ..auth import Authenticator, VerificationLimit
from ..logs import AccessLog
from ..postgres import Database
from ..problems import (
    MAX_DETAIL,
    NO_SNIFFING,
    FieldError,
    Pairs,
    Problem,
    from_domain,
    from_status,
    invalid,
    pointer,
    printable,
    respond,
)
from ..request_context import RequestContext, context_of, current
from . import BoundOperation, Operation
from .about import PROBES, Lifecycle
from .access import RateLimit, install_cors
from .parameters import check_framing
from .route_table import Public, Table, build, endpoints

if TYPE_CHECKING:
    from ..telemetry import Telemetry

logger = logging.getLogger(__name__)

CLIENT_CLOSED_REQUEST = 499
WEBSOCKET_POLICY_VIOLATION = 1008
PERCENT = ord("%")  # a byte is found six times as fast as bytes of length one


def install(
    app: FastAPI,
    settings: Settings,
    *,
    provide: Mapping[type, object] | Iterable[object],
    authenticator: Authenticator | None = None,
) -> None:
    """Put the middleware around an application; `provide` is what operations take by its type.

    Raises `OpenEndpoints` when an endpoint does not say who may call it; so does the start for those that come later.
    """
    endpoints(app)
    services = dict(provide) if isinstance(provide, Mapping) else {type(service): service for service in provide}
    telemetry = None
    if settings.otel_exporter_otlp_endpoint is not None:
        from ..telemetry import Telemetry  # noqa: PLC0415 - costs start-up time and memory that only its users pay

        telemetry = Telemetry(settings)
        database = services.get(Database)
        if isinstance(database, Database):
            telemetry.watch(database)
    app.router.redirect_slashes = False
    app.state.lifecycle = Lifecycle()
    app.state.verifications = VerificationLimit()
    app.add_middleware(
        RequestPipeline,
        settings=settings,
        services=services,
        authenticator=authenticator or Authenticator(settings),
        verifications=app.state.verifications,
        telemetry=telemetry,
    )
    install_cors(app, settings)
    for kind in (Problem, DomainError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer_refusal)


class RequestPipeline:
    """The middleware. One instance serves one application and one event loop."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        services: Mapping[type, Any],
        authenticator: Authenticator,
        verifications: VerificationLimit,
        telemetry: "Telemetry | None",
    ) -> None:
        self.services = services
        self._app = app
        self._verifications = verifications
        self._telemetry = telemetry
        self.continues_traces = settings.trace_context == "trust"
        self._max_body = settings.max_body_bytes
        self._key_ttl = timedelta(hours=settings.idempotency_ttl_hours)
        self._authenticator = authenticator
        self._limit = RateLimit(settings.rate_limit_per_minute) if settings.rate_limit_per_minute else None
        self._access_log = AccessLog() if settings.log_level in ("DEBUG", "INFO") else None
        self._common: Pairs = [NO_SNIFFING]
        if self._limit is not None:
            self._common.append((b"ratelimit-policy", self._limit.policy))
        self._prepared = False
        self._table: Table | None = None
        self._public = Public([])
        self._bound: dict[Operation, BoundOperation] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other protocols than HTTP are refused."""
        if scope["type"] == "http":
            begun = scope.get("since") or perf_counter()
            if not self._prepared:
                self._prepare(scope["app"])
            context = scope["context"] = RequestContext(scope, receive, self)
            token = current.set(context)
            observed = scope["path"] not in PROBES
            if observed and self._telemetry is not None:
                self._telemetry.begin(context)
            try:
                await self._serve(context, send)
            finally:
                if observed:
                    duration = perf_counter() - begun
                    if self._telemetry is not None:
                        self._telemetry.end(context, duration)
                    if self._access_log is not None:
                        self._access_log.write(context, duration)
                current.reset(token)
                del scope["context"]  # it holds the scope: as a cycle, both would wait for the garbage collector
        elif scope["type"] == "lifespan":
            self._prepare(scope["app"])

            async def finish_first(message: Message) -> None:
                if message["type"] == "lifespan.startup.complete":
                    self._prepare(scope["app"])  # for what the start has added, too
                else:  # the server waits for nothing after such a message
                    await self._close()
                await send(message)

            await self._app(scope, receive, finish_first)
        else:
            await send({"type": "websocket.close", "code": WEBSOCKET_POLICY_VIOLATION})

    def turn_away(self, scope: Scope, problem: Problem, since: float) -> tuple[int, Pairs, bytes]:
        """What a request is answered with that has waited for its turn `since` then (perf_counter()), and in vain.

        It is counted and logged; nothing else is done for it.
        """
        context = RequestContext(scope, _nothing, self)
        context.sampled = False
        status, headers, body = _answer(problem, context)
        context.status = status
        duration = perf_counter() - since
        if self._telemetry is not None:
            self._telemetry.end(context, duration)
        if self._access_log is not None:
            self._access_log.write(context, duration)
        return status, headers + self._headers(context), body

    async def _close(self) -> None:
        """Write and send what has not been yet."""
        if self._access_log is not None:
            self._access_log.flush()
        if self._telemetry is not None:
            await self._telemetry.close()

    def bound(self, operation: Operation) -> BoundOperation:
        """The operation as this application serves it."""
        bound = self._bound.get(operation)
        if bound is None:
            bound = BoundOperation(operation, self.services, max_body=self._max_body, key_ttl=self._key_ttl)
            self._bound[operation] = bound
        return bound

    def _prepare(self, app: FastAPI) -> None:
        if len(app.user_middleware) == 1:  # nothing but FastAPI's own layers is in front, see server/__init__.py
            app.state.pipeline = self
        self._public = Public(endpoints(app))
        self._table = build(app)
        if self._table is not None:
            for operation in self._table.operations:
                self.bound(operation)
        self._prepared = True

    async def _serve(self, context: RequestContext, send: Send) -> None:
        sender: _Sender | None = None
        scope = context.scope
        answer = scope.pop("answer", None)  # the connection's own way, see server/requests.py
        try:
            operation = self._find(context)
            if operation is not None or not self._public.has(context.route, self._scope(context)):
                header = context.headers.get(b"authorization")
                caller = self._authenticator.recall(header) if header is not None else None
                context.caller = caller or await self._authenticate(header)
                if self._limit is not None:
                    context.quota = self._limit.take(context.caller.subject)
            if operation is None:
                sender = _Sender(context, send, self._headers(context))
                check_framing(context.headers, self._max_body)
                await self._app(self._scope(context), _Receiver(context.receive, self._max_body), sender)
                return
            context.allow(operation.scope)
            reply = await self._bound[operation](context)
            status, headers, body = reply.status, reply.headers(), reply.body
        except (asyncio.CancelledError, ClientDisconnect) as error:
            refusal = scope.get("refusal")
            if refusal is None or context.status:
                context.status = context.status or CLIENT_CLOSED_REQUEST
                if refusal is not None or isinstance(error, ClientDisconnect):
                    return
                raise
            status, headers, body = _answer(from_domain(OutcomeOpen()) if context.committing else refusal, context)
        except Exception as error:
            problem = as_problem(error)
            if sender is not None and context.status:
                raise
            status, headers, body = _answer(problem, context)
        context.status = status
        headers += self._headers(context)
        if answer is not None and status < 400 and answer(status, headers, body):
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _find(self, context: RequestContext) -> Operation | None:
        """The operation asked for; None if FastAPI has to find the endpoint.

        Raises problem 404 or 405, and what the connection refuses the request with, see connections.py.
        """
        scope = context.scope
        if "refusal" in scope:
            raise scope["refusal"]
        if b"host" not in context.headers and scope["http_version"] != "1.0":
            raise Problem(400, "malformed-request", "A request of HTTP/1.1 names its host, once.")
        table = self._table
        if table is None:
            return None
        segments = scope["path"].split("/")
        raw_path = scope.get("raw_path") or b""
        if PERCENT in raw_path:  # where a slash inside of a segment is still told from one between two
            segments = [unquote(segment) for segment in raw_path.decode("latin-1").split("/")]
        methods = table.find(segments)
        target = methods.get(scope["method"]) if methods else None
        if target is None:
            if not table.complete:
                return None
            if methods is None:
                raise Problem(404, "not-found", "There is nothing at this path.")
            allowed = ", ".join(sorted(methods))
            raise Problem(405, "method-not-allowed", f"This resource supports {allowed}.", headers={"Allow": allowed})
        context.route = target.path
        if target.operation is not None:
            context.segments = segments
        return target.operation

    def _scope(self, context: RequestContext) -> Scope:
        """What FastAPI is asked: GET for HEAD, which its endpoints do not know unless they are registered for it."""
        scope = context.scope
        if scope["method"] != "HEAD":
            return scope
        methods = self._table.find(scope["path"].split("/")) if self._table is not None else None
        if methods and methods.get("HEAD") is not methods.get("GET"):
            return scope
        return {**scope, "method": "GET"}

    async def _authenticate(self, header: bytes | None) -> Caller:
        """The caller that a token proves which is not known yet."""
        if header is not None:
            await self._verifications.take()
        return await self._authenticator.authenticate(header)

    def _headers(self, context: RequestContext) -> Pairs:
        headers = [
            *self._common,
            (b"request-id", context.request_id.encode()),
            (b"traceparent", f"00-{context.trace_id}-{context.span_id}-{context.sampled or 0:02x}".encode()),
        ]
        if context.quota:
            headers.append((b"ratelimit", context.quota))
        return headers


class _Sender:
    """Sends the answer of an ordinary endpoint, with the headers that every answer has, and without a body to HEAD."""

    __slots__ = ("_context", "_ended", "_headers", "_send")

    def __init__(self, context: RequestContext, send: Send, headers: Pairs) -> None:
        self._context = context
        self._send = send
        self._headers = headers
        self._ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._context.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
        elif self._context.scope["method"] == "HEAD":
            if self._ended:
                return
            self._ended = True
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)


class _Receiver:
    """Receives the body for an ordinary endpoint, up to the limit."""

    __slots__ = ("_left", "_limit", "_receive")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = self._limit = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, f"The body may have at most {self._limit} bytes.", {"Connection": "close"})
        return message


async def _nothing() -> Message:
    """What is received of a request that is turned away."""
    return {"type": "http.disconnect"}


def as_problem(error: Exception) -> Problem:
    """The problem that an error is answered with; one that nobody expected is logged."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DomainError):
        return from_domain(error)
    if isinstance(error, RequestValidationError):
        return invalid([_field_error(each) for each in error.errors()])
    if isinstance(error, HTTPException):
        return from_status(error.status_code, str(error.detail), _with_head(error.headers))
    logger.error("the request failed", exc_info=error)
    return Problem(500, "internal-error", "The service failed; the request id finds the reason in its log.")


def _with_head(headers: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """The headers of a refusal by FastAPI, whose Allow knows nothing of HEAD."""
    allowed = set((headers or {}).get("Allow", "").split(", "))
    return {**(headers or {}), "Allow": ", ".join(sorted({*allowed, "HEAD"}))} if "GET" in allowed else headers


def _field_error(error: Mapping[str, Any]) -> FieldError:
    """An error that FastAPI found in the parameters of an ordinary endpoint."""
    where, *place = error["loc"]
    if error["type"] == "json_invalid":
        place = []
    parts = place if where == "body" else [where, *place]
    return FieldError(pointer(*parts), error["type"], printable(error["msg"], MAX_DETAIL))


def _answer(problem: Problem, context: RequestContext) -> tuple[int, Pairs, bytes]:
    return respond(problem, request_id=context.request_id, trace_id=context.trace_id)


async def _answer_refusal(request: Request, error: Exception) -> Response:
    """What FastAPI answers with when an ordinary endpoint, or FastAPI itself, refuses a request."""
    status, headers, body = _answer(as_problem(error), context_of(request))
    response = Response(body, status)
    response.raw_headers = headers
    return response
