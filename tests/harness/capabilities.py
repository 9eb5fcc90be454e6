"""Where a capability is named: by code that reads it, outside of its homes.

Its homes are what is called by its name, and so goes when it goes: its folder in `extensions/capabilities/`, in which a
folder of another's name has what belongs to both, and what of the template `uses.<name>` in a path switches. It is
chosen in `questions/`; examples, documents and tests may speak of it.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from jinja2 import Environment

from extensions.capabilities.contributions import Capability

PLACES = ("extensions", "template", "src")
HOMES = Path("extensions/capabilities")
IN_USE = re.compile(r"(?<!not )\buses\.(\w+)")
NOT_IN_USE = re.compile(r"not uses\.(\w+)")


def named(root: Path, registered: Mapping[str, Capability]) -> dict[str, set[str]]:
    """File of generator, template or command → the capabilities that it names and that it is no home of.

    A name is `uses.<name>` or a text that is the name or the answer as a whole; prose may have the words.
    """
    words = {
        word: name
        for name, each in registered.items()
        for word in (name, each.answer)
        if isinstance(word, str) and word
    }
    found = {}
    for path in (path for folder in PLACES for path in (root / folder).rglob("*")):
        if not path.is_file():
            continue
        place, read = path.relative_to(root), _reader(path, root)
        names = {words[word] for word in read(path) if word in words} if read else set()
        names |= set(NOT_IN_USE.findall(place.as_posix()))
        if names := names - _at_home(place, words):
            found[place.as_posix()] = names
    return found


def _reader(path: Path, root: Path) -> Callable[[Path], Iterator[str]] | None:
    if path.suffix == ".jinja":
        return _template
    return _python if path.suffix == ".py" and not path.is_relative_to(root / "template") else None


def _at_home(path: Path, words: Mapping[str, str]) -> set[str]:
    """The capabilities that a file belongs to, as the parts of its path say."""
    if path.is_relative_to(HOMES):
        return {words[part] for part in path.relative_to(HOMES).parent.parts if part in words}
    return set(IN_USE.findall(path.as_posix()))


def _python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _template(path: Path) -> Iterator[str]:
    tokens = [(kind, text) for _, kind, text in Environment(autoescape=True).lex(path.read_text(encoding="utf-8"))]
    for at, (kind, text) in enumerate(tokens):
        if kind == "string":
            yield text[1:-1]
        elif kind == "name" and tokens[at - 2 : at] == [("name", "uses"), ("operator", ".")]:
            yield text
