"""The campaign of corpora asks for the seeds that it says, and goes on where it stopped."""

import json
import re
from pathlib import Path

import pytest
from campaigns import corpora
from harness.paths import ROOT
from harness.seeds import SEEDS, chosen, seeds


@pytest.mark.parametrize("test", [test for test in corpora.CORPORA.values() if "::" in test])
def test_each_corpus_is_a_test_with_seeds(test: str) -> None:
    path, _, name = test.partition("::")
    assert re.search(rf'parametrize\("seed", seeds\(.*\)\)\ndef {name}\(', (ROOT / path).read_text(encoding="utf-8"))


def test_what_decides_about_the_cases_exists() -> None:
    assert [name for name in corpora.DECIDES if not (ROOT / name).exists()] == []


def test_other_seeds_are_counted_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.values for each in seeds(1000, 2, 1)] == [(1000,), (1001,)]
    monkeypatch.setenv(SEEDS, "20-22")
    assert [each.values for each in seeds(1000, 2, 1)] == [(1020,), (1021,), (1022,)]


def test_of_what_is_counted_no_more_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*chosen(37, 3)] == [0, 1, 2]
    monkeypatch.setenv(SEEDS, "20-39")
    assert [*chosen(37, 3)] == [*range(20, 37)]
    monkeypatch.setenv(SEEDS, "40-59")
    assert [*chosen(37, 3)] == []


def test_a_batch_that_was_green_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, int, int]] = []
    found = {("renames", 20): ["test_case[23]"]}

    def tried(test: str, first: int, count: int) -> list[str]:
        corpus = next(name for name, each in corpora.CORPORA.items() if each == test)
        ran.append((corpus, first, count))
        return found.pop((corpus, first), [])

    monkeypatch.setattr(corpora, "RESULTS", tmp_path)
    monkeypatch.setattr(corpora, "tried", tried)
    monkeypatch.setattr(corpora, "git", lambda _, *arguments: "" if arguments[0] == "status" else arguments[-1])
    monkeypatch.setattr(corpora, "AT_MOST", {"profiles": 20})
    every = [(corpus, first, size) for first, size in ((0, 20), (20, 10)) for corpus in corpora.CORPORA]
    every.remove(("profiles", 20, 10))

    assert corpora.run(tmp_path, 30) == 1
    assert ran == every
    lines = [json.loads(line) for line in (tmp_path / "corpora.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(each["corpus"], each["red"]) for each in lines if each["red"]] == [("renames", ["test_case[23]"])]
    assert "| renames | 30 | 1 |" in (tmp_path / "corpora.md").read_text(encoding="utf-8")

    ran.clear()
    assert corpora.run(tmp_path, 30) == 0
    assert ran == [("renames", 20, 10)]


def test_nothing_runs_on_what_is_not_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "git", lambda *_: " M src/castrum/cli.py")
    with pytest.raises(SystemExit, match="Commit first"):
        corpora.run(tmp_path, 1)
