"""The guides of this repository: the files, places, targets and commits that they name are there."""

import re
import subprocess
from pathlib import Path

import pytest
from harness.machines import NEEDS_HISTORY
from harness.paths import ROOT

from extensions.language.grammar import LANGUAGES

OF_THE_TEMPLATE = ["ARCHITECTURE.md", "AGENTS.md", "docs/template-development.md"]
GUIDES = [
    "README.md",
    *OF_THE_TEMPLATE,
    "docs/domain-language.md",
    "docs/monorepos.md",
    "docs/platform-teams.md",
    "docs/coverage/README.md",
]
PLACES = tuple(f"{folder}/" for folder in ("extensions", "src/castrum", "questions", "releases", "tests", "benchmarks"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def missing(text: str, folder: Path) -> list[str]:
    """What a guide in the folder names and the repository has not: links, places and targets of make."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    places = [place for place in re.findall(r"`([\w./*-]+/[\w./*-]*)`", text) if place.startswith(PLACES)]
    targets = re.findall(r"^`?make ([a-z-]+)|`make ([a-z-]+)", text, re.MULTILINE)
    return [
        *(link for link in links if not (folder / link).exists()),
        *(place for place in places if not any(ROOT.glob(place.rstrip("/")))),
        *(f"make {name}" for name in map("".join, targets) if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)),
    ]


def test_a_guide_is_held_to_what_it_names() -> None:
    wrong = "[a](no.md) [b](docs/) `tests/none/` `tests/unit` `make nothing` `make check`\nmake naught # no\n"
    assert missing(wrong, ROOT) == ["no.md", "tests/none/", "make nothing", "make naught"]


@pytest.mark.parametrize("name", GUIDES)
def test_what_a_guide_links_to_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    found = missing(text, (ROOT / name).parent)
    if name not in OF_THE_TEMPLATE:  # they speak of a service's make targets and folders
        found = [each for each in found if not each.startswith(("make ", "tests/"))]
    assert found == []


def test_commits_that_show_where_something_goes_are_in_the_history() -> None:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    if not (ROOT / ".git").exists() or git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip(f"{NEEDS_HISTORY}: git fetch --unshallow --tags")
    rows = re.findall(r"^\| (.+) \| `([0-9a-f]+)` \|$", (ROOT / "AGENTS.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 5
    for row, commit in rows:
        git("merge-base", "--is-ancestor", commit, "HEAD")
        where = re.findall(r"`((?:extensions|questions|releases|template)/)", row)
        changed = git("show", "--format=", "--name-only", commit)
        assert where
        assert all(place in changed for place in where), f"{commit} does not show {row}"


def test_the_language_says_in_which_languages_one_searches() -> None:
    text = " ".join((ROOT / "docs/domain-language.md").read_text(encoding="utf-8").split())
    said = re.search(r"PostgreSQL knows ([a-z, ]+)\.", text)
    assert said
    assert tuple(re.split(r", | and ", said[1])) == LANGUAGES[1:]
