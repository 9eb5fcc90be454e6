"""Compiled templates, kept from one copy to the next as Python keeps its modules': compiling is a third of a copy.

They are in the user's cache, a folder for each version of what compiles them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemBytecodeCache
from platformdirs import user_cache_path

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.bccache import Bucket

TEMPLATE = Path(__file__).resolve().parents[2]
VERSIONS = 4
"""How many folders are kept; an update needs two."""


def keep(environment: Environment) -> None:
    """Let the environment keep what it compiles, if Python may keep byte code and there is a place for it."""
    if environment.bytecode_cache is None and not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):
            environment.bytecode_cache = Compiled(_folder(user_cache_path("castrum") / "templates"))


class Compiled(FileSystemBytecodeCache):
    """By the names of templates: their paths are those of a clone that is made for one copy."""

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002
        """A key for the name alone; a template with other text is compiled again."""
        return super().get_cache_key(name)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read it, and reset what extensions reset when a template is compiled."""
        super().load_bytecode(bucket)
        if bucket.code is not None:
            bucket.environment.preprocess("")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it; without room for it, it is compiled again the next time."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def _folder(place: Path) -> str:
    """Where compiled templates of this version are; those of the version that was not used for longest go."""
    folder = place / _digest()
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = sorted(place.iterdir(), key=os.path.getmtime)
        for old in others[:-VERSIONS]:
            shutil.rmtree(old, ignore_errors=True)
    os.utime(folder)
    return str(folder)


def _digest() -> str:
    """What the code depends on beside a template's text: the compiler calls filters where all is constant."""
    digest = hashlib.sha256(f"{version('copier')} {version('jinja2')}".encode())
    for path in (TEMPLATE / "copier.yml", *sorted(TEMPLATE.glob("extensions/**/*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
