"""What FastAPI knows of the values of an endpoint, as the rules of the contract want it: bounded and described.

Bounds of what is sent have to be in the code, which holds callers to them. What is answered gets the widest ones where
the code has none. It is merged into what is written already, whose texts and comments stay.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

ANY_TEXT = r"^[\s\S]*$"
LONGEST_TEXT = 1_048_576
MOST_ITEMS = 100_000
INT32, INT64 = 2**31, 2**63
LENGTHS = {"uuid": 36, "date-time": 35, "date": 10, "time": 25, "duration": 60, "email": 254, "uri": 2083}
MOMENTS = {"date-time": "2026-11-22T08:00:00Z", "date": "2026-11-22", "time": "08:00:00Z"}
WORDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""What Pydantic leaves of bounds that follow a validator, in the words of JSON Schema."""
PREFIX = "#/components/schemas/"
TEXTS = ("summary", "description", "tags", "example", "examples", "externalDocs", "deprecated", "readOnly", "writeOnly")
BOUNDS = ("format", "minLength", "maxLength", "pattern", "minimum", "maximum", "multipleOf", "minItems", "maxItems")

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Default:
    """What stands where neither the code nor a person says anything."""

    value: Any


class Schemas:
    """The schemas of an application; `taken` are the names that are in use for others."""

    def __init__(self, known: Mapping[str, Schema], taken: set[str]) -> None:
        self.missing: list[str] = []
        self._known = known
        self._taken = taken
        self._used: dict[bool, set[str]] = {True: set(), False: set()}

    def use(self, value: Any, *, sent: bool) -> None:
        """Say what a value refers to, before anything is made: a schema that is sent and answered becomes two."""
        for name in references(value):
            if name not in self._used[sent]:
                self._used[sent].add(name)
                self.use(self._known[name], sent=sent)

    def components(self) -> dict[str, dict[str, Any]]:
        """Every schema that is used, by its name in the contract."""
        return {
            self._name(name, sent=sent): self.schema(self._known[name], name, sent=sent)
            for sent in (True, False)
            for name in sorted(self._used[sent])
        }

    def schema(self, given: Schema, name: str, *, sent: bool, place: str = "") -> dict[str, Any]:
        """A schema for a value of this name; `place` is where it belongs, for people."""
        place = f"{place}.{name}" if place else name
        rest = {WORDS.get(key, key): value for key, value in given.items() if key != "title"}
        rest.setdefault("description", Default(f"{name.replace('_', ' ').capitalize()}."))
        if "$ref" in rest:
            return rest | {"$ref": PREFIX + self._name(_named(rest["$ref"]), sent=sent)}
        for union in ("anyOf", "oneOf", "allOf"):
            if union in rest:
                return self._union(rest, union, place, sent=sent)
        if "enum" in rest and rest.get("type") == "string":
            return _choice(rest, sent=sent)
        make = getattr(self, f"_{rest.get('type')}", None)
        return rest if make is None or "const" in rest or "enum" in rest else make(rest, place, sent=sent)

    def _union(self, given: dict[str, Any], union: str, place: str, *, sent: bool) -> dict[str, Any]:
        description, alternatives = given["description"], given.pop(union)
        others = [each for each in alternatives if each != {"type": "null"}]
        made = [self.schema({"description": description, **each}, place, sent=sent) for each in others]
        if len(made) == 1 and len(alternatives) == 1:
            return given | made[0]
        if len(made) == 1 and isinstance(made[0].get("type"), str):
            return given | made[0] | {"type": [made[0]["type"], "null"]}
        for each in made:
            del each["description"]
        return given | {union: [*made, {"type": "null"}] if len(others) < len(alternatives) else made}

    def _integer(self, given: dict[str, Any], place: str, *, sent: bool) -> dict[str, Any]:
        low = given.pop("exclusiveMinimum", None)
        high = given.pop("exclusiveMaximum", None)
        low = given.pop("minimum", None) if low is None else low + 1
        high = given.pop("maximum", None) if high is None else high - 1
        if sent and (low is None or high is None):
            self.missing.append(f"{place}: say the least and the greatest number, as by Field(ge=0, le=100).")
        given["minimum"] = Default(-INT64) if low is None else int(low)
        given["maximum"] = Default(INT64 - 1) if high is None else int(high)
        small = low is not None and high is not None and low >= -INT32 and high < INT32
        given["format"] = Default("int32" if small else "int64")
        return given

    def _number(self, given: dict[str, Any], place: str, *, sent: bool) -> dict[str, Any]:
        return {"format": Default("double"), **given}

    def _string(self, given: dict[str, Any], place: str, *, sent: bool) -> dict[str, Any]:
        length = LENGTHS.get(given.get("format", ""))
        if "maxLength" not in given and length is None and sent:
            self.missing.append(f"{place}: say the longest text, as by Field(max_length=100).")
        given.setdefault("maxLength", Default(length or LONGEST_TEXT))
        if given.get("format") in MOMENTS:
            given.setdefault("example", Default(MOMENTS[given["format"]]))
        if given.get("format") == "uuid":
            given.setdefault("minLength", Default(length))
        if "format" not in given:
            given.setdefault("pattern", Default(ANY_TEXT))
        return given

    def _array(self, given: dict[str, Any], place: str, *, sent: bool) -> dict[str, Any]:
        if "maxItems" not in given and sent:
            self.missing.append(f"{place}: say how many items there may be, as by Field(max_length=100).")
        given.setdefault("maxItems", Default(MOST_ITEMS))
        given["items"] = self._inner(given.get("items", {}), place, sent=sent)
        return given

    def _object(self, given: dict[str, Any], place: str, *, sent: bool) -> dict[str, Any]:
        others = given.get("additionalProperties", "properties" not in given)
        if "properties" in given:
            given["properties"] = {
                name: self.schema(each, name, sent=sent, place=place) for name, each in given["properties"].items()
            }
            if sent and "additionalProperties" not in given:
                self.missing.append(f'{place}: refuse other members by model_config = ConfigDict(extra="forbid").')
            given.setdefault("additionalProperties", False)
        elif isinstance(others, Mapping):
            given["additionalProperties"] = self._inner(others, place, sent=sent)
        if others:
            given.setdefault("maxProperties", Default(MOST_ITEMS))
        return given

    def _inner(self, given: Schema, place: str, *, sent: bool) -> dict[str, Any]:
        inner = self.schema(given, place, sent=sent)
        if isinstance(inner["description"], Default):
            del inner["description"]
        return inner

    def _name(self, name: str, *, sent: bool) -> str:
        both = sent and name in self._used[False]
        mine = f"Own{name}" if name in self._taken else name
        return f"{mine}Input" if both else mine


def references(value: Any) -> Iterator[str]:
    """The names of the schemas that a part of a document refers to."""
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(PREFIX):
            yield _named(reference)
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def _named(reference: str) -> str:
    return reference.rpartition("/")[2]


def _choice(given: dict[str, Any], *, sent: bool) -> dict[str, Any]:
    """One of several values: exactly these when it is sent, and perhaps more of them when it is answered."""
    values = given.pop("enum")
    if sent:
        del given["type"]
        return given | {"oneOf": [{"type": "string", "const": value} for value in values]}
    return {
        **given,
        "x-extensible-enum": values,
        "maxLength": Default(100),
        "pattern": Default(ANY_TEXT),
    }


def merge_operation(written: CommentedMap, made: Mapping[str, Any], conditional: Collection[str]) -> None:
    """Bring an operation up to date; it loses the shared responses among the `conditional` that it has no more."""
    for key in ("parameters", "requestBody"):
        if key not in made:
            written.pop(key, None)
    responses = made["responses"]
    for status in [each for each in written.get("responses", ()) if str(each) not in responses]:
        if written["responses"][status].get("$ref", "").rpartition("/")[2] in conditional:
            del written["responses"][status]
    if "parameters" in made and "parameters" in written:
        known = {(each.get("in"), each.get("name")): each for each in written["parameters"]}
        written["parameters"] = CommentedSeq(
            known.get((each["in"], each["name"]), CommentedMap()) for each in made["parameters"]
        )
        for old, new in zip(written["parameters"], made["parameters"], strict=True):
            _merge(old, new)
    _merge(written, {key: value for key, value in made.items() if key != "parameters" or key not in written})


def _merge(written: CommentedMap, made: Mapping[str, Any]) -> None:
    """Add what is made to what is written; texts and what is written by reference stay as they are."""
    for name, value in made.items():
        key = next((each for each in written if str(each) == name), None)
        if key is None:
            written[name] = plain(value)
        elif key in TEXTS or isinstance(value, Default):
            continue
        elif name == "schema":
            merge_schema(written[key], value)
        elif isinstance(value, Mapping) and isinstance(written[key], CommentedMap):
            if "$ref" not in written[key]:
                _merge(written[key], value)
        else:
            _put(written, key, value)


def merge_schema(written: CommentedMap, made: Mapping[str, Any]) -> None:
    """Bring a schema up to date: what the code says, with the texts, and with the bounds that it does not have."""
    is_same = written.get("type") == made.get("type")
    kept = () if set(made) == {"$ref"} else (*TEXTS, *BOUNDS) if is_same else TEXTS
    for key in [each for each in written if each not in made and each not in kept and not each.startswith("x-")]:
        del written[key]
    for key, value in made.items():
        given = written.get(key)
        if key == "properties" and isinstance(given, CommentedMap):
            for name in [each for each in given if each not in value]:
                del given[name]
            for name, schema in value.items():
                merge_schema(child(given, name), schema)
        elif isinstance(value, Mapping) and isinstance(given, CommentedMap):
            merge_schema(given, value)
        elif key not in written or not (key in TEXTS or (isinstance(value, Default) and is_same)):
            _put(written, key, value)


def _put(written: CommentedMap, key: Any, value: Any) -> None:
    """Write the value, unless it is there: what is equal keeps its comments."""
    made = plain(value)
    if key not in written or written[key] != made:
        written[key] = made


def plain(value: Any) -> Any:
    """The value as it is written, references in one line."""
    if isinstance(value, Default):
        return plain(value.value)
    if isinstance(value, Mapping):
        made = CommentedMap({key: plain(each) for key, each in value.items()})
        if list(made) == ["$ref"]:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        return CommentedSeq(map(plain, value))
    return value


def section(document: CommentedMap, *place: str) -> CommentedMap:
    """The mapping at this place, a new one if there is none."""
    for name in place:
        document = child(document, name)
    return document


def child(parent: CommentedMap, name: str) -> CommentedMap:
    """The mapping of this name, a new one if there is none; an empty one in one line becomes one of several."""
    child = parent.get(name)
    if not isinstance(child, CommentedMap):
        child = parent[name] = CommentedMap()
    if not child:
        child.fa.set_block_style()
        parent.fa.set_block_style()
    return child


def unreferenced(document: Mapping[str, Any]) -> set[str]:
    """The schemas that nothing refers to."""
    components = document.get("components") or {}
    schemas = components.get("schemas") or {}
    reached: set[str] = set()
    waiting = list(references([document.get("paths"), {k: v for k, v in components.items() if k != "schemas"}]))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += references(schemas.get(name))
    return set(schemas) - reached
