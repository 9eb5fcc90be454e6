"""Who may call an ordinary endpoint: each says it by a dependency, or by `guarded` where there are no dependencies.

    @router.get("/reports", dependencies=[requires("reports.read")])
    app.mount("/files", guarded(StaticFiles(directory="files"), any_caller()))

The service does not start with an endpoint that says nothing, see endpoints.py.
"""

import re
from dataclasses import dataclass
from typing import Any

from fastapi import Depends
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from .auth import unauthenticated
from .exchange import ANONYMOUS, Exchange, exchange_of

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # a scope-token of RFC 6749


@dataclass(frozen=True)
class Access:
    """Lets in callers with the scope; without one every caller with a valid token, or everybody if it is public."""

    scope: str | None = None
    public: bool = False

    async def __call__(self, request: Request) -> None:
        """Check the caller of a request, as a dependency of FastAPI."""
        self.check(exchange_of(request))

    def check(self, exchange: Exchange) -> None:
        """Raise problem 401 or 403 for a caller who may not."""
        if self.public:
            return
        if exchange.caller is ANONYMOUS:
            raise unauthenticated()
        if self.scope is not None:
            exchange.allow(self.scope)


class Guarded:
    """An ASGI application that only those may call whom `access` lets in."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.access = access
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application; raises problem 401 or 403."""
        self.access.check(scope["exchange"])
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
