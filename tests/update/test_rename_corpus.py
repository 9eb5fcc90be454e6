"""A corpus of renames beside foreign words: what is the tool's follows, every other word stays and is told.

What must come out is known from how the files are written, see `harness/renames.py`. A case is replayed by its seed:
``pytest tests/update/test_rename_corpus.py -k "test_case and [17]"``.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.renames import SCENARIOS, Scenario, told, work
from harness.repository import commit_all, git
from harness.seeds import seeds
from harness.tools import run
from harness.updates import Site, castrum, contents

from castrum import copying
from castrum.rename import symbols
from castrum.repository.trees import File

pytestmark = pytest.mark.xdist_group("renames")

CASES = 20
QUICK = 5


@pytest.fixture
def quick(fast: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """What was learned from two copies is learned once."""
    learn = symbols.Symbols.between
    known: dict[str, symbols.Symbols] = {}

    def between(old: Any, new: Any, place: Any, renames: Any) -> symbols.Symbols:
        key = str(renames)
        if key not in known:
            known[key] = learn(old, new, place, renames)
        return known[key]

    monkeypatch.setattr(symbols.Symbols, "between", between)
    return fast


@cache
def original(site: Site, scenario: str) -> dict[str, File]:
    """The service before anybody worked on it."""
    found = next(each for each in SCENARIOS if each.name == scenario)
    folder = site.folder / f"renames-{scenario}" / "shop"
    data = {"service_name": found.service[0], "domain": found.old}
    return copying.fresh(str(site.template), "v0.1.0", folder, data).tree


def service(site: Site, scenario: Scenario, texts: dict[str, str], project: Path) -> None:
    for path, file in original(site, scenario.name).items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(file.content)
    for path, text in texts.items():
        place = project / scenario.before(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(scenario.before(text), encoding="utf-8")
    commit_all(project, "Our work")
    (project / "domain.yaml").write_text(yaml.safe_dump(dict(scenario.new), sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("seed", seeds(0, CASES, QUICK))
def test_case(seed: int, quick: Site, tmp_path: Path) -> None:
    scenario = SCENARIOS[seed % len(SCENARIOS)]
    done = work(seed, scenario)
    project = tmp_path / "shop"
    service(quick, scenario, done.texts, project)
    before = contents(project)
    code, said = castrum(
        "update", project, "--to", "current", *(("-d", "service_name=store") * (scenario.service[1] == "store"))
    )
    assert code == 0, said
    after = contents(project)
    left = set()
    for path, text in done.texts.items():
        place = scenario.after(path)
        assert after[place].decode() == scenario.after(text), path
        left |= {(place, number) for number in scenario.left(text)}
        changed = scenario.after(text) != scenario.before(text)
        assert (
            f"\n  {place}\n" in said.partition("Your code that followed:")[2].partition("\n\n")[0] + "\n"
        ) == changed
    assert set(told(said)) == left
    # Nothing but the tool's own files and those above is another one.
    own = {scenario.before(path) for path in done.texts} | {scenario.after(path) for path in done.texts}
    generated = original(quick, scenario.name).keys()
    assert {path for path in before.keys() - generated if path not in own and before[path] != after.get(path)} == set()
    assert not git(project, "ls-files", "--unmerged")


def test_a_rename_that_cannot_be_carried_out_changes_nothing(quick: Site, tmp_path: Path) -> None:
    scenario = SCENARIOS[0]
    project = tmp_path / "shop"
    service(quick, scenario, {}, project)
    fields = {"note": {"type": "string(20)", "renamed_from": "number"}, "other": "text?"}
    onto = {"context": "trade", "aggregates": {"Customer": {"renamed_from": "Order", "fields": fields}}}
    (project / "domain.yaml").write_text(yaml.safe_dump(onto, sort_keys=False), encoding="utf-8")
    before = contents(project)
    code, said = castrum("update", project, "--to", "current")
    assert code == 2
    assert "'Customer' was an aggregate at the last update; an update, with its migration, for each step: " in said
    assert "remove Customer, Order → Customer" in said
    assert contents(project) == before


def test_what_is_written_of_an_aggregate_does_not_go_to_another_one(quick: Site, tmp_path: Path) -> None:
    """One goes and a like one comes, and nobody said that it is the same."""
    scenario = SCENARIOS[0]
    project = tmp_path / "shop"
    service(quick, scenario, {}, project)
    page = project / "docs/domain.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("### Customer\n", "### Customer\n\nOurs: by credit control.\n"), encoding="utf-8")
    aggregates = dict(scenario.old["aggregates"])
    order = yaml.safe_load(yaml.safe_dump(aggregates["Order"]).replace("ref Customer", "ref Client"))
    new = {"context": "trade", "aggregates": {"Client": aggregates["Customer"], "Order": order}}
    (project / "domain.yaml").write_text(yaml.safe_dump(new, sort_keys=False), encoding="utf-8")
    commit_all(project, "Another one")
    code, said = castrum("update", project, "--to", "current")
    assert code == 1
    after = page.read_text(encoding="utf-8")
    assert "docs/domain.md: both changed" in said
    assert "Ours: by credit control." in after.partition("<<<<<<< yours\n")[2].partition("=======\n")[0]


def test_the_parser_is_loaded_for_a_rename_only() -> None:
    code = "import sys, castrum.cli, castrum.update.command; sys.exit('libcst' in sys.modules)"
    run(sys.executable, "-c", code)
