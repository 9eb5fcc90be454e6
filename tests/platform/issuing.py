"""An issuer in memory for the tests of tokens and keys, and the clocks of the modules that check them."""

import json
import logging
from time import time
from typing import Any

import httpx2
import pytest
from ordering.platform import auth
from ordering.platform.auth import Authenticator, keys
from ordering.platform.auth.keys import KeySet
from ordering.platform.problems import Problem
from web import JWKS, FakeIssuer, make_settings


class Clock:
    """The time of auth/__init__.py and keys.py, which passes when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0.0
        self.start = time()
        for module in (auth, keys):
            monkeypatch.setattr(module, "monotonic", lambda: 1000 + self.passed)
        monkeypatch.setattr(auth, "time", lambda: self.start + self.passed)


def authenticator(issuer: FakeIssuer, **given: Any) -> Authenticator:
    settings = make_settings(**{"auth_jwks_url": JWKS, "auth_jwks_timeout_s": 60, **given})
    return Authenticator(settings, KeySet(settings, httpx2.MockTransport(issuer.answer)))


def bearer(token: str | bytes) -> bytes:
    return b"Bearer " + (token.encode() if isinstance(token, str) else token)


async def answer(guard: Authenticator, token: str | bytes) -> int:
    """The status that a request with this token is answered with, as far as the token decides it."""
    try:
        await guard.authenticate(bearer(token))
    except Problem as problem:
        return problem.status
    return 200


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says about refused auth."""
    records = [each for each in caplog.records if each.name == auth.__name__ and each.levelno >= logging.INFO]
    return [each.getMessage().removeprefix("access token refused: ") for each in records]


def key_set(*jwks: Any) -> bytes:
    return json.dumps({"keys": list(jwks)}).encode()
