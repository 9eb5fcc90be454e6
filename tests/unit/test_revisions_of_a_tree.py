"""The newest revisions of a tree are found however their files say what they come after."""

import pytest

from castrum.repository.trees import File
from castrum.resolve.revisions import heads

FOLLOWS = [
    'down_revision = "1"',
    "down_revision = '1'",
    'down_revision: str | None = "1"',
    'down_revision = ("1", "0")',
    'down_revision = (\n    "1",\n    "0",\n)',
]


def revision(name: str, after: str = "down_revision = None") -> File:
    return File(f'"""Change."""\n\nrevision = "{name}"\n{after}\nnumber = len("1")\n'.encode())


@pytest.mark.parametrize("after", FOLLOWS)
def test_one_that_another_comes_after_is_not_the_newest(after: str) -> None:
    files = {"migrations/versions/1_a.py": revision("1"), "migrations/versions/2_b.py": revision("2", after)}
    assert heads(files) == ["migrations/versions/2_b.py"]


def test_each_branch_has_one() -> None:
    files = {f"migrations/versions/{name}_x.py": revision(name, FOLLOWS[0]) for name in ("2", "3")}
    files["migrations/versions/1_a.py"] = revision("1")
    assert heads(files) == ["migrations/versions/2_x.py", "migrations/versions/3_x.py"]


@pytest.mark.parametrize("content", [b"<<<<<<< ours\n", b"\0", b"x = 1\n", b"revision = 7\n"])
def test_what_is_no_revision_is_passed_over(content: bytes) -> None:
    files = {"migrations/versions/a.py": File(content), "src/shop/b.py": revision("1")}
    assert heads(files) == []
