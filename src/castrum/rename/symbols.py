"""Which symbols of the generated code have another name: learned from two copies that differ in the names alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import libcst as cst

from castrum.repository.trees import Tree

from .inference import targets
from .pythoncode import Symbol, arguments, dotted, every, module_name
from .spelling import Rename, matched


@dataclass(slots=True)
class Shape:
    """The names that a module, class or function defines, its parameters, and all that it uses."""

    bound: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Symbols:
    """Old name → new name of modules, of what each defines, of parameters, and of variables in functions."""

    modules: dict[str, str] = field(default_factory=dict)
    names: dict[Symbol, Mapping[str, str]] = field(default_factory=dict)
    parameters: dict[Symbol, Mapping[str, str]] = field(default_factory=dict)
    variables: dict[Symbol, Mapping[str, str]] = field(default_factory=dict)
    generated: set[str] = field(default_factory=set)
    """The modules of the last update."""

    @classmethod
    def between(cls, old: Tree, new: Tree, place: Mapping[str, str], renames: Iterable[Rename]) -> "Symbols":
        """What changed from one copy to the other; ``place`` says where each file of the first is in the second."""
        found, known = cls(), tuple(renames)
        for path, file in old.items():
            if not path.endswith(".py"):
                continue
            other = place.get(path, path)
            name, new_name = module_name(path), module_name(other)
            found.generated.add(name)
            if name != new_name:
                found.modules[name] = new_name
                packages = zip(_packages(name), _packages(new_name), strict=False)
                found.modules |= {one: two for one, two in packages if one != two}
            if other in new and new[other].content != file.content:
                found._compare(name, shapes(file.content), shapes(new[other].content), known)
        return found

    def _compare(
        self, module: str, old: Mapping[str, Shape], new: Mapping[str, Shape], renames: tuple[Rename, ...]
    ) -> None:
        called = {"": ""}
        for name, before in old.items():  # what is outside comes before what is inside
            outer, _, own = name.rpartition(".")
            if name:
                inside = called.get(outer)
                if inside is None:
                    continue
                own = self.names.get(Symbol(module, outer), {}).get(own, own)
                called[name] = f"{inside}.{own}" if inside else own
            after = new.get(called[name])
            if after is None:
                continue
            symbol = Symbol(module, name)
            for kind in ("bound", "parameters", "used"):
                table = {"bound": self.names, "parameters": self.parameters, "used": self.variables}[kind]
                changed = matched(getattr(before, kind), getattr(after, kind), renames)
                if changed:
                    table[symbol] = changed


def _packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts)))


def shapes(code: bytes) -> dict[str, Shape]:
    """The shape of the module, under the empty name, and of each class and function in it."""
    found = {"": Shape()}
    _shape(cst.parse_module(code), "", found)
    return found


def _shape(node: cst.CSTNode, name: str, found: dict[str, Shape]) -> None:
    for child in node.children:
        if isinstance(child, cst.ClassDef | cst.FunctionDef):
            found[name].bound.add(child.name.value)
            inner = f"{name}.{child.name.value}" if name else child.name.value
            shape = found.setdefault(inner, Shape())
            if isinstance(child, cst.FunctionDef):
                shape.parameters |= {each.name.value for each in arguments(child.params)}
                shape.used |= {each.value for each in every(child, cst.Name)}
                found[name].bound |= {
                    parts[1].value
                    for statement in (*every(child, cst.Assign), *every(child, cst.AnnAssign))
                    for target in targets(statement)
                    if len(parts := dotted(target)) == 2 and parts[0].value == "self"
                }
            _shape(child, inner, found)
        else:
            _bind(child, found[name])
            if not isinstance(child, cst.BaseExpression):
                _shape(child, name, found)


def _bind(node: cst.CSTNode, shape: Shape) -> None:
    shape.bound |= {each.value for each in targets(node) if isinstance(each, cst.Name)}
    if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
        shape.bound |= {str(alias.evaluated_alias or alias.evaluated_name) for alias in node.names}
