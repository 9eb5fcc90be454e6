"""The issuer's keys: what a set may hold, when it is fetched, and when a key ends."""

import asyncio
import json
from itertools import pairwise
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from issuing import Clock, answer, authenticator, bearer, key_set
from ordering.platform.auth import UNRENEWED_S, Authenticator, keys
from ordering.platform.auth.keys import KeySet
from ordering.platform.http.about import health_router
from web import ELLIPTIC, JWKS, RSA, FakeIssuer, Web, make_settings

EC_KEY = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ELLIPTIC.public_key()))
RSA_KEY = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key()))
ANOTHER = ec.generate_private_key(ec.SECP256R1())
ANOTHER_KEY = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ANOTHER.public_key()))


class SlowIssuer(FakeIssuer):
    """An issuer that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()

    async def answer_late(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(str(request.url))
        await self.open.wait()
        self.requests.pop()
        return self.answer(request)


def slow(issuer: SlowIssuer, **given: Any) -> Authenticator:
    settings = make_settings(**{"auth_jwks_url": JWKS, "auth_jwks_timeout_s": 0.05, **given})
    return Authenticator(settings, KeySet(settings, httpx2.MockTransport(issuer.answer_late)))


@pytest.mark.parametrize(
    "neighbour",
    [
        7,
        None,
        "key",
        [],
        {},
        {"kty": "oct", "kid": "ec", "k": "c2VjcmV0"},
        {"kty": "AKP", "kid": "ec", "alg": "ML-DSA-44", "pub": "AAAA"},
        {"kty": 7, "kid": "x"},
        {"kty": ["EC"], "kid": "ec"},
        {"kty": "EC", "kid": ["x"], "crv": "P-256"},
        {"kty": "EC", "kid": "ec", "crv": {}},
        {"kty": "EC", "kid": "ec", "crv": "P-256"},
        {"kty": "EC", "kid": "ec", "crv": "P-256", "x": 7, "y": None},
        {"kty": "EC", "kid": "ec", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "OKP", "kid": "ec", "crv": "X25519", "x": "AA"},
        {"kty": "RSA", "kid": "ec", "n": "AQAB", "e": "AQAB", "x5c": ["MIID"], "x5t": "x"},
        {**EC_KEY, "kid": "ec", "use": "enc"},
        {**EC_KEY, "kid": "ec", "use": ["sig"]},
        {**EC_KEY, "kid": "ec", "key_ops": ["encrypt"]},
        {**EC_KEY, "kid": "ec", "key_ops": 7},
        {**EC_KEY, "kid": "ec", "alg": 7},
        {**EC_KEY, "kid": "ec", "alg": "ECDH-ES"},
        {**ANOTHER_KEY, "kid": "ec"},
        {**ANOTHER_KEY},
        {**RSA_KEY, "kid": "ec"},
    ],
    ids=lambda each: json.dumps(each)[:60],
)
@pytest.mark.parametrize("first", [True, False])
async def test_a_key_set_may_hold_anything_beside_a_key(neighbour: Any, first: bool) -> None:
    issuer = FakeIssuer()
    good = {**EC_KEY, "kid": "ec", "use": "sig", "alg": "ES256", "x5c": ["MIID"]}
    issuer.documents[JWKS] = key_set(neighbour, good) if first else key_set(good, neighbour)
    assert await answer(authenticator(issuer), issuer.token()) == 200
    assert await answer(authenticator(issuer), issuer.token(key=ec.generate_private_key(ec.SECP256R1()))) == 401


async def test_a_published_private_key_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    issuer = FakeIssuer()
    private = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ELLIPTIC))
    issuer.documents[JWKS] = key_set({**private, "kid": "ec"}, {**RSA_KEY, "kid": "rsa"})
    guard = authenticator(issuer)
    assert await answer(guard, issuer.token()) == 401
    assert await answer(guard, issuer.token(kid="rsa", key=RSA, algorithm="RS256")) == 200
    assert "private key" in caplog.text
    assert private["d"] not in caplog.text


async def test_a_large_key_set_is_read_and_its_keys_are_made_when_they_are_needed() -> None:
    issuer = FakeIssuer()
    many = [{**EC_KEY, "kid": f"key {number}"} for number in range(5000)]
    issuer.documents[JWKS] = key_set(*many)
    guard = authenticator(issuer)
    assert await answer(guard, issuer.token(kid="key 4999")) == 200
    made = [each for named in guard.keys._keys.by_id.values() for each in named if each._made]
    assert len(made) == 1


@pytest.mark.parametrize(
    ("jwks", "kid", "status"),
    [
        ([{**EC_KEY}], None, 200),  # neither has an id
        ([{**EC_KEY}], "ec", 200),  # the key has none
        ([{**EC_KEY, "kid": "ec"}], None, 200),  # the token names none, and there is one key
        ([{**EC_KEY, "kid": "ec"}, {**RSA_KEY, "kid": "rsa"}], None, 401),
        ([{**ANOTHER_KEY}, {**EC_KEY}], None, 200),
        ([{**ANOTHER_KEY}] * keys.MAX_TRIED + [{**EC_KEY}], None, 401),
        ([{**EC_KEY}, {**RSA_KEY, "kid": "rsa"}], "ec", 401),
        ([{**ANOTHER_KEY, "kid": "ec"}, {**EC_KEY, "kid": "ec"}], "ec", 200),
    ],
)
async def test_keys_and_tokens_without_ids(jwks: list[Any], kid: str | None, status: int) -> None:
    issuer = FakeIssuer()
    issuer.documents[JWKS] = key_set(*jwks)
    assert await answer(authenticator(issuer), issuer.token(kid=kid)) == status


async def test_a_new_key_without_an_id_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    issuer = FakeIssuer()
    issuer.documents[JWKS] = key_set(ANOTHER_KEY)
    guard = authenticator(issuer)
    assert await answer(guard, issuer.token(kid=None, key=ANOTHER)) == 200
    issuer.documents[JWKS] = key_set(EC_KEY)
    assert await answer(guard, issuer.token(kid=None)) == 200
    assert await answer(guard, issuer.token(kid=None, key=ANOTHER, sub="bob")) == 401


@pytest.mark.parametrize(
    ("private", "algorithm"),
    [
        (rsa.generate_private_key(65537, 2048), "PS384"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (ec.generate_private_key(ec.SECP521R1()), "ES512"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        (ed448.Ed448PrivateKey.generate(), "EdDSA"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
async def test_keys_of_each_kind_check_signatures(private: Any, algorithm: str) -> None:
    of = jwt.algorithms
    kind = of.RSAAlgorithm if algorithm[0] == "P" else of.ECAlgorithm if algorithm[:2] == "ES" else of.OKPAlgorithm
    issuer = FakeIssuer()
    issuer.documents[JWKS] = key_set({**json.loads(kind.to_jwk(private.public_key())), "kid": "k", "use": "sig"})
    guard = authenticator(issuer, auth_algorithms=algorithm)
    assert await answer(guard, issuer.token(kid="k", key=private, algorithm=algorithm)) == 200


async def test_a_slow_fetch_refuses_nobody_whose_key_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    issuer = SlowIssuer()
    issuer.open.set()
    guard = slow(issuer, auth_jwks_ttl_s=60, auth_jwks_timeout_s=3600)
    assert await answer(guard, issuer.token()) == 200
    issuer.open.clear()
    clock.passed = 61
    for name in ("bob", "cid", "dan"):  # who waited would wait for an hour
        assert await answer(guard, issuer.token(sub=name, exp=int(clock.start) + 5000)) == 200
    await asyncio.sleep(0)
    assert issuer.requests == [JWKS] * 2  # one fetch for all, still under way
    await guard.keys.close()


async def test_who_has_a_key_that_is_not_known_does_not_wait_for_a_slow_fetch() -> None:
    issuer = SlowIssuer()
    issuer.open.set()
    guard = slow(issuer)
    assert await answer(guard, issuer.token()) == 200
    issuer.open.clear()
    assert await answer(guard, issuer.token(kid="new")) == 503
    assert await answer(guard, issuer.token(sub="bob")) == 200
    await guard.keys.close()


async def test_without_keys_the_next_request_tries_again_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    issuer = FakeIssuer()
    issuer.failing = True
    guard = authenticator(issuer)
    waited = []
    for _ in range(12):
        tried = len(issuer.requests)
        while len(issuer.requests) == tried:
            assert await answer(guard, issuer.token()) == 503
            clock.passed += keys.FIRST_PAUSE_S
        waited.append(clock.passed)
    pauses = [later - earlier for earlier, later in pairwise(waited)]
    assert pauses[0] <= 0.3
    assert max(pauses) <= keys.LONGEST_PAUSE_S + 2 * keys.FIRST_PAUSE_S
    issuer.failing = False
    clock.passed += keys.LONGEST_PAUSE_S
    assert await answer(guard, issuer.token()) == 200


async def test_a_fetch_goes_on_when_a_request_gives_up() -> None:
    issuer = SlowIssuer()
    guard = slow(issuer)
    assert await answer(guard, issuer.token()) == 503
    issuer.open.set()
    assert await guard.keys.ready()
    assert await answer(guard, issuer.token()) == 200
    assert issuer.requests == [JWKS]


async def test_keys_are_renewed_in_the_background_before_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pauses: list[float] = []
    issuer = FakeIssuer()
    guard = authenticator(issuer, auth_jwks_ttl_s=60)
    turns = asyncio.Semaphore(0)
    at_rest = asyncio.Event()

    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if asyncio.current_task() is not keeping:  # what else goes on in the service has the same loop
            await real_sleep(seconds)
            return
        pauses.append(seconds)
        clock.passed += seconds
        at_rest.set()
        await turns.acquire()

    keeping = asyncio.create_task(guard.keys.keep_fresh())
    monkeypatch.setattr(keys.asyncio, "sleep", sleep)
    await at_rest.wait()
    assert guard.keys.known
    assert guard.keys.remaining() > 0
    issuer.failing = True
    for _ in range(9):
        at_rest.clear()
        turns.release()
        await at_rest.wait()
    assert pauses[0] == 45
    assert pauses[1:4] == [0.1, 0.2, 0.4]
    assert pauses[-1] == keys.LONGEST_PAUSE_S
    issuer.failing = False
    at_rest.clear()
    turns.release()
    await at_rest.wait()
    assert pauses[-1] == 45
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert guard.keys._client is None


async def test_a_key_that_is_taken_back_ends_within_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens are verified just before the keys are renewed, which must not add to the time."""
    clock = Clock(monkeypatch)
    issuer = FakeIssuer()
    guard = authenticator(issuer, auth_jwks_ttl_s=60)
    token = issuer.token(exp=int(clock.start) + 5000)
    assert await answer(guard, token) == 200
    clock.passed = 44
    taken_back_at = clock.passed
    late = issuer.token(sub="bob", exp=int(clock.start) + 5000)
    assert await answer(guard, late) == 200
    del issuer.keys["ec"]
    clock.passed = 45
    await guard.keys._renew()
    clock.passed = taken_back_at + 60
    for each in (token, late):
        assert guard.recall(bearer(each)) is None
        assert await answer(guard, each) == 401


@pytest.mark.parametrize("left", [[], [7], [{"kty": "oct", "kid": "ec", "k": "AA"}], [{**ANOTHER_KEY, "kid": "ec"}]])
async def test_an_issuer_may_take_back_all_of_its_keys(left: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    issuer = FakeIssuer()
    guard = authenticator(issuer, auth_jwks_ttl_s=60)
    token = issuer.token(exp=int(clock.start) + 900)
    assert await answer(guard, token) == 200
    issuer.documents[JWKS] = key_set(*left)
    clock.passed = 45
    await guard.keys._renew()
    clock.passed = 60
    assert guard.recall(bearer(token)) is None
    assert await answer(guard, token) == 401
    del issuer.documents[JWKS]
    clock.passed = 120
    await guard.keys._renew()
    assert await answer(guard, token) == 200


async def test_tokens_are_remembered_shortly_while_the_issuer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    issuer = FakeIssuer()
    guard = authenticator(issuer, auth_jwks_ttl_s=60)
    token = issuer.token(exp=int(clock.start) + 9000)
    assert await answer(guard, token) == 200
    issuer.failing = True
    clock.passed = 600
    assert guard.recall(bearer(token)) is None
    assert await answer(guard, token) == 200
    assert guard.recall(bearer(token)) is not None
    clock.passed += UNRENEWED_S
    assert guard.recall(bearer(token)) is None


async def test_a_replica_is_ready_when_it_had_the_keys_once_and_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    issuer = FakeIssuer()
    issuer.failing = True
    guard = authenticator(issuer, auth_jwks_ttl_s=60)

    async def database() -> bool:
        return True

    web = Web(routers=[health_router(database, guard.keys.ready)])
    assert (await web.get("/readyz", token=None)).status_code == 503
    assert (await web.get("/livez", token=None)).status_code == 200
    issuer.failing = False
    clock.passed = 1
    assert (await web.get("/readyz", token=None)).status_code == 200
    issuer.failing = True
    clock.passed = 100_000
    assert (await web.get("/readyz", token=None)).status_code == 200


async def test_discovery_leads_to_trustworthy_addresses_only() -> None:
    for jwks_uri, plain_http, status in (
        ("http://keycloak.auth.svc.cluster.local/certs", False, 503),
        ("http://keycloak.auth.svc.cluster.local/certs", True, 200),
        ("https://localhost/certs", True, 503),
        ("http://127.1/certs", True, 503),
        ("HTTPS://issuer.example.com/keys", False, 200),
        ("ftp://issuer.example.com/keys", True, 503),
        ("", False, 503),
    ):
        issuer = FakeIssuer()
        [discovery] = issuer.documents
        issuer.documents[discovery]["jwks_uri"] = jwks_uri
        guard = authenticator(issuer, auth_jwks_url=None, auth_plain_http=plain_http)
        assert await answer(guard, issuer.token()) == status, jwks_uri


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"keys": ' + b"[" * 100_000, b"\xff", b"", b"null", b"7"])
async def test_documents_that_cannot_be_read_leave_the_known_keys(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    issuer = FakeIssuer()
    guard = authenticator(issuer, auth_jwks_ttl_s=60)
    assert await answer(guard, issuer.token()) == 200
    issuer.documents[JWKS] = content
    clock.passed = 61
    await guard.keys._renew()
    assert await answer(guard, issuer.token(sub="bob", exp=int(clock.start) + 900)) == 200


async def test_unknown_keys_are_looked_for_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    issuer = FakeIssuer()
    guard = authenticator(issuer)
    assert await answer(guard, issuer.token()) == 200
    issuer.keys["new"] = issuer.keys["ec"]
    tokens = [issuer.token(kid="new", sub=f"caller {number}") for number in range(20)]
    assert await asyncio.gather(*(answer(guard, token) for token in tokens)) == [200] * 20
    assert issuer.requests == [JWKS] * 2
