"""Calls to other services over HTTP, with limits: for time, for repetitions, and for a service that does not answer.

A failure of the other service is a 503 to whoever asks this one, not a 500. Only what may happen twice is sent again:
an idempotent method, or a POST with an Idempotency-Key. A call goes on with the trace of the request that is served.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from time import monotonic
from typing import Any

import httpx2

from ..kernel import Unavailable
from .request_context import current

logger = logging.getLogger(__name__)

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
OVERLOADED = frozenset({429, 502, 503, 504})
"""Answers after which the same may succeed; another failure of a server is its last word."""
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0
REPETITION_SHARE = 0.1
"""So many of the calls may be sent again, and `REPETITION_BURST` beyond: a service that fails is spared."""
REPETITION_BURST = 10.0
FAILURES_TO_OPEN = 5
OPEN_S = 5.0
"""After `FAILURES_TO_OPEN` failures in a row nothing is sent for so long; then one call tries."""


class HttpClient:
    """A client of the service `name` at `base_url`.

    `timeout_s` limits each attempt, `total_s` the call with all of them. `transport` replaces the network in tests, by
    `httpx2.MockTransport(answer)`.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        timeout_s: float = 1.0,
        total_s: float = 2.5,
        attempts: int = 3,
        headers: Mapping[str, str] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._name = name
        self._total_s = total_s
        self._attempts = attempts
        self._repetitions = REPETITION_BURST
        self._failures = 0
        self._open_until = 0.0
        self._client = httpx2.AsyncClient(
            base_url=base_url, timeout=timeout_s, headers=dict(headers or {}), transport=transport
        )

    async def aclose(self) -> None:
        """Give back the connections; there is nothing to be opened."""
        await self._client.aclose()

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        """Ask for something; `more` is what httpx takes: `params`, `headers` …"""
        return await self.request("GET", path, **more)

    async def post(self, path: str, **more: Any) -> httpx2.Response:
        """Send something, as `json=…`; only with an `Idempotency-Key` among the headers it is sent again."""
        return await self.request("POST", path, **more)

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        """The answer of the other service, which may be a refusal (status 4xx).

        Raises `Unavailable` where it gives none in time, or fails.
        """
        sent = {**_trace(), **(headers or {})}
        repeats = method in IDEMPOTENT or any(name.lower() == "idempotency-key" for name in sent)
        self._repetitions = min(self._repetitions + REPETITION_SHARE, REPETITION_BURST)
        try:
            async with asyncio.timeout(self._total_s):
                return await self._send(method, path, sent, more, self._attempts if repeats else 1)
        except TimeoutError:
            self._fail()
            logger.warning("%s: no answer within %s s", self._name, self._total_s)
            raise Unavailable(f"The service {self._name} does not answer in time.") from None

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], more: Mapping[str, Any], attempts: int
    ) -> httpx2.Response:
        attempt = 1
        while True:
            self._check_open()
            try:
                response = await self._client.request(method, path, headers=headers, **more)
            except httpx2.TransportError as error:
                failure = type(error).__name__
            else:
                if response.status_code < 500 and response.status_code not in OVERLOADED:
                    self._failures = 0
                    return response
                failure = f"status {response.status_code}"
                if response.status_code not in OVERLOADED:
                    attempts = attempt
            self._fail()
            if attempt >= attempts or self._repetitions < 1:
                logger.warning("%s: %s after %d attempts", self._name, failure, attempt)
                raise Unavailable(f"The service {self._name} fails at the moment.")
            self._repetitions -= 1
            pause = min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S)
            await asyncio.sleep(pause * random.random())  # noqa: S311 - callers should not repeat in step
            attempt += 1

    def _check_open(self) -> None:
        """Raise `Unavailable` while the service is left alone; the first call after that tries for all others."""
        if self._failures < FAILURES_TO_OPEN:
            return
        now = monotonic()
        if now < self._open_until:
            raise Unavailable(f"The service {self._name} has failed again and again, and is left alone for a moment.")
        self._open_until = now + OPEN_S

    def _fail(self) -> None:
        self._failures += 1
        if self._failures == FAILURES_TO_OPEN:
            logger.error("%s failed %d times in a row: it is left alone for %s s", self._name, self._failures, OPEN_S)
        if self._failures >= FAILURES_TO_OPEN:
            self._open_until = monotonic() + OPEN_S


def _trace() -> dict[str, str]:
    """The trace of the request that is served, or of the job that runs, as headers."""
    context = current.get()
    headers: dict[str, str] = {}
    if context is None:
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 - only jobs need it

        tracecontext.TraceContextTextMapPropagator().inject(headers)
        return headers
    headers["traceparent"] = f"00-{context.trace_id}-{context.span_id}-{context.sampled or 0:02x}"
    state = context.headers.get(b"tracestate") if context.parent_id else None
    if state is not None:
        headers["tracestate"] = state.decode("latin-1")
    return headers
