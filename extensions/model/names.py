"""Whether every name in the domain can be had, by one thing only, in all that is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text import english, naming
from ..text.problems import KEY

if TYPE_CHECKING:
    from ..language.declarations import (
        ActionDeclaration,
        AggregateDeclaration,
        Domain,
        FieldDeclaration,
        TypeDeclaration,
    )
    from ..text.problems import Problems
    from .reserved import Reserved


def command_name(action: str, aggregate: str) -> str:
    """What a caller sends with an action: `hold` of `Book` takes a `HoldBook`."""
    return f"{naming.pascal(action)}{aggregate}"


class Names:
    """Claims the names of a domain one by one; problems are added to `problems`."""

    def __init__(self, domain: Domain, reserved: Reserved, problems: Problems) -> None:
        self._domain = domain
        self._reserved = reserved
        self._problems = problems
        self._classes: dict[str, str] = {}
        self._given: dict[str, str] = {}

    def claim(self) -> dict[str, str]:
        """Path of a field → name of what is generated for its enum or its pattern."""
        for each in self._domain.types:
            self._type(each)
        for aggregate in self._domain.aggregates:
            self._claim(aggregate.name, f"the aggregate {aggregate.name}", aggregate.path)
        self._folders()
        self._tables()
        self._claim_classes()
        self._operations()
        for each in self._domain.types:
            for declared in each.fields:
                self._of_type(declared, each.name)
        for aggregate in self._domain.aggregates:
            for declared in aggregate.fields:
                self._of_type(declared, aggregate.name)
            for part in aggregate.parts:
                for declared in part.fields:
                    self._of_type(declared, part.entity)
            for action in aggregate.lifecycle.actions if aggregate.lifecycle else ():
                kept = {field.name: field.path for field in aggregate.fields}
                for declared in action.input:
                    if declared.name not in kept:
                        self._of_type(declared, command_name(action.name, aggregate.name))
                    elif name := self._given.get(kept[declared.name]):
                        self._given[declared.path] = name  # the same values, so the same type
        return self._given

    def _claim(self, name: str, owner: str, path: str) -> None:
        """Reserve a class and schema name; complain when something else has it."""
        if name in self._reserved.classes:
            instead = naming.pascal(self._domain.context) + name
            self._problems.add(
                path, f"the name {name!r} belongs to Python or the generated code; choose another, as {instead!r}"
            )
        elif self._classes.setdefault(name, owner) != owner:
            self._problems.add(path, f"the name {name!r} is also that of {self._classes[name]}; choose another")

    def _type(self, declared: TypeDeclaration) -> None:
        """Reserve the names of a value object, which the modules of every aggregate may import."""
        reserved, name = self._reserved, declared.name
        for each in (name, *(f"{name}{suffix}" for suffix in reserved.type_suffixes)):
            if each in reserved.borrowed_classes or any(
                reserved.is_of_module(each, aggregate.name)
                for aggregate in self._domain.aggregates
                if aggregate.name != name
            ):
                what = f"the name {each!r} belongs to the generated code; choose another one for the type"
                self._problems.add(declared.path, what, KEY)
            else:
                self._claim(each, f"the type {name}" if each == name else f"a generated class of {name}", declared.path)

    def _folders(self) -> None:
        folders: dict[str, str] = {}
        for aggregate in self._domain.aggregates:
            folder = self._reserved.folder(naming.snake(aggregate.name))
            if folder in folders:
                self._problems.add(
                    aggregate.path, f"becomes the folder {folder!r}, as {folders[folder]} does; rename one of them"
                )
            folders.setdefault(folder, aggregate.name)

    def _tables(self) -> None:
        plurals: dict[str, str] = {}
        tables = dict.fromkeys(self._reserved.tables, "the service itself")
        for aggregate in self._domain.aggregates:
            if not self._problems.below(aggregate.path):
                self._plural(aggregate, plurals, tables)
        aggregates = {aggregate.name for aggregate in self._domain.aggregates}
        for aggregate in self._domain.aggregates:
            for part in aggregate.parts:
                table = self._reserved.table(english.plural(naming.snake(part.entity)))
                if table in tables and part.entity not in aggregates:
                    self._problems.add(
                        part.path, f"the table {table!r} of {part.entity} belongs to {tables[table]}; rename the entity"
                    )
                tables.setdefault(table, part.entity)
        for aggregate in self._domain.aggregates:
            for declared in aggregate.fields:
                if declared.spec.type.many:
                    self._link(aggregate, declared, tables)

    def _link(self, aggregate: AggregateDeclaration, declared: FieldDeclaration, tables: dict[str, str]) -> None:
        """Reserve the table of a list of references."""
        table = self._reserved.link_table(naming.snake(aggregate.name), declared.name)
        if table in tables:
            self._problems.add(declared.path, f"its table {table!r} belongs to {tables[table]}; rename the field", KEY)
        tables.setdefault(table, f"{aggregate.name}.{declared.name}")

    def _plural(self, aggregate: AggregateDeclaration, plurals: dict[str, str], tables: dict[str, str]) -> None:
        """Reserve the plural of an aggregate, with the path and the table that are called after it."""
        plural, path = aggregate.plural, aggregate.path
        address, table = naming.kebab(plural), self._reserved.table(plural)
        if plural in plurals:
            other = plurals[plural]
            self._problems.add(path, f"has the plural {plural!r}, as {other} has; give one another with `plural:`")
        elif address in self._reserved.paths:
            self._problems.add(path, f"its path '/{address}' belongs to the service; give another with `plural:`")
        elif table in tables:
            self._problems.add(path, f"its table {table!r} belongs to {tables[table]}; give another with `plural:`")
        plurals.setdefault(plural, aggregate.name)
        tables.setdefault(table, aggregate.name)

    def _claim_classes(self) -> None:
        reserved = self._reserved
        for aggregate in self._domain.aggregates:
            for part in aggregate.parts:
                self._claim(part.entity, f"the part {part.name} of {aggregate.name}", part.path)
        for aggregate in self._domain.aggregates:
            suffixes = reserved.aggregate_suffixes + (reserved.lifecycle_suffixes if aggregate.lifecycle else ())
            for suffix in suffixes:
                self._claim(f"{aggregate.name}{suffix}", f"a generated class of {aggregate.name}", aggregate.path)
            for part in aggregate.parts:
                for suffix in reserved.part_suffixes:
                    self._claim(f"{part.entity}{suffix}", f"a generated class of {part.entity}", part.path)
            for action in aggregate.lifecycle.actions if aggregate.lifecycle else ():
                if action.emits:
                    self._claim(action.emits, f"an event of {aggregate.name}", action.path)
                if action.input:
                    self._command(aggregate, action)

    def _command(self, aggregate: AggregateDeclaration, action: ActionDeclaration) -> None:
        """Reserve the names of what is sent with an action."""
        reserved, name = self._reserved, command_name(action.name, aggregate.name)
        for each in (name, *(f"{name}{suffix}" for suffix in reserved.command_suffixes)):
            if each in reserved.borrowed_classes or reserved.is_of_module(each, aggregate.name):
                what = f"its input would be {each!r}, which the generated code has already; name the action otherwise"
                self._problems.add(action.path, what)
            else:
                self._claim(each, f"the input of {aggregate.name}.{action.name}", action.path)

    def _operations(self) -> None:
        operations: dict[str, str] = {}
        for aggregate in self._domain.aggregates:
            singular = naming.snake(aggregate.name)
            names = {f"{verb}_{singular}": aggregate.path for verb in ("create", "get", "update", "delete")}
            names[f"list_{aggregate.plural}"] = aggregate.path
            for action in aggregate.lifecycle.actions if aggregate.lifecycle else ():
                names[f"{action.name}_{singular}"] = action.path
            for name, path in names.items():
                if name in operations and not self._problems.below(path):
                    self._problems.add(
                        path, f"the operation {name!r} is also that of {operations[name]}; rename one of them"
                    )
                operations.setdefault(name, path)

    def _of_type(self, declared: FieldDeclaration, owner: str) -> None:
        """Give the enum, or the pattern, of a field a name that nothing else has."""
        reserved = self._reserved
        for spec in filter(None, (declared.spec, declared.spec.inner)):
            is_enum = bool(spec.members)
            if not is_enum and spec.pattern is None:
                continue
            own = naming.pascal(declared.name)
            full = f"{owner}{own}"
            fits = len(full) <= reserved.longest_class
            names = [full, f"{full}Value", f"{full}Choice"] if fits else [own, f"{own}Value", full]
            if declared.has_default and len(full) > reserved.longest_class_of_default:
                names = [own, f"{own}Value", *(f"{own}{number}" for number in range(2, 1000))]
            beside = (f"{each.name}{suffix}" for each in self._domain.aggregates for suffix in reserved.beside_enums)
            taken = {*self._classes, *reserved.classes, *reserved.borrowed_classes, *beside}
            kinds = ("", *reserved.enum_suffixes) if is_enum else ("",)
            free = [name for name in names if taken.isdisjoint(name + kind for kind in kinds)]
            if not free:
                self._problems.add(
                    declared.path, f"no name is left for its generated type: {', '.join(names[:3])} are taken"
                )
                continue
            self._classes |= dict.fromkeys((free[0] + kind for kind in kinds), declared.path)
            self._given[declared.path] = free[0]
