"""What an update means outside of the code: for clients of the contract, for other contexts, for rows in the tables."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from .merging import File, Tree

CONTRACT: Final = "contract/openapi.yaml"
OWN_CONTRACT: Final = "contract/own.yaml"
METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
# Keyword → whether a greater value allows more. What allows less breaks those who send.
BOUNDS: Final = {
    "maxLength": True, "maximum": True, "maxItems": True, "maxProperties": True,
    "minLength": False, "minimum": False, "minItems": False, "minProperties": False,
}  # fmt: skip
PLAIN_INDEX: Final = r"sa\.Index\((?!.*unique=True)"
Json = Mapping[str, Any]
try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a PyYAML without its C library
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


# The contract ---------------------------------------------------------------------------------------------------------


def contract(base: Tree, theirs: Tree) -> tuple[list[str], list[str]] | None:
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
            self.schema(f"{name}: {place[1]}", parameter.get("schema", {}), after[place].get("schema", {}), sent=True)
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

    def bodies(self, name: str, old: Json | None, new: Json | None, *, sent: bool) -> None:
        before, after = self.resolve(old or {}, self.old), self.resolve(new or {}, self.new)
        if sent and after.get("required") and not before.get("required"):
            self.breaking.append(f"{name}: a body became required")
        for media, content in before.get("content", {}).items():
            if media not in after.get("content", {}):
                self.breaking.append(f"{name}: {media} is gone")
            else:
                self.schema(name, content.get("schema", {}), after["content"][media].get("schema", {}), sent=sent)

    def schema(self, where: str, old: Json, new: Json, *, sent: bool) -> None:
        """Compare what may be sent, or what may be answered, below ``where``."""
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
        if sent and old.get("pattern") != new.get("pattern"):
            if new.get("pattern") and not _matches_more(old.get("pattern"), new["pattern"]):
                self.breaking.append(f"{where}: another pattern")
            else:
                self.additions.append(f"{where}: its pattern allows more")
        if sent and old.get("default") != new.get("default"):
            now, was = (json.dumps(each["default"]) if "default" in each else "none" for each in (new, old))
            self.additions.append(f"{where}: the default is {now}, was {was}")
        for keyword, upwards in BOUNDS.items():
            one, two = old.get(keyword), new.get(keyword)
            if one == two:
                continue
            narrower = two is not None and (one is None or (two < one if upwards else two > one))
            now, was = ("none" if each is None else each for each in (two, one))
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


def _words(schema: Json, *, sent: bool) -> set[str]:
    """The values of a closed set; one that clients have to expect to grow is closed only for those who send."""
    words = schema.get("enum") or (schema.get("x-extensible-enum") if sent else None)
    return set(map(str, words or [each["const"] for each in schema.get("oneOf", ()) if "const" in each]))


def _matches_more(old: str | None, new: str) -> bool:
    """Whether the pattern is the same, or lists the same words and more, as that of a list's order."""
    lists = [re.fullmatch(r"\^-\?\(\?:([\w|]+)\)\$", pattern or "") for pattern in (old, new)]
    one, two = (set(each[1].split("|")) if each else set() for each in lists)
    return old == new or (bool(one) and one <= two)


def _types(schema: Json) -> set[str]:
    types = schema.get("type", ())
    return {types} if isinstance(types, str) else set(types)


# The events -----------------------------------------------------------------------------------------------------------


def events(old: Json, new: Json) -> tuple[list[str], list[str]] | None:
    """What other contexts have to know of before, and what else changed, between the events of two models.

    ``None`` when nothing of them changed.
    """
    asked, others = [], []
    before, after = ({event["name"]: event for event in model["consumes"]} for model in (old, new))
    for name, event in after.items():
        if name not in before:
            asked.append(f"{name} is consumed now; {event['source']} has to send it")
            continue
        more, rest = _consumed(name, before[name], event)
        asked += more
        others += rest
        if _trigger(before[name], {}) not in {_trigger(event, {}), _trigger(event, _former_names(new))}:
            others.append(f"{name} triggers {_trigger(event, {})}, was {_trigger(before[name], {})}")
    others += [f"{name} is no longer consumed" for name in before if name not in after]
    sent, sends = (_emitted(model) for model in (old, new))
    asked += [f"{name} is no longer emitted; who consumes it gets none" for name in sent if name not in sends]
    others += [f"{name} is emitted now" for name in sends if name not in sent]
    return (asked, others) if asked or others else None


def _consumed(name: str, old: Json, new: Json) -> tuple[list[str], list[str]]:
    """The same of one event that is consumed before and after."""
    asked, others = [], []
    if new["source"] != old["source"]:
        asked.append(f"{name} is expected from {new['source']}, was {old['source']}")
    before, after = ({each["wire"]: each for each in event["fields"]} for event in (old, new))
    for wire, each in after.items():
        former = before.get(wire)
        if former is None and each["required"]:
            asked.append(f"{name}: {new['source']} has to send {wire}")
        elif former is None:
            others.append(f"{name}: {wire} is read, where it is sent")
        elif former["type"] != each["type"]:
            (others if _accepts_more(former, each) else asked).append(
                f"{name}: {wire} is {each['type']}, was {former['type']}"
            )
        elif former["input_json_schema"] != each["input_json_schema"]:
            (others if _accepts_more(former, each) else asked).append(f"{name}: {wire} has other limits")
        elif each["required"] and not former["required"]:
            asked.append(f"{name}: {wire} became required")
        elif former["required"] and not each["required"]:
            others.append(f"{name}: {wire} became optional")
    others += [f"{name}: {wire} is no longer read" for wire in before if wire not in after]
    return asked, others


def _accepts_more(old: Json, new: Json) -> bool:
    """Whether the field takes whatever it took before, and is not asked for where it was not."""
    one, two = old["input_json_schema"], new["input_json_schema"]
    if "$ref" in one or "$ref" in two or (new["required"] and not old["required"]):
        return False
    judge = _Judge({}, {})
    judge.schema("", one, two, sent=True)
    return not judge.breaking


def _trigger(event: Json, names: Mapping[str, str]) -> str:
    triggers = event["triggers"]
    return f"{names.get(triggers['aggregate'], triggers['aggregate'])}.{triggers['action']}" if triggers else "nothing"


def _former_names(model: Json) -> dict[str, str]:
    return {each["name"]: each["renamed_from"] for each in model["aggregates"] if each.get("renamed_from")}


def _emitted(model: Json) -> list[str]:
    lifecycles = [each["lifecycle"] for each in model["aggregates"] if each["lifecycle"]]
    return [action["emits"] for lifecycle in lifecycles for action in lifecycle["actions"] if action["emits"]]


# The tables -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Table:
    former: str | None = None
    columns: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """Name → definition without comment, and former name."""
    rest: set[str] = field(default_factory=set)


def tables(base: Tree, theirs: Tree) -> tuple[list[str], list[str]]:
    """What changes in the tables, as one phrase each, and advice about what is dangerous in it."""
    before, after = _tables(base), _tables(theirs)
    changes, advice = [], []
    gone = before.keys() - after.keys()
    for name, table in after.items():
        source = before.get(name)
        if source is None and table.former in gone:
            source = before[str(table.former)]
            gone.discard(str(table.former))
            changes.append(f"rename {table.former} to {name}")
            advice.append(
                f"{name}: the release that is running knows the table as {table.former}; deploy without overlap"
            )
        if source is None:
            changes.append(f"create {name}")
            continue
        more, warnings = _columns(name, source, table)
        changes += more
        advice += warnings
        if (
            not more
            and source.rest != table.rest
            and table.former != name
            and source.columns.keys() == table.columns.keys()
        ):
            indexes = all(re.match(PLAIN_INDEX, rule) for rule in source.rest ^ table.rest)
            changes.append(f"{'index' if indexes else 'constrain'} {name}")
        if name in before:
            advice += _rules(name, source, table)
    for name in sorted(gone):
        changes.append(f"drop {name}")
        advice.append(f"{name}: drop the table only when no running release uses it, and its rows are kept elsewhere")
    return changes, advice


def _columns(name: str, old: _Table, new: _Table) -> tuple[list[str], list[str]]:
    changes, advice = [], []
    gone = old.columns.keys() - new.columns.keys()
    for column, (definition, former) in new.columns.items():
        if column in old.columns:
            if old.columns[column][0] != definition:
                changes.append(f"change {name}.{column}")
                if not _fits(old.columns[column][0], definition):
                    advice.append(
                        f"{name}.{column}: check that every row fits, and that no lock is held while they are rewritten"
                    )
        elif former in gone:
            gone.discard(former)
            changes.append(f"rename {name}.{former} to {column}")
            advice.append(f"{name}.{column}: the release that is running knows it as {former}; deploy without overlap")
        else:
            changes.append(f"add {name}.{column}")
            if "nullable=False" in definition and "server_default" not in definition:
                advice.append(
                    f"{name}.{column}: rows that exist need a value; add it nullable, fill it, then require it"
                )
    for column in sorted(gone):
        changes.append(f"drop {name}.{column}")
        advice.append(f"{name}.{column}: drop it one release after the last that uses it (expand, then contract)")
    return changes, advice


def _fits(old: str, new: str) -> bool:
    """Whether the rows of a column stay as they are with its new definition: a longer string, another default."""
    type_, _, others = old.partition(", nullable=")
    other, _, others_now = new.partition(", nullable=")
    lengths = [re.fullmatch(r"sa\.String\((\d+)\)", each) for each in (type_, other)]
    longer = lengths[0] and lengths[1] and int(lengths[0][1]) <= int(lengths[1][1])
    return bool(type_ == other or longer) and (others_now.startswith("True") or others.startswith("False"))


def _rules(name: str, old: _Table, new: _Table) -> Iterator[str]:
    """What the rows that exist have to keep from now on."""
    former = {_named(rule): rule for rule in old.rest}
    added = new.columns.keys() - old.columns.keys()
    for rule in sorted(new.rest - old.rest):
        if re.match(rf"sa\.PrimaryKey|{PLAIN_INDEX}", rule) or any(re.search(rf"\b{each}\b", rule) for each in added):
            continue
        if not _refuses_less(former.get(_named(rule), ""), rule):
            yield f"{name}: look for rows that {_named(rule)} refuses before the revision does, which fails on them"


def _named(rule: str) -> str:
    return next(iter(re.findall(r"(?:name=|sa\.Index\()'(\w+)'", rule)), "it")


def _refuses_less(old: str, new: str) -> bool:
    """Whether a check lists the same words and more, has the same range and more, or says more of absent money only."""
    if old and _of_what_is_there(old) == _of_what_is_there(new):
        return True
    words = [re.search(r" IN \(('.*?')\)", each) for each in (old, new)]
    if words[0] and words[1]:
        return {*words[0][1].split(", ")} <= {*words[1][1].split(", ")}
    ranges = [re.search(r" BETWEEN (-?\d+) AND (-?\d+)", each) for each in (old, new)]
    if ranges[0] and ranges[1]:
        (low, high), (lower, higher) = ([int(each) for each in found.groups()] for found in ranges if found)
        return lower <= low and high <= higher
    return False


def _of_what_is_there(rule: str) -> str:
    return re.sub(r" AND \(\w+ IS NULL\) = \(\w+ IS NULL\)", "", rule)


def _tables(tree: Tree) -> dict[str, _Table]:
    found: dict[str, _Table] = {}
    for path, file in sorted(tree.items()):
        if path.startswith("src/") and path.endswith("/table.py"):
            found |= dict(_tables_in(file))
    return found


def _tables_in(file: File) -> Iterator[tuple[str, _Table]]:
    for node in ast.walk(ast.parse(file.content)):
        if isinstance(node, ast.Call) and _called(node) == "Table" and isinstance(node.args[0], ast.Constant):
            table = _Table(_former(node))
            for argument in node.args[2:]:
                if isinstance(argument, ast.Call) and _called(argument) == "Column":
                    definition = ast.unparse(_bare(argument)).partition(", ")[2]
                    table.columns[str(ast.literal_eval(argument.args[0]))] = (definition, _former(argument))
                else:
                    table.rest.add(ast.unparse(argument))
            yield str(node.args[0].value), table


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _former(call: ast.Call) -> str | None:
    info = next((each.value for each in call.keywords if each.arg == "info"), None)
    return ast.literal_eval(info).get("renamed_from") if info is not None else None


def _bare(call: ast.Call) -> ast.Call:
    """The call without what neither rows nor queries notice."""
    keywords = [each for each in call.keywords if each.arg not in {"comment", "info"}]
    return ast.Call(func=call.func, args=call.args, keywords=keywords)
