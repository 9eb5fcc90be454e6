"""The modules of these packages, compiled once for all clones of one version of the template."""

from __future__ import annotations

import importlib.util
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

from .compiled import TEMPLATE, archive

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

EXTENSIONS = TEMPLATE / "extensions"


def keep(package: str) -> None:
    """Take the code of the package's modules from what is kept, where Python has kept none beside them."""
    if not sys.dont_write_bytecode and not (EXTENSIONS / "model" / "__pycache__").exists():
        sys.meta_path.insert(0, _Finder(package))


class _Finder(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self._prefix = f"{package}."

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if not name.startswith(self._prefix):
            return None
        place = EXTENSIONS.joinpath(*name.removeprefix(self._prefix).split("."))
        is_package = place.is_dir()
        file = place / "__init__.py" if is_package else place.with_suffix(".py")
        if not file.is_file():
            return None
        return importlib.util.spec_from_file_location(
            name, file, loader=_Loader(name, str(file)), submodule_search_locations=[str(place)] if is_package else None
        )


class _Loader(SourceFileLoader):
    """Python's own, but for where byte code is kept: the folder of an archive stands for the text of all modules."""

    def get_code(self, fullname: str) -> CodeType:
        file = Path(self.get_filename(fullname))
        name = file.relative_to(TEMPLATE).as_posix()  # the clone that it was compiled in is gone in the next copy
        code = archive().get(name)
        if code is None:
            code = compile(file.read_bytes(), name, "exec", dont_inherit=True)
            archive().add(name, code)
        return code
