"""Schemathesis as a stranger runs it, without our configuration and hooks: where it and the service differ, and why."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from harness.projects import make_project
from harness.services import Service, make_run
from harness.tools import run

EXAMPLES = 25

Failure = tuple[str, str, int, str]
"""Check, operation, status, and the problem's name with the members that it names."""

LISTS = ("GET /customers", "GET /orders")
CREATIONS = ("POST /customers", "POST /orders")
ACTIONS = tuple(f"POST /orders/{{order_id}}/{noun}" for noun in ("cancellations", "placements", "shipments"))
CHANGES = tuple(
    f"{method} {path}" for method in ("PATCH", "DELETE") for path in ("/customers/{customer_id}", "/orders/{order_id}")
)


@dataclass(frozen=True)
class Difference:
    """What a check complains about although the service is right: the contract's language cannot say the reason.

    Each run meets it at `always`; at `seldom` only when the cases that are drawn at random come to it.
    """

    check: str
    status: int
    problem: str
    reason: str
    always: tuple[str, ...] = ()
    seldom: tuple[str, ...] = ()

    def failures(self, operations: tuple[str, ...]) -> set[Failure]:
        return {(self.check, operation, self.status, self.problem) for operation in operations}


ACCEPTED = (
    Difference(
        "missing_required_header", 428, "precondition-required",
        "The status exists for a change without If-Match (RFC 6585); the check knows 400, 406 and 422 for that.",
        always=CHANGES,
    ),
    Difference(
        "positive_data_acceptance", 400, "invalid-request /query/cursor",
        "A cursor is what the service answered as `next`; another text of the same letters belongs to no list.",
        always=LISTS,
    ),
    Difference(
        "positive_data_acceptance", 412, "precondition-failed",
        "A well-formed If-Match names a version that the resource does not have (RFC 9110): no schema knows versions.",
        always=CHANGES, seldom=ACTIONS,
    ),
    Difference(
        "positive_data_acceptance", 422, "idempotency-key-reused",
        "One key with two requests is what the key is there to refuse; Schemathesis sends its example with each.",
        always=(*CREATIONS, *ACTIONS),
    ),
    Difference(
        "positive_data_acceptance", 410, "gone",
        "The answer of a repeated key would show what has been deleted since.",
        seldom=(*CREATIONS, *ACTIONS),
    ),
)  # fmt: skip


def failures(report: Path) -> Iterator[tuple[str, Failure]]:
    """The phase and the failed checks of a run, from its report as NDJSON."""
    for line in report.read_text(encoding="utf-8").splitlines():
        scenario = json.loads(line).get("ScenarioFinished", {})
        recorder = scenario.get("recorder", {})
        for case, checks in recorder.get("checks", {}).items():
            request = recorder["cases"][case]["value"]
            for check in checks:
                if check["status"] == "failure":
                    response = recorder["interactions"][case]["response"]
                    operation = f"{request['method']} {request['path']}"
                    failure = check["name"], operation, response["status_code"], problem(response)
                    yield scenario["phase"], failure


def name_of(problem: Any) -> str:
    name: str = problem["type"].rpartition("/")[2]
    return name


def problem(response: Any) -> str:
    """The name of the problem and the members that it names; nothing when the answer is none."""
    content = (response["content"] or {}).get("$base64", "")
    try:
        document = json.loads(base64.b64decode(content))
        return " ".join([name_of(document), *sorted({error["pointer"] for error in document.get("errors", ())})])
    except (ValueError, KeyError, TypeError):
        return ""


def order(service: Service) -> tuple[str, str]:
    """A new order: its address, and the key with which it was created."""
    names = [uuid4().hex for _ in range(3)]
    customer = {"email": f"{names[0]}@example.com", "name": "Grace Hopper"}
    customer = service.request("POST", "/customers", customer, Idempotency_Key=names[1]).json()["id"]
    created = service.request("POST", "/orders", body(names[2], customer), Idempotency_Key=names[2])
    assert created.status == 201
    return f"/orders/{created.json()['id']}", names[2]


def check_what_is_seldom(service: Service) -> None:
    """What random cases may meet is so: an action heeds If-Match, and a repeated key shows nothing that is deleted."""
    path, key = order(service)
    sent = service.request("GET", path).json()
    refused = service.request("POST", f"{path}/placements", Idempotency_Key=uuid4().hex, If_Match='"0"')
    assert (refused.status, name_of(refused.json())) == (412, "precondition-failed")
    assert service.request("DELETE", path, If_Match="*").status == 204
    again = service.request("POST", "/orders", body(key, sent["customer_id"]), Idempotency_Key=key)
    assert (again.status, name_of(again.json())) == (410, "gone")


def body(key: str, customer: str) -> dict[str, Any]:
    return {"number": key[:20], "customer_id": customer, "total": {"amount": "1.00", "currency": "EUR"}}


@pytest.mark.slow
def test_differences_are_those_that_are_accepted(tmp_path: Path) -> None:
    # A database that knows no keys of other tests.
    project, report = make_project("ordering", tmp_path / "ordering"), tmp_path / "report.ndjson"
    with make_run(project, tmp_path / "run.log") as service:
        order(service)  # each operation has something to work on
        done = run(
            project / ".venv/bin/schemathesis", "run", f"{service.address}/openapi.json", "--url", service.address,
            "--header", f"Authorization: Bearer {service.token}", "--report-ndjson-path", report,
            "--max-examples", str(EXAMPLES), "--seed", "1", "--generation-deterministic", "--no-color",
            "--request-timeout", "30",
            cwd=tmp_path, check=False, timeout=600, env={"PYTHONUTF8": "1"},
        )  # fmt: skip
        check_what_is_seldom(service)
    said = done.stdout[-20000:] + done.stderr
    assert "Errors:" not in done.stdout, said
    found = list(failures(report))
    always = set[Failure]().union(*(each.failures(each.always) for each in ACCEPTED))
    seldom = set[Failure]().union(*(each.failures(each.seldom) for each in ACCEPTED))
    assert {failure for _, failure in found} - always - seldom == set(), said
    regular = {failure for phase, failure in found if phase in {"examples", "coverage"}}
    assert always - regular == set(), "gone, so drop them from ACCEPTED"
