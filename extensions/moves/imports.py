"""A module of Python whose imports follow modules and names that are elsewhere now; nothing else in it changes."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WIDTH = 120
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
FROM = re.compile(rb"from(?:\s|\\\r?\n)*(\.*(?:[ \t]*[\w.]+)?)(?:\s|\\\r?\n)*import\b")
BOM = b"\xef\xbb\xbf"


class Places:
    """Where modules, and names in modules, are now; all of them dotted.

    A module may go into a package of its own old name (`http` → `http.handlers`). What is there already stays, so that
    nothing changes a second time.
    """

    def __init__(self, modules: Mapping[str, str], names: Mapping[str, str]) -> None:
        self.names = names
        self._now = {**{place: place for place in modules.values()}, **modules, **names}

    def exact(self, name: str) -> str | None:
        """What the name itself is now, not by the module that it is in."""
        return self._now.get(name)

    def old(self) -> list[str]:
        """The names that lead nowhere now."""
        packages = {".".join(parts[:end]) for parts in map(_parts, self._now.values()) for end in range(1, len(parts))}
        return [name for name, now in self._now.items() if name != now and name not in packages]

    def now(self, name: str) -> str:
        """What the name is now, by itself or by the module that it is in."""
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            found = self.exact(".".join(parts[:end]))
            if found is not None:
                return ".".join([found, *parts[end:]])
        return name


class Module(NamedTuple):
    """The dotted name of a module, before and now."""

    old: str
    new: str
    is_package: bool = False


def rewritten(content: bytes, module: Module, places: Places) -> bytes:
    """The content of a module, which may be elsewhere now itself. What is no Python stays as it is."""
    head, text = (BOM, content[len(BOM) :]) if content.startswith(BOM) else (b"", content)
    try:
        text.decode()
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return content
    if b"\r" in text.replace(b"\r\n", b""):
        return content
    edits = sorted(_Rewriting(text, tree, module, places).edits(), reverse=True)
    for start, end, words in edits:
        text = text[:start] + words + text[end:]
    return head + text


class _Rewriting:
    def __init__(self, text: bytes, tree: ast.Module, module: Module, places: Places) -> None:
        self._text = text
        self._tree = tree
        self._places = places
        self._packages = [name.split(".")[: None if module.is_package else -1] for name in (module.old, module.new)]
        self._starts = [0]
        for line in text.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._bound: dict[str, str | None] = {}
        """Local name → what it stands for; none where that is not sure."""
        self._given: dict[str, str] = {}
        """Local name → the module that it stands for from now on."""
        self._added: list[str] = []
        self._newline = b"\r\n" if b"\r\n" in text else b"\n"

    def edits(self) -> Iterator[tuple[int, int, bytes]]:
        """First byte, end and new text."""
        statements = [node for node in ast.walk(self._tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        self._bind(statements)
        yield from self._uses()
        yield from self._strings()
        last = None
        for node in statements:
            words = self._import_from(node) if isinstance(node, ast.ImportFrom) else self._import(node)
            if words is not None:
                yield words
            if node.col_offset == 0 and not self._is_future(node):
                last = node
        if self._added:
            at = self._line_end(last) if last is not None else 0
            yield at, at, b"".join(line.encode() + self._newline for line in dict.fromkeys(self._added))

    def _is_future(self, node: ast.Import | ast.ImportFrom) -> bool:
        return isinstance(node, ast.ImportFrom) and node.module == "__future__"

    # Places in the text ----------------------------------------------------------------------------------------------

    def _span(self, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
        first = self._starts[node.lineno - 1] + node.col_offset
        return first, self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def _line_end(self, node: ast.stmt) -> int:
        return min(self._starts[node.end_lineno or node.lineno], len(self._text))

    # What names stand for --------------------------------------------------------------------------------------------

    def _bind(self, statements: list[ast.Import | ast.ImportFrom]) -> None:
        for node in statements:
            for alias in node.names:
                if isinstance(node, ast.ImportFrom):
                    local, meant = alias.asname or alias.name, f"{self._source(node)}.{alias.name}"
                elif alias.asname:
                    local, meant = alias.asname, alias.name
                else:
                    local = meant = alias.name.split(".")[0]
                self._bound[local] = meant if self._bound.get(local, meant) == meant else None
        for name in _other_names(self._tree):
            self._bound[name] = None

    def _source(self, node: ast.ImportFrom) -> str:
        return ".".join([*self._anchor(0, node.level), *([node.module] if node.module else [])])

    def _anchor(self, side: int, level: int) -> list[str]:
        package = self._packages[side]
        return package[: max(len(package) - level + 1, 0)] if level else []

    # Statements ------------------------------------------------------------------------------------------------------

    def _import_from(self, node: ast.ImportFrom) -> tuple[int, int, bytes] | None:
        source = self._source(node)
        if not source:  # the dots lead out of all packages
            return None
        groups: dict[str, list[str]] = {}
        for alias in node.names:
            meant = source if alias.name == "*" else f"{source}.{alias.name}"
            now = self._places.now(meant)
            module, _, name = (now, "", "*") if alias.name == "*" else now.rpartition(".")
            local = alias.asname or alias.name
            groups.setdefault(self._written(module, node.level) if module else "", []).append(
                name if local == name else f"{name} as {local}"
            )
        start, end = self._span(node)
        before = [f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in node.names]
        if [*groups.values()] == [before]:
            written = next(iter(groups))
            match = FROM.match(self._text, start)
            if match is None or match[1].decode() == written:
                return None
            return match.start(1), match.end(1), written.encode()
        return start, end, self._statements(start, end, [_from(*group) for group in groups.items()])

    def _written(self, module: str, level: int) -> str:
        """The module as an import statement with so many dots names it, or with none where these do not lead there."""
        anchor, parts = self._anchor(1, level), module.split(".")
        if not level or not anchor or parts[: len(anchor)] != anchor:
            return module
        return "." * level + ".".join(parts[len(anchor) :])

    def _import(self, node: ast.Import) -> tuple[int, int, bytes] | None:
        names = []
        for alias in node.names:
            now = self._places.now(alias.name)
            names.append(f"{now} as {alias.asname}" if alias.asname else now)
        before = [f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in node.names]
        if names == before:
            return None
        start, end = self._span(node)
        return start, end, f"import {', '.join(names)}".encode()

    def _statements(self, start: int, end: int, lines: list[str]) -> bytes:
        """The statements in the place of one; what it has of comments goes before them."""
        first = self._text.rfind(b"\n", 0, start) + 1
        lead = self._text[first:start]
        if lead.strip():
            return "; ".join(lines).replace("\n", " ").encode()
        comments = _comments(self._text[start:end])
        every = [line for each in [*comments, *lines] for line in each.split("\n")]
        return (self._newline + lead).join(line.encode() for line in every)

    # Uses ------------------------------------------------------------------------------------------------------------

    def _uses(self) -> Iterator[tuple[int, int, bytes]]:
        """Names that are used by the module that they are in: `kernel.Money`, `shop.kernel.Money`."""
        inner: set[ast.expr] = set()
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Attribute) or node in inner:
                continue
            parts: list[str] = []
            at: ast.expr = node
            while isinstance(at, ast.Attribute):
                parts.insert(0, at.attr)
                at = at.value
                inner.add(at)
            meant = self._bound.get(at.id) if isinstance(at, ast.Name) else None
            if isinstance(at, ast.Name) and meant is not None:
                yield from self._used(node, at, meant, parts)

    def _used(
        self, node: ast.Attribute, root: ast.Name, meant: str, parts: list[str]
    ) -> Iterator[tuple[int, int, bytes]]:
        whole = [*meant.split("."), *parts]
        for end in range(len(whole), len(meant.split(".")), -1):
            name = ".".join(whole[:end])
            now = self._places.exact(name)
            if now is not None:
                break
        else:
            return
        expression: ast.expr = node
        for _ in whole[end:]:
            expression = expression.value if isinstance(expression, ast.Attribute) else expression
        start, stop = self._span(root)[0], self._span(expression)[1]
        if root.id == meant:  # `import shop.kernel` binds `shop`
            package = now.rpartition(".")[0]
            if name in self._places.names and now != name and package not in {"", root.id}:
                self._add(f"import {package}")
            yield start, stop, now.encode()
            return
        module, _, last_name = now.rpartition(".")
        if module == self._places.now(meant):
            yield start, stop, f"{root.id}.{last_name}".encode()
            return
        package, _, last = module.rpartition(".")
        local = last
        while not self._may_mean(local, module):
            local = f"{local}_"
        self._given[local] = module
        self._add(f"from {package} import {last}" + (f" as {local}" if local != last else ""))
        yield start, stop, f"{local}.{last_name}".encode()

    def _may_mean(self, local: str, module: str) -> bool:
        if local not in self._bound:
            return self._given.get(local, module) == module
        meant = self._bound[local]
        return meant is not None and self._places.now(meant) == module

    def _add(self, line: str) -> None:
        if not re.search(rb"(?m)^" + re.escape(line).encode() + rb"\s*$", self._text):
            self._added.append(line)

    def _strings(self) -> Iterator[tuple[int, int, bytes]]:
        """Texts that are nothing but a dotted name, as `monkeypatch.setattr` takes them."""
        joined = {part for node in ast.walk(self._tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in joined:
                continue
            now = self._places.now(node.value) if DOTTED.fullmatch(node.value) else node.value
            start, end = self._span(node)
            if now != node.value and self._text[start:end].count(node.value.encode()) == 1:
                at = self._text.index(node.value.encode(), start)
                yield at, at + len(node.value.encode()), now.encode()


def _parts(name: str) -> list[str]:
    return name.split(".")


def _from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}" if module else f"import {', '.join(names)}"
    return (
        line if len(line) <= WIDTH else "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])
    )


def _comments(statement: bytes) -> list[str]:
    tokens = tokenize.tokenize(io.BytesIO(statement).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _other_names(tree: ast.Module) -> Iterator[str]:
    """The names that something else than an import gives a meaning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
