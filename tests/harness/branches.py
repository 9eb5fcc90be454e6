"""Two branches of one service, each of which asks for something else, and their merge by plain git."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from .releases import replace
from .repository import GIT, commit_all, git
from .tools import BIN, run
from .updates import Site, State, castrum

START = State("v0.1.0", 0, 0)


@dataclass(frozen=True)
class Change:
    """What a branch does: lines of the domain in place of others, answers, a version of the template."""

    domain: tuple[tuple[str, str], ...] = ()
    answers: tuple[str, ...] = ()
    tag: str = "current"

    def make(self, project: Path) -> None:
        """Do it, and commit."""
        for old, new in self.domain:
            replace(project, "domain.yaml", old, new)
        data = [part for answer in self.answers for part in ("--data", answer)]
        code, said = castrum("update", project, "--to", self.tag, *data)
        assert code == 0, said
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--message", "A change")


def merge(project: Path, *options: str, branch: str = "theirs") -> list[str]:
    """Merge the branch into the one that is checked out, by plain git; the paths that conflict."""
    run("git", "merge", "--quiet", "--no-edit", *options, branch, cwd=project, env=GIT, check=False)
    return sorted({line.partition("\t")[2] for line in git(project, "ls-files", "--unmerged").splitlines()})


def gate(project: Path) -> str:
    done = run(BIN / "python", "-m", "dev.template", "ownership", cwd=project, env=GIT, check=False)
    return done.stdout


def two(project: Path, ours: Change, theirs: Change) -> None:
    git(project, "branch", "theirs")
    ours.make(project)
    git(project, "checkout", "--quiet", "theirs")
    theirs.make(project)
    git(project, "checkout", "--quiet", "main")


def start(site: Site, project: Path) -> Path:
    """A service whose domain is written as people do it, a line for each word."""
    site.project(START, project)
    domain = yaml.safe_load((project / "domain.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(domain, sort_keys=False, indent=2)
    text = re.sub(r"^( *)- ", r"\1  - ", text, flags=re.MULTILINE)
    assert yaml.safe_load(text) == domain
    (project / "domain.yaml").write_text(text, encoding="utf-8")
    commit_all(project, "In lines")
    return project


def anew(site: Site, project: Path, tmp_path: Path) -> dict[str, bytes]:
    """A fresh copy of the answers and the domain that the project has."""
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    place = tmp_path / "fresh" / "shop"
    place.mkdir(parents=True)
    (place / "domain.yaml").write_bytes((project / "domain.yaml").read_bytes())
    data = {name: value for name, value in answers.items() if not name.startswith("_") and name != "domain"}
    # The base is no matter to the files; with it, the copy is one that was made before.
    first = git(project, "rev-list", "--max-parents=0", "HEAD")
    start = yaml.safe_load(git(project, "show", f"{first}:.copier-answers.yml"))
    recorded = {name: value for name, value in start.items() if not name.startswith("_")}
    base = site.remembered(str(site.template), start["_commit"], tmp_path / "start" / "shop", recorded)
    copy = site.remembered(str(site.template), answers["_commit"], place, data, base)
    return {path: file.content for path, file in copy.tree.items()}


AVAILABILITY = Change(answers=("availability=99.95",))
ORGANISATION = Change(answers=("organisation=Beta",))
NOTE = "      note: text?\n"
COLOUR = Change(domain=((NOTE, f"{NOTE}      colour: string(20)?\n"),))
WEIGHT = Change(domain=((NOTE, f"{NOTE}      weight: int(1..9) = 1\n"),))
