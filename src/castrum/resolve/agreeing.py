"""What two sides of a merge ask for together: answers, version of the template, and domain."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from castrum.errors import FAILURE, Refusal
from castrum.merge import values
from castrum.merge.by_git import merge_file
from castrum.merge.values import MISSING, Side
from castrum.repository.project import DOMAIN, read
from castrum.template import language

from .decisions import MARKER
from .unifying import reworded, under_one_name

VERSION: Final = "_commit"
ADDRESS: Final = "_src_path"
ORIGIN: Final = "_template_commit"
"""The commit of that version, which a tag may have left since."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a tree is to be made from: the answers without the domain, and the text of domain.yaml."""

    answers: dict[str, Any]
    domain: bytes


@dataclass(frozen=True, slots=True)
class Will:
    """What the person decided where the sides disagree: a side for a name, other answers, a version, an address."""

    take: Mapping[str, Side] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    version: str | None = None
    address: str | None = None


def agree(base: Asked, ours: Asked, theirs: Asked, found: tuple[str, bytes], will: Will) -> tuple[Asked, list[str]]:
    """What both sides ask for, and what is worth saying about it.

    ``found`` is what the merge has now: the text of the answers, and that of the domain. Raises a refusal with
    everything on which the sides disagree, and with what to say to decide it.
    """
    answers, refused, said = _answers(base.answers, ours.answers, theirs.answers, read(found[0]) or {}, will)
    domain = found[1]
    try:
        domain, more = _domain(base.domain, ours.domain, theirs.domain, found[1], will.take.get("domain"))
        said += more
    except Refusal as refusal:
        refused += refusal.messages
    if refused:
        raise Refusal(*refused, "nothing was written; the same command again, with that", code=FAILURE)
    return Asked(answers, domain), said


def _answers(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], found: Mapping[str, Any], will: Will
) -> tuple[dict[str, Any], list[str], list[str]]:
    answers: dict[str, Any] = {}
    refused: list[str] = []
    said: list[str] = []
    one_side = any(all(found.get(name) == side[name] for name in side) for side in (ours, theirs))
    given = dict(will.data) | {VERSION: will.version, ADDRESS: will.address}
    for name in dict.fromkeys([*ours, *theirs]):
        if name.startswith("_") and name not in (VERSION, ADDRESS):
            continue
        sides = [side.get(name, MISSING) for side in (base, ours, theirs)]
        if given.get(name) is not None:
            answers[name] = given[name]
            continue
        merged = _newest(*sides) if name == VERSION else values.merge(sides[0], sides[1], sides[2], name)
        value = merged.value
        if merged.disagreements:
            chosen = _chosen(name, sides[1], sides[2], found, one_side=one_side, will=will)
            if chosen is MISSING:
                refused.append(f"{name}: ours says {_shown(sides[1])}, theirs says {_shown(sides[2])}; {_remedy(name)}")
                continue
            value = chosen
        if value is not MISSING:
            answers[name] = value
        if value != sides[0] or merged.disagreements:
            whose = {(True, True): "both", (True, False): "ours"}.get((value == sides[1], value == sides[2]), "theirs")
            said.append(f"{name.lstrip('_')}: {_shown(value)} ({whose})")
    for side in (ours, theirs):
        if side[VERSION] == answers.get(VERSION) and ORIGIN in side:
            answers[ORIGIN] = side[ORIGIN]
    return answers, refused, said


def _chosen(name: str, ours: Any, theirs: Any, found: Mapping[str, Any], *, one_side: bool, will: Will) -> Any:
    """What the person decided: on the command line, or line by line in the merge, but not by taking a whole side."""
    if name in will.take:
        return ours if will.take[name] == "ours" else theirs
    if not one_side and found.get(name, MISSING) in (ours, theirs):
        return found[name]
    return MISSING


def _remedy(name: str) -> str:
    if name == VERSION:
        return "--to VERSION says which"
    if name == ADDRESS:
        return "--template URL says which"
    return f"--take {name}=ours or --take {name}=theirs says which, --data {name}=VALUE something else"


def _newest(base: Any, ours: Any, theirs: Any) -> values.Merged:
    merged = values.merge(base, ours, theirs, VERSION)
    one, two = _version(ours), _version(theirs)
    if merged.disagreements and one is not None and two is not None and one != two:
        return values.Merged(ours if one > two else theirs, [])
    return merged


def _version(commit: Any) -> tuple[Version, int] | None:
    """A tag, and how many commits after it."""
    described = re.fullmatch(r"(.+?)(?:-(\d+)-g[0-9a-f]+)?", str(commit))
    try:
        return (Version(described[1]), int(described[2] or 0)) if described else None
    except InvalidVersion:
        return None


def _domain(base: bytes, ours: bytes, theirs: bytes, found: bytes, take: Side | None) -> tuple[bytes, list[str]]:
    """The text of the domain that both sides ask for."""
    documents = [language.document(text) for text in (base, ours, theirs)]
    sides, names = under_one_name(documents, take)
    merged = values.merge(*sides)
    wanted, disagreements = merged.value, names or merged.disagreements
    if take:
        wanted = merged.value if take == "ours" else values.merge(sides[0], sides[2], sides[1]).value
        disagreements = []
    undecided = MARKER.search(found) is not None
    if not undecided:
        has = language.document(found)
        if has is None:
            raise Refusal(f"{DOMAIN}: not valid YAML; mend it")
        if not disagreements and _alike(has, wanted):
            return found, []
        if not disagreements and _alike(language.document(reworded(found, documents)), wanted):
            return reworded(found, documents), []
        if found not in (ours, theirs) and not take:
            left = [f"{DOMAIN}: {line}" for line in _left_out(sides, has)]
            return found, left
    text = merge_file(ours, base, theirs, f"--{take}")[0] if take else _of_lines(base, ours, theirs)
    for each in (text, reworded(text, documents)):
        if not disagreements and _alike(language.document(each), wanted):
            return each, [] if undecided else [f"{DOMAIN}: had one side only, and has both again"]
    raise Refusal(*_decide(disagreements, wanted, sides, undecided=undecided))


def _decide(
    disagreements: Iterable[values.Disagreement], wanted: Any, sides: list[Any], *, undecided: bool
) -> Iterator[str]:
    for each in disagreements:
        yield f"{DOMAIN}: {each.place}: ours says {_shown(each.ours)}, theirs says {_shown(each.theirs)}"
    if not disagreements:
        yield from (f"{DOMAIN}: both sides ask for {line}" for line in _differences(sides[0], wanted))
    what = "decide it in the file" if undecided else "one side was taken; write both into the file"
    yield f"{DOMAIN}: {what}, or say --take domain=ours or --take domain=theirs for the lines that both changed"


def _left_out(sides: list[Any], has: Any) -> Iterator[str]:
    """What one of the sides changed, and the person left out."""
    base = sides[0]
    for name, side in (("ours", sides[1]), ("theirs", sides[2])):
        for line in _differences(base, side, has):
            yield f"without {line}, which {name} asks for; it is as you wrote it"


def _differences(base: Any, side: Any, has: Any = MISSING, place: str = "") -> Iterator[str]:
    """The changes of a side that are not in what there is."""
    if side in (base, has):
        return
    if isinstance(side, dict):
        for key in dict.fromkeys([*side, *(base if isinstance(base, dict) else {})]):
            was, wanted, there = (_below(each, key) for each in (base, side, has))
            yield from _differences(was, wanted, there, f"{place}.{key}".lstrip("."))
    elif side is MISSING:
        if has is not MISSING:
            yield f"the removal of {place}"
    else:
        yield f"{place}: {_shown(side)}"


def _below(mapping: Any, key: Any) -> Any:
    return mapping.get(key, MISSING) if isinstance(mapping, dict) else MISSING


def _alike(one: Any, two: Any) -> bool:
    """Whether they are equal; entries of a list that both sides added may come in either order."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_alike(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return sorted(map(str, one)) == sorted(map(str, two))
    return bool(one == two)


def _of_lines(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    """The lines of the base that neither side took away, with those that either put between them."""
    lines = base.splitlines(keepends=True)
    gone: set[int] = set()
    put: dict[int, list[bytes]] = {}
    for side in (ours, theirs):
        new = side.splitlines(keepends=True)
        for kind, first, last, start, end in SequenceMatcher(None, lines, new, autojunk=False).get_opcodes():
            if kind != "equal":
                gone.update(range(first, last))
                added = new[start:end]
                if added != put.get(last):
                    put.setdefault(last, []).extend(added)
    text = [[*put.get(number, ()), *([line] if number not in gone else [])] for number, line in enumerate(lines)]
    return b"".join(line for each in [*text, put.get(len(lines), [])] for line in each)


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
