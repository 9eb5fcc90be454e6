"""A corpus of edits, versions of the template, domains and answers: nothing is lost, nothing ends in another place.

Every case is a real git repository, made by the unpatched Copier and updated by the command. The fresh copies are made
once for each version, domain and set of answers; `test_real` does without even that. A case is replayed by its seed:
``pytest tests/update/test_corpus.py -k "test_case and [17]"``.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness.edits import Edit, Person, misplaced, touching
from harness.repository import GIT, commit_all, git
from harness.seeds import seeds
from harness.tools import BIN, run
from harness.updates import MOVES, Site, State, asked, castrum, contents, moves, of_history, prepared

from castrum.merge import blocks, tree
from castrum.merge.by_git import Merged

pytestmark = pytest.mark.xdist_group("corpus")

CASES = 72
UPDATES = 3
DEFINITION = re.compile(r"\s*(?:async def|def|class) ")


@pytest.mark.parametrize("move", moves(), ids=str)
def test_untouched_is_fresh(move: tuple[State, State], fast: Site, tmp_path: Path) -> None:
    """A service that nobody edited equals a new one, but for the migrations; a second update does nothing."""
    project = tmp_path / "shop"
    theirs = prepared(fast, move, project)
    commit_all(project, "The domain")
    code, said = castrum("update", project, "--to", move[1].tag, *asked(*move))
    assert code == 0, said
    ours = contents(project)
    assert {name for name in ours if not of_history(name)} == {name for name in theirs if not of_history(name)}
    assert [name for name in theirs if not of_history(name) and ours[name] != theirs[name]] == []
    commit_all(project, "Update")
    code, said = castrum("update", project, "--to", move[1].tag)
    assert (code, git(project, "status", "--porcelain")) == (0, ""), said
    assert "Nothing to do" in said


@pytest.mark.parametrize("seed", seeds(0, CASES, 24))
def test_case(seed: int, fast: Site, tmp_path: Path) -> None:
    move = moves()[seed % MOVES]
    project = tmp_path / "shop"
    arguments = ("update", project, "--to", move[1].tag, *asked(*move))
    judge(seed, (fast.fresh(move[0]), prepared(fast, move, project)), project, lambda: castrum(*arguments))


@pytest.mark.parametrize("side", ["mine", "new"])
def test_a_merge_that_takes_one_side_is_found(
    side: str, fast: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge is no good unless it finds what is wrong."""
    monkeypatch.setattr(
        tree, "merge_text", lambda mine, _, new, *__, **___: Merged({"mine": mine, "new": new}[side], 0)
    )
    for seed in range(MOVES, MOVES + 16):
        (tmp_path / str(seed)).mkdir()
        try:
            test_case(seed, fast, tmp_path / str(seed))
        except AssertionError:
            return
    pytest.fail("no case was found")


@pytest.mark.parametrize("seed", seeds(1000, UPDATES, 1))
def test_real(seed: int, site: Site, tmp_path: Path, git_environment: None) -> None:
    """The same as a process of its own, which renders everything itself."""
    move = moves()[seed % MOVES]
    project = tmp_path / "shop"
    arguments = ("update", str(project), "--to", move[1].tag, *asked(*move))

    def command() -> tuple[int, str]:
        done = run(BIN / "castrum", *arguments, env=GIT, check=False)
        return done.returncode, done.stdout + done.stderr

    judge(seed, (site.fresh(move[0]), prepared(site, move, project)), project, command)


def judge(
    seed: int,
    fresh: tuple[dict[str, bytes], dict[str, bytes]],
    project: Path,
    command: Callable[[], tuple[int, str]],
) -> None:
    """Let a person work, update, and check every edit and every other file."""
    base, theirs = fresh
    choose = random.Random(seed)
    person = Person(seed, project, base, sorted(name for name in base if theirs.get(name) not in {None, base[name]}))
    person.work(choose.randint(1, 6))
    before = contents(project)
    commit_all(project, "Our work")
    code, said = command()
    assert code in {0, 1}, said
    after = contents(project)
    unmerged = {line.split("\t")[1] for line in git(project, "ls-files", "--unmerged").splitlines()}
    kept = {name for name in after if name.startswith("kept/")}
    assert (code == 1) == bool(unmerged or kept), said

    for edit in person.edits:
        check_edit(edit, Trees(before, base, theirs, after), unmerged, project)
        left_out = f"{edit.path}: yours; the template's change of it is left out" in said
        if edit.kind in {"insert", "change", "append", "delete"} and edit.place in after and not left_out:
            arrived = set(after[edit.place].splitlines()) | {line.encode() for line in edit.gone}
            new = set(theirs.get(edit.path, b"").splitlines()) - set(base[edit.path].splitlines())
            assert new <= arrived or of_history(edit.path), f"{edit}: the template's change did not arrive"
    touched = {edit.path for edit in person.edits} | {edit.place for edit in person.edits}
    for name in sorted({*base, *theirs, *before} - touched):
        expected = before.get(name) if of_history(name) and name in theirs and name in base else theirs.get(name)
        assert after.get(name) == expected, f"{name} is not what the template asks for"
    strange = sorted(after.keys() - theirs.keys() - touched - kept - before.keys())
    assert not strange

    if choose.random() < 0.3:
        code, said = castrum("update", project, "--abort")
        assert code == 0, said
        assert contents(project) == before
        assert git(project, "status", "--porcelain") == ""
    elif not unmerged and choose.random() < 0.3:
        commit_all(project, "Update")
        code, said = command()
        assert (code, git(project, "status", "--porcelain")) == (0, ""), said


@dataclass(frozen=True)
class Trees:
    """The project before and after, and the fresh copies that the update is made from."""

    before: dict[str, bytes]
    base: dict[str, bytes]
    theirs: dict[str, bytes]
    after: dict[str, bytes]


def check_edit(edit: Edit, trees: Trees, unmerged: set[str], project: Path) -> None:
    before, base, theirs, after = trees.before, trees.base, trees.theirs, trees.after
    places = (edit.place, f"kept/{edit.path}.yours", f"kept/{edit.place}.yours")
    for mark in edit.marks:
        hits = [name for name, content in after.items() if mark.strip().encode() in content]
        assert len(hits) == 1, f"{edit}: found in {hits}"
        assert hits[0] in places, f"{edit}: found in {hits[0]}"
    if edit.kind == "add":
        assert after[edit.place] == before[edit.place]
    if edit.kind == "remove" and theirs.get(edit.path) is not None:
        assert edit.path not in after
    name = edit.place
    if name in unmerged:
        if edit.kind != "windows":
            one, two, three = (project.parent / each for each in ("one", "two", "three"))
            for place, content in zip((one, two, three), (base, before, theirs), strict=True):
                text = content[edit.path if content is not before else name]
                place.write_bytes(blocks.with_blocks(text) if name.endswith((".yaml", ".yml")) else text)
            # What was in a definition whose first line is gone is in another one now: a person says where it belongs.
            headless = any(DEFINITION.match(line) for line in edit.gone)
            assert headless or touching(one, two, three), f"{edit}: a conflict where none is due"
        return
    if name not in after or edit.path not in theirs or edit.path not in base or edit.kind in {"windows", "rewrite"}:
        return
    sides = (before[name], base[edit.path], theirs[edit.path], after[name])
    texts = [content.decode().split("\n") for content in sides]
    for mark in edit.marks:
        wrong = misplaced(mark, texts[0], texts[1], texts[2], texts[3])
        assert wrong is None, f"{edit}: {mark!r} {wrong}"
    for line in edit.gone:
        assert line not in texts[3] or texts[2].count(line) > 1, f"{edit}: {line!r} came back"
