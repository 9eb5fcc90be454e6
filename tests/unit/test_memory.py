"""The folder in memory is one process's own, and what killed runs left beside it goes."""

from pathlib import Path

from harness import memory


def test_only_what_nobody_holds_goes(tmp_path: Path) -> None:
    left = tmp_path / f"{memory.PREFIX}of-a-killed-run"
    (left / "clone").mkdir(parents=True)
    other = tmp_path / "of-another-program"
    other.mkdir()
    with memory.folder(tmp_path) as first:
        assert not left.exists()
        with memory.folder(tmp_path) as second:
            assert {first, second, other} == {*tmp_path.iterdir()}
        assert {first, other} == {*tmp_path.iterdir()}
    assert [*tmp_path.iterdir()] == [other]
