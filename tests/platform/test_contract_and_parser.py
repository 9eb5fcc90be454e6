"""What the contract allows is taken, what it does not allow is refused, and what was answered is taken back."""

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from dev.examples import EXAMPLES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from ordering.order.schemas import OrderQuery
from ordering.platform.http.bodies import is_json, is_plain
from ordering.platform.http.parameters import (
    LONGEST_ETAGS,
    LONGEST_KEY,
    idempotency_key,
    if_match_reader,
    if_none_match_reader,
    once_reader,
    path_reader,
    query_reader,
)
from ordering.platform.problems import Problem
from ordering.platform.request_context import RequestContext
from tests.api import Api
from tests.test_contract import CONTRACT, operations, resolved

SAME = settings(
    derandomize=True,
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

PARAMETERS = {
    (each["in"], each["name"]): each["schema"]
    for _, path, operation in operations()
    for each in map(resolved, [*operation["parameters"], *CONTRACT["paths"][path].get("parameters", ())])
}


def context(**more: Any) -> Any:
    scope = {"method": "POST", "path": "/orders", "query_string": b""} | more.pop("scope", {})
    return SimpleNamespace(
        **{"headers": {}, "body": b"", "caller": SimpleNamespace(subject="ann"), "scope": scope} | more
    )


def in_header(name: str, read: Callable[[Any], Any]) -> Callable[[str], Any]:
    return lambda value: read(context(headers={name.lower().encode(): value.encode()}))


def in_query(name: str) -> Callable[[str], Any]:
    read = query_reader(OrderQuery)
    return lambda value: read(context(scope={"query_string": urlencode({name: value}).encode()}))


def in_path(name: str) -> Callable[[str], Any]:
    read = path_reader(name, 2, UUID)
    return lambda value: read(context(segments=["", "orders", value]))


READERS: dict[tuple[str, str], Callable[[str], Any]] = {
    ("header", "Idempotency-Key"): in_header("Idempotency-Key", once_reader(timedelta(hours=1))),
    ("header", "If-Match"): in_header("If-Match", if_match_reader),
    ("header", "If-None-Match"): in_header("If-None-Match", if_none_match_reader),
    ("path", "customer_id"): in_path("customer_id"),
    ("path", "order_id"): in_path("order_id"),
    ("query", "cursor"): in_query("cursor"),
    ("query", "customer_id"): in_query("customer_id"),
    ("query", "limit"): in_query("limit"),
    ("query", "sort"): in_query("sort"),
    ("query", "status"): in_query("status"),
}
LOOSER = {("query", "cursor")}
"""A cursor that was made up is refused by the list that it does not belong to, see platform/postgres/paging.py."""


def test_every_parameter_has_its_reader() -> None:
    assert set(PARAMETERS) == set(READERS)


def schemas(schema: dict[str, Any]) -> list[dict[str, Any]]:
    schema = resolved(schema)
    return [each for option in schema["oneOf"] for each in schemas(option)] if "oneOf" in schema else [schema]


def allowed(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Values that fit a schema, the longest among them."""
    if "const" in schema:
        return st.just(schema["const"])
    if schema["type"] == "integer":
        return st.integers(schema["minimum"], schema["maximum"]).map(str)
    if schema.get("format") == "uuid":
        return st.uuids().map(str) | st.uuids().map(lambda each: str(each).upper())
    longest = schema["maxLength"]
    drawn = st.from_regex(re.compile(schema["pattern"]), fullmatch=True)
    return drawn.map(lambda text: text.rstrip("\n")).filter(lambda text: len(text) <= longest)


NEAR = st.text("".join(map(chr, range(0x20, 0x7F))), max_size=6).map(str.strip)


def fits(schema: dict[str, Any], value: str) -> bool:
    if "oneOf" not in schema and resolved(schema).get("type") == "integer":
        return bool(re.fullmatch(r"-?[0-9]+", value)) and Draft202012Validator(schema).is_valid(int(value))
    document = {**schema, "components": CONTRACT["components"]}
    return Draft202012Validator(document, validate_formats=True).is_valid(value)


def taken(place: tuple[str, str], value: str) -> bool:
    status = 200
    try:
        READERS[place](value)
    except Problem as refusal:
        status = refusal.status
    assert status in (200, 400)
    return status == 200


@pytest.mark.parametrize("place", sorted(READERS))
@SAME
@given(data=st.data())
def test_what_the_contract_allows_is_taken(place: tuple[str, str], data: st.DataObject) -> None:
    value = data.draw(st.one_of(*map(allowed, schemas(PARAMETERS[place]))))
    assert fits(PARAMETERS[place], value)
    assert taken(place, value)


@pytest.mark.parametrize("place", sorted(READERS.keys() - LOOSER))
@SAME
@given(data=st.data())
def test_what_is_taken_the_contract_allows(place: tuple[str, str], data: st.DataObject) -> None:
    value = data.draw(st.one_of(*map(allowed, schemas(PARAMETERS[place]))))
    at = data.draw(st.integers(0, len(value)))
    value = (value[:at] + data.draw(NEAR) + value[at + data.draw(st.integers(0, 2)) :]).strip()
    assert taken(place, value) == fits(PARAMETERS[place], value)


LONGEST = {
    ("header", "Idempotency-Key"): [
        "!" * LONGEST_KEY,
        f'"{" " * LONGEST_KEY}"',
        '"' + '\\"' * LONGEST_KEY + '"',
    ],
    ("header", "If-Match"): [f'"{"x" * (LONGEST_ETAGS - 2)}"', '"",' * 333 + ","],
}


@pytest.mark.parametrize(("place", "value"), [(place, value) for place, values in LONGEST.items() for value in values])
def test_the_longest_is_taken_and_not_one_more(place: tuple[str, str], value: str) -> None:
    assert fits(PARAMETERS[place], value)
    assert taken(place, value)
    for longer in (value[:1] + "!" + value[1:], value + ("," if place[1] == "If-Match" else "!")):
        assert not fits(PARAMETERS[place], longer)
        assert not taken(place, longer)


VISIBLE = st.text("".join(map(chr, range(0x21, 0x7F))), min_size=1, max_size=LONGEST_KEY)


@SAME
@given(VISIBLE)
def test_a_key_in_quotes_is_the_same_key(key: str) -> None:
    quoted = '"{}"'.format(key.replace("\\", "\\\\").replace('"', '\\"'))
    bare = idempotency_key(key.encode())
    if key[0] != '"':
        assert bare in (key, key.lower())
    if bare == key:
        assert idempotency_key(quoted.encode()) == key


def test_a_key_that_is_a_uuid_is_the_same_in_capitals() -> None:
    key = str(uuid4())
    same = {idempotency_key(text.encode()) for text in (key, key.upper(), f'"{key}"', f'"{key.upper()}"')}
    assert same == {key}


async def test_a_retry_may_write_its_key_in_another_way(api: Api) -> None:
    name = next(iter(EXAMPLES))
    body = await api.body(name)
    for forms in ((key := str(uuid4()), f'"{key}"', key.upper()), ("order-2026-000017", '"order-2026-000017"'), ("!",)):
        first = await api.post(EXAMPLES[name].path, body, key=forms[0])
        assert first.status_code == 201, first.text
        answers = [await api.post(EXAMPLES[name].path, body, key=form) for form in forms[1:]]
        assert all(answer.content == first.content for answer in answers)
        body = await api.body(name)


STANDARD = {"cache-control", "content-length", "content-type", "x-content-type-options"}
"""Headers whose meaning is HTTP's alone."""


async def test_every_header_that_is_answered_is_in_the_contract(api: Api) -> None:
    seen = set()
    for name, example in EXAMPLES.items():
        created = await api.create(name)
        place = created.headers["location"]
        for answer in (
            created,
            await api.get(place),
            await api.get(place, if_none_match=created.headers["etag"]),
            await api.get(f"{example.path}/x"),
            await api.as_anyone().get(place),
            await api.as_caller("x").get(place),
            await api.patch(place, example.patch, if_match='"0"'),
            await api._client.post(example.path, content=b"{}", headers={"Idempotency-Key": "k"}),
            await api._client.post(example.path, json={}, headers={"Idempotency-Key": "k", "Content-Encoding": "gzip"}),
            await api._client.patch(place, json={}, headers={"If-Match": "*"}),
        ):
            method, status = answer.request.method.lower(), str(answer.status_code)
            path = example.path if answer.request.url.path == example.path else _item(example.path)
            described = resolved(CONTRACT["paths"][path][method]["responses"][status])["headers"]
            lower = {key.lower(): resolved(value) for key, value in described.items()}
            for header, value in answer.headers.items():
                seen.add(header)
                if header not in STANDARD:
                    schema = lower[header]["schema"]
                    sent: Any = int(value) if schema["type"] == "integer" else value
                    assert Draft202012Validator(schema, validate_formats=True).is_valid(sent), (header, value)
    assert {"accept", "accept-encoding", "accept-patch", "etag", "location", "traceparent", "www-authenticate"} <= seen


def _item(collection: str) -> str:
    return next(path for path in CONTRACT["paths"] if re.fullmatch(rf"{collection}/{{\w+}}", path))


async def test_what_was_answered_is_taken_back(api: Api) -> None:
    for name, example in EXAMPLES.items():
        created = await api.create(name)
        view, etag, place = created.json(), created.headers["etag"], created.headers["location"]
        for written in (place, f"{example.path}/{view['id'].upper()}"):
            assert (await api.get(written)).json() == view
        for tags in (etag, f"W/{etag}", f'"x", {etag}', f', {etag} ,\t"y",', "*"):
            assert (await api.get(place, if_none_match=tags)).status_code == 304, tags
        identity = {each: created.headers[each] for each in ("request-id", "traceparent")}
        again = await api._client.get(place, headers=identity)
        assert again.headers["request-id"] == identity["request-id"]
        assert again.headers["traceparent"].split("-")[1] == identity["traceparent"].split("-")[1]
        changed = await api.patch(place, example.patch, if_match=f'"0", {etag}')
        assert changed.status_code == 200
        moved = {key: value for key, value in view.items() if _is_moment(value)}
        assert moved.keys() >= {"created_at", "modified_at"}
        assert (await api.delete(place, if_match=changed.headers["etag"])).status_code == 204


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and bool(re.match(r"\d{4}-\d{2}-\d{2}T", value))


@pytest.mark.parametrize(
    ("sent", "is_the_body"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8; profile=x", True),
        ('Application/JSON ;profile="a;charset=latin-1\\"" ;; Charset="UTF-8"', True),
        ("application/json;charset=utf8;", True),
        ("application/json; charset=iso-8859-1", False),
        ('application/json; charset="utf-16"', False),
        ("application/json; charset=utf-8; charset=latin-1", False),
        ("application/json; profile", False),
        ('application/json; profile="x', False),
        ("application/json, text/plain", False),
        ("application/problem+json", False),
        ("", False),
        ("application/json" + "; " * 50_000 + "!", False),
    ],
)
def test_parameters_of_a_media_type_pass(sent: str, is_the_body: bool) -> None:
    assert is_json(sent.encode(), b"application/json") is is_the_body
    assert not is_json(None, b"application/json")


@pytest.mark.parametrize(
    ("sent", "plain"),
    [("identity", True), ("Identity, identity", True), ("", True), ("gzip", False), ("identity, br", False)],
)
def test_the_encoding_identity_passes(sent: str, plain: bool) -> None:
    assert is_plain(sent.encode()) is plain


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (str(UUID(int=1)), True),
        ("018F6D2E-7C1A-7B3E-9F00-0A1B2C3D4E5F", True),
        (str(UUID(int=0)), False),
        ("018f6d2e7c1a7b3e9f000a1b2c3d4e5f", False),
        ("x", False),
    ],
)
def test_a_request_id_is_kept_if_it_is_one(sent: str, kept: bool) -> None:
    found = _context(b"request-id", sent)
    assert (found.request_id == sent.lower()) is kept
    assert UUID(found.request_id)
    assert UUID(found.trace_id).int


SPAN = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (f"00-{SPAN}", True),
        (f"cc-{SPAN}-more", True),
        (f"00-{SPAN}-more", False),
        (f"00-{SPAN}-", False),
        (f"ff-{SPAN}", False),
    ],
)
def test_a_trace_goes_on_if_it_is_one(sent: str, kept: bool) -> None:
    assert (_context(b"traceparent", sent).trace_id == SPAN[:32]) is kept


def _context(name: bytes, value: str) -> RequestContext:
    pipeline = SimpleNamespace(continues_traces=True)
    return RequestContext({"headers": [(name, value.encode())]}, None, pipeline)  # type: ignore[arg-type]
