"""Endpoints beside operations, who may call them and what they get; and for all: how often, and from which origins.

    @router.get("/reports", dependencies=[requires("reports.read")])
    app.mount("/files", guarded(StaticFiles(directory="files"), any_caller()))

An ordinary endpoint says it by a dependency, or by `guarded` where there are no dependencies; the service does not
start with one that says nothing, see route_table.py.
"""

import re
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ...kernel import Caller
from ...settings import Settings
from ..auth import unauthenticated
from ..problems import Problem, from_status, respond_early
from ..request_context import ANONYMOUS, RequestContext, context_of

T = TypeVar("T")

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # a scope-token of RFC 6749

WINDOW_S = 60

CORS_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CORS_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Request-Id",
    "Traceparent",
    "Tracestate",
)
CORS_ANSWER_HEADERS = (
    "Allow",
    "ETag",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Request-Id",
    "Retry-After",
    "Traceparent",
    "WWW-Authenticate",
)


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


def _json_number(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


Integer = Annotated[int, BeforeValidator(_json_number)]
"""A whole number in the body of an ordinary endpoint as JSON has it: 10 and 10.0, but not "10" and true."""


def provided(kind: type[T]) -> Any:
    """What an operation gets by its annotation, for an ordinary endpoint: `Annotated[Orders, provided(Orders)]`.

    That is the instance that the application provides for the type, or the `Caller`.
    """

    async def value(request: Request) -> Any:
        context = context_of(request)
        return context.caller if kind is Caller else context.pipeline.services[kind]

    return Depends(value)


class RateLimit:
    """A quota of requests per caller and minute. The headers are those of the IETF draft on RateLimit fields."""

    def __init__(self, quota: int) -> None:
        self.policy = b'"default";q=%d;w=%d' % (quota, WINDOW_S)
        self._quota = quota
        self._ends = 0.0
        self._used: dict[str, int] = {}

    def take(self, subject: str) -> bytes:
        """Count a request of the caller; what is left, as the value of `RateLimit`. Raises problem 429."""
        now = monotonic()
        if now >= self._ends:
            self._ends = now + WINDOW_S
            self._used.clear()
        used = self._used.get(subject, 0)
        seconds = ceil(self._ends - now)
        if used >= self._quota:
            raise Problem(
                429,
                "too-many-requests",
                f"The quota of {self._quota} requests a minute is used up.",
                headers={"Retry-After": str(seconds), "RateLimit": f'"default";r=0;t={seconds}'},
            )
        self._used[subject] = used + 1
        return b'"default";r=%d;t=%d' % (self._quota - used - 1, seconds)


def install_cors(app: FastAPI, settings: Settings) -> None:
    """Let scripts of the origins call that the settings name, if any."""
    if settings.cors_origins:
        app.add_middleware(
            Origins,
            allow_origins=settings.cors_origins,
            allow_methods=CORS_METHODS,
            allow_headers=CORS_HEADERS,
            expose_headers=CORS_ANSWER_HEADERS,
        )


class Origins(CORSMiddleware):
    """Starlette's answers, but a refusal is a problem as every other."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to the question whether a request may be sent."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        status, headers, body = respond_early(from_status(answer.status_code, bytes(answer.body).decode()))
        refusal = Response(body, status)
        kept = [pair for pair in answer.raw_headers if pair[0] not in (b"content-length", b"content-type")]
        refusal.raw_headers = headers + kept
        return refusal
