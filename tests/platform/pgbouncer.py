"""PgBouncer in front of the server of the tests; PGBOUNCER names another program than the installed one."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from dev import postgres

PATIENCE_S = 120
PROGRAM = (
    os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") or "pgbouncer"
)


@contextmanager
def pooling(server: str, **settings: str | int) -> Iterator[str]:
    """The address of a pooler until the block ends, as host and port; whoever comes is the user of the server's URL."""
    parts = urlsplit(server)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lines = [
        "[databases]",
        f"* = host={parts.hostname} port={parts.port} user={parts.username} password={parts.password}",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "auth_type = any",
        *(
            f"{name} = {value}"
            for name, value in {"pool_mode": "transaction", "default_pool_size": 4, **settings}.items()
        ),
    ]
    user = postgres._user()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        file = folder / "pgbouncer.ini"
        file.write_text("\n".join(lines) + "\n")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [PROGRAM, file], stdout=log, stderr=log, user=user.other_uid, group=user.other_gid, cwd="/"
            )
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not postgres._answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((folder / "log").read_text())
                time.sleep(0.02)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()
