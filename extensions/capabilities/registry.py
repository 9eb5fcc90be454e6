"""All capabilities in a fixed order, and those that the answers have chosen."""

from __future__ import annotations

import importlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from . import contributions

FOLDER = Path(__file__).resolve().parent
SHARED = frozenset({"__init__", "contributions", "registry"})
"""Modules of this folder that are no capability."""


@lru_cache(maxsize=1)
def registered() -> dict[str, contributions.Capability]:
    """Name → capability, in the order of the names."""
    names = sorted({path.stem for path in FOLDER.glob("*.py")} - SHARED)
    return {name: importlib.import_module(f"{__package__}.{name}").CAPABILITY for name in names}


def clouds() -> dict[str, contributions.Cloud]:
    """Answer to `cloud` → what is known of it."""
    return {each.answer: each.cloud for each in registered().values() if each.cloud}


def hosts() -> dict[str, contributions.Host]:
    """Answer to `repository_host` → what is known of it."""
    return {each.answer: each.host for each in registered().values() if each.host}


def releases() -> dict[str, contributions.Release]:
    """Answer to `release` → what is known of it."""
    return {each.answer: each.release for each in registered().values() if each.release}


@pass_context
def capabilities(answers: Mapping[str, Any]) -> dict[str, bool]:
    """Name of each capability → whether the answers have chosen it."""
    return {name: answers[each.question] == each.answer for name, each in registered().items()}


def following_rules(uses: Mapping[str, bool]) -> list[contributions.Rule]:
    """The rules of the capabilities in use for files that follow the template."""
    return [rule for name, each in registered().items() if uses[name] for rule in each.follows_template]


def dependencies(uses: Mapping[str, bool]) -> list[str]:
    """What the capabilities in use depend on when the service runs."""
    return [line for name, each in registered().items() if uses[name] for line in each.dependencies]


GLOBALS: dict[str, Callable[..., Any]] = {
    "capabilities": capabilities,
    "dependencies": dependencies,
    "releases": releases,
}
FILTERS: dict[str, Callable[..., Any]] = {}
