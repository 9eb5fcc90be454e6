"""The sample, made and started as a new user would, answers as it promises and stops as it should."""

import http.client
import os
import re
import shutil
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from harness.projects import set_up
from harness.repository import GIT, commit_all
from harness.services import (
    STARTING_PATIENCE_S,
    STOPPING_PATIENCE_S,
    Service,
    free_port,
    make_run,
    process,
)
from harness.tools import BIN, require, run

from extensions.answers import checks as answers

pytestmark = pytest.mark.xdist_group("sample")


@pytest.fixture(scope="module")
def sample(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone, then `copier copy --trust` with nothing answered."""
    folder = tmp_path_factory.mktemp("sample")
    run("git", "clone", "--quiet", template_repository, folder / "castrum", env=GIT)
    run(BIN / "copier", "copy", "--quiet", "--trust", "--defaults", "castrum", "ordering", cwd=folder, env=GIT)
    commit_all(folder / "ordering", "Start")
    return set_up(folder / "ordering")


@pytest.fixture(scope="module")
def service(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with make_run(sample, tmp_path_factory.mktemp("log") / "run.log") as running:
        yield running


def test_a_service_may_be_called_as_a_module_of_its_environment(sample: Path) -> None:
    (packages,) = sample.glob(".venv/lib/python3*/site-packages")
    importable = {path.stem for path in packages.iterdir() if (path / "__init__.py").exists() or path.suffix == ".py"}
    hidden = {name for name in importable if not name.startswith("_") and answers.package_name(name) == name}
    assert "coverage" in importable
    assert not hidden


def key() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def order(service: Service) -> dict[str, Any]:
    """An order that was just made."""
    unique = f"{time.time_ns()}"
    customer = service.request(
        "POST", "/customers", {"email": f"a{unique}@example.com", "name": "Ada"}, Idempotency_Key=key()
    )
    assert customer.status == 201, customer
    made = service.request(
        "POST",
        "/orders",
        {
            "number": unique[-20:],
            "customer_id": customer.json()["id"],
            "total": {"amount": "12.50", "currency": "EUR"},
            "lines": [{"sku": "A-1", "quantity": 2, "unit_price": {"amount": "6.25", "currency": "EUR"}}],
        },
        Idempotency_Key=key(),
    )
    assert made.status == 201, made
    found: dict[str, Any] = made.json()
    return found


def test_starts_although_a_rule_refuses_the_example(sample: Path) -> None:
    code = """
from dev import run
def create(*_):
    raise RuntimeError("refused: no orders today")
run.create = create
print(run.introduction("http://127.0.0.1:8080", "postgresql:///x", "token"))
"""
    printed = run(sample / ".venv/bin/python", "-c", code, cwd=sample).stdout.splitlines()
    (line,) = (line for line in printed if "refused" in line)
    assert line.endswith("# refused: no orders today")
    assert printed[-1] == "Ctrl-C stops everything."


def test_printed_curl_lines_answer_as_they_say(service: Service, tmp_path: Path) -> None:
    require("curl")
    # curl itself writes the status, so that the lines run to the letter as they were printed.
    (tmp_path / ".curlrc").write_text('silent\nwrite-out = "\\nstatus=%{http_code}\\n"\n')
    seen = []
    for line in service.curl_lines:
        promised = re.search(r"# (\d{3})$", line)
        done = run("bash", "-c", line, env={"CURL_HOME": str(tmp_path), "TOKEN": service.token})
        status = re.search(r"^status=(\d+)$", done.stdout, re.MULTILINE)
        assert status, done
        assert promised is None or promised[1] == status[1], f"{line}\n{done.stdout}"
        seen.append(int(status[1]))
    assert {201, 200, 412, 400} <= set(seen), seen


def test_order_goes_its_way(service: Service, order: dict[str, Any]) -> None:
    path = f"/orders/{order['id']}"
    got = service.request("GET", path)
    assert (got.status, got.headers["ETag"]) == (200, '"1"')
    assert got.json()["total"] == {"amount": "12.50", "currency": "EUR"}
    assert got.json()["status"] == "DRAFT"
    assert service.request("GET", path, If_None_Match='"1"').status == 304
    placed = service.request("POST", f"{path}/placements", {}, If_Match='"1"', Idempotency_Key=key())
    assert placed.status in {200, 201}, placed
    assert service.request("GET", path).json()["status"] == "PLACED"
    stale = service.request("PATCH", path, {"note": "late"}, If_Match='"1"')
    assert (stale.status, stale.headers["Content-Type"]) == (412, "application/problem+json")
    assert service.request("PATCH", path, {"note": "late"}).status == 428
    changed = service.request("PATCH", path, {"note": "late"}, If_Match='"2"')
    assert (changed.status, changed.headers["ETag"]) == (200, '"3"')


def test_an_address_is_one_in_whatever_case(service: Service) -> None:
    unique = f"{time.time_ns()}"
    body = {"email": f"Ada{unique}@Example.com", "name": "Ada"}
    made = service.request("POST", "/customers", body, Idempotency_Key=key())
    assert made.status == 201
    assert made.json()["email"] == body["email"]  # kept as it was sent
    for other in (body["email"].lower(), body["email"].upper()):
        refused = service.request("POST", "/customers", body | {"email": other}, Idempotency_Key=key())
        assert refused.status == 409
        assert refused.json()["errors"][0]["pointer"] == "/email"
    same = service.request("PATCH", made.headers["Location"], {"email": other}, If_Match='"1"')
    assert (same.status, same.json()["email"]) == (200, other)


def test_nobody_gets_in_without_a_token(service: Service) -> None:
    with closing(http.client.HTTPConnection(service.address.removeprefix("http://"), timeout=10)) as connection:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Bearer {service.token}x"}):
            connection.request("GET", "/orders", headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 401
        connection.request("GET", "/livez")
        assert connection.getresponse().status == 200


def test_ordinary_errors_are_problems(service: Service) -> None:
    missing = service.request("GET", "/nothing")
    assert missing.status == 404
    wrong = service.request("PUT", "/orders")
    assert wrong.status == 405
    assert "POST" in wrong.headers["Allow"]
    broken = service.request("POST", "/orders", b"{", Idempotency_Key=key())
    assert broken.status == 400
    for answer in (missing, wrong, broken):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status


def test_sigterm_ends_requests_in_flight_and_exits_with_zero(
    service: Service, order: dict[str, Any], tmp_path: Path
) -> None:
    """A second process beside the running one, on the same database, is stopped in the middle of a request."""
    environment = dict(
        entry.split("=", 1)
        for entry in Path(f"/proc/{service.service_pid()}/environ").read_text().split("\0")
        if "=" in entry
    )
    port = free_port()
    python = service.project / ".venv" / "bin" / "python"
    log = tmp_path / "log"
    with process(
        [python, "-m", "ordering"], cwd=service.project, log=log, env=environment | {"PORT": str(port)}
    ) as second:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        deadline = time.monotonic() + STARTING_PATIENCE_S
        while True:
            try:
                # With the token, so that the issuer's keys are known by then.
                connection.request("GET", "/orders", headers={"Authorization": f"Bearer {service.token}"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    break
            except OSError:
                connection.close()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        body = b'{"email": "slow@example.com", "name": "Slow"}'
        connection.putrequest("POST", "/customers")
        for name, value in {
            "Authorization": f"Bearer {service.token}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Idempotency-Key": key(),
            "Expect": "100-continue",
        }.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.sock.recv(1, socket.MSG_PEEK)  # the request is under way, and waits for its body
        connection.send(body[:10])
        second.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert second.poll() is None, "it left a request behind"
        connection.send(body[10:])
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        answer.read()
        connection.close()
        assert second.wait(STOPPING_PATIENCE_S) == 0, log.read_text()


def test_ctrl_c_stops_all_of_it(sample: Path, tmp_path: Path) -> None:
    """Nothing of `make run` is left behind: no service, no PostgreSQL, no issuer."""
    copy = tmp_path / "again"
    shutil.copytree(sample, copy, symlinks=True, ignore=shutil.ignore_patterns(".dev", "build"))
    with make_run(copy, tmp_path / "log") as running:
        below = descendants(running.process.pid)
        assert len(below) >= 3
        os.killpg(running.process.pid, signal.SIGINT)
        running.process.wait(STOPPING_PATIENCE_S)
        deadline = time.monotonic() + STOPPING_PATIENCE_S
        while (left := [pid for pid in below if alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not left, [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]


def descendants(pid: int) -> list[int]:
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, level = [], [pid]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
