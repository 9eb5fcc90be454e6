"""Where the parser is in the document, and what can be read at any place: mappings, descriptions, flags, names."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...text import naming
from ...text.problems import KEY, Problems, Word, below, kind_of, near, nearest, show
from ..elsewhere import Known, answer_key
from ..grammar import LONGEST_DESCRIPTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...text.problems import Edit, Spot
    from ...types import Spec

_NONE: Final[Mapping[str, Spec | None]] = MappingProxyType({})


class Place(NamedTuple):
    """A path such as `aggregates.Order.fields`, the list to which its problems are added, and what the domain names.

    `objects` are the types that the domain defines; nothing stands for those that are wrong themselves.
    """

    path: str
    problems: Problems
    known: Known = Known()
    objects: Mapping[str, Spec | None] = _NONE

    def __truediv__(self, key: str) -> Place:
        """The place of a key below this one."""
        return self._replace(path=below(self.path, key))

    def add(self, message: str, spot: Spot = None, *edits: Edit) -> None:
        """Note that something is wrong here, or with a spot of what stands here; the edits would mend it."""
        self.problems.add(self.path, message, spot, edits)


def read_mapping(place: Place, raw: object, expected: str) -> dict[str, Any]:
    """The mapping with its text keys; other keys are what YAML made of `on`, `yes`, `1` or `2026-01-01`."""
    if not isinstance(raw, dict):
        place.add(f"expected {expected}, not {kind_of(raw)}")
        return {}
    out: dict[str, Any] = {}
    for key, value in raw.items():
        if isinstance(key, str):
            out[key] = value
        else:
            found = str(key).lower()
            place.add(f"the key {found} is {kind_of(key)} to YAML, not a name; quote it or rename it", Word(found))
    return out


def check_keys(place: Place, body: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Complain of the keys that the language does not have here."""
    for key, value in body.items():
        if key not in keys:
            unknown_key(place / key, key, value, keys, taken=body)


def unknown_key(place: Place, key: str, value: object, keys: tuple[str, ...], taken: Iterable[str] = ()) -> None:
    """Say what to write instead of the key at the place, where the valid ones are given."""
    remedy = answer_key(keys, key, value, place.known)
    if remedy is None:
        close = near(key, keys)
        edits: list[Edit] = [(KEY, close)] if close and close not in taken else []
        place.add(f"unknown key {show(key)}{nearest(key, keys)}", KEY, *edits)
        return
    name, _, written = remedy.write.partition(": ")
    edits = [(KEY, name), *([(None, written)] if written else ())]
    place.add(f"unknown key {show(key)}; {remedy}", KEY, *(edits if remedy.exact and name not in taken else ()))


def read_description(place: Place, body: dict[str, Any]) -> str:
    """The description on one line; empty without one."""
    value = body.get("description")
    if value is None:
        return ""
    place = place / "description"
    if not isinstance(value, str):
        place.add(f"expected a text, not {kind_of(value)}")
        return ""
    text = " ".join(value.split())
    if not text.isprintable():
        place.add("contains a character that cannot be printed; remove it")
    if len(text) > LONGEST_DESCRIPTION:
        place.add(f"has {len(text)} characters; at most {LONGEST_DESCRIPTION} are possible")
    return text


def read_field_names(place: Place, raw: object) -> tuple[str, ...]:
    """A list of field names; one name alone is a list of one."""
    if raw is None:
        return ()
    values = [raw] if isinstance(raw, str) else raw
    if not isinstance(values, list):
        place.add(f"expected a list of fields, such as [status, number], not {kind_of(raw)}")
        return ()
    names: list[str] = []
    for number, value in enumerate(values):
        if not isinstance(value, str):
            place.add(f"expected the name of a field, not {kind_of(value)}", number)
        elif value in names:
            place.add(f"lists {value!r} twice; drop one", number)
        else:
            names.append(value)
    return tuple(names)


def read_flag(place: Place, body: dict[str, Any], key: str) -> bool:
    """The boolean under the key; false without one."""
    value = body.get(key, False)
    if not isinstance(value, bool):
        (place / key).add(f"expected true or false, not {kind_of(value)}")
        return False
    return value


def is_pascal(place: Place, name: object, what: str, spot: Spot = None) -> bool:
    """Whether the name is in PascalCase; complains when it is not, and calls it `what`."""
    if not isinstance(name, str) or not naming.PASCAL.fullmatch(name):
        hint = "; expected one such as OrderLine"
        if isinstance(name, str):
            fixed = re.sub(r"[^A-Za-z0-9_-]", "", naming.plain(name))
            hint = f"; did you mean {naming.pascal(fixed)!r}?" if fixed[:1].isalpha() else hint
        place.add(f"{what} {show(name)} is not in PascalCase{_letters(name)}{hint}", spot)
        return False
    return _fits(place, name, what, spot)


def is_snake(place: Place, name: str, what: str, spot: Spot = None) -> bool:
    """Whether the name is in snake_case; complains when it is not, and calls it `what`."""
    if not naming.SNAKE.fullmatch(name):
        fixed = naming.snake(re.sub(r"[^A-Za-z0-9_-]", "_", naming.plain(name)))
        sound = naming.SNAKE.fullmatch(fixed)
        hint = f"; did you mean {fixed!r}?" if sound else "; expected one such as placed_at"
        message = f"{what} {show(name)} is not in snake_case{_letters(name)}{hint}"
        place.add(message, spot, *([(spot, fixed)] if sound else ()))
        return False
    return _fits(place, name, what, spot)


def is_kebab(name: object) -> bool:
    """Whether it is a lower-case name that is not too long."""
    return isinstance(name, str) and bool(naming.KEBAB.fullmatch(name)) and len(name) <= naming.LONGEST_NAME


def _fits(place: Place, name: str, what: str, spot: Spot) -> bool:
    if len(name) > naming.LONGEST_NAME:
        place.add(f"{what} {show(name)} has {len(name)} characters; at most {naming.LONGEST_NAME} are possible", spot)
        return False
    return True


def _letters(name: object) -> str:
    """What is expected of a name beside its case, if it has other letters."""
    return "" if not isinstance(name, str) or name.isascii() else " of the letters a to z"
