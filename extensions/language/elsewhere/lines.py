"""The line of a field in the words of SQL, Java, Prisma, JDL, Rails, Django, GraphQL or TypeScript, in ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from ...text import naming
from ...types import TABLE, FieldTypeError, as_enum, enum_member, parse_type
from ..grammar import FLAGS, POLICIES, RESERVED_FIELDS
from .policies import answer_policy
from .remedies import Remedy, folded, table

if TYPE_CHECKING:
    from .known import Known

_HEAD = re.compile(r"\s*([A-Za-z_][\w./-]*)\s*(\([^()]*\))?")
_MOST_WORDS = 4
_CREATED = "every aggregate has created_at already"
_CHANGED = "every aggregate has modified_at already, and service.py fills other moments that change"
_MANY = "a list of references, each once, is refs"


@dataclass
class _Meant:
    """What a line says in other words."""

    write: str = ""
    remedy: Remedy = field(default_factory=Remedy)
    means: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    exact: bool = True
    rest: str = ""
    foreign: bool = False
    own: bool = False
    """Whether the type is one of ours, so that only its words are in other words."""


@cache
def _types() -> dict[str, dict[str, Any]]:
    return {folded(word): row for row in table("types") for word in row["called"]}


@cache
def _words() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    return [(re.compile(rf"(?:{row['said']})(?=[\s,)]|$)", re.IGNORECASE), row) for row in table("words")]


def of_type(word: str, arguments: str = "") -> Remedy | None:
    """What to write for a type as others call it."""
    row = _types().get(folded(word))
    if row is None:
        return None
    because = row.get("because", "")
    if "instead" in row:
        return Remedy(row["instead"], because, place="field")
    given = [each.strip() for each in arguments.split(",") if each.strip()]
    write = row["write"]
    exact = not because
    if write.startswith("decimal") and len(given) == 2 and _filled(write, given) and _too_fine(given):
        because, exact = "a decimal has at most 38 digits, 6 of them after the point", False
    if "without" in row:
        made = _filled(write, given)
        exact = exact and made is not None
        write = made or row["without"]
    return Remedy(write, because, exact)


def _too_fine(given: list[str]) -> bool:
    return int(given[0]) > 38 or int(given[1]) > 6


def _filled(write: str, given: list[str]) -> str | None:
    """The line with the numbers in its parentheses; nothing if they do not fit."""
    if write.startswith("decimal") and len(given) == 2 and all(each.isdigit() for each in given):
        given = [str(min(int(given[0]), 38)), str(min(int(given[1]), 6))]
    numbers = [each.split()[0] for each in given if re.fullmatch(r"[0-9]+(?: (?:char|byte))?", each, re.IGNORECASE)]
    if len(numbers) != len(given) or not numbers:
        return None
    made = write.replace("(n)", f"({numbers[0]})")
    made = made.replace("(p, s)", f"({numbers[0]}, {numbers[1] if len(numbers) > 1 else 0})")
    try:
        parse_type(made.split(")")[0] + ")")
    except FieldTypeError:
        return None
    return made


def words_of(values: list[Any]) -> list[str]:
    """The values as words of an enum; none if one of them cannot be one."""
    words = [str(value).strip().strip("'\"") for value in values]
    try:
        unique = {enum_member(word) for word in words}
    except FieldTypeError:
        return []
    return words if len(unique) == len(words) else []


def many(target: str) -> Remedy:
    """A list of references."""
    return Remedy(f"refs {target}", _MANY, exact=True)


def answer_list(name: str, values: list[Any], known: Known) -> Remedy | None:
    """What to write for a YAML list where a type is expected: `[String]`, `[ref Product]`, `[small, large]`."""
    if len(values) == 1 and isinstance(values[0], str):
        return answer_line(name, f"{values[0].rstrip('!')}[]", known)
    words = words_of([value for value in values if isinstance(value, str)])
    if words and len(words) == len(values):
        return Remedy(f"enum({', '.join(words)})", "a choice is an enum", exact=True)
    return None


def answer_line(name: str, line: str, known: Known) -> Remedy | None:
    """What to write for the line of a field; nothing if it says nothing in other words that is known."""
    if name in RESERVED_FIELDS:
        return Remedy("", f"every aggregate has {name} already", place="field")
    if identity := re.match(r"\s*(id\s+[a-z][\w-]*\.[A-Z]\w*)\s+(?=[\w@])", line):
        return _identified(identity[1], answer_line(name, line[identity.end() :], known))
    text, because = _inner(line)
    if because == "list" and line.strip().startswith("list(") and text.removesuffix("?") != text:
        return None
    if because == "list":
        return _list_of(name, text, known)
    meant = _head(name, text, known)
    if meant is None:
        return None
    if meant.remedy.place != "line":
        return _in_place(name, meant.remedy)
    if because == "optional":
        meant.means["optional"] = ""
    _read_words(meant, known)
    return _composed(meant) if meant.foreign and not (meant.own and meant.rest) else None


def _identified(identity: str, said: Remedy | None) -> Remedy | None:
    """What to write for an identity of another context, with what to write for the type of its values."""
    try:
        spec = parse_type(re.split(r"[?\s]", said.write)[0]) if said and said.place == "line" else None
    except FieldTypeError:
        return None
    return said._replace(write=f"{identity} {said.write}") if said and spec and spec.type.identity else None


def _in_place(name: str, remedy: Remedy) -> Remedy:
    lines = remedy.write.splitlines()
    renamed = "\n".join(re.sub(r"^field(?=[_:])", name, each) for each in lines)
    return remedy._replace(write=renamed)


def _inner(line: str) -> tuple[str, str]:
    """The line without what others put around a type, and what that means: `list`, `optional`, or nothing."""
    text = line.strip().rstrip(";,").strip()
    generic = re.fullmatch(
        r"(?:(?:list|set|array|collection|iterable|sequence|vec|queryset|slice)\s*[<\[(](.+)[>\])]|\[(.+?)!?\]!?"
        r"|(?:repeated|array of|list of|many|set of|has_many)\s+(\S.*)|((?:ref |id )?\S+?)\[\]|\[\](\S+))[!?]?"
        r"(?:\s*@relation.*|\s*=\s*\[\])?",
        text,
        re.IGNORECASE,
    )
    if generic:
        return next(group for group in generic.groups() if group).strip(), "list"
    maybe = re.fullmatch(r"(?:optional|maybe|nullable|option)\s*[<\[](.+)[>\]]", text, re.IGNORECASE)
    return (maybe[1].strip(), "optional") if maybe else (text, "")


def _list_of(name: str, inner: str, known: Known) -> Remedy | None:
    bare = re.sub(r"^(?:ref|id)\s+", "", inner).rstrip("?!")
    target = known.aggregate(bare)
    if target is not None:
        return many(target)
    if (owner := known.owner(bare)) is not None:
        return Remedy("", f"{bare} is a part of {owner} already", place="field")
    if bare != inner.rstrip("?!") and naming.PASCAL.fullmatch(bare):
        return many(bare)
    if bare.split("(")[0] in TABLE:
        try:
            if parse_type(bare).type.listable:
                return Remedy(f"list({bare})", exact=True)
        except FieldTypeError:
            pass
        return Remedy("list(string(200))") if bare == "string" else None
    found = answer_line(name, bare, known)
    if found is None or found.place != "line" or " " in found.write.split(")")[-1].strip():
        return None
    try:
        listable = parse_type(found.write).type.listable
    except FieldTypeError:
        return None
    write = found.write if listable else "string(1000)"
    return found._replace(write=f"list({write})", exact=found.exact and listable)


def _head(name: str, text: str, known: Known) -> _Meant | None:
    """The type at the start of the text, whatever annotations stand before it."""
    before = re.match(
        r"(?:@\w[\w.]*(?:\([^()]*\))?(?:\s+|$)|(?:required|optional|private|public|final|not null)\s+)*",
        text,
        re.IGNORECASE,
    )
    leading, text = (before[0], text[before.end() :]) if before else ("", text)
    text = re.sub(r"^(?:models|sa|db|types|schema|z|graphene|serializers)\.(?=[A-Za-z])", "", text)
    relation = re.match(
        r"(?:ForeignKey|OneToOneField|ManyToOne|OneToOne|belongs_to|references|reference)\W+\"?'?:?([A-Za-z]\w*)", text
    )
    if relation and known.aggregate(relation[1]):
        rest = text[relation.end() :].strip("'\") ").lstrip(", ")
        rest = re.sub(r",?\s*(?:related_name|to_field|fields)\s*[=:]\s*[^,)]*\)?", "", rest)
        return _Meant(f"ref {known.aggregate(relation[1])}", rest=f"{leading} {rest}", foreign=True)
    relation = re.match(r"(?:ManyToMany(?:Field)?|OneToMany|has_many)\W+\"?'?:?([A-Za-z]\w*)", text)
    if relation and (target := known.aggregate(relation[1])):
        return _Meant(f"refs {target}", foreign=True, because=[_MANY])
    if re.match(r"(?:map|dict|record|hashmap|object)\s*[<\[]", text, re.IGNORECASE):
        return _Meant("json", rest=leading, foreign=True)
    if (literals := re.fullmatch(r"""(['"][\w-]+['"])(?:\s*\|\s*['"][\w-]+['"])+""", text)) and (
        words := words_of(literals[0].split("|"))
    ):
        return _Meant(as_enum(words), rest=leading, foreign=True)
    if (quoted := re.match(r"""enum\s*\(((?:\s*['"][\w-]+['"],?)+)\)""", text, re.IGNORECASE)) and (
        words := words_of(quoted[1].rstrip(",").split(","))
    ):
        return _Meant(as_enum(words), rest=f"{leading} {text[quoted.end() :]}", foreign=True)
    return _word(name, leading, text, known)


def _word(field_name: str, leading: str, text: str, known: Known) -> _Meant | None:
    """A type of one word or several, with its arguments."""
    spans: list[re.Match[str]] = []
    at = 0
    while len(spans) < _MOST_WORDS and (match := _HEAD.match(text, at)):
        spans.append(match)
        at = match.end()
    for count in range(len(spans), 0, -1):
        name = " ".join(match[1] for match in spans[:count])
        arguments = next((match[2] for match in spans[:count] if match[2]), "()")[1:-1]
        rest = f"{leading} {text[spans[count - 1].end() :]}"
        if count == 1 and name[:1].isupper() and (owner := known.owner(name)):
            return _Meant(remedy=Remedy("", f"{name} is a part of {owner} already", place="field"), foreign=True)
        if count == 1 and name in known.aggregates:
            return _referring(name, rest)
        if count == 1 and name == "int" and arguments.strip().isdigit():
            rest = f"{leading} {text[spans[0].end() :]}"
            because = ["the digits that are shown are no range"]
            return _Meant("int", rest=rest, foreign=True, because=because, exact=False)
        if count == 1 and (own := _own(name, text)):
            return _Meant(own, rest=f"{leading} {text[len(own) :]}", own=True)
        if name == "string" and not arguments and rest.strip():
            return _Meant("string(200)", Remedy("string(200)"), rest=rest, foreign=True, exact=False)
        found = of_type(f"{name}({arguments})") or of_type(name, arguments) if name not in TABLE else None
        if found is not None:
            if write_digits := _digits(found.write, arguments):
                found = found._replace(write=write_digits, exact=True)
            if found.write == "ref Customer":
                meant_one = known.aggregate(field_name) or next(iter(known.aggregates), "Customer")
                found = found._replace(write=f"ref {meant_one}")
            named = re.sub(r"^\s*\d[\d, ]*$|(?:max_digits|decimal_places|precision|scale) *= *\d+", "", arguments)
            meant = _Meant(
                found.write, found, rest=f"{rest} {named.replace(',', ' ')}", foreign=True, exact=found.exact
            )
            if found.because:
                meant.because.append(found.because)
            return meant
        if count == 1 and (target := known.aggregate(name)):
            return _referring(target, rest)
    if leading.strip() and not spans:
        return _Meant("string(200)", rest=leading, foreign=True, because=["the type comes first"], exact=False)
    return None


def _referring(target: str, rest: str) -> _Meant:
    return _Meant(f"ref {target}", rest=rest, foreign=True, because=[f"{target} is an aggregate"])


def _digits(write: str, arguments: str) -> str:
    """The decimal with the digits that are given by their names."""
    given = dict(re.findall(r"(max_digits|decimal_places|precision|scale) *= *([0-9]+)", arguments))
    digits, places = (
        given.get(one) or given.get(other) for one, other in (("max_digits", "precision"), ("decimal_places", "scale"))
    )
    return _filled("decimal(p, s)", [digits, places or "0"]) or "" if write.startswith("decimal(") and digits else ""


def _own(name: str, text: str) -> str:
    """The type, if it is one of ours."""
    match = re.match(r"(?:ref|id)\s+[\w.]+|[a-z]+\s*(?:\((?:[^()]|\([^()]*\))*\))?", text)
    if name not in TABLE or not match:
        return ""
    try:
        parse_type(match[0].strip())
    except FieldTypeError:
        return ""
    return match[0].strip()


def _read_words(meant: _Meant, known: Known) -> None:
    """Take in the words behind the type; what is left of them in `rest` nobody knows."""
    rest = meant.rest.strip()
    while rest:
        if match := re.match(r"[\s,()]+|\?", rest):
            if match[0] == "?":
                meant.means["optional"] = ""
            rest = rest[match.end() :]
        elif (match := re.match(r"[a-z]+(?=\s|$)", rest)) and match[0] in FLAGS:
            meant.flags.append(match[0])
            rest = rest[match.end() :]
        elif (match := re.match(r"=\s*(\S.*)$", rest)) and not re.match(r"=\s*(?:now|today|uuid|current)", rest):
            meant.means["default"] = match[1]
            rest = ""
        else:
            rest = rest.lstrip("= ") if re.match(r"=\s*(?:now|today|current)", rest) else rest
            found = next(((match, row) for pattern, row in _words() if (match := pattern.match(rest))), None)
            if found is None:
                break
            match, row = found
            _mean(meant, row, next((group for group in match.groups() if group), ""), known)
            rest = rest[match.end() :]
    if rest:
        meant.exact = False
    meant.rest = rest


def _mean(meant: _Meant, row: dict[str, str], value: str, known: Known) -> None:
    meant.foreign = True
    if row["means"] == "dropped":
        meant.exact = False
    if row["means"] in FLAGS:
        meant.flags.append(row["means"])
    elif row["means"] == "refers" and (target := known.aggregate(value)):
        meant.write = f"ref {target}"
    elif row["means"] not in {"nothing", "dropped"}:
        meant.means[row["means"]] = value.strip().strip("'\"")
    if "because" in row:
        meant.because.append(row["because"])


def _composed(meant: _Meant) -> Remedy | None:
    """The line in our words."""
    means, write = meant.means, meant.write
    if "longest" in means and (match := re.match(r"string\([0-9]+\)", write)):
        write = write.replace(match[0], f"string({means['longest']})")
        meant.exact = not meant.remedy.because and not meant.rest
    if ("min" in means or "max" in means) and write in {"int", "bigint"}:
        write = f"int({means.get('min', '0')}..{means.get('max', '2147483647')})"
    truth, listed = bool(re.match(r"bool\b", write)), write.startswith(("list(", "refs "))
    flags = list(dict.fromkeys([*write.split(")")[-1].split()[0 if ")" in write else 1 :], *meant.flags]))
    flags = [flag for flag in flags if flag in FLAGS]
    type_only = re.sub(rf"(?:\s+(?:{'|'.join(FLAGS)}))+$", "", write.split(" = ")[0])
    default = write.partition(" = ")[2]
    optional = type_only.endswith("?") or "optional" in means
    type_only = type_only.removesuffix("?")
    if "identity" in means:
        flags.append("unique")
        meant.exact = False
    if "now" in means or "changed" in means:
        meant.because.append(_CHANGED if "changed" in means else _CREATED)
        begins = type_only in {"date", "datetime"} and "changed" not in means
        default = "now" if begins else default
        optional, flags, meant.exact = not begins, [*flags, "readonly"], False
    elif "default" in means:
        default, optional = means["default"], False
    if truth:
        default = {"0": "false", "1": "true"}.get(default, default.lower())
    if listed:
        default, optional = (default or "[]") if write.startswith("list(") else "", False
    policy = answer_policy(means.get("on_delete", "")) if type_only.startswith("ref ") else None
    optional = optional or policy == "clear"
    meant.exact = meant.exact and (policy is not None or not means.get("on_delete"))
    words = [f"{type_only}{'?' if optional else ''}", *dict.fromkeys(flags)]
    if policy in POLICIES[1:]:
        words.append(f"on_delete={policy}")
    if default and "unique" not in flags:
        words.append(f"= {default}")
    return Remedy(" ".join(words), "; ".join(dict.fromkeys(meant.because)), meant.exact and not meant.rest)
