"""A service with its types at their longest: what clients may send is taken as it was sent, and taken back."""

import http.client
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from harness import rendering
from harness.projects import set_up
from harness.repository import commit_all
from harness.services import Answer, Service, make_run, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("contract-kept")]

DOMAIN = {
    "context": "wide",
    "description": "A field of each type that lists are sorted by, and moments wherever they may be.",
    "aggregates": {
        "Article": {
            "fields": {
                "title": "string(500)",
                "author": "email?",
                "counter": "bigint = 0",
                "small": "int?",
                "amount": "decimal(38, 6)?",
                "day": "date?",
                "moment": "datetime?",
                "moments": "list(datetime) = []",
                "data": "json?",
            },
            "parts": {"steps": {"entity": "Step", "fields": {"at": "datetime", "count": "bigint"}}},
            "filter": ["day", "counter"],
            "sort": ["title", "author", "counter", "small", "amount", "day", "moment"],
        }
    },
}
SORTS = (*DOMAIN["aggregates"]["Article"]["sort"], "created_at")  # type: ignore[index]
LONGEST: list[dict[str, Any]] = [
    {"title": "\U0001f600" * 500, "author": f"{'a' * 64}@{'b' * 59}.{'c' * 60}.{'d' * 60}.example"},
    {"title": '"' * 500, "counter": -(2**63), "amount": f"-{'9' * 32}.{'9' * 6}", "day": "1000-01-01"},
    {"title": "\\" * 500, "counter": 2**63 - 1, "amount": "0.000001", "moment": "9899-12-31T00:00:00.999999-23:59"},
    {"title": "漢" * 499, "small": -(2**31), "moment": "1000-01-01T23:59:00.000001+23:59", "day": "9999-12-31"},
]
MOMENTS = {
    "2026-02-28T08:00:00.1234567Z": "2026-02-28T08:00:00.123456Z",
    "2026-02-28T08:00:00.123456789Z": "2026-02-28T08:00:00.123456Z",
    "2026-02-28T08:00:00.999999999999999999999+01:00": "2026-02-28T07:00:00.999999Z",
    "2026-02-28T08:00Z": "2026-02-28T08:00:00Z",
    "2026-02-28t08:00:00z": "2026-02-28T08:00:00Z",
    "2026-02-28T08:00:00-00:00": "2026-02-28T08:00:00Z",
    "2016-12-31T23:59:60Z": "2017-01-01T00:00:00Z",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("contract-kept")
    project = rendering.copy_domain(DOMAIN, folder / "wide")
    commit_all(project, "Start")
    with make_run(set_up(project), folder / "run.log") as running:
        yield running


def create(service: Service, body: Any, key: str = "") -> Answer:
    return service.request("POST", "/articles", body, Idempotency_Key=key or str(uuid.uuid4()))


def created(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    answer = create(service, {"title": "t", "steps": []} | body)
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json()
    return found


def pointers(answer: Answer) -> list[str]:
    assert answer.status == 400, answer.body
    return [error["pointer"] for error in answer.json()["errors"]]


def test_lists_go_on_after_the_longest_values(service: Service) -> None:
    made = {created(service, body)["id"] for body in LONGEST}
    for view in [service.request("GET", f"/articles/{each}").json() for each in made]:
        sent = {name: value for name, value in view.items() if name not in ("id", "created_at", "modified_at")}
        again = created(service, sent)  # what was answered is taken back
        assert {name: again[name] for name in sent} == sent
    for sort in SORTS:
        for order in (sort, f"-{sort}"):
            seen: list[str] = []
            path = f"/articles?limit=1&sort={order}"
            page = service.request("GET", path).json()
            while True:
                seen += [item["id"] for item in page["items"]]
                if "next" not in page:
                    break
                answer = service.request("GET", f"{path}&cursor={page['next']}")
                assert answer.status == 200, (order, len(page["next"]), answer.body)
                page = answer.json()
            assert made <= set(seen)
            assert len(seen) == len(set(seen))


@pytest.mark.parametrize("sent", MOMENTS)
def test_a_moment_is_taken_as_libraries_write_it(service: Service, sent: str) -> None:
    view = created(service, {"moment": sent, "moments": [sent], "steps": [{"at": sent, "count": 1}]})
    expected = MOMENTS[sent]
    assert (view["moment"], view["moments"], view["steps"][0]["at"]) == (expected, [expected], expected)
    again = created(service, {"moment": view["moment"], "moments": [view["created_at"], view["modified_at"]]})
    assert (again["moment"], again["moments"]) == (expected, [view["created_at"], view["modified_at"]])
    patched = service.request("PATCH", f"/articles/{view['id']}", {"moment": sent}, If_Match='"1"')
    assert patched.json()["moment"] == expected


@pytest.mark.parametrize(
    "literal", ["9007199254740993", "9007199254740993.0", "-9223372036854775808.0", "9223372036854775807"]
)
def test_a_whole_number_is_stored_as_it_was_sent(service: Service, literal: str) -> None:
    whole = literal.partition(".")[0].encode()
    sent = f'{{"title": "t", "counter": {literal}, "steps": [{{"at": "2026-02-28T08:00:00Z", "count": {literal}}}]}}'
    answer = create(service, sent.encode())
    assert answer.status == 201, answer.body
    read = service.request("GET", f"/articles/{answer.json()['id']}")
    for body in (answer.body, read.body):
        assert body.count(b":" + whole + b",") + body.count(b":" + whole + b"}") == 2, body
    patch = f'{{"counter": {literal}}}'.encode()
    changed = service.request("PATCH", f"/articles/{answer.json()['id']}", patch, If_Match="*")
    assert b'"counter":' + whole in changed.body
    assert service.request("GET", f"/articles?counter={whole.decode()}").json()["items"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"title": "first", "title": "second"}', ["/title"]),
        ('{"title": "a", "\\u0074itle": "b"}', ["/title"]),
        ('{"title": "a", "data": {"x": {"y": 1, "y": 1}}}', ["/data/x/y"]),
        ('{"title": "a", "steps": [{"at": "2026-02-28T08:00Z", "count": 1, "count": 1}]}', ["/steps/0/count"]),
        ('{"title": "a", "counter": 9007199254740992.5}', ["/counter"]),
        ('{"title": "a", "counter": 1.00000000000000000001}', ["/counter"]),
        ('{"title": "a", "data": {"pi": 3.14159265358979323846}}', ["/data/pi"]),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(service: Service, body: str, expected: list[str]) -> None:
    before = len(service.request("GET", "/articles?limit=200").json()["items"])
    key = str(uuid.uuid4())
    assert pointers(create(service, body.encode(), key)) == expected
    view = created(service, {})
    patch = service.request("PATCH", f"/articles/{view['id']}", body.encode(), If_Match='"1"')
    assert pointers(patch) == expected
    assert service.request("GET", f"/articles/{view['id']}").json() == view
    assert len(service.request("GET", "/articles?limit=200").json()["items"]) == before + 1
    assert create(service, {"title": "t"}, key).status == 201  # the refused request took no key


@pytest.mark.parametrize(
    "key", ["order-2026-000017", "01J9ZC3N6Q8R7S5T4V2W1X0Y9Z", "!" * 255, "8e03978e40d543e8bc936894a57f9324"]
)
def test_a_key_is_the_clients_choice(service: Service, key: str) -> None:
    first = create(service, {"title": key}, key)
    assert first.status == 201, first.body
    again = create(service, {"title": key}, f'"{key}"')
    assert (again.status, again.body) == (201, first.body)
    assert create(service, {"title": "other"}, f'"{key}"').status == 422


def test_head_is_get_without_the_body(service: Service) -> None:
    view = created(service, {})
    connection = http.client.HTTPConnection(service.address.removeprefix("http://"), timeout=30)
    token = {"Authorization": f"Bearer {service.token}"}

    def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, str | None, bytes]:
        """On one connection, which a body after HEAD would put out of step."""
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Length"], answer.read()

    item = f"/articles/{view['id']}"
    for path, headers in (
        ("/livez", {}), ("/readyz", {}), ("/openapi.json", {}), ("/docs", {}), ("/problems/not-found", {}),
        (item, token), (item, {}), ("/articles", token), (f"/articles/{uuid.uuid4()}", token), ("/nowhere", token),
    ):  # fmt: skip
        status, length, body = ask("GET", path, headers)
        assert int(length or 0) == len(body) > 0
        found = ask("HEAD", path, headers)
        assert found[::2] == (status, b"")
        assert found[1] == length or status >= 400
    connection.close()
    wait_for('"HEAD"', service.log, service.process)


def test_the_media_type_may_have_parameters(service: Service) -> None:
    for headers, status in (
        ({"Content_Type": 'Application/JSON; charset="UTF-8"; profile=x', "Content_Encoding": "identity"}, 201),
        ({"Content_Type": "application/json; charset=utf-16"}, 415),
        ({"Content_Encoding": "gzip"}, 415),
    ):
        body = json.dumps({"title": "t"}).encode()
        answer = service.request("POST", "/articles", body, Idempotency_Key=str(uuid.uuid4()), **headers)
        assert answer.status == status, answer.body
    assert answer.headers["Accept-Encoding"] == "identity"
