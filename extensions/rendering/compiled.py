"""Compiled code, kept from one copy to the next as Python keeps its modules': compiling is half of a copy.

Copier clones the template for each copy, so that Python finds no byte code beside it. What is compiled of templates and
of these modules is in the user's cache instead, a folder for each version of what compiles it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache
from platformdirs import user_cache_path

from .archive import Archive

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.bccache import Bucket

TEMPLATE = Path(__file__).resolve().parents[2]
VERSIONS = 4
"""How many folders are kept; an update needs two."""
FILE = "code"


@cache
def archive() -> Archive:
    """What is kept of this version; nothing, if Python may not keep byte code or there is no place for it."""
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):
            return Archive(_folder(user_cache_path("castrum") / "templates") / FILE)
    return Archive(None)


def keep(environment: Environment) -> None:
    """Let the environment keep what it compiles."""
    if environment.bytecode_cache is None:
        environment.bytecode_cache = Templates(archive())


class Templates(BytecodeCache):
    """By name and text of a template: its path is that of a clone that is made for one copy."""

    def __init__(self, kept: Archive) -> None:
        self._kept = kept

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        """The place of a template's code; one with other text has another."""
        bucket = super().get_bucket(environment, name, filename, source)
        bucket.key = f"template {name} {bucket.checksum}"
        bucket.code = self._kept.get(bucket.key)
        if bucket.code is not None:
            environment.preprocess("")  # as compiling would: extensions reset their state there
        return bucket

    def load_bytecode(self, bucket: Bucket) -> None:
        """Nothing; it is known by its key only."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        if bucket.code is not None:
            self._kept.add(bucket.key, bucket.code)


def _folder(place: Path) -> Path:
    """Where compiled code of this version is; that of the version that was not used for longest goes."""
    folder = place / _digest()
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = sorted(place.iterdir(), key=os.path.getmtime)
        for old in others[:-VERSIONS]:
            shutil.rmtree(old, ignore_errors=True)
    os.utime(folder)
    return folder


def _digest() -> str:
    """What the code depends on beside a template's text: the compiler calls filters where all is constant."""
    digest = hashlib.sha256(f"{version('copier')} {version('jinja2')}".encode())
    for path in (TEMPLATE / "copier.yml", *sorted(TEMPLATE.glob("extensions/**/*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
