"""Whatever stands in a token, it is accepted or refused, and never makes the service fail."""

import base64
import json
import logging
from time import time
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from issuing import Clock, answer, authenticator, bearer, refusals
from ordering.platform import auth
from ordering.platform.auth import find
from web import ELLIPTIC, ISSUER, FakeIssuer, Web

NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**400, -(10**400), 2**63, 2**64, 1e308, float("inf"), float("nan")])
)
TEXTS = st.one_of(
    st.text(),
    st.sampled_from(
        ["", "\0", "\ud800", "a\nb", "\N{RIGHT-TO-LEFT OVERRIDE}", "x" * 5000, "None", "things.read", ISSUER]
    ),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
CLAIMS = ["iss", "aud", "sub", "exp", "nbf", "iat", "scope", "scp", "roles", "typ", "token_use", "nonce", "a"]
HEADERS = ["kid", "alg", "typ", "crit", "b64", "jwk", "x5c", "cty"]
ROLES = {"auth_scope_claims": "scope,scp,roles,a.b.c", "auth_scope_prefixes": "x/", "auth_role_scopes": '{"r": "s"}'}


def signed(header: dict[str, Any], payload: bytes) -> bytes:
    """A token with a true signature, whatever is in it."""
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), payload)]
    message = b".".join(parts)
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(message, ELLIPTIC)
    return message + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


def claims(**changed: Any) -> dict[str, Any]:
    usual = {"iss": ISSUER, "aud": "things", "sub": "ann", "exp": int(time()) + 600, "scope": "things.read"}
    return {**usual, **changed}


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None, derandomize=True)
@given(
    st.dictionaries(st.sampled_from(CLAIMS), ANYTHING, max_size=4),
    st.dictionaries(st.sampled_from(HEADERS), ANYTHING, max_size=2),
    st.booleans(),
)
async def test_claims_and_headers_of_any_type(said: dict[str, Any], header: dict[str, Any], with_roles: bool) -> None:
    token = signed({"alg": "ES256", "kid": "ec", **header}, json.dumps(claims(**said)).encode())
    web = Web(auth_jwks_timeout_s=60, **(ROLES if with_roles else {}))
    if len(token) < auth.MAX_TOKEN_BYTES:
        answered = await web.get("/things", token=token.decode())
        assert answered.status_code in (200, 401, 403)
        again = await web.get("/things", token=token.decode())
        assert again.status_code == answered.status_code


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{",
        b"\xff",
        b"[" * 6000,
        b'{"a":' * 1500 + b"1" + b"}" * 1500,
        b'{"exp": 1e400}',
        b'{"exp": NaN, "iss": 1}',
        b'{"exp": ' + b"9" * 5000 + b"}",
    ],
)
async def test_payloads_that_are_no_claims(payload: bytes) -> None:
    assert await answer(authenticator(FakeIssuer()), signed({"alg": "ES256", "kid": "ec"}, payload)) == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": str(int(time()) + 600)},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"exp": None},
        {"exp": -1},
        {"nbf": "0"},
        {"nbf": False},
        {"nbf": 10**400},
        {"iat": [0]},
        {"iat": float("nan")},
        {"aud": {}},
        {"aud": [["things"]]},
        {"aud": 7},
        {"iss": [ISSUER]},
        {"sub": 7},
        {"sub": ["ann"]},
        {"sub": "a\0b"},
        {"sub": "\ud800"},
    ],
)
async def test_claims_of_a_wrong_type_are_refused(changed: dict[str, Any]) -> None:
    token = signed({"alg": "ES256", "kid": "ec"}, json.dumps(claims(**changed)).encode())
    assert await answer(authenticator(FakeIssuer()), token) == 401


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ({"scope": 7}, set()),
        ({"scope": {"things.read": True}}, set()),
        ({"scope": None, "scp": [None, 1, "b", ["c"]]}, {"b"}),
        ({"scope": "  a  b\t"}, {"a", "b"}),
        ({"scope": ""}, set()),
    ],
)
async def test_scopes_of_any_type(said: dict[str, Any], scopes: set[str]) -> None:
    token = signed({"alg": "ES256", "kid": "ec"}, json.dumps(claims(**said)).encode())
    assert (await authenticator(FakeIssuer()).authenticate(bearer(token))).scopes == scopes


async def test_fractions_of_a_second_and_a_list_of_audiences_are_usual() -> None:
    said = claims(exp=time() + 600.5, iat=time() - 0.5, nbf=0, aud=[7, "things", None])
    token = signed({"alg": "ES256", "kid": "ec"}, json.dumps(said).encode())
    assert await answer(authenticator(FakeIssuer()), token) == 200


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("scope", "a"),
        ("https://example.com/roles", "url"),
        ("https://example.com/roles.x", "nested url"),
        ("cognito:groups", "colon"),
        ("dotted.name", "whole"),
        ("access.my.client.roles", "dots in the middle"),
        ("access.other.roles", "plain"),
        ("access.other.none", None),
        ("access", {"my.client": {"roles": "dots in the middle"}, "other": {"roles": "plain"}}),
        ("scope.a", None),
        ("none", None),
        ("", None),
        (".", None),
        ("access.", None),
    ],
)
def test_where_a_claim_stands(path: str, found: Any) -> None:
    said = {
        "scope": "a",
        "https://example.com/roles": "url",
        "https://example.com/roles2": 1,
        "https://example": {"com/roles": {"x": "nested url"}},
        "cognito:groups": "colon",
        "dotted.name": "whole",
        "dotted": {"name": "parts"},
        "access": {"my.client": {"roles": "dots in the middle"}, "other": {"roles": "plain"}},
    }
    assert find(said, path) == found


async def test_prefixes_and_roles_become_scopes() -> None:
    guard = authenticator(
        FakeIssuer(),
        auth_scope_claims="scope,groups",
        auth_scope_prefixes="things/,https://things.example.com/,things/admin/",
        auth_role_scopes='{"Clerks of Things": "things.read things.write", "things/boss": ["things.destroy"]}',
    )
    said = claims(
        scope="openid things/things.a https://things.example.com/things.b things/admin/c others/things.d",
        groups=["Clerks of Things", "things/boss", "unknown"],
    )
    token = signed({"alg": "ES256", "kid": "ec"}, json.dumps(said).encode())
    assert (await guard.authenticate(bearer(token))).scopes == {
        "openid", "things.a", "things.b", "c", "others/things.d", "Clerks of Things", "boss", "unknown",
        "things.read", "things.write", "things.destroy",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typ", "types", "status"),
    [
        (None, "", 200),
        ("JWT", "", 200),
        ("at+jwt", "", 200),
        ("application/at+jwt", "", 200),
        (7, "", 200),
        ("id_token+jwt", "", 401),
        ("logout+jwt", "", 401),
        ("dpop+jwt", "", 401),
        ("at+jwt", "at+jwt", 200),
        ("AT+JWT", "at+jwt", 200),
        ("application/at+jwt", "at+jwt", 200),
        ("JWT", "at+jwt", 401),
        (None, "at+jwt", 401),
        (7, "at+jwt", 401),
        ("JWT", "at+jwt,JWT", 200),
    ],
)
async def test_types_of_tokens(typ: Any, types: str, status: int) -> None:
    header = {"alg": "ES256", "kid": "ec"} | ({} if typ is None else {"typ": typ})
    guard = authenticator(FakeIssuer(), auth_token_types=types)
    assert await answer(guard, signed(header, json.dumps(claims()).encode())) == status


@pytest.mark.parametrize(
    "mark", [{"token_use": "id"}, {"typ": "ID"}, {"typ": "Refresh"}, {"nonce": "n"}, {"at_hash": "h"}, {"c_hash": "h"}]
)
async def test_tokens_that_are_marked_as_others_are_refused_unless_a_setting_takes_them(mark: dict[str, str]) -> None:
    token = signed({"alg": "ES256", "kid": "ec"}, json.dumps(claims(**mark)).encode())
    assert await answer(authenticator(FakeIssuer()), token) == 401
    assert await answer(authenticator(FakeIssuer(), auth_id_tokens=True), token) == 200


async def test_an_issuer_is_the_same_with_and_without_a_slash() -> None:
    for configured in (ISSUER, f"{ISSUER}/"):
        for iss in (ISSUER, f"{ISSUER}/"):
            for discovered in (ISSUER, f"{ISSUER}/"):
                issuer = FakeIssuer()
                issuer.documents[f"{ISSUER}/.well-known/openid-configuration"]["issuer"] = discovered
                guard = authenticator(issuer, auth_jwks_url=None, auth_issuer=configured)
                assert await answer(guard, issuer.token(iss=iss)) == 200
    assert await answer(authenticator(FakeIssuer()), FakeIssuer().token(iss=f"{ISSUER}/x")) == 401


async def test_leeway_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    now = int(clock.start)
    for leeway, off, status in ((0, 5, 401), (10, 5, 200), (10, 15, 401), (60, 30, 200)):
        guard = authenticator(FakeIssuer(), auth_leeway_s=leeway)
        assert await answer(guard, FakeIssuer().token(exp=now - off)) == status, (leeway, off)
        assert await answer(guard, FakeIssuer().token(nbf=now + off + 1)) == status, (leeway, off)
        assert await answer(guard, FakeIssuer().token(iat=now + off + 1)) == status, (leeway, off)


REASONS: list[tuple[dict[str, Any], str]] = [
    ({"aud": "else"}, "claim aud does not name AUTH_AUDIENCE"),
    ({"aud": None}, "claim aud is missing"),
    ({"iss": "https://else.example.com"}, "claim iss is not AUTH_ISSUER"),
    ({"iss": None}, "claim iss is missing"),
    ({"sub": None}, "claim sub is missing"),
    ({"sub": "a\nb"}, "claim sub is no text that can be printed"),
    ({"exp": None}, "claim exp is missing"),
    ({"exp": "soon"}, "claim exp is no number"),
    ({"exp": -95}, "it has expired 95 s ago, AUTH_LEEWAY_S is 10"),
    ({"nbf": 30}, "claim nbf is ahead of this machine's clock by 30 s, AUTH_LEEWAY_S is 10"),
    ({"iat": 30}, "claim iat is ahead of this machine's clock by 30 s, AUTH_LEEWAY_S is 10"),
    ({"kid": "unknown"}, "header kid names no key of the issuer for this algorithm"),
    ({"kid": None}, "header kid is missing"),
    ({"algorithm": "HS256", "key": "0" * 64}, "header alg is not one of AUTH_ALGORITHMS"),
    ({"kid": "rsa", "algorithm": "ES256"}, "header kid names no key of the issuer for this algorithm"),
    ({"token_use": "id"}, "claim token_use is that of an ID token or of another kind of token"),
]


@pytest.mark.parametrize(("changed", "reason"), REASONS, ids=[reason for _, reason in REASONS])
async def test_the_log_says_why_and_not_what_the_token_says(
    changed: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    clock = Clock(monkeypatch)
    clock.start = int(clock.start)
    for name in ("exp", "nbf", "iat"):
        if isinstance(changed.get(name), int):
            changed = {**changed, name: clock.start + changed[name]}
    issuer = FakeIssuer()
    token = issuer.token("secret.scope", **{"email": "ann@example.com", **changed})
    assert await answer(authenticator(issuer), token) == 401
    assert refusals(caplog) == [reason]
    for private in (token, token.split(".")[1], "ann", "secret.scope", "else", "unknown"):
        assert private not in caplog.text.replace(reason, "")


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (b"x.y.z", "it is no JWT that can be read: DecodeError"),
        (signed({"alg": "ES256", "kid": "ec"}, b"[]"), "its claims cannot be read: TypeError"),
        (signed({"alg": "ES256", "kid": "ec"}, b"{}")[:-8] + b"AAAAAAAA", "the signature fits no key of the issuer"),
        (b"x" * 20_000, "the header Authorization is no bearer token, or too long"),
    ],
)
async def test_the_log_says_what_is_no_token(token: bytes, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert await answer(authenticator(FakeIssuer()), token) == 401
    assert refusals(caplog) == [reason]


async def test_a_flood_of_refusals_is_counted_and_not_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock(monkeypatch)
    issuer = FakeIssuer()
    guard = authenticator(issuer)
    for number in range(100):
        await answer(guard, issuer.token(aud=f"else {number}"))
        await answer(guard, issuer.token(exp=int(clock.start) - 100 - number))
    first, second = refusals(caplog)
    clock.passed = auth.LOG_PAUSE_S
    await answer(guard, issuer.token(aud="else"))
    await answer(guard, issuer.token(aud="else"))
    assert refusals(caplog) == [first, second, f"{first} (99 more since the last such line)"]
