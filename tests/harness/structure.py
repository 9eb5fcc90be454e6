"""Which module of a package imports which, read from its files without loading them."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

LONGEST = 400
"""Lines of a file; one that is longer has more than one concern."""

Imports = Mapping[str, frozenset[str]]


def imports(folder: Path, *, later: bool = False, typed: bool = False) -> dict[str, frozenset[str]]:
    """Module → the modules of the same package that it imports when it is loaded; names are from the folder's on.

    With ``later``, also those that it imports in its functions; with ``typed``, those that only a type checker reads.
    """
    modules = {_name(path, folder): path for path in sorted(folder.rglob("*.py"))}
    return {
        name: frozenset(_imported(name, path, modules, later=later, typed=typed)) - {name}
        for name, path in modules.items()
    }


def _name(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(name: str, path: Path, modules: Mapping[str, Path], *, later: bool, typed: bool) -> Iterator[str]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in _statements(ast.parse(path.read_text(encoding="utf-8")), later=later, typed=typed):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            # `from a import b` loads a.b where that is a module, and a in any case.
            found = [f"{source}.{alias.name}" for alias in node.names] + [source]
            if any(each in modules for each in found[:-1]):
                found.pop()
        yield from (each for each in found if each in modules)


def _statements(node: ast.AST, *, later: bool, typed: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not typed and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _statements(ast.Module(child.orelse, []), later=later, typed=typed)
        elif later or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _statements(child, later=later, typed=typed)


def circles(edges: Imports) -> list[str]:
    """Each circle once, as `a → b → a`."""
    found: list[str] = []
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> None:
        if module in way:
            found.append(" → ".join([*way[way.index(module) :], module]))
        elif module not in done:
            for each in sorted(edges.get(module, ())):
                walk(each, [*way, module])
            done.add(module)

    for module in sorted(edges):
        walk(module, [])
    return found


def of_layers(edges: Imports, below: Mapping[str, Sequence[str]]) -> list[str]:
    """The imports that a table of layers does not have, as `a → b`; ``below`` says for each what it may import.

    A layer is the part of a module's name behind that of the whole package: a folder or a module.
    """
    found = []
    for module, imported in sorted(edges.items()):
        layer = _layer(module)
        for each in sorted(imported):
            other = _layer(each)
            if other != layer and other not in below.get(layer, ()):
                found.append(f"{module} → {each}")
    return found


def layers(edges: Imports) -> set[str]:
    """All layers that there are; the package itself is the empty one."""
    return {_layer(module) for module in edges}


def _layer(module: str) -> str:
    return ".".join(module.split(".")[1:2])


def users(folder: Path, library: str) -> list[str]:
    """The files that import the library, anywhere in them."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if library in _sources(node)
    ]


def _sources(node: ast.AST) -> set[str]:
    """The first parts of what the statement imports absolutely."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {str(node.module).partition(".")[0]} if isinstance(node, ast.ImportFrom) and not node.level else set()


def too_long(folder: Path, most: int = LONGEST) -> list[str]:
    """The files of Python with more lines than ``most``."""
    counts = {path: path.read_text(encoding="utf-8").count("\n") for path in sorted(folder.rglob("*.py"))}
    return [f"{path.relative_to(folder).as_posix()}: {count}" for path, count in counts.items() if count > most]
