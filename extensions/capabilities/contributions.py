"""What a capability contributes to what all have in common, as typed lists."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """Generated paths that follow the template, as patterns of .gitignore, and what to do instead of changing them."""

    paths: tuple[str, ...]
    instead: str


class Cloud(NamedTuple):
    """What answers beside a cloud have to know of it."""

    default_region: str
    """One that has three zones."""
    region: str
    """What regions look like, as a regular expression; a new region needs no new version of this template."""
    largest_storage_gib: int
    """Of a database."""
    apart: str = ""
    """Those of its regions that cannot be chosen, as a regular expression."""
    apart_because: str = ""
    zoneless: frozenset[str] = frozenset()
    """Regions without three zones to choose from."""
    databases: frozenset[str] = frozenset()
    """Those that each server comes with."""


class Host(NamedTuple):
    """What answers beside the host of a repository have to know of it."""

    path: str
    """What the path of a repository looks like, as a regular expression."""
    path_in_words: str
    separator: str
    """Between the parts of an environment's name."""


class Release(NamedTuple):
    """What others have to know of a way to release."""

    workload: str
    """The kind of what runs the pods, as kubectl takes it."""
    rollback_wait: str
    """Behind the `--wait` of a rollback: Helm's own way knows no kind that others have brought."""


class Capability(NamedTuple):
    """What a service uses where `question` has this `answer`; templates read it as `uses.<name>`."""

    question: str
    answer: str
    cloud: Cloud | None = None
    host: Host | None = None
    release: Release | None = None
    follows_template: tuple[Rule, ...] = ()
    dependencies: tuple[str, ...] = ()
    """Of the service when it runs, as pyproject.toml has them."""
