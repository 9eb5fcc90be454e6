"""Endpoints and contract are held against each other: every difference is named with its remedy."""

from typing import Any

import pytest
from dev import contract as gate
from dev import describe
from dev.contract import document
from fastapi import APIRouter
from ordering.platform.http import Operations, Reply
from ordering.platform.http.access import any_caller, guarded, public, requires
from ordering.platform.http.route_table import endpoints
from ruamel.yaml import YAML
from starlette.applications import Starlette
from web import Web

SECURITY = [{"bearer": ["reports.read"]}]
READ = requires("reports.read")


async def hello() -> str:
    return "hello"


def operation(security: Any = SECURITY, **given: Any) -> dict[str, Any]:
    return {"operationId": "get_report", **({} if security is None else {"security": security}), **given}


def contract(paths: dict[str, Any] | None = None) -> dict[str, Any]:
    given = {"/reports/{number}": {"get": operation()}} if paths is None else paths
    return {"security": [{"bearer": []}], "paths": given}


def served(*rights: Any, path: str = "/reports/{number}", **options: Any) -> Web:
    router = APIRouter(dependencies=list(rights) or [READ])
    router.add_api_route(path, hello, **{"operation_id": "get_report", **options})
    return Web(routers=[router])


def said(web: Web, document: dict[str, Any] | None = None) -> list[str]:
    return gate.differences(endpoints(web.app), contract() if document is None else document)


AGREEING: dict[str, tuple[Web, dict[str, Any]]] = {
    "a scope": (served(), contract()),
    "a scope of the router around": (served(READ, any_caller()), contract()),
    "two scopes": (
        served(READ, requires("a.b")),
        contract({"/reports/{number}": {"get": operation([{"bearer": ["reports.read", "a.b"]}])}}),
    ),
    "any caller": (served(any_caller()), contract({"/reports/{number}": {"get": operation(None)}})),
    "everybody": (served(public()), contract({"/reports/{number}": {"get": operation([])}})),
    "a convertor": (served(path="/reports/{number:path}"), contract()),
    "HEAD of a GET": (served(methods=["GET", "HEAD"]), contract()),
    "OPTIONS": (served(methods=["OPTIONS"]), contract({"/reports/{number}": {"options": operation()}})),
    "hidden": (served(include_in_schema=False), contract({})),
}


@pytest.mark.parametrize("case", AGREEING)
def test_what_agrees_is_not_named(case: str) -> None:
    assert said(*AGREEING[case]) == []


ONE = "GET /reports/{number} (get_report)"
DIFFERENT: dict[str, tuple[Web, dict[str, Any], str]] = {
    "no scope in the code": (served(any_caller()), contract(), "says bearer reports.read, the endpoint bearer;"),
    "no scope in the contract": (
        served(), contract({"/reports/{number}": {"get": operation(None)}}),
        "says bearer, the endpoint bearer reports.read;",
    ),
    "another scope": (served(requires("reports.write")), contract(), "the endpoint bearer reports.write;"),
    "one scope more in the code": (served(READ, requires("a")), contract(), "the endpoint bearer a reports.read;"),
    "a choice": (
        served(), contract({"/reports/{number}": {"get": operation([*SECURITY, {}])}}),
        "says bearer reports.read or everybody,",
    ),
    "public in the code": (served(public()), contract(), "the endpoint everybody;"),
    "public in the contract": (
        served(), contract({"/reports/{number}": {"get": operation([])}}), "says everybody, the endpoint bearer",
    ),
    "no entry": (served(), contract({}), "is not in the contract: write it by `make describe`"),
    "another name of the parameter": (
        served(), contract({"/reports/{id}": {"get": operation()}}), "is not in the contract",
    ),
    "hidden": (served(include_in_schema=False), contract(), "is hidden, but in the contract"),
    "another name": (
        served(), contract({"/reports/{number}": {"get": operation(operationId="other")}}), "is other in the contract",
    ),
    "no endpoint": (Web(routers=[]), contract(), "is served by no endpoint: include its router in `extend`"),
}  # fmt: skip


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_differs_is_named_with_its_remedy(case: str) -> None:
    web, written, remedy = DIFFERENT[case]
    [line] = said(web, written)
    assert line.startswith(ONE)
    assert remedy in line


def test_a_second_endpoint_of_one_path_is_named() -> None:
    web = served()
    web.app.add_api_route("/reports/{id}", hello, operation_id="report_again", dependencies=[READ])
    [line] = said(web)
    assert line.startswith("GET /reports/{id} (report_again) is never asked, because get_report answers it")


def test_another_method_of_a_generated_path_belongs_to_the_contract() -> None:
    web = Web()
    web.app.put("/things", operation_id="put_things", dependencies=[READ])(hello)
    assert any(line.startswith("PUT /things (put_things) is not in the contract") for line in said(web))


def test_an_operation_is_described_by_hand() -> None:
    """FastAPI knows nothing of what it takes and answers."""
    own = Operations("reports", tag="Reports")

    @own.get("/reports", operation_id="list_reports")
    async def list_reports() -> Reply:
        return Reply(204)

    web = Web(routers=[own])
    [line] = said(web, contract({}))
    assert "describe it in contract/own.yaml" in line
    assert describe.described(web.app, document(), "") == ("", [])


def test_what_is_mounted_is_no_operation() -> None:
    web = served()
    web.app.mount("/files", guarded(Starlette(), READ))
    assert said(web) == []


def test_the_command_holds_the_service_against_its_contract(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate.compare_endpoints() == 0
    assert capsys.readouterr().out == ""
    without = {**document(), "paths": {k: v for k, v in document()["paths"].items() if k != "/customers"}}
    monkeypatch.setattr(gate, "document", lambda: without)
    assert gate.compare_endpoints() == 1
    assert "GET /customers (list_customers) is not in the contract" in capsys.readouterr().out


def test_the_command_names_endpoints_that_are_open(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    web = Web()
    web.app.get("/open")(hello)
    monkeypatch.setattr(gate, "create_app", lambda _: web.app)
    assert gate.compare_endpoints() == 1
    assert "GET /open" in capsys.readouterr().out


def test_rules_on_tokens_and_quotas_are_not_for_the_public() -> None:
    with gate.rules(contract()) as ruleset:
        assert ruleset == "spectral.yaml"
    document = contract({"/reports/{number}": {"get": operation([]), "put": operation()}, "/b": {"parameters": []}})
    with gate.rules(document) as ruleset:
        file = gate.FOLDER / ruleset
        given, made = (YAML(typ="safe").load(each) for each in (gate.FOLDER / "spectral.yaml", file))
        added = made["overrides"].pop()
    assert made == given
    # Spectral compares with pointers that are encoded as in the fragment of a URI.
    assert added["files"] == ["openapi.yaml#/paths/~1reports~1%7Bnumber%7D/get"]
    assert set(added["rules"].values()) == {"off"}
    assert not file.exists()
