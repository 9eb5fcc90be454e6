"""Which names of the domain or the service are others than at the last update, and where files go with them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from castrum.repository.trees import Tree

from .leftovers import IDENTIFIER
from .spelling import Rename, replaced

NAMES = ("name", "singular", "plural", "path", "table", "module", "variable")


def declared(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Rename]:
    """The renames that the new model declares by `renamed_from`, as far as the old one has what they start from."""
    before = {aggregate["name"]: aggregate for aggregate in old["aggregates"]}
    names = {aggregate["name"] for aggregate in new["aggregates"]}
    found = []
    for aggregate in new["aggregates"]:
        former = aggregate.get("renamed_from")
        source = before.get(aggregate["name"])
        if source is None and former in before and former not in names:
            source = before[former]
            forms = ((source[key], aggregate[key]) for key in NAMES)
            found.append(Rename.of(f"{former} → {aggregate['name']}", forms))
        if source is not None:
            found += _fields(source, aggregate, aggregate["name"])
    types = {each["name"]: each for each in old.get("types", ())}
    for each in new.get("types", ()):
        if each["name"] in types:
            found += _fields(types[each["name"]], each, each["name"])
    return found


def _fields(old: Mapping[str, Any], new: Mapping[str, Any], owner: str) -> list[Rename]:
    found = []
    for part in new.get("parts", ()):
        source = next((each for each in old.get("parts", ()) if each["name"] == part["name"]), None)
        found += _fields(source, part, part["entity"]) if source else []
    before = {field["name"]: field for field in old["fields"]}
    after = {field["name"] for field in new["fields"]}
    for field in new["fields"]:
        former = before.get(field.get("renamed_from"))
        if former is None or former["name"] in after or field["name"] in before:
            continue
        forms = [(former[key], field[key]) for key in ("wire", "attribute")]
        forms += [(one["name"], two["name"]) for one, two in zip(former["columns"], field["columns"], strict=False)]
        found.append(Rename.of(f"{owner}.{former['name']} → {owner}.{field['name']}", forms))
    return found


def gone(old: Mapping[str, Any], new: Mapping[str, Any], renames: Iterable[Rename]) -> frozenset[str]:
    """The names of the old model that neither stayed nor became others."""
    renamed = {form for rename in renames for form, _ in rename.forms}
    return frozenset(set(_names(old)) - set(_names(new)) - renamed)


def _names(model: Mapping[str, Any]) -> Iterator[str]:
    for aggregate in model["aggregates"]:
        yield from (aggregate["singular"], aggregate["plural"])
        yield from (action["name"] for action in (aggregate["lifecycle"] or {"actions": ()})["actions"])
        for each in (aggregate, *aggregate["parts"]):
            yield from (field["name"] for field in each["fields"])
        for part in aggregate["parts"]:
            yield from (part["name"], part["singular"])
    for each in model.get("types", ()):
        yield from (field["name"] for field in each["fields"])


def service(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Rename]:
    """The rename of the service itself."""
    one, two = (str(answers.get("service_name")) for answers in (old, new))
    return [] if one == two else [Rename.of(f"{one} → {two}", [(one, two)])]


def places(base: Tree, renamed: Tree, renames: Iterable[Rename]) -> dict[str, str]:
    """Where each file of the first copy is in the second one."""
    known, gone, come = tuple(renames), base.keys() - renamed.keys(), renamed.keys() - base.keys()
    found = {path: path for path in base}
    for path in gone:
        found[path] = next((each for each in _paths(path, known) if each in come), path)
    return found


def _paths(path: str, renames: tuple[Rename, ...]) -> Iterator[str]:
    """What the path may be, with one or all of the names in it replaced."""
    every = path
    for rename in renames:
        found = path
        for old, new in rename.forms:
            one, both = (
                IDENTIFIER.sub(lambda match, old=old, new=new: replaced(match[0], old, new), each)  # type: ignore[misc]
                for each in (path, every)
            )
            yield one
            if found == path and one != path:
                found, every = one, both
    yield every


def folders(place: Mapping[str, str]) -> dict[str, str]:
    """The folders that have another name: those of which every file went to the same one."""
    found: dict[str, set[str]] = {}
    for old, new in place.items():
        ones, twos = PurePosixPath(old).parents, PurePosixPath(new).parents
        for one, two in zip(ones, twos, strict=False):
            found.setdefault(one.as_posix(), set()).add(two.as_posix())
    return {one: next(iter(twos)) for one, twos in found.items() if twos != {one} and len(twos) == 1}


def place_of(path: str, place: Mapping[str, str], moved: Mapping[str, str]) -> str:
    """Where a file of the person's goes: with the generated one that it was, or with the folder that it is in."""
    if path in place:
        return place[path]
    for folder in PurePosixPath(path).parents:
        if folder.as_posix() in moved:
            return f"{moved[folder.as_posix()]}/{PurePosixPath(path).relative_to(folder)}"
    return path
