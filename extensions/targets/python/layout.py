"""Statements of Python in the formatter's style, however long the names are.

Templates put each statement on one line. `fit` breaks those that are too long where `ruff format` does: it knows only
the statements that the templates write (signatures, calls, displays, comprehensions, imports), and property tests hold
its output against the formatter.
"""

from __future__ import annotations

import re
from itertools import pairwise

from ...text.columns import WIDTH, columns, wrapped
from .lint import NOTE, has_suspects, noted
from .literals import INDENT, STRING, docstring, pieces_of

_OPENING = "([{"
_CLOSING = ")]}"
_CLAUSE = re.compile(r"(?= (?:for|if) )")
_ASSIGNMENT = re.compile(r"(\s*[\w.]+(?:: .+)? = )(\S.*)")
_IMPORT = re.compile(r"(from \S+ import )([^(]+)")
_ENTRY = re.compile(r"""\s*("\w+": )([\w.]+(?: or None)?)(,)""")
_TEXT = re.compile(r"""\s*("(?:\\.|[^"\\])*")(,?)""")


def fit(source: str) -> str:
    """The source with every statement that is wider than 120 columns broken; text in triple quotes stays as it is."""
    lines: list[str] = []
    quoted = False
    is_suspect = has_suspects(source)
    for line in source.split("\n"):
        quotes = line.count('"""')
        indent = len(line) - len(line.lstrip())
        if not quoted and quotes % 2 and columns(line) > WIDTH and line.startswith('"""', indent):
            words = wrapped(line.strip(), WIDTH - indent)
            lines.extend(" " * indent + each for each in words)
        elif quoted or quotes % 2 or _code_columns(line) <= WIDTH:
            lines.append(noted(line) if is_suspect and not quoted and not quotes else line)
        elif quotes:
            lines.append(" " * indent + docstring(line.strip().strip('"'), indent))
        else:
            lines.extend(_exempt(noted(each) if is_suspect else each) for each in _break(line))
        quoted ^= bool(quotes % 2)
    return "\n".join(lines)


def _exempt(line: str) -> str:
    """The line with a word to the linter, where names of the domain are too long for any line."""
    if _code_columns(line) <= WIDTH or NOTE in line or "://" in line or len(line.split()) == 1:
        return line  # the linter itself lets an address go, and a word alone
    return f"{line}{NOTE}E501 - names of the domain"


def _break(line: str) -> list[str]:
    if _code_columns(line) <= WIDTH:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    inner = indent + " " * INDENT
    if found := _TEXT.fullmatch(line):
        *pieces, last = pieces_of(found[1], WIDTH - len(indent))
        if len(indent) + columns(last + found[2]) > WIDTH:
            *pieces, last = pieces_of(found[1], WIDTH - len(indent) - 1)
        return [*(indent + piece for piece in pieces), f"{indent}{last}{found[2]}"]
    if found := _ENTRY.fullmatch(line):
        value = [found[2]] if len(inner + found[2]) <= WIDTH else found[2].replace(" or ", "\nor ").split("\n")
        return [f"{indent}{found[1]}(", *(inner + each for each in value), f"{indent}){found[3]}"]
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
    if len(inner) + columns(body) <= WIDTH and not (is_signature and len(items) == 1) and not is_display:
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
    blank = STRING.sub(lambda found: " " * len(found[0]), text)
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
    spans = [*_brackets(text), *(found.span() for found in STRING.finditer(text))]
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


def _code_columns(line: str) -> int:
    """The line's width without its word to the linter, which neither the formatter nor the linter counts."""
    return columns(line.partition(NOTE)[0])
