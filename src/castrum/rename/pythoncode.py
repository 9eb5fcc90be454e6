"""The Python of a project, parsed with its scopes when somebody asks for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TypeVar

import libcst as cst
from libcst.metadata import (
    ByteSpanPositionProvider,
    MetadataWrapper,
    ParentNodeProvider,
    Scope,
    ScopeProvider,
)

from castrum.repository.trees import Tree

Node = TypeVar("Node", bound=cst.CSTNode)
Definition = cst.ClassDef | cst.FunctionDef
SOURCES = "src/"
BOM = "\ufeff"


def module_name(path: str) -> str:
    """The dotted name under which the file is imported: `src/shop/order/__init__.py` is `shop.order`."""
    parts = PurePosixPath(path.removeprefix(SOURCES)).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def dotted(node: cst.BaseExpression | None) -> list[cst.Name]:
    """The names of which `a.b.c` is made; none where it is anything else."""
    if isinstance(node, cst.Name):
        return [node]
    if isinstance(node, cst.Attribute):
        before = dotted(node.value)
        return [*before, node.attr] if before else []
    return []


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something that a module defines, such as `OrderRepository.find`; without a name, the module itself."""

    module: str
    name: str = ""

    def inside(self, name: str) -> "Symbol":
        """What is defined in it under the name."""
        return Symbol(self.module, f"{self.name}.{name}" if self.name else name)


@dataclass
class Module:
    """One module, with the scope, the place in the file and the parent of each node."""

    name: str
    path: str
    text: bytes
    definitions: dict[str, Definition] = field(init=False)
    symbols: dict[cst.CSTNode, Symbol] = field(init=False)

    def __post_init__(self) -> None:
        # The parser never uses a node twice, so nothing has to be copied.
        wrapper = MetadataWrapper(cst.parse_module(self.text.decode().removeprefix(BOM)), unsafe_skip_copy=True)
        self.tree = wrapper.module
        self.scopes: Mapping[cst.CSTNode, Scope | None] = wrapper.resolve(ScopeProvider)
        self.parents: Mapping[cst.CSTNode, cst.CSTNode] = wrapper.resolve(ParentNodeProvider)
        self._wrapper = wrapper
        self.definitions = {}
        self.symbols = {}
        for name, node in definitions(self.tree):
            self.definitions.setdefault(name, node)
            self.symbols[node] = Symbol(self.name, name)

    @cached_property
    def spans(self) -> Mapping[cst.CSTNode, tuple[int, int]]:
        """First byte and length of each node."""
        found = self._wrapper.resolve(ByteSpanPositionProvider)
        ahead = len(BOM.encode()) if self.text.startswith(BOM.encode()) else 0
        return {node: (span.start + ahead, span.length) for node, span in found.items()}

    @cached_property
    def top(self) -> Scope:
        """The scope of the module itself."""
        found = self.scopes[self.tree]
        if found is None:
            raise LookupError(self.path)
        return found

    @cached_property
    def stars(self) -> list[str]:
        """The modules of which it imports everything."""
        imports = (node for node in every(self.tree, cst.ImportFrom) if isinstance(node.names, cst.ImportStar))
        return [self.target(node) for node in imports]

    def scope(self, node: cst.CSTNode) -> Scope:
        """The scope in which the node is evaluated."""
        return self.scopes.get(node) or self.top

    def target(self, node: cst.ImportFrom) -> str:
        """The module that `from … import` names, relative or not."""
        parts = [name.value for name in dotted(node.module)]
        if not node.relative:
            return ".".join(parts)
        package = self.name.split(".")
        up = len(node.relative) - PurePosixPath(self.path).name.startswith("__init__.")
        return ".".join([*package[: len(package) - up], *parts])

    def around(self, node: cst.CSTNode, *kinds: type[cst.CSTNode]) -> cst.CSTNode | None:
        """The nearest node around it that is of one of the kinds."""
        at = self.parents.get(node)
        while at is not None and not isinstance(at, kinds):
            at = self.parents.get(at)
        return at

    def owner(self, scope: Scope) -> Symbol | None:
        """The class or function whose scope it is, or in which it is."""
        while scope is not scope.parent:
            found = self.symbols.get(getattr(scope, "node", self.tree))
            if found is not None:
                return found
            scope = scope.parent
        return None


def every(node: cst.CSTNode, kind: type[Node]) -> Iterator[Node]:
    """All nodes of the kind below the node, and itself."""
    return (each for each in nodes(node) if isinstance(each, kind))


def nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(found.children))


def definitions(node: cst.CSTNode, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Every class and function with its qualified name."""
    for child in node.children:
        if isinstance(child, cst.ClassDef | cst.FunctionDef):
            name = f"{prefix}{child.name.value}"
            yield name, child
            yield from definitions(child, f"{name}.")
        elif not isinstance(child, cst.BaseExpression):
            yield from definitions(child, prefix)


class Modules:
    """The modules of a tree by their dotted names."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._paths = {module_name(path): path for path in tree if path.endswith(".py")}
        self._known: dict[str, Module | None] = {}
        self._packages = {name[:at] for name in self._paths for at, each in enumerate(name) if each == "."}

    def has(self, name: str) -> bool:
        """Whether there is such a module or package."""
        return name in self._paths or name in self._packages

    def get(self, name: str) -> Module | None:
        """The module of that name; none where there is none, or it is no Python."""
        if name not in self._known:
            path = self._paths.get(name)
            file = self._tree.get(path) if path is not None else None
            try:
                found = Module(name, path, file.content) if path and file and file.is_text else None
            except Exception:  # noqa: BLE001 - whatever the parser cannot read is left as it is
                found = None
            self._known[name] = found
        return self._known[name]

    def at(self, path: str) -> Module | None:
        """The module in that file."""
        return self.get(module_name(path))


def arguments(parameters: cst.Parameters) -> Sequence[cst.Param]:
    """All parameters of a function, those with stars too."""
    stars = [each for each in (parameters.star_arg, parameters.star_kwarg) if isinstance(each, cst.Param)]
    return [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params, *stars]
