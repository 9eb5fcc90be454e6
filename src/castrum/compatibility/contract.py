"""What an update means for the clients of the contract."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import yaml

from castrum.repository.trees import File, Tree

CONTRACT: Final = "contract/openapi.yaml"
OWN_CONTRACT: Final = "contract/own.yaml"
METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
# Keyword → whether a greater value allows more. What allows less breaks those who send.
BOUNDS: Final = {
    "maxLength": True, "maximum": True, "maxItems": True, "maxProperties": True,
    "minLength": False, "minimum": False, "minItems": False, "minProperties": False,
}  # fmt: skip
ORDERS: Final = re.compile(r"\^(?:\(\?:)?-\?\(\?:([\w|]+\)(?:\|[\w,|-]+\))?)\$")
"""The orders of a list: by one member in either direction, or by several as they are written."""
Json = Mapping[str, Any]
try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a PyYAML without its C library
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


def between(base: Tree, theirs: Tree) -> tuple[list[str], list[str]] | None:
    """What breaks clients, and what is new, between the two contracts; ``None`` when nothing of it changed."""
    old, new = base.get(CONTRACT), theirs.get(CONTRACT)
    if old is None or new is None or old.content == new.content:
        return None
    one, two = (yaml.load(each.content, Loader) for each in (old, new))
    return compare(one, two)


def taken(ours: Mapping[str, File], theirs: Tree) -> list[str]:
    """What the new contract has and the team's own part of it has, too: its service could serve neither."""
    own, new = ours.get(OWN_CONTRACT), theirs.get(CONTRACT)
    if own is None or new is None:
        return []
    try:
        one, two = (_names(yaml.load(each.content, Loader) or {}) for each in (own, new))
    except (yaml.YAMLError, AttributeError, TypeError):
        return []  # no contract at all; the gate says what is wrong with it
    return sorted(one & two)


def _names(document: Json) -> set[str]:
    kinds = (document.get("components") or {}).items()
    return {
        *(name for name, _ in _operations(document)),
        *(f"components/{kind}/{name}" for kind, members in kinds for name in members or ()),
        *(f"the tag {tag['name']}" for tag in document.get("tags") or ()),
    }


def compare(old: Json, new: Json) -> tuple[list[str], list[str]]:
    """What breaks the clients of the old contract, and what the new one adds, each as one line."""
    judge = _Judge(old, new)
    before, after = (dict(_operations(each)) for each in (old, new))
    for name in sorted(before.keys() - after.keys()):
        judge.breaking.append(f"{name} is gone")
    judge.additions += [f"{name} is new" for name in sorted(after.keys() - before.keys())]
    for name in sorted(before.keys() & after.keys()):
        judge.operation(name, before[name], after[name])
    return list(dict.fromkeys(judge.breaking)), list(dict.fromkeys(judge.additions))


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in (document.get("paths") or {}).items():
        for method in METHODS:
            if method in item:
                shared = item.get("parameters", [])
                operation = item[method]
                yield (
                    f"{method.upper()} {path}",
                    {**operation, "parameters": [*shared, *operation.get("parameters", [])]},
                )


def _several(schema: Json) -> Json | None:
    """The schema of each value of a parameter that takes several."""
    items = schema.get("items")
    return items if schema.get("type") == "array" and isinstance(items, Mapping) else None


@dataclass(slots=True)
class _Judge:
    old: Json
    new: Json
    breaking: list[str] = field(default_factory=list)
    additions: list[str] = field(default_factory=list)
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def operation(self, name: str, old: Json, new: Json) -> None:
        before, after = (
            {
                (each["in"], each["name"]): each
                for each in (self.resolve(one, document) for one in operation["parameters"])
            }
            for operation, document in ((old, self.old), (new, self.new))
        )
        for place, parameter in before.items():
            if place not in after:
                self.breaking.append(f"{name}: the parameter {place[1]} is gone")
                continue
            if after[place].get("required") and not parameter.get("required"):
                self.breaking.append(f"{name}: the parameter {place[1]} became required")
            self.parameter(f"{name}: {place[1]}", place[0], parameter.get("schema", {}), after[place].get("schema", {}))
        for place in sorted(after.keys() - before.keys()):
            required = after[place].get("required")
            (self.breaking if required else self.additions).append(f"{name}: the parameter {place[1]} is new")
        if old.get("security") != new.get("security"):
            self.breaking.append(f"{name}: asks for other scopes")
        self.bodies(name, old.get("requestBody"), new.get("requestBody"), sent=True)
        answers, others = old.get("responses", {}), new.get("responses", {})
        for status in answers:
            if status in others:
                self.bodies(name, answers[status], others[status], sent=False)
            elif str(status).startswith("2"):
                self.breaking.append(f"{name}: no longer answers {status}")

    def parameter(self, where: str, place: str, old: Json, new: Json) -> None:
        """Compare two schemas of a parameter; one in a query that may be repeated may also be sent once."""
        one, two = (_several(each) if place == "query" else None for each in (old, new))
        if two is not None and one is None:
            self.additions.append(f"{where}: takes several values")
        elif one is not None and two is None:
            self.breaking.append(f"{where}: takes one value only")
        alike = (one is None) == (two is None)
        self.schema(where, old if alike else one or old, new if alike else two or new, sent=True)

    def bodies(self, name: str, old: Json | None, new: Json | None, *, sent: bool) -> None:
        before, after = self.resolve(old or {}, self.old), self.resolve(new or {}, self.new)
        if sent and after.get("required") and not before.get("required"):
            self.breaking.append(f"{name}: a body became required")
        elif sent and before.get("required") and after and not after.get("required"):
            self.additions.append(f"{name}: a body became optional")
        elif sent and after and not before:
            self.additions.append(f"{name}: takes a body, which may be left out")
        for media, content in before.get("content", {}).items():
            if media not in after.get("content", {}):
                self.breaking.append(f"{name}: {media} is gone")
            else:
                self.schema(name, content.get("schema", {}), after["content"][media].get("schema", {}), sent=sent)

    def schema(self, where: str, old: Json, new: Json, *, sent: bool) -> None:
        """Compare what may be sent, or what may be answered, below ``where``."""
        one, two = _not_null(old), _not_null(new)
        if (one is None) != (two is None):
            if (two is None) == sent:
                self.breaking.append(f"{where}: {'no longer takes' if sent else 'may be'} null")
            else:
                self.additions.append(f"{where}: {'takes' if sent else 'is no longer'} null")
            old, new = one or old, two or new
        reference = (str(old.get("$ref")), str(new.get("$ref")), "sent" if sent else "answered")
        if "$ref" in old and "$ref" in new:
            if reference in self.seen:
                return
            self.seen.add(reference)
            where = str(new["$ref"]).rpartition("/")[2]
        old, new = self.resolve(old, self.old), self.resolve(new, self.new)
        if _types(old) != _types(new):
            less, more = (_types(old), _types(new)) if sent else (_types(new), _types(old))
            (self.additions if less and less <= more else self.breaking).append(f"{where}: another type")
        if old.get("format") != new.get("format"):
            self.breaking.append(f"{where}: another format")
        if sent:
            before, after = ((each.get("x-rules", ())) for each in (old, new))
            self.breaking += [f"{where}: holds to {rule}" for rule in after if rule not in before]
            self.additions += [f"{where}: need not hold to {rule}" for rule in before if rule not in after]
        self.values(where, old, new, sent=sent)
        self.properties(where, old, new, sent=sent)
        if isinstance(old.get("items"), Mapping) and isinstance(new.get("items"), Mapping):
            self.schema(f"{where}[]", old["items"], new["items"], sent=sent)
        for key in ("allOf", "oneOf", "anyOf"):
            one, two = old.get(key, []), new.get(key, [])
            if all("const" in each for each in (*one, *two)):
                continue  # compared as words
            if len(one) != len(two):
                self.breaking.append(f"{where}: other alternatives")
            for left, right in zip(one, two, strict=False):
                self.schema(where, left, right, sent=sent)

    def values(self, where: str, old: Json, new: Json, *, sent: bool) -> None:
        before, after = _words(old, sent=sent), _words(new, sent=sent)
        gone, added = sorted(before - after), sorted(after - before)
        if sent and after and (gone or not before):
            self.breaking.append(f"{where}: no longer takes {', '.join(gone) or 'every value'}")
        elif not sent and before and (added or not after):
            self.breaking.append(f"{where}: may answer {', '.join(added) or 'any value'}")
        elif added:
            self.additions.append(f"{where}: takes {', '.join(added)}, too")
        elif gone:
            self.additions.append(f"{where}: no longer answers {', '.join(gone)}")
        if not sent:
            before, after = (set(map(str, each.get("x-extensible-enum", ()))) for each in (old, new))
            if waited := sorted(before - after):
                self.breaking.append(f"{where}: never becomes {', '.join(waited)} any more, which clients may wait for")
        if sent and old.get("pattern") != new.get("pattern"):
            if new.get("pattern") and not _matches_more(old.get("pattern"), new["pattern"]):
                self.breaking.append(f"{where}: another pattern")
            else:
                self.additions.append(f"{where}: its pattern allows more")
        if sent and old.get("default") != new.get("default"):
            now, was = (json.dumps(each["default"]) if "default" in each else "none" for each in (new, old))
            self.additions.append(f"{where}: the default is {now}, was {was}")
        for keyword, upwards in BOUNDS.items():
            one, two = (_Bound.of(each, keyword) for each in (old, new))
            if one == two:
                continue
            narrower = two is not None and (one is None or two.is_narrower(one, upwards=upwards))
            now, was = ("none" if each is None else each.said for each in (two, one))
            (self.breaking if narrower == sent else self.additions).append(f"{where}: {keyword} is {now}, was {was}")

    def properties(self, where: str, old: Json, new: Json, *, sent: bool) -> None:
        before, after = old.get("properties", {}), new.get("properties", {})
        required, requires = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            if name not in after:
                self.breaking.append(f"{where}: {name} is gone")
            else:
                self.schema(f"{where}.{name}", before[name], after[name], sent=sent)
        for name in sorted((requires ^ required) & after.keys()):
            became = "required" if name in requires else "optional"
            if (name in requires) == sent and (sent or name in before):
                self.breaking.append(f"{where}: {name} became {became}")
            elif name in before:
                self.additions.append(f"{where}: {name} became {became}")
        self.additions += [f"{where}: {name} is new" for name in after if name not in before and name not in requires]
        if not sent:
            self.additions += [f"{where}: {name} is new" for name in after if name not in before and name in requires]

    @staticmethod
    def resolve(value: Json, document: Json) -> Json:
        while "$ref" in value:
            target: Any = document
            for key in str(value["$ref"]).removeprefix("#/").split("/"):
                target = target[key.replace("~1", "/").replace("~0", "~")]
            value = target
        return value


class _Bound(NamedTuple):
    number: float
    excluded: bool

    @classmethod
    def of(cls, schema: Json, keyword: str) -> "_Bound | None":
        """The bound, which may be written as one that is not among the values itself."""
        excluding = f"exclusive{keyword.capitalize()}"
        if excluding in schema:
            return cls(schema[excluding], excluded=True)
        return cls(schema[keyword], excluded=False) if schema.get(keyword) is not None else None

    def is_narrower(self, other: "_Bound", *, upwards: bool) -> bool:
        if self.number == other.number:
            return self.excluded and not other.excluded
        return self.number < other.number if upwards else self.number > other.number

    @property
    def said(self) -> str:
        return f"{self.number}{', excluded' if self.excluded else ''}"


def _not_null(schema: Json) -> Json | None:
    """The other one of two alternatives of which one is null; nothing where there are none."""
    choices = schema.get("anyOf", ())
    others: list[Json] = [each for each in choices if each.get("type") != "null"]
    return others[0] if len(choices) == 2 and len(others) == 1 else None


def _words(schema: Json, *, sent: bool) -> set[str]:
    """The values of a closed set; one that clients have to expect to grow is closed only for those who send."""
    words = schema.get("enum") or (schema.get("x-extensible-enum") if sent else None)
    return set(map(str, words or [each["const"] for each in schema.get("oneOf", ()) if "const" in each]))


def _matches_more(old: str | None, new: str) -> bool:
    """Whether the pattern is the same, or lists the same words and more, as that of a list's order."""
    lists = [ORDERS.fullmatch(pattern or "") for pattern in (old, new)]
    one, two = ({*filter(None, re.split(r"[|)]+", each[1]))} if each else set() for each in lists)
    return old == new or (bool(one) and one <= two)


def _types(schema: Json) -> set[str]:
    types = schema.get("type", ())
    return {types} if isinstance(types, str) else set(types)
