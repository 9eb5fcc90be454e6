"""The direct dependencies, as the manifests of this repository name them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from extensions.capabilities.registry import registered

ROOT = Path(__file__).resolve().parents[1]
PYTHON = {"service": ROOT / "template" / "pyproject.toml.jinja", "Castrum": ROOT / "pyproject.toml"}
NPM = {
    "service": ROOT / "template" / "contract" / "package.json",
    "benchmarks": ROOT / "benchmarks" / "apps" / "fastify" / "package.json",
}
# The template's manifest is no TOML before it is rendered; the lists of requirements are the same in it.
_LIST = re.compile(r"^(?:dependencies|dev|tools|requires) = \[(.*?)\]$", re.DOTALL | re.MULTILINE)
_REQUIREMENT = re.compile(r'"([A-Za-z][^"]*)"')
_STATEMENT = re.compile(r"\{%.*?%\}")


class Dependency(NamedTuple):
    """A package that a manifest names: `kind` is PyPI or npm, `cap` what its versions are held to there."""

    kind: str
    name: str
    user: str
    cap: str


def direct() -> list[Dependency]:
    """All of them, in the order of their names."""
    return sorted({*_python(), *_npm()})


def _python() -> Iterator[Dependency]:
    for user, file in PYTHON.items():
        for listed in _LIST.findall(_STATEMENT.sub("", file.read_text(encoding="utf-8"))):
            for text in _REQUIREMENT.findall(listed):
                yield _required(text, user)
    for capability in registered().values():
        for text in capability.dependencies:
            yield _required(text, "service")


def _required(text: str, user: str) -> Dependency:
    requirement = Requirement(text)
    versions = sorted(requirement.specifier, key=lambda each: each.operator, reverse=True)
    return Dependency("PyPI", canonicalize_name(requirement.name), user, ",".join(str(each) for each in versions))


def _npm() -> Iterator[Dependency]:
    for user, file in NPM.items():
        manifest = json.loads(file.read_text(encoding="utf-8"))
        for group in ("dependencies", "devDependencies"):
            for name, cap in manifest.get(group, {}).items():
                yield Dependency("npm", name, user, cap)
