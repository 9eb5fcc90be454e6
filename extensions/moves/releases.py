"""What the releases of a template have put elsewhere, as `moves:` and `imports:` of `releases/*.yaml` say it.

    moves:
      src/{package}/platform/edge.py: src/{package}/platform/http/middleware.py
      tests/{aggregate}/: tests/domain/{aggregate}/        # a folder, with all that is in it
      tests/{aggregate}/__init__.py: tests/{aggregate}/__init__.py    # but this file, which the template takes away
    imports:
      "{package}.kernel.Money": "{package}.shared.money.Money"
      "{package}.platform.http.Body": "{package}.platform.http.Body"    # stays, though its module went elsewhere

A module that a move takes elsewhere needs no entry in `imports`. `{package}` is the service's package, `{aggregate}`
stands for the folder of each aggregate.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from packaging.version import InvalidVersion, Version

from .imports import Module, Places, rewritten

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a PyYAML without its C library
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SOURCES = "src/"
PLACEHOLDER = re.compile(r"\{(\w*)\}")
PATH = re.compile(r"(?:(?:[\w.-]|\{package\}|\{aggregate\})+/)*(?:[\w.-]|\{package\}|\{aggregate\})+/?")
NAME = re.compile(r"\{package\}|(?:\w|\{package\}|\{aggregate\})+(?:\.(?:\w|\{package\}|\{aggregate\})+)+")

PACKAGE = re.compile(r"(?:\w|\{package\}|\{aggregate\})+")
"""What a module may become a part of."""


class ReleaseError(ValueError):
    """A release says something that cannot be carried out; the message says which one, and what."""


class Release(NamedTuple):
    """What one release has put elsewhere, with placeholders."""

    version: Version
    moves: Mapping[str, str]
    imports: Mapping[str, str]


def passed(texts: Mapping[str, str], old: Version | None, new: Version | None) -> Iterator[tuple[Version, Any]]:
    """What the releases after ``old`` up to ``new`` say, oldest first, of texts by their versions."""
    if old is None or new is None:
        return
    known = []
    for name in texts:
        try:
            known.append((Version(name), name))
        except InvalidVersion:
            continue
    for version, name in sorted(known):
        if old < version <= new:
            yield version, yaml.load(texts[name], Loader) or {}


def moving(texts: Mapping[str, str], old: Version | None, new: Version | None) -> list[Release]:
    """The releases after ``old`` up to ``new`` that have put something elsewhere; refuses what cannot be done."""
    return [
        release(version, document)
        for version, document in passed(texts, old, new)
        if document.get("moves") or document.get("imports")
    ]


def release(version: Version, document: Mapping[str, Any]) -> Release:
    """What the document of a release says of moves; refuses what cannot be carried out."""
    for key, shape in (("moves", PATH), ("imports", NAME)):
        given = document.get(key) or {}
        if not isinstance(given, dict):
            raise ReleaseError(f"releases/{version}.yaml: {key}: expected a mapping, old place → new place")
        for pair in given.items():
            if problem := _problem(pair, shape, given):
                raise ReleaseError(f"releases/{version}.yaml: {key}: {pair[0]} → {pair[1]}: {problem}")
    return Release(version, document.get("moves") or {}, document.get("imports") or {})


def _problem(pair: tuple[Any, Any], shape: re.Pattern[str], others: Iterable[Any]) -> str | None:
    for each, more in zip(pair, (None, PACKAGE if shape is NAME else None), strict=True):
        known = isinstance(each, str) and (shape.fullmatch(each) or (more and more.fullmatch(each)))
        if not known or {".", ".."} & set(each.split("/")):
            kind = "path below the service's folder" if shape is PATH else "dotted name"
            return f"{each} is no {kind}; placeholders are {{package}} and {{aggregate}}"
    old, new = pair
    if set(PLACEHOLDER.findall(old)) != set(PLACEHOLDER.findall(new)):
        return "both have the same placeholders"
    if old.endswith("/") != new.endswith("/"):
        return "a folder has a slash at its end, a file has none"
    stays = not old.endswith("/") and any(str(each).endswith("/") and old.startswith(str(each)) for each in others)
    if (old == new and shape is PATH and not stays) or (old.endswith("/") and new.startswith(old)):
        return "it has to lead elsewhere"
    return None


class Step:
    """A release's moves in one service; ``made`` are the files that the template has made there before them."""

    def __init__(self, release: Release, made: Iterable[str]) -> None:
        paths = sorted(made)
        self.release = release
        packages = (re.fullmatch(r"src/(\w+)/__main__\.py", path) for path in paths)
        self._package = next((match[1] for match in packages if match), "")
        services = (re.fullmatch(rf"src/{self._package}/(\w+)/service\.py", path) for path in paths)
        self._aggregates = [match[1] for match in services if match]
        self._paths = dict(self._expanded(release.moves))
        self.places = {path: place for path in paths if (place := self.place(path)) != path}
        """Old path → new path of what the template has made."""
        modules = {_module(one): _module(two) for one, two in self.places.items() if one.endswith(".py")}
        folders = {one: two for one, two in self._paths.items() if one.endswith("/")}
        modules |= {_module(f"{one}__init__.py"): _module(f"{two}__init__.py") for one, two in folders.items()}
        modules = {one: two for one, two in modules.items() if one != two and one and two}
        self._names = Places(modules, dict(self._expanded(release.imports)))
        # What a module without any of them has not to be parsed for.
        self._words = {name.rpartition(".")[2].encode() for name in (*modules, *self._names.names)}
        self._known: dict[tuple[Module, bytes], bytes] = {}

    def _expanded(self, pairs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for pair in pairs.items():
            for aggregate in self._aggregates if "{aggregate}" in pair[0] else [""]:
                old, new = (each.replace("{package}", self._package).replace("{aggregate}", aggregate) for each in pair)
                yield old, new

    def place(self, path: str) -> str:
        """Where the file is now, also one of the person's in a folder that is elsewhere."""
        if path in self._paths:
            return self._paths[path]
        for folder in PurePosixPath(path).parents:
            new = self._paths.get(f"{folder}/")
            if new is not None:
                return f"{new}{PurePosixPath(path).relative_to(folder)}"
        return path

    def content(self, path: str, content: bytes, place: str | None = None) -> bytes:
        """The content of the file, whose imports follow to its new place; ``place`` where it is to be another one."""
        module = Module(_module(path), _module(place or self.place(path)), path.endswith("__init__.py"))
        if not path.endswith(".py") or (module.old == module.new and not any(word in content for word in self._words)):
            return content
        key = (module, content)
        if key not in self._known:
            self._known[key] = rewritten(content, module, self._names)
        return self._known[key]

    def old_names(self) -> list[str]:
        """The dotted names and the paths that lead nowhere now."""
        return [*self._names.old(), *self.places]


def _module(path: str) -> str:
    """The dotted name under which the file is imported."""
    parts = PurePosixPath(path.removeprefix(SOURCES)).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
