"""A name in all the ways in which it is written, and the change from an old one to a new one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

# The parts of which an identifier is made: HTTPServer_name → HTTP, Server, name.
PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+|[_-]+|[^\W\d_a-zA-Z]+")


def pieces(word: str) -> list[str]:
    """The parts of a name, with what stands between them."""
    return PIECE.findall(word)


def mentions(text: str, name: str) -> bool:
    """Whether the text has the name in it, in any spelling."""
    parts, sought = ([part.lower() for part in pieces(each) if part.strip("_-")] for each in (text, name))
    return any(parts[at : at + len(sought)] == sought for at in range(len(parts)))


def spellings(name: str) -> list[str]:
    """PascalCase, snake_case, UPPER_CASE, kebab-case, camelCase and the words of a name, after itself."""
    parts = [each.lower() for each in pieces(name) if each.strip("_-")]
    pascal = "".join(each.capitalize() for each in parts)
    snake = "_".join(parts)
    words = " ".join(parts)
    camel = pascal[:1].lower() + pascal[1:]
    return [name, pascal, snake, snake.upper(), "-".join(parts), camel, words, words.capitalize()]


@dataclass(frozen=True, slots=True)
class Rename:
    """One rename, with the forms of the old name and of the new one; the longest are first.

    A form of one word may stand for several of a longer name: `order` for `sales_order` and `sales-order`.
    """

    what: str
    forms: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, what: str, names: Iterable[tuple[str, str]]) -> "Rename":
        """The rename in all spellings of the names, old and new."""
        forms = (pair for old, new in names for pair in zip(spellings(old), spellings(new), strict=True))
        changed = dict.fromkeys((old, new) for old, new in forms if old != new)
        return cls(what, tuple(sorted(changed, key=lambda pair: -len(pair[0]))))


def replaced(word: str, old: str, new: str) -> str:
    """The identifier with a name inside replaced: `NewOrder`, Order → Sale, is `NewSale`."""
    parts, sought = pieces(word), pieces(old)
    out, at = [], 0
    while at < len(parts):
        if parts[at : at + len(sought)] == sought:
            out.append(new)
            at += len(sought)
        else:
            out.append(parts[at])
            at += 1
    return "".join(out)


def candidates(word: str, renames: Iterable[Rename]) -> Iterator[str]:
    """What the identifier may be called after the renames."""
    for rename in renames:
        for old, new in rename.forms:
            found = replaced(word, old, new)
            if found != word:
                yield found
    # Both may have changed in one name: the aggregate's and the field's.
    changed = word
    for rename in renames:
        for old, new in rename.forms:
            if (found := replaced(changed, old, new)) != changed:
                changed = found
                break
    if changed != word:
        yield changed


def matched(old: Iterable[str], new: Iterable[str], renames: Iterable[Rename]) -> Mapping[str, str]:
    """Which of the names that went became which of those that came."""
    before, after, known = set(old), set(new), tuple(renames)
    come = after - before
    found: dict[str, str] = {}
    for word in sorted(before - after):
        name = next((each for each in candidates(word, known) if each in come), None)
        if name is not None:
            found[word] = name
    return found
