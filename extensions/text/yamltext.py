"""YAML as a person would write it: block style, short lists on one line, long texts folded, no anchors.

PyYAML's emitters either cannot indent sequences (libyaml) or take a second for a large contract (Python), and neither
leaves a blank line between the parts of a document. The result is what `prettier` would leave alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

WIDTH = 100
"""Columns after which a text is folded and a list is written as a block."""

_INDENT = "  "
_ODD = r"\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff"
_PLAIN = re.compile(rf"[A-Za-z/$_^(](?:[^{_ODD}:#]|:(?! |$)|(?<! )#)*|[0-9]+\.[0-9]+\.[0-9]+")
_PLAIN_IN_LIST = re.compile(rf"[A-Za-z/$_](?:[^{_ODD}:#,?\[\]{{}}\"'\\])*")
_PLAIN_LINE = re.compile(rf"[^{_ODD}]+")
_UNPRINTABLE = re.compile(rf"[{_ODD}]")
_KEYWORDS = frozenset({"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def dump(document: Mapping[str, Any], *, spaced: Collection[tuple[str, ...]] = ()) -> str:
    """Return `document` (mappings with text keys, sequences, texts, numbers, booleans, None) as YAML text.

    `spaced` lists the paths, up to two keys long, of the mappings whose entries are set apart by blank lines; `()` is
    the document itself.
    """
    lines: list[str] = []
    _spaced_mapping(document, (), lines, spaced)
    return "\n".join(lines) + "\n"


def _spaced_mapping(
    value: Mapping[str, Any], path: tuple[str, ...], lines: list[str], spaced: Collection[tuple[str, ...]]
) -> None:
    """Write the outer levels of the document, with the blank lines asked for."""
    indent = _INDENT * len(path)
    for number, (key, child) in enumerate(value.items()):
        if number and path in spaced:
            lines.append("")
        head = f"{indent}{_scalar(key)}:"
        if isinstance(child, Mapping) and child and len(path) < 2 and _reference(child) is None:
            lines.append(head)
            _spaced_mapping(child, (*path, key), lines, spaced)
        else:
            _entry(head, child, indent, lines)


def _mapping(value: Mapping[str, Any], indent: str, lines: list[str]) -> None:
    for key, child in value.items():
        _entry(f"{indent}{_scalar(key)}:", child, indent, lines)


def _entry(head: str, value: Any, indent: str, lines: list[str]) -> None:
    """Write `value` after `head` (`key:`), on its line or below it."""
    if isinstance(value, str):
        _text(head, value, indent, lines)
    elif isinstance(value, Mapping) and value:
        flow = _reference(value)
        if flow is not None and len(head) + len(flow) < WIDTH:
            lines.append(f"{head} {flow}")
        else:
            lines.append(head)
            _mapping(value, indent + _INDENT, lines)
    elif isinstance(value, (list, tuple)) and value:
        flow = _flow(value, WIDTH - len(head))
        if flow is not None:
            lines.append(f"{head} {flow}")
        else:
            lines.append(head)
            _sequence(value, indent + _INDENT, lines)
    else:
        lines.append(f"{head} {_empty(value) or _scalar(value)}")


def _sequence(value: Sequence[Any], indent: str, lines: list[str]) -> None:
    for item in value:
        if isinstance(item, Mapping) and item:
            start = len(lines)
            _mapping(item, indent + _INDENT, lines)
            lines[start] = f"{indent}- {lines[start][len(indent) + 2 :]}"
        elif isinstance(item, (list, tuple)) and item:
            flow = _flow(item, WIDTH - len(indent))
            if flow is not None:
                lines.append(f"{indent}- {flow}")
            else:
                start = len(lines)
                _sequence(item, indent + _INDENT, lines)
                lines[start] = f"{indent}- {lines[start][len(indent) + 2 :]}"
        elif isinstance(item, str):
            _text(f"{indent}-", item, indent, lines)
        else:
            lines.append(f"{indent}- {_empty(item) or _scalar(item)}")


def _text(head: str, value: str, indent: str, lines: list[str]) -> None:
    """Write a text after `head`: plain or quoted if it is short, else as a folded or a literal block."""
    if "\n" in value:
        rows = value.split("\n")
        if rows[-1] == "":
            rows.pop()
            mark = "|"
        else:
            mark = "|-"
        if _blockable(rows) and rows[0] and not rows[0].startswith(" ") and rows[-1]:
            lines.append(f"{head} {mark}")
            lines.extend(f"{indent}{_INDENT}{row}" if row else "" for row in rows)
            return
    elif len(head) + len(value) >= WIDTH and _foldable(value):
        lines.append(f"{head} >-")
        _fold(value, indent + _INDENT, lines)
        return
    lines.append(f"{head} {_scalar(value)}")


def _blockable(rows: Sequence[str]) -> bool:
    return all(not row or (_PLAIN_LINE.fullmatch(row) is not None and not row[-1].isspace()) for row in rows)


def _foldable(value: str) -> bool:
    return " " in value and "  " not in value and not value[0].isspace() and _blockable([value])


def _fold(value: str, indent: str, lines: list[str]) -> None:
    line = indent
    for word in value.split(" "):
        if line == indent:
            line += word
        elif len(line) + 1 + len(word) <= WIDTH:
            line += f" {word}"
        else:
            lines.append(line)
            line = indent + word
    lines.append(line)


def _reference(value: Mapping[str, Any]) -> str | None:
    """`{ $ref: "…" }` on one line if the mapping is nothing but a reference."""
    if len(value) == 1 and "$ref" in value:
        return f"{{ $ref: {_scalar(value['$ref'], _PLAIN_IN_LIST)} }}"
    return None


def _flow(value: Sequence[Any], room: int) -> str | None:
    """`[a, b]` if the sequence holds only scalars and fits into `room` columns."""
    if any(isinstance(item, (Mapping, list, tuple)) for item in value):
        return None
    text = f"[{', '.join(_scalar(item, _PLAIN_IN_LIST) for item in value)}]"
    return text if len(text) < room else None


def _empty(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if isinstance(value, (list, tuple)) else None


def yaml_string(value: str) -> str:
    """A text as YAML: plain where it stays a text, else quoted: `orders`, `"null"`, `"12"`."""
    return _quoted(value, _PLAIN)


@lru_cache(maxsize=65536, typed=True)
def _scalar(value: str | float | None, plain: re.Pattern[str] = _PLAIN) -> str:
    if isinstance(value, str):
        return _quoted(value, plain)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    # YAML 1.1 takes a number with an exponent for a text unless it has a point.
    return f"{mantissa}.0{exponent}{power}" if exponent and "." not in mantissa else text


def _quoted(value: str, plain: re.Pattern[str]) -> str:
    if plain.fullmatch(value) and value.lower() not in _KEYWORDS and not value[-1].isspace():
        return value
    if _UNPRINTABLE.search(value):
        return '"' + "".join(_escaped(character) for character in value) + '"'
    if '"' in value or "\\" in value:
        return "'" + value.replace("'", "''") + "'"
    return f'"{value}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if _UNPRINTABLE.fullmatch(character):
        return f"\\u{ord(character):04x}"
    return character
