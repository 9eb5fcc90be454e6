"""From the answers and the domain of one profile to those of another: as if fresh, updated again or copied again, too.

The git repositories and the updates are real; a fresh copy is made once for the same answers and domain.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import copier
import pytest
from harness import rendering
from harness.paths import domain_file
from harness.repository import commit_all, git
from harness.updates import castrum, of_history
from profiles import profiles, values

from castrum import copying
from castrum.copying import Copy
from castrum.repository.trees import File, read_tree

pytestmark = pytest.mark.xdist_group("profiles")

ROWS = profiles.committed()[:5]
MOVES = [
    pytest.param(old, new, marks=[pytest.mark.slow] * (old != 3), id=f"{old}-{new}")
    for old, new in pairwise(range(len(ROWS)))
]
Fresh = Callable[[int], Copy]


class Copies:
    """What the command would make, made once for the same answers and domain."""

    def __init__(self) -> None:
        self._make = copying.fresh
        self._made: dict[str, Copy] = {}

    def __call__(
        self, source: str, ref: str | None, destination: Path, data: dict[str, Any], _: Copy | None = None
    ) -> Copy:
        domain = destination / "domain.yaml"
        text = domain.read_text(encoding="utf-8") if domain.exists() else ""
        given = {name: value if name == "domain" else str(value) for name, value in data.items()}
        key = json.dumps([source, given, text], sort_keys=True)
        if key not in self._made:
            nothing = Copy({}, None, "", {})
            with rendering.fast_copier(clone=True):
                self._made[key] = self._make(source, ref, destination, data, nothing)
        return self._made[key]


@pytest.fixture(scope="module")
def copies() -> Copies:
    return Copies()


@pytest.fixture
def fresh(
    copies: Copies,
    template_repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    git_environment: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Fresh:
    """Number of a profile → what a new service of it has."""
    monkeypatch.setattr(copying, "fresh", copies)

    def made(number: int) -> Copy:
        destination = tmp_path_factory.mktemp("fresh") / "shop"
        destination.mkdir()
        (destination / "domain.yaml").write_text(domain(number), encoding="utf-8")
        return copies(str(template_repository), "v0.1.0", destination, values.answers(ROWS[number]))

    return made


def domain(number: int) -> str:
    return domain_file(str(ROWS[number]["example"])).read_text(encoding="utf-8")


def asked(old: int, new: int) -> list[str]:
    """All answers; but the region follows the cloud, where nobody chose one."""
    given = values.answers(ROWS[new])
    if ROWS[old]["region"] == ROWS[new]["region"] == "default":
        del given["region"]
    return [part for name, value in given.items() for part in ("--data", f"{name}={value}")]


def there(project: Path) -> dict[str, File]:
    return {name: file for name, file in read_tree(project).items() if not name.startswith(".git/")}


def without_history(tree: dict[str, File]) -> dict[str, File]:
    return {name: file for name, file in tree.items() if not of_history(name)}


def assert_same(one: dict[str, File], two: dict[str, File]) -> None:
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def move(project: Path, old: int, new: int) -> None:
    (project / "domain.yaml").write_text(domain(new), encoding="utf-8")
    code, said = castrum("update", project, "--to", "current", *asked(old, new))
    assert code == 0, said
    assert "Yours, in" not in said
    commit_all(project, f"Profile {new}")


def test_the_moves_reach_every_value_of_every_question() -> None:
    for name in profiles.VALUES.keys() - {"folder"}:  # a service in one is moved in test_monorepos
        assert {row[name] for row in ROWS} == set(profiles.VALUES[name]), name


@pytest.mark.parametrize(("old", "new"), MOVES)
def test_untouched_is_fresh(old: int, new: int, fresh: Fresh, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    for name, file in fresh(old).tree.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(file.content)
        (project / name).chmod(0o755 if file.executable else 0o644)
    commit_all(project, f"Profile {old}")

    move(project, old, new)
    assert_same(without_history(there(project)), without_history(fresh(new).tree))
    assert not [
        path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir()) and ".git" not in path.parts
    ]
    # Twice is once.
    code, said = castrum("update", project, "--to", "current")
    assert (code, git(project, "status", "--porcelain")) == (0, ""), said
    assert castrum("update", project, "--to", "current", "--check")[0] == 0
    # And back: the revisions are as they were all the time.
    move(project, new, old)
    assert_same(there(project), fresh(old).tree)
    # What a person spoils, but for what is theirs, a new copy puts right.
    for number, name in enumerate(sorted(fresh(old).tree.keys() - fresh(old).seeds - {".copier-answers.yml"})):
        (project / name).unlink() if number % 3 else (project / name).write_text("spoilt\n", encoding="utf-8")
    with rendering.fast_copier(clone=True):
        copier.run_recopy(project, defaults=True, overwrite=True, quiet=True, unsafe=True)
    assert_same(there(project), fresh(old).tree)
