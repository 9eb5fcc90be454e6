"""The text of a domain file and where things are in it: a path that a problem names, in lines and columns.

The tree of YAML's nodes, which know where they begin and end, is kept beside the data and only walked when there is a
problem to place. Lines and columns count from 1; a column is a character, a line ends where editors end it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from ..text.problems import KEY, Problem, Word, printable, steps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..text.problems import Spot

_LINE_END = re.compile(r"\r\n|\n|\r")

Span = tuple[int, int]
"""Where a range of the text begins and ends, in characters."""


class Position(NamedTuple):
    """A place in a file, as editors show it."""

    line: int
    column: int


class Range(NamedTuple):
    """From the first character to behind the last one."""

    start: Position
    end: Position


class Finding(NamedTuple):
    """A problem, and where it is in the file if there is one."""

    problem: Problem
    range: Range | None = None
    pointer: str = ""
    edits: tuple[tuple[Range, str], ...] = ()
    """What to write where, if there is exactly one way to mend it."""

    def said(self, file: str) -> str:
        """`domain.yaml:7:14: aggregates.Order.fields.total: unknown type …`; without a range, the problem alone."""
        if self.range is None:
            return self.problem.line if self.problem.path else f"{file}: {self.problem.line}"
        line, column = self.range.start
        return f"{file}:{line}:{column}: {self.problem.line}"


class Source:
    """A text, and the tree of the nodes that YAML found in it."""

    def __init__(self, text: str, root: Any = None) -> None:
        self.text = text
        self.root = root

    def findings(self, problems: Iterable[Problem]) -> list[Finding]:
        """The problems with their ranges, in the order in which they stand in the file."""
        found = [(self.span_of(problem), problem) for problem in problems]
        return [
            Finding(problem, self.range(*span), self.pointer(problem), self._edits(problem))
            for span, problem in sorted(found, key=lambda each: each[0][0])
        ]

    def pointer(self, problem: Problem) -> str:
        """The problem's place as a JSON pointer, also of a key that is missing."""
        keys = steps(problem.path)
        _, node, whole = self._find(keys)
        if whole and isinstance(node, yaml.SequenceNode):
            keys += [str(number) for number in self._numbers(node, problem.spot)]
        return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in keys)

    def _numbers(self, node: Any, spot: Spot) -> list[int]:
        """The item that is meant, by its number in the list."""
        if isinstance(spot, Word):
            return [number for number, item in enumerate(node.value) if item.value == spot.text][:1]
        return [spot] if isinstance(spot, int) else []

    def _edits(self, problem: Problem) -> tuple[tuple[Range, str], ...]:
        """The edits as ranges; none of them if one cannot be made in the form in which the text is written."""
        made = []
        for spot, text in problem.edits:
            edit = self._edit(problem.path, spot, text)
            if edit is None:
                return ()
            (start, end), written = edit
            made.append((self.range(start, end), written))
        return tuple(made)

    def _edit(self, path: str, spot: Spot, text: str) -> tuple[Span, str] | None:
        keys = steps(path)
        key, node, whole = self._find(keys)
        if not whole:
            return None
        if spot == KEY:
            return None if key is None else self._rewritten(key, (0, len(key.value)), text, flow=False)
        flow = self._in_flow(keys) or (isinstance(node, yaml.SequenceNode) and bool(node.flow_style))
        if isinstance(node, yaml.SequenceNode):
            if spot is None:
                return (self._trimmed(node), _plain_or_quoted(text, self._in_flow(keys))) if node.flow_style else None
            numbers = self._numbers(node, spot)
            node, spot = (node.value[numbers[0]], None) if numbers else (node, spot)
        if not isinstance(node, yaml.ScalarNode):
            return None
        if isinstance(spot, Word):
            match = re.search(rf"(?<!\w){re.escape(spot.text)}(?!\w)", node.value)
            spot = match.span() if match else None
        return self._rewritten(node, spot if isinstance(spot, tuple) else (0, len(node.value)), text, flow)

    def _rewritten(self, node: Any, spot: Span, text: str, flow: bool) -> tuple[Span, str] | None:
        """The characters of a text in other words, quoted if they have to be."""
        start, end = self._trimmed(node)
        written, (first, last) = self.text[start:end], spot
        if written == node.value:
            new = node.value[:first] + text + node.value[last:]
            if _plain_or_quoted(new, flow) == new:
                return (start + first, start + last), text
            return (start, end), _plain_or_quoted(new, flow)
        if written[1:-1] == node.value and not {*text} & {'"', "'", "\\"}:
            return (start + 1 + first, start + 1 + last), text
        return None

    def _in_flow(self, keys: list[str]) -> bool:
        """Whether the value stands between braces or brackets."""
        nodes = [self._find(keys[:length])[1] for length in range(len(keys))]
        return any(isinstance(node, yaml.CollectionNode) and node.flow_style for node in nodes)

    def range(self, start: int, end: int) -> Range:
        """The range of a span."""
        return Range(self.position(start), self.position(end))

    def position(self, index: int) -> Position:
        """The line and the column of a character."""
        starts = self._starts
        low, high = 0, len(starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if starts[middle] <= index else (low, middle)
        return Position(low + 1, index - starts[low] + 1)

    @cached_property
    def _starts(self) -> list[int]:
        """Where the lines begin."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def span_of(self, problem: Problem) -> Span:
        """What the problem is about: a key, a value, a word of it. For a key that is missing, what should have it."""
        key, node, whole = self._find(steps(problem.path))
        if node is None:
            return 0, 0
        if not whole or problem.spot == KEY:
            return self._named(key, node)
        if isinstance(problem.spot, Word):
            return self._of_word(key, node, problem.spot.text)
        if isinstance(node, yaml.SequenceNode) and isinstance(problem.spot, int):
            return self._trimmed(node.value[problem.spot])
        if isinstance(node, yaml.ScalarNode):
            start, end = self._trimmed(node)
            if start == end:
                return self._named(key, node)
            return self._within(node, problem.spot) if isinstance(problem.spot, tuple) else (start, end)
        return self._named(key, node)

    def _of_word(self, key: Any, node: Any, word: str) -> Span:
        """A key of the mapping, an item of the list, or a word in the text or in the `type:` of a field."""
        if isinstance(node, yaml.SequenceNode):
            item = next((item for item in node.value if item.value == word), None)
            return self._named(key, node) if item is None else self._trimmed(item)
        if isinstance(node, yaml.MappingNode):
            found = {key_of(name): (name, value) for name, value in node.value}
            if word in found:
                return self._named(*found[word])
            key, node = found.get("type", (key, node))
        if not isinstance(node, yaml.ScalarNode):
            return self._named(key, node)
        match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", node.value)
        return self._within(node, match.span() if match else (0, len(node.value)))

    def _find(self, keys: list[str]) -> tuple[Any, Any, bool]:
        """The last node on the way that there is, its key, and whether it is the one that was looked for."""
        key, node = None, self.root
        for wanted in keys:
            # A key of the mapping itself stands behind those that it was merged with.
            pairs = reversed(node.value) if isinstance(node, yaml.MappingNode) else ()
            pair = next((pair for pair in pairs if key_of(pair[0]) == wanted), None)
            if pair is None:
                return key, node, False
            key, node = pair
        return key, node, True

    def _named(self, key: Any, node: Any) -> Span:
        """The key, since a mapping or a list may have many lines; at the top, the first one."""
        if key is None and isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
            key = node.value[0][0]
        return self._trimmed(node if key is None else key)

    def _trimmed(self, node: Any) -> Span:
        """From the first to the last character of a node that can be seen."""
        start, end = node.start_mark.index, node.end_mark.index
        return start, start + len(self.text[start:end].rstrip())

    def _within(self, node: Any, spot: Span) -> Span:
        """The characters of a text, in the form in which it is written."""
        start, end = self._trimmed(node)
        written, (first, last) = self.text[start:end], spot
        for quote in (0, 1):
            if written[quote : len(written) - quote] == node.value:
                return start + quote + first, start + quote + last
        at = written.find(node.value[first:last])
        return (start + at, start + at + last - first) if at >= 0 else (start, end)


def _plain_or_quoted(text: str, flow: bool) -> str:
    """The text as it may stand there."""
    plain = re.fullmatch(r"[A-Za-z0-9][^:#\n]*", text) and not (flow and re.search(r"[][{},]", text))
    return text if plain else "'" + text.replace("'", "''") + "'"


def key_of(node: Any) -> str:
    """The key as data has it: texts, and what YAML takes for something else in the words of JSON."""
    tag, text = node.tag.rpartition(":")[2], str(node.value)
    if tag == "bool":
        return text.lower()
    if tag == "null":
        return "null"
    if tag == "int" and len(text) < 400:
        return str(int(text))
    return str(float(text)) if tag == "float" else text


def at(source: Source, message: str, start: int, end: int | None = None) -> Finding:
    """A problem that has no path, only a place."""
    return Finding(Problem("", printable(message)), source.range(start, start if end is None else end))
