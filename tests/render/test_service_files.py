"""How many files a service of one aggregate has, and that none of them is called like a module of Python's own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import rendering
from harness.paths import EXAMPLES

MOST = {"contract": 4, "dev": 13, "migrations": 3, "src": 48, "tests": 12}
"""Folder → how many files it may have. A file more is a concern more that a new colleague has to find."""

TOGETHER = 80
"""All that `MOST` may allow."""


def counted(tree: Path) -> dict[str, int]:
    """Files by their folder."""
    return {folder: sum(path.is_file() for path in (tree / folder).rglob("*")) for folder in MOST}


def shadowing(tree: Path) -> list[str]:
    """The modules called like one of the standard library; a package inside another one may be."""
    return [name for name in sorted(modules(tree)) if Path(name).stem in sys.stdlib_module_names - {"__main__"}]


def modules(tree: Path) -> Iterator[str]:
    for folder in ("dev", "migrations", "src", "tests"):
        for path in (tree / folder).rglob("*.py"):
            if path.name != "__init__.py":
                yield path.relative_to(tree).as_posix()


def test_there_are_no_more_files_than_there_may_be(tmp_path: Path) -> None:
    tree = rendering.copy_example("minimal", tmp_path / "service")
    found = counted(tree)
    assert {folder: count for folder, count in found.items() if count > MOST[folder]} == {}
    assert found == MOST, "with fewer files, the table goes down"
    assert sum(MOST.values()) <= TOGETHER
    (tree / "dev" / "more.py").touch()
    assert counted(tree)["dev"] > MOST["dev"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_module_is_called_like_one_of_python(example: str, tmp_path: Path) -> None:
    tree = rendering.copy_example(example, tmp_path / "service")
    assert shadowing(tree) == []
    for name in ("token.py", "secrets.py", "mine.py"):
        (tree / "dev" / name).touch()
    assert shadowing(tree) == ["dev/secrets.py", "dev/token.py"]
