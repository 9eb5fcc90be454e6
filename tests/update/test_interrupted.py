"""An update that is cut short: the tree is as it was, or the command that it names puts it back."""

import os
import random
import signal
import subprocess
import time
from itertools import count
from pathlib import Path

import pytest
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, clean_environment
from harness.updates import Site, castrum, contents, moves, prepared

from castrum import cli
from castrum.repository.transaction import DONE, JOURNAL, Pending
from castrum.update import command as update
from castrum.update.preparing import Update

pytestmark = pytest.mark.xdist_group("corpus")

MOVE = moves()[2]
WRITES = 9
"""Files that this move changes, at least."""


@pytest.fixture
def project(fast: Site, tmp_path: Path) -> Path:
    """A service with work of the person's, which a move changes in many files."""
    project = tmp_path / "shop"
    prepared(fast, MOVE, project)
    for name in ("README.md", "src/shop/order/routes.py", "src/shop/order/service.py"):
        with (project / name).open("a", encoding="utf-8") as stream:
            stream.write("\n# mine\n")
    commit_all(project, "Our work")
    return project


def interrupted(project: Path, monkeypatch: pytest.MonkeyPatch, method: str, times: int, number: int) -> int:
    """Update in a child process that gets the signal when it calls the method for so many times; its status."""
    original = getattr(Pending, method)
    calls = 0

    def fatal(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == times:
            os.kill(os.getpid(), number)
        return original(*arguments)

    monkeypatch.setattr(Pending, method, fatal)
    child = os.fork()
    if child == 0:
        code = 99
        try:
            # A test run in the background of a shell has inherited that Ctrl-C is ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            code = cli.main(["update", str(project), "--to", "current"])
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    monkeypatch.setattr(Pending, method, original)
    return status


@pytest.mark.parametrize("times", range(1, WRITES))
def test_killed_while_writing(times: int, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(project)
    status = interrupted(project, monkeypatch, "_put", times, signal.SIGKILL)
    assert os.WIFSIGNALED(status)
    code, said = castrum("update", project, "--to", "current")
    assert code == 2
    assert "castrum update --abort" in said
    code, said = castrum("update", project, "--abort")
    assert code == 0, said
    assert contents(project) == before
    assert git(project, "status", "--porcelain") == ""
    code, said = castrum("update", project, "--to", "current")
    assert code == 0, said


@pytest.mark.parametrize("times", [1, 4])
def test_killed_before_writing(times: int, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(project)
    assert os.WIFSIGNALED(interrupted(project, monkeypatch, "_save", times, signal.SIGKILL))
    assert contents(project) == before
    assert git(project, "status", "--porcelain") == ""
    assert castrum("update", project, "--to", "current")[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("times", [1, 5])
def test_stopped_puts_back(times: int, number: int, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(project)
    status = interrupted(project, monkeypatch, "_put", times, number)
    assert os.WEXITSTATUS(status) == 130
    assert contents(project) == before
    assert git(project, "status", "--porcelain") == ""


def test_stopped_while_telling(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is written, and the last words say so."""
    before = contents(project)

    def stopped(_: Update) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(update, "report", stopped)
    code, said = castrum("update", project, "--to", "current")
    assert code == 130
    assert "the update is written" in said
    assert contents(project) != before
    assert castrum("update", project, "--abort")[0] == 0
    assert contents(project) == before


def fail(monkeypatch: pytest.MonkeyPatch, error: BaseException, *times: int) -> None:
    """Let the writing of a file, and of one that is put back, fail at these times."""
    original = Pending._put
    calls = count(1)

    def failing(self: Pending, path: str, kind: str) -> None:
        if next(calls) in times:
            raise error
        original(self, path, kind)

    monkeypatch.setattr(Pending, "_put", failing)


def test_stopped_twice(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second Ctrl-C comes while the files are put back."""
    before = contents(project)
    fail(monkeypatch, KeyboardInterrupt(), 5, 6)
    code, said = castrum("update", project, "--to", "current")
    assert code == 130
    assert "stopped halfway" in said
    assert castrum("update", project, "--abort")[0] == 0
    assert contents(project) == before


def test_what_changed_since_is_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody works on after the kill: their file is left, everything else is put back."""
    before = contents(project)
    interrupted(project, monkeypatch, "_put", WRITES - 1, signal.SIGKILL)
    name = next(name for name, content in contents(project).items() if before.get(name, content) != content)
    (project / name).write_bytes(b"worked on\n")
    code, said = castrum("update", project, "--abort")
    assert code == 2
    assert name in said
    assert (project / name).read_bytes() == b"worked on\n"
    assert {key: value for key, value in contents(project).items() if key != name} == {
        key: value for key, value in before.items() if key != name
    }


def test_full_disk(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(project)
    fail(monkeypatch, OSError(28, "No space left on device", "README.md"), 5)
    code, said = castrum("update", project, "--to", "current")
    assert code == 2
    assert "README.md: No space left on device" in said
    assert contents(project) == before


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(seed: int, site: Site, tmp_path: Path, git_environment: None) -> None:
    """The real command, at a moment that nobody has chosen: nothing is written, or it can be taken back."""
    project = tmp_path / "shop"
    prepared(site, MOVE, project)
    commit_all(project, "The domain")
    before = contents(project)
    environment = {**clean_environment(), **GIT}
    process = subprocess.Popen(
        [BIN / "castrum", "update", project, "--to", "current"], stdout=-3, stderr=-3, env=environment
    )
    time.sleep(random.Random(seed).uniform(0.5, 4))
    process.kill()
    process.wait()
    # Written to its end, it may still have been about to tell of it.
    begun = [name for name in (JOURNAL, DONE) if (project / ".git/castrum-update" / name).exists()]
    if begun:
        code, said = castrum("update", project, "--abort")
        assert code == 0, said
    assert contents(project) == before
