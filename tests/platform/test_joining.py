"""Revisions of several branches become one line, and none that may have been released is touched."""

import os
import re
import subprocess
from math import inf
from pathlib import Path

import dev
import pytest
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from dev import joining
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ordering.platform.postgres import history

REVISION = '''"""{message}

Revision ID: {id}
Revises: {after}
"""

revision: str = "{id}"
down_revision: str | None = {down!r}
depends_on = {needs!r}


def upgrade() -> None:
    """Äpfel."""


def downgrade() -> None:
    pass
'''
BASE = "origin/main"


class Repository:
    """A service's repository with revisions that change nothing."""

    def __init__(self, folder: Path) -> None:
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (folder / "migrations" / "script.py.mako").touch()
        self._folder = folder
        self._hour = 0
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> None:
        time = f"2026-01-01T{self._hour:02d}:00:00Z"
        said = {"NAME": "Ann", "EMAIL": "ann@example.com", "DATE": time}
        given = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in said.items()}
        command = ["git", *arguments]
        subprocess.run(command, cwd=self._folder, env={**os.environ, **given}, check=True, capture_output=True)

    def write(
        self, name: str, after: str | tuple[str, ...] | None, message: str = "", needs: str | None = None
    ) -> Path:
        path = self.versions / f"{name}_{message.replace(' ', '_') or 'add'}.py"
        path.write_text(REVISION.format(id=name, after=after or "-", down=after, message=message or name, needs=needs))
        return path

    def add(self, name: str, after: str | tuple[str, ...] | None, message: str = "", needs: str | None = None) -> Path:
        """Write a revision and commit it, later than those before."""
        path = self.write(name, after, message, needs)
        self._hour += 1
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", name)
        return path

    def on(self, name: str, start: str = "main") -> None:
        self.git("switch", "--quiet", "--create", name, start)

    def merge(self, *names: str) -> None:
        self.git("merge", "--quiet", "-m", "merge", *names)

    def publish(self, name: str = "main") -> None:
        """Let this branch be what the others merge into."""
        self.git("update-ref", f"refs/remotes/{BASE}", name)

    def line(self) -> list[str]:
        """The ids in their order, as Alembic finds them; fails where there is more than one line."""
        found = [*ScriptDirectory(str(self._folder / "migrations")).walk_revisions()]
        assert all(not isinstance(each.down_revision, tuple) for each in found)
        return [each.revision for each in found][::-1]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for module in (joining, dev):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    made = Repository(tmp_path)
    monkeypatch.setattr(joining, "FOLDER", made.versions)
    made.add("0001", None)
    return made


def test_ids_sort_by_age_and_after_the_numbers_of_before() -> None:
    ids = [joining.new_id(at) for at in (0, 1_700_000_000, 1_700_000_001)]
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"\d{8}_\d{6}_[0-9a-f]{4}", each) for each in ids)
    assert ids[1].startswith("20231114_221320_")
    assert joining.new_id() > "0002"
    assert len({joining.new_id(0) for _ in range(20)}) > 1


def test_the_younger_comes_behind_the_elder(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.on("a")
    elder = repository.add("9f3c1d2ab4e7", "0001")
    repository.on("b")
    younger = repository.add("20260102_000000_aaaa", "0001")
    assert not [*joining.findings(joining.read())]
    repository.merge("a")
    (finding,) = joining.findings(joining.read())
    assert all(f"migrations/versions/{path.name}" in finding for path in (elder, younger))
    assert "make migration" in finding
    before = elder.read_bytes()
    (moved,) = joining.join(BASE)
    assert moved.path == younger
    assert elder.read_bytes() == before
    assert "Revises: 9f3c1d2ab4e7\n" in younger.read_text()
    assert repository.line() == ["0001", "9f3c1d2ab4e7", "20260102_000000_aaaa"]
    assert f"There is no {BASE} here" in capsys.readouterr().out
    assert joining.join(BASE) == []


def test_what_the_base_has_comes_first_however_young(repository: Repository) -> None:
    repository.on("own")
    repository.add("old", "0001")
    repository.add("old_too", "old")
    repository.git("switch", "--quiet", "main")
    released = repository.add("young", "0001")
    repository.publish()
    repository.git("switch", "--quiet", "own")
    repository.merge("main")
    before = released.read_bytes()
    moved = joining.join(BASE)
    assert [each.id for each in moved] == ["old"]
    assert released.read_bytes() == before
    assert repository.line() == ["0001", "young", "old", "old_too"]


def test_one_that_came_after_none_gets_its_place(repository: Repository) -> None:
    """Its type says None, too, and what stands there is counted in bytes."""
    path = repository.add("0002", None, "ohne Äpfel")
    path.write_text(path.read_text().replace("down_revision: str | None", 'why = "Ä"; down_revision: str | None'))
    joining.join("HEAD~1")
    assert 'why = "Ä"; down_revision: str | None = "0001"\n' in path.read_text()


def test_another_base_may_be_named(repository: Repository) -> None:
    for name in ("a", "b"):
        repository.on(name)
        repository.add(name, "0001")
    repository.merge("a")
    with pytest.raises(CommandError, match=r"no commit nowhere here"):
        joining.join("nowhere")
    repository.git("remote", "add", "origin", "https://git.example.com/ordering.git")
    with pytest.raises(CommandError, match="git fetch"):
        joining.join(BASE)
    joining.join("b^1")  # b as it was before the merge
    assert repository.line() == ["0001", "b", "a"]


def test_three_branches(repository: Repository) -> None:
    for name in ("a", "b", "c"):
        repository.on(name)
        repository.add(f"{name}1", "0001")
        repository.add(f"{name}2", f"{name}1")
    repository.merge("a")
    repository.merge("b")
    assert len(re.findall("migrations/versions", next(joining.findings(joining.read())))) == 3
    joining.join(BASE)
    assert repository.line() == ["0001", "a1", "a2", "b1", "b2", "c1", "c2"]


def test_what_was_not_committed_is_the_youngest(repository: Repository) -> None:
    repository.write("a_new", "0001")
    repository.add("b_old", "0001")
    repository.write("0000", "0001")
    joining.join(BASE)
    assert repository.line()[-1] == "0000"


def test_one_that_needs_another_comes_after_it(repository: Repository) -> None:
    repository.on("a")
    repository.add("needing", "0001", needs="needed")
    repository.on("b")
    repository.add("needed", "0001")
    repository.merge("a")
    joining.join(BASE)
    assert repository.line() == ["0001", "needed", "needing"]


def test_revisions_that_need_each_other_are_an_error(repository: Repository) -> None:
    repository.on("a")
    repository.add("one", "0001", needs="two")
    repository.on("b")
    repository.add("two", "0001", needs="one")
    repository.merge("a")
    with pytest.raises(CommandError, match=r"one_add\.py and migrations/versions/two_add\.py need each other"):
        joining.join(BASE)


def test_one_that_joins_branches_follows_like_any_other(repository: Repository) -> None:
    repository.on("own")
    repository.add("mine", "0001")
    repository.git("switch", "--quiet", "main")
    repository.add("first", "0001")
    repository.git("switch", "--quiet", "own")
    repository.merge("main")
    repository.add("both", ("first", "mine"))
    assert not [*joining.findings(joining.read())]
    repository.git("switch", "--quiet", "main")
    repository.add("second", "first")
    repository.publish()
    repository.git("switch", "--quiet", "own")
    repository.merge("main")
    joining.join(BASE)
    assert repository.line() == ["0001", "first", "second", "mine", "both"]


def test_branches_that_the_base_has_are_joined_by_one_more(repository: Repository) -> None:
    for name in ("a", "b"):
        repository.on(name)
        repository.add(name, "0001")
    repository.merge("a")
    repository.publish("b")
    repository.add("own", "0001")
    before = {path: path.read_bytes() for path in repository.versions.glob("[ab]_*.py")}
    joining.join(BASE)
    assert all(path.read_bytes() == text for path, text in before.items())
    joined = {each.id: each for each in joining.read()}
    (both,) = joined["own"].after
    assert set(joined[both].after) == {"a", "b"}
    assert not [*joining.findings(joining.read())]
    assert joining.join(BASE) == []


@pytest.mark.parametrize("published", [None, "a", "b"])
def test_two_of_one_number_get_different_ids(repository: Repository, published: str | None) -> None:
    """As branches of services had them whose revisions were counted, here with another one after each."""
    for name in ("a", "b"):
        repository.on(name)
        repository.add("0002", "0001", f"add {name}")
        repository.add("0003", "0002", f"more {name}")
    repository.merge("a")
    if published:
        repository.publish(published if published == "a" else "b^1")
    first, second, *_ = joining.findings(joining.read())
    assert "0002_add_a.py and migrations/versions/0002_add_b.py are both revision 0002: make migration" in first
    assert "are both revision 0003" in second
    joining.join(BASE)
    elder, younger = ("b", "a") if published == "b" else ("a", "b")
    line = repository.line()
    assert line[:3] == ["0001", "0002", "0003"]
    names = [next(repository.versions.glob(f"{each}_*.py")).name for each in line]
    assert [re.sub(r"^\w+?_(add|more)", r"\1", name) for name in names[1:]] == [
        f"{what}_{who}.py" for who in (elder, younger) for what in ("add", "more")
    ]
    for number, each in zip(("0002", "0003"), line[3:], strict=True):
        assert each.startswith("20260101_")
        text = next(repository.versions.glob(f"{each}_*.py")).read_text()
        assert f'formerly = "{number}"' in text
        assert f"Revision ID: {each}\n" in text


def test_a_number_that_three_have(repository: Repository) -> None:
    for name in ("a", "b", "c"):
        repository.on(name)
        repository.add("0002", "0001", f"add {name}")
    repository.write("0003", "0002", "not committed")
    repository.merge("a")
    repository.merge("b")
    joining.join(BASE)
    assert len(repository.line()) == 5
    assert repository.line()[-1] == "0003"


def test_a_file_that_is_not_merged_is_named(repository: Repository) -> None:
    path = repository.write("0002", "0001")
    path.write_text(f"<<<<<<< HEAD\n{path.read_text()}")
    with pytest.raises(CommandError, match=r"migrations/versions/0002_add\.py cannot be read"):
        joining.join(BASE)


def test_a_circle_is_an_error(repository: Repository) -> None:
    repository.write("0001", "0002")
    repository.write("0002", "0001")
    assert "need each other" in [*joining.findings(joining.read())][-1]


TREES = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 3), st.booleans()), min_size=1, max_size=7)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_any_branches_become_one_line(
    tree: list[tuple[int, int, bool]], repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in repository.versions.glob("*.py"):
        path.unlink()
    parents: dict[str, str | None] = {"0": None}
    ages, base = {"0_add.py": 0.0}, {"0_add.py"}
    for number, (parent, age, kept) in enumerate(tree, start=1):
        before = str(parent % number)
        parents[str(number)] = before
        ages[f"{number}_add.py"] = float(age) if age else inf
        if kept and f"{before}_add.py" in base:
            base.add(f"{number}_add.py")
    files = {name: repository.write(name, before) for name, before in parents.items()}
    texts = {name: path.read_bytes() for name, path in files.items()}
    monkeypatch.setattr(joining, "git_tried", lambda *_: "")
    monkeypatch.setattr(joining, "_listed", lambda _: base)
    monkeypatch.setattr(joining.Branches, "_first_commit", lambda _, path: ages[path.name])
    joining.join(BASE)
    known = {each.id: each for each in joining.read()}
    assert not [*joining.findings(known.values())]
    for name, before in parents.items():
        if f"{name}_add.py" in base:
            assert files[name].read_bytes() == texts[name]
        if before is not None:
            assert before in history.lineage(known, [name])
