"""What an expression stands for, as far as the code says it for certain: by imports, annotations and calls."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import libcst as cst
from libcst.metadata import BaseAssignment, Scope

from .pythoncode import Definition, Module, Modules, Symbol, arguments, dotted, every

DEEPEST: Final = 40
"""Steps after which an expression counts as unknown."""
WRAPPERS: Final = {"Optional", "Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly"}
MANY: Final = frozenset(
    """
    list set frozenset tuple deque List Set FrozenSet Tuple Deque Sequence MutableSequence Collection Iterable Iterator
    Generator AsyncIterable AsyncIterator AsyncGenerator AbstractSet
    """.split()
)
LATER: Final = {"Awaitable", "Coroutine", "Future", "Task"}
SAME: Final = {"replace", "copy", "deepcopy"}
"""Functions of the standard library that return another object of the class of their first argument."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value; ``item`` is what it holds, or what a method is bound to."""

    kind: Literal["module", "class", "object", "function", "many", "later"]
    symbol: Symbol | None = None
    item: "Value | None" = None


class Values:
    """Follows names and types through the modules of a project."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._depth = 0
        self._bases: dict[Symbol, list[Symbol]] = {}

    # Names -----------------------------------------------------------------------------------------------------------

    def of(self, module: Module, node: cst.CSTNode, scope: Scope | None = None) -> Value | None:
        """The value of the expression; ``scope`` where the node is of a text that was parsed by itself."""
        if self._depth > DEEPEST:
            return None
        self._depth += 1
        try:
            return self._of(module, node, scope or module.scope(node))
        finally:
            self._depth -= 1

    def _of(self, module: Module, node: cst.CSTNode, scope: Scope) -> Value | None:
        if isinstance(node, cst.List | cst.Tuple | cst.Set):
            return _many(self._same(module, (each.value for each in node.elements), scope))
        match node:
            case cst.Name():
                return self.name(module, node.value, scope)
            case cst.Attribute():
                before = self.of(module, node.value, scope)
                return self.member(before, node.attr.value)[1] if before else None
            case cst.Call():
                return self._called(module, node, scope)
            case cst.Await():
                waited = self.of(module, node.expression, scope)
                return waited.item if waited and waited.kind == "later" else None
            case cst.Subscript():
                held = self.of(module, node.value, scope)
                one = len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index)
                return held.item if held and held.kind == "many" and one else held if held and not one else None
            case cst.NamedExpr():
                return self.of(module, node.value, scope)
            case cst.IfExp():
                return self._same(module, (node.body, node.orelse), scope)
            case cst.BooleanOperation():
                return self._same(module, (node.left, node.right), scope)
            case cst.ListComp() | cst.SetComp() | cst.GeneratorExp():
                return _many(self.of(module, node.elt))
        return None

    def _same(self, module: Module, nodes: Iterable[cst.BaseExpression], scope: Scope) -> Value | None:
        """What all of them are; None beside it says nothing."""
        return _agreed(
            self.of(module, node, scope) for node in nodes if not (isinstance(node, cst.Name) and node.value == "None")
        )

    def name(self, module: Module, name: str, scope: Scope) -> Value | None:
        """What the name stands for where the scope is, if all its assignments agree."""
        found = [each for each in scope[name] if isinstance(getattr(each, "node", None), cst.CSTNode)]
        if found:
            return _agreed(self._assigned(module, each) for each in found)
        stars = (self.top(star, name) for star in module.stars if not name.startswith("_"))
        return next((each for each in stars if each), None)

    def top(self, module: str, name: str) -> Value | None:
        """What the module has under the name: something of its own, something that it imports, or a module."""
        known = self._modules.get(module)
        if known is not None and self._depth <= DEEPEST:
            self._depth += 1
            try:
                found = self.name(known, name, known.top)
            finally:
                self._depth -= 1
            if found is not None:
                return found
        inside = f"{module}.{name}" if module else name
        return Value("module", Symbol(inside)) if self._modules.has(inside) else None

    def _assigned(self, module: Module, assignment: BaseAssignment) -> Value | None:
        node = getattr(assignment, "node", None)
        match node:
            case cst.ImportFrom():
                alias = imported(node, assignment.name)
                return self.top(module.target(node), alias) if alias else None
            case cst.Import():
                return self._import(node, assignment.name)
            case cst.ClassDef():
                return Value("class", module.symbols.get(node))
            case cst.FunctionDef():
                return Value("function", module.symbols.get(node))
            case cst.Param():
                return self._parameter(module, node)
            case cst.Name():
                return self._bound(module, node)
        return None

    def _import(self, node: cst.Import, name: str) -> Value | None:
        for alias in node.names:
            path = ".".join(part.value for part in dotted(alias.name))
            if alias.asname is not None:
                if isinstance(alias.asname.name, cst.Name) and alias.asname.name.value == name:
                    return Value("module", Symbol(path)) if self._modules.has(path) else None
            elif path == name or path.startswith(f"{name}."):
                return Value("module", Symbol(name)) if self._modules.has(name) else None
        return None

    def _parameter(self, module: Module, node: cst.Param) -> Value | None:
        function = module.around(node, cst.FunctionDef, cst.Lambda)
        if not isinstance(function, cst.FunctionDef):
            return None
        kind = self._annotation(module, node.annotation, module.scope(function)) if node.annotation else None
        if kind is not None:
            return _many(kind) if node.star == "*" else None if node.star else kind
        owner = module.around(function, cst.ClassDef, cst.FunctionDef)
        first = next(iter(arguments(function.params)), None)
        if isinstance(owner, cst.ClassDef) and first is node and node.annotation is None:
            decorators = {getattr(each.decorator, "value", "") for each in function.decorators}
            symbol = None if "staticmethod" in decorators else module.symbols.get(owner)
            return Value("class" if "classmethod" in decorators else "object", symbol) if symbol else None
        return None

    def _bound(self, module: Module, node: cst.Name) -> Value | None:
        """A variable: what is assigned to it, or what it takes from a loop."""
        at: cst.CSTNode = node
        around = module.parents.get(at)
        place = None
        if isinstance(around, cst.Element):  # one of several: `a, b = …`
            several = module.parents.get(around)
            if not isinstance(several, cst.Tuple | cst.List) or around not in several.elements:
                return None
            place = list(several.elements).index(around)
            at, around = several, module.parents.get(several)
        if isinstance(around, cst.AssignTarget):
            statement = module.parents.get(around)
            value = statement.value if isinstance(statement, cst.Assign) else None
            if place is None or value is None:
                return self.of(module, value) if value is not None else None
            if not isinstance(value, cst.Tuple | cst.List) or len(value.elements) <= place:
                return None
            return self.of(module, value.elements[place].value)
        if place is not None:
            return None
        match around:
            case cst.AnnAssign():
                return self._annotation(module, around.annotation, module.scope(around))
            case cst.NamedExpr():
                return self.of(module, around.value)
            case cst.For() | cst.CompFor() if around.target is at:
                items = self.of(module, around.iter)
                return items.item if items and items.kind == "many" else None
            case cst.MatchAs() if isinstance(around.pattern, cst.MatchClass):
                return _object(self.of(module, around.pattern.cls))
        return None

    # Types -----------------------------------------------------------------------------------------------------------

    def _annotation(self, module: Module, node: cst.Annotation, scope: Scope) -> Value | None:
        return self.annotated(module, node.annotation, scope)

    def annotated(self, module: Module, node: cst.BaseExpression, scope: Scope) -> Value | None:
        """What has the type."""
        match node:
            case cst.SimpleString():
                try:
                    return self.annotated(module, cst.parse_expression(str(node.evaluated_value)), scope)
                except cst.ParserSyntaxError:
                    return None
            case cst.Name() | cst.Attribute():
                return _object(self.of(module, node, scope))
            case cst.BinaryOperation() if isinstance(node.operator, cst.BitOr):
                sides = (each for each in (node.left, node.right) if not _is_none(each))
                return _agreed(self.annotated(module, each, scope) for each in sides)
            case cst.Subscript():
                inside = [each.slice.value for each in node.slice if isinstance(each.slice, cst.Index)]
                name = next((part.value for part in reversed(dotted(node.value))), "")
                return self._generic(module, name, inside, scope) if inside else None
        return None

    def _generic(self, module: Module, name: str, inside: list[cst.BaseExpression], scope: Scope) -> Value | None:
        if name in {"Union", *WRAPPERS}:
            sides = (each for each in (inside if name == "Union" else inside[:1]) if not _is_none(each))
            return _agreed(self.annotated(module, each, scope) for each in sides)
        if name in {"type", "Type"}:
            kind = self.annotated(module, inside[0], scope)
            return Value("class", kind.symbol) if kind and kind.kind == "object" else None
        if name in LATER:
            kind = self.annotated(module, inside[-1], scope)
            return Value("later", item=kind) if kind else None
        if name in {"tuple", "Tuple"} and len(inside) > 1 and not isinstance(inside[1], cst.Ellipsis):
            return _many(_agreed(self.annotated(module, each, scope) for each in inside))
        return _many(self.annotated(module, inside[0], scope)) if name in MANY else None

    # Calls -----------------------------------------------------------------------------------------------------------

    def _called(self, module: Module, node: cst.Call, scope: Scope) -> Value | None:
        name = ".".join(part.value for part in dotted(node.func))
        if name == "super":
            owner = module.around(node, cst.ClassDef)
            bases = self.bases(module.symbols[owner]) if owner in module.symbols else []
            return Value("object", bases[0]) if bases else None
        function = self.of(module, node.func, scope)
        if function is None:
            if node.args and self.is_copy(node, scope):
                return self.of(module, node.args[0].value, scope)
            if name in {"list", "sorted", "tuple", "set", "reversed"} and node.args:
                held = self.of(module, node.args[0].value, scope)
                return held if held and held.kind == "many" else None
            return None
        if function.kind == "class":
            return _object(function)
        return self._result(function) if function.kind == "function" and function.symbol else None

    def is_copy(self, node: cst.Call, scope: Scope) -> bool:
        """Whether it is `dataclasses.replace` or a copy, by the names that the module gives them."""
        names = [part.value for part in dotted(node.func)]
        found = [getattr(each, "node", None) for each in scope[names[0]]] if names else []
        return bool(found) and all(_is_copy(each, names) for each in found)

    def _result(self, function: Value) -> Value | None:
        symbol = function.symbol
        module = self._modules.get(symbol.module) if symbol else None
        node = module.definitions.get(symbol.name) if module and symbol else None
        if module is None or not isinstance(node, cst.FunctionDef) or node.returns is None:
            return None
        if isinstance(node.returns.annotation, cst.Name) and node.returns.annotation.value == "Self":
            result = _object(function.item)
        else:
            result = self._annotation(module, node.returns, module.scope(node))
        streams = any(True for _ in every(node.body, cst.Yield))
        return Value("later", item=result) if result and node.asynchronous and not streams else result

    # Classes ---------------------------------------------------------------------------------------------------------

    def definition(self, symbol: Symbol) -> tuple[Module, Definition] | None:
        """Where a class or a function is written."""
        module = self._modules.get(symbol.module)
        node = module.definitions.get(symbol.name) if module else None
        return (module, node) if module and node else None

    def bases(self, symbol: Symbol) -> list[Symbol]:
        """The classes of the project that the class is made from, nearest first."""
        if symbol not in self._bases:
            self._bases[symbol] = []  # while it is looked for: no class is its own base
            found: list[Symbol] = []
            place = self.definition(symbol)
            if place and isinstance(place[1], cst.ClassDef):
                for argument in place[1].bases:
                    kind = argument.value.value if isinstance(argument.value, cst.Subscript) else argument.value
                    base = self.of(place[0], kind, place[0].scope(place[1]))
                    if base and base.kind == "class" and base.symbol:
                        found += [each for each in (base.symbol, *self.bases(base.symbol)) if each not in found]
            self._bases[symbol] = found
        return self._bases[symbol]

    def member(self, value: Value, name: str) -> tuple[Symbol | None, Value | None]:
        """Whose the attribute is, a class's or a module's, and what it is."""
        symbol = value.symbol
        if symbol is None:
            return None, None
        if value.kind == "module":
            return symbol, self.top(symbol.module, name)
        if value.kind not in {"class", "object"}:
            return None, None
        for owner in (symbol, *self.bases(symbol)):
            place = self.definition(owner)
            if place is None or not isinstance(place[1], cst.ClassDef):
                continue
            found = [self._member(place[0], owner, each, value) for each in members(place[1], name)]
            if found:
                return owner, _agreed(found)
        return None, None

    def _member(self, module: Module, owner: Symbol, node: cst.CSTNode, value: Value) -> Value | None:
        match node:
            case cst.FunctionDef():
                bound = Value("function", owner.inside(node.name.value), value)
                decorators = {part.value for each in node.decorators for part in dotted(each.decorator)[-1:]}
                return self._result(bound) if decorators & {"property", "cached_property"} else bound
            case cst.ClassDef():
                return Value("class", owner.inside(node.name.value))
            case cst.AnnAssign():
                return self._annotation(module, node.annotation, module.scope(node))
            case cst.Assign():
                return self.of(module, node.value)
        return None


def members(node: cst.ClassDef, name: str) -> Iterator[cst.CSTNode]:
    """Where the class says what the attribute is: in its body, or in its methods on `self`."""
    for each in node.body.body:
        if isinstance(each, cst.FunctionDef | cst.ClassDef):
            if each.name.value == name:
                yield each
        elif isinstance(each, cst.SimpleStatementLine):
            for statement in each.body:
                if any(isinstance(target, cst.Name) and target.value == name for target in targets(statement)):
                    yield statement
    for method in (each for each in node.body.body if isinstance(each, cst.FunctionDef)):
        for kind in (cst.AnnAssign, cst.Assign):
            for statement in every(method, kind):
                if any([part.value for part in dotted(each)] == ["self", name] for each in targets(statement)):
                    yield statement


def targets(statement: cst.CSTNode) -> list[cst.BaseExpression]:
    """To what the statement assigns."""
    if isinstance(statement, cst.Assign):
        return [each.target for each in statement.targets]
    return [statement.target] if isinstance(statement, cst.AnnAssign) else []


def imported(node: cst.ImportFrom, name: str) -> str | None:
    """What the import calls so is called where it comes from."""
    if isinstance(node.names, cst.ImportStar):
        return None
    for alias in node.names:
        if alias.evaluated_alias == name or (alias.asname is None and alias.evaluated_name == name):
            return alias.evaluated_name
    return None


def _is_copy(node: cst.CSTNode | None, names: list[str]) -> bool:
    if isinstance(node, cst.ImportFrom):
        source = "" if node.relative else ".".join(part.value for part in dotted(node.module))
        return len(names) == 1 and source in {"dataclasses", "copy"} and imported(node, names[0]) in SAME
    if isinstance(node, cst.Import):
        modules = {alias.evaluated_alias or alias.evaluated_name: alias.evaluated_name for alias in node.names}
        return len(names) == 2 and modules.get(names[0]) in {"dataclasses", "copy"} and names[1] in SAME
    return False


def _agreed(values: Iterable[Value | None]) -> Value | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _many(value: Value | None) -> Value | None:
    return Value("many", item=value) if value else None


def _object(value: Value | None) -> Value | None:
    if value is None or value.kind not in {"class", "object"}:
        return None
    return Value("object", value.symbol)


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"
