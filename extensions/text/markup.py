"""Texts of the domain inside TOML, YAML and Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .yamltext import yaml_string

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def toml_string(value: str) -> str:
    """A basic string of TOML."""
    return json.dumps(value, ensure_ascii=False)


def markdown_cell(text: object) -> str:
    """The text for a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


GLOBALS: Mapping[str, Callable[..., Any]] = {}
FILTERS: Mapping[str, Callable[..., Any]] = {
    "toml_string": toml_string,
    "yaml_string": yaml_string,
    "markdown_cell": markdown_cell,
}
