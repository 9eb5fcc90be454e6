"""What becomes of a reference when what it refers to is deleted: `on_delete=cascade`, in a line or as a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...text.problems import kind_of, near, show
from ..elsewhere import answer_policy
from ..grammar import POLICIES

if TYPE_CHECKING:
    from ...text.problems import Spot
    from ..declarations import Policy
    from .place import Place

_SAID = re.compile(r"(?<=\s)on_delete\s*=\s*([^\s=]*)")


class Said(NamedTuple):
    """The word, and where it stands in the line."""

    word: str
    spot: tuple[int, int]


def cut(line: str) -> tuple[str, list[Said]]:
    """The line with blanks in place of what it says of a deletion, so that the rest stays where it is."""
    said: list[Said] = []
    at = 0
    while (match := _SAID.search(line, at)) and "=" not in _bare(line[: match.start()]):
        said.append(Said(match[1], (match.start(), match.end())))
        line = f"{line[: match.start()]}{' ' * len(match[0])}{line[match.end() :]}"
        at = match.end()
    return line, said


def _bare(text: str) -> str:
    """The text without what stands in parentheses."""
    return re.sub(r"\([^()]*\)", "", text)


def read_policy(place: Place, said: list[Said], line_at: Place, body: dict[str, Any]) -> Policy | None:
    """The policy of the field, from its line or from its key; nothing where it says none, or a wrong one."""
    key = body.get("on_delete")
    for twice in said[1:]:
        line_at.add("says 'on_delete' twice; drop one", twice.spot)
    if said and key is not None:
        (place / "on_delete").add("is given twice, in the type's line and as a key; drop one")
    if said:
        return _known(line_at, said[0].word, said[0].spot, "on_delete=")
    return None if key is None else _known(place / "on_delete", key, None, "")


def _known(place: Place, raw: object, spot: Spot, before: str) -> Policy | None:
    expected = f"expected one of {', '.join(POLICIES)}"
    known = next((policy for policy in POLICIES if policy == raw), None)
    if known is not None:
        return known
    if not isinstance(raw, str) or not raw:
        place.add(f"{expected}, such as {before or 'on_delete: '}cascade, not {kind_of(raw or None)}", spot)
        return None
    meant = answer_policy(raw)
    if meant is not None:
        edits = [(spot, f"{before}{meant}")]
        place.add(f"{show(raw)} is not how it is said here; write {before or 'on_delete: '}{meant}", spot, *edits)
    elif close := near(raw, POLICIES):
        place.add(f"unknown word {raw!r} for on_delete; did you mean {close!r}?", spot, (spot, f"{before}{close}"))
    else:
        place.add(f"unknown word {raw!r} for on_delete; {expected}", spot)
    return None
