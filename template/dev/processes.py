"""Child processes that never outlive their parent, however it ends."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

STOPPING_PATIENCE_S = 30

# The shell becomes the command. Beside it, a watcher waits for the end of the pipe from the parent, which comes when
# the parent asks for the stop and also when it is killed, and then sends the signal.
WATCHED = 'exec 3<&0; ( { read -r _ <&3; kill -s "$0" $$; } >/dev/null 2>&1 & ); exec "$@" </dev/null 3<&-'


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

    It has a session of its own, so that Ctrl-C reaches only us and things stop in their order.
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
