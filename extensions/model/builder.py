"""The model that templates read: every name and form computed once, as plain mappings and lists that survive JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..language.combinations import described, told_apart
from ..language.grammar import RESERVED_FIELDS
from ..targets.openapi import names as path_names
from ..targets.postgres import names as sql_names
from ..targets.postgres.tables import Table
from ..targets.python import names as python_names
from ..text import english, naming
from ..text.problems import Problems, nearest
from ..types import LONGEST_INDEXED, SHARED_SCHEMAS, Spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..language.declarations import (
        ActionDeclaration,
        AggregateDeclaration,
        ConsumedDeclaration,
        Domain,
        FieldDeclaration,
        LifecycleDeclaration,
        PartDeclaration,
    )

Json = dict[str, Any]

GENERATED_CLASSES = ("Create", "Patch", "View", "Page", "Query", "Service", "Repository", "Status", "StatusInput")
PART_CLASSES = ("Create", "Input", "View")
PAGE_PARAMETERS = ("cursor", "limit", "sort")
LONGEST_CLASS = 50
LONGEST_CLASS_OF_DEFAULT = 70
"""A longer one, a field and its default, of 40 letters each, cannot be broken into lines of 120."""


class Builder:
    """Checks what only the whole domain shows, and builds the model; problems are added to `problems`."""

    def __init__(self, domain: Domain, problems: Problems) -> None:
        self._domain = domain
        self._problems = problems
        self._aggregates = {aggregate.name: aggregate for aggregate in domain.aggregates}
        self._classes: dict[str, str] = {}
        self._relations: set[str] = set(sql_names.RESERVED_TABLES)

    def _add(self, path: str, message: str) -> None:
        self._problems.add(path, message)

    def _has_problems(self, path: str) -> bool:
        """Whether something at or below the path is wrong already, so that what follows from it need not be said."""
        return any(message.startswith((f"{path}:", f"{path}.")) for message in self._problems.messages)

    def build(self) -> Json:
        """The model; empty when there are problems."""
        self._claim_names()
        self._check_references()
        for aggregate in self._domain.aggregates:
            self._check_aggregate(aggregate)
        self._check_consumed()
        if self._problems.messages:
            return {}
        aggregates = [self._aggregate(aggregate) for aggregate in self._domain.aggregates]
        return {
            "context": self._domain.context,
            "title": naming.words(self._domain.context),
            "description": self._domain.description or f"The {naming.words(self._domain.context)} service.",
            "aggregates": aggregates,
            "aggregates_by_module": sorted(
                (a["name"] for a in aggregates), key=lambda n: naming.natural(self._module(n))
            ),
            "aggregates_by_dependency": self._by_dependency(),
            "modules": sorted((a["module"] for a in aggregates), key=naming.natural),
            "consumes": [self._consumed(event) for event in self._domain.consumes],
            "schemas": _shared_schemas(aggregates),
        }

    def _module(self, name: str) -> str:
        return python_names.module_name(naming.snake(name))

    # Checks ----------------------------------------------------------------------------------------------------------

    def _claim(self, name: str, owner: str, path: str) -> None:
        """Reserve a class and schema name; complain when something else has it."""
        if name in python_names.RESERVED_CLASSES:
            instead = naming.pascal(self._domain.context) + name
            self._add(
                path, f"the name {name!r} belongs to Python or the generated code; choose another, as {instead!r}"
            )
        elif self._classes.setdefault(name, owner) != owner:
            self._add(path, f"the name {name!r} is also that of {self._classes[name]}; choose another")

    def _claim_names(self) -> None:
        for aggregate in self._domain.aggregates:
            self._claim(aggregate.name, f"the aggregate {aggregate.name}", aggregate.path)
        self._claim_modules()
        self._claim_tables()
        self._claim_classes()
        self._claim_operations()
        for aggregate in self._domain.aggregates:
            for declared in aggregate.fields:
                self._name_classes(declared, aggregate.name)
            for part in aggregate.parts:
                for declared in part.fields:
                    self._name_classes(declared, part.entity)

    def _claim_modules(self) -> None:
        modules: dict[str, str] = {}
        for aggregate in self._domain.aggregates:
            module = self._module(aggregate.name)
            if module in modules:
                self._add(
                    aggregate.path, f"becomes the folder {module!r}, as {modules[module]} does; rename one of them"
                )
            modules.setdefault(module, aggregate.name)

    def _claim_tables(self) -> None:
        plurals: dict[str, str] = {}
        tables = dict.fromkeys(sql_names.RESERVED_TABLES, "the service itself")
        for aggregate in self._domain.aggregates:
            plural, path = aggregate.plural, aggregate.path
            if self._has_problems(path):
                continue
            if plural in plurals:
                self._add(path, f"has the plural {plural!r}, as {plurals[plural]} has; give one another with `plural:`")
            elif naming.kebab(plural) in path_names.RESERVED_PATHS:
                self._add(
                    path, f"its path '/{naming.kebab(plural)}' belongs to the service; give another with `plural:`"
                )
            elif (table := sql_names.sql_name(plural)) in tables:
                self._add(path, f"its table {table!r} belongs to {tables[table]}; give another with `plural:`")
            plurals.setdefault(plural, aggregate.name)
            tables.setdefault(sql_names.sql_name(plural), aggregate.name)
        for aggregate in self._domain.aggregates:
            for part in aggregate.parts:
                table = self._part_table(part)
                if table in tables and part.entity not in self._aggregates:
                    self._add(
                        part.path, f"the table {table!r} of {part.entity} belongs to {tables[table]}; rename the entity"
                    )
                tables.setdefault(table, part.entity)

    def _claim_classes(self) -> None:
        for aggregate in self._domain.aggregates:
            for part in aggregate.parts:
                self._claim(part.entity, f"the part {part.name} of {aggregate.name}", part.path)
        for aggregate in self._domain.aggregates:
            for suffix in GENERATED_CLASSES if aggregate.lifecycle else GENERATED_CLASSES[:-2]:
                self._claim(f"{aggregate.name}{suffix}", f"a generated class of {aggregate.name}", aggregate.path)
            for part in aggregate.parts:
                for suffix in PART_CLASSES:
                    self._claim(f"{part.entity}{suffix}", f"a generated class of {part.entity}", part.path)
            for action in aggregate.lifecycle.actions if aggregate.lifecycle else ():
                if action.emits:
                    self._claim(action.emits, f"an event of {aggregate.name}", action.path)

    def _claim_operations(self) -> None:
        operations: dict[str, str] = {}
        for aggregate in self._domain.aggregates:
            singular = naming.snake(aggregate.name)
            names = {f"{verb}_{singular}": aggregate.path for verb in ("create", "get", "update", "delete")}
            names[f"list_{aggregate.plural}"] = aggregate.path
            for action in aggregate.lifecycle.actions if aggregate.lifecycle else ():
                names[f"{action.name}_{singular}"] = action.path
            for name, path in names.items():
                if name in operations and not self._has_problems(path):
                    self._add(path, f"the operation {name!r} is also that of {operations[name]}; rename one of them")
                operations.setdefault(name, path)

    def _name_classes(self, declared: FieldDeclaration, owner: str) -> None:
        """Give the enum, or the pattern's alias, of a field a class name that nothing else has."""
        for spec in filter(None, (declared.spec, declared.spec.inner)):
            if spec.type.kind != "enum" and spec.pattern is None:
                continue
            own = naming.pascal(declared.name)
            full = f"{owner}{own}"
            names = (
                [full, f"{full}Value", f"{full}Choice"] if len(full) <= LONGEST_CLASS else [own, f"{own}Value", full]
            )
            if declared.has_default and len(full) > LONGEST_CLASS_OF_DEFAULT:
                names = [own, f"{own}Value", *(f"{own}{number}" for number in range(2, 1000))]
            taken = {*self._classes, *python_names.RESERVED_CLASSES, *python_names.BORROWED_CLASSES}
            kinds = ("", "Input") if spec.type.kind == "enum" else ("",)  # its values, and those that clients may send
            free = [name for name in names if taken.isdisjoint(name + kind for kind in kinds)]
            if not free:
                self._add(declared.path, f"no name is left for its generated type: {', '.join(names[:3])} are taken")
                continue
            self._classes |= dict.fromkeys((free[0] + kind for kind in kinds), declared.path)
            if spec.type.kind == "enum":
                spec.enum_class = free[0]
            else:
                spec.alias_name = free[0]

    def _check_references(self) -> None:
        required: dict[str, list[str]] = {name: [] for name in self._aggregates}
        for aggregate in self._domain.aggregates:
            for declared in [*aggregate.fields, *(field for part in aggregate.parts for field in part.fields)]:
                spec = declared.spec
                if spec.type.kind == "ref" and spec.target not in self._aggregates:
                    self._add(
                        declared.path, f"unknown aggregate {spec.target!r}{nearest(spec.target, self._aggregates)}"
                    )
                elif spec.type.kind == "id" and spec.context == self._domain.context:
                    self._add(declared.path, f"{spec.context!r} is this context; write ref {spec.target}")
                elif spec.type.kind == "ref" and not declared.optional and declared in aggregate.fields:
                    required[aggregate.name].append(spec.target)
        for cycle in _cycles(required):
            path = f"aggregates.{cycle[0]}"
            if len(cycle) == 1:
                self._add(
                    path, "must refer to itself, so the first could never be created; make the reference optional"
                )
            else:
                circle = " → ".join([*cycle, cycle[0]])
                self._add(path, f"{circle} require each other, so none could be created; make one reference optional")

    def _check_aggregate(self, aggregate: AggregateDeclaration) -> None:
        wires: dict[str, str] = {}
        columns: dict[str, str] = {}
        for declared in aggregate.fields:
            self._check_field(declared, wires, columns, RESERVED_FIELDS)
            if aggregate.lifecycle and declared.name == "status":
                self._add(declared.path, "'status' is the state of the lifecycle; rename the field or drop it")
        if aggregate.fields and not self._has_problems(aggregate.path) and all(f.readonly for f in aggregate.fields):
            self._add(
                aggregate.path, "has only readonly fields, so nothing could be written; expected at least one other"
            )
        for part in aggregate.parts:
            if part.name in wires or part.name in RESERVED_FIELDS or (aggregate.lifecycle and part.name == "status"):
                self._add(part.path, f"the name {part.name!r} is also that of a field; rename one of them")
            wires[part.name] = part.path
            inner: dict[str, str] = {}
            parent = f"{naming.snake(aggregate.name)}_id"
            inner_columns = {parent: "the aggregate's own identity", "position": "its place in the list"}
            for declared in part.fields:
                if declared.wire == parent:
                    self._add(declared.path, f"{declared.name!r} is the aggregate that the part belongs to; drop it")
                else:
                    self._check_field(declared, inner, inner_columns, RESERVED_FIELDS)
        self._check_lifecycle(aggregate)
        self._check_filter(aggregate)
        self._check_sort(aggregate)

    def _check_field(
        self, declared: FieldDeclaration, wires: dict[str, str], columns: dict[str, str], reserved: tuple[str, ...]
    ) -> None:
        name, path = declared.name, declared.path
        if name in reserved:
            self._add(path, f"{name!r} is a field that every aggregate has already; drop it or rename it")
            return
        if declared.spec.type.kind in {"ref", "id"} and name.endswith("_id"):
            self._add(path, f"name the relation, not its id: {name.removesuffix('_id')!r}; on the wire it is {name!r}")
        if declared.wire in wires:
            self._add(path, f"is {declared.wire!r} on the wire, as {wires[declared.wire]} is; rename one of them")
            return
        wires.setdefault(declared.wire, path)
        suffixes = ("_amount", "_currency") if declared.spec.type.kind == "money" else ("",)
        for suffix in suffixes:
            column = sql_names.sql_name(f"{declared.wire}{suffix}")
            if column in columns and columns[column] != path:
                self._add(path, f"has the column {column!r}, as {columns[column]} has; rename one of them")
            columns.setdefault(column, path)

    def _check_lifecycle(self, aggregate: AggregateDeclaration) -> None:
        if not aggregate.lifecycle:
            return
        resources: dict[str, str] = {}
        for action in aggregate.lifecycle.actions:
            if action.resource in resources:
                other = resources[action.resource]
                self._add(
                    action.path, f"is {action.resource!r} in paths, as {other!r} is; give another with `resource:`"
                )
            resources.setdefault(action.resource, action.name)

    def _check_filter(self, aggregate: AggregateDeclaration) -> None:
        fields = {field.name: field for field in aggregate.fields}
        for name in aggregate.filter:
            path = f"{aggregate.path}.filter"
            if name == "status" and aggregate.lifecycle:
                continue
            declared = fields.get(name)
            if declared is None:
                states = ["status"] if aggregate.lifecycle else []
                self._unknown_field(path, name, aggregate, [*aggregate.mentioned, *states])
            elif declared.wire in PAGE_PARAMETERS:
                self._add(path, f"{name!r} is a parameter of every list; rename the field to filter by it")
            elif not declared.spec.type.filterable:
                self._add(path, f"{name!r} is {declared.spec.type.kind}, which cannot be filtered by")
            else:
                self._check_searched(path, declared)

    def _check_sort(self, aggregate: AggregateDeclaration) -> None:
        fields = {field.name: field for field in aggregate.fields}
        for name in aggregate.sort:
            path = f"{aggregate.path}.sort"
            if name in {"created_at", "modified_at"}:
                continue
            declared = fields.get(name.removeprefix("-"))
            if declared is not None and name.startswith("-"):
                self._add(path, f"{name!r} has a direction; the caller chooses it, list the name only")
            elif declared is None:
                self._unknown_field(path, name, aggregate, [*aggregate.mentioned, "created_at", "modified_at"])
            elif not declared.spec.type.sortable:
                self._add(path, f"{name!r} is {declared.spec.type.kind}, which cannot be sorted by")
            else:
                self._check_searched(path, declared)

    def _unknown_field(self, path: str, name: str, aggregate: AggregateDeclaration, valid: list[str]) -> None:
        declared = next((field for field in aggregate.fields if field.wire == name), None)
        if declared is not None:
            self._add(path, f"write the field's name {declared.name!r}, not its wire name {name!r}")
        elif any(part.name == name for part in aggregate.parts):
            self._add(path, f"{name!r} is a part; only fields of the aggregate itself are possible")
        elif name not in aggregate.mentioned:
            self._add(path, f"unknown field {name!r}{nearest(name, sorted(valid))}")

    def _check_searched(self, path: str, declared: FieldDeclaration) -> None:
        if declared.secret or declared.pii:
            what = "secret" if declared.secret else "pii"
            self._add(path, f"{declared.name!r} is {what}; addresses end up in logs, so it cannot be part of one")
        elif declared.spec.type.kind == "string" and declared.spec.length > LONGEST_INDEXED:
            self._add(path, f"{declared.name!r} is longer than the {LONGEST_INDEXED} characters that can be indexed")

    def _check_consumed(self) -> None:
        for event in self._domain.consumes:
            path = f"{event.path}.triggers"
            if event.source == self._domain.context:
                self._add(f"{event.path}.from", f"{event.source!r} is this context; expected another one")
            for declared in event.fields:
                for spec in filter(None, (declared.spec, declared.spec.inner)):
                    spec.enum_class = f"{event.name}{naming.pascal(declared.name)}"
            if event.aggregate is None:
                continue
            aggregate = self._aggregates.get(event.aggregate)
            if aggregate is None:
                self._add(path, f"unknown aggregate {event.aggregate!r}{nearest(event.aggregate, self._aggregates)}")
                continue
            actions = [action.name for action in aggregate.lifecycle.actions] if aggregate.lifecycle else []
            if event.action not in actions:
                known = nearest(event.action or "", actions) or f"; {event.aggregate} has no actions"
                self._add(path, f"unknown action '{event.aggregate}.{event.action}'{known}")

    # Aggregates ------------------------------------------------------------------------------------------------------

    def _by_dependency(self) -> list[str]:
        """Aggregates after those they refer to, as far as the references form no circle."""
        order: list[str] = []
        visiting: set[str] = set()

        def visit(name: str) -> None:
            if name in visiting:
                return
            visiting.add(name)
            aggregate = self._aggregates[name]
            fields = [*aggregate.fields, *(field for part in aggregate.parts for field in part.fields)]
            for required_first in (True, False):
                for declared in fields:
                    if declared.spec.type.kind == "ref" and declared.optional != required_first:
                        visit(declared.spec.target)
            order.append(name)

        for name in self._aggregates:
            visit(name)
        return order

    def _aggregate(self, aggregate: AggregateDeclaration) -> Json:
        name = aggregate.name
        singular = naming.snake(name)
        table = sql_names.sql_name(aggregate.plural)
        path = naming.kebab(aggregate.plural)
        title, titles = naming.words(name), aggregate.plural.replace("_", " ")
        attributes = _attributes([field.wire for field in aggregate.fields] + [part.name for part in aggregate.parts])
        fields = [self._field(field, attributes[field.wire]) for field in aggregate.fields]
        stamps = {field["wire"] for field in fields if field["readonly"] and field["kind"] == "datetime"}
        lifecycle = self._lifecycle(aggregate, aggregate.lifecycle, attributes, stamps) if aggregate.lifecycle else None
        tables = Table(table, self._relations, name)
        tables.primary(["id"])
        columns: list[Json] = []
        for declared, field in zip(aggregate.fields, fields, strict=True):
            columns += self._field_columns(tables, declared, field)
        if lifecycle:
            status = _column("status", "varchar(40)", "sa.String(40)", "text", "State of the lifecycle.")
            states = ", ".join(f"'{state['value']}'" for state in lifecycle["states"])
            status["checks"] = [tables.check("status", f"status IN ({states})", "/status")]
            columns.append(status)
        filters, sorts = self._filters(aggregate, fields, lifecycle), self._sorts(aggregate, fields)
        tables.searches(filters, sorts)
        parts = [self._part(part, aggregate, table, attributes[part.name]) for part in aggregate.parts]
        enums = [_enum(spec, declared.name, title) for declared in aggregate.fields if (spec := _enum_spec(declared))]
        for part, built in zip(aggregate.parts, parts, strict=True):
            enums += [
                _enum(spec, declared.name, built["title"]) for declared in part.fields if (spec := _enum_spec(declared))
            ]
        if lifecycle:
            enums.append(
                {
                    "name": lifecycle["enum"],
                    "field": "status",
                    "members": lifecycle["states"],
                    "description": f"State of the lifecycle of the {title}.",
                }
            )
        everything = [*fields, *(field for part in parts for field in part["fields"])]
        return {
            "name": name,
            "renamed_from": aggregate.renamed_from,
            "schema": name,
            "module": self._module(name),
            "singular": singular,
            "variable": python_names.variable_name(singular),
            "title": title,
            "titles": titles,
            "article": "an" if title[0] in "aeiou" else "a",
            "plural": aggregate.plural,
            "path": path,
            "table": table,
            "former_table": _former_table(aggregate),
            "id_param": f"{singular}_id",
            "description": aggregate.description
            or f"{title.capitalize()} of the {naming.words(self._domain.context)} context.",
            "scope_read": f"{path}.read",
            "scope_write": f"{path}.write",
            "fields": fields,
            "input_fields": [field for field in fields if not field["readonly"]],
            "output_fields": [field for field in fields if field["sensitivity"] != "secret"],
            "parts": parts,
            "lifecycle": lifecycle,
            "enums": enums,
            "aliases": [field["alias"] for field in everything if field["alias"]],
            "filters": filters,
            "sorts": sorts,
            "columns": columns,
            "table_columns": [_identity(), *columns, *_bookkeeping()],
            "constraints": tables.constraints,
            "indexes": tables.indexes,
            "imports": _imports(everything, filters),
            "example": {field["wire"]: field["example"] for field in fields if not field["readonly"]}
            | {part["wire"]: [part["example"]] for part in parts},
        }

    def _field(self, declared: FieldDeclaration, attribute: str) -> Json:
        spec = declared.spec
        row = spec.type
        forms = row.forms(spec)
        title = naming.words(declared.name)
        given = [declared.example] if declared.has_example else []
        wanted = 30 if declared.unique and spec.pattern else 3  # no other way to make up further unique ones
        examples = told_apart(declared, row.distinct_examples(spec, given, wanted)) or [declared.default]
        literal, literal_imports = row.python_literal(spec, examples[0])
        default = None
        if declared.has_default:
            python, imports = row.python_literal(spec, declared.default)
            default = {
                "python": python,
                "input": python,
                "json": declared.default,
                "sql": list(row.sql_literals(spec, declared.default)),
                "mutable": isinstance(declared.default, (list, dict)) and row.kind != "money",
                "imports": list(imports),
            }
        target = self._aggregates.get(spec.target) if row.kind == "ref" else None
        base = sql_names.sql_name(declared.wire)
        columns = []
        for index, form in enumerate(forms.columns):
            column = base if not form.suffix else sql_names.sql_name(f"{declared.wire}{form.suffix}")
            built = _column(column, form.sql, form.sa, form.cast, declared.description or f"{title.capitalize()}.")
            built["nullable"] = declared.optional
            built["secret"] = declared.secret
            built["field"] = declared.wire
            built["server_default"] = default["sql"][index] if default else None
            built["renamed_from"] = _former_column(declared, form.suffix)
            columns.append(built)
        return {
            "name": declared.name,
            "renamed_from": declared.renamed_from,
            "wire": declared.wire,
            "attribute": attribute,
            "title": title,
            "kind": row.kind,
            "type": _type_text(spec),
            "optional": declared.optional,
            "required": not declared.optional and default is None and not declared.readonly,
            "unique": declared.unique,
            "ignorecase": declared.ignorecase,
            "indexed": declared.index,
            "readonly": declared.readonly,
            "sensitivity": "secret" if declared.secret else "pii" if declared.pii else None,
            "default": default,
            "description": described(declared, title),
            "python": forms.python,
            "input": forms.input,
            "view": forms.view,
            "query": forms.query,
            "imports": {
                "python": sorted({*forms.python_imports, *(default["imports"] if default else ())}),
                "input": sorted({*forms.input_imports, *(default["imports"] if default else ())}),
                "view": sorted(forms.view_imports),
                "query": sorted(forms.query_imports),
            },
            "alias": {"name": spec.alias_name, "definition": _alias(spec.alias_name, forms.alias)}
            if forms.alias
            else None,
            "json_schema": forms.schema,
            "input_json_schema": forms.input_schema or forms.schema,
            "example": examples[0],
            "other_example": examples[1] if len(examples) > 1 else None,
            "examples": examples,
            "bounds": row.span(spec),
            "example_python": literal,
            "example_imports": list(literal_imports),
            "mermaid": forms.mermaid,
            "column": columns[0]["name"],
            "columns": columns,
            "enum": spec.enum_class or (spec.inner.enum_class if spec.inner else "") or None,
            "item": spec.inner.type.kind if spec.inner else None,
            "reference": _reference(spec, target, self._module) if row.kind in {"ref", "id"} else None,
            "target": target.name if target else None,
            "target_module": self._module(target.name) if target else None,
        }

    def _field_columns(self, tables: Table, declared: FieldDeclaration, field: Json) -> list[Json]:
        """The field's columns, with their constraints registered on the table."""
        forms = declared.spec.type.forms(declared.spec)
        pointer = f"/{field['wire']}"
        columns: list[Json] = field["columns"]
        for column, form in zip(columns, forms.columns, strict=True):
            checks = [check.format(c=column["name"]) for check in _braced(form.checks)]
            if form.suffix == "_amount" and declared.optional:
                checks.append(f"({column['name']} IS NULL) = ({columns[1]['name']} IS NULL)")
            if checks:
                column["checks"] = [tables.check(column["name"], " AND ".join(checks), pointer)]
        if declared.unique:
            tables.unique(columns[0]["name"], pointer, ignorecase=declared.ignorecase)
        if field["reference"] and field["kind"] == "ref":
            reference = field["reference"]
            use_alter = self._is_circular(reference["aggregate"], tables.owner)
            tables.foreign(columns[0]["name"], reference["table"], pointer, "RESTRICT", use_alter)
        if declared.index:
            tables.index([columns[0]["name"]], ignorecase=declared.ignorecase)
        return columns

    def _is_circular(self, target: str, owner: str) -> bool:
        """Whether the target's table comes later than the owner's, so that the key is added afterwards."""
        order = self._by_dependency()
        return target != owner and order.index(target) > order.index(owner)

    def _part(self, part: PartDeclaration, aggregate: AggregateDeclaration, parent_table: str, attribute: str) -> Json:
        table = self._part_table(part)
        parent = f"{naming.snake(aggregate.name)}_id"
        attributes = _attributes([field.wire for field in part.fields])
        tables = Table(table, self._relations, aggregate.name, [parent], f"/{part.name}")
        tables.primary([parent, "position"])
        tables.foreign(parent, parent_table, "", "CASCADE", use_alter=False)
        keys = [
            {
                **_column(parent, "uuid", "sa.Uuid()", "uuid", f"The {naming.words(aggregate.name)} it belongs to."),
                "renamed_from": f"{naming.snake(aggregate.renamed_from)}_id" if aggregate.renamed_from else None,
            },
            _column("position", "integer", "sa.Integer()", "integer", "Its place in the list, from 0."),
        ]
        columns: list[Json] = []
        fields = [self._field(field, attributes[field.wire]) for field in part.fields]
        for declared, field in zip(part.fields, fields, strict=True):
            columns += self._field_columns(tables, declared, field)
        tables.references()
        title = naming.words(part.entity)
        variable = python_names.variable_name(naming.snake(part.entity))
        if variable == python_names.variable_name(naming.snake(aggregate.name)):
            variable = f"{variable}_part"
        return {
            "name": part.name,
            "wire": part.name,
            "attribute": attribute,
            "entity": part.entity,
            "module": self._module(part.entity),
            "schema": part.entity,
            "singular": naming.snake(part.entity),
            "variable": variable,
            "title": title,
            "titles": naming.words(part.name),
            "table": table,
            "former_table": None,
            "parent_column": parent,
            "max": part.max,
            "description": part.description
            or f"{naming.words(part.name).capitalize()} of the {naming.words(aggregate.name)}.",
            "fields": fields,
            "input_fields": [field for field in fields if not field["readonly"]],
            "columns": columns,
            "table_columns": [*keys, *columns],
            "constraints": tables.constraints,
            "indexes": tables.indexes,
            "example": {field["wire"]: field["example"] for field in fields if not field["readonly"]},
        }

    def _part_table(self, part: PartDeclaration) -> str:
        return sql_names.sql_name(english.plural(naming.snake(part.entity)))

    def _lifecycle(
        self,
        aggregate: AggregateDeclaration,
        lifecycle: LifecycleDeclaration,
        attributes: dict[str, str],
        stamps: set[str],
    ) -> Json:
        singular = naming.snake(aggregate.name)
        taken = {*attributes.values(), "status", "version"}

        def action(declared: ActionDeclaration) -> Json:
            method = python_names.method_name(declared.name)
            stamp = f"{declared.target.lower()}_at"
            return {
                "name": declared.name,
                "method": f"{method}_" if method in taken else method,
                "title": naming.words(declared.name),
                "resource": declared.resource,
                "path": declared.resource,
                "operation_id": f"{declared.name}_{singular}",
                "sources": list(declared.sources),
                "target": declared.target,
                "emits": declared.emits,
                "stamps": attributes[stamp] if stamp in stamps else None,
                "summary": f"{naming.words(declared.name).capitalize()} the {naming.words(aggregate.name)}.",
                "description": declared.description
                or f"{naming.words(declared.name).capitalize()} the {naming.words(aggregate.name)}.",
            }

        actions = [action(declared) for declared in lifecycle.actions]
        return {
            "enum": f"{aggregate.name}Status",
            "states": [
                {"name": state, "value": state, "title": naming.words(state.lower())} for state in lifecycle.states
            ],
            "initial": lifecycle.states[0],
            "actions": actions,
            "events": list(dict.fromkeys(built["emits"] for built in actions if built["emits"])),
        }

    def _filters(self, aggregate: AggregateDeclaration, fields: list[Json], lifecycle: Json | None) -> list[Json]:
        by_name = {field["name"]: field for field in fields}
        filters = []
        for name in aggregate.filter:
            if name in by_name:
                field = by_name[name]
                filters.append(
                    {
                        "param": field["wire"],
                        "attribute": field["attribute"],
                        "column": field["column"],
                        "cast": field["columns"][0]["cast"],
                        "python": field["python"],
                        "query": field["query"],
                        "imports": field["imports"]["query"],
                        "ignorecase": field["ignorecase"],
                        "cases": ", in upper or lower case" if field["ignorecase"] else "",
                        "kind": field["kind"],
                        "title": field["title"],
                        "json_schema": field["input_json_schema"],
                        "example": field["example"],
                        "testable": not field["readonly"] and field["kind"] != "ref",
                    }
                )
            elif lifecycle:
                values = [state["value"] for state in lifecycle["states"]]
                filters.append(
                    {
                        "param": "status",
                        "attribute": "status",
                        "column": "status",
                        "cast": "text",
                        "python": lifecycle["enum"],
                        "query": lifecycle["enum"],
                        "imports": [f"from .model import {lifecycle['enum']}"],
                        "ignorecase": False,
                        "cases": "",
                        "kind": "enum",
                        "title": "status",
                        "json_schema": {"type": "string", "enum": values},
                        "example": values[0],
                        "testable": False,
                    }
                )
        return filters

    def _sorts(self, aggregate: AggregateDeclaration, fields: list[Json]) -> list[Json]:
        by_name = {field["name"]: field for field in fields}
        sorts = [_moment_sort("created_at")]
        for name in aggregate.sort:
            if name == "modified_at":
                sorts.append(_moment_sort(name))
            elif name in by_name:
                field = by_name[name]
                column = field["columns"][0]
                sorts.append(
                    {
                        "name": field["wire"],
                        "attribute": field["attribute"],
                        "column": field["column"],
                        "cast": column["cast"],
                        "nullable": field["optional"],
                        "kind": field["kind"],
                        "python": field["python"],
                    }
                )
        return sorts

    def _consumed(self, event: ConsumedDeclaration) -> Json:
        attributes = _attributes([field.wire for field in event.fields])
        return {
            "name": event.name,
            "source": event.source,
            "description": event.description or f"{naming.words(event.name).capitalize()}.",
            "fields": [self._field(field, attributes[field.wire]) for field in event.fields],
            "triggers": {"aggregate": event.aggregate, "action": event.action} if event.aggregate else None,
        }


def _braced(checks: Iterable[str]) -> Iterator[str]:
    """Checks ready for `format`: only `{c}` is a placeholder."""
    for check in checks:
        yield check.replace("{c}", "\0").replace("{", "{{").replace("}", "}}").replace("\0", "{c}")


def _column(name: str, sql: str, sa: str, cast: str, comment: str) -> Json:
    return {
        "name": name,
        "sql": sql,
        "sa": sa,
        "cast": cast,
        "nullable": False,
        "server_default": None,
        "checks": [],
        "comment": comment,
        "secret": False,
        "field": None,
        "renamed_from": None,
    }


def _former_table(aggregate: AggregateDeclaration) -> str | None:
    """The table's name before the rename, as far as it was not given by `plural:`; none when it is the same."""
    if aggregate.renamed_from is None:
        return None
    former = sql_names.sql_name(english.plural(naming.snake(aggregate.renamed_from)))
    return None if former == sql_names.sql_name(aggregate.plural) else former


def _former_column(declared: FieldDeclaration, suffix: str) -> str | None:
    """The column's name before the rename."""
    if declared.renamed_from is None:
        return None
    return sql_names.sql_name(f"{declared.wire_of(declared.renamed_from)}{suffix}")


def _identity() -> Json:
    return _column("id", "uuid", "sa.Uuid()", "uuid", "Identity, in the order of creation.")


def _bookkeeping() -> list[Json]:
    """The columns that every aggregate ends with."""
    return [
        _column("version", "integer", "sa.Integer()", "integer", "Counts the changes, from 1; the ETag."),
        _column("created_at", "timestamptz", "sa.DateTime(timezone=True)", "timestamptz", "When it was created."),
        _column("modified_at", "timestamptz", "sa.DateTime(timezone=True)", "timestamptz", "When it last changed."),
    ]


def _attributes(wires: list[str]) -> dict[str, str]:
    """A Python attribute for every wire name; different names stay different."""
    return {wire: python_names.attribute_name(wire) for wire in wires}


def _moment_sort(name: str) -> Json:
    return {
        "name": name,
        "attribute": name,
        "column": name,
        "cast": "timestamptz",
        "nullable": False,
        "kind": "datetime",
        "python": "datetime",
    }


def _reference(spec: Spec, target: AggregateDeclaration | None, module: Any) -> Json:
    if target is None:
        return {"context": spec.context, "aggregate": spec.target, "module": None, "table": None}
    return {
        "context": None,
        "aggregate": target.name,
        "module": module(target.name),
        "table": sql_names.sql_name(target.plural),
    }


def _enum_spec(declared: FieldDeclaration) -> Spec | None:
    for spec in (declared.spec, declared.spec.inner):
        if spec is not None and spec.type.kind == "enum":
            return spec
    return None


def _enum(spec: Spec, field: str, owner: str) -> Json:
    return {
        "name": spec.enum_class,
        "field": field,
        "members": [
            {"name": member, "value": member, "title": naming.words(member.lower())} for member in spec.members
        ],
        "description": f"{naming.words(field).capitalize()} of the {owner}.",
    }


def _alias(name: str, annotation: str) -> str:
    line = f"{name} = {annotation}"
    if len(line) <= 120:
        return line
    inner = annotation.removeprefix("Annotated[").removesuffix("]")
    return f"{name} = Annotated[\n    {inner}\n]"


def _type_text(spec: Spec) -> str:
    """The type as a reader of the domain would write it."""
    kind = spec.type.kind
    if kind == "string":
        return f"string({spec.length})"
    if kind == "decimal":
        return f"decimal({spec.precision}, {spec.scale})"
    if kind in {"int", "bigint"} and (spec.low is not None or spec.high is not None):
        return f"{kind}({'' if spec.low is None else spec.low}..{'' if spec.high is None else spec.high})"
    if kind == "enum":
        return f"enum({', '.join(member.lower() for member in spec.members)})"
    if kind == "list":
        return f"list({_type_text(spec.item)})"
    if kind == "ref":
        return f"ref {spec.target}"
    if kind == "id":
        return f"id {spec.context}.{spec.target}"
    return kind


def _imports(fields: list[Json], filters: list[Json]) -> Json:
    imports = {
        group: sorted({line for field in fields for line in field["imports"][group]})
        for group in ("python", "input", "view")
    }
    imports["query"] = sorted({line for filter_ in filters for line in filter_["imports"]})
    imports["sa"] = ["import sqlalchemy as sa"]
    if any("postgresql." in column["sa"] for field in fields for column in field["columns"]):
        imports["sa"].append("from sqlalchemy.dialects import postgresql")
    return imports


def _shared_schemas(aggregates: list[Json]) -> Json:
    """The shared schemas that some field refers to, in a fixed order."""
    fields = [f for a in aggregates for f in [*a["fields"], *(g for part in a["parts"] for g in part["fields"])]]
    used = {str(field["json_schema"].get("$ref", "")).rpartition("/")[2] for field in fields}
    if "JsonObject" in used:
        used.add("JsonValue")
    return {name: schema for name, schema in SHARED_SCHEMAS.items() if name in used}


def _cycles(edges: dict[str, list[str]]) -> list[list[str]]:
    """Circles in the graph, each once, from the first of its members in declaration order."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            cycle = trail[trail.index(name) :]
            if not any(set(cycle) == set(other) for other in found):
                found.append(cycle)
            return
        if name in done:
            return
        for target in edges.get(name, ()):
            visit(target, [*trail, name])
        done.add(name)

    for name in edges:
        visit(name, [])
    return found
