"""Programs that the tests call."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from .paths import CACHE

BIN = Path(sys.executable).parent
REQUIRED = os.environ.get("CASTRUM_REQUIRE_TOOLS") == "1"


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = True,
    timeout: float = 600,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; with ``check``, a failure shows what the program said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean_environment(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        input=stdin,
    )
    if check and done.returncode:
        pytest.fail(
            f"{' '.join(map(str, command))}: exit code {done.returncode}\n"
            f"{done.stdout[-12000:]}\n{done.stderr[-12000:]}",
            pytrace=False,
        )
    return done


def policy(service: Path, program: str, *, check: bool = True) -> str:
    """What a program of `make policy` says, in the version and with the arguments that the service's Makefile gives."""
    makefile = (service / "Makefile").read_text(encoding="utf-8")
    (called,) = re.findall(rf"\$\(UVX\) (--from .* {program}\b.*)$", makefile, re.MULTILINE)
    done = run("sh", "-c", f"{BIN}/uvx --quiet {called}", cwd=service, check=check)
    assert check or done.returncode != 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def clean_environment() -> dict[str, str]:
    """The environment without what would leak from the test run into the program, this one's tools first."""
    leaks = (
        *("VIRTUAL_ENV", "PYTHONPATH", "PYTEST_", "COV_", "DATABASE_URL", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"),
        "PYTHONDONTWRITEBYTECODE",  # every process of hundreds would compile its libraries anew
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(leaks)}
    environment["PATH"] = f"{BIN}{os.pathsep}{environment['PATH']}"
    # An outermost bash that Node starts takes its socket for a remote shell's, and reads the person's ~/.bashrc.
    environment["SHLVL"] = "1"
    return environment


def require(*programs: str, root: bool = False) -> None:
    """Skip the test when a program is missing that no Python or Node package brings; in CI, fail."""
    path = f"{os.environ['PATH']}:/usr/sbin"  # where Debian has servers, and not everybody looks
    missing = [f"{program} is not installed" for program in programs if shutil.which(program, path=path) is None]
    if root and os.geteuid() != 0:
        missing.append("this test needs root")
    if missing:
        do_without("; ".join(missing))


def do_without(reason: str) -> NoReturn:
    """Skip the test for what this machine lacks; in CI, fail."""
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one test process at a time do something expensive."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def cached(kind: str, key: Sequence[str | bytes], make: Callable[[Path], None]) -> Path:
    """The folder that ``make`` filled for ``key``, made at most once on this machine."""
    digest = hashlib.sha256(b"\0".join(part.encode() if isinstance(part, str) else part for part in key)).hexdigest()[
        :16
    ]
    folder = CACHE / f"{kind}-{digest}"
    with locked(f"{kind}-{digest}"):
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            (folder / ".complete").touch()
    return folder
