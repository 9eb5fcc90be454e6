"""Hypothesis strategies for the domain language: valid domains of every shape and name, and almost valid ones."""

import json
import os
import re
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from typing import Any

from harness.paths import ROOT
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from extensions.language import combinations
from extensions.language.declarations import AggregateDeclaration, FieldDeclaration
from extensions.language.grammar import COMPARISONS, FLAGS, LANGUAGES, OPERATIONS, RESERVED_FIELDS
from extensions.language.parser.aggregates import is_whole_aggregate, read_aggregates
from extensions.language.parser.fields import read_fields
from extensions.language.parser.place import Place
from extensions.language.parser.value_objects import objects_of, read_types
from extensions.model.keys import MOST_BYTES
from extensions.model.rules import complaints as rule_complaints
from extensions.model.sorts import complaints as order_complaints
from extensions.targets.python import names as python_names
from extensions.text import english, naming
from extensions.text.problems import Problems
from extensions.types import LONGEST_DEFAULT, LONGEST_INDEXED, TABLE, Spec, as_enum, parse_type, pattern_of

Domain = dict[str, Any]


def _words(text: str) -> list[str]:
    return text.split()


AGGREGATES = _words(
    """
    A APIKey Address Alias Analysis Axis Basis Batch Box Break Bus Category Child Class Con Country Criterion Customer
    Data Day Def Employee Equipment Feedback Goose HTTPRoute Hero IBAN If Import Index Invoice Item2 Journey Key Lambda
    Leaf Lens Matrix Media Menu Nul Null OAuth2Client Order Payment Person Platform Policy Print Quiz Reference Return
    Row Sale Select Self Series Service Settings Sheep Status Story Table Tag Tags Tax Test Tooth Type User Version2
    Virus Wife X X509Certificate Yield
    """
)
COIN: st.SearchStrategy[bool] = st.booleans()
LONGEST = "Electroencephalographicallymeasuredthing"
FIELDS = _words(
    """
    a aggregate all amount and apply async attribute await body caller case check class claim code color column comment
    condition connection constraint copy count created currency cursor data date datetime default desc description dict
    end event field filter float for format from global group hash import in index info input int is items json key
    lambda language left limit list lock match max metadata min model_config model_fields name namespace next none not
    null number object of offset on only or order owner parent pass path position primary print property public query
    range ref references result return row rows schema select self service set sort start state str sum table tags text
    time title to_domain token touch true type union update url user uuid validate value values version2 view when
    where while window with x yield zone
    """
)
ACTIONS = _words(
    """
    accept activate approve archive assert authorize book break cancel capture check close confirm copy del dispatch
    escalate except export fulfil import json lock mark_paid notify open pass pause pay place print publish re_open
    refund reject release renew resolve return ship submit suspend touch try validate verify withdraw yield
    """
)
STATES = _words(
    """
    active archived async booked cancelled class closed done draft end failed from import in_transit new none null open
    paid pass pending placed ready returned shipped true void
    """
)
MEMBERS = [
    "low",
    "normal",
    "high",
    "red",
    "none",
    "true",
    "null",
    "class",
    "import",
    "a",
    "x1",
    "two_words",
    "in-transit",
]

WRITTEN = [
    "usd",
    "USD",
    "In Transit",
    "in-transit",
    "inTransit",
    "18+",
    "2x",
    "+",
    "N/A",
    "d'accord",
    "Größe",
    "class",
    "a:b",
    "100%",
]
"""Words of an enum that stay as they are."""

PATTERNS = [r"\w+-\d{3}", "[A-Z]{3}-[0-9]{4,8}", "^(?:ab|c.)+$", "[^x]*y?", r"v[0-9]+\.[0-9]+", "ABC", "[AB]"]

TEXTS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")).filter(str.isprintable),
    min_size=1,
    max_size=120,
)
"""Descriptions: quotes, backslashes, braces and letters of every script."""


def _taken_wire(name: str) -> bool:
    return name in RESERVED_FIELDS or name == "status" or name.endswith(("_id", "_amount", "_currency", "_at"))


def field_names() -> st.SearchStrategy[str]:
    """snake_case names: common, reserved everywhere, random, as long as possible."""
    random = st.from_regex(r"[a-z][a-z0-9]{0,9}(_[a-z0-9]{1,6}){0,2}", fullmatch=True)
    longest = st.from_regex(r"long[a-z]{36}", fullmatch=True)
    return st.one_of(st.sampled_from(FIELDS), random, longest).filter(lambda name: not _taken_wire(name))


@st.composite
def _bounds(draw: st.DrawFn, low: int, high: int) -> tuple[int, int]:
    first, second = draw(st.integers(low, high)), draw(st.integers(low, high))
    return min(first, second), max(first, second)


@st.composite
def _scalar(draw: st.DrawFn, kinds: list[str]) -> str:
    """A type without its flags, as one writes it."""
    kind = draw(st.sampled_from(kinds))
    if kind == "string":
        return f"string({draw(st.sampled_from([1, 2, 3, 10, 20, 120, 500]))})"
    if kind == "int" and draw(COIN):
        low, high = draw(st.one_of(_bounds(-(2**40), 2**40), _bounds(-9, 999), _bounds(7, 8)))
        return f"int({low}..{high})"
    if kind in {"int", "float"} and draw(st.integers(0, 3)) == 0:
        low, high = draw(_bounds(-999, 999))
        return (
            f"{kind}({draw(st.sampled_from([f'>{low}', f'<{high}', f'>={low}, <{high + 2}', f'{low}..{high + 1}']))})"
        )
    if kind == "money" and draw(COIN):
        return f"money({', '.join(draw(st.lists(st.sampled_from(['EUR', 'USD', 'CHF']), min_size=1, unique=True)))})"
    if kind == "decimal":
        precision = draw(st.integers(1, 38))
        return f"decimal({precision}, {draw(st.integers(0, min(6, precision)))})"
    if kind == "enum" and draw(st.integers(0, 2)) == 0:
        words = draw(st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=6, unique=True))
        return f"enum({', '.join(f'{chr(34)}{word}{chr(34)}' for word in words)})"
    if kind == "enum":
        return f"enum({', '.join(draw(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=5, unique=True)))})"
    if kind == "list":
        return f"list({draw(_scalar([kind for kind, row in TABLE.items() if row.listable]))})"
    return kind


@st.composite
def _value(draw: st.DrawFn, spec: Spec) -> Any:
    """A default or example, from the values that the type itself calls examples."""
    spec = replace(spec, name="x")
    values = [value for value in islice(spec.type.examples(spec), 3) if len(str(value)) <= 60]
    return draw(st.sampled_from(values)) if values else None


IDENTITIES = [" string(64)", " string(2)", " int", " int(1..9)", " bigint"]
"""The types of identities of other contexts that are no UUID."""


@st.composite
def _identity(draw: st.DrawFn, earlier: list[str], every: list[str], *, part: bool) -> Any:
    """A reference or a foreign identity; required references only lead to `earlier` aggregates."""
    kind = draw(st.sampled_from(["id", "ref", *(["ref to earlier"] if earlier else [])]))
    typed = f"id elsewhere.Thing{draw(st.sampled_from(['', '', *IDENTITIES]))}"
    line = {"id": typed, "ref": f"ref {draw(st.sampled_from(every))}?"}.get(kind) or (
        f"ref {draw(st.sampled_from(earlier))}"
    )
    if kind == "id" and draw(COIN):
        line += "?"
    flags = ["", "", " unique", " index", " pii"]
    flags += [" readonly"] if line.endswith("?") else []
    flags += [" secret"] if not part else []
    line += draw(st.sampled_from(flags))
    policies = ["restrict", "cascade", "cascade", *(["clear", "clear"] if "?" in line else [])]
    policy = draw(st.sampled_from(policies)) if kind != "id" and draw(COIN) else ""
    if policy and draw(COIN):
        return {"type": line, "on_delete": policy}
    line += f" on_delete={policy}" if policy else ""
    if draw(st.integers(0, 5)) == 0:
        spec = parse_type(typed if kind == "id" else "uuid")
        return {"type": line, "example": draw(_value(spec))}
    return line


@st.composite
def fields(draw: st.DrawFn, name: str, earlier: list[str], every: list[str], *, part: bool = False) -> Any:
    """One field; required references only lead to `earlier` aggregates, optional ones to any of `every`."""
    if every and draw(st.integers(0, 4)) == 0:
        return draw(_identity(earlier, every, part=part))
    text = draw(_scalar([kind for kind, row in TABLE.items() if not row.refers]))
    spec = parse_type(text)
    row = spec.type
    indexed = row.indexable and (row.kind != "string" or spec.length <= LONGEST_INDEXED)
    roles = ["plain", "sensitive"]
    roles += ["optional", "readonly optional"] if not row.nullable else []
    roles += ["default", "readonly default"] if row.defaultable else []
    roles += ["unique"] if row.unique else []
    roles += ["index"] if indexed else []
    roles += ["ignorecase", "index ignorecase"] if indexed and row.kind in combinations.WITH_CASE else []
    roles += ["secret"] if not part else []
    roles += ["mapping", "mapping"]
    role = draw(st.sampled_from(roles))
    if role == "mapping":
        return draw(_mapping(text, name, part))
    default = draw(_value(spec)) if "default" in role else None
    if "default" in role and default is not None:
        return {"type": text, "default": default, **({"readonly": True} if "readonly" in role else {})}
    return {
        "optional": f"{text}?",
        "readonly optional": f"{text}? readonly",
        "unique": f"{text} unique",
        "index": f"{text} index",
        "ignorecase": f"{text} unique ignorecase",
        "index ignorecase": f"{text} ignorecase index",
        "secret": f"{text} secret",
        "sensitive": f"{text} pii",
    }.get(role, text)


@st.composite
def _mapping(draw: st.DrawFn, text: str, name: str, part: bool) -> Domain:
    body: Domain = {"type": text, "description": draw(TEXTS)}
    kind = text.partition("(")[0]
    if draw(COIN):
        body["renamed_from"] = f"old_{name[:36].rstrip('_')}"
    if kind in {"string", "text"} and draw(COIN):
        body["pattern"] = draw(st.sampled_from(PATTERNS))
        if kind == "string":
            body |= {"type": "string(40)", "unique": draw(COIN)}
    elif kind in {"string", "text"}:
        body |= {"min": draw(st.sampled_from([0, 1])), "max": draw(st.integers(1, parse_type(text).length))}
    elif kind in {"email", "date"}:
        flags: list[Domain] = [{"pii": True, "index": kind == "date"}, {"optional": True, "readonly": draw(COIN)}]
        flags += [{"unique": True, "ignorecase": True}] if kind == "email" else []
        body |= draw(st.sampled_from(flags))
    elif kind == "url":
        body["secret"] = not part
    elif kind in {"decimal", "money"}:
        body["min"] = 0
    elif kind in {"int", "bigint"} and draw(COIN):
        most = 2**31 if kind == "int" else 2**63
        body["min"], body["max"] = draw(_bounds(-most, most - 1))
    elif kind == "float" and "(" not in text:
        body["min"], body["max"] = draw(_bounds(-99, 99))
    elif kind == "list":
        body["min"], body["max"] = draw(_bounds(1, 100))
    if draw(COIN):
        spec = parse_type(body["type"])
        if {"min", "max"} & set(body):
            spec = spec.type.bounded(spec, body.get("min"), body.get("max"))
        if "pattern" in body:
            spec = replace(spec, pattern=pattern_of(body["pattern"]))
        body["example"] = draw(_value(spec))
    return {key: value for key, value in body.items() if value is not None}


@st.composite
def _links(draw: st.DrawFn, earlier: list[str]) -> Domain:
    """Fields of an aggregate that only says what belongs together."""
    names = draw(st.lists(st.sampled_from(["one", "other", "third"]), min_size=1, max_size=3, unique=True))
    return {name: f"ref {draw(st.sampled_from(earlier))}{draw(st.sampled_from(['', ' unique']))}" for name in names}


@st.composite
def _field_mapping(draw: st.DrawFn, earlier: list[str], every: list[str], *, part_of: str = "") -> Domain:
    """Fields; those of a part do not refer to the aggregate that it belongs to by its own name."""
    own = naming.snake(part_of)
    names = draw(st.lists(field_names().filter(lambda name: name != own), min_size=1, max_size=7, unique=True))
    return {name: draw(fields(name, earlier, every, part=bool(part_of))) for name in names}


STRUCTURED = {"fields", "parts", "lifecycle", "unique", "rules", "filter", "sort", "order"}
"""A field with one of these names cannot be in an aggregate that is a bare mapping of fields."""


def _writable(value: Any) -> bool:
    line, said = (value["type"], value) if isinstance(value, dict) else (value, {})
    return not said.get("readonly") and "readonly" not in line.split()


@st.composite
def _lifecycle(draw: st.DrawFn, aggregate: str) -> Domain:
    states = draw(st.lists(st.sampled_from(STATES), min_size=2, max_size=5, unique=True))
    names = draw(
        st.lists(
            st.sampled_from([name for name in ACTIONS if name not in OPERATIONS]),
            min_size=len(states) - 1,
            max_size=len(states) + 1,
            unique_by=english.action_noun,
        )
    )
    targets = [*states[1:], *(draw(st.sampled_from(states)) for _ in names[len(states) - 1 :])]
    actions: Domain = {}
    for name, target in zip(names, targets, strict=True):
        sources = draw(st.lists(st.sampled_from(states), min_size=1, max_size=3, unique=True))
        actions[name] = {"from": sources if len(sources) > 1 or draw(COIN) else sources[0], "to": target}
        if draw(st.integers(0, 3)) == 0:
            actions[name]["internal"] = True
        elif draw(st.integers(0, 3)) == 0:
            actions[name]["resource"] = f"many-{naming.kebab(name)}"
        if draw(COIN):
            actions[name]["description"] = draw(TEXTS)
            actions[name]["emits"] = f"{aggregate[:20]}{naming.pascal(name)}Happened"
    initial = draw(st.lists(st.sampled_from(states[1:]), max_size=3, unique=True))
    if draw(COIN):  # the first one, which no action leads to, is among them
        initial.insert(draw(st.integers(0, len(initial))), states[0])
        alone = len(initial) == 1 and draw(COIN)
        return {"initial": initial[0] if alone else initial, "states": states, "actions": actions}
    return {"states": states, "actions": actions}


@st.composite
def _inputs(draw: st.DrawFn, body: Domain, every: list[str]) -> None:
    """Give some actions an input: fields of its own, and readonly fields that it sets."""
    declared = body["fields"]
    if draw(COIN):
        policy = draw(st.sampled_from(["", " on_delete=clear"]))
        declared["kept_for"] = f"ref {draw(st.sampled_from(every))}? readonly{policy}"
    readonly = [
        name for name, value in declared.items() if not _writable(value) and not name.endswith(("_at", "made_on"))
    ]
    taken = {*declared, *body.get("parts", ())}
    for action in body["lifecycle"]["actions"].values():
        if draw(st.integers(0, 2)):
            continue
        given: Domain = {}
        for name in draw(st.lists(st.sampled_from(readonly), max_size=3, unique=True)) if readonly else ():
            given[name] = draw(_sent(declared[name]))
        for name in draw(st.lists(field_names().filter(lambda name: name not in taken), max_size=3, unique=True)):
            text = draw(_scalar([kind for kind, row in TABLE.items() if not row.refers]))
            if not name.endswith("_id") and f"{name}_id" not in {*taken, *given} and draw(st.integers(0, 5)) == 0:
                text = "id elsewhere.Thing"
            words = ["", " pii", " secret"] if parse_type(text).type.nullable else ["", "?", " pii", " secret"]
            given[name] = text + draw(st.sampled_from(words))
        if given:
            action["input"] = given


@st.composite
def _cleared(draw: st.DrawFn, body: Domain) -> None:
    """Let some actions empty readonly fields that they do not set."""
    optional = [name for name, value in body["fields"].items() if not _writable(value) and _may_be_absent(value)]
    for action in body["lifecycle"]["actions"].values():
        own = {*action.get("input", ()), f"{action['to'].replace('-', '_')}_at"}
        free = [name for name in optional if name not in own]
        if draw(COIN) and free:
            names = draw(st.lists(st.sampled_from(free), min_size=1, max_size=3, unique=True))
            action["clears"] = names[0] if len(names) == 1 and draw(COIN) else names


@st.composite
def _assigned(draw: st.DrawFn, body: Domain) -> None:
    """Let some actions give readonly fields a value or their moment, one that is there for it among them."""
    text = draw(_scalar([kind for kind, row in TABLE.items() if not row.nullable and row.defaultable]))
    body["fields"]["marked"] = f"{text}? readonly"
    keyed = {name for key in body.get("unique", ()) for name in key}
    for action in body["lifecycle"]["actions"].values():
        cleared = action.get("clears", [])
        others = {*action.get("input", ()), *([cleared] if isinstance(cleared, str) else cleared)}
        own = f"{action['to'].replace('-', '_')}_at"
        free = {name for name, field in body["fields"].items() if not _writable(field) and name != own} - others - keyed
        values = {name: found for name in sorted(free) if (found := _values_of(body["fields"][name]))}
        if values:
            names = draw(st.lists(st.sampled_from([*values]), min_size=1, max_size=5, unique=True))
            action["sets"] = {name: draw(st.sampled_from(values[name])) for name in names}


@st.composite
def _computed(draw: st.DrawFn, body: Domain) -> None:
    """Compute fields of a number that is there for it, of each other, and of the items of a part."""
    if draw(st.integers(0, 2)):
        return
    kinds = {"int(0..99)": "bigint", "decimal(9, 2)": "decimal(12, 2)", "money(EUR)": "money(EUR)"}
    kind, absent = draw(st.sampled_from([*kinds])), draw(st.sampled_from(["", "?"]))
    made, times, fields = kinds[kind], draw(st.integers(2, 9)), body["fields"]
    fields["number_of_it"] = f"{kind}{absent}"
    fields["product_of_it"] = f"{made}{absent} computed number_of_it * {times}"
    fields["above_it"] = {"type": f"bool{absent}", "computed": "product_of_it > number_of_it"}
    for name in [*body.get("parts", ())][:1]:
        body["parts"][name]["fields"] |= {
            "number_of_it": kind,
            "product_of_it": f"{made} computed {times} * number_of_it",
        }
        fields["sum_of_it"] = f"{made} computed sum({name}.product_of_it)"
        none = "" if body["parts"][name].get("min") else "?"
        fields["most_of_it"] = f"{made}{none} computed max({name}.product_of_it)"
        fields["count_of_it"] = f"int computed count({name})"


def _values_of(field: Any) -> list[Any]:
    """What an action may make of the field; nothing where its bounds are not in its line."""
    said = field if isinstance(field, dict) else {"type": field}
    line = said["type"].partition(" = ")[0]
    if said.keys() & {"min", "max", "pattern", "unique"} or " unique" in line:
        return []
    spec = parse_type(line.split(" readonly")[0].split(" pii")[0].split(" index")[0].rstrip("?"))
    if not spec.type.defaultable:
        return []
    moment = ["now", "now"] if spec.type.kind in {"date", "datetime"} else []
    return [*moment, *(each for each in islice(spec.type.examples(spec), 2) if len(str(each)) <= LONGEST_DEFAULT)]


def _may_be_absent(value: Any) -> bool:
    line, said = (value["type"], value) if isinstance(value, dict) else (value, {})
    return bool(said.get("optional")) or line.partition(" = ")[0].split()[0].endswith("?") or "? " in line


@st.composite
def _sent(draw: st.DrawFn, field: Any) -> Any:
    """What sets this readonly field; it may be required where the field is optional."""
    required = draw(COIN)
    said = {"type": field} if isinstance(field, str) else field
    line = re.sub(r" on_delete=\w+", "", said["type"].replace(" readonly", ""))
    line = line.replace("?", "") if required else line
    if isinstance(field, str):
        return line
    without = {"readonly", "renamed_from", "on_delete", *(["default", "optional"] if required else [])}
    return {key: value for key, value in field.items() if key not in without} | {"type": line}


@st.composite
def _parts(draw: st.DrawFn, aggregate: str, taken: set[str], earlier: list[str], every: list[str]) -> Domain:
    names = draw(st.lists(field_names().filter(lambda name: name not in taken), max_size=2, unique=True))
    parts: dict[str, Domain] = {
        name: {
            "entity": f"{aggregate[:24]}{draw(st.sampled_from(['Line', 'Entry', 'Piece']))}{'ABCDE'[index]}",
            **({"max": draw(st.integers(1, 1000)), "description": draw(TEXTS)} if draw(COIN) else {}),
            "fields": draw(_field_mapping(earlier, every, part_of=aggregate)),
        }
        for index, name in enumerate(names)
    }
    for body in parts.values():
        if draw(COIN) and not any(_may_be_needed(value) for value in body["fields"].values()):
            body["min"] = 1
        if keys := draw(_keys(body["fields"])):
            body["unique"] = keys
        if found := draw(_rules(body)):
            body["rules"] = found
    return parts


def _may_be_needed(value: Any) -> bool:
    """Whether an entry with such a field may need another aggregate, which may need the one that it is in."""
    line = value["type"] if isinstance(value, dict) else value
    return bool(re.match(r"ref\b", line))


@st.composite
def _keys(draw: st.DrawFn, declared: Domain) -> list[list[str]]:
    """What is unique over several fields: no key says more than another one, and its texts fit into an index."""
    fields = {name: field for name, value in declared.items() if (field := _compared(value))}
    if len(fields) < 2 or draw(COIN):
        return []
    key = st.lists(st.sampled_from([*fields]), min_size=2, max_size=3, unique=True)
    found: list[list[str]] = []
    for names in draw(st.lists(key, max_size=2)):
        chosen = [fields[name] for name in names]
        size = sum(_bytes(each.spec) for each in chosen)
        preset = all(each.readonly and each.has_default for each in chosen)
        apart = all(set(names) - set(other) and set(other) - set(names) for other in found)
        if size <= MOST_BYTES and not preset and apart:
            found.append(names)
    return found


def _bytes(spec: Spec) -> int:
    return 4 * spec.length if spec.type.longest_indexed else spec.length or 40 * bool(spec.members)


def _compared(value: Any) -> FieldDeclaration | None:
    """The field, if it can be in a key."""
    declared = _read(value)
    return declared if declared.spec.type.indexable and not (declared.unique or declared.secret) else None


RULED = {
    "one_side": ["int", "date", "datetime unique", "money?", "decimal(9, 2)?", "string(20)?"],
    "other_side": ["bigint?", "date", "datetime?", "money", "int(1..9)", "email? unique"],
    "third_side": ["bool", "enum(a, b)", "enum(a, b)?", "date?", "int", "phone?"],
}


@st.composite
def _rules(draw: st.DrawFn, body: Domain) -> list[str]:
    """Rules over several fields that some values keep; often about fields that are there for them."""
    for name, lines in RULED.items() if draw(COIN) and not RULED.keys() & body["fields"].keys() else ():
        body["fields"][name] = draw(st.sampled_from(lines))
    pair = {"stands_for", "instead_of"}
    if draw(st.integers(0, 3)) == 0 and not pair & body["fields"].keys():
        kind = draw(st.sampled_from(["uuid?", "id elsewhere.Thing?"]))
        body["fields"] |= {"stands_for": kind, "instead_of": kind}
    fields = {name: _read(value) for name, value in body["fields"].items() if _writable(value)}
    found = ["stands_for != instead_of"] if pair <= fields.keys() else []
    for _ in range(draw(st.integers(0, 4))):
        rule = draw(_rule(fields))
        declared = _declared({**body, "rules": [*found, rule]}) if rule else None
        if declared and not [*rule_complaints(declared)] and len(declared.rules) > len(found):
            found.append(rule)
    return found


@st.composite
def _rule(draw: st.DrawFn, fields: dict[str, FieldDeclaration]) -> str:
    """A rule about some of the fields; nothing where there is none of its kind."""
    absent = [name for name, field in fields.items() if field.optional]
    kind = draw(st.sampled_from(["compared", "compared", "or", "either", "when"]))
    if kind == "compared":
        families = [field.spec.type.family for field in fields.values() if field.spec.type.family]
        if not families:
            return ""
        family = draw(st.sampled_from(families))
        alike = [name for name, field in fields.items() if field.spec.type.family == family]
        if len(alike) < 2:
            return ""
        one, other = draw(st.lists(st.sampled_from(alike), min_size=2, max_size=2, unique=True))
        return f"{one} {draw(st.sampled_from(COMPARISONS))} {other}"
    if kind == "when":
        if not absent or len(fields) < 2:
            return ""
        one = draw(st.sampled_from(absent))
        other = draw(st.sampled_from([name for name in fields if name != one]))
        spec = fields[other].spec
        words = spec.members if spec.as_written else [member.lower() for member in spec.members]
        return f"{one} when {other}{f' = {draw(st.sampled_from(words))}' if words else ''}"
    if len(absent) < 2:
        return ""
    names = draw(st.lists(st.sampled_from(absent), min_size=2, max_size=3, unique=True))
    return f"{'either ' if kind == 'either' else ''}{' or '.join(names)}"


def _declared(body: Domain) -> AggregateDeclaration:
    """The fields, keys and rules of an aggregate or a part."""
    (declared,) = read_aggregates(Place("", Problems()), {"X": {**body, "parts": None, "lifecycle": None}})
    return declared


def _read(value: Any) -> FieldDeclaration:
    (declared,) = read_fields(Place("", Problems()), {"x": value})
    return declared


@st.composite
def _aggregate(draw: st.DrawFn, name: str, earlier: list[str], every: list[str]) -> Domain:
    declared = draw(_links(earlier) if earlier and draw(st.integers(0, 5)) == 0 else _field_mapping(earlier, every))
    if not any(map(_writable, declared.values())):
        declared["writable"] = "int"
    if draw(st.integers(0, 2)) == 0:
        for field in draw(st.lists(st.sampled_from(REFS), min_size=1, max_size=3, unique=True)):
            declared[field] = draw(_references(every))
    if draw(st.integers(0, 4)) == 0 and not STRUCTURED & set(declared):
        return declared
    body: Domain = {"fields": declared}
    if draw(st.integers(0, 5)) == 0:
        body |= {
            "plural": f"many-{naming.kebab(naming.snake(name))[:20].strip('-')}",
            "renamed_from": f"Old{name[:30]}",
        }
    if draw(COIN):
        body["description"] = draw(TEXTS)
    if draw(COIN):
        body["lifecycle"] = draw(_lifecycle(name))
        if draw(COIN):
            stamp = f"{body['lifecycle']['states'][1].replace('-', '_')}_at"
            declared[stamp] = "datetime? readonly"
    if draw(COIN):
        declared["made_on"] = f"{draw(st.sampled_from(['date', 'datetime']))} readonly = now"
    if draw(COIN):
        wires = {*declared, *(f"{field}_{suffix}" for field in declared for suffix in ("id", "amount", "currency"))}
        body["parts"] = draw(_parts(name, wires, earlier, every))
    if keys := draw(_keys(declared)):
        body["unique"] = keys
    if found := draw(_rules(body)):
        body["rules"] = found
    draw(_computed(body))
    draw(_lists(body))
    if "lifecycle" in body:
        draw(_steps(body, every))
    return body


@st.composite
def _steps(draw: st.DrawFn, body: Domain, every: list[str]) -> None:
    """What the actions of the aggregate take and change, and how its states are written."""
    for change in (_inputs(body, every), _cleared(body), _assigned(body)):
        if draw(COIN):
            draw(change)
    if draw(COIN):
        body["lifecycle"]["states"] = as_enum(body["lifecycle"]["states"])


REFS = ["friends", "topics", "similar", "seen_by", "addresses_used"]
"""Names of lists of references: of each of them another one than of any other field."""


@st.composite
def _references(draw: st.DrawFn, every: list[str]) -> Any:
    """A list of references, in the long form or in a line."""
    line = f"refs {draw(st.sampled_from(every))}"
    policy = draw(st.sampled_from(["", "restrict", "clear", "clear"]))
    if draw(COIN):
        return f"{line} on_delete={policy}" if policy else line
    body: Domain = {"type": line, **({"on_delete": policy} if policy else {})}
    if draw(COIN):
        body["max"] = draw(st.integers(1, 100))
    if draw(COIN):
        body["example"] = [draw(_value(parse_type("uuid")))]
    return body


@st.composite
def _lists(draw: st.DrawFn, body: Domain) -> None:
    """How lists of the aggregate are narrowed and ordered."""
    declared = body["fields"]
    states = ["status"] if "lifecycle" in body else []
    moments = ["created_at", "modified_at"]
    able = {
        ability: [name for name, value in declared.items() if _searchable(name, value, ability)]
        for ability in ("filterable", "asks", "sortable")
    }
    searched = list(dict.fromkeys([*able["filterable"], *able["asks"], *moments, *states]))
    absent = [name for name in searched if name in declared and _may_be_absent(declared[name])]
    if draw(COIN) and absent:
        searched = absent  # what may be absent is asked for in one way more
    for key, names in (("filter", searched), ("sort", [*able["sortable"], *moments])):
        if draw(COIN):
            most = len(absent) if names is absent else 4
            chosen = draw(st.lists(st.sampled_from(names), max_size=most, unique=True))
            if key == "filter":
                chosen = [said for name in chosen if (said := draw(_asked(name, declared)))]
            body[key] = chosen[0] if len(chosen) == 1 and draw(COIN) else chosen
    draw(_orders(body, [*able["sortable"], *moments]))
    draw(_search(body))


@st.composite
def _search(draw: st.DrawFn, body: Domain) -> None:
    """The texts whose words lists are searched for."""
    declared = body["fields"]
    texts = [name for name, value in declared.items() if _searchable(name, value, "searched")]
    if "search" in declared or not texts or not draw(COIN):
        return
    chosen: Any = draw(st.lists(st.sampled_from(texts), min_size=1, max_size=4, unique=True))
    if len(chosen) == 1 and draw(COIN):
        (chosen,) = chosen
    body["search"] = chosen
    if draw(COIN):
        body["search"] = {"fields": chosen}
        if draw(COIN):
            body["search"]["language"] = draw(st.sampled_from(LANGUAGES))


@st.composite
def _orders(draw: st.DrawFn, body: Domain, names: list[str]) -> None:
    """Orders by several fields, and one for lists that are asked for none."""
    keys = st.tuples(st.sampled_from(["", "-"]), st.sampled_from(names)).map("".join)
    orders = st.lists(keys, min_size=2, max_size=4, unique_by=lambda key: key.removeprefix("-"))
    alone = [body["sort"]] if isinstance(body.get("sort"), str) else body.get("sort", [])
    together: list[list[str]] = []
    for order in draw(st.lists(orders, max_size=3)) if draw(COIN) else ():
        if _is_sortable(body["fields"], {"sort": [*together, order]}):
            together.append(order)
    if together:
        body["sort"] = [*alone, *together]
    default = draw(st.one_of(st.none(), keys, st.lists(keys, max_size=1), orders))
    if default and _is_sortable(body["fields"], {"order": default}):
        body["order"] = default


def _is_sortable(declared: Domain, said: Domain) -> bool:
    problems = Problems()
    (aggregate,) = read_aggregates(Place("aggregates", problems), {"A": {"fields": declared, **said}})
    paths = [problem.path for problem in problems]
    return not any(path.startswith(("aggregates.A.sort", "aggregates.A.order")) for path in paths) and not any(
        order_complaints(aggregate)
    )


@st.composite
def _asked(draw: st.DrawFn, name: str, declared: Domain) -> str:
    """A filter with words that its type has, where no other field is called like one of its parameters."""
    given = {"status": "enum(a)", "created_at": "datetime", "modified_at": "datetime", **declared}[name]
    (field,) = read_fields(Place("", Problems()), {name: given})
    words = [*field.spec.type.asks, *(["absent"] if field.optional else [])]
    fit = [word for word in words if f"{field.wire}_{word}" not in declared]
    least = 0 if field.spec.type.filterable else 1
    if len(fit) < least:
        return ""
    chosen = draw(st.lists(st.sampled_from(fit), min_size=least, unique=True)) if fit else []
    chosen += [word for word in ("any", "absent") if word in fit and word not in chosen and draw(COIN)]
    return " ".join([name, *chosen])


def _searchable(name: str, value: Any, ability: str) -> bool:
    line = value["type"] if isinstance(value, dict) else value
    said = {key for key, given in value.items() if given is True} if isinstance(value, dict) else set(line.split())
    if ability == "searched" and line.startswith("id "):
        return False
    if {"pii", "secret"} & {*said, *line.split()} or name in {"cursor", "limit", "sort"}:
        return False
    text = line.partition(" computed ")[0].partition("?")[0].partition(" on_delete=")[0]
    for flag in FLAGS:
        text = text.partition(f" {flag}")[0]
    able: bool = getattr(parse_type(text).type, ability)
    return able


@st.composite
def _told(draw: st.DrawFn) -> Domain:
    """Fields of an event of another context, which refer to nothing here."""
    told: Domain = {"order": "uuid", "about": "id elsewhere.Thing"}
    for name in draw(st.lists(field_names().filter(lambda name: name not in told), max_size=4, unique=True)):
        text = draw(_scalar([kind for kind, row in TABLE.items() if not row.refers]))
        told[name] = text if parse_type(text).type.nullable or draw(COIN) else f"{text}?"
    return told


TYPES = ["TimeSpan", "PostalAddress", "Extent"]


@st.composite
def _types(draw: st.DrawFn, aggregates: list[str]) -> tuple[Domain, list[tuple[str, str, Any]]]:
    """Value objects, and fields that are of them: aggregate, name, value; nothing else has such a name."""
    found: Domain = {}
    uses: list[tuple[str, str, Any]] = []
    for name in draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True)):
        names = draw(st.lists(field_names().filter(lambda each: len(each) <= 30), min_size=1, max_size=4, unique=True))
        inner = {each: draw(_inner(always=each == names[0])) for each in names}
        if leads := draw(st.sampled_from(["", "", "?", "!"])):
            inner["leads_to"] = f"ref {draw(st.sampled_from(aggregates))}?" if leads == "?" else f"ref {aggregates[0]}"
        form = draw(st.sampled_from(["bare", "whole", "described"]))
        found[name] = inner if form == "bare" and "fields" not in inner else {"fields": inner}
        if form == "described":
            found[name]["description"] = draw(TEXTS)
        (declared,) = read_types(Place("", Problems()), {name: found[name]})
        spec = objects_of([declared], {name: None})[name]
        for place in range(draw(st.integers(1, 2))):
            said = draw(st.sampled_from(["", "?", "? readonly", " pii", " secret", "? pii", "example"]))
            value: Any = f"{name}{said}"
            if said == "example" and spec:
                value = {"type": name, "example": next(spec.type.examples(spec))}
            # What always refers to the first of them cannot be in it, or it could never be created.
            needs = leads == "!" and "?" not in str(value)
            if owners := aggregates[1:] if needs else aggregates:
                uses.append((draw(st.sampled_from(owners)), f"of_{naming.snake(name)[:4]}_{place}", value))
        if not any(name in str(value) for _, _, value in uses):
            uses.append((aggregates[0], f"of_{naming.snake(name)[:4]}", f"{name}?"))
    return found, uses


@st.composite
def _inner(draw: st.DrawFn, *, always: bool) -> Any:
    """A field of a value object."""
    text = draw(_scalar([kind for kind, row in TABLE.items() if not row.refers and not row.shapeless]))
    spec = parse_type(text)
    roles = ["plain", "plain", "sensitive", "mapping", *(["secret"] if not always else [])]
    roles += ["optional", "optional"] if not (spec.type.nullable or always) else []
    roles += ["default"] if not always else []
    role = draw(st.sampled_from(roles))
    if role == "mapping":
        body = {"type": text, "description": draw(TEXTS), "example": draw(_value(spec))}
        return {key: value for key, value in body.items() if value is not None}
    if role == "default" and (default := draw(_value(spec))) is not None:
        return {"type": text, "default": default}
    return {"optional": f"{text}?", "sensitive": f"{text} pii", "secret": f"{text} secret"}.get(role, text)


def _mark(domain: Domain) -> None:
    """Let every action of the first aggregate that can have it set what is inside of a value object."""
    for body in domain["aggregates"].values():
        if not (isinstance(body.get("lifecycle"), dict) and "states" in body["lifecycle"]):
            continue
        actions = body["lifecycle"]["actions"].values()
        taken = {
            *body["fields"],
            *body.get("parts", ()),
            *(name for action in actions for name in action.get("input", ())),
        }
        if not any(name.startswith("marks") for name in taken):
            domain["types"]["Marks"] = {"moved_at": "datetime?", "moved_on": "date?", "said": "enum(so, thus)?"}
            body["fields"]["marks"] = "Marks readonly"
            for action in actions:
                action["sets"] = action.get("sets", {}) | {"marks.moved_at": "now", "marks.said": "thus"}
            return


@st.composite
def domains(draw: st.DrawFn, *, most: int = 4) -> Domain:
    """A valid domain of at most `most` aggregates, as `domain.yaml` would say it."""
    names = draw(
        st.lists(
            st.sampled_from([*AGGREGATES, LONGEST]).filter(lambda name: name not in python_names.RESERVED_CLASSES),
            min_size=1,
            max_size=most,
            unique_by=lambda name: english.plural(naming.snake(name)),
        )
    )
    domain: Domain = {"context": draw(st.sampled_from(["ordering", "a", "two-words", "class", "long" * 10]))}
    if draw(COIN):
        domain["description"] = draw(TEXTS)
    uses: list[tuple[str, str, Any]] = []
    if draw(st.integers(0, 2)) == 0:
        domain["types"], uses = draw(_types(names))
    domain["aggregates"] = {name: draw(_aggregate(name, names[:index], names)) for index, name in enumerate(names)}
    for owner, field, value in uses:
        body = domain["aggregates"][owner]
        parts = list(body.get("parts", {}).values()) if is_whole_aggregate(body) else []
        of = (value["type"] if isinstance(value, dict) else value).split()[0].rstrip("?")
        hides = "secret" in f"{value} {domain['types'][of]}"  # which a part cannot
        if parts and not hides and draw(COIN):
            draw(st.sampled_from(parts))["fields"][field] = value
        else:
            (body["fields"] if is_whole_aggregate(body) else body)[field] = value
    if "types" in domain and draw(COIN):
        _mark(domain)
    actions = [
        f"{name}.{action}"
        for name, body in domain["aggregates"].items()
        if isinstance(body.get("lifecycle"), dict) and "states" in body["lifecycle"]
        for action in body["lifecycle"]["actions"]
    ]
    if draw(COIN):
        event: Domain = {"from": "elsewhere", "fields": draw(_told())}
        if draw(COIN):
            event["description"] = draw(TEXTS)
        if draw(COIN) and actions:
            event["triggers"] = draw(st.sampled_from(actions))
        domain["consumes"] = {"SomethingHappened": event}
    return domain


def invent(number: int, count: int) -> list[Domain]:
    """The same domains in every run of the same commit.

    They come from a process of their own, because Hypothesis also draws constants of the modules in memory.
    """
    done = subprocess.run(
        [sys.executable, __file__, str(number), str(count)], env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT,
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    found: list[Domain] = json.loads(done.stdout)
    return found


def _invented(number: int, count: int) -> list[Domain]:
    found: list[Domain] = []

    @seed(number)
    @settings(max_examples=count, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(domains())
    def collect(domain: Domain) -> None:
        found.append(domain)

    collect()
    return found[:count]


def invent_one(number: int) -> Domain:
    """One of the domains that Hypothesis invents after the simplest, with which it always begins."""
    return invent(number, 4)[-1]


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.dates(),
        st.datetimes(),
        st.binary(max_size=5),
        st.sampled_from(
            ["int", "string(5)", "ref X", "?", "=", "int =", "list(", "enum()", "int(5..1)", "X.y", "draft"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.text(max_size=8),
                st.booleans(),
                st.integers(),
                st.none(),
                st.sampled_from(
                    ["fields", "type", "aggregates", "states", "actions", "from", "to", "default", "pattern"]
                ),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
"""What YAML can also hold."""


@st.composite
def damaged_domains(draw: st.DrawFn) -> Any:
    """A valid domain in which some nodes are something else."""
    domain = deepcopy(draw(domains(most=2)))
    for _ in range(draw(st.integers(1, 3))):
        node: Any = domain
        while isinstance(node, dict) and node:
            key = draw(st.sampled_from(list(node)))
            if not isinstance(node[key], (dict, list)) or not node[key] or draw(st.integers(0, 2)) == 0:
                if draw(COIN):
                    node[key] = draw(JUNK)
                else:
                    node[draw(st.one_of(st.text(max_size=5), st.booleans(), st.sampled_from(["id", "status"])))] = (
                        node.pop(key)
                    )
                break
            node = node[key]
            if isinstance(node, list):
                node[draw(st.integers(0, len(node) - 1))] = draw(JUNK)
                break
    return domain


if __name__ == "__main__":
    json.dump(_invented(*map(int, sys.argv[1:])), sys.stdout)
