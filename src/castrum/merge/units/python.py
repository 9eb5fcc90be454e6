"""The units of Python: definitions, statements, and the items of lists over several lines."""

import ast
import builtins
import re
from typing import Final

from .brackets import Brackets
from .model import Order, Part, UnreadableError

QUOTES: Final = ('"""', "'''", '"', "'")
HARMLESS: Final = {
    "abstractmethod", "asynccontextmanager", "cache", "cached_property", "classmethod", "contextmanager", "dataclass",
    "deleter", "final", "fixture", "getter", "given", "lru_cache", "override", "property", "runtime_checkable",
    "setter", "settings", "staticmethod", "total_ordering", "wraps",
}  # fmt: skip
"""Decorators that register nothing."""
VERBS: Final = {"get", "put", "post", "patch", "delete", "head", "options"}
NUMBERED: Final = {"NamedTuple", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}
BUILTIN: Final = frozenset(dir(builtins))


def parts(lines: list[str]) -> Part:
    """The unit of the whole module."""
    try:
        tree = ast.parse("\n".join(lines) + "\n")
    except (SyntaxError, ValueError, RecursionError):
        raise UnreadableError from None
    return _Reader(lines).module(tree)


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._count = len(lines)
        self._lines = lines
        self._brackets = Brackets(lines, QUOTES, has_names=True)

    def module(self, tree: ast.Module) -> Part:
        inner = self._body(tree.body, of_code=True)
        return Part("", 0, self._count, (0, self._count), inner, Order.CODE)

    def _body(self, body: list[ast.stmt], *, of_code: bool, in_class: bool = False) -> list[Part]:
        found: list[Part] = []
        for number, each in enumerate(body):
            part = self._statement(each)
            # The fields of a class are its arguments, too.
            part.acts |= in_class and isinstance(each, ast.Assign | ast.AnnAssign)
            is_text = isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
            future = isinstance(each, ast.ImportFrom) and each.module == "__future__"
            defines = isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            part.is_entry = (of_code or defines) and not future and not (is_text and number == 0)
            if found and part.start < found[-1].end:
                raise UnreadableError
            found.append(part)
        return found

    def _statement(self, node: ast.stmt) -> Part:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            part = self._definition(node)
        elif isinstance(node, ast.If) and _checks_types(node):
            part = self._block(node)
            part.acts = True
        else:
            start, end = node.lineno - 1, node.end_lineno or node.lineno
            part = self._brackets.part(start, end, _key(node))
            part.acts = not _is_pure(node)
            if isinstance(node, ast.ImportFrom):
                part.stem = f"from {'.' * node.level}{node.module or ''}"
            part.is_list = isinstance(node, ast.Assign | ast.AnnAssign | ast.ImportFrom)
        part.defines, part.uses = _names(node)
        return part

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Part:
        decorators = node.decorator_list
        start = decorators[0].lineno - 1 if decorators else node.lineno - 1
        end = self._with_comments(node)
        inner: list[Part] = []
        for each in decorators:
            called = each.func if isinstance(each, ast.Call) else each
            first = each.args[0] if isinstance(each, ast.Call) and each.args else None
            key = f"@{ast.unparse(called)} {ast.unparse(first) if isinstance(first, ast.Constant) else ''}"
            inner.append(self._brackets.part(each.lineno - 1, each.end_lineno or each.lineno, key))
        is_class = isinstance(node, ast.ClassDef)
        top = self._header_end(node.lineno - 1)
        if node.body[0].lineno - 1 < top:
            body = Part("body", node.lineno - 1, end)
        else:
            body = Part("body", top, end, (top, end), order=Order.CODE)
            body.parts = self._body(node.body, of_code=is_class, in_class=is_class)
            inner.append(Part("def", node.lineno - 1, top))
        inner.append(body)
        part = Part(_title(node), start, end, (start, end), inner, alias=node.name)
        part.acts = any(not _registers_nothing(each) for each in decorators)
        if isinstance(node, ast.ClassDef) and any(
            ast.unparse(base).rpartition(".")[2] in NUMBERED for base in node.bases
        ):
            body.order = Order.KEPT
        return part

    def _header_end(self, line: int) -> int:
        for at in range(line, self._count):
            each = self._brackets.info[at]
            if each.after == 0 and each.code.endswith(":"):
                return at + 1
            if each.after == 0 and at > line and not each.code:
                break
        return line

    def _block(self, node: ast.If) -> Part:
        """What is there for the types alone."""
        start, last, key = node.lineno - 1, self._with_comments(node), f"if {ast.unparse(node.test)}"
        if node.body[0].lineno - 1 <= start:
            return Part(key, start, last)
        return Part(key, start, last, (start + 1, last), self._body(node.body, of_code=True), Order.CODE)

    def _with_comments(self, node: ast.stmt) -> int:
        """The end of the statement, with the comments below that are further in."""
        at = end = node.end_lineno or node.lineno
        while at < self._count:
            line = self._lines[at]
            inner = line.lstrip()
            if inner and not (inner.startswith("#") and len(line) - len(inner) > node.col_offset):
                break
            at += 1
            end = at if inner else end
        return end


def _title(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    """The name; of a property's setter and the like, and of an overload, with what tells it from the others."""
    for each in node.decorator_list:
        name = ast.unparse(each)
        if name.rpartition(".")[2] in {"setter", "getter", "deleter"}:
            return name
        if name.rpartition(".")[2] == "overload" and not isinstance(node, ast.ClassDef):
            return f"{node.name} of {ast.unparse(node.args)}"
    return node.name


def _checks_types(node: ast.If) -> bool:
    return not node.orelse and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING"


def _key(node: ast.stmt) -> str:
    """What makes the statement the same one in another version."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return f"{ast.unparse(node.targets[0])} ="
    if isinstance(node, ast.AnnAssign):
        return f"{ast.unparse(node.target)} ="
    if isinstance(node, ast.ImportFrom):
        names = ", ".join(sorted(each.asname or each.name for each in node.names)) if len(node.names) == 1 else ""
        return f"from {'.' * node.level}{node.module or ''} import {names}"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        first = ast.unparse(call.args[0]) if call.args else ""
        return f"{ast.unparse(call.func)}({first}"
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
        return f"return {ast.unparse(node.value.func)}("
    text = ast.unparse(node)
    return text.partition("\n")[0] if isinstance(node, ast.If | ast.For | ast.With | ast.Try | ast.While) else text


def _is_pure(node: ast.stmt) -> bool:
    """Whether it does no more than to give names to things."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return not any(each.name == "*" for each in node.names)
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    acting = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom)
    named = all(isinstance(each, ast.Name) for each in targets)
    inside = [each for each in ast.walk(node.value) if isinstance(each, acting)]
    return named and all(isinstance(each, ast.Call) and _builds(each) for each in inside)


def _builds(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name in {
        "frozenset",
        "set",
        "dict",
        "tuple",
        "list",
        "re.compile",
        "Path",
        "Decimal",
        "timedelta",
        "TypeVar",
    }


def _registers_nothing(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    name = ast.unparse(called)
    return name.startswith("pytest.") or name.rpartition(".")[2] in HARMLESS


def _names(node: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    """What the statement defines where it stands, and what it uses."""
    defines: set[str] = set()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        defines.add(node.name)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        defines |= {(each.asname or each.name).partition(".")[0] for each in node.names}
    else:
        stored = (each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
        defines |= {each.id for each in stored}
    used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    return frozenset(defines), frozenset(used)


def route(part_lines: tuple[str, ...]) -> tuple[str, str] | None:
    """Verb and path of the operation, where a definition with one decorator is that."""
    decorators = [line.strip() for line in part_lines if line.strip().startswith("@")]
    found = re.match(r"""@\w+\.(\w+)\(\s*["']([^"']*)["']""", decorators[0]) if len(decorators) == 1 else None
    return (found[1], found[2]) if found and found[1] in VERBS else None
