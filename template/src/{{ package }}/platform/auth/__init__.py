"""Who asks: access tokens (JWT, RFC 9068) of an OpenID Connect issuer, checked as RFC 8725 advises.

Where issuers put what a token says differs; docs/issuers.md has the settings for each. Why a token was refused is in
the log, not in the answer. While no key of the issuer is known, requests with a token are answered with 503. To verify
a token that is not known yet costs more than all else of a request, and anybody can send one, so few are verified at a
time. Who sends tokens that are known does not wait.
"""

import asyncio
import json
import logging
from collections import OrderedDict, deque
from collections.abc import Mapping
from math import isfinite
from time import monotonic, time
from typing import Any

import jwt

from ...kernel import Caller
from ...settings import Settings
from ..problems import Problem
from .keys import KeySet, Unreachable

logger = logging.getLogger(__name__)

MAX_TOKEN_BYTES = 16_384
MAX_CACHED_TOKENS = 4_096
UNRENEWED_S = 10.0
"""How long a verified token is remembered while the issuer cannot be reached."""
LOG_PAUSE_S = 10.0
WINDOW_S = 0.1
PER_WINDOW = 50
"""With 250 µs for a verification, an eighth of a processor."""
MAX_WAITING = 1000
"""Whoever comes later would wait for more than 2 s."""

ACCESS_TOKEN = "at+jwt"  # noqa: S105 - the name of a type
KINDS = {"token_use": ("access", ("id", "refresh")), "typ": ("bearer", ("id", "refresh", "offline", "logout"))}
"""Claims in which Cognito and Keycloak say what a token is: their word for an access token, and those for others."""
ID_TOKEN_CLAIMS = ("at_hash", "c_hash", "nonce")


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


class Refused(Exception):
    """A token that is not accepted: a kind of reason and its detail for the log, without what the token says."""

    def __init__(self, kind: str, detail: str = "", *, expired: bool = False) -> None:
        super().__init__(kind + detail)
        self.kind = kind
        self.detail = detail
        self.expired = expired


class Claims:
    """Reads tokens as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._issuers = settings.issuers
        self._audiences = settings.audiences
        self._audience_claim = settings.auth_audience_claim
        self._subject_claim = settings.auth_subject_claim
        self._scope_claims = settings.auth_scope_claims
        self._prefixes = sorted(settings.auth_scope_prefixes, key=len, reverse=True)
        self._roles = settings.auth_role_scopes
        self._types = frozenset(map(_media_type, settings.auth_token_types))
        self._id_tokens = settings.auth_id_tokens
        self._leeway = settings.auth_leeway_s

    def caller(self, header: Mapping[str, Any], claims: Mapping[str, Any], now: float) -> tuple[Caller, float]:
        """Who the token speaks for, and when it expires, in seconds since 1970 as `now`. Raises `Refused`."""
        self._check_type(header, claims)
        self._check_issuer(claims)
        self._check_audience(claims)
        expiry = self._check_times(claims, now)
        subject = find(claims, self._subject_claim)
        if subject is None:
            raise Refused(f"claim {self._subject_claim} is missing")
        if not isinstance(subject, str) or not subject or not subject.isprintable():
            raise Refused(f"claim {self._subject_claim} is no text that can be printed")
        return Caller(subject, self._scopes(claims), claims), expiry

    def _check_type(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
        declared = header.get("typ")
        kind = _media_type(declared) if isinstance(declared, str) else ""
        if self._types:
            if kind not in self._types:
                raise Refused("header typ is not one of AUTH_TOKEN_TYPES")
        elif kind.endswith("+jwt") and not kind.endswith(ACCESS_TOKEN):
            raise Refused("header typ is that of another kind of token")
        mark = None if self._id_tokens else _mark_of_other_tokens(kind, claims)
        if mark is not None:
            raise Refused(f"claim {mark} is that of an ID token or of another kind of token")

    def _check_issuer(self, claims: Mapping[str, Any]) -> None:
        issuer = claims.get("iss")
        if issuer is None:
            raise Refused("claim iss is missing")
        if not isinstance(issuer, str) or issuer.rstrip("/") not in self._issuers:
            raise Refused("claim iss is not AUTH_ISSUER")

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        audience = find(claims, self._audience_claim)
        if audience is None:
            raise Refused(f"claim {self._audience_claim} is missing")
        named = audience if isinstance(audience, list) else [audience]
        if not any(isinstance(each, str) and each in self._audiences for each in named):
            raise Refused(f"claim {self._audience_claim} does not name AUTH_AUDIENCE")

    def _check_times(self, claims: Mapping[str, Any], now: float) -> float:
        expiry = _moment(claims, "exp")
        if expiry is None:
            raise Refused("claim exp is missing")
        if expiry <= now - self._leeway:
            raise Refused("it has expired", f" {now - expiry:.0f} s ago, AUTH_LEEWAY_S is {self._leeway}", expired=True)
        for name in ("nbf", "iat"):
            start = _moment(claims, name)
            if start is not None and start > now + self._leeway:
                raise Refused(
                    f"claim {name} is ahead of this machine's clock",
                    f" by {start - now:.0f} s, AUTH_LEEWAY_S is {self._leeway}",
                )
        return expiry

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[str]:
        texts = {text for path in self._scope_claims for text in _texts(find(claims, path))}
        words = {word for path in self._scope_claims for word in _words(find(claims, path))}
        scopes = {self._without_prefix(word) for word in words}
        return frozenset(scopes.union(*(self._roles.get(role, ()) for role in texts | words | scopes)))

    def _without_prefix(self, word: str) -> str:
        for prefix in self._prefixes:
            if word.startswith(prefix):
                return word[len(prefix) :]
        return word


def find(claims: Any, path: str) -> Any:
    """The claim of this very name, or at this path: `a.b` is `b` in `a`. None if there is none."""
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    end = path.rfind(".")
    while end > 0:
        found = find(claims.get(path[:end]), path[end + 1 :])
        if found is not None:
            return found
        end = path.rfind(".", 0, end)
    return None


def _texts(value: Any) -> list[str]:
    """A text, or those of a list; anything else grants nothing."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def _words(value: Any) -> list[str]:
    """The texts of a list, or the words of a text with blanks."""
    return value.split() if isinstance(value, str) else _texts(value)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """A claim in seconds since 1970; None if it is not there."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"claim {name} is no number")
    if not isfinite(value):  # OverflowError for a number that is too large
        raise Refused(f"claim {name} is no moment")
    return float(value)


def _media_type(kind: str) -> str:
    return kind.lower().removeprefix("application/")


def _mark_of_other_tokens(kind: str, claims: Mapping[str, Any]) -> str | None:
    """The claim by which a token of this type is known to be no access token."""
    is_access = kind.endswith(ACCESS_TOKEN)
    for name, (access, others) in KINDS.items():
        said = str(claims.get(name)).lower()
        if said in others:
            return name
        is_access = is_access or said == access
    return None if is_access else next((name for name in ID_TOKEN_CLAIMS if name in claims), None)


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
