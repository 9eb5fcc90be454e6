"""What a token says: whether it is an access token for this service now, and who may do what with it.

Where issuers put this differs; docs/issuers.md has the settings for each. The signature has been checked before.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from ...kernel import Caller
from ...settings import Settings

ACCESS_TOKEN = "at+jwt"  # noqa: S105 - the name of a type
KINDS = {"token_use": ("access", ("id", "refresh")), "typ": ("bearer", ("id", "refresh", "offline", "logout"))}
"""Claims in which Cognito and Keycloak say what a token is: their word for an access token, and those for others."""
ID_TOKEN_CLAIMS = ("at_hash", "c_hash", "nonce")


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
