"""Carrying what a person wrote through the rename of an aggregate or a field.

The words that change are learned from the two trees: a name of the last update counts as renamed when its new form
occurs in the new one. A name that also stays (such as *order*, in "in order to") is replaced only where it can be
nothing else: as a name in code, in an address, or after a word after which the new tree has it replaced, too.
"""

import io
import posixpath
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from .trees import File, Tree

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
# The parts of which an identifier is made: HTTPServer_name → HTTP, Server, name.
PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+|[_-]+")
NAMES = ("name", "singular", "plural", "path", "table", "module", "variable")


@dataclass(frozen=True, slots=True)
class Rename:
    """One rename: old and new name in each spelling; ``folder`` limits it to the files of an aggregate."""

    what: str
    forms: tuple[tuple[str, str], ...] = ()
    folder: str | None = None
    roots: tuple[tuple[str, str], ...] = ()
    """Of a service: its folders, old and new."""


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
            forms = {source[key]: aggregate[key] for key in NAMES if source[key] != aggregate[key]}
            forms |= {one.upper(): two.upper() for one, two in forms.items()}
            found.append(Rename(f"{former} → {aggregate['name']}", tuple(forms.items())))
        if source is not None:
            found += _fields(source, aggregate)
    return found


def service(old: Mapping[str, Any], new: Mapping[str, Any], base: Tree, theirs: Tree) -> list[Rename]:
    """The rename of the service itself: the folders that carry its name hold the same files under another one."""
    names = tuple(str(answers.get("service_name")) for answers in (old, new))
    if names[0] == names[1]:
        return []
    gone, come = _folders(base) - _folders(theirs), _folders(theirs) - _folders(base)
    roots = []
    for folder in sorted(folder for folder in gone if folder.parent not in gone):
        inside = _inside(base, folder)
        alike = {other: len(inside & _inside(theirs, other)) for other in come if other.parent == folder.parent}
        best = max(sorted(alike), key=alike.__getitem__, default=None)
        if best is not None and alike[best] > len(inside) / 2:
            roots.append((folder.as_posix(), best.as_posix()))
    return [Rename(" → ".join(names), roots=tuple(roots))] if roots else []


def _folders(tree: Tree) -> set[PurePosixPath]:
    return {folder for path in tree for folder in PurePosixPath(path).parents}


def _inside(tree: Tree, folder: PurePosixPath) -> set[str]:
    start = f"{folder}/"
    return {path.removeprefix(start) for path in tree if path.startswith(start)}


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Rename]:
    found = []
    for part in new.get("parts", ()):
        source = next((each for each in old.get("parts", ()) if each["name"] == part["name"]), None)
        found += _fields(source, {**part, "module": new["module"]}) if source else []
    for field in new["fields"]:
        former = next((each for each in old["fields"] if each["name"] == field.get("renamed_from")), None)
        if former is None or any(each["name"] == former["name"] for each in new["fields"]):
            continue
        if any(each["name"] == field["name"] for each in old["fields"]):
            continue
        forms = {former[key]: field[key] for key in ("name", "wire", "attribute") if former[key] != field[key]}
        forms |= {one["name"]: two["name"] for one, two in zip(former["columns"], field["columns"], strict=False)}
        what = f"{new['name']}.{former['name']} → {new['name']}.{field['name']}"
        found.append(Rename(what, tuple(forms.items()), new["module"]))
    return found


class Renaming:
    """Replaces the renamed words in texts and paths."""

    def __init__(self, renames: Iterable[Rename], base: Tree, theirs: Tree) -> None:
        self.renames = tuple(renames)
        self._theirs = theirs
        self._folders = {parent.as_posix() for path in theirs for parent in PurePosixPath(path).parents}
        self._words: list[tuple[Rename, dict[str, str], dict[str, str]]] = []
        self._phrases: dict[str, str] = {}
        if not self.renames:
            return
        before, after = _text(base), _text(theirs)
        old, new = _identifiers(before), _identifiers(after)
        for rename in self.renames:
            forms = [(PIECE.findall(one), two) for one, two in sorted(rename.forms, key=lambda pair: -len(pair[0]))]
            certain: dict[str, str] = {}
            perhaps: dict[str, str] = {}
            for word in old:
                changed = (renamed for form in forms if (renamed := _replaced(word, *form)) != word)
                candidate = next((renamed for renamed in changed if renamed in new), None)
                if candidate is not None:
                    (perhaps if word in new else certain)[word] = candidate
            self._words.append((rename, certain, perhaps))
            if rename.folder is None:
                self._phrases |= _phrases(perhaps, before, after)

    def path(self, path: str) -> str:
        """Where the file belongs now: below a renamed folder, or under a renamed name that the template has, too."""
        for rename, certain, perhaps in self._words:
            for one, two in rename.roots:
                if path.startswith(f"{one}/"):
                    path = two + path.removeprefix(one)
            if rename.folder is not None:
                continue
            words = perhaps | certain | dict(rename.forms)
            renamed = IDENTIFIER.sub(lambda match, words=words: words.get(match[0], match[0]), path)  # type: ignore[misc]
            folder = PurePosixPath(renamed).parent.as_posix()
            if renamed != path and (renamed in self._theirs or (folder in self._folders and path not in self._theirs)):
                path = renamed
        return path

    def file(self, path: str, file: File) -> File:
        """The file with the new words."""
        if not self._words or not file.is_text:
            return file
        try:
            text = file.content.decode()
        except UnicodeDecodeError:
            return file
        for rename, certain, perhaps in self._words:
            if path.endswith(".py"):
                packages = [map(posixpath.basename, root) for root in rename.roots if root[0].startswith("src/")]
                for one, two in packages:
                    text = re.sub(
                        rf"^(\s*(?:from|import) ){re.escape(one)}\b", rf"\g<1>{two}", text, flags=re.MULTILINE
                    )
            if rename.folder is None:
                text = _reworded(text, path, certain, perhaps, self._phrases)
            elif rename.folder in PurePosixPath(path).parts:
                text = _reworded(text, path, certain, {}, {})
        return File(text.encode(), file.executable)

    def leftovers(self, path: str, file: File, base: File | None) -> list[str]:
        """Lines of the person's that may still use the old name of a field, too common a word to be replaced."""
        generated = set(base.content.splitlines() if base else ())
        found = []
        for rename, _, perhaps in self._words:
            if perhaps and rename.folder in PurePosixPath(path).parts and file.is_text:
                pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, perhaps))})\b".encode())
                lines = enumerate(file.content.splitlines(), 1)
                found += [number for number, line in lines if line not in generated and pattern.search(line)]
        return [f"{path}:{number}" for number in found]


def _text(tree: Tree) -> str:
    """All that is generated, without what tells the old names on purpose."""
    told = (".copier-answers.yml", "domain.yaml", "migrations/versions/")
    texts = (file.content.decode(errors="replace") for path, file in tree.items() if not path.startswith(told))
    return "\n".join(line for text in texts for line in text.splitlines() if "renamed_from" not in line)


def _identifiers(text: str) -> set[str]:
    found = set(IDENTIFIER.findall(text))
    return found | {part for word in found for part in word.split("-")}


def _phrases(words: Mapping[str, str], before: str, after: str) -> dict[str, str]:
    """Pairs of words that became another pair: `an order` → `a purchase`, where only `in order` stayed."""
    found: dict[str, str] = {}
    for lead in (r"\w+ \w+", r"\w+") if words else ():
        old, new = (
            set(re.findall(rf"\b({lead}) ({'|'.join(map(re.escape, ones))})\b", text))
            for ones, text in ((words, before), ({*words, *words.values()}, after))
        )
        for first, word in old - new:
            articles = re.sub(r"\b([Aa])n?$", r"\1", first), re.sub(r"\b([Aa])n?$", r"\1n", first)
            same = next((other for other in (first, *articles) if (other, words[word]) in new), None)
            if same is not None:
                found[f"{first} {word}"] = f"{same} {words[word]}"
    return found


def _replaced(word: str, old: list[str], new: str) -> str:
    """The identifier with a name inside replaced: `NewOrder`, Order → Sale, is `NewSale`."""
    pieces = PIECE.findall(word)
    out, at = [], 0
    while at < len(pieces):
        if pieces[at : at + len(old)] == old:
            out.append(new)
            at += len(old)
        else:
            out.append(pieces[at])
            at += 1
    return "".join(out)


def _reworded(
    text: str, path: str, certain: Mapping[str, str], perhaps: Mapping[str, str], phrases: Mapping[str, str]
) -> str:
    if phrases:
        pattern = rf"\b(?:{'|'.join(map(re.escape, phrases))})\b"
        text = re.sub(pattern, lambda match: phrases[match[0]], text)
    names = _names(text) if path.endswith(".py") else frozenset()

    def word(match: re.Match[str]) -> str:
        found = match[0]
        if found in certain:
            return certain[found]
        if found in perhaps:
            before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 2]
            address = before in {"/", "{"} or after[:1] == "/" or re.fullmatch(r"\.\w", after) is not None
            return perhaps[found] if address or match.start() in names else found
        if "-" in found:
            return re.sub(r"[A-Za-z0-9_]+", lambda part: certain.get(part[0], part[0]), found)
        return found

    return IDENTIFIER.sub(word, text)


def _names(text: str) -> frozenset[int]:
    """The offsets of all names in Python code, outside of strings and comments; nothing for what is no Python."""
    starts = [0]
    for line in io.StringIO(text):
        starts.append(starts[-1] + len(line))
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return frozenset()
    return frozenset(starts[row - 1] + column for kind, _, (row, column), _, _ in tokens if kind == tokenize.NAME)
