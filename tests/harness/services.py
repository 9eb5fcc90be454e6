"""Generated services as running processes."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from .repository import GIT
from .tools import clean_environment

STARTING_PATIENCE_S = 120
STOPPING_PATIENCE_S = 40


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(
    command: Sequence[str | Path], *, cwd: Path, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a group of its own, all of which is gone when the block ends."""
    with log.open("wb") as output:
        started = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**clean_environment(), **GIT, **(env or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield started
        finally:
            with suppress(subprocess.TimeoutExpired):
                if started.poll() is None:
                    os.killpg(started.pid, signal.SIGINT)
                    started.wait(STOPPING_PATIENCE_S)
            with suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def wait_for(pattern: str, log: Path, started: subprocess.Popen[bytes], patience_s: float = STARTING_PATIENCE_S) -> str:
    """What the process has said once the pattern is in it; fails when it ends before."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        said = log.read_text(encoding="utf-8", errors="replace")
        if re.search(pattern, said):
            return said
        if started.poll() is not None:
            pytest.fail(f"exit code {started.returncode} before {pattern!r}:\n{said}", pytrace=False)
        time.sleep(0.1)
    pytest.fail(f"no {pattern!r} within {patience_s} s:\n{said}", pytrace=False)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Service:
    """What `make run` started: the address and a token with every scope are what it printed."""

    process: subprocess.Popen[bytes]
    project: Path
    log: Path
    address: str
    token: str
    curl_lines: Sequence[str]

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request with the token; header names are given with `_` for `-`."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, method=method)  # noqa: S310
        request.add_header("Authorization", f"Bearer {self.token}")
        if data is not None:
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            request.add_header("Content-Type", kind)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def service_pid(self) -> int:
        """The process that answers, somewhere below `make run`."""
        port = self.address.rpartition(":")[2]
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"PORT={port}".encode() in environment and b"-m" in command and b"dev.run" not in command:
                return int(folder.name)
        raise LookupError(port)


@contextmanager
def make_run(project: Path, log: Path) -> Iterator[Service]:
    """`make run`, on a port of its own, until the block ends; Ctrl-C has to stop it."""
    with process(["make", "run"], cwd=project, log=log, env={"PORT": str(free_port())}) as started:
        said = wait_for("Ctrl-C", log, started)
        lines = [line.strip() for line in said.splitlines()]
        token = re.search(r"^TOKEN=(eyJ[\w-]+\.[\w-]+\.[\w-]+)$", said, re.MULTILINE)
        address = re.search(r"http://127\.0\.0\.1:\d+(?=\s)", said)
        assert token, said
        assert address, said
        yield Service(started, project, log, address[0], token[1], [line for line in lines if line.startswith("curl ")])
