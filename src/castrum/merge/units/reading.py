"""What a text says, by the real parser of its kind, and whether a merge says what both sides say."""

import ast
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import yaml

from .model import Part, UnreadableError

if TYPE_CHECKING:
    from .kinds import Kind

ABSENT: Final = object()
KEY: Final = "\x1fkey"
"""Under which what is in a list has its name, if it has one."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML, and refuses a key that is there twice."""


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    pairs = [(loader.construct_object(key, deep=True), value) for key, value in node.value]
    if len({repr(key) for key, _ in pairs}) < len(pairs):
        raise yaml.YAMLError
    return {key: loader.construct_object(value, deep=True) for key, value in pairs}


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_multi_constructor("!", lambda _, suffix, node: f"{suffix} {yaml.serialize(node)}")


def of_yaml(text: str) -> Any:
    """What YAML says."""
    try:
        return [*yaml.load_all(text, Loader=_Loader)]  # a safe loader, and stricter
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        raise UnreadableError from None


def of_toml(text: str) -> Any:
    """What TOML says."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise UnreadableError from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableError
    return found


def of_json(text: str) -> Any:
    """What JSON says."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise UnreadableError from None


def of_python(text: str) -> Any:
    """The syntax tree."""
    try:
        return _node(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        raise UnreadableError from None


def _node(node: Any) -> Any:
    if isinstance(node, list):
        return [_node(each) for each in node]
    if isinstance(node, ast.Dict):
        names = [ast.dump(key) if key else f"**{ast.dump(value)}" for key, value in zip(node.keys, node.values)]  # noqa: B905
        return {name: _node(value) for name, value in _once([*zip(names, node.values, strict=True)]).items()}
    if isinstance(node, ast.ImportFrom | ast.Set):
        listed = node.names if isinstance(node, ast.ImportFrom) else node.elts
        return {"": type(node).__name__, KEY: _name(node), **{ast.dump(each): True for each in listed}}
    if isinstance(node, ast.AST):
        found = {name: _node(value) for name, value in ast.iter_fields(node)}
        return {"": type(node).__name__, KEY: _name(node), **found}
    return node


def _name(node: ast.AST) -> str:
    """What makes a node of a list the same one in another version."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return f"def {node.name}"
    if isinstance(node, ast.keyword):
        return f"{node.arg}="
    if isinstance(node, ast.ImportFrom):
        return f"from {node.level} {node.module}"
    if isinstance(node, ast.Assign):
        return f"{ast.dump(node.targets[0])} ="
    if isinstance(node, ast.AnnAssign):
        return f"{ast.dump(node.target)} ="
    if isinstance(node, ast.Expr | ast.Return):
        return f"{type(node).__name__} {_name(node.value)}" if isinstance(node.value, ast.Call) else ""
    if isinstance(node, ast.Call):
        first = node.args[0] if node.args and isinstance(node.args[0], ast.Constant) else None
        return f"{ast.dump(node.func)}({ast.dump(first) if first else ''}"
    return f"if {ast.dump(node.test)}" if isinstance(node, ast.If) else ""


def of_units(part: Part, text: str) -> Any:
    """The units of a text that has no parser of its own."""
    return _units(part, text.split("\n"))


def _units(part: Part, lines: Sequence[str]) -> Any:
    if part.inside is None:
        return {KEY: part.key, "": [line.strip() for line in lines[part.start : part.end]]}
    head = [line.strip() for line in lines[part.start : part.inside[0]]]
    inner = [_units(each, lines) for each in part.parts]
    if len({each[KEY] for each in inner}) < len(inner):
        raise UnreadableError
    return {KEY: part.key, "": head, "in": inner}


def agree(kind: "Kind", settled: str, old: str, mine: str, new: str) -> bool:
    """Whether the merged text says what the old one does, with what each side added, and without what it took out."""
    try:
        said = [kind.said(text) for text in (settled, old, mine, new)]
    except UnreadableError:
        return False
    return _agree(*said)


def _agree(settled: Any, old: Any, mine: Any, new: Any) -> bool:
    if _same(mine, old) or _same(mine, new):
        return _same(settled, new)
    if _same(new, old):
        return _same(settled, mine)
    four = (settled, old, mine, new)
    if all(isinstance(each, dict) for each in four):
        names = {name for each in four for name in each}
        return all(_agree(*(each.get(name, ABSENT) for each in four)) for name in names)
    return all(isinstance(each, list) for each in four) and _lists_agree(settled, old, mine, new)


def _same(one: Any, two: Any) -> bool:
    return one is two or (one is not ABSENT and two is not ABSENT and type(one) is type(two) and bool(one == two))


def _lists_agree(settled: list[Any], old: list[Any], mine: list[Any], new: list[Any]) -> bool:
    four = (settled, old, mine, new)
    if len({len(side) for side in four}) == 1 and all(_agree(*each) for each in zip(*four, strict=True)):
        return True
    sides = [[*_named(side)] for side in four]
    counts = [Counter(name for name, _ in side) for side in sides]
    for name in {name for count in counts for name in count}:
        there, before, one, two = (count[name] for count in counts)
        if there != (one if one == two else one + two - before):
            return False
        if max(there, before, one, two) > 1:
            items = [[item for each, item in side if each == name] for side in sides]
            if not all(_agree(*each) for each in zip(*items, strict=False)):
                return False
        elif not _agree(*(next((item for each, item in side if each == name), ABSENT) for side in sides)):
            return False
    orders = [[name for name, _ in side] for side in sides]
    turned = [_order(side, orders[1]) != _order(orders[1], side) for side in orders[2:]]
    followed = [side for side, is_turned in zip(orders[2:], turned, strict=True) if is_turned or not any(turned)]
    return all(_order(orders[0], side) == _order(side, orders[0]) for side in followed)


def _order(side: list[str], other: list[str]) -> list[str]:
    known = set(other)
    return [name for name in side if name in known]


def _named(side: list[Any]) -> Iterator[tuple[str, Any]]:
    for each in side:
        name = (
            each.get(KEY) or next((each[told] for told in ("name", "id", "alert") if told in each), "")
            if isinstance(each, dict)
            else ""
        )
        yield (f"{KEY}{name}" if name else repr(each)), each
