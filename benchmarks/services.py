"""Services as processes: generated, set up, with a database of their own on one PostgreSQL."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from . import domains, fastify, interpreter, measuring
from .client import NUMBER, ask, filled
from .generation import ROOT, clone, copy, environment

APPS = ROOT / "benchmarks" / "apps"
ROWS = ROOT / "benchmarks" / "rows"
SAMPLE = "ordering"
CALLERS = 8
STARTING_PATIENCE_S = 60
STOPPING_PATIENCE_S = 30
PAGE = 20

IDS = "SELECT id FROM {table} ORDER BY created_at LIMIT 1024"


@dataclass(frozen=True)
class Operation:
    """A request that is sent again and again: with `{id}` in the path, each time for another resource."""

    name: str
    method: str
    path: str
    status: int
    body: Mapping[str, Any] | None = None

    def message(self, identity: str, token: str) -> str:
        """The whole request, with the place holder for a number in it where it must be new each time."""
        head = [
            f"{self.method} {self.path.format(id=identity)} HTTP/1.1",
            "Host: 127.0.0.1",
            "User-Agent: benchmark",
            "Accept: application/json",
            f"Authorization: Bearer {token}",
        ]
        content = json.dumps(self.body) if self.body is not None else ""
        if self.method == "POST":
            head += ["Content-Type: application/json", f"Idempotency-Key: 00000000-0000-4000-8000-{NUMBER.decode()}"]
        if self.method == "PATCH":
            head += ["Content-Type: application/merge-patch+json", "If-Match: *"]
        if content:
            head.append(f"Content-Length: {len(content)}")
        return "\r\n".join([*head, "", content])


@dataclass(frozen=True)
class Project:
    """A generated project, and the interpreter of an environment with what it needs."""

    folder: Path
    python: Path

    @property
    def name(self) -> str:
        """That of its package, too."""
        return self.folder.name


@dataclass(frozen=True)
class Prepared:
    """A database with rows, tokens, and ids of what can be asked for."""

    database: str
    tokens: Sequence[str]
    ids: Sequence[Sequence[str]]


Operations = Sequence[Operation]
Served = tuple[Project, Prepared, Operations]


@dataclass(frozen=True)
class Target:
    """A running server and the operations it is measured by."""

    name: str
    process: "subprocess.Popen[bytes]"
    port: int
    start_s: float
    operations: Operations
    prepared: Prepared = field(repr=False)

    def messages(self, operation: Operation, connections: int) -> list[list[str]]:
        """The requests of each connection; no two connections ask for the same resource."""
        tokens, ids = self.prepared.tokens, self.prepared.ids[0]
        return [
            [operation.message(identity, tokens[number % len(tokens)]) for identity in ids[number::connections]]
            for number in range(connections)
        ]

    def ask(self, operation: Operation) -> Any:
        """What the server answers, once; raises RuntimeError unless it does what the operation is for."""
        message = operation.message(self.prepared.ids[0][0], self.prepared.tokens[0])
        status, body = ask(self.port, filled(message.encode()))
        if status != operation.status:
            raise RuntimeError(f"{self.name}: {operation.name} is answered with {status}: {body.decode()}")
        return json.loads(body)


def orders(customer: str) -> list[Operation]:
    """What is asked of the sample, for its orders."""
    money = {"amount": "19.90", "currency": "EUR"}
    new = {
        "number": f"B-{NUMBER.decode()}",
        "customer_id": customer,
        "total": money,
        "priority": "EXPRESS",
        "note": "Leave it at the door",
        "lines": [
            {"sku": "SKU-1001", "quantity": 1, "unit_price": money},
            {"sku": "SKU-1002", "quantity": 2, "unit_price": money},
        ],
    }
    return [
        Operation("get", "GET", "/orders/{id}", 200),
        Operation("list", "GET", f"/orders?limit={PAGE}", 200),
        Operation("create", "POST", "/orders", 201, new),
        Operation("update", "PATCH", "/orders/{id}", 200, {"total": money, "note": "Ring twice"}),
    ]


def products() -> list[Operation]:
    """What is asked of the numbered domains, for their last aggregate."""
    money = {"amount": "19.90", "currency": "EUR"}
    new = {"code": f"B-{NUMBER.decode()}", "name": "Lamp", "price": money, "active": True, "note": "In a box"}
    path = f"/{domains.MEASURED_TABLE}"
    return [
        Operation("get", "GET", f"{path}/{{id}}", 200),
        Operation("list", "GET", f"{path}?limit={PAGE}", 200),
        Operation("create", "POST", path, 201, new),
        Operation("update", "PATCH", f"{path}/{{id}}", 200, {"price": money, "note": "In a bag"}),
    ]


class Site:
    """Generated projects with one environment, PostgreSQL and issuer for all of them."""

    def __init__(self, template: Path, scratch: Path, stack: ExitStack) -> None:
        self._template = template
        self._scratch = scratch
        self._stack = stack
        sample = self._generate(SAMPLE)
        self._sample = Project(sample, _environment_of(sample))
        self._issuer = scratch / "issuer"
        program = [self._sample.python, APPS / "surroundings.py", self._issuer]
        self.surroundings = self._run(program, self._sample, output=None)
        measuring.pin(self.surroundings, 1)
        self._places = json.loads(cast("IO[bytes]", self.surroundings.stdout).readline())

    @property
    def python(self) -> Path:
        """The interpreter of an environment with what services need."""
        return self._sample.python

    @contextmanager
    def interlude(self) -> Iterator[None]:
        """What is started inside ends with it."""
        surrounding = self._stack
        with ExitStack() as self._stack:
            yield
        self._stack = surrounding

    def service(self, commit: str | None = None) -> Served:
        """The sample with its rows; with `commit`, as that commit of the template generates it."""
        project = self._sample if commit is None else self._sample_of(commit)
        prepared = self._prepare(project, "orders", IDS.format(table="orders"), "SELECT id FROM customers LIMIT 1")
        return project, prepared, orders(prepared.ids[1][0])

    def numbered(self, aggregates: int) -> Served:
        """A project of so many aggregates, with rows of the last one."""
        folder = self._generate(f"catalogue{aggregates}", domains.domain(aggregates))
        project = Project(folder, self._sample.python)
        prepared = self._prepare(project, domains.MEASURED_TABLE, IDS.format(table=domains.MEASURED_TABLE))
        return project, prepared, products()

    def start_generated(self, name: str, project: Project, prepared: Prepared, operations: Operations) -> Target:
        """A generated service as it runs in production, except for the local issuer; its log goes to a file."""
        return self._start(name, [project.python, "-m", project.name], project, prepared, operations)

    def start_app(
        self, name: str, module: str, options: Sequence[str], prepared: Prepared, operations: Operations
    ) -> Target:
        """One of our own applications in its place."""
        program: list[Path | str] = [
            self._sample.python,
            "-m",
            "uvicorn",
            f"{module}:app",
            "--app-dir",
            str(APPS),
            "--no-access-log",
        ]
        return self._start(name, [*program, *options], self._sample, prepared, operations)

    def start_fastify(self, name: str, prepared: Prepared, operations: Operations) -> Target:
        """The same endpoints on Node, with the same statements."""
        statements = self._scratch / "statements.json"
        statements.write_bytes(_output([self._sample.python, APPS / "statements.py"], self._sample))
        return self._start(
            name,
            fastify.command(),
            self._sample,
            prepared,
            operations,
            NODE_ENV="production",
            STATEMENTS=str(statements),
        )

    def _start(
        self,
        name: str,
        command: Sequence[Path | str],
        project: Project,
        prepared: Prepared,
        operations: Operations,
        **more: str,
    ) -> Target:
        port = _free_port()
        begun = time.monotonic()
        log = self._scratch / f"{name.replace(' ', '-')}.log"
        process = self._run(
            command,
            project,
            output=log,
            ENVIRONMENT="development",
            PORT=str(port),
            UVICORN_PORT=str(port),
            DATABASE_URL=prepared.database,
            AUTH_ISSUER=self._places["issuer"],
            AUTH_AUDIENCE=project.name,
            # Whatever the plan for the sample says: these are not to be what is measured.
            DATABASE_POOL_SIZE="10",
            RATE_LIMIT_PER_MINUTE="600000",
            **more,
        )
        measuring.pin(process, 0)
        _wait_until_ready(port, process, log)
        return Target(name, process, port, time.monotonic() - begun, operations, prepared)

    def _generate(self, name: str, content: dict[str, Any] | None = None) -> Path:
        project = self._scratch / name
        copy(self._template, project, content, "--data", f"service_name={name}")
        return project

    def _sample_of(self, commit: str) -> Project:
        template = clone(self._template, self._scratch / "before-template", commit)
        folder = self._scratch / "before" / SAMPLE
        copy(template, folder, None, "--data", f"service_name={SAMPLE}")
        return Project(folder, _environment_of(folder))

    def _prepare(self, project: Project, resource: str, *queries: str) -> Prepared:
        rows = ROWS / f"{resource}.sql"
        arguments = [self._places["server"], self._issuer, project.name, str(CALLERS), resource, rows, *queries]
        output = _output([project.python, APPS / "prepare.py", *arguments], project)
        return Prepared(**json.loads(output.splitlines()[-1]))

    def _run(
        self, command: Sequence[Path | str], project: Project, *, output: Path | None, **more: str
    ) -> "subprocess.Popen[bytes]":
        """A process that ends with the stack."""
        return self._stack.enter_context(
            _running(command, project.folder, output, _project_environment(project, **more))
        )


def load_generator(module: str, stack: ExitStack) -> "subprocess.Popen[str]":
    """A module of this package as a process beside the servers, which takes jobs and gives results by lines."""
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}"],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )
    measuring.pin(process, 1)
    return process


def _project_environment(project: Project, **more: str) -> dict[str, str]:
    return environment(PYTHONPATH=f"{project.folder}{os.pathsep}{project.folder / 'src'}", **more)


def _output(command: Sequence[Path | str], project: Project) -> bytes:
    environment = _project_environment(project)
    return subprocess.run(command, cwd=project.folder, env=environment, check=True, stdout=subprocess.PIPE).stdout


def _environment_of(project: Path) -> Path:
    """The interpreter of a virtual environment with what the project needs."""
    uv = [str(Path(sys.executable).parent / "uv")]
    if not Path(uv[0]).exists():
        uv = [sys.executable, "-m", "uv"]
    subprocess.run(
        [*uv, "sync", "--quiet", "--python", interpreter.chosen()],
        cwd=project,
        env=environment(UV_PYTHON_DOWNLOADS="never"),
        check=True,
    )
    return project / ".venv" / "bin" / "python"


@contextmanager
def _running(
    command: Sequence[Path | str], cwd: Path, output: Path | None, env: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    with ExitStack() as stack:
        log = stack.enter_context(output.open("wb")) if output else subprocess.PIPE
        errors = subprocess.STDOUT if output else None
        process = stack.enter_context(
            subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=log, stderr=errors)
        )
        try:
            yield process
        finally:
            with suppress(BrokenPipeError):
                cast("IO[bytes]", process.stdin).close()
            if output:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOPPING_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTING_PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"a server did not get ready:\n{log.read_text(errors='replace')[-2000:]}")
