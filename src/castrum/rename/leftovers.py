"""Where old names are left after a rename, for the person to judge."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from castrum.repository.project import ANSWERS, DOMAIN, REVISIONS
from castrum.repository.trees import File, Tree

from .spelling import Rename, candidates, spellings

IDENTIFIER = re.compile(r"[^\W\d]\w*(?:-\w+)*")


def old_words(renames: Iterable[Rename], base: Tree, theirs: Tree) -> frozenset[str]:
    """The old names in all their spellings, and the names of the last update that were made with them."""
    known = tuple(renames)
    words = {old for rename in known for old, _ in rename.forms}
    new = identifiers(theirs)
    made = {word for word in identifiers(base) if any(each in new for each in candidates(word, known))}
    spelled = {each for word in made if "_" in word or "-" in word for each in spellings(word) if " " not in each}
    return frozenset(words | made | spelled)


def identifiers(tree: Tree) -> set[str]:
    """All names in what is generated, but for what tells old ones on purpose."""
    found: set[str] = set()
    for path, file in tree.items():
        if path.startswith((ANSWERS, DOMAIN, REVISIONS)) or not file.is_text:
            continue
        for line in file.content.decode(errors="replace").splitlines():
            if "renamed_from" not in line:
                found.update(IDENTIFIER.findall(line))
    return found | {part for word in found if "-" in word for part in word.split("-")}


def left(words: frozenset[str], file: File, theirs: File | None) -> Iterator[tuple[int, list[str]]]:
    """The lines of a file with old names, by number, but for those that the template has, too."""
    if not words or not file.is_text:
        return
    generated = set(theirs.content.decode(errors="replace").splitlines()) if theirs is not None else set()
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})(?!\w)")
    for number, line in enumerate(file.content.decode(errors="replace").splitlines(), 1):
        if line not in generated and (found := pattern.findall(line)):
            yield number, list(dict.fromkeys(found))


def lines(words: frozenset[str], tree: Mapping[str, File], theirs: Tree, skipped: tuple[str, ...]) -> list[str]:
    """Every place in the tree, as `path:line: names`.

    First come those that can hardly mean anything else; where all that a line has are plain words that the template
    has for other things, too, such as `name`, there is one entry for all such lines of a file.
    """
    certain: list[str] = []
    perhaps: list[str] = []
    others = {word for word in identifiers(theirs) if word.isalpha() and word.islower()}
    for path, file in sorted(tree.items()):
        if path.startswith(skipped) or file == theirs.get(path):
            continue
        places = dict(left(words, file, theirs.get(path)))
        common = {number: found for number, found in places.items() if others.issuperset(found)}
        certain += (f"{path}:{number}: {', '.join(places[number])}" for number in places if number not in common)
        if common:
            names = ", ".join(dict.fromkeys(word for found in common.values() for word in found))
            perhaps.append(f"{path}:{','.join(_runs(common))}: {names}")
    return [*certain, *perhaps]


def _runs(numbers: Iterable[int]) -> Iterator[str]:
    """Ascending numbers, of which those that follow each other are told by the first and the last one."""
    for _, run in groupby(enumerate(numbers), key=lambda each: each[1] - each[0]):
        first, *rest = [number for _, number in run]
        yield f"{first}-{rest[-1]}" if rest else f"{first}"
