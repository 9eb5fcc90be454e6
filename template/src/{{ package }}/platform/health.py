"""Whether the process lives, and whether it can do its work."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from .access import public
from .problems import Problem

Check = Callable[[], Awaitable[bool]]


def health_router(ready: Check, has_keys: Check | None = None, has_revisions: Check | None = None) -> APIRouter:
    """`/livez` is 200 while the event loop moves, `/readyz` while `ready()` holds and the service is not draining.

    A replica that never had the issuer's keys is not ready; one that had them stays so while the issuer is away.
    Nor is one whose database was never seen to have the revisions of its release.
    """
    router = APIRouter(include_in_schema=False, dependencies=[public()])

    @router.get("/livez")
    async def live(request: Request) -> Response:
        if not request.app.state.lifecycle.moves():
            raise _failing("The event loop has stood still.")
        return _ok()

    @router.get("/readyz")
    async def is_ready(request: Request) -> Response:
        if request.app.state.lifecycle.draining:
            raise _failing("This replica is shutting down.")
        if not await ready():
            raise _failing("The database cannot be reached.")
        if has_revisions is not None and not await has_revisions():
            raise _failing("The database lacks revisions of this release.")
        if has_keys is not None and not await has_keys():
            raise _failing("The token issuer cannot be reached.")
        return _ok()

    return router


def _ok() -> Response:
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


def _failing(detail: str) -> Problem:
    return Problem(503, "service-unavailable", detail, headers={"Retry-After": "1"})
