"""The generated Dockerfile builds, and its image runs as a cluster would run it."""

import http.client
import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from harness import images
from harness.services import STARTING_PATIENCE_S, Service, free_port, make_run, process
from harness.tools import require, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ordering")]
IMAGE = "localhost/castrum-test:latest"


@pytest.fixture(scope="module")
def project(projects: Callable[[str], Path]) -> Path:
    require("buildah", "podman", "crun", "debootstrap", "unshare", root=True)
    return projects("ordering")


@pytest.fixture(scope="module")
def image(project: Path) -> Iterator[str]:
    yield images.build(project, IMAGE)
    images.remove(IMAGE)


@pytest.fixture(scope="module")
def service(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A database and an issuer for the container; a service too, which it does not need."""
    with make_run(project, tmp_path_factory.mktemp("image") / "log") as running:
        yield running


def environment(service: Service) -> dict[str, str]:
    known = dict(
        entry.split("=", 1)
        for entry in Path(f"/proc/{service.service_pid()}/environ").read_text().split("\0")
        if "=" in entry
    )
    wanted = ("ENVIRONMENT", "AUTH_ISSUER", "AUTH_AUDIENCE", "DATABASE_URL")
    return {name: known[name] for name in wanted} | {"HOST": "127.0.0.1", "PORT": str(free_port())}


def test_configuration(image: str) -> None:
    config = images.configuration(image)
    user, group = str(config["User"]).split(":")
    assert int(user) >= 10000
    assert int(group) >= 10000
    healthcheck = config["Healthcheck"]
    assert isinstance(healthcheck, dict)
    assert healthcheck["Test"][0] == "CMD", "a health check through a shell needs a shell"


def test_size(image: str, capsys: pytest.CaptureFixture[str]) -> None:
    added = images.megabytes(image) - images.megabytes(images.BASE)
    with capsys.disabled():
        print(f"\nThe image adds {added:.0f} MB to its base.")
    assert added < 150


def test_bytecode_holds_whatever_the_times_of_the_files(image: str) -> None:
    """A release sets them to the commit's; bytecode that names others is compiled again at every start."""
    seen = "{path.read_bytes()[4] for path in pathlib.Path('/app').rglob('*.pyc')}"
    told = run(*images.hardened(image, {}, entrypoint="python", command=("-c", f"import pathlib; print({seen})")))
    assert told.stdout.strip() == "{1}"


def test_runs_hardened_and_stops_on_sigterm(image: str, service: Service, tmp_path: Path) -> None:
    env = environment(service)
    log = tmp_path / "log"
    run(*images.hardened(image, env, entrypoint="alembic", command=("upgrade", "head")))
    check = images.configuration(image)["Healthcheck"]
    assert isinstance(check, dict)
    probe = images.hardened(image, env, entrypoint=check["Test"][1], command=tuple(check["Test"][2:]))
    with process(images.hardened(image, env), cwd=tmp_path, log=log) as container:
        wait_until_ready(env["PORT"], log)
        inside = process_inside(env["PORT"])
        status = dict(line.split(":", 1) for line in (inside / "status").read_text().splitlines())
        assert status["Uid"].split() == ["10001"] * 4
        assert int(status["CapEff"], 16) == 0
        assert status["NoNewPrivs"].strip() == "1"
        root = next(line for line in (inside / "mounts").read_text().splitlines() if line.split()[1] == "/")
        assert "ro" in root.split()[3].split(",")
        assert create_customer(service, env["PORT"]) == 201
        wait_until_ready(env["PORT"], log, "/openapi.json")
        assert run(*probe, check=False).returncode == 0
        os.kill(container.pid, signal.SIGTERM)
        assert container.wait(30) == 0, log.read_text()
    assert run(*probe, check=False).returncode == 1


def test_secrets_may_be_files(image: str, service: Service, tmp_path: Path) -> None:
    """As the chart mounts them: for the migration alone, and for the service."""
    env = environment(service)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "database_url").write_text(env.pop("DATABASE_URL"))
    volumes = [f"{tmp_path / 'secrets'}:/run/secrets/ordering:ro"]
    files = {"SECRETS_DIR": "/run/secrets/ordering"}
    run(*images.hardened(image, files, entrypoint="alembic", command=("upgrade", "head"), volumes=volumes))
    log = tmp_path / "log"
    with process(images.hardened(image, env | files, volumes=volumes), cwd=tmp_path, log=log) as container:
        wait_until_ready(env["PORT"], log)
        assert create_customer(service, env["PORT"]) == 201
        os.kill(container.pid, signal.SIGTERM)
        assert container.wait(30) == 0, log.read_text()


def test_the_issuer_of_the_compose_file_runs_from_the_image(image: str, project: Path, tmp_path: Path) -> None:
    issuer = yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))["services"]["issuer"]
    *entrypoint, _ = issuer["entrypoint"]
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 10001, 10001)
    port, log = str(free_port()), tmp_path / "log"
    volumes = [f"{project / 'dev'}:/app/dev:ro", f"{state}:/app/.dev"]
    command = images.hardened(
        image, {}, entrypoint=entrypoint[0], command=(*entrypoint[1:], port), volumes=volumes
    )  # fmt: skip
    with process(command, cwd=tmp_path, log=log) as container:
        wait_until_ready(port, log, "/jwks.json")
        token = images.hardened(image, {}, entrypoint="python", command=("-m", "dev.run", "token"), volumes=volumes)
        assert run(*token).stdout.count(".") == 2
        os.kill(container.pid, signal.SIGTERM)
        assert container.wait(30) == 0, log.read_text()


def test_production_refuses_the_development_issuer(image: str, service: Service) -> None:
    env = environment(service) | {"ENVIRONMENT": "production"}
    done = run(*images.hardened(image, env), check=False, timeout=60)
    assert done.returncode != 0
    assert "AUTH_ISSUER" in (done.stdout + done.stderr).upper()
    assert "Traceback" not in done.stderr


def wait_until_ready(port: str, log: Path, path: str = "/readyz") -> None:
    deadline = time.monotonic() + STARTING_PATIENCE_S
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)) as connection:
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
        except OSError:
            pass
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def process_inside(port: str) -> Path:
    """The service's process as the machine sees it: the one with this port that runs as another user."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes().split(b"\0")
            if f"PORT={port}".encode() in environ and folder.stat().st_uid == 10001:
                return folder
        except OSError:
            continue
    raise LookupError(port)


def create_customer(service: Service, port: str) -> int:
    unique = str(uuid.uuid4())
    headers = {
        "Authorization": f"Bearer {service.token}",
        "Content-Type": "application/json",
        "Idempotency-Key": unique,
    }
    with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)) as connection:
        connection.request("POST", "/customers", json.dumps({"email": f"{unique}@example.com", "name": "Ada"}), headers)
        return connection.getresponse().status
