"""A folder in memory for what is gone soon."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .tools import locked

PREFIX = "castrum-tests-"
"""Short: podman takes 50 characters, with a folder of its own inside."""


@contextmanager
def folder(place: Path) -> Iterator[Path]:
    """A folder of this process in that place; those that killed runs left there go."""
    with locked("memory"):
        for left in place.glob(f"{PREFIX}*"):
            if held := _held(left):
                shutil.rmtree(left, ignore_errors=True)
                os.close(held)
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        held = _held(made)
    made.chmod(0o1777)  # PostgreSQL runs as another user than root
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if held:
            os.close(held)


def _held(folder: Path) -> int | None:
    """The folder, open and locked for this process; None where another one has it."""
    try:
        place = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(place)
        return None
    return place
