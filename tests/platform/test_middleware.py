import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter, HTTPException, Request
from ordering.kernel import RuleViolated
from ordering.platform.http.about import health_router
from ordering.platform.http.access import any_caller
from ordering.platform.request_context import RequestContext
from starlette.responses import StreamingResponse
from web import THING_ID, Web, errors, problem

ONE = f"/things/{THING_ID}"


def ordinary_router() -> APIRouter:
    router = APIRouter(dependencies=[any_caller()])

    @router.get("/plain/{number}")
    async def plain(number: int, limit: int = 1) -> dict[str, int]:
        return {"number": number, "limit": limit}

    @router.post("/plain/{number}")
    async def post(number: int, body: dict[str, int]) -> dict[str, int]:
        return body

    @router.get("/raise/{what}")
    async def fail(what: str) -> None:
        if what == "rule":
            raise RuleViolated("No.")
        if what == "teapot":
            raise HTTPException(418, "I am a teapot", {"X-Tea": "green"})
        if what == "unknown":
            raise HTTPException(499)
        raise RuntimeError("a secret of the house")

    @router.get("/half")
    async def half() -> StreamingResponse:
        async def content() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("the other half is missing")

        return StreamingResponse(content())

    return router


async def test_a_request_leaves_no_work_for_the_garbage_collector() -> None:
    web = Web()
    await web.get(ONE)  # the first one has keys to fetch
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)  # what only the collector finds is kept in gc.garbage
    try:
        await web.get(ONE)
        gc.collect()
        assert not [each for each in gc.garbage if isinstance(each, RequestContext)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def test_an_unknown_path_is_not_found() -> None:
    for path in "/nothing", "/things/", "/things//", f"{ONE}/more":
        assert problem(await Web().get(path, token=None)) == (404, "not-found")


async def test_a_method_that_is_not_supported_is_told_which_are() -> None:
    response = await Web().request("POST", ONE, token=None)
    assert response.status_code == 405
    assert response.headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"
    assert problem(await Web().request("OPTIONS", "/things", token=None)) == (405, "method-not-allowed")


async def test_a_token_is_needed() -> None:
    response = await Web().get(ONE, token=None)
    assert problem(response) == (401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"
    response = await Web(routers=[ordinary_router()]).get("/plain/1", token=None)
    assert problem(response) == (401, "unauthenticated")


async def test_a_scope_is_needed() -> None:
    web = Web()
    response = await web.request("DELETE", ONE, token=web.issuer.token("things.read", "things.write"))
    assert problem(response) == (403, "insufficient-scope")
    assert response.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="things.destroy"'


async def test_what_breaks_is_logged_once_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    response = await Web().post("/things", json={"name": "broken"})
    assert problem(response) == (500, "internal-error")
    assert "secret" not in response.text
    said = [each for each in caplog.records if each.name.startswith("ordering.")]
    [record] = [each for each in said if each.levelno >= logging.ERROR]
    assert record.exc_info


async def test_ordinary_endpoints_answer_in_the_same_way() -> None:
    web = Web(routers=[ordinary_router()])
    response = await web.get("/plain/1")
    assert response.json() == {"number": 1, "limit": 1}
    assert response.headers["request-id"]
    assert response.headers["ratelimit"]
    response = await web.get("/plain/x?limit=y")
    assert problem(response) == (400, "invalid-request")
    assert errors(response) == [("/path/number", "int_parsing"), ("/query/limit", "int_parsing")]
    assert errors(await web.post("/plain/1", json={"a/b": "c"})) == [("/a~1b", "int_parsing")]
    response = await web.post("/plain/1", content=b"{", headers={"Content-Type": "application/json"})
    assert errors(response) == [("", "json_invalid")]
    assert problem(await web.request("PUT", "/plain/1")) == (405, "method-not-allowed")
    assert problem(await web.get("/raise/rule")) == (409, "rule-violated")
    assert problem(await web.get("/raise/anything")) == (500, "internal-error")
    response = await web.get("/raise/teapot")
    assert response.headers["x-tea"] == "green"
    assert response.json()["type"] == "about:blank"
    assert response.json()["title"] == "I'm a Teapot"
    assert (await web.get("/raise/unknown")).json()["title"] == "Status 499"


async def test_an_answer_that_has_begun_is_not_replaced_by_a_problem() -> None:
    web = Web(routers=[ordinary_router()])
    response = await web.get("/half")
    assert response.status_code == 200
    assert response.content == b"half"


@pytest.mark.parametrize("path", ["/things", "/plain/1"])
async def test_a_body_may_not_be_too_large(path: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 5

    web = Web(routers=[ordinary_router(), *Web().routers], max_body_bytes=10)
    for content in b" " * 11, chunks():
        response = await web.post(path, content=content, headers={"Content-Type": "application/json"})
        assert problem(response) == (413, "content-too-large")
        assert response.headers["connection"] == "close"


async def test_a_body_that_does_not_tell_its_size_is_measured() -> None:
    web = Web(max_body_bytes=10)
    scope = {**_scope("/things", [(b"authorization", f"Bearer {web.issuer.token()}".encode())]), "method": "POST"}
    for size, status in (10, 415), (11, 413):
        whole = {"type": "http.request", "body": b" " * size, "more_body": False}
        assert (await _call(web, dict(scope), whole))[0]["status"] == status


async def test_a_body_may_come_in_pieces() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"name":'
        yield b'"n"}'

    response = await Web().post("/things", content=chunks(), headers={"Content-Type": "application/json"})
    assert response.status_code == 201


async def test_the_client_may_choose_the_request_id() -> None:
    web, chosen = Web(), str(uuid4())
    assert (await web.get(ONE, headers={"Request-Id": chosen})).headers["request-id"] == chosen
    made = (await web.get(ONE, headers={"Request-Id": "mine"})).headers["request-id"]
    assert UUID(made).version == 4


async def test_the_trace_of_the_client_is_continued() -> None:
    web = Web()
    for flags in "00", "01":
        sent = f"00-{'a' * 32}-{'b' * 16}-{flags}"
        version, trace_id, span_id, answered = (
            (await web.get(ONE, headers={"Traceparent": sent})).headers["traceparent"].split("-")
        )
        assert (version, trace_id, answered) == ("00", "a" * 32, flags)
        assert span_id != "b" * 16


@pytest.mark.parametrize(
    "sent", ["x", f"00-{'0' * 32}-{'b' * 16}-01", f"00-{'a' * 32}-{'0' * 16}-01", f"ff-{'a' * 32}-{'b' * 16}-01"]
)
async def test_a_malformed_trace_is_not_continued(sent: str) -> None:
    assert "a" * 32 not in (await Web().get(ONE, headers={"Traceparent": sent})).headers["traceparent"]


async def test_a_repeated_header_counts_as_a_list() -> None:
    web = Web()
    scope = _scope(ONE, [(b"authorization", f"Bearer {web.issuer.token()}".encode()), (b"if-none-match", b'"1"')])
    scope["headers"].append((b"if-none-match", b'"7"'))
    messages = await _call(web, scope)
    assert messages[0]["status"] == 304


async def test_the_quota_of_a_caller_is_told_and_kept() -> None:
    web = Web(rate_limit_per_minute=2)
    first, second, third = [await web.get(ONE) for _ in range(3)]
    assert first.headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"default";r=1;t=')
    assert second.headers["ratelimit"].startswith('"default";r=0;t=')
    assert problem(third) == (429, "too-many-requests")
    assert 0 < int(third.headers["retry-after"]) <= 60
    assert third.headers["ratelimit"].startswith('"default";r=0;t=')
    assert (await web.get(ONE, token=web.issuer.token(sub="bob"))).status_code == 200


async def test_there_may_be_no_quota() -> None:
    response = await Web(rate_limit_per_minute=0).get(ONE)
    assert "ratelimit" not in response.headers
    assert "ratelimit-policy" not in response.headers


async def test_a_draining_service_answers_and_is_not_ready() -> None:
    async def ready() -> bool:
        return True

    web = Web(routers=[health_router(ready), *Web().routers])
    assert (await web.get("/readyz", token=None)).json() == {"status": "ok"}
    web.app.state.lifecycle.drain()
    assert (await web.get(ONE)).status_code == 200
    assert problem(await web.get("/readyz", token=None)) == (503, "service-unavailable")
    assert (await web.get("/livez", token=None)).json() == {"status": "ok"}


async def test_a_service_without_what_it_needs_is_not_ready() -> None:
    async def ready() -> bool:
        return False

    assert problem(await Web(routers=[health_router(ready)]).get("/readyz", token=None)) == (503, "service-unavailable")


async def test_scripts_of_known_origins_may_call() -> None:
    web = Web(cors_origins=("https://app.example.com",))
    preflight = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PATCH"}
    response = await web.request("OPTIONS", ONE, token=None, headers=preflight)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://app.example.com"
    response = await web.get(ONE, headers={"Origin": "https://app.example.com"})
    assert "ETag" in response.headers["access-control-expose-headers"]
    response = await web.request(
        "OPTIONS", ONE, token=None, headers={**preflight, "Origin": "https://evil.example.com"}
    )
    assert "access-control-allow-origin" not in response.headers


async def test_websockets_are_closed() -> None:
    assert await _call(Web(), {"type": "websocket", "path": "/things", "headers": []}) == [
        {"type": "websocket.close", "code": 1008}
    ]


async def test_a_client_that_went_away_is_not_answered() -> None:
    web = Web()
    headers = [(b"authorization", f"Bearer {web.issuer.token()}".encode())]
    assert await _call(web, {**_scope("/things", headers), "method": "POST"}, {"type": "http.disconnect"}) == []


async def test_a_cancelled_request_stays_cancelled() -> None:
    router = APIRouter(dependencies=[any_caller()])

    @router.get("/wait")
    async def wait(request: Request) -> None:
        request.app.state.waiting.set()
        await asyncio.sleep(60)

    web = Web(routers=[router])
    web.app.state.waiting = asyncio.Event()
    task = asyncio.create_task(web.get("/wait"))
    await web.app.state.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_lifespan_prepares_and_ends_the_edge() -> None:
    web = Web(log_level="INFO")
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = await _call(web, {"type": "lifespan", "state": {}}, *messages)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def _scope(path: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"example.com"), *headers],
    }


async def _call(web: Web, scope: dict[str, Any], *received: dict[str, Any]) -> list[Any]:
    """What the application sends when it is called without a client in between."""
    sent = []
    waiting = list(received)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await web.app(scope, receive, send)
    return sent
