"""The domain language, as the template itself understands it: its extensions are loaded from their files."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from castrum.copying import refusals
from castrum.repository.project import ANSWERS

from . import source


@cache
def _entry() -> ModuleType:
    """The file that Copier loads, which in turn loads the modules beside it."""
    path = source.files() / "extensions" / "castrum.py"
    spec = importlib.util.spec_from_file_location("castrum_template_extension", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def extension(name: str) -> ModuleType:
    """A module of the template's extensions, which says once what template and command both have to know."""
    module: ModuleType = _entry().load(name)
    return module


def problems(path: Path) -> list[str]:
    """Everything that is wrong with the domain file at ``path``, one message each with line and column; empty if it is valid."""
    return [each.said(str(path)) for each in findings(path)]


def findings(path: Path) -> list[Any]:
    """The same with their places, as ``Finding`` of the extensions has them."""
    reading = extension("pipeline.reading")
    try:
        found: list[Any] = reading.findings_in(path)
    except FileNotFoundError:
        return [reading.finding("no such file")]
    except OSError as error:
        return [reading.finding(str(error.strerror))]
    return found


def renames(old: dict[str, Any], new: dict[str, Any], content: bytes = b"") -> list[str]:
    """Why the renames from the domain of the last update to the new one cannot be carried out, one line each.

    With the ``content`` of the file, its lines and columns are said.
    """
    found: list[str] = extension("pipeline.reading").renames_between(old, new, content)
    return found


def document(content: bytes) -> Any:
    """What a domain file with this content says; none when it is not valid YAML."""
    reading = extension("pipeline.reading")
    try:
        return reading.load_yaml(content)
    except reading.YamlError:
        return None


def notes(path: Path) -> list[str]:
    """What is allowed by a valid domain file but not by the size of its service, one message each.

    The size follows from the answers beside the file, or from the defaults.
    """
    beside = path.parent / ANSWERS
    given = yaml.safe_load(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
    defaults = yaml.safe_load((source.files() / "questions" / "operations.yml").read_text(encoding="utf-8"))
    answers = {name: given.get(name, defaults[name]["default"]) for name in ("peak_rps", "p99_ms", "availability")}
    found: list[str] = extension("capacity.bodies").notes(
        model(extension("pipeline.reading").load_yaml(path.read_bytes())), answers
    )
    return found


def model(domain: object) -> dict[str, Any]:
    """The model of a domain, which the templates are rendered with. Refuses a domain that is not valid."""
    with refusals():
        built: dict[str, Any] = extension("pipeline.reading").build_model(domain)
    return built


def event_changes(old: object, new: object) -> tuple[list[str], list[str]]:
    """What other contexts have to know of before, and what else changed in events. Refuses what is not valid."""
    with refusals():
        found: tuple[list[str], list[str]] = extension("pipeline.verdicts").events(old, new)
    return found


def table_changes(old: object, new: object) -> tuple[list[str], list[str]]:
    """What changes in the tables, and what is dangerous in it, one line each. Refuses what is not valid."""
    with refusals():
        found: tuple[list[str], list[str]] = extension("pipeline.verdicts").tables(old, new)
    return found


def under_new_names(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The old domain with the names that the new one gives by `renamed_from`. Refuses what is not valid."""
    with refusals():
        found: dict[str, Any] = extension("pipeline.renamed").under_new_names(old, new)
    return found


def schema() -> dict[str, Any]:
    """The JSON Schema of the domain language."""
    document: dict[str, Any] = extension("language.schema").language_schema()
    return document


@cache
def questions() -> frozenset[str]:
    """The names that ``--data`` may set: every question that is asked."""
    return frozenset(extension("answers.given").questions())
