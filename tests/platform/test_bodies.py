"""A body where no operation reads one, and the version that an action is meant for."""

from typing import Any
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest
from ordering.kernel import Caller, ChangedMeanwhile, StaleVersion
from ordering.platform.http import IfMatch, Once, Operations, Reply
from ordering.platform.http.parameters import Body, Patch
from ordering.platform.postgres import Database
from starlette.requests import Request
from web import THING_ID, VERSION, Web, errors, make_settings, problem

THING = f"/things/{THING_ID}"
ACTION = f"{THING}/uses"


class Change(Patch):
    name: str


class Said(Body):
    why: str | None = None


def web(*, meanwhile: bool = False) -> tuple[Web, list[bytes]]:
    """An action on a thing, an operation that reads its request itself, and the fingerprints of the actions."""
    router = Operations("things", tag="Things")
    fingerprints: list[bytes] = []
    database = Database(make_settings(), constraints={})
    database.fetchrow = AsyncMock(return_value=None)  # type: ignore[method-assign] # no answer is known

    @router.post("/things/{thing_id}/uses", operation_id="use_thing")
    async def use_thing(thing_id: str, once: Once, if_match: IfMatch | None) -> Reply:
        fingerprints.append(once.fingerprint)
        if if_match is not None:
            if_match.check(VERSION)
        if meanwhile:
            raise ChangedMeanwhile
        return Reply(200, {"thing": thing_id})

    @router.post("/things/{thing_id}/drops", operation_id="drop_thing")
    async def drop_thing(thing_id: str, body: Said | None, once: Once) -> Reply:
        fingerprints.append(once.fingerprint)
        return Reply(200, {"thing": thing_id, "why": None if body is None else body.why})

    @router.delete("/things/{thing_id}", operation_id="delete_thing", scope="things.write")
    async def delete_thing(thing_id: str) -> Reply:
        return Reply(204)

    @router.patch("/things/{thing_id}", operation_id="update_thing")
    async def update_thing(thing_id: str, body: Change, if_match: IfMatch) -> Reply:
        if_match.check(VERSION)
        if meanwhile:
            raise StaleVersion
        return Reply(200, {"thing": thing_id, "name": body.name})

    @router.get("/things/{thing_id}", operation_id="get_thing")
    async def get_thing(thing_id: str, caller: Caller) -> Reply:
        return Reply(200, {"thing": thing_id, "caller": caller.subject})

    @router.post("/echoes", operation_id="echo", scope="things.write")
    async def echo(request: Request) -> Reply:
        return Reply(200, {"length": len(await request.body())})

    return Web(database, routers=[router]), fingerprints


def sent(**headers: str) -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4()), **{name.replace("_", "-"): value for name, value in headers.items()}}


OPERATIONS = [("POST", ACTION), ("GET", THING), ("DELETE", THING)]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("body", [b"", b"{}", b" { } "])
async def test_no_body_and_an_empty_object_are_taken(method: str, path: str, body: bytes) -> None:
    service, _ = web()
    answer = await service.request(method, path, content=body, headers=sent(Content_Type="application/json"))
    assert answer.status_code in (200, 204), answer.text


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"patron_id": 1, "a/b": 2}', [("/patron_id", "extra_forbidden"), ("/a~1b", "extra_forbidden")]),
        (b"[]", [("", "body_forbidden")]),
        (b"null", [("", "body_forbidden")]),
        (b"{", [("", "json_invalid")]),
        (b"\xff", [("", "json_invalid")]),
        (b"[" * 100_000, [("", "json_invalid")]),
    ],
)
async def test_what_a_body_says_is_refused(
    method: str, path: str, body: bytes, expected: list[tuple[str, str]]
) -> None:
    service, _ = web()
    answer = await service.request(method, path, content=body, headers=sent(Content_Type="application/json"))
    assert problem(answer) == (400, "invalid-request")
    assert errors(answer) == expected


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize(
    "headers", [{}, {"Content_Type": "text/plain"}, {"Content_Type": "application/json", "Content_Encoding": "gzip"}]
)
async def test_another_kind_of_body_is_refused(method: str, path: str, headers: dict[str, str]) -> None:
    service, _ = web()
    assert problem(await service.request(method, path, content=b"x", headers=sent(**headers))) == (
        415,
        "unsupported-media-type",
    )


async def test_errors_of_the_body_come_with_the_others() -> None:
    service, _ = web()
    answer = await service.post(f"{ACTION}?x=1", json={"y": 1})
    assert {pointer for pointer, _ in errors(answer)} == {"/y", "/query/x", "/header/Idempotency-Key"}


async def test_a_body_that_is_too_large_is_not_read_on() -> None:
    service, _ = web()
    answer = await service.request("GET", THING, content=b"x" * (service.settings.max_body_bytes + 1))
    assert problem(answer) == (413, "content-too-large")


async def test_an_empty_object_and_no_body_are_one_request() -> None:
    service, fingerprints = web()
    for body in (b"", b"{}"):
        await service.post(ACTION, content=body, headers=sent(Content_Type="application/json"))
    assert fingerprints[0] == fingerprints[1]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"", {}, None),
        (b"", {"Content_Type": "text/plain"}, None),
        (b"{}", {"Content_Type": "application/json"}, None),
        (b'{"why": "it broke"}', {"Content_Type": "application/json"}, "it broke"),
    ],
)
async def test_a_body_may_be_left_out(body: bytes, headers: dict[str, str], expected: str | None) -> None:
    service, fingerprints = web()
    for _ in range(2):
        answer = await service.post(f"{THING}/drops", content=body, headers=sent(**headers))
        assert (answer.status_code, answer.json()["why"]) == (200, expected)
    await service.post(f"{THING}/drops", headers=sent())
    assert (fingerprints[-1] == fingerprints[0] == fingerprints[1]) is (expected is None)


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b'{"who": 1}', {"Content_Type": "application/json"}, (400, [("/who", "extra_forbidden")])),
        (b"null", {"Content_Type": "application/json"}, (400, [("", "model_type")])),
        (b"[]", {"Content_Type": "application/json"}, (400, [("", "model_type")])),
        (b"{}", {"Content_Type": "text/plain"}, (415, [])),
    ],
)
async def test_what_is_sent_where_a_body_may_be_left_out_is_read(
    body: bytes, headers: dict[str, str], expected: tuple[int, list[tuple[str, str]]]
) -> None:
    service, _ = web()
    answer = await service.post(f"{THING}/drops", content=body, headers=sent(**headers))
    assert (answer.status_code, [] if answer.status_code == 415 else errors(answer)) == expected


async def test_an_operation_may_read_the_request_itself() -> None:
    service, _ = web()
    assert (await service.post("/echoes", content=b"any")).json() == {"length": 3}


@pytest.mark.parametrize("tags", ['"7"', "*", '"1", "7"', 'W/"1", "7"'])
async def test_an_action_on_the_version_sent(tags: str) -> None:
    service, _ = web()
    assert (await service.post(ACTION, headers=sent(If_Match=tags))).status_code == 200


@pytest.mark.parametrize("tags", ['"6"', 'W/"7"', '"1", "2"'])
async def test_an_action_on_another_version_is_refused(tags: str) -> None:
    service, _ = web()
    assert problem(await service.post(ACTION, headers=sent(If_Match=tags))) == (412, "precondition-failed")


async def test_a_malformed_version_is_refused() -> None:
    service, _ = web()
    answer = await service.post(ACTION, headers=sent(If_Match="7"))
    assert errors(answer) == [("/header/If-Match", "malformed")]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (409, "changed-meanwhile")),
        ({"If_Match": "*"}, (409, "changed-meanwhile")),
        ({"If_Match": '"7"'}, (412, "precondition-failed")),
    ],
)
async def test_a_change_at_the_same_time(headers: dict[str, str], expected: tuple[int, str]) -> None:
    service, _ = web(meanwhile=True)
    assert problem(await service.post(ACTION, headers=sent(**headers))) == expected


@pytest.mark.parametrize(
    ("tags", "meanwhile", "expected"),
    [
        ("*", False, None),
        ('"7"', False, None),
        ("*", True, (409, "changed-meanwhile")),
        ('"7"', True, (412, "precondition-failed")),
        ('"6"', True, (412, "precondition-failed")),
    ],
)
async def test_who_takes_any_version_is_told_of_none(tags: str, meanwhile: bool, expected: Any) -> None:
    """Another change at the same time is no reason to read the resource again for whoever takes any version."""
    service, _ = web(meanwhile=meanwhile)
    headers = {"If-Match": tags, "Content-Type": "application/merge-patch+json"}
    answer = await service.request("PATCH", THING, content=b'{"name": "n"}', headers=headers)
    assert (problem(answer) if answer.status_code >= 400 else None) == expected
