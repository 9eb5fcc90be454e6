"""The benchmark works, and its peer does what the service does; what it measures is nothing for a test."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from harness.paths import ROOT
from harness.tools import run

from benchmarks.client import ask, filled
from benchmarks.generation import clone
from benchmarks.services import Operation, Site, Target

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("benchmarks")]

CROWDS = ("--crowds", "4", "40", "--crowd-seconds", "0.1")
BRIEF = (
    "--seconds",
    "0.1",
    "--cycles",
    "1",
    "--copies",
    "1",
    "--starts",
    "1",
    "--gates",
    "0",
    *CROWDS,
    "--rows",
    "2000",
)


@pytest.fixture(scope="module", autouse=True)
def linux() -> None:
    if sys.platform != "linux":
        pytest.skip("the service is measured on Linux only")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Target, Target]]:
    """The service, and Fastify on the same database."""
    scratch = tmp_path_factory.mktemp("benchmarks")
    scratch.chmod(0o755)
    for folder in list(scratch.parents)[:2]:
        folder.chmod(0o755)  # PostgreSQL may run as another user
    with ExitStack() as stack:
        site = Site(clone(ROOT, scratch / "template"), scratch, stack)
        project, prepared, operations = site.service()
        yield (
            site.start_generated("service", project, prepared, operations),
            site.start_fastify("Fastify", prepared, operations),
        )


def operation(servers: tuple[Target, Target], name: str) -> Operation:
    return next(each for each in servers[0].operations if each.name == name)


def test_it_measures_and_reports() -> None:
    done = run(sys.executable, "-m", "benchmarks", *BRIEF, cwd=ROOT)
    titles = [line for line in done.stdout.splitlines() if line.startswith("## ")]
    assert titles == [
        "## Generation",
        "## Updates",
        "## The gate",
        "## More clients than it can serve",
        "## Lists of a large table",
        "## The service between its limit and convention",
        "## The number of routes",
        "## Start and memory",
    ]
    assert "| get | service |" in done.stdout
    assert "| get | Fastify |" in done.stdout
    assert "| rude | 40 |" in done.stdout
    assert (ROOT / "build" / "benchmarks" / "report.md").read_text(encoding="utf-8") == done.stdout.removesuffix("\n")


def test_it_compares_commits() -> None:
    done = run(sys.executable, "-m", "benchmarks", *BRIEF, "--against", "HEAD", cwd=ROOT)
    assert "## This commit and HEAD" in done.stdout
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.endswith(("✓ |", "✗ |"))]
    assert rows == ["get", "list", "create", "update"]


@pytest.mark.parametrize(
    ("name", "old", "new", "status"),
    [
        ("get", "Authorization", "X-Authorization", 401),
        ("get", "Bearer ", "Bearer x", 401),
        ("get", "Accept: application/json", "If-None-Match: *", 304),
        ("get", "GET /orders/0", "GET /orders/f", 404),
        ("get", "GET /orders/", "GET /orders/not-a-uuid", 400),
        ("list", "limit=20", "limit=201", 400),
        ("list", "limit=20", "cursor=nonsense", 400),
        ("create", "Idempotency-Key", "X-Key", 400),
        ("create", '"EUR"', '"eur"', 400),
        ("create", '"quantity"', '"quantitY"', 400),
        ("create", "EXPRESS", "SLOWEST", 400),
        ("create", "application/json\r\nIdem", "text/plain\r\nIdem", 415),
        ("update", "If-Match: *", "X-If-Match: *", 428),
        ("update", "If-Match: *", 'If-Match: "999"', 412),
        ("update", '{"total"', '["total"', 400),
    ],
)
def test_the_peer_refuses_what_the_service_refuses(
    servers: tuple[Target, Target], name: str, old: str, new: str, status: int
) -> None:
    prepared = servers[0].prepared
    text = operation(servers, name).message(prepared.ids[0][0], prepared.tokens[0])
    assert old in text
    head, _, body = text.replace(old, new).partition("\r\n\r\n")
    head = "\r\n".join(line for line in head.split("\r\n") if not line.startswith("Content-Length"))
    if body:
        head += f"\r\nContent-Length: {len(body)}"
    assert [ask(each.port, filled(f"{head}\r\n\r\n{body}".encode()))[0] for each in servers] == [status, status]


def test_both_keep_the_promise_of_an_idempotency_key(servers: tuple[Target, Target]) -> None:
    prepared = servers[0].prepared
    for first, second in (servers, servers[::-1]):
        sent = filled(operation(servers, "create").message("", prepared.tokens[0]).encode())
        created, again = ask(first.port, sent), ask(first.port, sent)
        assert created[0] == 201
        assert created == again
        assert ask(first.port, sent.replace(b"the door", b"the roof"))[0] == 422
        read = operation(servers, "get").message(json.loads(created[1])["id"], prepared.tokens[0])
        assert ask(second.port, read.encode())[0] == 200


def test_both_walk_the_same_pages(servers: tuple[Target, Target]) -> None:
    prepared = servers[0].prepared
    walks = []
    for server in servers:
        seen, query = [], ""
        for _ in range(3):
            text = operation(servers, "list").message("", prepared.tokens[0]).replace("limit=20", f"limit=20{query}")
            status, body = ask(server.port, text.encode())
            assert status == 200
            page = json.loads(body)
            seen += [each["id"] for each in page["items"]]
            query = f"&cursor={page['next']}"
        walks.append(seen)
    assert len(walks[0]) == 60
    assert walks[0] == walks[1]
