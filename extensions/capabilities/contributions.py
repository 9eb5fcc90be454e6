"""What a capability contributes to what all have in common, as typed lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .signals import Alarm, Alert


LINE_LENGTH = 120
"""Of the generated code."""


class Rule(NamedTuple):
    """Generated paths that follow the template, as patterns of .gitignore, and what to do instead of changing them."""

    paths: tuple[str, ...]
    instead: str


class Gateway(NamedTuple):
    """What a gateway outside of the cluster is and needs, in a cloud."""

    such_as: str
    health_check: str
    """The kind of the object by which it asks whether a pod is well."""
    addresses: str
    """From which it asks."""


class Reserved(NamedTuple):
    """Names that a cloud keeps to itself: what they match without dashes, and what they cannot name, and why."""

    pattern: str
    because: str
    because_with_environment: str
    """The same for the name of an environment behind that of the service."""


class Cloud(NamedTuple):
    """What answers beside a cloud have to know of it."""

    default_region: str
    """One that has three zones."""
    region: str
    """What regions look like, as a regular expression; a new region needs no new version of this template."""
    largest_storage_gib: int
    """Of a database."""
    database_classes: Mapping[tuple[int, int], str]
    """Processors and memory in GiB → the cloud's name for a database of that size."""
    database_sla: float
    """What is promised for a database with a standby in another zone, in percent."""
    log_days: int
    """For how long the write-ahead log is kept, with which a backup is brought to any second."""
    keep_alive_s: int
    """Longer than what is in front of the service keeps an idle connection."""
    in_front: str
    """Who keeps it, and for how long."""
    gateway: Gateway
    alarms: tuple[Alarm, ...]
    """Those that its Terraform code makes."""
    state_setting: str
    """The setting of Terraform's backend that says where the platform keeps the states."""
    identity: tuple[str, ...]
    """Variables of the pipeline that say as whom it logs in."""
    cluster: tuple[str, ...]
    """Variables of the pipeline that say where the cluster is."""
    audience: str
    """For which a pipeline's token is made; it may hold variables of the pipeline."""
    own_runners: bool = False
    """Whether registry and vault have no public address, so that the pipeline runs in a network of the team's."""
    proxy: str = ""
    """Its proxy for connections to the database that keeps a session."""
    reserved: Reserved | None = None
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
    title: str
    request: str
    """What a request to take a change over is called: a pull, or a merge request."""
    folder: str
    """Where its files are."""
    pipeline: str
    """Path of the pipeline."""
    shared_paths: str
    """Where a service of several in a repository says which files it shares with others."""
    report: str
    """How a weakness is reported."""
    runbooks: str
    """Address of the runbooks, with a place for the repository's path."""
    issuer: str
    """Host of the issuer of the pipeline's tokens."""
    identifier: str
    """Claim of those tokens that numbers the repository."""
    checkov: str
    """Checkov's name for the pipeline's language."""
    renovate: str
    """Renovate's name for it."""
    renovate_presets: tuple[str, ...] = ()
    made_at_root: tuple[str, ...] = ()
    """Patterns of what a service has at the root of a repository of several, with a place for its prefix."""


class Steps(NamedTuple):
    """How a release goes out by steps, each of which is judged by the requests that reach it."""

    weights: tuple[int, ...]
    """Percent of the traffic that a new version gets, step by step."""
    interval_s: int
    requests: int
    """How many the first step has to see before its error rate and latency mean anything."""


class Release(NamedTuple):
    """What others have to know of a way to release."""

    workload: str
    """The kind of what runs the pods, as kubectl takes it."""
    rollback_wait: str
    """Behind the `--wait` of a rollback: Helm's own way knows no kind that others have brought."""
    surge_percent: int
    """Pods that a release adds for a while: as many again where two versions stand together."""
    needs: str = ""
    """What the cluster has to have for it."""
    second_service: str = ""
    """What the name of the other version's service ends with."""
    steps: Steps | None = None


class Setting(NamedTuple):
    """A setting of the service: what settings.py, its page and the schema of the chart's values say of it."""

    name: str
    type: str
    """As settings.py writes it."""
    default: str | float | bool | None
    """None where it may be unset."""
    description: str
    """One sentence, without quotes."""
    schema: str
    """In JSON, for the chart."""
    limits: str = ""
    """What `Field` of pydantic is told besides, such as `ge=0`."""

    @property
    def declaration(self) -> str:
        """The field in settings.py, as the formatter writes it."""
        default = json.dumps(self.default) if isinstance(self.default, str) else repr(self.default)
        start = f"    {self.name}: {self.type} = Field("
        told = ", ".join(each for each in (default, self.limits, f'description="{self.description}"') if each)
        return f"{start}{told})" if len(f"{start}{told})") <= LINE_LENGTH else f"{start}\n        {told}\n    )"


class Variable(NamedTuple):
    """A variable that the chart sets, for a setting or for what a library reads by itself."""

    name: str
    value: str


class Process(NamedTuple):
    """Pods beside those that serve requests, which run `python -m <package> <name>`."""

    name: str
    about: str
    """What it does, in one sentence."""
    module: str
    """Module of the package with a function `main`, which is given the settings and runs until SIGTERM."""
    port: int
    """Where it answers `/livez` and `/readyz`."""
    replicas: int


class Port(NamedTuple):
    """A port of the pods that serve requests, beside that of HTTP, for those whom the gateway lets in."""

    name: str
    number: int


class Egress(NamedTuple):
    """What the service reaches, as `networkPolicy` of the chart's values has it by name; nothing else is allowed."""

    name: str
    namespaces: tuple[str, ...]
    cidrs: tuple[str, ...]
    port: int
    needs: str = ""
    """The condition of the chart's values for it."""


class Permission(NamedTuple):
    """What the identity that plans may read in a cloud, as that calls it."""

    cloud: str
    action: str


class Target(NamedTuple):
    """A target of make, after the setup."""

    name: str
    about: str
    commands: tuple[str, ...]


class Page(NamedTuple):
    """A page of the documents that the README leads to."""

    title: str
    path: str


class Capability(NamedTuple):
    """What a service uses where `question` has this `answer`; templates read it as `uses.<name>`.

    The domain answers, too: `model.` and the path of a word of the model is the question then. What has no question is
    in every service.
    """

    question: str = ""
    answer: str | bool = ""
    cloud: Cloud | None = None
    host: Host | None = None
    release: Release | None = None
    dependencies: tuple[str, ...] = ()
    """Of the service when it runs, as pyproject.toml has them, in the order of their names."""
    settings: tuple[Setting, ...] = ()
    environment: tuple[Variable, ...] = ()
    processes: tuple[Process, ...] = ()
    ports: tuple[Port, ...] = ()
    egress: tuple[Egress, ...] = ()
    permissions: tuple[Permission, ...] = ()
    alerts: tuple[Alert, ...] = ()
    """Each has a page of its name in docs/runbooks/."""
    pages: tuple[Page, ...] = ()
    targets: tuple[Target, ...] = ()
    follows_template: tuple[Rule, ...] = ()
