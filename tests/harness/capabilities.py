"""Where a capability is named: by code that reads it, outside of what is its own."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment

from extensions.capabilities.contributions import Capability

IN_USE = re.compile(r"\buses\.(\w+)")


def named(root: Path, registered: Mapping[str, Capability]) -> dict[str, set[str]]:
    """File of the generator or the template → the capabilities that it names and that it is no home of.

    A name is `uses.<name>` or a text that is the name or the answer as a whole; prose may have the words.
    """
    words = {word: name for name, each in registered.items() for word in (name, each.answer)}
    found = {}
    for path in [*(root / "extensions").rglob("*.py"), *(root / "template").rglob("*")]:
        if path.is_file():
            read = _python if path.suffix == ".py" and path.is_relative_to(root / "extensions") else _template
            names = {words[word] for word in read(path) if word in words} - _at_home(path.relative_to(root), words)
            if names:
                found[path.relative_to(root).as_posix()] = names
    return found


def _at_home(path: Path, words: Mapping[str, str]) -> set[str]:
    """The capabilities that a file belongs to: it is their module, or a part of its path is switched by them."""
    if path.parts[:2] == ("extensions", "capabilities"):
        return {words.get(path.stem, "")}
    return set(IN_USE.findall(path.as_posix()))


def _python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _template(path: Path) -> Iterator[str]:
    if path.suffix != ".jinja":
        return
    tokens = [(kind, text) for _, kind, text in Environment(autoescape=True).lex(path.read_text(encoding="utf-8"))]
    for at, (kind, text) in enumerate(tokens):
        if kind == "string":
            yield text[1:-1]
        elif kind == "name" and tokens[at - 2 : at] == [("name", "uses"), ("operator", ".")]:
            yield text
