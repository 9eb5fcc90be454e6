"""Who asks: access tokens (JWT, RFC 9068) of an OpenID Connect issuer, checked as RFC 8725 advises.

The issuer's keys are fetched once and renewed now and then, or when a token names a key that is not known yet. While
the issuer cannot be reached, known keys are used for a while; without keys every request is answered with 503.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from time import monotonic, time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import jwt
import msgspec

from ..kernel import Caller
from ..settings import Settings
from .problems import Problem

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

logger = logging.getLogger(__name__)

MAX_TOKEN_BYTES = 16_384
MAX_CACHED_TOKENS = 4_096
MAX_JWKS_BYTES = 1_048_576
LEEWAY_S = 10
FETCH_TIMEOUT_S = 2.0
RENEWAL_PAUSE_S = 10.0
STALE_KEYS_S = 3600.0
MIN_RSA_BITS = 2048
KEY_TYPES = ("RSA", "EC", "OKP")
REQUIRED_CLAIMS = ["aud", "exp", "iss", "sub"]


class Unreachable(Exception):
    """The issuer's keys could not be had."""


class Key(NamedTuple):
    """A public key, and the only algorithm that it is for, if its issuer says so."""

    key: Any
    algorithm: str | None


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class KeySet:
    """The issuer's signing keys by their id (`kid`), fetched by one request at a time."""

    def __init__(self, settings: Settings, transport: "httpx2.AsyncBaseTransport | None" = None) -> None:
        self._settings = settings
        self._transport = transport
        self._keys: Mapping[str, Key] = {}
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> Key | None:
        """The key of this id; None if the issuer has none. Raises `Unreachable`."""
        ttl = self._settings.auth_jwks_ttl_s
        key = self._keys.get(kid)
        if key is not None and monotonic() - self._fetched < ttl:
            return key
        if self._fetching is not None or monotonic() - self._tried >= RENEWAL_PAUSE_S:
            await self._renew()
        if monotonic() - self._fetched >= ttl + STALE_KEYS_S:
            raise Unreachable
        key = self._keys.get(kid)
        if key is None and self._fetched < self._tried:
            raise Unreachable
        return key

    async def _renew(self) -> None:
        """Fetch the keys, together with everybody else who waits for them."""
        if self._fetching is None:
            self._tried = monotonic()
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._done)
        await asyncio.shield(self._fetching)

    def _done(self, _: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _fetch(self) -> None:
        import httpx2  # noqa: PLC0415 - it would be a fifth of the time that the service takes to start

        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT_S),
                httpx2.AsyncClient(transport=self._transport, timeout=FETCH_TIMEOUT_S) as client,
            ):
                url = self._settings.auth_jwks_url or await self._discover(client)
                self._keys = _usable(await _get(client, url, _KeySet))
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
            logger.warning("the issuer's keys cannot be fetched: %s: %s", type(error).__name__, error)
        else:
            self._fetched = monotonic()

    async def _discover(self, client: "httpx2.AsyncClient") -> str:
        issuer = self._settings.auth_issuer
        document = await _get(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration", _Discovery)
        if document.issuer != issuer:
            raise ValueError(f"the discovery document is of another issuer, {document.issuer!r}")
        if not self._settings.is_development and not document.jwks_uri.startswith("https://"):
            raise ValueError("jwks_uri is not an https URL")
        return document.jwks_uri


class Authenticator:
    """Turns the header `Authorization` into the caller; what was verified is remembered for a while."""

    def __init__(self, settings: Settings, keys: KeySet | None = None) -> None:
        self._settings = settings
        self._keys = keys or KeySet(settings)
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
            raise _refusal("", "An access token is required.")
        if header[:7].lower() != b"bearer " or len(header) > MAX_TOKEN_BYTES:
            raise _refusal("invalid_request", "The header Authorization must be a bearer token of moderate length.")
        try:
            claims = await self._verify(header[7:].strip())
        except Unreachable:
            raise Problem(
                503, "service-unavailable", "The token issuer cannot be reached.", headers={"Retry-After": "5"}
            ) from None
        except jwt.ExpiredSignatureError:
            raise _refusal("invalid_token", "The access token has expired.") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise _refusal("invalid_token", "The access token is not valid here.") from None
        caller = Caller(claims["sub"], _scopes(claims), claims)
        self._remember(header, caller, min(claims["exp"], time() + self._settings.auth_jwks_ttl_s))
        return caller

    async def _verify(self, token: bytes) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._settings.auth_algorithms or not isinstance(kid, str):
            raise jwt.InvalidTokenError
        key = await self._keys.find(kid)
        if key is None or key.algorithm not in (None, algorithm):
            raise jwt.InvalidKeyError
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=self._settings.auth_audience,
            issuer=self._settings.auth_issuer,
            leeway=LEEWAY_S,
            options={"require": REQUIRED_CLAIMS},
        )
        if not claims["sub"] or not claims["sub"].isprintable():
            raise jwt.InvalidTokenError
        return claims

    def _remember(self, header: bytes, caller: Caller, until: float) -> None:
        self._verified[header] = (until, caller)
        if len(self._verified) > MAX_CACHED_TOKENS:
            self._verified.popitem(last=False)


async def _get(client: "httpx2.AsyncClient", url: str, kind: type[T]) -> T:
    async with client.stream("GET", url) as response:
        response.raise_for_status()
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > MAX_JWKS_BYTES:
                raise ValueError("the answer is too large")
    return msgspec.json.decode(content, type=kind)


def _usable(document: _KeySet) -> dict[str, Key]:
    """The keys of a JWK set that signatures may be checked with; others are left out."""
    keys = {}
    for jwk in document.keys:
        kid = jwk.get("kid")
        if not isinstance(kid, str) or jwk.get("kty") not in KEY_TYPES or jwk.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK(jwk).key
        except jwt.PyJWTError:
            continue
        if jwk["kty"] != "RSA" or key.key_size >= MIN_RSA_BITS:
            keys[kid] = Key(key, jwk.get("alg"))
    return keys


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """The scopes of a token: `scope` is a string with blanks, `scp` the same or a list."""
    scopes: set[str] = set()
    for granted in (claims.get("scope"), claims.get("scp")):
        if isinstance(granted, str):
            scopes.update(granted.split())
        elif isinstance(granted, list):
            scopes.update(each for each in granted if isinstance(each, str))
    return frozenset(scopes)


def _refusal(error: str, detail: str) -> Problem:
    """Problem 401, with the challenge of RFC 6750."""
    challenge = f'Bearer error="{error}", error_description="{detail}"' if error else "Bearer"
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": challenge})
