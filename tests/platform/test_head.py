"""HEAD is GET without the body, wherever there is a GET (RFC 9110, section 9.3.2)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from ordering.platform.http.about import Contract, docs_router, health_router
from ordering.platform.http.access import any_caller
from web import THING_ID, Web, problem, things_router

ONE = f"/things/{THING_ID}"
OWN = ("request-id", "traceparent", "ratelimit")
"""Headers of one answer alone."""


async def ready() -> bool:
    return True


def own_router() -> APIRouter:
    router = APIRouter(dependencies=[any_caller()])

    @router.get("/plain")
    async def plain() -> dict[str, str]:
        return {"a": "b"}

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for number in range(3):
                yield b"%d" % number

        return StreamingResponse(chunks(), media_type="text/plain")

    @router.head("/head")
    async def head() -> None:
        """An endpoint for HEAD alone."""

    @router.post("/only-post")
    async def only_post() -> None: ...

    return router


def web(**settings: Any) -> Web:
    routers = [things_router(), health_router(ready), docs_router(Contract()), own_router()]
    return Web(routers=routers, **settings)


async def ask(
    web: Web, method: str, path: str, *, token: str | None = "", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body as the application sends them, which a client would not let through."""
    given = {"host": "service"} | ({} if token is None else {"authorization": f"Bearer {token or web.issuer.token()}"})
    sent: list[Any] = []

    requests = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return requests.pop() if requests else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in {**given, **headers}.items()]
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "root_path": "",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "headers": pairs,
        "client": ("127.0.0.1", 1), "server": ("service", 80),
    }  # fmt: skip
    await web.app(scope, receive, send)
    start, *rest = sent
    assert not rest[-1].get("more_body", False)
    assert method != "HEAD" or len(rest) == 1
    received = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], received, b"".join(message.get("body", b"") for message in rest)


PLACES = [
    "/things", "/things?limit=3", "/things?limit=x", ONE, "/things/x", "/nowhere",
    "/livez", "/readyz", "/openapi.json", "/docs", "/problems/not-found", "/problems/none",
    "/plain", "/stream", "/only-post",
]  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
async def test_head_is_get_without_the_body(path: str) -> None:
    service = web(rate_limit_per_minute=100)
    status, headers, body = await ask(service, "GET", path)
    found = await ask(service, "HEAD", path)
    assert body
    assert found[2] == b""
    assert found[0] == status
    if "content-length" in headers and status < 400:
        assert found[1]["content-length"] == headers["content-length"] == str(len(body))
    without = {*OWN, "content-length"} if status >= 400 else set(OWN)
    assert {k: v for k, v in found[1].items() if k not in without} == {
        k: v for k, v in headers.items() if k not in without
    }


async def test_every_path_with_get_answers_head() -> None:
    service = web()
    await ask(service, "GET", "/livez")
    pipeline = service.app.state.pipeline
    methods = _methods(pipeline._table._root)
    assert len(methods) > 9
    assert all("HEAD" in each for each in methods if "GET" in each)


def _methods(node: dict[Any, Any]) -> list[dict[str, Any]]:
    return [found for key, child in node.items() for found in ([child] if key == 0 else _methods(child))]


async def test_head_needs_what_get_needs() -> None:
    service = web()
    assert (await ask(service, "HEAD", ONE, token=None))[0] == 401
    assert (await ask(service, "HEAD", ONE, token=service.issuer.token("things.write")))[0] == 403
    assert (await ask(service, "HEAD", "/plain", token=None))[0] == 401
    assert (await ask(service, "HEAD", ONE, if_none_match='"7"'))[0] == 304
    assert (await ask(service, "HEAD", "/docs", if_none_match="*"))[0] == 304


async def test_refusals_name_head() -> None:
    service = web()
    for path, allowed in (("/things", "GET, HEAD, POST"), ("/livez", "GET, HEAD"), ("/only-post", "POST")):
        status, headers, _ = await ask(service, "OPTIONS", path)
        assert (status, headers["allow"]) == (405, allowed)
    assert (await ask(service, "HEAD", "/only-post"))[0] == 405


async def test_an_endpoint_for_head_is_asked_itself() -> None:
    assert (await ask(web(), "HEAD", "/head"))[0] == 200
    assert (await ask(web(), "GET", "/head"))[0] == 405


async def test_without_the_table_head_is_get_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ordering.platform.http.middleware.build", lambda _: None)
    service = web()
    for path in ("/things", ONE, "/livez", "/plain"):
        assert (await ask(service, "HEAD", path))[::2] == (200, b"")
    status, headers, _ = await ask(service, "OPTIONS", "/livez")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


async def test_a_browser_may_send_head() -> None:
    service = web(cors_origins=["https://app.example"])
    response = await service.request(
        "OPTIONS", ONE, headers={"Origin": "https://app.example", "Access-Control-Request-Method": "HEAD"}
    )
    assert response.status_code == 200
    assert "HEAD" in response.headers["access-control-allow-methods"]


async def test_the_access_log_says_head(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "ordering.platform.logs.AccessLog.write",
        lambda _, context, __: written.append((context.scope["method"], context.route)),
    )
    service = web(log_level="INFO")
    for path in (ONE, "/plain"):
        await ask(service, "HEAD", path)
    assert written == [("HEAD", "/things/{thing_id}"), ("HEAD", "/plain")]


async def test_a_problem_is_a_problem_to_get_still() -> None:
    assert problem(await web().get("/nowhere")) == (404, "not-found")
