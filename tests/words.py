"""The words of the domain language, as the parser and its JSON Schema define them, and those that a domain uses."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, reduce
from itertools import islice
from typing import Any

from jsonschema import Draft7Validator

from extensions.language.declarations import FieldDeclaration
from extensions.language.grammar import ASKED, COMPARISONS, FLAGS, POLICIES, RESERVED_FIELDS
from extensions.language.parser import parse
from extensions.language.schema import language_schema
from extensions.pipeline import problems_of
from extensions.text.problems import Problems
from extensions.types import OBJECT, TABLE, FieldType, parse_type

Json = dict[str, Any]

SCHEMA = language_schema()
ROOT = "domain"
TARGETS = {"ref": "ref Thing", "refs": "refs Thing", "id": "id elsewhere.Thing"}
BOUNDS = (0, 1, 9)
WITH_THE_TYPE = ("optional", "default", "example", "min", "max", "pattern", *FLAGS)
"""Words of a field that are other work for each type."""
LIFECYCLE: dict[str, Any] = {"states": ["open", "shut"], "actions": {"shut": {"from": "open", "to": "shut"}}}


def every_word() -> set[str]:
    """Keys by their place, forms in which something can be written, types, and the words that each type can have."""
    return {*_keys(SCHEMA, ROOT), *_words_of_types()}


def words_of(domain: Json) -> set[str]:
    """The words of a valid domain; `unique: false` is none."""
    found = set(_used(SCHEMA, ROOT, domain))
    declared = parse(domain, Problems())
    for aggregate in declared.aggregates:
        for each in (*aggregate.fields, *(field for part in aggregate.parts for field in part.fields)):
            found |= _words_of_field(each, domain)
        kinds = {each.name: each.spec.type.kind for each in aggregate.fields}
        found |= {f"sort of {kinds.get(name, name)}" for name in aggregate.sort}
        orders = [*aggregate.sort_together, *([aggregate.order] if aggregate.order else [])]
        together = [key for order in orders if len(order.keys) > 1 for key in order.keys]
        found |= {f"{kinds[key.name]} sorted with others" for key in together if key.name in kinds}
        found |= {"a falling key"} if any(key.descending for key in together) else set()
        for asked in aggregate.filter:
            kind = kinds.get(asked.name, asked.name)
            found |= {f"filter of {kind}"} | {f"filter of {kind} {word}" for word in asked.words}
        for owner in aggregate.owners:
            kinds = {each.name: each.spec.type.kind for each in owner.fields}
            found |= {f"{kinds[name]} in a key" for key in owner.unique for name in key.fields}
            found |= {f"rule with {rule.sign}" for rule in owner.rules}
            compared = [rule for rule in owner.rules if rule.sign in COMPARISONS]
            found |= {f"{kinds[name]} compared" for rule in compared for name in rule.fields}
            deciding = {kinds[rule.fields[1]] for rule in owner.rules if rule.sign == "when"}
            found |= {f"when {kind}" for kind in deciding & {"enum", "bool"}}
        actions = aggregate.lifecycle.actions if aggregate.lifecycle else ()
        by_name = {each.name: each.spec.type.kind for each in aggregate.fields}
        inside = ((each.name, member) for each in aggregate.fields for member in each.spec.members_of)
        by_name |= {f"{name}.{member.wire}": member.spec.type.kind for name, member in inside}
        found |= {_set(by_name[each.name], each.written) for action in actions for each in action.sets}
        found |= {f"{each.spec.type.kind} in an input" for action in actions for each in action.input}
        found |= {f"{each.spec.type.kind} of its creation" for each in aggregate.fields if each.begins_now}
    for event in declared.consumes:
        found |= {f"{each.spec.type.kind} in an event" for each in event.fields}
    return found


# Keys and forms, by the schema ----------------------------------------------------------------------------------------


def _resolved(schema: Json, name: str) -> tuple[Json, str]:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = SCHEMA["definitions"][name]
    return schema, name


def _form(option: Json) -> str:
    return option["$ref"].rpartition("/")[2] if "$ref" in option else str(option["type"])


def _keys(schema: Json, name: str) -> Iterator[str]:
    schema, name = _resolved(schema, name)
    for option in schema.get("anyOf", ()):
        yield f"{name} as {_form(option)}"
        yield from _keys(option, name)
    for key, value in schema.get("properties", {}).items():
        yield f"{name}.{key}"
        yield from _keys(value, key)
    if isinstance(inner := schema.get("additionalProperties"), dict):
        yield from _keys(inner, name)


def _used(schema: Json, name: str, value: Any) -> Iterator[str]:
    schema, name = _resolved(schema, name)
    if "anyOf" in schema:
        option = next(each for each in schema["anyOf"] if _fits(each, value))
        yield f"{name} as {_form(option)}"
        yield from _used(option, name, value)
    properties, inner = schema.get("properties", {}), schema.get("additionalProperties")
    for key, child in value.items() if isinstance(value, dict) else ():
        if key in properties:
            if child is not False:
                yield f"{name}.{key}"
            yield from _used(properties[key], key, child)
        elif isinstance(inner, dict):
            yield from _used(inner, name, child)


def _fits(schema: Json, value: Any) -> bool:
    return bool(Draft7Validator({**schema, "definitions": SCHEMA["definitions"]}).is_valid(value))


# Types and their words, by the parser ---------------------------------------------------------------------------------


@cache
def _words_of_types() -> frozenset[str]:
    found = {word for row in TABLE.values() for word in _words_of_type(row)}
    found |= {"date of its creation", "datetime of its creation"}
    found |= {f"id of {row.kind}" for row in TABLE.values() if row.identity and row.kind != "uuid"}
    found |= {f"rule with {sign}" for sign in (*COMPARISONS, "or", "either", "when")} | {"when enum", "when bool"}
    found.add("a falling key")
    for name in ("status", *RESERVED_FIELDS):
        if _valid("int", {"sort": [name], "lifecycle": LIFECYCLE}):
            found.add(f"sort of {name}")
        ways = _asked(name, lambda line: _valid("int", {"filter": [line], "lifecycle": LIFECYCLE}))
        found |= {f"filter of {each}" for each in ways}
    address = {"types": {"Address": {"street": "string(9)"}}}
    for word in ("type", *WITH_THE_TYPE):
        value: Any = {"street": "a"} if word == "example" else True
        field: Any = {"type": "Address", "optional": word == "readonly"} | ({} if word == "type" else {word: value})
        if _valid(field, **address):
            found.add(f"{OBJECT.kind} {word}".removesuffix(" type"))
    return frozenset(found)


def _words_of_type(row: FieldType) -> Iterator[str]:
    kind = row.kind
    yield kind
    line = TARGETS.get(kind, row.sample.partition(" = ")[0])
    if kind == "int":
        yield "int(a..b)"
        line = "int"
    if row.listable:
        yield f"list of {kind}"
    # What some words need beside them.
    beside: list[Json] = [{}, {"optional": True}, {"unique": True}]
    beside.extend({"default": value} for value in _values("default", line))
    for word in WITH_THE_TYPE:
        if any(_valid({"type": line, **more, word: value}) for more in beside for value in _values(word, line)):
            yield f"{kind} {word}"
    for policy in POLICIES:
        if any(_valid({"type": line, **more, "on_delete": policy}) for more in beside):
            yield f"{kind} on_delete {policy}"
    if any(_valid({"type": line, **more}, {"sort": ["x"]}) for more in beside):
        yield f"sort of {kind}"
        yield f"{kind} sorted with others"
    for said in _asked("x", lambda asked: any(_valid({"type": line, **more}, {"filter": [asked]}) for more in beside)):
        yield f"filter of {kind}{said.removeprefix('x')}"
    if any(_valid({"type": line, **more}, {"unique": [["n", "x"]]}) for more in beside):
        yield f"{kind} in a key"
    if row.family:
        yield f"{kind} compared"
    shut = LIFECYCLE["actions"]["shut"] | {"input": {"x": line}}
    taking = LIFECYCLE | {"actions": {"shut": shut}}
    kept = [{"type": line, "readonly": True, **more} for more in beside]
    if any(_valid(field, {"lifecycle": taking}) for field in kept):
        yield f"{kind} in an input"
    for value in [*_values("default", line), "now"]:
        setting = LIFECYCLE | {"actions": {"shut": LIFECYCLE["actions"]["shut"] | {"sets": {"x": value}}}}
        if any(_valid(field, {"lifecycle": setting}) for field in kept):
            yield _set(kind, value)
    if _valid("int", consumes={"Told": {"from": "elsewhere", "fields": {"x": line}}}):
        yield f"{kind} in an event"


def _set(kind: str, value: object) -> str:
    return f"{kind} set to now" if value == "now" and kind in {"date", "datetime"} else f"{kind} set by an action"


def _asked(name: str, is_valid: Callable[[str], bool]) -> Iterator[str]:
    """The ways in which a list can be asked for it, the name alone if any."""
    said = [each for each in (name, *(f"{name} {word}" for word in ASKED)) if is_valid(each)]
    return iter(dict.fromkeys([*([name] if said else []), *said]))


def _values(word: str, line: str) -> list[Any]:
    """What may stand after the word."""
    if word in {"default", "example"}:
        spec = replace(parse_type(line), name="x")
        return list(islice(spec.type.examples(spec), 1))
    if word in {"min", "max"}:
        return list(BOUNDS)
    return ["[a-z]{1,3}"] if word == "pattern" else [True]


def _valid(field: Any, around: Json | None = None, **beside: Any) -> bool:
    """Whether an aggregate can have this field and the other keys around it, `beside` other keys of the domain."""
    aggregate = {"fields": {"n": "int", "x": field}, **(around or {})}
    return not problems_of({"context": "words", "aggregates": {"Thing": aggregate}, **beside})


def _words_of_field(declared: FieldDeclaration, domain: Json) -> set[str]:
    spec = declared.spec
    kind = spec.type.kind
    found = {kind, *(f"{kind} {flag}" for flag in FLAGS if getattr(declared, flag))}
    if spec.inner is not None and not spec.type.many:
        found.add(f"list of {spec.inner.type.kind}")
    if spec.context and kind != "id":
        found.add(f"id of {kind}")
    if declared.on_delete:
        found.add(f"{kind} on_delete {declared.on_delete}")
    if declared.optional:
        found.add(f"{kind} optional")
    if declared.has_default:
        found.add(f"{kind} default")
    raw = reduce(lambda node, key: node[key], declared.path.split("."), domain)
    mapping = raw if isinstance(raw, dict) else {}
    if kind == "int" and ".." in json.dumps(mapping.get("type", raw)):
        found.add("int(a..b)")
    return found | {f"{kind} {key}" for key in ("min", "max", "pattern", "example") if mapping.get(key) is not None}
