"""The corpora of edits, renames and branches over many seeds, and all profiles: what CI tries of each is a few.

A line of `benchmarks/campaigns/corpora.jsonl` is a batch of seeds of one corpus. A batch that was green with what is
committed now is not run again, so that a campaign goes on where it was stopped.
"""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from harness.paths import ROOT
from harness.repository import git
from harness.seeds import SEEDS
from profiles import profiles

RESULTS = ROOT / "benchmarks" / "campaigns"
CORPORA = {
    "edits": "tests/update/test_corpus.py::test_case",
    "edits, real processes": "tests/update/test_corpus.py::test_real",
    "renames": "tests/update/test_rename_corpus.py::test_case",
    "two branches": "tests/update/test_resolve.py::test_pair",
    "moves": "tests/update/test_moves.py::test_case",
    "old services": "tests/update/test_old_services.py::test_case",
    "profiles": "tests/profiles/test_profiles.py",
    "plain Copier": "tests/update/test_plain_copier.py::test_plain_update_loses_nothing",
}
DECIDES = (
    *("src", "extensions", "template", "questions", "copier.yml", "releases"),
    *("tests/update", "tests/harness", "tests/profiles"),
)
"""What decides how a case comes out."""
BATCH = 20
AT_MOST = {"profiles": len(profiles.committed())}
"""Of these there are no more."""


@dataclass
class Outcome:
    """One batch: the seeds from `first` on, and those that were red."""

    corpus: str
    first: int
    count: int
    commit: str
    content: str
    seconds: int
    red: list[str] = field(default_factory=list)


def run(_: Path, count: int = 100, *, stop_after_s: float = float("inf"), part: int = 1, parts: int = 1) -> int:
    """Run so many seeds of each corpus and write the results; the answer is how many were red."""
    if changed := git(ROOT, "status", "--porcelain", "--", *DECIDES):
        raise SystemExit(f"Commit first what decides about the cases, so that the results name it:\n{changed}")
    data = RESULTS / "corpora.jsonl"
    content = sha256("\n".join(git(ROOT, "rev-parse", f"HEAD:{name}") for name in DECIDES).encode()).hexdigest()
    commit, begun = git(ROOT, "rev-parse", "--short=12", "HEAD"), time.monotonic()
    ends = {corpus: min(count, AT_MOST.get(corpus, count)) for corpus in CORPORA}
    every = [(corpus, first) for first in range(0, count, BATCH) for corpus in CORPORA if first < ends[corpus]]
    for corpus, first in every[part - 1 :: parts]:
        size = min(BATCH, ends[corpus] - first)
        last = outcomes(data).get((corpus, first))
        if last and not last.red and (last.content, last.count) == (content, size):
            continue
        if time.monotonic() - begun > stop_after_s:
            print("The time is up; the next run goes on here.")
            break
        started = time.monotonic()
        red = tried(CORPORA[corpus], first, size)
        found = Outcome(corpus, first, size, commit, content, round(time.monotonic() - started), red)
        with data.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(found)) + "\n")
        print(f"{corpus}, {size} seeds from {first}: {', '.join(red) or 'green'}, {found.seconds} s", flush=True)
    last_ones = list(outcomes(data).values())
    (RESULTS / "corpora.md").write_text(summary(last_ones), encoding="utf-8")
    return sum(len(each.red) for each in last_ones)


def tried(test: str, first: int, count: int) -> list[str]:
    """The cases of a batch that failed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "--tb=short", test], cwd=ROOT, text=True, check=False,
        capture_output=True, env={**os.environ, SEEDS: f"{first}-{first + count - 1}"},
    )  # fmt: skip
    red = re.findall(r"^(?:FAILED|ERROR) \S*?(\w+\[\d+\])", done.stdout, re.MULTILINE)
    if done.returncode and not red:
        raise SystemExit(f"The batch did not run:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    if red:
        print(done.stdout)
    return red


def outcomes(path: Path) -> dict[tuple[str, int], Outcome]:
    """Corpus and first seed → the last outcome of the batch."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {(each.corpus, each.first): each for each in (Outcome(**json.loads(line)) for line in lines)}


def summary(found: list[Outcome]) -> str:
    """The last outcomes, a row for each corpus."""
    lines = [
        "# Updates of services that people have worked on",
        "",
        "`make campaign NAME=corpora` runs the cases of the tests of updates over many seeds: edits of every kind of",
        "line and file, renames beside foreign words, two branches, moved files, services of before, plain Copier;",
        "and the tools of all profiles, of which there are fewer.",
        "",
        "| corpus | seeds | red | seconds for one |",
        "|---|---:|---:|---:|",
    ]
    for corpus in CORPORA:
        those = [each for each in found if each.corpus == corpus]
        if those:
            seeds, red = sum(each.count for each in those), sum(len(each.red) for each in those)
            lines.append(f"| {corpus} | {seeds} | {red} | {sum(each.seconds for each in those) / seeds:.1f} |")
    lines += ["", f"Commits: {', '.join(sorted({each.commit for each in found}))}.", ""]
    return "\n".join(lines)
