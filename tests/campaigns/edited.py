"""How many conflicts an update has after edits of people anywhere in generated files, and whether one is misplaced."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import rendering
from harness.edits import Edit, Person, misplaced
from harness.updates import DOMAINS, of_history

from castrum.merge import tree
from castrum.merge.blocks import merge_lines
from castrum.merge.by_git import Merged
from castrum.merge.tree import Plan
from castrum.repository.trees import File

EDITS = 6
"""Edits of one person."""
TURNED: list[dict[str, Any]] = [
    dict(reversed(DOMAINS[0].items())),
    DOMAINS[0] | {"Customer": {"fields": dict(reversed(DOMAINS[0]["Customer"]["fields"].items()))}},
]
"""The first domain with its aggregates, and with the fields of one of them, in another order."""
Files = dict[str, bytes]


def rendered(folder: Path) -> list[Files]:
    """The files of services of several domains."""
    found = []
    for number, aggregates in enumerate([*DOMAINS, *TURNED]):
        place = folder / str(number) / "shop"
        domain = {"context": "shop", "aggregates": aggregates}
        found.append(rendering.files(rendering.copy_domain(domain, place, {"service_name": "shop"})))
    return found


def counted(seeds: range) -> tuple[int, int, int, list[str]]:
    """Edits, conflicts of a merge by lines and of an update's, and what that lost or put into another place."""
    edits, before, after, wrong = 0, 0, 0, list[str]()
    with tempfile.TemporaryDirectory() as folder:
        trees = rendered(Path(folder))
        for seed in seeds:
            choose = random.Random(seed)
            one, two = choose.sample(range(len(trees)), 2) if choose.random() < 0.5 else (0, choose.choice([1, 4, 5]))
            base, theirs = trees[one], trees[two]
            person = _worked(seed, Path(folder) / f"work-{seed}", base, theirs)
            mine = {name: (person.project / name).read_bytes() for name in base}
            plans = [_planned(base, theirs, mine, by_lines=by_lines) for by_lines in (True, False)]
            conflicts = [sum(each.kind == "both changed" for each in plan.conflicts) for plan in plans]
            edits, before, after = edits + len(person.edits), before + conflicts[0], after + conflicts[1]
            wrong += (f"seed {seed}: {said}" for said in _wrong(person.edits, (base, theirs, mine), plans[1]))
    return edits, before, after, wrong


def _worked(seed: int, folder: Path, base: Files, theirs: Files) -> Person:
    for name, content in base.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    person = Person(seed, folder, base, sorted(name for name in base if theirs.get(name) not in {None, base[name]}))
    for _ in range(EDITS):
        person.random.choice([person.insert, person.insert, person.change, person.change, person.delete])()
    return person


def _planned(base: Files, theirs: Files, mine: Files, *, by_lines: bool) -> Plan:
    def lines(mine: bytes, old: bytes, new: bytes, path: str, *, gone: frozenset[str]) -> Merged:
        return Merged(*merge_lines(mine, old, new, kind=Path(path).suffix, gone=gone))

    def frozen(path: str) -> bool:
        return of_history(path) or path == "domain.yaml" or path.startswith(".copier")

    trees = [{name: File(content) for name, content in tree.items()} for tree in (base, theirs, mine)]
    with pytest.MonkeyPatch.context() as patch:
        if by_lines:
            patch.setattr(tree, "merge_text", lines)
        return tree.plan(trees[0], trees[1], trees[2], seed=lambda _: False, frozen=frozen)


def _wrong(edits: list[Edit], trees: tuple[Files, Files, Files], plan: Plan) -> Iterator[str]:
    base, theirs, mine = trees
    undecided = {conflict.path for conflict in plan.conflicts}
    for edit in edits:
        name = edit.place
        if name in undecided or name not in theirs:
            continue
        changed = plan.changes.get(name)
        result = changed.content if changed else mine[name]
        texts = [content.decode().split("\n") for content in (mine[name], base[name], theirs[name], result)]
        for mark in edit.marks:
            if texts[3].count(mark) != 1:
                yield f"{name}: {mark!r} is there {texts[3].count(mark)} times"
            elif not _followed(edit, mark, texts) and (why := misplaced(mark, *texts)):
                yield f"{name}: {mark!r} {why}"
        for line in edit.gone:
            if line in texts[3] and texts[2].count(line) <= 1:
                yield f"{name}: {line!r} came back"
        if missing := {*texts[2]} - {*texts[1]} - {*texts[3]} - {*edit.gone}:
            yield f"{name}: the template's {missing} is not there"


def _followed(edit: Edit, mark: str, texts: list[list[str]]) -> bool:
    """Whether a changed line is where the template now has it."""
    before = next((line for line in texts[1] if line.strip() and mark.startswith(f"{line}  ")), None)
    if edit.kind != "change" or before is None:
        return False
    result = [before if line == mark else line for line in texts[3]]
    known = {line for line in texts[2] if texts[2].count(line) == result.count(line) == 1}
    return [line for line in result if line in known] == [line for line in texts[2] if line in known]
