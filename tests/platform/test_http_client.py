"""Calls to other services: what is sent again, when it ends, and what the caller of this service is told."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from ordering.kernel import Unavailable
from ordering.platform import http_client
from ordering.platform.http import Operations, Reply
from ordering.platform.http_client import HttpClient
from web import Web, problem

Answer = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "FIRST_PAUSE_S", 0.0)


class Other:
    """Another service: what it answers, one after the other, the last one for ever; an exception is raised."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(given, Exception):
            raise given
        return httpx2.Response(given, json={"ok": given < 400})

    def client(self, **more: Any) -> HttpClient:
        return HttpClient("payments", "http://payments", transport=httpx2.MockTransport(self.answer), **more)


BROKEN = httpx2.ConnectError("no route")


@pytest.mark.parametrize("status", [200, 204, 302, 400, 404, 409, 422])
async def test_an_answer_is_given_back_as_it_is(status: int) -> None:
    other = Other(status)
    assert (await other.client().get("/things")).status_code == status
    assert len(other.requests) == 1


@pytest.mark.parametrize(
    "first", [BROKEN, httpx2.ReadTimeout("late"), httpx2.RemoteProtocolError("cut"), 429, 502, 503, 504]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_what_may_happen_twice_is_sent_again(method: str, first: int | Exception) -> None:
    other = Other(first, first, 200)
    assert (await other.client().request(method, "/things/1")).status_code == 200
    assert len(other.requests) == 3


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_what_may_not_is_sent_once(method: str) -> None:
    other = Other(BROKEN, 200)
    with pytest.raises(Unavailable, match="The service payments fails at the moment"):
        await other.client().request(method, "/things")
    assert len(other.requests) == 1


async def test_a_key_lets_a_post_happen_once_however_often_it_is_sent() -> None:
    other = Other(503, 201)
    response = await other.client().post("/payments", json={"amount": 3}, headers={"idempotency-key": "k"})
    assert response.status_code == 201
    assert [request.headers["Idempotency-Key"] for request in other.requests] == ["k", "k"]
    assert other.requests[1].content == other.requests[0].content != b""


@pytest.mark.parametrize("status", [500, 501, 507])
async def test_another_failure_of_the_server_is_its_last_word(status: int) -> None:
    other = Other(status)
    with pytest.raises(Unavailable):
        await other.client().get("/things")
    assert len(other.requests) == 1


async def test_attempts_end() -> None:
    other = Other(BROKEN)
    with pytest.raises(Unavailable):
        await other.client(attempts=2).get("/things")
    assert len(other.requests) == 2


async def test_repetitions_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "FAILURES_TO_OPEN", 10_000)
    other = Other(503)
    client = other.client()
    for _ in range(100):
        with pytest.raises(Unavailable):
            await client.get("/things")
    # 10 at first, and one for each ten calls.
    assert 100 + 18 <= len(other.requests) <= 100 + 20


async def test_the_whole_call_has_an_end() -> None:
    calls = 0

    async def hang(_: httpx2.Request) -> httpx2.Response:
        nonlocal calls
        calls += 1
        await asyncio.Event().wait()
        raise AssertionError

    client = HttpClient("payments", "http://payments", total_s=0.01, transport=httpx2.MockTransport(hang))
    with pytest.raises(Unavailable, match="does not answer in time"):
        await client.get("/things")
    assert calls == 1


async def test_a_service_that_fails_again_and_again_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    time = 100.0
    monkeypatch.setattr(http_client, "monotonic", lambda: time)
    other = Other(BROKEN)
    client = other.client(attempts=1)
    for _ in range(http_client.FAILURES_TO_OPEN):
        with pytest.raises(Unavailable, match="fails at the moment"):
            await client.get("/things")
    sent = len(other.requests)
    with pytest.raises(Unavailable, match="is left alone"):
        await client.get("/things")
    assert len(other.requests) == sent
    time += http_client.OPEN_S
    with pytest.raises(Unavailable, match="fails at the moment"):  # one tries
        await client.get("/things")
    with pytest.raises(Unavailable, match="is left alone"):
        await client.get("/things")
    assert len(other.requests) == sent + 1
    other.answers = [200]
    time += http_client.OPEN_S
    assert (await client.get("/things")).status_code == 200
    assert (await client.get("/things")).status_code == 200


async def test_the_first_call_after_the_rest_tries_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    time = 100.0
    monkeypatch.setattr(http_client, "monotonic", lambda: time)
    asked = asyncio.Event()
    go_on = asyncio.Event()
    count = 0

    async def answer(_: httpx2.Request) -> httpx2.Response:
        nonlocal count
        count += 1
        if count > http_client.FAILURES_TO_OPEN:
            asked.set()
            await go_on.wait()
            return httpx2.Response(200)
        raise BROKEN

    client = HttpClient("payments", "http://payments", attempts=1, transport=httpx2.MockTransport(answer))
    for _ in range(http_client.FAILURES_TO_OPEN):
        with pytest.raises(Unavailable):
            await client.get("/things")
    time += http_client.OPEN_S
    trying = asyncio.create_task(client.get("/things"))
    await asked.wait()
    with pytest.raises(Unavailable, match="is left alone"):
        await client.get("/things")
    go_on.set()
    assert (await trying).status_code == 200


def calling(client: HttpClient) -> Operations:
    router = Operations("calls", tag="Calls")

    @router.get("/calls", operation_id="get_call")
    async def get_call() -> Reply:
        response = await client.get("/things", headers={"X-Own": "1"})
        return Reply(200, response.json())

    return router


async def test_a_failure_is_a_503_and_says_whose_it_is() -> None:
    other = Other(BROKEN)
    client = other.client()
    web = Web(routers=[calling(client)])
    response = await web.get("/calls", token=web.issuer.token("calls.read"))
    assert problem(response) == (503, "service-unavailable")
    assert response.json()["detail"] == "The service payments fails at the moment."
    assert response.headers["retry-after"] == "1"


async def test_the_trace_goes_on() -> None:
    other = Other(200)
    client = other.client(headers={"X-Api-Key": "k"})
    web = Web(routers=[calling(client)])
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "tracestate": "vendor=1"}
    response = await web.get("/calls", token=web.issuer.token("calls.read"), headers=headers)
    assert response.status_code == 200
    await web.get("/calls", token=web.issuer.token("calls.read"), headers={"tracestate": "vendor=1"})
    await client.aclose()
    first, second = (request.headers for request in other.requests)
    assert first["traceparent"] == response.headers["traceparent"]
    assert first["traceparent"].startswith(f"00-{trace}-")
    assert first["traceparent"].endswith("-01")
    assert (first["tracestate"], first["x-own"], first["x-api-key"]) == ("vendor=1", "1", "k")
    assert "tracestate" not in second


async def test_outside_of_a_request_there_is_no_trace() -> None:
    other = Other(200)
    await other.client().get("/things")
    assert "traceparent" not in other.requests[0].headers
