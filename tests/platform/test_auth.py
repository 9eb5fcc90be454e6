import asyncio
import json
from time import time
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from ordering.platform import auth
from ordering.platform.auth import Authenticator, keys
from ordering.platform.auth.keys import KeySet
from ordering.platform.problems import Problem
from web import ISSUER, JWKS, RSA, FakeIssuer, make_settings

DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"


class Clock:
    """The time, for the modules under test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0.0
        now = time()
        for module in (auth, keys):
            monkeypatch.setattr(module, "monotonic", lambda: 1000 + self.passed)
        monkeypatch.setattr(auth, "time", lambda: now + self.passed)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer()


def authenticator(issuer: FakeIssuer, **given: Any) -> Authenticator:
    settings = make_settings(**given)
    return Authenticator(settings, KeySet(settings, httpx2.MockTransport(issuer.answer)))


async def refusal(guard: Authenticator, token: str | bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        await guard.authenticate(b"Bearer " + (token.encode() if isinstance(token, str) else token))
    return caught.value


async def test_the_caller_is_who_the_token_says(issuer: FakeIssuer) -> None:
    caller = await authenticator(issuer).authenticate(f"bearer {issuer.token('a', 'b', scp=['c', 1])}".encode())
    assert caller.subject == "ann"
    assert caller.scopes == {"a", "b", "c"}
    assert caller.claims["iss"] == ISSUER
    assert "iss" not in repr(caller)
    token = issuer.token(scope=None, scp="d e", key=RSA, kid="rsa", algorithm="RS256", aud=["others", "things"])
    assert (await authenticator(issuer).authenticate(f"Bearer {token}".encode())).scopes == {"d", "e"}
    assert issuer.requests == [DISCOVERY, JWKS] * 2


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example.com"},
        {"aud": "others"},
        {"aud": None},
        {"iss": None},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": int(time()) + 600},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": "rsa"},
        {"algorithm": "none", "key": None},
        {"algorithm": "HS256", "key": "0" * 64},
        {"algorithm": "RS384", "key": RSA, "kid": "rsa"},
        {"key": ec.generate_private_key(ec.SECP256R1())},
    ],
)
async def test_tokens_that_prove_nothing_are_refused(issuer: FakeIssuer, claims: dict[str, Any]) -> None:
    problem = await refusal(authenticator(issuer), issuer.token(**claims))
    assert (problem.status, problem.code) == (401, "unauthenticated")
    assert problem.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


async def test_a_key_is_for_its_algorithm_only(issuer: FakeIssuer) -> None:
    issuer.keys["rsa"]["alg"] = "PS256"
    token = issuer.token(key=RSA, kid="rsa", algorithm="RS256")
    assert (await refusal(authenticator(issuer), token)).status == 401


async def test_an_expired_token_is_told_to_be(issuer: FakeIssuer) -> None:
    problem = await refusal(authenticator(issuer), issuer.token(exp=int(time()) - 60))
    assert "expired" in problem.headers["WWW-Authenticate"]


async def test_clocks_may_differ_a_little(issuer: FakeIssuer) -> None:
    guard = authenticator(issuer)
    header = f"Bearer {issuer.token(exp=int(time()) - 2)}".encode()
    assert (await guard.authenticate(header)).subject == "ann"
    assert guard.recall(header) is None


@pytest.mark.parametrize("token", ["", "x", "x.y.z", "ü.ü.ü", b"\xff\xfe", "e30.e30."])
async def test_what_is_no_token_is_refused(issuer: FakeIssuer, token: str | bytes) -> None:
    assert (await refusal(authenticator(issuer), token)).status == 401
    assert issuer.requests == []


@pytest.mark.parametrize("header", [b"Basic YTpi", b"Bearer " + b"x" * 20_000])
async def test_other_headers_are_refused(issuer: FakeIssuer, header: bytes) -> None:
    with pytest.raises(Problem) as caught:
        await authenticator(issuer).authenticate(header)
    assert caught.value.status == 401
    assert "invalid_request" in caught.value.headers["WWW-Authenticate"]


async def test_what_was_verified_is_remembered_until_it_expires(issuer: FakeIssuer, clock: Clock) -> None:
    guard = authenticator(issuer, auth_jwks_ttl_s=600)
    header = f"Bearer {issuer.token(exp=int(time()) + 100)}".encode()
    assert guard.recall(header) is None
    caller = await guard.authenticate(header)
    assert guard.recall(header) is caller
    clock.passed = 101
    assert guard.recall(header) is None
    assert guard.recall(header) is None


async def test_what_was_verified_is_not_remembered_for_longer_than_the_keys(issuer: FakeIssuer, clock: Clock) -> None:
    guard = authenticator(issuer, auth_jwks_ttl_s=60)
    header = f"Bearer {issuer.token()}".encode()
    await guard.authenticate(header)
    clock.passed = 61
    assert guard.recall(header) is None


async def test_only_so_many_are_remembered(issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "MAX_CACHED_TOKENS", 2)
    guard = authenticator(issuer)
    first, second, third = [f"Bearer {issuer.token(sub=name)}".encode() for name in ("ann", "bob", "cid")]
    await guard.authenticate(first)
    await guard.authenticate(second)
    assert guard.recall(first) is not None
    await guard.authenticate(third)
    assert guard.recall(first) is not None
    assert guard.recall(second) is None


async def test_keys_are_fetched_once_for_all_who_wait(issuer: FakeIssuer) -> None:
    guard = authenticator(issuer, auth_jwks_url=JWKS)
    headers = [f"Bearer {issuer.token(sub=f'caller {number}')}".encode() for number in range(5)]
    await asyncio.gather(*map(guard.authenticate, headers))
    assert issuer.requests == [JWKS]


async def test_a_new_key_is_found_and_an_old_one_forgotten(issuer: FakeIssuer, clock: Clock) -> None:
    guard = authenticator(issuer, auth_jwks_url=JWKS, auth_jwks_ttl_s=60)
    await guard.authenticate(f"Bearer {issuer.token()}".encode())
    issuer.keys["new"] = issuer.keys.pop("ec")
    new = f"Bearer {issuer.token(kid='new')}".encode()
    assert (await guard.authenticate(new)).subject == "ann"
    assert issuer.requests == [JWKS] * 2
    assert (await refusal(guard, issuer.token(sub="bob"))).status == 401


async def test_who_makes_up_key_ids_does_not_make_the_service_ask_all_the_time(
    issuer: FakeIssuer, clock: Clock
) -> None:
    guard = authenticator(issuer, auth_jwks_url=JWKS)
    for number in range(50):
        assert (await refusal(guard, issuer.token(kid=f"made up {number}"))).status == 401
    assert len(issuer.requests) == 1 + keys.UNKNOWN_BURST
    clock.passed = keys.UNKNOWN_PAUSE_S
    for number in range(50):
        assert (await refusal(guard, issuer.token(kid=f"made up {number}"))).status == 401
    assert len(issuer.requests) == 2 + keys.UNKNOWN_BURST


async def test_keys_are_renewed_when_they_are_old(issuer: FakeIssuer, clock: Clock) -> None:
    guard = authenticator(issuer, auth_jwks_url=JWKS, auth_jwks_ttl_s=60)
    await guard.authenticate(f"Bearer {issuer.token()}".encode())
    clock.passed = 61
    await guard.authenticate(f"Bearer {issuer.token()}".encode())
    await guard.keys.close()
    assert guard.keys.known


async def test_known_keys_do_for_a_while_without_the_issuer(issuer: FakeIssuer, clock: Clock) -> None:
    guard = authenticator(issuer, auth_jwks_url=JWKS, auth_jwks_ttl_s=60)
    await guard.authenticate(f"Bearer {issuer.token()}".encode())
    issuer.failing = True
    clock.passed = 600
    assert (await guard.authenticate(f"Bearer {issuer.token()}".encode())).subject == "ann"
    problem = await refusal(guard, issuer.token(kid="new"))
    assert problem.status == 503
    clock.passed = 60 + keys.STALE_S
    assert (await refusal(guard, issuer.token(exp=int(time()) + 10_000))).status == 503


async def test_without_keys_nobody_gets_in(issuer: FakeIssuer, clock: Clock) -> None:
    issuer.failing = True
    guard = authenticator(issuer)
    for _ in range(3):
        problem = await refusal(guard, issuer.token())
        assert (problem.status, problem.code) == (503, "service-unavailable")
        assert problem.headers["Retry-After"]
    assert issuer.requests == [DISCOVERY]
    issuer.failing = False
    clock.passed = 11
    assert (await guard.authenticate(f"Bearer {issuer.token()}".encode())).subject == "ann"


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://other.example.com", "jwks_uri": JWKS},
        {"issuer": ISSUER, "jwks_uri": "http://issuer.example.com/keys"},
        {"issuer": ISSUER, "jwks_uri": 7},
        {"issuer": ISSUER},
        {},
        [],
        b"{",
        b" " * 2_000_000,
    ],
)
async def test_a_strange_discovery_document_is_not_believed(issuer: FakeIssuer, document: Any) -> None:
    issuer.documents[DISCOVERY] = document
    assert (await refusal(authenticator(issuer), issuer.token())).status == 503


@pytest.mark.parametrize("document", [{"keys": 7}, {"keys": [7]}, {"keys": ["x"]}, {}, {"keys": None}])
async def test_a_strange_key_set_is_not_believed(issuer: FakeIssuer, document: Any) -> None:
    issuer.documents[JWKS] = document
    assert (await refusal(authenticator(issuer), issuer.token())).status == 503


async def test_keys_that_are_not_for_signatures_are_left_out(issuer: FakeIssuer) -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point
    good = issuer.keys["ec"]
    issuer.documents[JWKS] = {
        "keys": [
            {"kty": "oct", "kid": "shared", "k": "c2VjcmV0" * 8},
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(weak.public_key())), "kid": "weak"},
            {**good, "kid": "encryption", "use": "enc"},
            {"kty": "EC", "kid": "broken", "crv": "P-256"},
            {**good},
            {**good, "kid": 7},
            {**good, "kid": "ec"},
        ]
    }
    guard = authenticator(issuer)
    assert (await guard.authenticate(f"Bearer {issuer.token()}".encode())).subject == "ann"
    for kid in "shared", "weak", "encryption", "broken":
        assert (await refusal(guard, issuer.token(kid=kid))).status == 401


async def test_the_issuer_of_development_may_be_local(issuer: FakeIssuer) -> None:
    local = "http://127.0.0.1:9"
    issuer.documents = {f"{local}/.well-known/openid-configuration": {"issuer": local, "jwks_uri": f"{local}/keys"}}
    guard = authenticator(issuer, environment="development", auth_issuer=local)
    assert (await guard.authenticate(f"Bearer {issuer.token(iss=local)}".encode())).subject == "ann"


async def test_a_slow_issuer_is_not_waited_for(issuer: FakeIssuer) -> None:
    async def never(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(60)
        raise AssertionError

    settings = make_settings(auth_jwks_timeout_s=0.01)
    guard = Authenticator(settings, KeySet(settings, httpx2.MockTransport(never)))
    assert (await refusal(guard, issuer.token())).status == 503
