"""Keys that the language does not have, or not there, and what to write instead."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from ...text import english, naming
from .. import grammar
from .known import Known
from .lines import answer_line, of_type, words_of
from .remedies import Remedy, folded, table

LEVELS = {
    grammar.TOP_KEYS: "domain",
    grammar.AGGREGATE_KEYS: "aggregate",
    grammar.FIELD_KEYS: "field",
    grammar.PART_KEYS: "part",
    grammar.LIFECYCLE_KEYS: "lifecycle",
    grammar.ACTION_KEYS: "action",
    grammar.CONSUMED_KEYS: "event",
}
"""The keys that are possible somewhere → where that is."""


@cache
def _rows(level: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table("keys")[level]:
        for key in row["keys"]:
            found.setdefault(folded(key), []).append(row)
    return found


def _row(level: str, key: str, value: object) -> dict[str, Any] | None:
    rows = _rows(level).get(folded(key), ())
    return next((row for row in rows if "when" not in row or row["when"] is value), None)


def answer_key(valid: tuple[str, ...], key: str, value: object, known: Known) -> Remedy | None:
    """What to write instead of a key where the valid ones are possible."""
    row = _row(LEVELS[valid], key, value) if valid in LEVELS else None
    if row is None:
        return relation(key, value, known) if valid == grammar.AGGREGATE_KEYS else None
    because = row.get("because", "")
    if (instead := row.get("instead")) is not None:
        if instead not in valid:
            return None
        written = f"{instead}: {str(row['value']).lower()}" if "value" in row else instead
        return Remedy(written, because, exact=True, place="key")
    write = row.get("write", "")
    if valid == grammar.FIELD_KEYS:
        write = _typed(write, value, known)
    return Remedy(write, because, place="key")


def counterpart(valid: tuple[str, ...], key: str) -> str:
    """The key of the language that says the same, if there is one."""
    row = _row(LEVELS[valid], key, None) or {}
    return str(row.get("instead") or row.get("write", "").partition(":")[0])


def _typed(write: str, value: object, known: Known) -> str:
    """The type that the value of a key such as `format:`, `enum:` or `$ref:` asks for."""
    if write == "type: datetime" and isinstance(value, str):
        found = of_type(value)
        return f"type: {found.write}" if found and found.place == "line" else write
    if write.startswith("type: enum") and isinstance(value, list) and (words := words_of(value)):
        return f"type: enum({', '.join(words)})"
    if write.startswith("type: ref") and isinstance(value, str):
        last = re.split(r"[/.#]", value)[-1]
        if last in known.types:
            return f"type: {last}"
        name = known.aggregate(last) or naming.pascal(re.sub(r"\W", "", last))
        return f"type: ref {name}" if naming.PASCAL.fullmatch(name) else write
    return write


def relation(name: str, raw: object, known: Known) -> Remedy | None:
    """What to write instead of `belongs_to: customer` or `has_many: [Line]` among the fields."""
    row = _row("relation", name, raw)
    targets = [each for each in (raw if isinstance(raw, list) else [raw]) if isinstance(each, str)]
    if row is None or not targets:
        return None
    bare = naming.pascal(re.sub(r"\W", "", targets[0]))
    target = known.aggregate(targets[0])
    if target is None and (owner := known.owner(bare)):
        return Remedy("", f"{bare} is a part of {owner} already", place="field")
    if target is None and not naming.PASCAL.fullmatch(bare):
        return None
    if row["write"].endswith("refs Target"):
        if target is None:
            plural = english.plural(naming.snake(bare))
            because = "what belongs to it alone is a part"
            return Remedy(f"{plural}: {{entity: {bare}, fields: {{name: string(80)}}}}", because, place="part")
        plural = english.plural(naming.snake(target))
        return Remedy(f"{plural}: refs {target}", row["because"], exact=True, place="field")
    target = target or bare
    field = naming.snake(target)
    return Remedy(f"{field}: ref {target}", row["because"], exact=True, place="field")


def _line(name: str, line: str) -> str:
    """The line, if it is one of ours as far as that can be seen, or what to write for it."""
    if re.match(
        r"(?:string|enum|list|decimal)\("
        r"|(?:text|int|bigint|float|money|bool|date|time|datetime|uuid|email|url|phone|refs?)\b",
        line,
    ):
        return line
    found = answer_line(name, line, Known())
    return found.write if found and found.write and found.place == "line" else "string(80)"


def embedded(name: str, body: dict[str, Any]) -> Remedy | None:
    """What to write instead of an object with fields of its own."""
    if "type" in body or body.keys() <= set(grammar.FIELD_KEYS):
        return None
    inner = {
        key: value
        for key, value in body.items()
        if key not in grammar.FIELD_KEYS and not _rows("field").get(folded(key))
    }
    if not inner or not all(isinstance(value, (str, dict)) for value in inner.values()):
        return None
    lines = [f"{key}: {_quoted(_line(key, value))}" for key, value in inner.items() if isinstance(value, str)]
    named = naming.pascal(name)
    because = f"an object is a type of its own, used as {name}: {named}"
    return Remedy(f"{named}: {{{', '.join(lines[:3]) or f'{next(iter(inner))}: string(80)'}}}", because, place="type")


def _quoted(line: str) -> str:
    """The line as it may stand between braces."""
    return f'"{line}"' if re.search(r"[,?\]\[{}]", line) else line
