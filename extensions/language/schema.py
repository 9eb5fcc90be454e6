"""The JSON Schema of the domain language, for the editors that complete and check `domain.yaml`.

Everything comes from the definitions that the parser itself uses. What only the whole domain shows, such as a reference
to an aggregate that does not exist, is said by the parser alone.
"""

from __future__ import annotations

from typing import Any

from ..text import naming
from ..types import OBJECT, TABLE
from . import grammar

Json = dict[str, Any]

_FIELD_KEYS: dict[str, Json] = {
    "type": {"$ref": "#/definitions/line", "description": "The type, and what the in-line form says after it."},
    "description": {"$ref": "#/definitions/description"},
    "optional": {"type": "boolean", "description": "May be absent; the same as a '?' after the type."},
    "unique": {"type": "boolean", "description": "No two of them; within a part, no two in its aggregate."},
    "ignorecase": {"type": "boolean", "description": "Upper and lower case are alike where it is unique or a filter."},
    "index": {"type": "boolean", "description": "The table gets an index on it."},
    "readonly": {"type": "boolean", "description": "In answers only; needs '?' or a default."},
    "pii": {"type": "boolean", "description": "Personal: never in a log or an address."},
    "secret": {"type": "boolean", "description": "Written only: never in an answer, an event or a log."},
    "on_delete": {
        "enum": list(grammar.POLICIES),
        "default": grammar.POLICIES[0],
        "description": "What the deletion of what it refers to does: it is refused, takes this along, or empties it.",
    },
    "default": {"description": "Taken when the field is absent from a create request."},
    "computed": {
        "type": ["string", "number"],
        "description": "What it is made of, always: quantity * unit_price, sum(lines.amount), paid > due.",
    },
    "example": {"description": "Shown in the contract and used by the tests."},
    "pattern": {"type": "string", "description": "Regular expression of the whole value; string and text only."},
    "min": {"type": "number", "description": "Least number, shortest text, fewest values; decimal and money: only 0."},
    "max": {"type": "number", "description": "Greatest number, longest text, most values."},
    "renamed_from": {
        "type": "string",
        "pattern": f"^(?:{naming.SNAKE.pattern})$",
        "description": "The field's name at the last update: rows and code follow the rename.",
    },
}


def language_schema() -> Json:
    """The schema, draft 7 because that is what editors know best; a new object each time."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Domain of a service",
        "description": "The domain language of Castrum.",
        "type": "object",
        "required": ["context", "aggregates"],
        "additionalProperties": False,
        "properties": {
            "context": {**_name(naming.KEBAB.pattern), "description": "The bounded context, such as ordering."},
            "description": {"$ref": "#/definitions/description"},
            "types": {
                "description": "Value objects: what several fields are of, without an identity of its own.",
                "maxProperties": grammar.MOST_TYPES,
                **_mapping(naming.PASCAL.pattern, {"$ref": "#/definitions/value_object"}),
            },
            "aggregates": {
                "description": "What the service keeps: each is a resource, a table and a package.",
                "minProperties": 1,
                "maxProperties": grammar.MOST_AGGREGATES,
                **_mapping(naming.PASCAL.pattern, {"$ref": "#/definitions/aggregate"}),
            },
            "consumes": {
                "description": "Events of other contexts.",
                **_mapping(naming.PASCAL.pattern, {"$ref": "#/definitions/event"}),
            },
        },
        "definitions": {
            "description": {"type": "string", "maxLength": grammar.LONGEST_DESCRIPTION},
            "line": {
                "type": "string",
                "pattern": _line_pattern(),
                "description": "type[?] [unique] [ignorecase] [index] [readonly] [pii|secret] [on_delete=…] "
                "[= default | computed expression]. Types: "
                + "; ".join(f"{row.syntax} ({row.meaning})" for row in (*TABLE.values(), OBJECT)),
                "examples": [row.sample for row in TABLE.values()],
            },
            "field": {"anyOf": [{"$ref": "#/definitions/line"}, {"$ref": "#/definitions/field_mapping"}]},
            "field_mapping": _object({key: _FIELD_KEYS[key] for key in grammar.FIELD_KEYS}, ["type"]),
            "fields": {
                "minProperties": 1,
                "maxProperties": grammar.MOST_FIELDS,
                **_mapping(naming.SNAKE.pattern, {"$ref": "#/definitions/field"}),
            },
            "value_object": {"anyOf": [_value_object(), {"$ref": "#/definitions/fields"}]},
            "aggregate": {"anyOf": [_aggregate(), {"$ref": "#/definitions/fields"}]},
            "part": _part(),
            "lifecycle": _lifecycle(),
            "event": _event(),
        },
    }


def _name(pattern: str) -> Json:
    return {"type": "string", "pattern": f"^(?:{pattern})$", "maxLength": naming.LONGEST_NAME}


def _mapping(pattern: str, value: Json, longest: int = naming.LONGEST_NAME) -> Json:
    return {
        "type": "object",
        "propertyNames": _name(pattern) | {"maxLength": longest},
        "additionalProperties": value,
    }


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _names(pattern: str, description: str) -> Json:
    name = _name(pattern)
    return {"description": description, "anyOf": [name, {"type": "array", "uniqueItems": True, "items": name}]}


def _filters() -> Json:
    asked = {"type": "string", "pattern": rf"^(?:{naming.SNAKE.pattern})(?: +(?:{'|'.join(grammar.ASKED)}))*$"}
    return {
        "description": "Fields by which lists can be narrowed: by their value, and as the words behind them say.",
        "anyOf": [asked, {"type": "array", "uniqueItems": True, "items": asked}],
    }


def _sorts() -> Json:
    name = _name(naming.SNAKE.pattern)
    together = {"type": "array", "minItems": 2, "maxItems": grammar.MOST_IN_SORT, "uniqueItems": True, "items": _key()}
    either = {"anyOf": [name, together]}
    return {
        "description": "Fields by which lists can be ordered, beside created_at, and lists of those that go together.",
        "anyOf": [name, {"type": "array", "uniqueItems": True, "items": either}],
    }


def _order() -> Json:
    keys = {"type": "array", "minItems": 1, "maxItems": grammar.MOST_IN_SORT, "uniqueItems": True, "items": _key()}
    return {
        "description": "How lists are ordered that are asked for nothing else, after a '-' from the greatest on; "
        "without it the newest come first.",
        "anyOf": [_key(), keys],
    }


def _search() -> Json:
    name = _name(naming.SNAKE.pattern)
    several = {"type": "array", "minItems": 1, "maxItems": grammar.MOST_IN_SEARCH, "uniqueItems": True, "items": name}
    fields = {"description": "Texts whose words lists can be searched for.", "anyOf": [name, several]}
    language = {
        "enum": list(grammar.LANGUAGES),
        "default": grammar.LANGUAGES[0],
        "description": "The language of the texts, whose words are found in all forms; simple: as they are written.",
    }
    return {
        "description": "Lists can be searched for words, such as ?search=red+shoes.",
        "anyOf": [name, several, _object({"fields": fields, "language": language}, ["fields"])],
    }


def _key() -> Json:
    return {"type": "string", "pattern": f"^-?(?:{naming.SNAKE.pattern})$", "maxLength": naming.LONGEST_NAME + 1}


def _line_pattern() -> str:
    types = "|".join(row.shape for row in (*TABLE.values(), OBJECT))
    policies = rf"on_delete\s*=\s*(?:{'|'.join(grammar.POLICIES)})"
    return rf"^\s*(?:{types})\??(?:\s+(?:{'|'.join(grammar.FLAGS)}|{policies}))*(?:\s*=.+|\s+computed\s.+)?\s*$"


def _ordered(keys: tuple[str, ...], properties: Json) -> Json:
    """The properties in the order of the language's own list; a key without one is a programming error."""
    return {key: properties[key] for key in keys}


def _value_object() -> Json:
    properties = {
        "description": {"$ref": "#/definitions/description"},
        "fields": {"$ref": "#/definitions/fields"},
    }
    return _object(_ordered(grammar.TYPE_KEYS, properties), ["fields"])


def _aggregate() -> Json:
    properties = {
        "description": {"$ref": "#/definitions/description"},
        "plural": {**_name(naming.KEBAB.pattern), "description": "The plural, where English rules give another one."},
        "renamed_from": {
            **_name(naming.PASCAL.pattern),
            "description": "The aggregate's name at the last update: table, rows and code follow the rename.",
        },
        "fields": {"$ref": "#/definitions/fields"},
        "parts": {
            "description": "Entities that live and die with the aggregate.",
            **_mapping(naming.SNAKE.pattern, {"$ref": "#/definitions/part"}),
        },
        "lifecycle": {"$ref": "#/definitions/lifecycle"},
        "unique": _keys("No two of them have the same values in all fields of a list."),
        "rules": _rules("What is true of each of them."),
        "filter": _filters(),
        "sort": _sorts(),
        "order": _order(),
        "search": _search(),
    }
    return _object(_ordered(grammar.AGGREGATE_KEYS, properties), ["fields"])


def _part() -> Json:
    properties = {
        "entity": {**_name(naming.PASCAL.pattern), "description": "The name of one of them, such as OrderLine."},
        "min": {"enum": [0, 1], "default": 0, "description": "1 where an aggregate has one at least."},
        "max": {
            "type": "integer",
            "minimum": 1,
            "maximum": grammar.MOST_PARTS,
            "default": 100,
            "description": "How many an aggregate may have.",
        },
        "fields": {"$ref": "#/definitions/fields"},
        "unique": _keys("No two in an aggregate have the same values in all fields of a list."),
        "rules": _rules("What is true of each entry."),
        "description": {"$ref": "#/definitions/description"},
    }
    return _object(_ordered(grammar.PART_KEYS, properties), ["entity", "fields"])


def _lifecycle() -> Json:
    word = _name("[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*")
    as_written = {"type": "string", "pattern": r"^enum\([^()]+\)$"}
    state = {"type": "string", "minLength": 1, "maxLength": naming.LONGEST_NAME}
    action = {
        "from": {"description": "The state, or states, in which it is possible.", "anyOf": [state, _list_of(state)]},
        "to": {**state, "description": "The state that it leads to."},
        "internal": {"type": "boolean", "description": "Only the service itself takes it: it has no endpoint."},
        "emits": {**_name(naming.PASCAL.pattern), "description": "The event that tells of it."},
        "input": {"$ref": "#/definitions/fields"},
        "sets": {
            "description": "Readonly fields, or what is inside of one (stamps.paid_at), and what they become: a value, "
            "or `now` for the moment of the action.",
            "minProperties": 1,
            **_mapping(rf"{naming.SNAKE.pattern}(?:\.{naming.SNAKE.pattern})?", {}, 2 * naming.LONGEST_NAME + 1),
        },
        "clears": _names(naming.SNAKE.pattern, "Readonly fields that it empties."),
        "resource": {**_name(naming.KEBAB.pattern), "description": "The noun in its path, such as placements."},
        "description": {"$ref": "#/definitions/description"},
    }
    properties = {
        "initial": {
            "description": "Where it begins, if not in the first state; of several, who creates it may choose.",
            "anyOf": [state, _list_of(state)],
        },
        "states": {
            "description": "All states; it begins in the first, unless `initial` says otherwise. As an enum in quotes "
            "they go over the wire as they are written.",
            "anyOf": [_list_of(word), as_written],
        },
        "actions": {
            "description": "Steps from state to state; each is a sub-resource.",
            "minProperties": 1,
            **_mapping(naming.SNAKE.pattern, _object(_ordered(grammar.ACTION_KEYS, action), ["from", "to"])),
        },
    }
    return _object(_ordered(grammar.LIFECYCLE_KEYS, properties), ["states", "actions"])


def _list_of(item: Json) -> Json:
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": item}


def _keys(description: str) -> Json:
    key = {
        "type": "array",
        "minItems": 2,
        "maxItems": grammar.MOST_IN_KEY,
        "uniqueItems": True,
        "items": _name(naming.SNAKE.pattern),
    }
    return {"description": description, "type": "array", "uniqueItems": True, "items": key}


def _rules(description: str) -> Json:
    name = naming.SNAKE.pattern
    several = rf"(?:{name})(?: +or +(?:{name}))+"
    signs = "|".join(sorted(grammar.COMPARISONS, key=len, reverse=True))
    forms = [rf"(?:{name}) *(?:{signs}) *(?:{name})", rf"(?:either +)?{several}"]
    forms.append(rf"(?:{name}) +when +(?:{name})(?: *= *[A-Za-z][A-Za-z0-9_-]*)?")
    return {
        "description": f"{description} Fields are compared, or one has to be there when another is, or instead of it.",
        "type": "array",
        "maxItems": grammar.MOST_RULES,
        "uniqueItems": True,
        "items": {"type": "string", "pattern": f"^(?:{'|'.join(forms)})$"},
    }


def _event() -> Json:
    properties = {
        "from": {**_name(naming.KEBAB.pattern), "description": "The context that publishes it."},
        "fields": {"$ref": "#/definitions/fields"},
        "triggers": {
            "type": "string",
            "pattern": r"^[A-Z][A-Za-z0-9]*\.[a-z][a-z0-9_]*$",
            "description": "The action that it sets off, such as Order.ship.",
        },
        "description": {"$ref": "#/definitions/description"},
    }
    return _object(_ordered(grammar.CONSUMED_KEYS, properties), ["from"])
