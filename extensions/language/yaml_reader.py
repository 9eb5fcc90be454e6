"""YAML as people write it: duplicate keys and broken syntax are reported with their lines, `on` and `yes` stay words.

Editors read `domain.yaml` as YAML 1.2, where only `true` and `false` are booleans and a date is a text; so do we.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any, ClassVar

import yaml

from ..text.problems import Problem
from .source import Finding, Source, at

BIGGEST_FILE = 512 * 1024
MOST_NODES = 50_000
DEEPEST = 40


class YamlError(ValueError):
    """The text is no YAML, or no YAML that a domain could be; `found` says what and where."""

    def __init__(self, *found: Finding | str) -> None:
        self.found = [Finding(Problem("", each)) if isinstance(each, str) else each for each in found]
        super().__init__("; ".join(each.problem.line for each in self.found))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for _tag, _regex, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_regex})$"), list(_first))


class _Constructor(_Loader):
    def __init__(self, stream: bytes | str) -> None:
        super().__init__(stream)
        self.twice: list[tuple[Any, Any]] = []
        """Keys that were there already, each behind the first."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, Any] = {}
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                    if key.value in seen:
                        self.twice.append((seen[key.value], key))
                    seen.setdefault(key.value, key)
        return super().construct_mapping(node, deep=deep)


def _construct_int(_loader: Any, node: Any) -> int:
    return int(node.value) if len(node.value) < 400 else 10**400


_Constructor.add_constructor("tag:yaml.org,2002:int", _construct_int)


def load_yaml(content: bytes) -> Any:
    """The value of one YAML document; raises YamlError with all problems."""
    return read_yaml(content)[0]


def read_yaml(content: bytes) -> tuple[Any, Source]:
    """The same, and the text in which its problems can be placed."""
    if len(content) > BIGGEST_FILE:
        raise YamlError(f"the file has {len(content)} bytes; at most {BIGGEST_FILE} are possible")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        raise YamlError(
            at(Source(before), f"the file is not UTF-8: byte {error.start + 1} is wrong; save it as UTF-8", len(before))
        ) from None
    _check_depth(text)
    loader = None
    root = value = None
    try:
        loader = _Constructor(text)
        root = loader.get_single_node()
        value = loader.construct_document(root) if root is not None else None
    except yaml.YAMLError as error:
        raise YamlError(_explained(error, text)) from None
    except (ValueError, TypeError, RecursionError, OverflowError, AttributeError) as error:
        raise YamlError(f"the file cannot be understood: {error}; remove tags and odd keys") from None
    finally:
        if loader is not None:
            loader.dispose()
    source = Source(text, root)
    if loader.twice:
        # A comma inside {…} cuts a type: `decimal(10,2)` leaves a key `2)`, and each word of an enum one of its own.
        cut = [(first, key) for first, key in loader.twice if _is_end_of_type(key)]
        raise YamlError(*(_twice(source, first, key) for first, key in cut or loader.twice))
    return normalised(value), source


def _is_end_of_type(key: Any) -> bool:
    text = str(key.value)
    return text.rstrip("?").endswith(")") and "(" not in text


def _twice(source: Source, first: Any, key: Any) -> Finding:
    line = source.position(first.start_mark.index).line
    if _is_end_of_type(key):
        what = f"{key.value!r} is the end of a type that a comma has cut, as on line {line}; quote it inside {{…}}"
    else:
        what = f"the key {key.value!r} is already on line {line}; drop or rename one"
    return at(source, what, key.start_mark.index, key.end_mark.index)


def _check_depth(text: str) -> None:
    """Refuse brackets so deep that the parser would run out of stack."""
    if text.count("[") + text.count("{") < 1000 and "\n" + " " * 1000 not in text:
        return
    depth = deepest = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    indent = max((len(line) - len(line.lstrip(" ")) for line in text.splitlines()), default=0)
    if deepest > 200 or indent > 2000 or re.search(r"(?:[-?:] ){200}", text):
        raise YamlError("the file nests too deeply to be a domain; make it flatter")


def _explained(error: yaml.YAMLError, text: str) -> Finding:
    """A YAML error in a line for people, with the usual suspect named."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    source = Source(text)
    if mark is None:
        odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
        return at(source, f"{problem}; remove the character", *odd.span()) if odd else Finding(Problem("", problem))
    _, column = source.position(mark.index)
    before = text[mark.index - column + 1 : mark.index + 1]
    hint = ""
    if "\t" in before[: len(before) - len(before.lstrip())]:
        hint = "; the line begins with a tab, indent with spaces"
    elif "mapping values are not allowed" in problem:
        hint = "; quote a text that contains ': '"
    elif "expected ',' or" in problem:
        hint = "; a '{' or '[' is not closed, or a text inside needs quotes"
    elif "another document" in problem:
        hint = "; a domain is one document: remove the '---' and what is not of it"
    elif "undefined alias" in problem:
        hint = "; quote a text that begins with '*', or write out what it stands for"
    elif "constructor for the tag" in problem:
        hint = "; quote a text that begins with '!', or remove the tag"
    elif "cannot start any token" in problem:
        hint = f"; quote a text that begins with {text[mark.index : mark.index + 1]!r}"
    return at(source, f"{problem}{hint}", mark.index)


def normalised(value: object, *, keys: bool = True) -> Any:
    """The value as JSON would carry it, so that an answer and a file compare equal: dates are texts, keys too.

    Raises YamlError when it refers to itself, is too deep, or, with all its aliases followed, too large.
    """
    budget = [MOST_NODES]
    return _normalised(value, 0, budget, keys)


def _normalised(value: object, depth: int, budget: list[int], keys: bool) -> Any:
    budget[0] -= 1
    if budget[0] < 0:
        raise YamlError(f"the domain has more than {MOST_NODES} values, with its aliases followed")
    if depth > DEEPEST:
        raise YamlError(
            f"the domain is more than {DEEPEST} levels deep, or contains itself; make it flatter, without aliases"
        )
    if isinstance(value, dict):
        return {
            (_key(key) if keys else key): _normalised(inner, depth + 1, budget, keys) for key, inner in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_normalised(inner, depth + 1, budget, keys) for inner in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _key(key: object) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return "null" if key is None else str(key)
