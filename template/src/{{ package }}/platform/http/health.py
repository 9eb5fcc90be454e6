"""Whether the process lives and can do its work, and whether it is about to end."""

import logging
from collections.abc import Awaitable, Callable
from math import inf
from time import monotonic

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from ..problems import Problem
from .endpoints import public

logger = logging.getLogger(__name__)

PROBES = frozenset({"/livez", "/readyz"})
"""Paths by which the surroundings ask for this state: always answered, and no requests to anybody who counts those."""
STANDSTILL_S = 5.0
"""From so long a standstill of the event loop on, the process counts as dead: nobody was answered meanwhile."""
REPORTED_S = 15.0
"""How long a standstill is reported after it has ended: longer than the pause between two probes."""


class Lifecycle:
    """Becomes `draining` when the process is asked to end, and stays so: what is under way ends, no pod sends more."""

    def __init__(self) -> None:
        self.draining = False
        self._beat = inf
        self._stood_until = -inf

    def drain(self) -> None:
        """Be about to end."""
        self.draining = True

    def beat(self, now: float) -> None:
        """Note that the event loop moves (`now` in seconds, monotonic); whoever beats does so all the time."""
        if now - self._beat >= STANDSTILL_S:
            logger.error("the event loop stood still for %.1f s: something blocks it", now - self._beat)
            self._stood_until = now + REPORTED_S
        self._beat = now

    def moves(self, now: float | None = None) -> bool:
        """Whether the event loop has not stood still, now or a moment ago."""
        now = monotonic() if now is None else now
        return now - self._beat < STANDSTILL_S and now >= self._stood_until


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
