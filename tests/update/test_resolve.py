"""Two branches that ask for something else each, merged by plain git: `castrum resolve` makes of it what both ask for.

The recipes of a team, and a corpus of pairs. A pair is replayed by its seed:
``pytest tests/update/test_resolve.py -k "test_pair and [17]"``.
"""

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from harness import rendering
from harness.branches import (
    AVAILABILITY,
    COLOUR,
    NOTE,
    ORGANISATION,
    START,
    WEIGHT,
    Change,
    anew,
    gate,
    merge,
    start,
    two,
)
from harness.repository import GIT, commit_all, git
from harness.seeds import seeds
from harness.tools import BIN, run
from harness.updates import Site, castrum, contents

from castrum import copying

pytestmark = pytest.mark.xdist_group("branches")

MARKER = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)


@pytest.fixture
def site_of_branches(fast: Site) -> Iterator[Site]:
    """Copies are made without a process for each file: nothing of git is looked at in them."""
    with rendering.fast_copier(clone=True):
        yield fast


@pytest.fixture
def project(site_of_branches: Site, tmp_path: Path) -> Path:
    return start(site_of_branches, tmp_path / "shop")


CHANGES = [
    AVAILABILITY,
    ORGANISATION,
    COLOUR,
    WEIGHT,
    Change(domain=(("      name: string(120) pii\n", "      name: string(120) pii\n      nickname: string(40)?\n"),)),
    Change(domain=(("aggregates:\n", "aggregates:\n  Article:\n    fields:\n      title: string(80)\n"),)),
    Change(domain=(("string(20) unique", "string(30) unique"),)),
    Change(domain=((NOTE, ""),)),
    Change(domain=(("    sort:\n", "    filter:\n        - customer\n    sort:\n"),)),
    Change(answers=("cloud=gcp", "peak_rps=2000")),
    Change(answers=("repository_host=gitlab",)),
    Change(tag="v0.2.0"),
    Change(tag="v0.3.0", answers=("release=canary",)),
]
PAIRS = [(one, two) for one in range(len(CHANGES)) for two in range(len(CHANGES)) if one != two]
CASES = 36
QUICK = 8


@pytest.fixture(scope="session")
def branches(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with a branch for each change."""
    patch = pytest.MonkeyPatch()
    for name, value in GIT.items():
        patch.setenv(name, value)
    patch.setattr(copying, "fresh", site.remembered)
    patch.setattr(copying, "followers", site.followers)
    project = start(site, tmp_path_factory.mktemp("branches") / "shop")
    with rendering.fast_copier(clone=True):
        for number, change in enumerate(CHANGES):
            git(project, "checkout", "--quiet", "-b", f"change-{number}", "main")
            change.make(project)
    patch.undo()
    return project


OWN = re.compile(r"service\.py|/own/|own\.yaml|\.tfvars|migrations/versions|^domain\.yaml|^\.copier|^\.castrum")


def work(choose: random.Random, project: Path, who: str) -> dict[str, list[str]]:
    """Insert lines into some files, and add a file; path → lines."""
    names = [name for name in git(project, "ls-files").splitlines() if not OWN.search(name)]
    edits = {}
    for number, name in enumerate(choose.sample(names, 3)):
        text = (project / name).read_bytes().decode()
        lines = text.split("\n")
        mark = f"# {who}-{number}"
        lines.insert(choose.randrange(len(lines)), mark)
        (project / name).write_bytes("\n".join(lines).encode())
        edits[name] = [mark]
    (project / f"docs/{who}.md").write_text(f"{who} file\n", encoding="utf-8")
    edits[f"docs/{who}.md"] = [f"{who} file"]
    commit_all(project, f"Edits of {who}")
    return edits


@pytest.mark.parametrize("seed", seeds(0, CASES, QUICK))
def test_pair(seed: int, branches: Path, site_of_branches: Site, tmp_path: Path) -> None:
    choose = random.Random(seed)
    one, two = random.Random(0).sample(PAIRS, len(PAIRS))[seed % len(PAIRS)]
    project = tmp_path / "shop"
    shutil.copytree(branches, project, symlinks=True)
    edits = {}
    for branch, number in (("theirs", two), ("ours", one)):
        git(project, "checkout", "--quiet", "-b", branch, f"change-{number}")
        edits[branch] = work(choose, project, branch)
    conflicts = merge(project)
    if conflicts and choose.random() < 0.5:
        side = choose.choice(["--ours", "--theirs"])
        for path in conflicts:  # where the side has none, it removed it
            run("git", "checkout", side, "--", path, cwd=project, env=GIT, check=False)
            if all(path in each for each in edits.values()):  # both edited it: what was decided for stays
                decided = (project / path).read_text(encoding="utf-8").splitlines()
                for each in edits.values():
                    each[path] = [line for line in each[path] if line in decided]
    if not conflicts or choose.random() < 0.5:
        commit_all(project, "Merged")
    assert ".castrum/: branches were merged" in gate(project)

    code, said = castrum("resolve", project)

    assert code in {0, 1}, said
    left = {line.split("\t")[1] for line in git(project, "ls-files", "--unmerged").splitlines()}
    after = contents(project)
    undecided = {name for name in after if MARKER.search(after[name])} | left
    kept = {name for name in after if name.startswith("kept/")}
    assert (code == 1) == bool(undecided or kept), said
    marks = {
        path: [*edits["ours"].get(path, ()), *edits["theirs"].get(path, ())]
        for path in {**edits["ours"], **edits["theirs"]}
    }
    for path, lines in marks.items():
        there = b"".join(after.get(place, b"") for place in (path, f"kept/{path}.yours")).decode().splitlines()
        assert set(lines) <= set(there), f"{path}: lost; {said}"
    fresh = anew(site_of_branches, project, tmp_path)
    for path in sorted({*fresh, *after} - undecided - kept):
        if path.startswith("migrations/versions/") or path in {"docs/ours.md", "docs/theirs.md"}:
            continue
        text = after.get(path)
        if path in marks and text is not None:
            text = "\n".join(line for line in text.decode().split("\n") if line not in marks[path]).encode()
        assert text == fresh.get(path), f"{path} is not what a fresh copy has; {said}"
    assert undecided <= marks.keys(), said
    assert_both(project, CHANGES[one], CHANGES[two])
    assert "branches were merged" not in gate(project)


def assert_both(project: Path, one: Change, two: Change) -> None:
    """The answers, the domain and the version are what both changes ask for."""
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    for answer in (*one.answers, *two.answers):
        name, _, value = answer.partition("=")
        assert recorded[name] == value
    assert recorded["_commit"] == max(tag.replace("current", START.tag) for tag in (one.tag, two.tag))
    text = git(project, "show", "change-0:domain.yaml") + "\n"
    # What is put beside a line comes before that line goes.
    for old, new in sorted((*one.domain, *two.domain), key=lambda change: change[1] == ""):
        text = text.replace(old, new)
    assert yaml.safe_load((project / "domain.yaml").read_text(encoding="utf-8")) == yaml.safe_load(text)
    assert recorded["domain"] == yaml.safe_load(text)


def test_two_answers(project: Path, site_of_branches: Site, tmp_path: Path) -> None:
    two(project, AVAILABILITY, ORGANISATION)
    assert merge(project) == []
    assert "branches were merged" in gate(project)
    code, said = castrum("update", project)
    assert (code, "castrum resolve" in said) == (2, True)
    code, said = castrum("resolve", project)
    assert code == 0, said
    assert "availability: 99.95 (ours)" in said
    assert gate(project) == ""
    fresh = anew(site_of_branches, project, tmp_path)
    assert contents(project) == fresh | {"domain.yaml": (project / "domain.yaml").read_bytes()}
    commit_all(project, "Resolved")
    assert gate(project) == ""
    assert "Nothing to resolve" in castrum("resolve", project)[1]
    assert "Nothing to do" in castrum("update", project, "--to", "current")[1]


HIGHEST = Change(answers=("availability=99.99",))


@pytest.mark.parametrize("side", ["--ours", "--theirs"])
def test_a_side_that_was_taken_hides_no_answer(side: str, project: Path) -> None:
    two(project, AVAILABILITY, HIGHEST)
    conflicts = merge(project)
    assert ".copier-answers.yml" in conflicts
    git(project, "checkout", side, "--", *conflicts)
    commit_all(project, "Merged")
    before = contents(project)
    code, said = castrum("resolve", project)
    assert code == 2
    assert "availability: ours says 99.95, theirs says 99.99; --take availability=ours" in said
    assert contents(project) == before
    code, said = castrum("resolve", project, "--take", "availability=theirs")
    assert code == 0, said
    assert "availability: '99.99'" in (project / ".copier-answers.yml").read_text(encoding="utf-8")


def test_what_was_decided_line_by_line_is_not_asked_again(project: Path) -> None:
    high = Change(answers=("availability=99.99", "organisation=Beta"))
    two(project, Change(answers=("availability=99.95", "peak_rps=200")), high)
    conflicts = merge(project)
    name = project / ".copier-answers.yml"
    name.write_text(
        re.sub(r"<{7}.*\n(.*\n)={7}\n(.*\n)>{7}.*\n", r"\2", name.read_text(encoding="utf-8")), encoding="utf-8"
    )
    git(project, "checkout", "--ours", "--", *(set(conflicts) - {".copier-answers.yml"}))
    code, said = castrum("resolve", project)
    assert code == 0, said
    assert "availability: 99.99 (theirs)" in said


def test_a_domain_that_lost_a_side_gets_it_back(project: Path) -> None:
    two(project, COLOUR, WEIGHT)
    conflicts = merge(project)
    assert "domain.yaml" in conflicts
    git(project, "checkout", "--ours", "--", *conflicts)
    commit_all(project, "Merged")
    code, said = castrum("resolve", project)
    assert code == 0, said
    assert "domain.yaml: had one side only, and has both again" in said
    text = (project / "domain.yaml").read_text(encoding="utf-8")
    assert "colour" in text
    assert "weight" in text


def test_what_a_person_wrote_into_the_merge_stays(project: Path) -> None:
    """A line of one's own in a merged file, and a decision between two that people wrote in one place."""
    rule = "src/shop/order/routes.py"
    git(project, "branch", "theirs")
    for branch, change, words in (("main", COLOUR, "# ours\n"), ("theirs", WEIGHT, "# theirs\n")):
        git(project, "checkout", "--quiet", branch)
        change.make(project)
        (project / rule).write_text(words + (project / rule).read_text(encoding="utf-8"), encoding="utf-8")
        commit_all(project, "A rule")
    git(project, "checkout", "--quiet", "main")
    conflicts = merge(project)
    text = (project / rule).read_text(encoding="utf-8")
    start, end = text.index("<<<<<<<"), text.index("\n", text.index(">>>>>>>")) + 1
    (project / rule).write_text(text[:start] + "# both\n" + text[end:], encoding="utf-8")
    git(project, "checkout", "--ours", "--", *(set(conflicts) - {rule}))
    commit_all(project, "Merged")
    with (project / "README.md").open("a", encoding="utf-8") as stream:
        stream.write("Since then.\n")
    commit_all(project, "Later")
    code, said = castrum("resolve", project)
    assert code == 0, said
    assert (project / rule).read_text(encoding="utf-8").startswith("# both\n")
    assert "weight" in (project / "src/shop/order/schemas.py").read_text(encoding="utf-8")
    assert (project / "README.md").read_text(encoding="utf-8").endswith("Since then.\n")


@pytest.mark.parametrize("way", ["squash", "rebase", "cherry-pick"])
def test_ways_that_leave_no_merge_commit(way: str, project: Path) -> None:
    two(project, AVAILABILITY, ORGANISATION)
    if way == "squash":
        merge(project, "--squash")
        commit_all(project, "Squashed")
    elif way == "rebase":
        git(project, "rebase", "--quiet", "main", "theirs")
    else:
        git(project, "cherry-pick", "theirs")
    assert "branches were merged" in gate(project)
    code, said = castrum("resolve", project)
    assert code == 0, said
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    assert "availability: '99.95'" in text
    assert "organisation: Beta" in text
    assert gate(project) == ""


def test_a_rebase_that_waits(project: Path) -> None:
    two(project, COLOUR, WEIGHT)
    run("git", "rebase", "--quiet", "main", "theirs", cwd=project, env=GIT, check=False)
    code, said = castrum("resolve", project)
    assert code == 0, said
    assert "git rebase --continue" in said
    git(project, "-c", "core.editor=true", "rebase", "--continue")
    assert gate(project) == ""
    assert "weight" in (project / "src/shop/order/schemas.py").read_text(encoding="utf-8")


def test_it_can_be_taken_back(project: Path) -> None:
    two(project, COLOUR, WEIGHT)
    merge(project)
    before, index = contents(project), git(project, "ls-files", "--stage")
    assert castrum("resolve", project)[0] == 0
    assert git(project, "ls-files", "--unmerged") == ""
    code, said = castrum("resolve", project, "--abort")
    assert code == 0, said
    assert (contents(project), git(project, "ls-files", "--stage")) == (before, index)


def test_a_branch_that_is_merged_before_the_last_one_was_resolved(project: Path) -> None:
    two(project, AVAILABILITY, ORGANISATION)
    git(project, "checkout", "--quiet", "-b", "third", "theirs~1")
    COLOUR.make(project)
    git(project, "checkout", "--quiet", "main")
    merge(project)
    git(project, "merge", "--quiet", "--no-edit", "third")
    code, said = castrum("resolve", project)
    assert code == 0, said
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    for words in ("availability: '99.95'", "organisation: Beta", "colour"):
        assert words in text
    assert gate(project) == ""


def test_a_service_in_a_folder(site_of_branches: Site, tmp_path: Path) -> None:
    project = start(site_of_branches, tmp_path / "all" / "shop")
    (project / ".git").rename(project.parent / ".git")
    commit_all(project.parent, "One repository for all")
    two(project, COLOUR, WEIGHT)
    merge(project)
    code, said = castrum("resolve", project)
    assert code == 0, said
    assert git(project, "ls-files", "--unmerged") == ""
    (line,) = gate(project).splitlines()
    assert line.endswith('make regen ANSWERS="folder=shop" mends that'), "its answers do not say where it lies"


def test_the_command_is_found_while_the_answers_have_conflicts(project: Path) -> None:
    """It is that of the newer version of the template, which knows more."""
    ours, theirs = Change(tag="v0.2.0"), Change(tag="v0.3.0")
    two(project, ours, theirs)
    assert ".copier-answers.yml" in merge(project)
    text = "import dev.template as c; print(c.recorded((c.ROOT / '.copier-answers.yml').read_text())[1])"
    assert run(BIN / "python", "-c", text, cwd=project, env=GIT).stdout == "v0.3.0\n"
    git(project, "merge", "--abort")
    assert run(BIN / "python", "-c", text, cwd=project, env=GIT).stdout == "v0.2.0\n"


def test_nothing_to_resolve(project: Path) -> None:
    code, said = castrum("resolve", project)
    assert (code, "Nothing to resolve" in said) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--take", "availability"), "expected NAME=ours or NAME=theirs"),
        (("--data", "clod=aws"), "unknown answer 'clod'"),
        (("--to", "v9.9.9"), "v9.9.9"),
        (("--abort",), "nothing to take back"),
    ],
)
def test_refusals(arguments: tuple[str, ...], words: str, project: Path) -> None:
    two(project, AVAILABILITY, ORGANISATION)
    merge(project)
    before = contents(project)
    code, said = castrum("resolve", project, *arguments)
    assert code == 2, said
    assert words in said
    assert "Traceback" not in said
    assert contents(project) == before
