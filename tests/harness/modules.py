"""The modules of a service `shop`, as an update leaves them: what they have, and what they miss."""

import ast
from collections.abc import Iterator


def dangling(tree: dict[str, bytes]) -> Iterator[str]:
    """What the modules of a project import of each other although it is not there; raises where one is no Python."""
    modules = {module_of(name): ast.parse(content) for name, content in tree.items() if name.endswith(".py")}
    packages = {name[:at] for name in modules for at, each in enumerate(name) if each == "."}
    paths = {module_of(name): name for name in tree if name.endswith(".py")}
    for name, module in modules.items():
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom):
                depth = node.level - paths[name].endswith("/__init__.py")
                start = name.split(".")[:-depth] if depth > 0 else name.split(".") if node.level else []
                source = ".".join([*start, *([node.module] if node.module else [])])
                known = bound(modules[source]) if source in modules else set()
                if source.split(".")[0] in {"shop", "tests", "dev"}:
                    for alias in node.names:
                        if alias.name not in known and f"{source}.{alias.name}" not in {*modules, *packages}:
                            yield f"{name}: {source}.{alias.name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] in {"shop", "tests"} and alias.name not in {*modules, *packages}:
                        yield f"{name}: {alias.name}"


def module_of(path: str) -> str:
    parts = path.removeprefix("src/").removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def bound(module: ast.Module) -> set[str]:
    """The names that a module has."""
    found: set[str] = {"__doc__", "__name__"}
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found
