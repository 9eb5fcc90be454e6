"""Literals of Python in the formatter's style: strings, docstrings, lists and mappings, broken where too wide."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ...text.columns import WIDTH, columns, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

INDENT = 4

STRING = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""")
"""A string literal on one line."""

_PARAMETER = re.compile(r"(?<![:\w]):\w|\\:")


def string(value: str, indent: int = 0, lead: int = 0) -> str:
    """A string literal with a comma behind it, `lead` columns into a line that is indented by `indent`.

    One that is too long is broken between words, into parentheses on lines of their own.
    """
    literal = _literal(value)
    pieces = _pieces(value, WIDTH - indent - INDENT)
    is_one_word = len(pieces) == 1 and indent + INDENT + columns(literal) > WIDTH
    fits = indent + lead + columns(literal) + 1 <= WIDTH
    return literal if fits or is_one_word else _in_parentheses(pieces, indent)


def argument(value: str, indent: int = 0, lead: int = 0) -> str:
    """The one string literal in the parentheses of a call, with a comma behind them; laid out as by `string`."""
    literal = _literal(value)
    if indent + lead + columns(literal) + 3 <= WIDTH:
        return f"({literal})"
    return _in_parentheses(_pieces(value, WIDTH - indent - INDENT), indent)


def sql_expression(sql: str, indent: int = 0, lead: int = 0) -> str:
    """An expression of SQLAlchemy for the SQL, with a comma behind it; `text` would take `:x` in it for a parameter."""
    call = "sa.literal_column" if _PARAMETER.search(sql) else "sa.text"
    return call + argument(sql, indent, lead + len(call))


def docstring(text: str, indent: int = 0) -> str:
    """A docstring for a place indented by `indent`: on one line if it fits, else wrapped."""
    text = " ".join(str(text).split()).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = f" {text}" if text.startswith('"') else text
    if indent + columns(text) + 7 <= WIDTH or " " not in text:
        return f'"""{text}{" " * text.endswith(chr(34))}"""'
    # Two lines at least: the formatter would join one with its quotes.
    lines = wrapped(text, min(WIDTH - indent - 3, columns(text) - 1))
    pad = " " * indent
    return '"""' + f"\n{pad}".join([*lines, '"""'])


def python_literal(value: Any, indent: int = 0) -> str:
    """A JSON value as a Python literal, one item a line, for a place indented by `indent`."""
    pad = " " * (indent + INDENT)
    if isinstance(value, dict) and value:
        items = [f"{_literal(key)}: {python_literal(item, indent + INDENT)}" for key, item in value.items()]
        opening, closing = "{", "}"
    elif isinstance(value, list) and value:
        items = [python_literal(item, indent + INDENT) for item in value]
        opening, closing = "[", "]"
    else:
        return _literal(value) if isinstance(value, str) else repr(value)
    return opening + "\n" + "".join(f"{pad}{item},\n" for item in items) + " " * indent + closing


def python_text(value: object) -> str:
    """A JSON value as a Python literal on one line."""
    if isinstance(value, str):
        escaped = "".join(letter if letter in "'\"" else repr(letter)[1:-1] for letter in value)
        if value.count('"') > value.count("'"):
            return "'" + escaped.replace("'", "\\'") + "'"
        return '"' + escaped.replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{python_text(key)}: {python_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(python_text(item) for item in value) + "]"
    return repr(value)


def raw_text(value: str) -> str:
    """A regular expression as a Python string, raw if possible."""
    return f'r"{value}"' if '"' not in value else python_text(value)


def row(items: Iterable[str | int], brackets: str = "[]") -> str:
    """A list or a tuple of texts and numbers on one line."""
    literals = [string(item) if isinstance(item, str) else str(item) for item in items]
    trailing = "," if brackets == "()" and len(literals) == 1 else ""
    return f"{brackets[0]}{', '.join(literals)}{trailing}{brackets[1]}"


def pieces_of(literal: str, width: int) -> list[str]:
    """A string literal in double quotes as several, which Python joins, each between two words and in this width."""
    return [_literal(piece) for piece in _pieces(json.loads(literal), width)]


def _in_parentheses(pieces: list[str], indent: int) -> str:
    pad = " " * (indent + INDENT)
    return "(\n" + "".join(f"{pad}{_literal(piece)}\n" for piece in pieces) + " " * indent + ")"


def _pieces(value: str, width: int) -> list[str]:
    pieces, current = [], ""
    for word in re.findall(r"\S+\s*|\s+", value):
        if current and columns(_literal(current + word)) > width:
            pieces.append(current)
            current = ""
        current += word
    return [*pieces, current]


def _literal(text: str) -> str:
    """A string literal with the quotes that the formatter chooses."""
    literal = json.dumps(text, ensure_ascii=False)
    if text.count('"') > text.count("'"):
        return "'" + literal[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
    return literal
