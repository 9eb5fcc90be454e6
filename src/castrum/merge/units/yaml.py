"""The units of YAML: the entries of mappings and the items of lists, down to the last."""

import re
from itertools import pairwise
from typing import Any, Final

import yaml

from .brackets import MEANT, Brackets, about
from .model import Order, Part, UnreadableError

IDENTITY: Final = ("name", "id", "alert", "$ref", "key", "title", "uses")
"""What tells the items of a list apart."""
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parts(lines: list[str]) -> Part:
    """The unit of the whole text."""
    if any(line.startswith(("...", "%")) or (line.startswith("---") and line != "---") for line in lines):
        raise UnreadableError
    text = "\n".join(lines) + "\n"
    try:
        found = [*yaml.compose_all(text, Loader=Loader)]
    except (yaml.YAMLError, RecursionError):
        raise UnreadableError from None
    return _Reader(lines).whole(found)


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._brackets = Brackets(lines, ('"', "'"))

    def whole(self, found: list[Any]) -> Part:
        """The documents, which begin with a line of dashes each; the first one may do without."""
        dashes = [at for at, line in enumerate(self._lines) if line == "---"]
        end = len(self._lines)
        if len(found) == 1 and len(dashes) < 2:
            return self._document(found[0], Part("", 0, end, (dashes[0] + 1 if dashes else 0, end)))
        starts = dashes if len(dashes) == len(found) else [0, *dashes]
        if not found or len(starts) != len(found):
            raise UnreadableError
        root = Part("", 0, end, (starts[0], end))
        for start, last, node in zip(starts, [*starts[1:], end], found, strict=True):
            values = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
            names = {key.value: value.value for key, value in getattr(values.get("metadata"), "value", ())}
            kind = getattr(values.get("kind"), "value", len(root.parts))
            each = Part(f"{kind} {names.get('name', '')}", start, last, (start + (self._lines[start] == "---"), last))
            root.parts.append(self._document(node, each))
        return root

    def _document(self, node: Any, part: Part) -> Part:
        if not isinstance(node, yaml.CollectionNode) or node.flow_style:
            raise UnreadableError
        part.parts, part.order = self._inner(node, "")
        return part

    def _inner(self, node: Any, name: str) -> tuple[list[Part], Order]:
        if isinstance(node, yaml.MappingNode):
            found = [self._entry(key, value) for key, value in node.value]
            return self._apart(found), Order.FREE
        items = [self._item(each, name) for each in node.value]
        return self._apart(items), self._order(items, name)

    @staticmethod
    def _apart(found: list[Part]) -> list[Part]:
        for one, two in pairwise(found):
            if two.start < one.end:
                raise UnreadableError
        return found

    def _entry(self, key: Any, value: Any) -> Part:
        start = key.start_mark.line
        name = key.value if isinstance(key, yaml.ScalarNode) else None
        if name is None:
            raise UnreadableError
        end = key.end_mark.line + 1
        if value.start_mark.index < key.start_mark.index:  # what an alias stands for is elsewhere
            value = yaml.ScalarNode("", "", key.start_mark, key.end_mark)
        end = self._with_comments(max(end, _end(value)), key.start_mark.column)
        part = self._value(start, end, value, f"{name}:", name)
        part.is_entry = name != "<<" and not self._is_anchored(part)
        return part

    def _item(self, node: Any, name: str) -> Part:
        start = node.start_mark.line
        if not self._lines[start].lstrip().startswith("-"):
            raise UnreadableError
        line = self._lines[start]
        end = self._with_comments(max(_end(node), start + 1), len(line) - len(line.lstrip()))
        part = self._value(start, end, node, "", name)
        if isinstance(node, yaml.ScalarNode):
            part.key, part.alias = node.value, about(node.value)
            part.is_entry = True
        elif isinstance(node, yaml.MappingNode):
            values = {key.value: value.value for key, value in node.value if isinstance(value, yaml.ScalarNode)}
            told = next((each for each in IDENTITY if each in values), None)
            part.key = f"{told} {values[told]}" if told else _dump(node)
            if told == "uses":
                part.key = part.key.partition("@")[0]
            part.is_entry = told is not None and told != "uses"
        else:
            part.key, part.is_entry = _dump(node), False
        part.is_entry &= not self._is_anchored(part)
        return part

    def _value(self, start: int, end: int, node: Any, key: str, name: str) -> Part:
        if isinstance(node, yaml.CollectionNode) and node.value:
            if node.flow_style:
                part = self._brackets.part(start, end, key, name)
                part.is_list = True
                return part
            first = node.start_mark.line
            part = Part(key, start, end, (first, end))
            part.parts, part.order = self._inner(node, name)
            return part
        return Part(key, start, end)

    def _with_comments(self, end: int, column: int) -> int:
        """The end of what begins at the column, with the comments below that are further in."""
        while not self._lines[end - 1].strip():  # a text of several lines ends with those that are blank
            end -= 1
        at = end
        while at < len(self._lines):
            line = self._lines[at]
            inner = line.lstrip()
            if inner and not (inner.startswith("#") and len(line) - len(inner) > column):
                break
            at += 1
            end = at if inner else end
        return end

    def _is_anchored(self, part: Part) -> bool:
        """Whether it has a name by which other places mean it."""
        return any(re.search(r"(?:^|[\s\[{,])&\w", line) for line in self._lines[part.start : part.end])

    def _order(self, items: list[Part], name: str) -> Order:
        alerts = all(item.key.startswith("alert ") for item in items)
        options = any(item.key.startswith("-") for item in items)
        depends = any("$(" in line for item in items for line in self._lines[item.start : item.end])
        if options or depends or (MEANT.search(name) and not (name == "rules" and alerts)):
            return Order.KEPT
        return Order.FREE


def _end(node: Any) -> int:
    """The first line after what is really there; the parser's own mark is where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        inner = (each for pair in node.value for each in (pair if isinstance(pair, tuple) else (pair,)))
        return max((_end(each) for each in inner), default=node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode) and not node.value and node.style is None:
        return int(node.start_mark.line)
    mark = node.end_mark
    return int(mark.line + (mark.column > 0))


def _dump(node: Any) -> str:
    return str(yaml.serialize(node))
