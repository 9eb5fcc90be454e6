"""The contract as it is served: what follows the domain, and what one's own endpoints add to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "contract"
GIVEN = "openapi.yaml"
OWN = "own.yaml"


def read(folder: Path = FOLDER) -> dict[str, Any]:
    """The document of a folder. Raises ValueError with the place of an addition that cannot be joined."""
    if not (folder / OWN).is_file():
        raise ValueError(f"contract/{OWN} is not there; with nothing to add it is an empty file")
    return joined((folder / GIVEN).read_bytes(), (folder / OWN).read_bytes())


def joined(given: str | bytes, own: str | bytes) -> dict[str, Any]:
    """The document `given` with the paths, components and tags of `own`, both YAML. Raises ValueError like `read`."""
    import yaml  # noqa: PLC0415 - few processes are ever asked for their contract

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(given, loader)  # noqa: S506 - both are safe  # nosec B506
    try:
        additions = yaml.load(own, loader)  # noqa: S506 - both are safe  # nosec B506
    except yaml.YAMLError as error:
        raise ValueError(f"contract/{OWN}: {error}") from None
    for section, value in _mapping(additions, "the file").items():
        if section == "tags":
            document[section] = [*document[section], *_new_tags(document[section], value or [])]
        elif section in ("paths", "components"):
            document[section] = _joined(document[section], _mapping(value, section), section)
        else:
            raise ValueError(f"contract/{OWN}: {section}: only paths, components and tags can be added")
    return document


def _joined(given: Mapping[str, Any], own: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Both, where a path or a kind of components may be in both, but not a member of it."""
    result = dict(given)
    for name, members in own.items():
        known = given.get(name, {})
        for member in _mapping(members, f"{place} → {name}"):
            if member in known:
                raise ValueError(f"contract/{OWN}: {place} → {name} → {member} is in contract/{GIVEN}, too")
        result[name] = {**known, **(members or {})}
    return result


def _new_tags(given: Sequence[Mapping[str, Any]], own: Any) -> list[Mapping[str, Any]]:
    if not isinstance(own, list) or not all(isinstance(tag, Mapping) and "name" in tag for tag in own):
        raise ValueError(f"contract/{OWN}: tags: a list is expected, of mappings with a name")
    known = {tag["name"] for tag in given}
    for tag in own:
        if tag["name"] in known:
            raise ValueError(f"contract/{OWN}: tags → {tag['name']} is in contract/{GIVEN}, too")
    return own


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping | None):
        raise ValueError(f"contract/{OWN}: {place}: a mapping is expected")
    return value or {}
