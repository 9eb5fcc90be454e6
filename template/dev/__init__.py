"""Tools for development, as `make` calls them, and what they share: files, git, child processes.

This needs nothing but Python, for the tools that do not either.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).resolve().parents[1]
STATE: Final = ROOT / ".dev"
STOPPING_PATIENCE_S = 30

# The shell becomes the command. Beside it, a watcher waits for the end of the pipe from the parent, which comes when
# the parent asks for the stop and also when it is killed, and then sends the signal.
WATCHED = 'exec 3<&0; ( { read -r _ <&3; kill -s "$0" $$; } >/dev/null 2>&1 & ); exec "$@" </dev/null 3<&-'


def write_file(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file with these rights, and the folders above it; it replaces one that is there.

    It is there as a whole or not at all, whatever happens to the run that writes it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            os.fchmod(descriptor, mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def git_bytes(*arguments: str, stdin: bytes | None = None) -> bytes:
    """What git prints, as it is; ends the program with what git says if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, input=stdin, capture_output=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise SystemExit(f"git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout


def git_text(*arguments: str) -> str:
    """The same as a text, without the white space around it."""
    return git_bytes(*arguments).decode().strip()


def git_tried(*arguments: str) -> str | None:
    """What git prints, without the white space around it; None if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)  # noqa: S603, S607
    return None if done.returncode else done.stdout.decode().strip()


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    stop: str = "TERM",
    output: IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
    group: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends, then send it the signal `stop` and wait for it.

    It never outlives us, however we end, and has a session of its own, so that Ctrl-C reaches only us and things stop
    in their order.
    """
    with subprocess.Popen(  # noqa: S603 - commands of these tools
        ["/bin/sh", "-c", WATCHED, stop, *map(str, command)],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env=env,
        cwd=cwd,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        start_new_session=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - for the type checker
        try:
            yield process
        finally:
            process.stdin.close()
            try:
                process.wait(STOPPING_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
