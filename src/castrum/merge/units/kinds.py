"""Which kind of text a file is, how its units are found, and what it says to those who read it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from . import json, make, markdown, plain, python, reading, toml, yaml
from .model import Part, UnreadableError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of text: how it is taken apart, and by what parser it is read."""

    parts: Callable[[list[str]], Part]
    reads: Callable[[str], Any] | None = None
    """What the text says, by the parser of its kind; none where the units are all there is to say."""
    comment: str = r"#"

    def is_comment(self, line: str) -> bool:
        """Whether the line is a comment alone."""
        return bool(self.comment) and bool(re.match(self.comment, line.lstrip()))

    def said(self, text: str) -> Any:
        """What the text says; raises UnreadableError if it is not of the kind."""
        if self.reads is not None:
            return self.reads(text)
        return reading.of_units(self.parts(text.removesuffix("\n").split("\n")), text)

    def is_readable(self, text: str) -> bool:
        """Whether it is of the kind."""
        try:
            self.said(text)
        except UnreadableError:
            return False
        return True


PYTHON: Final = Kind(python.parts, reading.of_python)
YAML: Final = Kind(yaml.parts, reading.of_yaml)
TOML: Final = Kind(toml.parts, reading.of_toml)
JSON: Final = Kind(json.parts, reading.of_json, comment="")
MAKE: Final = Kind(make.parts)
MARKDOWN: Final = Kind(markdown.parts, comment="")
PATTERNS: Final = Kind(plain.patterns)
OWNERS: Final = Kind(plain.owners)
SETTINGS: Final = Kind(plain.settings)
TERRAFORM: Final = Kind(plain.terraform, comment=r"#|//")
BY_NAME: Final = {
    "Makefile": MAKE, "GNUmakefile": MAKE, ".gitignore": PATTERNS, ".dockerignore": PATTERNS, ".helmignore": PATTERNS,
    "CODEOWNERS": OWNERS, ".gitattributes": OWNERS, ".env": SETTINGS, ".env.example": SETTINGS,
}  # fmt: skip
BY_SUFFIX: Final = {
    ".py": PYTHON, ".pyi": PYTHON, ".yaml": YAML, ".yml": YAML, ".toml": TOML, ".json": JSON, ".mk": MAKE,
    ".md": MARKDOWN, ".tf": TERRAFORM,
}  # fmt: skip


def kind_of(path: str) -> Kind | None:
    """The kind of the file, by its name."""
    name = PurePosixPath(path).name
    return BY_NAME.get(name) or BY_SUFFIX.get(PurePosixPath(name).suffix)
