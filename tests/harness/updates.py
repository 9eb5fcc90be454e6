"""Services in many states, and the command that takes them from one to another."""

import contextlib
import io
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from castrum import cli, copying

from . import releases
from .repository import GIT, commit_all
from .tools import BIN, run

MOVES = 12


CUSTOMER = {"fields": {"email": "email unique pii", "name": "string(120) pii"}}
ORDER: dict[str, Any] = {
    "fields": {"number": "string(20) unique", "customer": "ref Customer", "note": "text?"},
    "lifecycle": {"states": ["draft", "placed"], "actions": {"place": {"from": "draft", "to": "placed"}}},
    "sort": ["number"],
}
URGENT = ORDER | {"fields": {**ORDER["fields"], "urgency": "int(1..5) = 3"}}
ALONE = ORDER | {"fields": {"number": "string(30) unique", "total": "money", "note": "string(200)?"}}
ITEMS = ORDER | {"parts": {"lines": {"entity": "OrderLine", "fields": {"sku": "string(40)"}}}, "filter": ["customer"]}
DOMAINS: list[dict[str, Any]] = [
    {"Customer": CUSTOMER, "Order": ORDER},
    {"Article": {"title": "string(80)", "price": "money"}, "Customer": CUSTOMER, "Order": URGENT},
    {"Order": ALONE},
    {"Customer": CUSTOMER, "Order": ITEMS, "Parcel": {"order": "ref Order", "weight": "decimal(8, 3)"}},
]
ANSWERS: list[dict[str, str]] = [
    {},
    {"cloud": "gcp", "release": "canary"},
    {"repository_host": "gitlab", "peak_rps": "2000", "environments": "test, live"},
]


@dataclass(frozen=True)
class State:
    """What a service is made from."""

    tag: str
    domain: int
    answers: int

    def domain_text(self) -> str:
        return json.dumps({"context": "shop", "aggregates": DOMAINS[self.domain]}, indent=2)


def moves() -> list[tuple[State, State]]:
    """Pairs of states, older and newer; the first ones change one thing alone."""
    first = State("v0.1.0", 0, 0)
    found = [
        (first, State("v0.2.0", 0, 0)), (first, State("v0.3.0", 0, 0)), (first, State("v0.1.0", 1, 0)),
        (first, State("v0.1.0", 0, 1)), (first, State("v0.1.0", 2, 0)), (first, State("v0.1.0", 0, 2)),
        (State("v0.2.0", 3, 0), State("v0.3.0", 0, 0)),
    ]  # fmt: skip
    choose = random.Random(1)
    while len(found) < MOVES:
        low, high = sorted(choose.choices(releases.TAGS, k=2))
        answers = choose.randrange(len(ANSWERS))
        pair = (State(low, choose.randrange(4), choose.choice([0, answers])), State(high, choose.randrange(4), answers))
        if pair[0] != pair[1] and pair not in found:
            found.append(pair)
    return found


class Site:
    """The template, and fresh copies of it."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.template = template
        self.folder = folder
        self._copy = copying.fresh
        self._copies: dict[tuple[Any, ...], copying.Copy] = {}
        self._ask = copying.followers
        self._asked: dict[tuple[Any, ...], set[str]] = {}
        self._fresh: dict[State, dict[str, bytes]] = {}

    def remembered(
        self, source: str, ref: str | None, destination: Path, data: dict[str, Any], base: copying.Copy | None = None
    ) -> copying.Copy:
        """What the command would make, made once."""
        domain = destination / "domain.yaml"
        text = domain.read_text(encoding="utf-8") if domain.exists() else ""
        key = (source, ref, json.dumps(data, sort_keys=True), text, base and str(base.answers))
        if key not in self._copies:
            self._copies[key] = self._copy(source, ref, destination, data, base)
        return self._copies[key]

    def forget(self) -> None:
        """What was made of a template may have changed."""
        self._copies.clear()

    def followers(
        self, source: str, ref: str, recorded: dict[str, Any], changed: dict[str, str], destination: Path
    ) -> set[str]:
        """What the command would find, found once."""
        key = (ref, json.dumps(recorded, sort_keys=True), tuple(changed.items()))
        if key not in self._asked:
            self._asked[key] = self._ask(source, ref, recorded, changed, destination)
        return self._asked[key]

    def project(self, state: State, destination: Path) -> Path:
        """A service as somebody made it in that state, committed."""
        shutil.copytree(self._original(state), destination, symlinks=True)
        return destination

    def fresh(self, state: State) -> dict[str, bytes]:
        """What a new service in that state has."""
        if state not in self._fresh:
            self._fresh[state] = contents(self._original(state))
        return self._fresh[state]

    def _original(self, state: State) -> Path:
        original = self.folder / f"{state.tag}-{state.domain}-{state.answers}" / "shop"
        if not original.exists():
            original.mkdir(parents=True)
            (original / "domain.yaml").write_text(state.domain_text(), encoding="utf-8")
            data = [part for name, value in ANSWERS[state.answers].items() for part in ("-d", f"{name}={value}")]
            run(
                BIN / "copier", "copy", "--quiet", "--trust", "--defaults", "--vcs-ref", state.tag, *data,
                "-d", "service_name=shop", self.template, original, env=GIT,
            )  # fmt: skip
            commit_all(original, "Start")
        return original


def castrum(*arguments: object) -> tuple[int, str]:
    """The command's exit code and what it says."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli.main([str(argument) for argument in arguments])
    return code, said.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but those of git, and what Python compiled while the service's own commands ran."""
    names = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return {
        name: path.read_bytes()
        for path in names
        if not (name := path.relative_to(folder).as_posix()).startswith(".git/")
    }


def asked(old: State, new: State) -> list[str]:
    changed = {name: value for name, value in ANSWERS[new.answers].items() if ANSWERS[old.answers].get(name) != value}
    return [part for name, value in changed.items() for part in ("--data", f"{name}={value}")]


def prepared(site: Site, move: tuple[State, State], project: Path) -> dict[str, bytes]:
    """A service in the first state whose domain.yaml asks for the second one, and what a fresh copy of that has."""
    old, new = move
    site.project(old, project)
    (project / "domain.yaml").write_text(new.domain_text(), encoding="utf-8")
    return site.fresh(new)


def of_history(name: str) -> bool:
    return name.startswith("migrations/versions/")
