"""What `castrum resolve` makes of merges of several branches, and of names that one branch or both changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import rendering
from harness.branches import AVAILABILITY, COLOUR, NOTE, ORGANISATION, WEIGHT, Change, anew, gate, merge, start, two
from harness.repository import commit_all, git
from harness.updates import Site, castrum, contents

pytestmark = pytest.mark.xdist_group("branches")

NAME = "      name: string(120) pii\n"
LAST = Change(domain=((NAME, f"{NAME}      last: ref Order?\n"),))
SIZE = Change(domain=((NOTE, f"{NOTE}      size: int?\n"),))
CANARY = Change(answers=("release=canary",))
PURCHASE = Change(domain=(("  Order:\n", "  Purchase:\n    renamed_from: Order\n"),))
DEAL = Change(domain=(("  Order:\n", "  Deal:\n    renamed_from: Order\n"),))
REMARK = Change(domain=((NOTE, "      remark:\n        type: text?\n        renamed_from: note\n"),))
WORDS = Change(domain=((NOTE, "      words:\n        type: text?\n        renamed_from: note\n"),))

OWN = '''"""Ours."""

from ..order.model import Order


def {name}(order: Order) -> object:
    """What was noted."""
    return order.note
'''


@pytest.fixture
def project(fast: Site, tmp_path: Path) -> Iterator[Path]:
    with rendering.fast_copier(clone=True):
        yield start(fast, tmp_path / "shop")


def rest(site: Site, project: Path, tmp_path: Path) -> set[str]:
    """The files that a fresh copy has not, or otherwise."""
    fresh, there = anew(site, project, tmp_path), contents(project)
    paths = {path for path in fresh.keys() | there if fresh.get(path) != there.get(path)}
    return paths - {"domain.yaml", "migrations/versions/0001_initial.py"}


@pytest.mark.parametrize("way", ["octopus", "squash", "squash at once"])
def test_no_answer_of_three_branches_is_lost(way: str, project: Path, fast: Site, tmp_path: Path) -> None:
    names = ("one", "two", "three")
    for name, change in zip(names, (AVAILABILITY, ORGANISATION, CANARY), strict=True):
        git(project, "checkout", "--quiet", "-b", name, "main")
        change.make(project)
    git(project, "checkout", "--quiet", "main")
    (project / "beside.txt").write_text("Ours.\n", encoding="utf-8")
    commit_all(project, "Beside")
    if way == "octopus":
        git(project, "merge", "--quiet", "--no-edit", *names)
    elif way == "squash at once":
        git(project, "checkout", "--quiet", "one")
        for name in names[1:]:
            git(project, "merge", "--quiet", "--no-edit", name)
        git(project, "checkout", "--quiet", "main")
        git(project, "merge", "--quiet", "--squash", "one")
        commit_all(project, "All of them")
    for name in names if way == "squash" else ():
        git(project, "merge", "--quiet", "--squash", name)
        commit_all(project, name)
    assert "branches were merged" in gate(project)
    code, said = castrum("resolve", project)
    assert code == 0, said
    answers = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    for words in ("availability: '99.95'", "organisation: Beta", "release: canary"):
        assert words in answers
    assert gate(project) == ""
    assert rest(fast, project, tmp_path) == {"beside.txt"}


def test_branches_that_git_cannot_tell_apart_are_merged_one_by_one(project: Path) -> None:
    for name, change in (("one", SIZE), ("two", COLOUR), ("theirs", WEIGHT)):
        git(project, "checkout", "--quiet", "-b", name, "main")
        change.make(project)
    git(project, "checkout", "--quiet", "one")
    for name in ("two", "theirs"):
        git(project, "checkout", "--quiet", "--ours", "--", *merge(project, branch=name))
        commit_all(project, "Merged")
    git(project, "checkout", "--quiet", "main")
    git(project, "merge", "--quiet", "--squash", "one")
    commit_all(project, "All of them")
    before = contents(project)
    code, said = castrum("resolve", project)
    assert code == 2
    assert "cannot be told apart" in said
    assert "merge them one by one, and castrum resolve after each" in said
    assert contents(project) == before


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(COLOUR, PURCHASE), (PURCHASE, REMARK), (PURCHASE, LAST)],
    ids=["a field here", "a field's name there", "a reference there"],
)
def test_a_name_that_one_branch_changed(
    ours: Change, theirs: Change, project: Path, fast: Site, tmp_path: Path
) -> None:
    """What the other branch wrote follows, and nothing is said to be missing that is there."""
    git(project, "branch", "theirs")
    for branch, change in (("main", ours), ("theirs", theirs)):
        git(project, "checkout", "--quiet", branch)
        place = project / f"src/shop/own/{branch}s.py"
        place.write_text(OWN.format(name=branch), encoding="utf-8")
        commit_all(project, "Own code")
        change.make(project)
    git(project, "checkout", "--quiet", "main")
    merge(project)
    code, said = castrum("resolve", project)
    assert code == 0, said
    assert "without" not in said
    assert gate(project) == ""
    assert rest(fast, project, tmp_path) == {"src/shop/own/mains.py", "src/shop/own/theirss.py"}
    one, other = ((project / f"src/shop/own/{name}s.py").read_text(encoding="utf-8") for name in ("main", "theirs"))
    assert one.replace("main", "theirs") == other
    changes = {*ours.domain, *theirs.domain}
    assert ("Purchase" in one) == (PURCHASE.domain[0] in changes)
    assert ("order.remark" in one) == (REMARK.domain[0] in changes)


@dataclass(frozen=True)
class Twice:
    """A name that becomes another one on each side."""

    former: str
    ours: tuple[str, Change]
    theirs: tuple[str, Change]


@pytest.mark.parametrize(
    ("twice", "side"),
    [
        (Twice("Order", ("Purchase", PURCHASE), ("Deal", DEAL)), "theirs"),
        (Twice("Order.note", ("remark", REMARK), ("words", WORDS)), "ours"),
    ],
)
def test_a_name_that_both_changed(twice: Twice, side: str, project: Path, fast: Site, tmp_path: Path) -> None:
    two(project, twice.ours[1], twice.theirs[1])
    conflicts = {path for path in merge(project) if (project / path).exists()}
    told = gate(project)
    assert all(f"{path}: has conflict markers" in told for path in conflicts)
    names = twice.ours[0], twice.theirs[0]
    code, said = castrum("resolve", project)
    assert code == 2
    assert f"the new name of {twice.former}: ours says {names[0]}, theirs says {names[1]}" in said
    code, said = castrum("resolve", project, "--take", f"domain={side}")
    assert code == 0, said
    domain = (project / "domain.yaml").read_text(encoding="utf-8")
    assert [name in domain for name in names] == [side == "ours", side == "theirs"]
    assert gate(project) == ""
    assert rest(fast, project, tmp_path) == set()


def test_a_sparse_checkout_is_asked_for_what_it_lacks(project: Path) -> None:
    two(project, AVAILABILITY, COLOUR)
    git(project, "sparse-checkout", "set", "src", "contract")
    merge(project)
    commit_all(project, "Merged")
    before = contents(project)
    code, said = castrum("resolve", project)
    assert (code, "git sparse-checkout disable" in said) == (2, True)
    assert contents(project) == before
    git(project, "sparse-checkout", "disable")
    assert castrum("resolve", project)[0] == 0


def test_a_tag_that_was_moved_since(project: Path, fast: Site) -> None:
    two(project, AVAILABILITY, ORGANISATION)
    merge(project)
    before, was = contents(project), git(fast.template, "rev-parse", "v0.1.0^{commit}").strip()
    try:
        other = git(fast.template, "commit-tree", "v0.2.0^{tree}", "-m", "Another one").strip()
        git(fast.template, "tag", "--force", "v0.1.0", other)
        fast.forget()
        code, said = castrum("resolve", project)
    finally:
        git(fast.template, "tag", "--force", "v0.1.0", was)
        fast.forget()
    assert code == 2
    assert f"git tag --force v0.1.0 {was}" in said
    assert contents(project) == before
