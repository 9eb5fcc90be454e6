"""The issuer's public keys (JWK set, RFC 7517): fetched before the service is ready, and renewed in the background.

Keys that are known are used while they are renewed, and for `STALE_S` more seconds while the issuer cannot be reached.
"""

import asyncio
import logging
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import jwt
import msgspec

from ...settings import Settings, check_trustworthy

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

logger = logging.getLogger(__name__)

MAX_DOCUMENT_BYTES = 1_048_576
MAX_TRIED = 3
"""So many keys at most are tried on one token."""
MIN_RSA_BITS = 2048
FETCH_LIMIT_S = 10.0
"""How long a fetch may take; requests do not wait for it that long."""
STALE_S = 3600.0
RENEWED_AFTER = 0.75
"""Share of the keys' time after which they are renewed, so that the new ones are there before it ends."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
UNKNOWN_BURST = 5
UNKNOWN_PAUSE_S = 10.0
"""Keys that are not known may cause so many fetches at once, and then one in so many seconds."""

CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA", "Ed448": "EdDSA"}
RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})


class Unreachable(Exception):
    """The issuer's keys could not be had."""


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str


class _Document(msgspec.Struct):
    keys: list[Any]


class _Candidate:
    """A key of the set for the algorithms named; made when a token asks for it, because a set may be large."""

    def __init__(self, jwk: Mapping[str, Any], algorithms: frozenset[str]) -> None:
        self.algorithms = algorithms
        self._jwk = jwk
        self._made = False
        self._key: Any = None

    def key(self) -> Any:
        """The public key; None if the set holds nonsense."""
        if not self._made:
            self._made = True
            self._key = _public_key(self._jwk)
        return self._key


class _Set(NamedTuple):
    """The keys that signatures may be checked with, by their id; those of None have none."""

    by_id: Mapping[str | None, list[_Candidate]]

    def find(self, kid: str | None, algorithm: str) -> list[Any]:
        """The keys that a token may be signed with, at most `MAX_TRIED`."""
        fitting = [each for each in self._named(kid) if algorithm in each.algorithms][:MAX_TRIED]
        return [key for each in fitting if (key := each.key()) is not None]

    def _named(self, kid: str | None) -> list[_Candidate]:
        if kid in self.by_id and kid is not None:
            return self.by_id[kid]
        everything = [each for named in self.by_id.values() for each in named]
        # Some issuers give their keys no ids, and some that have one key do not name it in tokens.
        return everything if self.by_id.keys() == {None} or (kid is None and len(everything) == 1) else []


class KeySet:
    """The issuer's keys. `transport` replaces the network."""

    def __init__(self, settings: Settings, transport: "httpx2.AsyncBaseTransport | None" = None) -> None:
        self._settings = settings
        self._transport = transport
        self._keys = _Set({})
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._failures = 0
        self._fetching: asyncio.Task[None] | None = None
        self._client: httpx2.AsyncClient | None = None
        self._unknown_left = float(UNKNOWN_BURST)
        self._unknown_at = float("-inf")

    @property
    def known(self) -> bool:
        """Whether the keys were had at least once."""
        return self._fetched > float("-inf")

    def remaining(self) -> float:
        """Seconds for which the keys are good without being renewed; below 0 while the issuer cannot be reached."""
        return self._fetched + self._settings.auth_jwks_ttl_s - monotonic()

    async def ready(self) -> bool:
        """Whether the keys were had at least once; tries to get them if not."""
        if not self.known:
            await self._wait()
        return self.known

    async def keep_fresh(self) -> None:
        """Fetch the keys, and renew them before their time is over; ends when it is cancelled."""
        try:
            while True:
                await self._renew()
                await asyncio.sleep(self._pause())
        finally:
            await self.close()

    async def close(self) -> None:
        """Give back the connection to the issuer."""
        if self._fetching is not None:
            self._fetching.cancel()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def find(self, kid: str | None, algorithm: str) -> list[Any]:
        """The keys that a token with this key id may be signed with; none if the issuer has none. Raises `Unreachable`.

        A key that is not known is looked for at the issuer, though not for everybody who makes up key ids.
        """
        left = self.remaining()
        if left <= -STALE_S:
            await self._wait()
            if self.remaining() <= -STALE_S:
                raise Unreachable
            return self._keys.find(kid, algorithm)
        if left <= 0:
            self._start()  # nobody waits for it: the keys that are known do meanwhile
        return self._keys.find(kid, algorithm) or await self.look(kid, algorithm)

    async def look(self, kid: str | None, algorithm: str) -> list[Any]:
        """The same, from a key set that is asked for now, if the issuer has not been asked too often."""
        fetching = self._fetching
        if fetching is not None:
            await self._wait()
            keys = self._keys.find(kid, algorithm)
            if keys:
                return keys
            if self._fetching is fetching:
                raise Unreachable
        # What was under way may have been answered before the key was there.
        if self._fetching is not None or self._may_look():
            await self._wait(force=True)
        if self._fetching is not None or self._failures:
            raise Unreachable
        return self._keys.find(kid, algorithm)

    def names(self, kid: str | None) -> bool:
        """Whether the issuer has a key of this id."""
        return kid is not None and kid in self._keys.by_id

    def _may_look(self) -> bool:
        now = monotonic()
        self._unknown_left = min(UNKNOWN_BURST, self._unknown_left + (now - self._unknown_at) / UNKNOWN_PAUSE_S)
        self._unknown_at = now
        if self._unknown_left < 1:
            return False
        self._unknown_left -= 1
        return True

    async def _wait(self, *, force: bool = False) -> None:
        """Wait for a fetch, together with everybody else, but not for longer than a request can."""
        task = self._start(force=force)
        if task is not None:
            await asyncio.wait([task], timeout=self._settings.auth_jwks_timeout_s)

    def _start(self, *, force: bool = False) -> "asyncio.Task[None] | None":
        """The fetch that is under way, or a new one; None so shortly after a failure that it would be no use."""
        if self._fetching is None and (force or monotonic() - self._tried >= self._pause_of_failures()):
            self._tried = monotonic()
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._done)
        return self._fetching

    async def _renew(self) -> None:
        task = self._start(force=True)
        if task is not None:
            await asyncio.wait([task])

    def _done(self, _: "asyncio.Task[None]") -> None:
        self._fetching = None

    def _pause(self) -> float:
        return self._pause_of_failures() or self._settings.auth_jwks_ttl_s * RENEWED_AFTER

    def _pause_of_failures(self) -> float:
        """Seconds between two attempts while they fail; 0 if the last one did not."""
        return min(FIRST_PAUSE_S * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE_S) if self._failures else 0.0

    async def _fetch(self) -> None:
        import httpx2  # noqa: PLC0415 - the service is up sooner without it

        try:
            async with asyncio.timeout(max(FETCH_LIMIT_S, self._settings.auth_jwks_timeout_s)):
                if self._client is None:
                    self._client = httpx2.AsyncClient(transport=self._transport, timeout=None)
                url = self._settings.auth_jwks_url or await self._discover(self._client)
                keys = _usable(await _get(self._client, url, _Document))
                if not keys.by_id and not self.known:
                    raise ValueError("the key set holds no key for signatures")
        except Exception as error:  # whatever the issuer or the network does: the keys that are known stay
            self._failures += 1
            place = self._settings.auth_jwks_url or self._settings.auth_issuer
            logger.warning("the keys cannot be fetched from %s: %s: %s", place, type(error).__name__, error)
        else:
            self._failures = 0
            self._keys = keys
            self._fetched = self._tried

    async def _discover(self, client: "httpx2.AsyncClient") -> str:
        settings = self._settings
        issuer = settings.auth_issuer.rstrip("/")
        document = await _get(client, f"{issuer}/.well-known/openid-configuration", _Discovery)
        if document.issuer.rstrip("/") not in settings.issuers:
            raise ValueError(f"the discovery document is of another issuer, {document.issuer!r}")
        if not settings.is_development:
            try:
                check_trustworthy(document.jwks_uri, plain_http=settings.auth_plain_http)
            except ValueError as error:
                raise ValueError(f"jwks_uri {error}") from None
        return document.jwks_uri


async def _get(client: "httpx2.AsyncClient", url: str, kind: type[T]) -> T:
    async with client.stream("GET", url) as response:
        response.raise_for_status()
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > MAX_DOCUMENT_BYTES:
                raise ValueError("the answer is too large")
    return msgspec.json.decode(content, type=kind)


def _usable(document: _Document) -> _Set:
    """The keys of a JWK set that signatures may be checked with; whatever else it holds is left out."""
    by_id: dict[str | None, list[_Candidate]] = {}
    for jwk in document.keys:
        algorithms = _algorithms(jwk) if isinstance(jwk, dict) else frozenset()
        if algorithms:
            by_id.setdefault(jwk.get("kid"), []).append(_Candidate(jwk, algorithms))
    return _Set(by_id)


def _algorithms(jwk: Mapping[str, Any]) -> frozenset[str]:
    """The algorithms that a key is for; none if it is not one to check signatures with."""
    kid, kind, declared = jwk.get("kid"), jwk.get("kty"), jwk.get("alg")
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return frozenset()
    if not isinstance(kid, str | None) or not isinstance(declared, str | None):
        return frozenset()
    if "d" in jwk:
        logger.warning("the issuer publishes a private key: nobody is let in by it")
        return frozenset()
    if kind == "RSA":
        possible = RSA_ALGORITHMS
    elif kind in ("EC", "OKP") and isinstance(curve := jwk.get("crv"), str) and curve in CURVES:
        possible = frozenset({CURVES[curve]})
    else:
        return frozenset()
    return possible if declared is None else possible & {"EdDSA" if declared in CURVES else declared}


def _public_key(jwk: Mapping[str, Any]) -> Any:
    algorithm = {"RSA": "RS256", "OKP": "EdDSA"}.get(jwk["kty"]) or CURVES[jwk["crv"]]
    try:
        key = jwt.PyJWK({**jwk, "alg": algorithm}).key
    except Exception as error:  # a key set may hold anything
        logger.warning("a key of the issuer is no key: %s", type(error).__name__)
        return None
    return None if jwk["kty"] == "RSA" and key.key_size < MIN_RSA_BITS else key
