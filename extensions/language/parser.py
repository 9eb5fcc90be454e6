"""The domain language: from the mapping in `domain.yaml` to declarations, with every problem on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..text import naming
from ..text.problems import Problems, kind_of, nearest, show
from ..types import LONGEST_DEFAULT, FieldTypeError, Spec, enum_member, parse_type, pattern_of
from . import renames
from .combinations import complaints, without_use

MOST_AGGREGATES = 200
MOST_FIELDS = 100
MOST_PARTS = 1000
LONGEST_DESCRIPTION = 1000

TOP_KEYS = ("context", "description", "aggregates", "consumes")
AGGREGATE_KEYS = ("description", "plural", "renamed_from", "fields", "parts", "lifecycle", "filter", "sort")
FIELD_KEYS = (
    "type",
    "description",
    "optional",
    "unique",
    "ignorecase",
    "index",
    "readonly",
    "pii",
    "secret",
    "default",
    "example",
    "pattern",
    "min",
    "max",
    "renamed_from",
)
FLAGS = ("unique", "ignorecase", "index", "readonly", "pii", "secret")
PART_KEYS = ("entity", "max", "fields", "description")
LIFECYCLE_KEYS = ("states", "actions")
ACTION_KEYS = ("from", "to", "emits", "resource", "description")
CONSUMED_KEYS = ("from", "fields", "triggers", "description")
RESERVED_FIELDS = ("id", "version", "created_at", "modified_at")
OPERATIONS = ("create", "get", "list", "update", "delete")


@dataclass(slots=True, eq=False)
class FieldDeclaration:
    """A field of an aggregate, a part or an event, with values already in their wire form."""

    path: str
    name: str
    spec: Spec
    optional: bool = False
    unique: bool = False
    ignorecase: bool = False
    index: bool = False
    readonly: bool = False
    pii: bool = False
    secret: bool = False
    default: Any = None
    has_default: bool = False
    example: Any = None
    has_example: bool = False
    description: str = ""
    renamed_from: str | None = None

    @property
    def wire(self) -> str:
        """The name in JSON: references are called after the identity that they hold."""
        return f"{self.name}_id" if self.spec.type.kind in {"ref", "id"} else self.name


@dataclass(slots=True, eq=False)
class PartDeclaration:
    """A list of entities inside an aggregate."""

    path: str
    name: str
    entity: str
    max: int
    fields: list[FieldDeclaration]
    description: str = ""


@dataclass(slots=True, eq=False)
class ActionDeclaration:
    """A step of a lifecycle; `resource` is its kebab-case noun."""

    path: str
    name: str
    sources: list[str]
    target: str
    emits: str | None
    resource: str
    description: str = ""


@dataclass(slots=True, eq=False)
class LifecycleDeclaration:
    """States in wire form, the first one initial, and the actions between them."""

    path: str
    states: list[str]
    actions: list[ActionDeclaration]


@dataclass(slots=True, eq=False)
class AggregateDeclaration:
    """An aggregate; `plural` is in snake_case."""

    path: str
    name: str
    plural: str
    fields: list[FieldDeclaration] = field(default_factory=list)
    parts: list[PartDeclaration] = field(default_factory=list)
    lifecycle: LifecycleDeclaration | None = None
    mentioned: set[str] = field(default_factory=set)
    """The names of all fields, those with problems too."""
    filter: list[str] = field(default_factory=list)
    sort: list[str] = field(default_factory=list)
    description: str = ""
    renamed_from: str | None = None


@dataclass(slots=True, eq=False)
class ConsumedDeclaration:
    """An event of another context and the action that it triggers."""

    path: str
    name: str
    source: str
    fields: list[FieldDeclaration]
    aggregate: str | None
    action: str | None
    description: str = ""


@dataclass(slots=True, eq=False)
class Domain:
    """A whole domain file."""

    context: str
    description: str
    aggregates: list[AggregateDeclaration]
    consumes: list[ConsumedDeclaration]


def _letters(name: object) -> str:
    """What is expected of a name beside its case, if it has other letters."""
    return "" if not isinstance(name, str) or name.isascii() else " of the letters a to z"


def parse(raw: object, problems: Problems) -> Domain:
    """Read the whole mapping; what is wrong is added to `problems` and left out of the result."""
    return _Parser(problems).domain(raw)


class _Parser:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    # Helpers ---------------------------------------------------------------------------------------------------------

    def _add(self, path: str, message: str) -> None:
        self._problems.add(path, message)

    def _mapping(self, path: str, raw: object, expected: str) -> dict[str, Any]:
        """The mapping with its text keys; other keys are what YAML made of `on`, `yes`, `1` or `2026-01-01`."""
        if not isinstance(raw, dict):
            self._add(path, f"expected {expected}, not {kind_of(raw)}")
            return {}
        out: dict[str, Any] = {}
        for key, value in raw.items():
            if isinstance(key, str):
                out[key] = value
            else:
                self._add(
                    path, f"the key {str(key).lower()} is {kind_of(key)} to YAML, not a name; quote it or rename it"
                )
        return out

    def _known(self, path: str, raw: dict[str, Any], keys: tuple[str, ...]) -> None:
        for key in raw:
            if key not in keys:
                self._add(_join(path, key), f"unknown key {show(key)}{nearest(key, keys)}")

    def _description(self, path: str, raw: dict[str, Any]) -> str:
        value = raw.get("description")
        if value is None:
            return ""
        if not isinstance(value, str):
            self._add(_join(path, "description"), f"expected a text, not {kind_of(value)}")
            return ""
        text = " ".join(value.split())
        if not text.isprintable():
            self._add(_join(path, "description"), "contains a character that cannot be printed")
        if len(text) > LONGEST_DESCRIPTION:
            self._add(
                _join(path, "description"), f"has {len(text)} characters; at most {LONGEST_DESCRIPTION} are possible"
            )
        return text

    def _flag(self, path: str, raw: dict[str, Any], key: str) -> bool:
        value = raw.get(key, False)
        if not isinstance(value, bool):
            self._add(_join(path, key), f"expected true or false, not {kind_of(value)}")
            return False
        return value

    def _pascal(self, path: str, name: object, what: str) -> bool:
        if not isinstance(name, str) or not naming.PASCAL.fullmatch(name):
            hint = ""
            if isinstance(name, str):
                fixed = re.sub(r"[^A-Za-z0-9_-]", "", naming.plain(name))
                hint = f"; did you mean {naming.pascal(fixed)!r}?" if fixed[:1].isalpha() else ""
            self._add(path, f"{what} {show(name)} is not in PascalCase{_letters(name)}, such as OrderLine{hint}")
            return False
        if len(name) > naming.LONGEST_NAME:
            self._add(
                path, f"{what} {show(name)} has {len(name)} characters; at most {naming.LONGEST_NAME} are possible"
            )
            return False
        return True

    def _snake(self, path: str, name: str, what: str) -> bool:
        if not naming.SNAKE.fullmatch(name):
            fixed = naming.snake(re.sub(r"[^A-Za-z0-9_-]", "_", naming.plain(name)))
            hint = f"; did you mean {fixed!r}?" if naming.SNAKE.fullmatch(fixed) else ""
            self._add(path, f"{what} {show(name)} is not in snake_case{_letters(name)}, such as placed_at{hint}")
            return False
        if len(name) > naming.LONGEST_NAME:
            self._add(
                path, f"{what} {show(name)} has {len(name)} characters; at most {naming.LONGEST_NAME} are possible"
            )
            return False
        return True

    # The whole -------------------------------------------------------------------------------------------------------

    def domain(self, raw: object) -> Domain:
        if not isinstance(raw, dict):
            expected = "expected a mapping with `context:` and `aggregates:`"
            self._add(
                "",
                f"the domain is {kind_of(raw)}; {expected}" if raw is not None else f"the domain is empty; {expected}",
            )
            return Domain("", "", [], [])
        top = self._mapping("", raw, "")
        for key in top:
            if key in TOP_KEYS:
                continue
            if naming.PASCAL.fullmatch(key) and isinstance(top[key], dict):
                self._add(key, f"an aggregate belongs under `aggregates:`; indent {show(key)} below it")
            else:
                self._add(key, f"unknown key {show(key)}{nearest(key, TOP_KEYS)}")
        context = top.get("context")
        if context is None:
            self._add("context", "is missing; expected the name of this bounded context, such as ordering")
        elif not isinstance(context, str) or not naming.KEBAB.fullmatch(context) or len(context) > naming.LONGEST_NAME:
            self._add("context", f"{show(context)} is not a lower-case name of at most 40 characters, such as ordering")
        description = self._description("", top)
        return Domain(
            context if isinstance(context, str) else "",
            description,
            self._aggregates(top.get("aggregates")),
            self._consumes(top.get("consumes")),
        )

    def _aggregates(self, raw: object) -> list[AggregateDeclaration]:
        if raw is None or raw == {}:
            self._add("aggregates", "is missing; expected a mapping of at least one aggregate, such as Order")
            return []
        mapping = self._mapping("aggregates", raw, "a mapping of aggregates by name")
        if len(mapping) > MOST_AGGREGATES:
            self._add("aggregates", f"has {len(mapping)} aggregates; at most {MOST_AGGREGATES} are possible")
            return []
        aggregates = [
            self._aggregate(f"aggregates.{name}", name, value)
            for name, value in mapping.items()
            if self._pascal(f"aggregates.{name}", name, "the name of the aggregate")
        ]
        self._renames(aggregates, set(mapping), "an aggregate")
        for path, complaint in without_use(aggregates):
            self._add(path, complaint)
        return aggregates

    def _renames(
        self, declared: list[AggregateDeclaration] | list[FieldDeclaration], names: set[str], what: str
    ) -> None:
        for path, complaint in renames.within(declared, names, what):
            self._add(path, complaint)

    def _aggregate(self, path: str, name: str, raw: object) -> AggregateDeclaration:
        declared = AggregateDeclaration(path, name, naming.plural(naming.snake(name)))
        if raw is None or raw == {}:
            self._add(path, "has no fields; expected at least one, such as name: string(120)")
            return declared
        body = self._mapping(path, raw, "a mapping of fields, or of `fields:`, `parts:`, `lifecycle:` …")
        if not body:
            return declared
        if not is_whole_aggregate(body):
            declared.fields = self._fields(path, body)
            declared.mentioned = set(body)
            return declared
        self._known(path, body, AGGREGATE_KEYS)
        declared.description = self._description(path, body)
        if (plural := body.get("plural")) is not None:
            if not isinstance(plural, str) or not naming.KEBAB.fullmatch(plural) or len(plural) > naming.LONGEST_NAME:
                self._add(f"{path}.plural", f"{show(plural)} is not a lower-case plural, such as people")
            else:
                declared.plural = naming.snake(plural)
        if (former := body.get("renamed_from")) is not None and self._pascal(
            f"{path}.renamed_from", former, "the former name"
        ):
            declared.renamed_from = former
        fields = body.get("fields")
        if fields is None or fields == {}:
            self._add(f"{path}.fields", "has no fields; expected at least one, such as name: string(120)")
        else:
            declared.fields = self._fields(f"{path}.fields", fields)
            declared.mentioned = (
                {name for name in fields if isinstance(name, str)} if isinstance(fields, dict) else set()
            )
        declared.parts = self._parts(f"{path}.parts", body.get("parts"))
        if body.get("lifecycle") is not None:
            declared.lifecycle = self._lifecycle(f"{path}.lifecycle", body["lifecycle"])
        declared.filter = self._names(f"{path}.filter", body.get("filter"))
        declared.sort = self._names(f"{path}.sort", body.get("sort"))
        return declared

    def _names(self, path: str, raw: object) -> list[str]:
        """A list of field names; one name alone is a list of one."""
        if raw is None:
            return []
        values = [raw] if isinstance(raw, str) else raw
        if not isinstance(values, list):
            self._add(path, f"expected a list of fields, such as [status, number], not {kind_of(raw)}")
            return []
        names: list[str] = []
        for value in values:
            if not isinstance(value, str):
                self._add(path, f"expected the name of a field, not {kind_of(value)}")
            elif value in names:
                self._add(path, f"lists {value!r} twice")
            else:
                names.append(value)
        return names

    # Fields ----------------------------------------------------------------------------------------------------------

    def _fields(self, path: str, raw: object) -> list[FieldDeclaration]:
        mapping = self._mapping(path, raw, "a mapping of fields, such as name: string(120)")
        if len(mapping) > MOST_FIELDS:
            self._add(path, f"has {len(mapping)} fields; at most {MOST_FIELDS} are possible")
            return []
        if any(isinstance(value, str) and value.count("(") > value.count(")") for value in mapping.values()):
            # A comma inside braces has cut a type in two: its rest is now a key without a value.
            mapping = {name: value for name, value in mapping.items() if value is not None}
        fields = [
            declared
            for name, value in mapping.items()
            if (declared := self._field(f"{path}.{name}", name, value)) is not None
        ]
        self._renames(fields, set(mapping), "a field")
        return fields

    def _field(self, path: str, name: str, raw: object) -> FieldDeclaration | None:
        named = self._snake(path, name, "the field's name")
        if isinstance(raw, str):
            body: dict[str, Any] = {}
            line = raw
        elif isinstance(raw, dict):
            body = self._mapping(path, raw, "")
            if "type" not in body:
                self._known(path, body, FIELD_KEYS)
                self._add(path, "has no type; expected `type:`, such as type: string(120)")
                return None
            self._known(path, body, FIELD_KEYS)
            if not isinstance(body["type"], str):
                self._add(f"{path}.type", f"expected a type, such as string(120), not {kind_of(body['type'])}")
                return None
            line = body["type"]
        else:
            self._add(path, f"expected a type, such as string(120), not {kind_of(raw)}")
            return None
        declared = self._line(path, name, line, body)
        if declared is None or not named:
            return None
        self._finish(declared, body)
        return declared

    def _line(self, path: str, name: str, line: str, body: dict[str, Any]) -> FieldDeclaration | None:
        """`type[?] [unique] [ignorecase] [index] [readonly] [pii|secret] [= default]`."""
        text, default = _split_default(line)
        text, flags = _split_flags(text)
        optional = text.endswith("?")
        try:
            spec = parse_type(text.removesuffix("?"))
        except FieldTypeError as problem:
            self._add(path, str(problem))
            return None
        spec.name = name
        declared = FieldDeclaration(path, name, spec, optional=optional)
        for word in flags:
            if word in FLAGS:
                if getattr(declared, word):
                    self._add(path, f"says {word!r} twice")
                setattr(declared, word, True)
            elif word == "?":
                declared.optional = True
                self._add(path, "the '?' belongs right after the type, such as text? readonly")
            elif word in {"optional", "nullable", "null"}:
                self._add(path, f"unknown word {word!r}; an optional field has a '?' after its type, such as text?")
            elif word in {"required", "mandatory"}:
                self._add(path, f"unknown word {word!r}; a field without '?' is required already")
            else:
                self._add(path, f"unknown word {word!r} after the type{nearest(word, FLAGS)}")
        if default is not None:
            declared.has_default = True
            declared.default = _unquoted(default) if spec.type.kind not in {"list", "json"} else default
            if not default:
                self._add(path, "has a '=' without a default after it")
                declared.has_default = False
        declared.optional |= self._flag(path, body, "optional")
        for flag in FLAGS:
            if self._flag(path, body, flag):
                setattr(declared, flag, True)
        return declared

    def _finish(self, declared: FieldDeclaration, body: dict[str, Any]) -> None:
        """Bounds, pattern, default and example, and the combinations that make no sense."""
        path, spec, row = declared.path, declared.spec, declared.spec.type
        declared.description = self._description(path, body)
        if (former := body.get("renamed_from")) is not None:
            if not isinstance(former, str):
                self._add(f"{path}.renamed_from", f"expected the field's former name, not {kind_of(former)}")
            elif self._snake(f"{path}.renamed_from", former, "the former name"):
                declared.renamed_from = former
        sound = True
        if body.get("min") is not None or body.get("max") is not None:
            try:
                row.bound(spec, body.get("min"), body.get("max"))
            except FieldTypeError as problem:
                self._add(path, str(problem))
                sound = False
        if (pattern := body.get("pattern")) is not None:
            sound = self._pattern(path, spec, pattern) and sound
        if sound:
            self._values(declared, body)
        for complaint in complaints(declared):
            self._add(path, complaint)

    def _pattern(self, path: str, spec: Spec, raw: object) -> bool:
        if not spec.type.patterned:
            self._add(
                f"{path}.pattern", f"a pattern has no meaning for {spec.type.kind}; only string and text take one"
            )
            return False
        try:
            spec.pattern = pattern_of(raw)
        except FieldTypeError as problem:
            self._add(f"{path}.pattern", str(problem))
            return False
        if next(spec.type.examples(spec), None) is None:
            shortest = 1 if spec.low is None else spec.low
            if spec.pattern.shortest > spec.length or (spec.pattern.longest or shortest) < shortest:
                self._add(f"{path}.pattern", f"no text of {shortest} to {spec.length} characters matches {show(raw)}")
                return False
        return True

    def _values(self, declared: FieldDeclaration, body: dict[str, Any]) -> None:
        path, spec, row = declared.path, declared.spec, declared.spec.type
        if "default" in body:
            if declared.has_default:
                self._add(f"{path}.default", "is given twice: in the type's line and as a key")
            declared.has_default, declared.default = True, body["default"]
        if declared.has_default and declared.default is None:
            self._add(path, "the default is nothing; drop it, or make the field optional with '?'")
            declared.has_default = False
        if declared.has_default and not row.defaultable:
            self._add(path, f"a {row.kind} has no default: the same identity for everybody makes no sense")
            declared.has_default = False
        if declared.has_default:
            try:
                declared.default = row.value(spec, declared.default)
                if len(str(declared.default)) > LONGEST_DEFAULT:
                    self._add(path, f"the default has more than {LONGEST_DEFAULT} characters")
            except FieldTypeError as problem:
                self._add(path, f"the default: {problem}")
                declared.has_default = False
        if body.get("example") is not None:
            try:
                declared.example = row.value(spec, body["example"])
                declared.has_example = True
            except FieldTypeError as problem:
                self._add(f"{path}.example", str(problem))
        elif spec.pattern is not None and next(row.examples(spec), None) is None:
            self._add(path, "no example for its pattern could be made up; give one with `example:`")

    # Parts -----------------------------------------------------------------------------------------------------------

    def _parts(self, path: str, raw: object) -> list[PartDeclaration]:
        if raw is None:
            return []
        parts = []
        for name, value in self._mapping(
            path, raw, "a mapping of parts, such as lines: {entity: OrderLine, …}"
        ).items():
            here = f"{path}.{name}"
            named = self._snake(here, name, "the part's name")
            body = self._mapping(here, value, "a mapping with `entity:` and `fields:`")
            if not body:
                if isinstance(value, dict):
                    self._add(here, "is empty; expected `entity:` and `fields:`")
                continue
            self._known(here, body, PART_KEYS)
            if body.get("entity") is None:
                self._add(f"{here}.entity", "is missing; expected the name of one of them, such as OrderLine")
                named = False
            else:
                named = self._pascal(f"{here}.entity", body["entity"], "the entity") and named
            most = body.get("max", 100)
            if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_PARTS:
                self._add(f"{here}.max", f"expected a whole number from 1 to {MOST_PARTS}, not {show(most)}")
                most = 100
            if body.get("fields") in (None, {}):
                self._add(f"{here}.fields", "has no fields; expected at least one, such as quantity: int(1..999)")
                fields = []
            else:
                fields = self._fields(f"{here}.fields", body["fields"])
            for declared in fields:
                if declared.secret:
                    self._add(declared.path, "a part has no secret: parts are replaced as a whole, so it would be lost")
            if named:
                parts.append(PartDeclaration(here, name, body["entity"], most, fields, self._description(here, body)))
        return parts

    # Lifecycle -------------------------------------------------------------------------------------------------------

    def _lifecycle(self, path: str, raw: object) -> LifecycleDeclaration | None:
        body = self._mapping(path, raw, "a mapping with `states:` and `actions:`")
        if not body:
            if isinstance(raw, dict):
                self._add(path, "is empty; expected `states:` and `actions:`")
            return None
        self._known(path, body, LIFECYCLE_KEYS)
        states: list[str] = []
        listed = body.get("states")
        if not isinstance(listed, list) or not listed:
            self._add(f"{path}.states", f"expected a list of states, such as [draft, placed], not {kind_of(listed)}")
        else:
            for state in listed:
                try:
                    value = enum_member(state) if isinstance(state, str) else None
                except FieldTypeError as problem:
                    self._add(f"{path}.states", str(problem))
                    continue
                if value is None:
                    self._add(
                        f"{path}.states", f"expected the name of a state, not {kind_of(state)}; quote it or rename it"
                    )
                elif value in states:
                    self._add(f"{path}.states", f"lists {value!r} twice")
                else:
                    states.append(value)
        actions = self._actions(f"{path}.actions", body.get("actions"), states)
        reached = {action.target for action in actions} | set(states[:1])
        if len(actions) == len(body.get("actions") or ()):
            for state in states:
                if state not in reached:
                    self._add(f"{path}.states", f"no action leads to {state!r}; add one or drop the state")
        return LifecycleDeclaration(path, states, actions) if states else None

    def _actions(self, path: str, raw: object, states: list[str]) -> list[ActionDeclaration]:
        if raw is None or raw == {}:
            self._add(path, "expected at least one action, such as place: {from: draft, to: placed}")
            return []
        actions = []
        for name, value in self._mapping(path, raw, "a mapping of actions by name").items():
            here = f"{path}.{name}"
            named = self._snake(here, name, "the action's name")
            body = self._mapping(here, value, "a mapping with `from:` and `to:`")
            if not body:
                continue
            self._known(here, body, ACTION_KEYS)
            sources = self._states(f"{here}.from", body.get("from"), states)
            targets = self._states(f"{here}.to", body.get("to"), states)
            if len(targets) > 1:
                self._add(f"{here}.to", "an action leads to one state")
            emits = body.get("emits")
            if emits is not None and not self._pascal(f"{here}.emits", emits, "the event"):
                emits = None
            resource = body.get("resource")
            if resource is None:
                resource = naming.action_noun(name) if named else ""
            elif (
                not isinstance(resource, str)
                or not naming.KEBAB.fullmatch(resource)
                or len(resource) > naming.LONGEST_NAME
            ):
                self._add(f"{here}.resource", f"{show(resource)} is not a lower-case plural noun, such as placements")
                named = False
            if named and name in OPERATIONS:
                self._add(here, f"{name!r} is an operation that every aggregate has; name the step of the lifecycle")
                named = False
            description = self._description(here, body)
            if named and sources and len(targets) == 1:
                actions.append(
                    ActionDeclaration(here, name, sources, targets[0], emits, naming.kebab(resource), description)
                )
        return actions

    def _states(self, path: str, raw: object, states: list[str]) -> list[str]:
        values = raw if isinstance(raw, list) else [raw]
        if raw is None or not values:
            self._add(path, f"is missing; expected one of {', '.join(states)}" if states else "is missing")
            return []
        if not states:
            return []
        found = []
        for value in values:
            if not isinstance(value, str):
                self._add(path, f"expected the name of a state, not {kind_of(value)}")
                continue
            state = value.upper().replace("-", "_")
            if state not in states:
                self._add(path, f"unknown state {value!r}{nearest(value, [s.lower() for s in states])}")
            elif state in found:
                self._add(path, f"lists {value!r} twice")
            else:
                found.append(state)
        return found if len(found) == len(values) else []

    # Consumed events -------------------------------------------------------------------------------------------------

    def _consumes(self, raw: object) -> list[ConsumedDeclaration]:
        if raw is None:
            return []
        consumed = []
        for name, value in self._mapping("consumes", raw, "a mapping of events by name").items():
            path = f"consumes.{name}"
            named = self._pascal(path, name, "the event")
            body = self._mapping(path, value, "a mapping with `from:`, `fields:` and `triggers:`")
            if not body:
                if isinstance(value, dict):
                    self._add(path, "is empty; expected `from:`, `fields:` and `triggers:`")
                continue
            self._known(path, body, CONSUMED_KEYS)
            source = body.get("from")
            if source is None:
                self._add(f"{path}.from", "is missing; expected the context that publishes the event, such as payments")
            elif not isinstance(source, str) or not naming.KEBAB.fullmatch(source):
                self._add(f"{path}.from", f"{show(source)} is not the lower-case name of a context, such as payments")
            fields = [] if body.get("fields") in (None, {}) else self._fields(f"{path}.fields", body["fields"])
            for declared in fields:
                self._consumed_field(declared)
            aggregate, action = self._trigger(f"{path}.triggers", body.get("triggers"))
            description = self._description(path, body)
            if named and isinstance(source, str):
                consumed.append(ConsumedDeclaration(path, name, source, fields, aggregate, action, description))
        return consumed

    def _consumed_field(self, declared: FieldDeclaration) -> None:
        for flag in ("unique", "ignorecase", "index", "readonly", "secret"):
            if getattr(declared, flag):
                self._add(declared.path, f"{flag} has no meaning in an event that another context publishes")
        if declared.renamed_from:
            self._add(declared.path, "renamed_from has no meaning in an event that another context publishes")
        if declared.spec.type.kind == "ref":
            self._add(declared.path, "ref has no meaning in an event; write uuid or id context.X")

    def _trigger(self, path: str, raw: object) -> tuple[str | None, str | None]:
        if raw is None:
            return None, None
        match = re.fullmatch(r"([A-Z][A-Za-z0-9]*)\.([a-z][a-z0-9_]*)", raw) if isinstance(raw, str) else None
        if not match:
            self._add(path, f"expected Aggregate.action, such as Order.ship, not {kind_of(raw)}")
            return None, None
        return match[1], match[2]


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def is_whole_aggregate(body: dict[str, Any]) -> bool:
    """Whether the mapping has `fields:` and its siblings, rather than being the fields itself."""
    if isinstance(body.get("fields"), dict) or ("fields" in body and body["fields"] is None):
        return True
    structured = {
        key for key in ("parts", "lifecycle", "filter", "sort", "fields") if isinstance(body.get(key), (dict, list))
    }
    return any(not (isinstance(body[key], dict) and isinstance(body[key].get("type"), str)) for key in structured)


def _split_default(line: str) -> tuple[str, str | None]:
    """The line before and after the first `=` outside parentheses."""
    depth = 0
    for at, character in enumerate(line):
        depth += (character == "(") - (character == ")")
        if character == "=" and depth <= 0:
            return line[:at].strip(), line[at + 1 :].strip()
    return line.strip(), None


def _split_flags(text: str) -> tuple[str, list[str]]:
    """The type with its `?`, and the words after it: `ref Customer? index` → `ref Customer?`, [index]."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and character.isspace():
            words = text[at:].split()
            first = text[:at]
            if first in {"ref", "id"} and words:
                first, words = f"{first} {words[0]}", words[1:]
            if words and words[0].startswith("("):  # `string (20)`
                rest = text[at:].strip()
                head, flags = _split_flags(rest)
                return f"{first}{head}", flags
            return first, words
    return text, []


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
