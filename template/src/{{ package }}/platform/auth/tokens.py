"""Who asks: access tokens (JWT, RFC 9068) of an OpenID Connect issuer, checked as RFC 8725 advises.

Why a token was refused is in the log, not in the answer. While no key of the issuer is known, requests with a token are
answered with 503. To verify a token that is not known yet costs more than all else of a request, and anybody can send
one, so few are verified at a time. Who sends tokens that are known does not wait.
"""

import asyncio
import json
import logging
from collections import OrderedDict, deque
from time import monotonic, time
from typing import Any

import jwt

from ...kernel import Caller
from ...settings import Settings
from ..problems import Problem
from .claims import Claims, Refused
from .keys import KeySet, Unreachable

logger = logging.getLogger(__name__)

MAX_TOKEN_BYTES = 16_384
MAX_CACHED_TOKENS = 4_096
UNRENEWED_S = 10.0
"""How long a verified token is remembered while the issuer cannot be reached."""
LOG_PAUSE_S = 10.0


class Authenticator:
    """Turns the header `Authorization` into the caller; what was verified is remembered for a while."""

    def __init__(self, settings: Settings, keys: KeySet | None = None) -> None:
        self.keys = keys or KeySet(settings)
        self._algorithms = settings.auth_algorithms
        self._claims = Claims(settings)
        self._jws = jwt.PyJWS()
        self._log = RefusalLog()
        self._verified: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    def recall(self, header: bytes) -> Caller | None:
        """The caller, if this very header was verified not long ago."""
        found = self._verified.get(header)
        if found is None:
            return None
        if found[0] <= time():
            del self._verified[header]
            return None
        self._verified.move_to_end(header)
        return found[1]

    async def authenticate(self, header: bytes | None) -> Caller:
        """The caller that the header proves; raises problem 401, or 503 while the issuer cannot be reached."""
        if header is None:
            raise unauthenticated()
        if header[:7].lower() != b"bearer " or len(header) > MAX_TOKEN_BYTES:
            self._log.write("the header Authorization is no bearer token, or too long")
            raise _refusal("invalid_request", "The header Authorization must be a bearer token of moderate length.")
        try:
            caller, expiry = await self._verify(header[7:].strip())
        except Unreachable:
            raise Problem(
                503, "service-unavailable", "The token issuer cannot be reached.", headers={"Retry-After": "1"}
            ) from None
        except Refused as refused:
            self._log.write(refused.kind, refused.detail)
            if refused.expired:
                raise _refusal("invalid_token", "The access token has expired.") from None
            raise _refusal("invalid_token", "The access token is not valid here.") from None
        # A key that the issuer takes back is gone from the next key set, and so are the tokens that it signed.
        self._remember(header, caller, min(expiry, time() + max(self.keys.remaining(), UNRENEWED_S)))
        return caller

    async def _verify(self, token: bytes) -> tuple[Caller, float]:
        """The caller, and until when the token is good. Raises `Refused` and `Unreachable`."""
        try:
            header = self._jws.get_unverified_header(token)
        except Exception as error:  # a token may hold anything
            raise Refused("it is no JWT that can be read", f": {type(error).__name__}") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise Refused("header alg is not one of AUTH_ALGORITHMS")
        payload = await self._signed(token, kid, algorithm)
        try:
            claims = json.loads(payload)
            if not isinstance(claims, dict):
                raise TypeError("no object")
            return self._claims.caller(header, claims, time())
        except Refused:
            raise
        except Exception as error:
            raise Refused("its claims cannot be read", f": {type(error).__name__}") from None

    async def _signed(self, token: bytes, kid: str | None, algorithm: str) -> bytes:
        """What the token holds, if a key of the issuer signed it."""
        keys = await self.keys.find(kid, algorithm)
        payload = self._payload(token, keys, algorithm)
        if payload is None and keys and not self.keys.names(kid):
            # The issuer gives its keys no ids: whether there is a new one shows only when the others do not fit.
            keys = await self.keys.look(kid, algorithm)
            payload = self._payload(token, keys, algorithm)
        if payload is not None:
            return payload
        if keys:
            raise Refused("the signature fits no key of the issuer")
        raise Refused("header kid names no key of the issuer for this algorithm" if kid else "header kid is missing")

    def _payload(self, token: bytes, keys: list[Any], algorithm: str) -> bytes | None:
        for key in keys:
            try:
                payload: bytes = self._jws.decode(token, key, algorithms=[algorithm])
            except Exception:  # noqa: S112 - a token may hold anything, and another key may fit
                continue
            return payload
        return None

    def _remember(self, header: bytes, caller: Caller, until: float) -> None:
        self._verified[header] = (until, caller)
        if len(self._verified) > MAX_CACHED_TOKENS:
            self._verified.popitem(last=False)


class RefusalLog:
    """Logs why tokens are refused: each reason at once, then once in `LOG_PAUSE_S`, with how many there were."""

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[float, int]] = {}

    def write(self, kind: str, detail: str = "") -> None:
        """Log a reason, unless one of its kind was logged just now. The kinds are few, and not the caller's words."""
        now = monotonic()
        until, suppressed = self._kinds.get(kind, (now, 0))
        if now < until:
            self._kinds[kind] = (until, suppressed + 1)
            return
        more = f" ({suppressed} more since the last such line)" if suppressed else ""
        logger.info("access token refused: %s%s%s", kind, detail, more)
        self._kinds[kind] = (now + LOG_PAUSE_S, 0)


def unauthenticated() -> Problem:
    """Problem 401 for a request without a token."""
    return _refusal("", "An access token is required.")


def _refusal(error: str, detail: str) -> Problem:
    """Problem 401, with the challenge of RFC 6750."""
    challenge = f'Bearer error="{error}", error_description="{detail}"' if error else "Bearer"
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": challenge})


WINDOW_S = 0.1
PER_WINDOW = 50
"""With 250 µs for a verification, an eighth of a processor."""
MAX_WAITING = 1000
"""Whoever comes later would wait for more than 2 s."""


class VerificationLimit:
    """Lets so many begin in each window of time; the others wait, those that came first the shortest."""

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()
        self._left = PER_WINDOW
        self._timer: asyncio.TimerHandle | None = None

    async def take(self) -> None:
        """Wait for a turn; raises problem 503 when too many wait already."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WINDOW_S, self.renew)
        if self._left > 0:
            self._left -= 1
            return
        if len(self.waiting) >= MAX_WAITING:
            raise Problem(
                503, "service-unavailable", "Too many tokens are not known yet.", headers={"Retry-After": "1"}
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self.waiting:
                self.waiting.remove(turn)
            raise

    def renew(self) -> None:
        """Begin a new window."""
        self._timer = None
        self._left = PER_WINDOW
        while self.waiting and self._left > 0:
            self._left -= 1
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
        if self._left < PER_WINDOW:
            self._timer = asyncio.get_running_loop().call_later(WINDOW_S, self.renew)
