"""Work that Copier repeats for every file or path, done once: together half of the time of a copy.

Measured with a copy of the default project, in seconds of the processor, each as the least of ten: 1.3 with all of it,
2.2 without what is replaced in Copier's worker, of which each part says its own share.
"""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from . import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment, Template, nodes

    from .archive import Archive

SHORTENED = "_castrum_shortened"
"""Attribute of a method that was replaced; two versions of this file must not replace it twice."""

IGNORES_MODE = "_castrum_ignores_mode"
"""Attribute of a Copier worker: whether git ignores the mode bits of the files that it writes."""


def take(environment: Environment) -> None:
    """Shorten what can be shortened for the copy that `environment` renders."""
    compiled.keep(environment)
    compile_once(environment, compiled.archive())
    shorten_worker()


def compile_once(environment: Environment, kept: Archive) -> None:
    """Let the environment compile a string only the first time, and keep that for the next copy.

    Copier renders every part of every path from its source, so the same few strings are compiled hundreds of times.
    `preprocess` is what compiling would call; extensions, such as that of copier's `yield`, reset their state there.
    """
    compile_string = environment.from_string
    known: dict[str, Template] = {}

    def from_string(source: str | nodes.Template, *args: Any, **kwargs: Any) -> Template:
        if args or kwargs or not isinstance(source, str):
            return compile_string(source, *args, **kwargs)
        template = known.get(source)
        if template is not None:
            environment.preprocess(source)
            return template
        code = kept.get(f"string {source}")
        if code is None:
            code = environment.compile(source)
            kept.add(f"string {source}", code)
        else:
            environment.preprocess(source)
        template = known[source] = environment.template_class.from_code(
            environment, code, environment.make_globals(None)
        )
        return template

    environment.from_string = from_string  # type: ignore[method-assign]


def shorten_worker() -> None:
    """Replace three steps of Copier's worker by shorter ones to the same effect.

    They are internal to Copier: a version that has no such step, or one that takes other parameters, keeps what it has.
    """
    worker = getattr(sys.modules.get("copier._main"), "Worker", None)
    for name, shortcut in _SHORTCUTS.items():
        step = getattr(worker, name, None)
        function = getattr(step, "fget", step)
        if function is None or hasattr(function, SHORTENED):
            continue
        if tuple(inspect.signature(function).parameters) == shortcut.parameters:
            setattr(worker, name, shortcut.shorten(step))


def _rendering_templates_only(render: Callable[..., str]) -> Callable[..., str]:
    """Leave a text as it is that has nothing to render: most parts of most paths, each with a context of its own.

    It saves 0.2 s of a copy.
    """

    @functools.wraps(render)
    def render_string(self: Any, string: str, *args: Any, **kwargs: Any) -> str:
        if not isinstance(string, str) or "{" in string:
            return render(self, string, *args, **kwargs)
        self.jinja_env.preprocess(string)  # as in compile_once
        return string

    setattr(render_string, SHORTENED, True)
    return render_string


def _naming_the_answers_file_at_once(answers_relpath: property) -> property:
    """Do not render the name of the answers file for every path, unless it is a template. It saves 0.3 s of a copy."""

    def name(self: Any) -> Path:
        path = str(self.answers_file or self.template.answers_relpath)
        if "{" in path:
            return Path(answers_relpath.__get__(self))
        self.jinja_env.preprocess(path)  # as in compile_once
        return Path(path)

    setattr(name, SHORTENED, True)
    return property(name, doc=answers_relpath.__doc__)


def _asking_file_mode_once(synchronise: Callable[..., None]) -> Callable[..., None]:
    """Run `git config core.fileMode` once for a copy, not once for every file that it writes.

    Copier asks in order to set the mode in git's index where git ignores the file system's; with any other answer there
    is nothing to do. It saves 0.5 s of a copy.
    """

    @functools.wraps(synchronise)
    def synchronise_where_needed(self: Any, *args: Any, **kwargs: Any) -> None:
        if not hasattr(self, IGNORES_MODE):
            setattr(self, IGNORES_MODE, _ignores_mode(self.subproject.local_abspath))
        if getattr(self, IGNORES_MODE):
            synchronise(self, *args, **kwargs)

    setattr(synchronise_where_needed, SHORTENED, True)
    return synchronise_where_needed


def _ignores_mode(folder: Path) -> bool:
    command = ["git", "-C", str(folder), "config", "--type=bool", "--get", "core.fileMode"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() == "false"


class _Shortcut(NamedTuple):
    """The parameters of the step as it is known, and what makes the shorter one of it."""

    parameters: tuple[str, ...]
    shorten: Callable[[Any], Any]


_SHORTCUTS = {
    "_render_string": _Shortcut(("self", "string", "extra_context"), _rendering_templates_only),
    "answers_relpath": _Shortcut(("self",), _naming_the_answers_file_at_once),
    "_sync_git_index_executable_bit": _Shortcut(("self", "dst_relpath", "src_mode"), _asking_file_mode_once),
}
"""Name of a step of Copier's worker → its shortcut."""
