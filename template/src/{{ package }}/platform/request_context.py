"""One request on its way through the service: what the middleware knows of it, for handlers, logs and telemetry."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from random import getrandbits
from typing import Any, Protocol

from starlette.requests import Request
from starlette.types import Receive, Scope

from ..kernel import Caller
from .problems import Problem

Headers = dict[bytes, bytes]

# A UUID whose digits are a trace id as well, which cannot be zero.
_REQUEST_ID = re.compile(rb"(?![0-]*$)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Only versions to come may have more fields.
TRACEPARENT = re.compile(
    rb"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)

ANONYMOUS = Caller("", frozenset(), {})


class Pipeline(Protocol):
    """What requests of one application go through."""

    continues_traces: bool
    services: Mapping[type, Any]
    """What operations take by its type."""

    def bound(self, operation: Any) -> Callable[["RequestContext"], Awaitable[Any]]:
        """An operation with what it takes beside the request."""


class RequestContext:
    """A request and its answer. Headers are lower-case bytes; repeated ones are joined by a comma, as HTTP defines.

    `trace_id`, `parent_id` and `span_id` are lower-case hex (W3C Trace Context). `sampled` says whether the request is
    recorded; None is for telemetry to decide. `span` and `token` are telemetry's own. `committing` says that something
    may have been committed already: when the request is given up then, its outcome is open.
    """

    __slots__ = (
        "body",
        "caller",
        "committing",
        "headers",
        "parent_id",
        "pipeline",
        "quota",
        "receive",
        "request_id",
        "route",
        "sampled",
        "scope",
        "segments",
        "span",
        "span_id",
        "status",
        "token",
        "trace_id",
    )

    def __init__(self, scope: Scope, receive: Receive, pipeline: Pipeline) -> None:
        self.scope = scope
        self.receive = receive
        self.pipeline = pipeline
        pairs = scope["headers"]
        headers: Headers = dict(pairs)
        self.headers = headers if len(headers) == len(pairs) else _joined(pairs)
        digits = getrandbits(192).to_bytes(24).hex()
        sent = self.headers.get(b"request-id")
        if sent is not None and _REQUEST_ID.fullmatch(sent):
            self.request_id = sent.decode().lower()
        else:
            self.request_id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
        traceparent = self.headers.get(b"traceparent")
        found = TRACEPARENT.fullmatch(traceparent) if traceparent is not None and pipeline.continues_traces else None
        if found is None:
            self.trace_id = self.request_id.replace("-", "")
            self.parent_id = ""
            self.sampled: bool | None = None
        else:
            self.trace_id = found[1].decode()
            self.parent_id = found[2].decode()
            self.sampled = bool(int(found[3], 16) & 1)
        self.span_id = digits[32:]
        self.caller: Caller = ANONYMOUS
        self.committing = False
        self.segments: list[str] = []
        self.body = b""
        self.route = ""
        self.quota = b""
        self.status = 0
        self.span: Any = None
        self.token: Any = None

    @property
    def path(self) -> str:
        """The path, unless it made no sense: then it may hold anything, and belongs into no log."""
        path: str = self.scope["path"]
        return path if self.segments and self.status != 400 else ""

    def allow(self, scope: str) -> None:
        """Raise problem 403 unless the caller has the scope."""
        if scope not in self.caller.scopes:
            raise Problem(
                403,
                "insufficient-scope",
                f"The access token lacks the scope {scope}.",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )


current: ContextVar[RequestContext | None] = ContextVar("context", default=None)


def context_of(request: Request) -> RequestContext:
    """The context that a request of Starlette belongs to."""
    context: RequestContext = request.scope["context"]
    return context


def _joined(pairs: list[tuple[bytes, bytes]]) -> Headers:
    values: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    if len(values.get(b"host", ())) > 1:
        del values[b"host"]  # no host is both, so that it counts as missing
    return {name: b", ".join(several) for name, several in values.items()}
