"""Work that Copier repeats for every file or path, done once: together half of the time of a copy."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from jinja2 import Environment, Template, nodes

STEP = "_sync_git_index_executable_bit"
"""The method of a Copier worker that asks git about every file."""

ASKED = "_castrum_file_mode_ignored"
"""Attribute of a Copier worker: whether git ignores the mode bits of the files that it writes."""


def take(environment: Environment) -> None:
    """Shorten what can be shortened for the copy that `environment` renders."""
    compile_once(environment)
    ask_file_mode_once()


def compile_once(environment: Environment) -> None:
    """Let the environment compile a string only the first time.

    Copier renders every part of every path from its source, so the same few strings are compiled hundreds of times.
    `preprocess` is what compiling would call; extensions, such as that of copier's `yield`, reset their state there.
    """
    compile_string = environment.from_string
    compiled: dict[str, Template] = {}

    def from_string(source: str | nodes.Template, *args: Any, **kwargs: Any) -> Template:
        if args or kwargs or not isinstance(source, str):
            return compile_string(source, *args, **kwargs)
        template = compiled.get(source)
        if template is None:
            template = compiled[source] = compile_string(source)
        else:
            environment.preprocess(source)
        return template

    environment.from_string = from_string  # type: ignore[method-assign]


def ask_file_mode_once() -> None:
    """Let Copier run `git config core.fileMode` once for a copy, not once for every file that it writes.

    It asks in order to set the mode in git's index where git ignores the file system's; with any other answer there is
    nothing to do. A Copier that has no such step, or has changed it, stays as it is.
    """
    worker = getattr(sys.modules.get("copier._main"), "Worker", None)
    synchronise = getattr(worker, STEP, None)
    if synchronise is None or hasattr(synchronise, ASKED):
        return

    def synchronise_where_needed(self: Any, *args: Any, **kwargs: Any) -> None:
        if not hasattr(self, ASKED):
            setattr(self, ASKED, _ignores_file_mode(self.subproject.local_abspath))
        if getattr(self, ASKED):
            synchronise(self, *args, **kwargs)

    setattr(synchronise_where_needed, ASKED, True)
    setattr(worker, STEP, synchronise_where_needed)


def _ignores_file_mode(folder: Path) -> bool:
    command = ["git", "-C", str(folder), "config", "--type=bool", "--get", "core.fileMode"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() == "false"
