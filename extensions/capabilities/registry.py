"""All capabilities in a fixed order, and those that the answers have chosen."""

from __future__ import annotations

import importlib
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from . import contributions

FOLDER = Path(__file__).resolve().parent
PLACE = FOLDER.relative_to(FOLDER.parents[1]).as_posix()
"""This folder below that of the template, from which templates are included."""
SHARED = frozenset({"__init__", "contributions", "registry", "signals"})
"""Modules of this folder that are no capability."""


@lru_cache(maxsize=1)
def registered() -> dict[str, contributions.Capability]:
    """Name → capability, in the order of the names."""
    modules = {path.stem for path in FOLDER.glob("*.py")} | {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    names = sorted(modules - SHARED)
    return {name: importlib.import_module(f"{__package__}.{name}").CAPABILITY for name in names}


def clouds() -> dict[str, contributions.Cloud]:
    """Answer to `cloud` → what is known of it."""
    return {str(each.answer): each.cloud for each in registered().values() if each.cloud}


def hosts() -> dict[str, contributions.Host]:
    """Answer to `repository_host` → what is known of it."""
    return {str(each.answer): each.host for each in registered().values() if each.host}


def host_of(server: str, path: str) -> str:
    """The host whose repositories have such a path, and whose name the server has if any; the first one otherwise."""
    fitting = [name for name, each in hosts().items() if re.fullmatch(each.path, path)] or list(hosts())
    return next((name for name in fitting if name in server), fitting[0])


def releases() -> dict[str, contributions.Release]:
    """Answer to `release` → what is known of it."""
    return {str(each.answer): each.release for each in registered().values() if each.release}


@pass_context
def capabilities(answers: Mapping[str, Any]) -> dict[str, bool]:
    """Name of each capability → whether the answers have chosen it."""
    return {name: _is_chosen(each, answers) for name, each in registered().items()}


def _is_chosen(capability: contributions.Capability, answers: Mapping[str, Any]) -> bool:
    found: Any = answers
    for part in capability.question.split(".") if capability.question else ():
        found = found[part]
    return not capability.question or bool(found == capability.answer)


def contributed(uses: Mapping[str, bool], kind: str) -> list[Any]:
    """What the capabilities in use contribute of one kind, a field of `Capability`, in their order."""
    return [item for name, each in registered().items() if uses[name] for item in getattr(each, kind)]


def with_requirements(listed: str, requirements: Sequence[str]) -> str:
    """Lines of a list of requirements and some more, in the order of their names; a comment stays above its line."""
    entries = [f'    "{each}",' for each in requirements]
    comment: list[str] = []
    for line in listed.splitlines():
        comment.append(line)
        if not line.lstrip().startswith("#"):
            entries.append("\n".join(comment))
            comment = []
    return "".join(f"{entry}\n" for entry in sorted(entries, key=_requirement))


def _requirement(entry: str) -> list[str]:
    return re.findall(r'"([\w.-]+)', entry.rpartition("\n")[2])


def parts(uses: Mapping[str, bool], slot: str) -> list[str]:
    """What the capabilities in use add to a shared file at this place: templates, in the order of the capabilities.

    They are `<slot>.jinja` in the capability's folder, and are included where the file has the place.
    """
    return [f"{PLACE}/{name}/{slot}.jinja" for name in registered() if uses[name] and slot in _slots(name)]


@cache
def _slots(name: str) -> frozenset[str]:
    folder = FOLDER / name
    return frozenset(path.relative_to(folder).as_posix().removesuffix(".jinja") for path in folder.rglob("*.jinja"))


def alarms(cloud: str) -> list[dict[str, Any]]:
    """The alarms of a cloud."""
    return [alarm._asdict() for alarm in clouds()[cloud].alarms]


def alarm_pages(cloud: str) -> set[str]:
    """The runbooks of the alarms of a cloud."""
    return {alarm.runbook for alarm in clouds()[cloud].alarms}


def runbooks_url(host: str, repository: str) -> str:
    """Where people read the runbooks."""
    return hosts()[host].runbooks.format(repository)


GLOBALS: dict[str, Callable[..., Any]] = {
    "alarm_pages": alarm_pages,
    "alarms": alarms,
    "capabilities": capabilities,
    "clouds": clouds,
    "contributed": contributed,
    "hosts": hosts,
    "parts": parts,
    "releases": releases,
    "runbooks_url": runbooks_url,
}
FILTERS: dict[str, Callable[..., Any]] = {"with_requirements": with_requirements}
