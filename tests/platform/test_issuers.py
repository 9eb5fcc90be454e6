"""Tokens as the issuers' documents show them: accepted with the settings of docs/issuers.md, if they are for it."""

import json
import logging
import re
from pathlib import Path
from time import time
from typing import Any

import jsonschema_rs
import jwt
import pytest
import yaml
from dev import ROOT
from dev.describe import OF_SETTINGS
from issuing import answer, authenticator, bearer, refusals
from ordering.settings import Settings
from web import RSA, FakeIssuer

TOKENS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("issuers.yaml").read_text(encoding="utf-8"))
PAGE = OF_SETTINGS.with_name("issuers.md").read_text(encoding="utf-8")
NO_ISSUERS = {"Keys", "When a token is refused"}
VALUES = ROOT / "deploy" / "helm" / "ordering"


def blocks() -> dict[str, list[dict[str, Any]]]:
    """Heading of the page → values of the chart in the blocks below it."""
    sections = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return {
        heading: [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
        for heading, text in zip(sections[::2], sections[1::2], strict=True)
    }


def environment(values: dict[str, Any]) -> dict[str, str]:
    """The variables of a block, as pods get them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values["settings"].items()
    }


def settings_of(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The settings that the service reads from a block, by their names."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment(values).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost/nothing")
    read = Settings()
    return {name.lower(): getattr(read, name.lower()) for name in values["settings"]}


def signed(issuer: FakeIssuer, case: dict[str, Any]) -> str:
    now = int(time())
    claims = {**case["claims"], "iat": now, "exp": now + 600, **case["here"]}
    header = {"typ": None, **case["header"], "kid": "rsa"}
    return jwt.encode(claims, RSA, "RS256", headers=header)


def test_each_issuer_of_the_page_has_tokens_and_each_token_a_source() -> None:
    assert {case["page"] for case in TOKENS} == blocks().keys() - NO_ISSUERS
    assert all(case["source"].startswith("https://") for case in TOKENS)
    for heading in blocks().keys() - NO_ISSUERS:
        accepted = [case for case in TOKENS if case["page"] == heading and "refused" not in case]
        assert accepted, heading


@pytest.mark.parametrize("case", TOKENS, ids=[f"{case['page']}: {case['token']}" for case in TOKENS])
async def test_a_token_with_the_settings_of_the_page(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    issuer = FakeIssuer()
    given = settings_of(blocks()[case["page"]][case.get("block", 0)], monkeypatch)
    guard = authenticator(issuer, **given)
    token = signed(issuer, case)
    if "refused" in case:
        assert await answer(guard, token) == 401
        assert refusals(caplog) == [case["refused"]]
        return
    caller = await guard.authenticate(bearer(token))
    assert (caller.subject, caller.scopes) == (case["subject"], set(case["scopes"]))
    assert any(scope in caller.scopes for scope in ("customers.read", "customers.write"))
    others = {"iss": "https://else.example.com", given.get("auth_audience_claim", "aud"): "else"}
    for claim, value in others.items():
        foreign = {**case, "here": {**case["here"], claim: value}}
        assert await answer(guard, signed(issuer, foreign)) == 401, claim


@pytest.mark.parametrize("values", [each for found in blocks().values() for each in found])
def test_a_block_of_the_page_is_what_chart_and_service_take(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = json.loads((VALUES / "values.schema.json").read_text(encoding="utf-8"))
    defaults = yaml.safe_load((VALUES / "values.yaml").read_text(encoding="utf-8"))
    merged = {**defaults, **{name: {**defaults[name], **given} for name, given in values.items()}}
    jsonschema_rs.validate(schema, merged)
    assert settings_of(values, monkeypatch)


def test_variables_that_the_page_names_are_settings() -> None:
    named = set(re.findall(r"\bAUTH_[A-Z_]+\b", PAGE))
    assert named <= {name.upper() for name in Settings.model_fields}


async def test_the_lines_of_the_log_that_the_page_shows_are_those_of_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    issuer = FakeIssuer()
    assert await answer(authenticator(issuer), issuer.token(aud="else")) == 401
    [shown] = re.findall(r"`access token refused: (.+?)`", PAGE)
    assert refusals(caplog) == [shown]
