"""Release notes as data: what a version changed, for whom, and what is left to do by hand.

Each release of the template has a file ``releases/<version>.yaml``:

    version: 1.2.0
    changes:
      - title: Requests are limited per caller
        kind: changed            # added, changed, fixed, security or removed
        breaking: false
        when: {cloud: [aws, gcp]}   # only where an answer has one of these values
        files: [src/*/platform/http/access.py]
        steps: [Set RATE_LIMIT_PER_MINUTE where the default does not fit.]
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from packaging.version import Version

from . import language

KINDS: Final = ("security", "removed", "changed", "added", "fixed")


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a release."""

    version: Version
    title: str
    kind: str = "changed"
    breaking: bool = False
    files: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


def between(
    releases: Mapping[str, str], old: Version | None, new: Version | None, answers: Mapping[str, Any]
) -> list[Change]:
    """The changes after ``old`` up to ``new`` that concern a project with these answers, oldest release first."""
    return [
        change
        for version, document in language.extension("moves.releases").passed(releases, old, new)
        for change in _read(version, document, answers)
    ]


def _read(version: Version, document: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[Change]:
    entries = [entry for entry in document.get("changes", ()) if _concerns(entry.get("when") or {}, answers)]
    for entry in sorted(entries, key=lambda each: KINDS.index(each.get("kind", "changed"))):
        yield Change(
            version,
            entry["title"],
            entry.get("kind", "changed"),
            bool(entry.get("breaking")),
            tuple(entry.get("files", ())),
            tuple(entry.get("steps", ())),
        )


def _concerns(when: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    return all(answers.get(name) in (value if isinstance(value, list) else [value]) for name, value in when.items())


def lines(changes: list[Change]) -> Iterator[str]:
    """The changes for a person's eyes."""
    version = None
    for change in changes:
        if change.version != version:
            version = change.version
            yield f"{version}"
        yield f"  {change.kind}{', BREAKING' if change.breaking else ''}: {change.title}"
        for step in change.steps:
            yield f"    to do: {step}"
