"""Render the working tree of the template in this process: no clone, no git, every template compiled once."""

import json
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import copier
import copier._main
import copier._template
import pytest
import yaml
from copier._jinja_ext import SandboxedEnvironment, get_yield_context

from .paths import EXAMPLES, ROOT, TEMPLATE, answers_file, domain_file

# Template source and name → code. It does not depend on the environment: all of them have the same settings.
COMPILED: dict[tuple[str, str | None], Any] = {}


@contextmanager
def fast_copier(*, clone: bool = False) -> Iterator[None]:
    """Patch Copier for the tests that look at rendered files only; what it renders stays the same.

    With ``clone``, it takes a released version of the template, as it does for people.
    """
    patch = pytest.MonkeyPatch()
    # Without git, Copier neither clones the template nor asks `git config` once for every file.
    patch.setattr(copier._main, "is_git_available", lambda: False)
    if not clone:
        patch.setattr(copier._template, "is_git_available", lambda: False)
    original = SandboxedEnvironment.compile

    def compile_once(self: Any, source: Any, name: Any = None, filename: Any = None, *args: Any, **options: Any) -> Any:
        if not isinstance(source, str) or args or options:
            return original(self, source, name, filename, *args, **options)
        if (source, name) in COMPILED:
            # Compiling a template resets the state of `yield`; a hit has to do the same.
            context = get_yield_context(self)
            context.yield_name = context.yield_iterable = None
        else:
            COMPILED[source, name] = original(self, source, name, filename)
        return COMPILED[source, name]

    patch.setattr(SandboxedEnvironment, "compile", compile_once)
    try:
        yield
    finally:
        patch.undo()


_template = ROOT


@contextmanager
def template_of(checkout: Path) -> Iterator[None]:
    """Copy another checkout of the template instead of this one."""
    global _template  # noqa: PLW0603
    before, _template = _template, checkout
    try:
        yield
    finally:
        _template = before


def constant_files() -> list[str]:
    """The paths, relative to the generated repository, of files that are the same for every domain."""
    return sorted(
        relative.as_posix().replace("{{ package }}", "*")
        for path in TEMPLATE.rglob("*")
        if path.is_file()
        and path.suffix != ".jinja"
        and "{%" not in (relative := path.relative_to(TEMPLATE)).as_posix()
    )


def copy(
    destination: Path, data: Mapping[str, Any] | None = None, *, overwrite: bool = True, exclude: Sequence[str] = ()
) -> Path:
    """One `copier copy` with the defaults of all questions that ``data`` does not answer; a warning is an error."""
    with fast_copier(), warnings.catch_warnings():
        warnings.simplefilter("error")
        copier.run_copy(
            str(_template),
            destination,
            data=dict(data or {}),
            defaults=True,
            quiet=True,
            unsafe=True,
            overwrite=overwrite,
            skip_tasks=True,
            exclude=exclude,
        )
    return destination


def answers(name: str) -> dict[str, Any]:
    """Those of an example; a domain without answers only has its name."""
    if name not in EXAMPLES:
        return {"service_name": name}
    content: dict[str, Any] = yaml.safe_load(answers_file(name).read_text(encoding="utf-8"))
    return content


def copy_example(name: str, destination: Path, **options: Any) -> Path:
    """The example as a person would make it: its domain file lies in the destination, its answers are given."""
    destination.mkdir(parents=True)
    shutil.copyfile(domain_file(name), destination / "domain.yaml")
    return copy(destination, answers(name), **options)


def copy_domain(
    domain: Mapping[str, Any], destination: Path, data: Mapping[str, Any] | None = None, **options: Any
) -> Path:
    """A domain that exists in memory only; JSON is YAML."""
    destination.mkdir(parents=True)
    (destination / "domain.yaml").write_text(json.dumps(domain, indent=2, ensure_ascii=False), encoding="utf-8")
    return copy(destination, data, **options)


def files(tree: Path) -> dict[str, bytes]:
    """Relative path → content of every file of a rendered tree; links are refused, the template has none."""
    found = {}
    for path in sorted(tree.rglob("*")):
        assert not path.is_symlink(), path
        if path.is_file():
            found[path.relative_to(tree).as_posix()] = path.read_bytes()
    return found
