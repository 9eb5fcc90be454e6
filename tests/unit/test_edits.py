"""The judges of the update tests are no good unless they find what is wrong."""

from pathlib import Path

import pytest
from harness.edits import misplaced, touching


def block(name: str, *more: str) -> list[str]:
    return [f"{name}:", "  get:", "    404:", "      description: Not found", *more, "  end"]


BASE = [*block("customer"), *block("order")]
THEIRS = [*block("article"), *BASE]
MARK = "      # mine"
MINE = [*block("customer"), *block("order", MARK)]


def test_right_entity() -> None:
    after = [*block("article"), *block("customer"), *block("order", MARK)]
    assert misplaced(MARK, MINE, BASE, THEIRS, after) is None


@pytest.mark.parametrize("wrong", ["article", "customer"])
def test_wrong_entity(wrong: str) -> None:
    after = [
        line for name in ("article", "customer", "order") for line in block(name, *([MARK] if name == wrong else []))
    ]
    assert misplaced(MARK, MINE, BASE, THEIRS, after) is not None


@pytest.mark.parametrize(("ours", "theirs", "expected"), [(2, 2, True), (2, 3, True), (2, 4, False), (8, 1, False)])
def test_touching(ours: int, theirs: int, expected: bool, tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(10)]
    for name, at in (("base", None), ("ours", ours), ("theirs", theirs)):
        text = [f"{line} changed by {name}" if number == at else line for number, line in enumerate(lines)]
        (tmp_path / name).write_text("\n".join(text), encoding="utf-8")
    assert touching(tmp_path / "base", tmp_path / "ours", tmp_path / "theirs") is expected
