"""Writing into a tree, and taking it back, without a repository."""

from pathlib import Path

import pytest

from castrum.repository.transaction import Pending
from castrum.repository.trees import File, read_tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/start.sh").write_text("date\n", encoding="utf-8")
    return tmp_path / "tree"


def test_modes_and_links_come_and_go(tree: Path) -> None:
    before = read_tree(tree)
    after = {"start.sh": File(b"date\n", executable=True), "new/link": File(b"../start.sh", special=True)}
    pending = Pending(tree.parent / "git", tree)
    pending.write(after, "abc", lambda: None)
    assert read_tree(tree) == after
    assert pending.undo() == []
    assert read_tree(tree) == before


def test_services_of_one_repository_do_not_meet(tree: Path) -> None:
    one, two = (Pending(tree.parent / "git", tree, prefix) for prefix in ("services/one/", "services/two/"))
    one.write({"new": File(b"new\n")}, "abc", lambda: None)
    assert one.finished("abc")
    assert not two.finished("abc")
