"""The template's own text under the new names, word by word: where it cannot be rendered with them.

The words that change are learned from two trees: a name of the last update counts as renamed when its new form occurs
in the new one. A name that also stays (such as *order*, in "in order to") is replaced only where it can be nothing
else: in an address, or after a word after which the new tree has it replaced, too.
"""

import re
from collections.abc import Iterable, Mapping

from castrum.repository.trees import File, Tree

from .leftovers import IDENTIFIER, identifiers
from .spelling import Rename, candidates


class Rewording:
    """Replaces the renamed words in texts of the template's."""

    def __init__(self, renames: Iterable[Rename], base: Tree, theirs: Tree) -> None:
        old, new = identifiers(base), identifiers(theirs)
        known = tuple(renames)
        self._certain: dict[str, str] = {}
        self._perhaps: dict[str, str] = {}
        for word in old:
            name = next((each for each in candidates(word, known) if each in new), None)
            if name is not None:
                (self._perhaps if word in new else self._certain)[word] = name
        self._phrases = _phrases(self._perhaps, _text(base), _text(theirs))

    def file(self, file: File) -> File:
        """The file with the new words."""
        if not file.is_text:
            return file
        try:
            return File(self.text(file.content.decode()).encode(), file.executable)
        except UnicodeDecodeError:
            return file

    def text(self, text: str) -> str:
        """The text with the new words."""
        if self._phrases:
            pattern = rf"\b(?:{'|'.join(map(re.escape, self._phrases))})\b"
            text = re.sub(pattern, lambda match: self._phrases[match[0]], text)

        def word(match: re.Match[str]) -> str:
            found = match[0]
            if found in self._certain:
                return self._certain[found]
            if found in self._perhaps:
                before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 2]
                address = before in {"/", "{"} or after[:1] == "/" or re.fullmatch(r"\.\w", after) is not None
                return self._perhaps[found] if address else found
            return re.sub(r"\w+", lambda part: self._certain.get(part[0], part[0]), found) if "-" in found else found

        return IDENTIFIER.sub(word, text)


def _text(tree: Tree) -> str:
    return "\n".join(file.content.decode(errors="replace") for file in tree.values() if file.is_text)


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
