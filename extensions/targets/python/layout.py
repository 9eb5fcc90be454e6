"""Python in the formatter's style, however long the names are.

Templates put each statement on one line. `fit` breaks those that are too long where `ruff format` does: it knows only
the statements that the templates write (signatures, calls, displays, comprehensions, imports), and property tests hold
its output against the formatter.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ...text.naming import natural
from ...text.yamltext import yaml_string

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 120
INDENT = 4

TOOLS = frozenset({"dev", "tests"})
"""Packages of the generated repository beside the service's own."""

_OPENING = "([{"
_CLOSING = ")]}"
_CLAUSE = re.compile(r"(?= (?:for|if) )")
_ASSIGNMENT = re.compile(r"(\s*\w+(?:: .+)? = )(\S.*)")
_STRING = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""")
_PARAMETER = re.compile(r"(?<![:\w]):\w|\\:")
_IMPORT = re.compile(r"(from \S+ import )([^(]+)")
_NOTE = "  # noqa: "
_SUSPECT = {"0.0.0.0": "S104", "/tmp": "S108", "/var/tmp": "S108", "/dev/shm": "S108"}  # noqa: S104, S108
"""Beginning of a text → the rule of the linter that takes it for an address or a folder of the code."""


def fit(source: str) -> str:
    """The source with every statement that is wider than 120 columns broken; text in triple quotes stays as it is."""
    lines: list[str] = []
    quoted = False
    is_suspect = any(f'"{text}' in source for text in _SUSPECT)
    for line in source.split("\n"):
        quotes = line.count('"""')
        indent = len(line) - len(line.lstrip())
        if not quoted and quotes % 2 and _columns(line) > WIDTH and line.startswith('"""', indent):
            words = _wrapped(line.strip(), WIDTH - indent)
            lines.extend(" " * indent + each for each in words)
        elif quoted or quotes % 2 or _code_columns(line) <= WIDTH:
            lines.append(_noted(line) if is_suspect and not quoted and not quotes else line)
        elif quotes:
            lines.append(" " * indent + docstring(line.strip().strip('"'), indent))
        else:
            lines.extend(_noted(each) if is_suspect else each for each in _break(line))
        quoted ^= bool(quotes % 2)
    return "\n".join(lines)


def _noted(line: str) -> str:
    """The line with a word to the linter, where a text of the domain looks like an address or a folder of the code."""
    code, _, note = line.partition(_NOTE)
    if code.lstrip()[:1] in {'"', "'"} and not code.endswith(","):
        return line  # a piece of a longer text
    texts = [found[0][1:-1] for found in _STRING.finditer(code)]
    rules = {
        rule
        for beginning, rule in _SUSPECT.items()
        if any(text == beginning or (rule == "S108" and text.startswith(beginning)) for text in texts)
    }
    if not rules:
        return line
    return f"{code}{_NOTE}{', '.join(sorted(rules))}{f', {note}' if note else ' - a text of the domain'}"


def _break(line: str) -> list[str]:
    if _code_columns(line) <= WIDTH:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    inner = indent + " " * INDENT
    if found := _IMPORT.fullmatch(line):
        return [f"{found[1]}(", *(f"{inner}{name}," for name in found[2].split(", ")), ")"]
    if assignment := _ASSIGNMENT.fullmatch(line):
        head, value = assignment[1], assignment[2]
        start = next((start for start, end in _brackets(value) if end > start + 1), WIDTH)
        if len(head) < WIDTH < len(head) + start + 1 and len(inner) + _code_columns(value) <= WIDTH:
            return [f"{head}(", inner + value, f"{indent})"]
        name, _, annotation = head.strip().removesuffix(" =").partition(": ")
        if _outside(annotation, [at.start() for at in re.finditer(" [|] ", annotation)]):
            return [f"{indent}{name}: (", *_break(inner + annotation), f"{indent}) = {value}"]
    if len(parts := _operands(line)) > 1:
        return [parts[0], *(broken for part in parts[1:] for broken in _break(indent + part))]
    pairs = [(start, end) for start, end in _brackets(line) if end > start + 1]
    if assignment and len(assignment[1]) >= WIDTH:
        pairs = [pair for pair in pairs if pair[1] < len(assignment[1])]
    if not pairs:
        return [line]
    is_signature = re.match(r"\s*(?:async )?def ", line) is not None
    start, end = pairs[0] if is_signature else pairs[-1]
    head, body, tail = line[: start + 1], line[start + 1 : end], line[end:]
    items = _split(body)
    may_be_display = line[start] != "(" or len(items) > 1
    is_display = may_be_display and re.search(r"[\w\])]$", head[:-1]) is None and not _clauses(body)[1:]
    if len(inner) + _columns(body) <= WIDTH and not (is_signature and len(items) == 1) and not is_display:
        broken = [inner + body]
    elif len(items) > 1 or is_signature or is_display:
        broken = [part for item in items for part in _break(f"{inner}{item},")]
    else:
        broken = [part for clause in _clauses(body) for part in _break(inner + clause)]
    first, *rest = _break(f"{indent}x{tail[1:]}")  # a name in place of the bracket, which opened on another line
    return [head, *broken, indent + tail[0] + first.removeprefix(f"{indent}x"), *rest]


def _operands(line: str) -> list[str]:
    """An argument or item whose value is a conditional expression or a conjunction, at its operators."""
    if not re.match(r"\s*(?:\w+=|\"\w+\": |\w[\w.]* and )", line):
        return [line]
    starts = _outside(line, [found.start() for found in re.finditer(" (?:if|else|and) ", line)])
    edges = [0, *(start + 1 for start in starts), len(line) + 1]
    return [line[start : end - 1] for start, end in pairwise(edges)]


def _brackets(text: str) -> list[tuple[int, int]]:
    """(start, end) of each outermost pair of brackets."""
    pairs, depth, start = [], 0, 0
    blank = _STRING.sub(lambda found: " " * len(found[0]), text)
    for position, character in enumerate(blank):
        if character in _OPENING:
            start = start if depth else position
            depth += 1
        elif character in _CLOSING:
            depth -= 1
            if depth == 0:
                pairs.append((start, position))
    return pairs


def _outside(text: str, positions: list[int]) -> list[int]:
    """The positions that are neither in brackets nor in a string."""
    spans = [*_brackets(text), *(found.span() for found in _STRING.finditer(text))]
    return [at for at in positions if not any(start < at < end for start, end in spans)]


def _split(body: str) -> list[str]:
    """The items between the outermost commas."""
    commas = _outside(body, [at for at, character in enumerate(body) if character == ","])
    edges = [-1, *commas, len(body)]
    items = [body[start + 1 : end].strip() for start, end in pairwise(edges)]
    return [item for item in items if item]


def _clauses(body: str) -> list[str]:
    """A comprehension's element and its clauses."""
    starts = _outside(body, [found.start() for found in _CLAUSE.finditer(body)])
    edges = [0, *starts, len(body)]
    return [body[start:end].strip() for start, end in pairwise(edges)]


def imports(lines: Iterable[str], package: str = "") -> str:
    """Import lines merged by module, grouped and sorted as `ruff check --select I` wants them.

    `package` is the service's own, where it is imported by its name; the sections are those of pyproject.toml.
    """
    names: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("import "):
            names.setdefault(line.removeprefix("import "), set())
        else:
            module, _, members = line.removeprefix("from ").partition(" import ")
            names.setdefault(module, set()).update(member.strip() for member in members.split(","))
    groups: dict[int, list[tuple[Any, str]]] = {}
    for module, found in names.items():
        root = module.partition(".")[0]
        group = _group(root, package)
        if not found:
            groups.setdefault(group, []).append(((False, _module_key(module), ()), f"import {module}"))
        plain = sorted((member for member in found if " as " not in member), key=_member_key)
        renamed = [[member] for member in found if " as " in member]  # each on a line of its own
        for each in filter(None, [plain, *renamed]):
            key = (True, _module_key(module), _member_key(each[0]))
            groups.setdefault(group, []).append((key, f"from {module} import {', '.join(each)}"))
    return "\n\n".join("\n".join(text for _, text in sorted(groups[group])) for group in sorted(groups))


def _group(root: str, package: str) -> int:
    """Standard library, third party, the service, its tools, relative imports."""
    if not root:
        return 4
    if root == package:
        return 2
    return 3 if root in TOOLS else 0 if root in sys.stdlib_module_names else 1


def _module_key(module: str) -> tuple[Any, ...]:
    dots = len(module) - len(module.lstrip("."))
    return -dots, natural(module)


def _member_key(member: str) -> tuple[Any, ...]:
    kind = 0 if member.isupper() and len(member) > 1 else 1 if member[:1].isupper() else 2
    return kind, natural(member), member


def docstring(text: str, indent: int = 0) -> str:
    """A docstring for a place indented by `indent`: on one line if it fits, else wrapped."""
    text = " ".join(str(text).split()).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = f" {text}" if text.startswith('"') else text
    if indent + _columns(text) + 7 <= WIDTH or " " not in text:
        return f'"""{text}{" " * text.endswith(chr(34))}"""'
    # Two lines at least: the formatter would join one with its quotes.
    lines = _wrapped(text, min(WIDTH - indent - 3, _columns(text) - 1))
    pad = " " * indent
    return '"""' + f"\n{pad}".join([*lines, '"""'])


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many columns, unless one word is wider."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and _columns(lines[-1]) + 1 + _columns(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _columns(text: str) -> int:
    """The text's width, as the formatter counts it: Chinese letters and emoji take two columns, accents none."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _code_columns(line: str) -> int:
    """The line's width without its word to the linter, which neither the formatter nor the linter counts."""
    return _columns(line.partition(_NOTE)[0])


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def string(value: str, indent: int = 0, lead: int = 0) -> str:
    """A string literal with a comma behind it, `lead` columns into a line that is indented by `indent`.

    One that is too long is broken between words, into parentheses on lines of their own.
    """
    literal = _literal(value)
    pieces = _pieces(value, WIDTH - indent - INDENT)
    is_one_word = len(pieces) == 1 and indent + INDENT + _columns(literal) > WIDTH
    fits = indent + lead + _columns(literal) + 1 <= WIDTH
    return literal if fits or is_one_word else _in_parentheses(pieces, indent)


def argument(value: str, indent: int = 0, lead: int = 0) -> str:
    """The one string literal in the parentheses of a call, with a comma behind them; laid out as by `string`."""
    literal = _literal(value)
    if indent + lead + _columns(literal) + 3 <= WIDTH:
        return f"({literal})"
    return _in_parentheses(_pieces(value, WIDTH - indent - INDENT), indent)


def sql_expression(sql: str, indent: int = 0, lead: int = 0) -> str:
    """An expression of SQLAlchemy for the SQL, with a comma behind it; `text` would take `:x` in it for a parameter."""
    call = "sa.literal_column" if _PARAMETER.search(sql) else "sa.text"
    return call + argument(sql, indent, lead + len(call))


def _in_parentheses(pieces: list[str], indent: int) -> str:
    pad = " " * (indent + INDENT)
    return "(\n" + "".join(f"{pad}{_literal(piece)}\n" for piece in pieces) + " " * indent + ")"


def _pieces(value: str, width: int) -> list[str]:
    pieces, current = [], ""
    for word in re.findall(r"\S+\s*|\s+", value):
        if current and _columns(_literal(current + word)) > width:
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


def python_literal(value: Any, indent: int = 0) -> str:
    """The value as a Python literal, one item a line, for a place indented by `indent`."""
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


def toml_string(value: str) -> str:
    """A basic string of TOML."""
    return json.dumps(value, ensure_ascii=False)


def markdown_cell(text: Any) -> str:
    """The text for a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


GLOBALS: dict[str, Any] = {}
FILTERS = {
    "fit": fit,
    "imports": imports,
    "docstring": docstring,
    "string": string,
    "argument": argument,
    "sql_expression": sql_expression,
    "toml_string": toml_string,
    "yaml_string": yaml_string,
    "python_literal": python_literal,
    "markdown_cell": markdown_cell,
}
