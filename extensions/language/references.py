"""Lists of references, `tags: refs Tag`: which words they can have, and where they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .declarations import FieldDeclaration

NO_DEFAULT = "refs has no default: where none are sent it is empty; drop it"

IN_PART = "a part has no list of references; write {one}: ref {target}, or give the aggregate {name}: refs {target}"
IN_INPUT = "an action takes no list of references, which only its clients change; write list(uuid)"
IN_EVENT = "refs has no meaning in an event; write list(uuid)"


def complaints(declared: FieldDeclaration) -> Iterator[tuple[str, str]]:
    """What is wrong with the words of a list of references, each behind the word that is to blame."""
    if declared.optional:
        yield "optional", declared.spec.type.nullable
    if declared.on_delete == "cascade":
        yield (
            "on_delete",
            "no aggregate goes with one of those that its list refers to; write on_delete=clear, or drop the word",
        )
    if declared.unique:
        yield "unique", "refs has each of them once already, and others may refer to the same; drop the word"
    if declared.index:
        yield "index", "refs has an index for both directions already; drop the word"
    if declared.ignorecase:
        yield "ignorecase", "refs has no upper and lower case; drop the word"
    if declared.readonly:
        yield "readonly", "refs is changed by clients alone, so as a readonly one it would stay empty; drop the word"
    for word in ("pii", "secret"):
        if getattr(declared, word):
            yield word, f"refs cannot be {word}; drop the word"
