"""A module of the person's under the new names: only what certainly is the renamed symbol has another name."""

import re
from collections.abc import Iterator

import libcst as cst
from libcst.metadata import BaseAssignment, ClassScope, ImportAssignment, Scope

from .inference import Value, Values, imported, targets
from .pythoncode import Module, Modules, Symbol, arguments, dotted, every, nodes
from .symbols import Symbols


class Rewriter:
    """Finds the places of renamed symbols in the modules of a project."""

    def __init__(self, modules: Modules, symbols: Symbols) -> None:
        self._modules = modules
        self._symbols = symbols
        self._values = Values(modules)
        self._known: dict[tuple[str, str, int], str | None] = {}

    def rewritten(self, path: str) -> bytes | None:
        """The text of the file with the new names, on the same lines; none where it is no Python."""
        module = self._modules.at(path)
        if module is None:
            return None
        text = module.text
        for start, old, new in sorted(set(self._edits(module)), reverse=True):
            end = start + len(old.encode())
            if text[start:end] != old.encode():  # what the parser does not count, such as a form feed
                return None
            text = text[:start] + new.encode() + text[end:]
        return text

    # Places ----------------------------------------------------------------------------------------------------------

    def _edits(self, module: Module) -> Iterator[tuple[int, str, str]]:
        """First byte, old name and new name."""
        for node, new in self._places(module):
            yield module.spans[node][0], node.value, new
        yield from self._texts(module)

    def _places(self, module: Module) -> Iterator[tuple[cst.Name, str]]:
        skipped: set[cst.CSTNode] = set()
        for node in nodes(module.tree):
            match node:
                case cst.ImportFrom():
                    yield from self._import_from(module, node)
                    skipped |= {name for alias in every(node, cst.ImportAlias) for name in every(alias, cst.Name)}
                    skipped |= set(dotted(node.module))
                case cst.Import():
                    yield from self._import(module, node)
                    skipped |= set(every(node, cst.Name))
                case cst.Attribute():
                    skipped.add(node.attr)
                    value = self._values.of(module, node.value)
                    if value and (new := self.attribute(value, node.attr.value)):
                        yield node.attr, new
                case cst.Call():
                    names = [argument.keyword for argument in node.args if argument.keyword]
                    skipped |= set(names)
                    yield from self._keywords(module, node, names)
                case cst.Arg() if node.keyword:  # of a class
                    skipped.add(node.keyword)
                case cst.MatchKeywordElement():
                    skipped.add(node.key)
                    pattern = module.parents[node]
                    kind = self._values.of(module, pattern.cls) if isinstance(pattern, cst.MatchClass) else None
                    if kind and (new := self.attribute(kind, node.key.value)):
                        yield node.key, new
                case cst.Name() if node not in skipped:
                    scope = self._scope(module, node)
                    if scope is not None and (new := self.name(module, node.value, scope)):
                        yield node, new

    def _scope(self, module: Module, node: cst.Name) -> Scope | None:
        """The scope of a name; that of a definition is the one around it, that of a parameter the function's."""
        parent = module.parents.get(node)
        if isinstance(parent, cst.ClassDef | cst.FunctionDef) and parent.name is node:
            return module.scopes.get(parent)
        if isinstance(parent, cst.Param) and parent.name is node:
            function = module.around(parent, cst.FunctionDef, cst.Lambda)
            inner = getattr(function, "body", None)
            return module.scopes.get(inner) if inner is not None else None
        return module.scopes.get(node)

    def _import_from(self, module: Module, node: cst.ImportFrom) -> Iterator[tuple[cst.Name, str]]:
        source = module.target(node)
        new = self._symbols.modules.get(source, source)
        names = dotted(node.module)
        own = self._symbols.modules.get(module.name, module.name)
        before, after = source.split("."), new.split(".")
        if source != new and len(before) == len(after) and (not node.relative or self._fits(module, node, own, new)):
            for name, two in zip(reversed(names), reversed(after), strict=False):
                if name.value != two:
                    yield name, two
        if isinstance(node.names, cst.ImportStar):
            return
        for alias in node.names:
            if isinstance(alias.name, cst.Name) and (called := self.exported(source, alias.name.value)):
                bound = () if alias.asname else module.scope(node)[alias.name.value]
                keeps = any(self._is_taken(called, each) for each in bound)
                yield alias.name, (f"{called} as {alias.name.value}" if keeps else called)

    def _fits(self, module: Module, node: cst.ImportFrom, own: str, new: str) -> bool:
        """Whether the dots still lead from where the module is to what it imports."""
        depth = len(node.relative) - module.path.endswith("__init__.py")
        package = own.split(".")
        start = package[: len(package) - depth]
        return new.split(".")[: len(start)] == start

    def _import(self, module: Module, node: cst.Import) -> Iterator[tuple[cst.Name, str]]:
        for alias in node.names:
            names = dotted(alias.name)
            path = ".".join(name.value for name in names)
            new = self._symbols.modules.get(path, path).split(".")
            first = names[0].value if names else ""
            # Without `as` the first name is used below, where something else may be called as it is now.
            bound = () if alias.asname or not new or new[0] == first else module.scope(node)[first]
            if len(new) == len(names) and not any(self._is_taken(new[0], each) for each in bound):
                yield from ((name, two) for name, two in zip(names, new, strict=True) if name.value != two)

    def _keywords(self, module: Module, node: cst.Call, names: list[cst.Name]) -> Iterator[tuple[cst.Name, str]]:
        if not names:
            return
        function = self._values.of(module, node.func)
        if function is None and node.args and self._values.is_copy(node, module.scope(node)):
            function = self._values.of(module, node.args[0].value)  # `replace(order, note=…)`
        for name in names:
            if function and (new := self._keyword(function, name.value)):
                yield name, new

    def _texts(self, module: Module) -> Iterator[tuple[int, str, str]]:
        """Names in types that are written as texts, and in `__all__`."""
        accesses = {
            access.node: access.scope
            for scope in {each for each in module.scopes.values() if each is not None}
            for access in scope.accesses
            if isinstance(access.node, cst.SimpleString)
        }
        for node, scope in accesses.items():
            start, _ = module.spans[node]
            quote = len(node.prefix) + len(node.quote)
            if "r" in node.prefix.lower() or "\\" in node.value or not node.value.isascii():
                continue
            for match in re.finditer(
                r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", node.value[quote : -len(node.quote)]
            ):
                yield from self._dotted(module, match[0], start + quote + match.start(), scope)
        for statement in every(module.tree, cst.Assign):
            if module.scopes.get(statement) is not module.top or not any(
                isinstance(target, cst.Name) and target.value == "__all__" for target in targets(statement)
            ):
                continue
            for node in every(statement.value, cst.SimpleString):
                name = node.evaluated_value
                if isinstance(name, str) and (new := self.name(module, name, module.top)) and name in node.value:
                    at = module.spans[node][0] + len(node.prefix) + len(node.quote)
                    yield at, name, new

    def _dotted(self, module: Module, text: str, at: int, scope: Scope) -> Iterator[tuple[int, str, str]]:
        first, *rest = text.split(".")
        if new := self.name(module, first, scope):
            yield at, first, new
        value = self._values.name(module, first, scope)
        at += len(first)
        for part in rest:
            if value is None:
                return
            if new := self.attribute(value, part):
                yield at + 1, part, new
            value = self._values.member(value, part)[1]
            at += 1 + len(part)

    # Names -----------------------------------------------------------------------------------------------------------

    def name(self, module: Module, name: str, scope: Scope) -> str | None:
        """The new name of what is called so where the scope is; none where that is not sure."""
        found = scope[name]
        if found:
            names = {self._assigned(module, each) for each in found}
            return names.pop() if len(names) == 1 else None
        stars = (self.exported(star, name) for star in module.stars if self._values.top(star, name))
        return next(stars, None)

    def exported(self, source: str, name: str) -> str | None:
        """The new name of what is imported from a module; none where it has none."""
        if (inside := f"{source}.{name}") in self._symbols.modules:
            new = self._symbols.modules[inside].rpartition(".")[2]
            return None if new == name else new
        changed = self._symbols.names.get(Symbol(source), {})
        if name in changed:
            return changed[name]
        module = self._modules.get(source)
        return self.name(module, name, module.top) if module else None

    def _assigned(self, module: Module, assignment: BaseAssignment) -> str | None:
        name, _scope = assignment.name, assignment.scope
        key = (module.name, name, id(assignment))
        if key not in self._known:
            self._known[key] = None  # while it is looked for
            node = getattr(assignment, "node", None)
            if isinstance(assignment, ImportAssignment):
                new = self._imported(module, node, name)
                # An import that would hide something keeps its name by `as`.
                self._known[key] = None if new and self._is_taken(new, assignment) else new
            else:
                self._known[key] = self._defined(module, assignment)
        return self._known[key]

    def _imported(self, module: Module, node: cst.CSTNode | None, name: str) -> str | None:
        if isinstance(node, cst.ImportFrom):
            original = imported(node, name)
            return self.exported(module.target(node), name) if original == name and _plain(node, name) else None
        if isinstance(node, cst.Import) and "." not in name and _plain(node, name):
            return self._symbols.modules.get(name)
        return None

    def _defined(self, module: Module, assignment: BaseAssignment) -> str | None:
        name, scope = assignment.name, assignment.scope
        owner = module.owner(scope)
        if owner is None:
            return self._symbols.names.get(Symbol(module.name), {}).get(name)
        if isinstance(scope, ClassScope):
            return self.attribute(Value("class", owner), name)
        if owner in self._symbols.variables:
            return self._symbols.variables[owner].get(name)
        new = self._parameters(owner).get(name)
        return None if new and self._is_taken(new, assignment) else new

    def attribute(self, value: Value, name: str) -> str | None:
        """The new name of an attribute of what the value is."""
        if value.symbol is None or value.kind not in {"module", "class", "object"}:
            return None
        if value.kind == "module":
            return self.exported(value.symbol.module, name)
        for owner in (value.symbol, *self._values.bases(value.symbol)):
            new = self._symbols.names.get(owner, {}).get(name)
            if new is not None:
                return new
        return None

    def _keyword(self, function: Value, name: str) -> str | None:
        if function.symbol is None:
            return None
        if function.kind == "function":
            return self._parameters(function.symbol).get(name)
        if function.kind not in {"class", "object"}:
            return None
        owner, _ = self._values.member(function, "__init__")
        if owner is not None:
            return self._parameters(owner.inside("__init__")).get(name)
        return self.attribute(function, name)

    def _parameters(self, function: Symbol) -> dict[str, str]:
        """The new names of a function's parameters: of a generated one, or of what takes the place of one."""
        found = dict(self._symbols.parameters.get(function, {}))
        owner, _, method = function.name.rpartition(".")
        place = self._values.definition(function)
        if owner and place and isinstance(place[1], cst.FunctionDef):
            own = {each.name.value for each in arguments(place[1].params)}
            for base in self._values.bases(Symbol(function.module, owner)):
                above = self._symbols.parameters.get(base.inside(method), {})
                found |= {old: new for old, new in above.items() if old in own and new not in own and old not in found}
        return found

    def _is_taken(self, name: str, assignment: BaseAssignment) -> bool:
        """Whether something else is called so where the assignment is, or where what it assigns is used."""
        node = getattr(assignment, "node", None)
        # `import a.b` assigns both `a` and `a.b`.
        same = [each for each in assignment.scope.assignments if getattr(each, "node", None) is node]
        scopes = {access.scope for each in (assignment, *same) for access in each.references}
        return any(scope[name] for scope in {assignment.scope, *scopes})


def _plain(node: cst.ImportFrom | cst.Import, name: str) -> bool:
    """Whether the import gives it no name of its own."""
    if isinstance(node.names, cst.ImportStar):
        return False
    return any(alias.asname is None and alias.evaluated_name.split(".")[0] == name for alias in node.names)
