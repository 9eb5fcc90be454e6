from datetime import timedelta
from typing import Annotated, Any
from uuid import uuid4

import pytest
from fastapi import APIRouter
from ordering.kernel import Caller, KeyTaken
from ordering.platform.http import (
    BoundOperation,
    Once,
    Operation,
    OperationRoute,
    Operations,
    PageParameters,
    Patch,
    Reply,
    provided,
    requires,
)
from ordering.platform.http.parameters import parse_query
from ordering.platform.postgres import Database
from ordering.platform.postgres.idempotency import store_claim
from ordering.platform.problems import FieldError, Problem
from starlette.requests import Request
from web import THING_ID, Things, Uses, Web, errors, once_router, problem

JSON = {"Content-Type": "application/json"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}
ONE = f"/things/{THING_ID}"


async def test_a_created_thing_is_answered_with_its_place_and_version() -> None:
    response = await Web().post("/things", json={"name": "n", "parts": [{"name": "p"}]})
    assert response.status_code == 201
    assert response.headers["location"] == f"/things/{response.json()['id']}"
    assert response.headers["etag"] == '"1"'
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"name": 1, "a/b~c": 2}', [("/name", "string_type"), ("/a~1b~0c", "extra_forbidden")]),
        (b'{"name": "n", "parts": [{"size": "1"}]}', [("/parts/0/name", "missing"), ("/parts/0/size", "int_type")]),
        (b'{"name": "n", "size": 1.5}', [("/size", "int_type")]),
        (b"[]", [("", "model_type")]),
        (b"", [("", "json_invalid")]),
        (b"{", [("", "json_invalid")]),
        (b'{"name": "\\ud800"}', [("", "json_invalid")]),
        (b'{"name": "\xff"}', [("", "json_invalid")]),
        (b'{"name": "n", "extra": NaN}', [("", "json_invalid")]),
        (b'{"name": "n", "extra": -Infinity}', [("", "json_invalid")]),
        (b'{"name": "n", "extra": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", [("", "json_invalid")]),
        (b'{"name": "NaN", "extra": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", [("", "json_invalid")]),
    ],
)
async def test_everything_wrong_with_a_body_is_told(body: bytes, expected: list[tuple[str, str]]) -> None:
    response = await Web().post("/things", content=body, headers=JSON)
    assert problem(response) == (400, "invalid-request")
    assert errors(response) == expected


async def test_nan_within_a_string_is_text() -> None:
    assert (await Web().post("/things", json={"name": "NaN and Infinity"})).status_code == 201


async def test_many_errors_are_cut_and_stay_printable() -> None:
    names = {f"\x1b{number}" + "x" * 1000: 1 for number in range(200)}
    response = await Web().post("/things", json=names)
    assert problem(response) == (400, "invalid-request")
    assert len(response.json()["errors"]) == 100
    assert all(error["pointer"].isprintable() and len(error["pointer"]) <= 200 for error in response.json()["errors"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/merge-patch+json"},
        {"Content-Type": "application/json; charset=latin-1"},
        {**JSON, "Content-Encoding": "gzip"},
    ],
)
async def test_other_media_types_are_refused(headers: dict[str, str]) -> None:
    response = await Web().post("/things", content=b'{"name": "n"}', headers=headers)
    assert problem(response) == (415, "unsupported-media-type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON;"])
async def test_the_media_type_may_be_written_in_other_ways(media_type: str) -> None:
    response = await Web().post("/things", content=b'{"name": "n"}', headers={"Content-Type": media_type})
    assert response.status_code == 201


async def test_a_replacement_is_plain_json() -> None:
    assert (await Web().request("PUT", ONE, json={"name": "n"})).json()["name"] == "n"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=a", [("/query/limit", "int_parsing")]),
        ("limit=1&limit=2", [("/query/limit", "repeated")]),
        (
            "limit=1&limit=x&other=1",
            [("/query/limit", "repeated"), ("/query/limit", "int_parsing"), ("/query/other", "extra_forbidden")],
        ),
        ("name=%ff", [("/query", "invalid_encoding")]),
    ],
)
async def test_everything_wrong_with_a_query_is_told(query: str, expected: list[tuple[str, str]]) -> None:
    response = await Web().get(f"/things?{query}")
    assert problem(response) == (400, "invalid-request")
    assert errors(response) == expected


def test_a_query_string_is_ascii() -> None:
    assert parse_query("name=\u00e9".encode()) == (
        {},
        [FieldError("/query", "invalid_encoding", "The query string is not UTF-8, percent-encoded.")],
    )


async def test_a_query_is_read() -> None:
    assert (await Web().get("/things?")).json()["name"] == "50 None"
    assert (await Web().get("/things?limit=3&&name=a+b%26%C3%A9")).json()["name"] == "3 a b&é"


async def test_no_query_is_taken_where_none_is_expected() -> None:
    response = await Web().get("/things/none?page=1&page=2")
    assert errors(response) == [
        ("/query/page", "repeated"),
        ("/query/page", "extra_forbidden"),
        ("/path/thing_id", "uuid_parsing"),
    ]
    assert (await Web().get(f"{ONE}?&")).status_code == 200


@pytest.mark.parametrize(
    "segment", ["x", str(THING_ID).replace("-", ""), "{" + str(THING_ID)[:-2] + "}", "g" + str(THING_ID)[1:]]
)
async def test_an_id_is_a_uuid(segment: str) -> None:
    assert errors(await Web().get(f"/things/{segment}")) == [("/path/thing_id", "uuid_parsing")]


async def test_a_patch_and_a_page_have_their_rules() -> None:
    class NamePatch(Patch):
        name: str | None = None

    router = Operations("things", tag="Things")

    @router.patch("/name", operation_id="update_name")
    async def update_name(body: NamePatch) -> Reply:
        return Reply(204)

    @router.get("/pages", operation_id="get_page")
    async def get_page(query: PageParameters) -> Reply:
        return Reply(204)

    web = Web(routers=[router])
    assert (await web.request("PATCH", "/name", content=b'{"name": null}', headers=MERGE_PATCH)).status_code == 204
    empty = await web.request("PATCH", "/name", content=b"{}", headers=MERGE_PATCH)
    assert errors(empty) == [("", "empty_patch")]
    assert (await web.get("/pages?limit=200&cursor=x")).status_code == 204
    wrong = await web.get("/pages?limit=201&cursor=")
    assert {pointer for pointer, _ in errors(wrong)} == {"/query/limit", "/query/cursor"}


async def test_the_parameters_are_checked_together() -> None:
    response = await Web().request("PATCH", "/things/x?a=1", content=b"{}", headers={**MERGE_PATCH, "If-Match": "x"})
    assert [pointer for pointer, _ in errors(response)] == ["/query/a", "/path/thing_id", "/name", "/header/If-Match"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ('"7"', 200),
        ("*", 200),
        ('"6", "7"', 200),
        ('"x,y","7"', 200),
        ('"6"', 412),
        ('W/"7"', 412),
        ('""', 412),
        ("7", 400),
        ('"7', 400),
        ('"7" "8"', 400),
        ('"' + "7" * 1000 + '"', 400),
        ("", 400),
    ],
)
async def test_if_match(sent: str, status: int) -> None:
    response = await Web().request("PATCH", ONE, content=b'{"name": "n"}', headers={**MERGE_PATCH, "If-Match": sent})
    assert response.status_code == status
    if status == 200:
        assert response.headers["etag"] == '"8"'
    if status == 400:
        assert errors(response) == [("/header/If-Match", "malformed")]


async def test_a_change_needs_a_version() -> None:
    response = await Web().request("DELETE", ONE)
    assert problem(response) == (428, "precondition-required")
    response = await Web().request("DELETE", ONE, headers={"If-Match": '"7"'})
    assert response.status_code == 204
    assert response.content == b""
    assert "content-length" not in response.headers


@pytest.mark.parametrize(
    ("sent", "status"), [('"7"', 304), ('W/"7"', 304), ('"1", W/"7"', 304), ("*", 304), ('"6"', 200), ("x", 400)]
)
async def test_if_none_match(sent: str, status: int) -> None:
    response = await Web().get(ONE, headers={"If-None-Match": sent})
    assert response.status_code == status
    assert status == 400 or response.headers["etag"] == '"7"'


async def test_refusals_of_the_domain_are_conflicts() -> None:
    response = await Web().post("/things", json={"name": "refused"})
    assert problem(response) == (409, "rule-violated")
    assert errors(response) == [("/name", "rule_violated")]
    assert problem(await Web().post("/things", json={"name": "late"})) == (409, "transition-refused")


async def test_what_a_handler_cannot_get_is_told_at_the_start() -> None:
    async def handler(thing: Things) -> Reply:
        return Reply()

    operation = Operation("GET", "/x", handler, scope="x")
    with pytest.raises(TypeError, match="'thing'"):
        BoundOperation(operation, {}, max_body=1, key_ttl=timedelta())

    async def other(number: int) -> Reply:
        return Reply()

    operation = Operation("GET", "/x/{number}", other, scope="x")
    with pytest.raises(TypeError, match="'number' must be UUID or str"):
        BoundOperation(operation, {}, max_body=1, key_ttl=timedelta())


def test_operations_take_no_dependencies() -> None:
    async def endpoint() -> None: ...

    with pytest.raises(TypeError, match="registered by Operations"):
        OperationRoute("/x", endpoint)
    with pytest.raises(TypeError, match="no dependencies"):
        Operations("x", tag="x").add_api_route(
            "/x", Operation("GET", "/x", _nothing, scope="x").endpoint, dependencies=[requires("x")]
        )


async def _nothing() -> Reply:
    return Reply(204)


async def test_a_text_in_the_path_and_the_request_itself() -> None:
    router = Operations("things", tag="Things")

    @router.get("/names/{name}", operation_id="get_name")
    async def get_name(name: str, request: Request) -> Reply:
        assert request.method == "GET"
        return Reply(404 if name == "none" else 200)

    web = Web(routers=[router])
    response = await web.get("/names/some%20name")
    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["content-length"] == "0"


async def test_ordinary_endpoints_get_services_too() -> None:
    router = APIRouter()

    @router.get("/plain", dependencies=[requires("things.read")])
    async def plain(
        caller: Annotated[Caller, provided(Caller)], things: Annotated[Things, provided(Things)]
    ) -> dict[str, Any]:
        return {"caller": caller.subject, "things": type(things).__name__}

    web = Web(routers=[router])
    assert (await web.get("/plain")).json() == {"caller": "ann", "things": "Things"}
    assert problem(await web.get("/plain", token=web.issuer.token("x"))) == (403, "insufficient-scope")


USES = f"{ONE}/uses"


def web_with(library: Database, add: Any) -> Web:
    return Web(library, Uses(add), routers=[once_router()])


async def test_a_repeated_request_gets_the_first_answer(library: Database) -> None:
    async def add(once: Once) -> Reply:
        reply = Reply(201, version=3, location="/things/1/uses/2")
        async with library.transaction() as connection:
            await store_claim(connection, once.claim(reply))
        return reply

    web, key = web_with(library, add), {"Idempotency-Key": str(uuid4())}
    first = await web.post(USES, headers=key)
    again = await web.post(USES, headers=key)
    for response in first, again:
        assert (response.status_code, response.headers["etag"], response.content) == (201, '"3"', b"")
        assert response.headers["location"] == "/things/1/uses/2"
    other = await web.post(f"/things/{uuid4()}/uses", headers=key)
    assert problem(other) == (422, "idempotency-key-reused")
    stranger = await web.post(USES, headers=key, token=web.issuer.token(sub="bob"))
    assert stranger.status_code == 201


async def test_a_request_whose_first_one_is_under_way_is_refused(library: Database) -> None:
    async def add(once: Once) -> Reply:
        raise KeyTaken

    response = await web_with(library, add).post(USES, headers={"Idempotency-Key": str(uuid4())})
    assert problem(response) == (409, "request-in-progress")
    assert response.headers["retry-after"]


@pytest.mark.parametrize("status", [404, 503])
async def test_other_refusals_are_not_stored(library: Database, status: int) -> None:
    async def add(once: Once) -> Reply:
        raise Problem(status, "", "no")

    response = await web_with(library, add).post(USES, headers={"Idempotency-Key": str(uuid4())})
    assert response.status_code == status
    assert response.json()["type"] == "about:blank"


@pytest.mark.parametrize(
    ("key", "code"),
    [(None, "missing"), ("", "malformed"), ("a b", "malformed"), ("x" * 256, "malformed"), ('"a" ', "malformed")],
)
async def test_a_key_is_needed(library: Database, key: str | None, code: str) -> None:
    response = await web_with(library, None).post(USES, headers={} if key is None else {"Idempotency-Key": key})
    assert errors(response) == [("/header/Idempotency-Key", code)]
