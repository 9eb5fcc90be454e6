"""Replicas that are asked to end: nobody in front of them notices, and nothing that they know is lost."""

import asyncio
import re
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from harness.balancer import Balancer, Client
from harness.services import Service, free_port, make_run, process, wait_for

if TYPE_CHECKING:
    import subprocess

CLIENTS = 30
ANSWERS = 10
"""That each client has to have before and after."""

pytestmark = pytest.mark.xdist_group("ordering")


@pytest.fixture(scope="module")
def service(projects: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with make_run(projects("ordering"), tmp_path_factory.mktemp("log") / "run.log") as running:
        yield running


@contextmanager
def replica(service: Service, log: Path, **settings: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Another process of the service on the same database: its port, and what stops it."""
    entries = Path(f"/proc/{service.service_pid()}/environ").read_text(encoding="utf-8").split("\0")
    port = free_port()
    environment = dict(entry.split("=", 1) for entry in entries if "=" in entry)
    environment |= {"PORT": str(port), "RATE_LIMIT_PER_MINUTE": "0", **settings}
    command: list[str | Path] = [service.project / ".venv/bin/python", "-m", "ordering"]
    with process(command, cwd=service.project, log=log, env=environment) as started:
        wait_for("Uvicorn running", log, started)
        yield port, started


def get(port: int, path: str, token: str = "") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        with connection.getresponse() as answer:
            answer.read()
            return answer.status
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("pre_stop", [False, True])
def test_no_client_notices_that_a_replica_ends(service: Service, tmp_path: Path, pre_stop: bool) -> None:
    with ExitStack() as stack:
        first, ending = stack.enter_context(replica(service, tmp_path / "first.log", DRAIN_SETTLE_S="3"))
        second, _ = stack.enter_context(replica(service, tmp_path / "second.log"))
        for port in (first, second):  # the issuer's keys are known then
            assert get(port, "/customers", service.token) == 200
        seen = asyncio.run(roll(first, second, ending, service.token, pre_stop))
        assert ending.wait(30) == 0
        assert set(seen) == {"200"}, seen
        assert '"ERROR"' not in (tmp_path / "first.log").read_text(encoding="utf-8")


async def roll(
    first: int, second: int, ending: "subprocess.Popen[bytes]", token: str, pre_stop: bool
) -> dict[str, int]:
    """What clients behind a balancer saw while the first of two replicas ended."""
    balancer = Balancer([first, second])
    port = await balancer.start()
    request = f"GET /customers?limit=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    clients = [Client(port, request.encode()) for _ in range(CLIENTS)]
    runs = [asyncio.create_task(client.run()) for client in clients]
    await answered(clients)
    if pre_stop:
        balancer.ports = [second]
        await answered(clients)
    ending.send_signal(signal.SIGTERM)
    while not pre_stop and await asyncio.to_thread(get, first, "/readyz") == 200:  # noqa: ASYNC110 - as balancers do
        await asyncio.sleep(0)
    balancer.ports = [second]
    await asyncio.to_thread(ending.wait, 30)
    await answered(clients)
    for client in clients:
        client.stop()
    await asyncio.gather(*runs)
    await balancer.close()
    total: dict[str, int] = defaultdict(int)
    for client in clients:
        for what, count in client.seen.items():
            total[what] += count
    return total


async def answered(clients: list[Client]) -> None:
    """Wait until each client has so many answers more."""
    wanted = [client.seen.total() + ANSWERS for client in clients]
    async with asyncio.timeout(120):
        for client, number in zip(clients, wanted, strict=True):
            while client.seen.total() < number:  # noqa: ASYNC110 - many do the work
                await asyncio.sleep(0.01)


@contextmanager
def collector() -> Iterator[tuple[str, dict[str, bytes]]]:
    received: dict[str, bytes] = defaultdict(bytes)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received[self.path] += self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


def test_the_last_telemetry_is_sent_before_the_end(service: Service, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with collector() as (url, received):
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_TRACES_SAMPLER_ARG": "1", "DRAIN_SETTLE_S": "0"}
        settings["OTEL_EXPORTER_OTLP_COMPRESSION"] = "none"
        with replica(service, log, **settings) as (port, started):
            assert get(port, "/customers", service.token) == 200
            started.send_signal(signal.SIGTERM)
            assert started.wait(60) == 0
    said = log.read_text(encoding="utf-8")
    assert '"ERROR"' not in said, said
    assert "Traceback" not in said, said
    assert b"GET /customers" in received["/v1/traces"]
    assert b"http.server.request.duration" in received["/v1/metrics"]
    assert received["/v1/logs"]


def test_it_ends_within_its_grace_period_although_nobody_takes_its_telemetry(service: Service, tmp_path: Path) -> None:
    (values,) = service.project.glob("deploy/helm/*/values.yaml")
    end = yaml.safe_load(values.read_text(encoding="utf-8"))["shutdown"]
    silent = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)  # accepts, and never answers
    settings = {"OTEL_TRACES_SAMPLER_ARG": "1", "DRAIN_SETTLE_S": "0"}
    settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{silent.server_port}"
    with silent, replica(service, tmp_path / "log", **settings) as (port, started):
        assert get(port, "/customers", service.token) == 200
        started.send_signal(signal.SIGTERM)
        started.wait(60)
    said = (tmp_path / "log").read_text(encoding="utf-8")
    # Each part of the end has a limit of its own, and the margin is more than their sum, see tests/unit/test_capacity.
    limits = "CLOSING_PATIENCE_S = ([0-9.]+)"
    package = service.project / "src" / "ordering" / "platform"
    sums = [
        float(re.findall(limits, (package / name).read_text())[0])
        for name in ("telemetry/__init__.py", "postgres/__init__.py")
    ]
    cancelling = float(re.findall("CANCELLING_S = ([0-9.]+)", (package / "server/requests.py").read_text())[0])
    assert sum(sums) + cancelling < end["marginSeconds"]
    assert "Application shutdown complete" in said
    assert "Traceback" not in said, said
