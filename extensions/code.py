"""The model as code: what the templates print for each field, column and table beyond its name.

`with_code` adds to the model
- aggregate: `variable` (a local variable for one), `article` ("an order"), `code` (imports, SQL pieces, tables);
- field: `model`, `create`, `patch`, `view` (annotation with default), `code` (expressions between row and domain);
- part: `create`, `patch`, `variable`, `code`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Model = dict[str, Any]

CLAIM_ARGS = 9
"""The arguments of `CLAIM` in platform/idempotency.py; those of an aggregate's INSERT follow."""

TAKEN_VARIABLES = frozenset(
    """
    after at before body caller claim connection cursor field found if_match if_none_match msgspec new_id not_found now
    once part position query replace reply repository row rows sa self service values version view
    """.split()
)


def with_code(model: Model) -> Model:
    """The model with everything that the templates of an aggregate print."""
    for aggregate in model["aggregates"]:
        aggregate["variable"] = _variable(aggregate["module"])
        aggregate["article"] = article(aggregate["title"])
        for part in aggregate["parts"]:
            part["variable"] = _variable(part["module"])
        for field in (*aggregate["fields"], *(field for part in aggregate["parts"] for field in part["fields"])):
            _add_field(field)
        for part in aggregate["parts"]:
            _add_part(part)
        aggregate["code"] = _aggregate_code(aggregate)
    return model


def article(noun: str) -> str:
    """The noun with its indefinite article: `order` → `an order`, `user` → `a user`."""
    vowel = noun[:1] in "aeio" or (noun[:1] == "u" and noun[1:2] not in ("n", "s", "t"))
    vowel = vowel or noun.startswith(("un", "up", "ut", "hour", "honour", "heir")) and not noun.startswith(("uni", "uti"))
    return f"{'an' if vowel and not noun.startswith(('one', 'eu')) else 'a'} {noun}"


def _variable(module: str) -> str:
    return f"{module.rstrip('_')}_" if module.rstrip("_") in TAKEN_VARIABLES or module.endswith("_") else module


def _add_field(field: Model) -> None:
    optional = field["optional"]
    python, default = field["python"], field["default"]["python"] if field["default"] else None
    field["model"] = f"{python} | None = None" if optional and default is None else _with(python, optional, default, field)
    view = field["view"]
    field["view"] = f"{view} | None = None" if optional else view
    create = field["input"]
    if default is not None:
        field["create"] = f"{create} = {field['default']['input']}"
    else:
        field["create"] = f"{create} | None = None" if optional else create
    field["patch"] = f"{create} | None = None" if optional else f"Annotated[{create} | None, NotNull] = None"
    field["code"] = {
        "domain_from_row": _from_row(field, domain=True),
        "view_from_row": _from_row(field, domain=False),
        "json_select": _json_select(field),
    }


def _with(python: str, optional: bool, default: str | None, field: Model) -> str:
    annotation = f"{python} | None" if optional else python
    return f"{annotation} = {default}" if default is not None and field["readonly"] else annotation


def _from_row(field: Model, *, domain: bool) -> str:
    first = f'row["{field["columns"][0]["name"]}"]'
    if field["kind"] == "money":
        value = f'Money({first}, row["{field["columns"][1]["name"]}"])'
    elif field["kind"] == "enum" and domain:
        value = f"{field['enum']}({first})"
    else:
        return first
    return f"None if {first} is None else {value}" if field["optional"] else value


def _json_select(field: Model) -> str:
    first = field["columns"][0]["name"]
    if field["kind"] != "money":
        return first
    value = f"json_build_object(\n    'amount', {first}::text,\n    'currency', {field['columns'][1]['name']}\n)"
    if not field["optional"]:
        return value
    inner = value.replace("\n", "\n        ")
    return f"CASE\n    WHEN {first} IS NOT NULL\n    THEN {inner}\nEND"


def _arguments(variable: str, fields: Iterable[Model]) -> list[tuple[str, str]]:
    """(column, expression) for every column of the fields of `variable`."""
    arguments = []
    for field in fields:
        value = f"{variable}.{field['attribute']}"
        if field["kind"] != "money":
            arguments.append((field["columns"][0]["name"], value))
            continue
        for column, member in zip(field["columns"], ("amount", "currency"), strict=True):
            expression = f"{value} and {value}.{member}" if field["optional"] else f"{value}.{member}"
            arguments.append((column["name"], expression))
    return arguments


def _add_part(part: Model) -> None:
    part["attribute"] = part.get("attribute", part["name"])
    items = f"list[{part['entity']}Create]"
    part["create"] = f"Annotated[{items}, Field(max_length={part['max']})] = Field(default_factory=list)"
    part["patch"] = f"Annotated[{items} | None, Field(max_length={part['max']}), NotNull] = None"
    part["code"] = {
        "column": part["attribute"],
        "rows_function": f"_{part['table']}_rows",
        "items": [{"column": name, "value": value} for name, value in _arguments(part["variable"], part["fields"])],
    }


def _aggregate_code(aggregate: Model) -> Model:
    fields, parts, lifecycle = aggregate["fields"], aggregate["parts"], aggregate["lifecycle"]
    everything = [*fields, *(field for part in parts for field in part["fields"])]
    variable = aggregate["variable"]
    arguments = _arguments(variable, fields)
    if lifecycle:
        arguments.append(("status", f"{variable}.status"))
    names = ["id", *(name for name, _ in arguments), "version", "created_at", "modified_at"]
    casts = {column["name"]: column["cast"] for field in fields for column in field["columns"]}
    casts |= {"id": "uuid", "status": "text", "version": "integer"}
    casts |= {"created_at": "timestamptz", "modified_at": "timestamptz"}
    first = CLAIM_ARGS + 1
    values = [f"${first + place}::{casts[name]}" for place, name in enumerate(names)]
    for place, part in enumerate(parts):
        part["code"]["insert_data"] = first + len(names) + place
    changed = [*(name for name, _ in arguments), "version", "modified_at"]
    secrets = any(field["sensitivity"] == "secret" for field in everything)
    return {
        "arguments": [value for _, value in arguments],
        "columns": [name for name, _ in arguments],
        "constraints": _constraints(aggregate),
        "example_body": {field["wire"]: field["example"] for field in aggregate["input_fields"] if not _is_spare(field)}
        | {part["wire"]: [_part_example(part)] for part in parts},
        "example_patch": _example_patch(aggregate),
        "example_references": _references(aggregate),
        "example_unique": {
            field["wire"]: field["bounds"]
            for field in aggregate["input_fields"]
            if field["unique"] and field["kind"] != "ref" and not _is_spare(field)
        },
        "filter_tests": [filter["param"] for filter in aggregate["filters"] if filter["testable"]],
        "sort_tests": [sort["name"] for sort in aggregate["sorts"] if sort["name"] != "created_at"],
        "moves": _moves(lifecycle) if lifecycle else [],
        "refusals": _refusals(lifecycle) if lifecycle else [],
        "has_secrets": secrets,
        "insert_id": first,
        "insert_values": values,
        "update_values": [f"{name} = ${place}" for place, name in enumerate(changed, start=3)],
        "tables": _tables(aggregate),
        "uses_postgresql_types": any(
            "postgresql." in column["sa"] for field in everything for column in field["columns"]
        ),
    }


def _is_spare(field: Model) -> bool:
    """Whether the example does without the field: optional references would need another resource."""
    return bool(field["optional"]) and field["kind"] == "ref"


def _part_example(part: Model) -> Model:
    return {field["wire"]: field["example"] for field in part["fields"] if not _is_spare(field)}


def _example_patch(aggregate: Model) -> Model:
    """A merge patch that is valid for every resource made from the example."""
    plain = [field for field in aggregate["input_fields"] if field["kind"] != "ref"]
    for field in sorted(plain, key=lambda field: bool(field["unique"])):
        if field["other_example"] is not None:
            return {field["wire"]: field["other_example"]}
    for part in aggregate["parts"]:
        return {part["wire"]: []}
    return {field["wire"]: field["example"] for field in plain[:1]}


def _references(aggregate: Model) -> list[Model]:
    fields = [([field["wire"]], field) for field in aggregate["input_fields"]]
    fields += [([part["wire"], 0, field["wire"]], field) for part in aggregate["parts"] for field in part["fields"]]
    return [
        {"place": place, "module": field["target_module"]}
        for place, field in fields
        if field["kind"] == "ref" and not field["optional"]
    ]


def _paths(lifecycle: Model) -> dict[str, list[str]]:
    """State → the shortest way to it from the first one, as the sub-resources of actions."""
    paths: dict[str, list[str]] = {lifecycle["initial"]: []}
    reached = [lifecycle["initial"]]
    for state in reached:
        for action in lifecycle["actions"]:
            if state in action["sources"] and action["target"] not in paths:
                paths[action["target"]] = [*paths[state], action["path"]]
                reached.append(action["target"])
    return paths


def _moves(lifecycle: Model) -> list[Model]:
    paths = _paths(lifecycle)
    return [
        {"steps": python_literal_row(paths[source]), "path": action["path"], "target": action["target"]}
        for action in lifecycle["actions"]
        for source in action["sources"]
        if source in paths
    ]


def _refusals(lifecycle: Model) -> list[Model]:
    paths = _paths(lifecycle)
    return [
        {"steps": python_literal_row(steps), "path": action["path"]}
        for action in lifecycle["actions"]
        for state, steps in paths.items()
        if state not in action["sources"]
    ]


def python_literal_row(texts: list[str]) -> str:
    """A list of texts on one line."""
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"
