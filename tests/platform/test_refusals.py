"""Every refusal is a problem, in words and not in regular expressions."""

import json
from typing import Annotated, Any

import pytest
from ordering.platform.http import fields
from ordering.platform.http.parameters import field_errors
from ordering.platform.problems import CATALOGUE
from pydantic import TypeAdapter, ValidationError
from sockets import serving
from web import Web

ORIGIN = "https://app.example.com"
TYPES = (
    Annotated[str, fields.Line(9)], Annotated[str, fields.Text(9)], Annotated[fields.Decimal, fields.DecimalText(5, 2)],
    Annotated[fields.Decimal, fields.DecimalText(5, 0, min=0)], Annotated[int, fields.Digits(1, 9)],
    Annotated[int, fields.Whole(1, 9)], fields.Int32, fields.Int64, fields.MoneyIn, fields.NonNegativeMoneyIn,
    fields.Day, fields.Timestamp, fields.Uuid, fields.Email, fields.Url, fields.JsonObject,
)  # fmt: skip
WRONG = ("a\0bcde", "x" * 36, "", {"amount": "x", "currency": "x"}, {"a": "\0"}, [], None, 1.5, True)


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_expected_is_said_in_words(kind: Any) -> None:
    found = []
    for wrong in WRONG:
        try:
            TypeAdapter(kind).validate_json(json.dumps(wrong), strict=True)
        except ValidationError as error:
            found += [each.detail for each in field_errors(error)]
    assert found
    assert [detail for detail in found if "pattern" in detail or "^" in detail] == []


@pytest.mark.parametrize(
    ("origin", "method", "headers", "status"),
    [
        (ORIGIN, "PATCH", "authorization, if-match", 200),
        ("https://evil.example.com", "PATCH", "", 400),
        (ORIGIN, "TRACE", "", 400),
        (ORIGIN, "GET", "x-unknown", 400),
    ],
)
async def test_a_browser_that_may_not_ask_gets_a_problem(origin: str, method: str, headers: str, status: int) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    answer = await Web(cors_origins=(ORIGIN,)).request("OPTIONS", "/things", token=None, headers=preflight)
    assert answer.status_code == status
    assert "origin" in answer.headers["vary"].lower()
    assert answer.headers.get("access-control-allow-origin") == (ORIGIN if origin == ORIGIN else None)
    if status == 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].endswith("/problems/invalid-request")
        assert answer.json()["detail"].startswith("Disallowed CORS")
        assert answer.json()["instance"] == f"urn:uuid:{answer.headers['request-id']}"


async def test_wherever_it_comes_from_a_problem_has_the_same_headers() -> None:
    """From the connection, from what is in front of the middleware, from it, and from an endpoint of FastAPI."""
    web = Web(cors_origins=(ORIGIN,))
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "TRACE"}
    answers = [
        (await web.request("OPTIONS", "/things", token=None, headers=preflight)).headers,
        (await web.request("GET", "/nothing")).headers,
        (await web.request("GET", "/problems/nothing")).headers,
    ]
    async with serving() as (_, connect):
        for sent in (b"GET /livez HTTP/1.1\r\n\r\n", b"no request\r\n\r\n"):
            client = await connect()
            await client.send(sent)
            answers.append((await client.answer())[1])
    for headers in answers:
        assert headers["content-type"] == "application/problem+json"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert {"content-length", "request-id"} <= set(headers)


@pytest.mark.parametrize(
    ("coding", "expected"), [("Chunked", 201), ("gzip, chunked", 501), ("deflate,chunked", 501), ("gzip", 400)]
)
async def test_a_coding_of_transfer_that_nobody_undoes_is_refused(coding: str, expected: int) -> None:
    async with serving() as (server, connect):
        client = await connect()
        await client.send(
            b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nidempotency-key: k\r\n"
            b"transfer-encoding: %b\r\nauthorization: Bearer %b\r\n\r\n" % (coding.encode(), server.token.encode())
        )
        await client.send(b'c\r\n{"name":"a"}\r\n0\r\n\r\n')
        status, headers, body = await client.answer()
    assert status == expected
    if status >= 400:
        assert headers["content-type"] == "application/problem+json"
        assert headers["connection"] == "close"
        assert json.loads(body)["status"] == status


async def test_whatever_is_refused_is_answered_with_a_problem() -> None:
    paths = (
        "/livez",
        "/docs",
        "/openapi.json",
        "/problems/x",
        "/things",
        "/things/1",
        "/nothing",
        "/",
        "//",
        "/%00",
        "/%ff",
        "*",
    )
    methods = ("DELETE", "GET", "MKCOL", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE", "get", "X")
    refused = 0
    async with serving() as (server, connect):
        for method in methods:
            for path in paths:
                for token in (b"", b"authorization: Bearer %b\r\n" % server.token.encode(), b"authorization: x\r\n"):
                    client = await connect()
                    await client.send(b"%b %b HTTP/1.1\r\nhost: x\r\n%b\r\n" % (method.encode(), path.encode(), token))
                    status, headers, body = await client.answer()
                    client.writer.close()
                    if status >= 400:
                        refused += 1
                        assert headers["content-type"] == "application/problem+json", (method, path, status)
                        problem = json.loads(body)
                        code = problem["type"].rpartition("/")[2]
                        assert (problem["status"], CATALOGUE[code].status) == (status, status)
                        assert problem["instance"] == f"urn:uuid:{headers['request-id']}"
                        assert status != 500
    assert refused > len(paths) * len(methods)
