"""`copier update --trust` without any other option: edits outside of the template's own files are safe with it, too.

Copier applies edits as patches with three lines of context, so this holds because of how the files are laid out: one
file for each aggregate, and what is the person's in files of its own.
"""

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from harness.edits import Person, misplaced
from harness.repository import GIT, commit_all, git
from harness.seeds import seeds
from harness.tools import BIN, run
from harness.updates import Site, asked, contents, moves, prepared

pytestmark = pytest.mark.xdist_group("corpus")

CASES = 12


def own_and_shared(project: Path) -> Callable[[str], bool]:
    """Whether a file is not one of those that the manifest calls the template's."""
    rules = yaml.safe_load((project / "ownership.yaml").read_text(encoding="utf-8"))["template"]
    patterns = [f"--exclude={path}" for rule in rules for path in rule["paths"]]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", *patterns], cwd=project, capture_output=True, text=True, check=True
    )
    template = set(listed.stdout.splitlines())
    return lambda name: name not in template


@pytest.mark.parametrize("seed", seeds(0, CASES, 2))
def test_plain_update_loses_nothing(seed: int, site: Site, tmp_path: Path) -> None:
    move = moves()[seed % len(moves())]
    project = tmp_path / "shop"
    theirs = prepared(site, move, project)
    base = contents(project)
    allowed = own_and_shared(project)
    files = {name: content for name, content in base.items() if allowed(name) and name in theirs}
    person = Person(seed, project, files, sorted(name for name in files if theirs[name] != files[name]))
    choose = random.Random(seed)
    for _ in range(6):
        choose.choice([person.insert, person.change, person.append, person.add])()
    before = contents(project)
    commit_all(project, "Our work")

    data = [part.replace("--data", "-d") for part in asked(*move)]
    if "cloud=gcp" in data:
        data += ["-d", "region=europe-west3"]  # plain Copier keeps the region that it has recorded
    run(
        BIN / "copier", "update", "--trust", "--defaults", "--quiet", "--vcs-ref", move[1].tag, *data,
        cwd=project, env=GIT,
    )  # fmt: skip

    after = contents(project)
    unmerged = {line.split("\t")[1] for line in git(project, "ls-files", "--unmerged").splitlines()}
    for edit in person.edits:
        for mark in edit.marks:
            hits = [name for name, content in after.items() if mark.strip().encode() in content]
            assert hits == [edit.place], f"{edit}: found in {hits}"
            if edit.kind != "add" and edit.place not in unmerged:
                sides = (before[edit.place], base[edit.path], theirs[edit.path], after[edit.place])
                texts = [content.decode().split("\n") for content in sides]
                wrong = misplaced(mark, texts[0], texts[1], texts[2], texts[3])
                assert wrong is None, f"{edit}: {mark!r} {wrong}"
