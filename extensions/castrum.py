"""Entry point of the template's Jinja extension.

`copier update` loads the old and the new version of this file in one process. The packages beside it are therefore
imported under a name that is unique for the folder they come from, so that two versions never share a module.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2.ext import Extension

if TYPE_CHECKING:
    from types import ModuleType

    from jinja2 import Environment

FOLDER = Path(__file__).resolve().parent
PACKAGE = f"_castrum_{hashlib.sha256(str(FOLDER).encode()).hexdigest()[:16]}"

PARTS = (
    "pipeline",
    "capabilities.registry",
    "text.markup",
    "answers.given",
    "answers.origin",
    "answers.checks",
    "targets.alerts",
    "targets.python",
    "targets.openapi.catalogue",
    "targets.openapi.document",
    "answers.ownership",
    "answers.place",
    "moves.migration",
    "targets.openapi.wire",
    "capacity.pools",
)
"""Modules of this folder whose `GLOBALS` and `FILTERS` (name → callable) the templates may use."""


def load(part: str) -> ModuleType:
    """The module `part` of this folder, e.g. `pipeline.reading`; its relative imports stay in this checkout."""
    if PACKAGE not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            PACKAGE, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
        )
        if spec is None or spec.loader is None:
            raise ImportError(FOLDER)
        package = importlib.util.module_from_spec(spec)
        sys.modules[PACKAGE] = package
        spec.loader.exec_module(package)
        importlib.import_module(f"{PACKAGE}.rendering.modules").keep(PACKAGE)
    return importlib.import_module(f"{PACKAGE}.{part}")


class CastrumExtension(Extension):
    """Adds the globals and filters of every part to copier's Jinja environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for part in PARTS:
            module = load(part)
            environment.globals.update(module.GLOBALS)
            environment.filters.update(module.FILTERS)
        load("rendering.shortcuts").take(environment)


if __name__ == "__main__":  # a migration
    sys.exit(load("moves.migration").main(*sys.argv[1:]))
