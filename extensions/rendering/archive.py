"""Compiled code of one version of the template, in one file of the user's cache that is read once and written once."""

from __future__ import annotations

import atexit
import contextlib
import marshal
import secrets
from importlib.util import MAGIC_NUMBER
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import CodeType

MOST = 2000
"""How many are kept; a version has some hundreds."""


class Archive:
    """Code by a name of what it was compiled from. Where nothing can be read or written, it is compiled each time."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._code = self._read()
        self._is_written = True

    def _read(self) -> dict[str, CodeType]:
        if self._file is None:
            return {}
        with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
            content = self._file.read_bytes()
            if content.startswith(MAGIC_NUMBER):
                code = marshal.loads(content[len(MAGIC_NUMBER) :])  # noqa: S302 - as Python's own byte code is read
                return code if isinstance(code, dict) else {}
        return {}

    def get(self, name: str) -> CodeType | None:
        """The code of this name, None if it is not known."""
        return self._code.get(name)

    def add(self, name: str, code: CodeType) -> None:
        """Keep this code from the end of the process on."""
        if self._file is not None and len(self._code) < MOST:
            self._code[name] = code
            if self._is_written:
                self._is_written = False
                atexit.register(self.write)

    def write(self) -> None:
        """Write what is known; of several processes that do so at a time, the last one's file stays."""
        atexit.unregister(self.write)
        if self._file is None or self._is_written:
            return
        self._is_written = True
        new = self._file.with_name(f"{self._file.name}-{secrets.token_hex(8)}")
        with contextlib.suppress(OSError):
            try:
                new.write_bytes(MAGIC_NUMBER + marshal.dumps(self._code))
                new.replace(self._file)
            finally:
                new.unlink(missing_ok=True)
