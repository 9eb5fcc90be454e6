"""How many conflicts the merge of texts has, of what two sides do at one place of a generated file.

Each pair is merged by lines, as git does it, with the blocks of the file in view, and as an update merges it. What is
merged has to be what both asked for. `benchmarks/campaigns/merges.jsonl` has a line for each kind of place and commit;
a pair is made anew by its seed: ``work(seed, sample())``.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness import rendering
from harness.paths import ROOT
from harness.teamwork import Work, work

from campaigns import edited
from castrum.merge.blocks import merge_lines
from castrum.merge.text import merge_text

RESULTS = ROOT / "benchmarks" / "campaigns"
PAIRS_OF_ONE = 4
"""Pairs for each person whose edits are tried."""


@dataclass
class Outcome:
    """What came of the pairs at one kind of place; `misplaced` has the seeds of those merged to something else."""

    place: str
    commit: str
    seeds: int
    pairs: int = 0
    before: int = 0
    after: int = 0
    misplaced: list[int] = field(default_factory=list)


def sample() -> dict[str, bytes]:
    """The files of the generated sample."""
    with tempfile.TemporaryDirectory() as folder:
        return rendering.files(rendering.copy(Path(folder) / "service", {"service_name": "shop"}))


def both_ways(each: Work) -> tuple[str | None, str | None]:
    """The pair merged by lines, and as an update does it; none where that is a conflict."""
    mine, old, new = (side.encode() for side in (each.mine, each.old, each.new))
    by_lines, conflicts = merge_lines(mine, old, new, kind=Path(each.path).suffix)
    merged = merge_text(mine, old, new, each.path)
    return None if conflicts else by_lines.decode(), None if merged.conflicts else merged.content.decode()


def tried(seeds: range, tree: Mapping[str, bytes], commit: str, stop_after_s: float = float("inf")) -> list[Outcome]:
    """What came of the seeds, by the kind of place."""
    found: dict[str, Outcome] = {}
    begun = time.monotonic()
    for seed in seeds:
        if time.monotonic() - begun > stop_after_s:
            print(f"The time is up after {seed} pairs.")
            break
        each = work(seed, tree)
        outcome = found.setdefault(each.place, Outcome(each.place, commit, len(seeds)))
        before, after = both_ways(each)
        outcome.pairs += 1
        outcome.before += before is None
        outcome.after += after is None
        if after is not None and not each.is_right(after):
            outcome.misplaced.append(seed)
    return [found[name] for name in sorted(found)]


def run(_: Path, count: int = 100, *, stop_after_s: float = float("inf"), part: int = 1, parts: int = 1) -> int:
    """Merge pairs and write the results, whatever the folder of domains; the answer is how many were misplaced."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, text=True, capture_output=True, check=True
    ).stdout.strip()
    every = range(count * PAIRS_OF_ONE)
    found = tried(range(part - 1, len(every), parts), sample(), commit, stop_after_s)
    with (RESULTS / "merges.jsonl").open("a", encoding="utf-8") as lines:
        lines.writelines(json.dumps(asdict(each)) + "\n" for each in found)
    edits, before, after, wrong = edited.counted(range(count))
    rows = [
        "",
        "Edits anywhere in files of generated services whose domain changes, or is put in another order:",
        f"{edits} edits, {before} conflicts before and {after} after, which is {100 * before / edits:.1f} and",
        f"{100 * after / edits:.1f} in 100 edits; lost, doubled, misplaced or back: {len(wrong)}.",
        *(f"- {each}" for each in wrong),
        "",
    ]
    said = summary(found) + "\n".join(rows)
    (RESULTS / "merges.md").write_text(said, encoding="utf-8")
    print(said)
    return sum(len(each.misplaced) for each in found) + len(wrong)


def summary(found: list[Outcome]) -> str:
    """The results in a few lines."""
    pairs, before, after = (sum(getattr(each, name) for each in found) for name in ("pairs", "before", "after"))
    wrong = sum(len(each.misplaced) for each in found)
    lines = [
        "# Merges of what two sides do at one place",
        "",
        "`make campaign NAME=merges` merges pairs of edits at one place of a file of the sample: both sides insert a",
        "unit, or one changes the line beside which the other one inserts. Before: by lines, with the blocks of the",
        "file in view; after: as an update does it. What is merged has to be what both asked for, to the last",
        "character. The order of steps, statements and fields means something, so that two of them in one place stay",
        "a conflict.",
        "",
        "| place | pairs | conflicts before | after | misplaced |",
        "|---|---:|---:|---:|---:|",
        *(f"| {each.place} | {each.pairs} | {each.before} | {each.after} | {len(each.misplaced)} |" for each in found),
        f"| all | {pairs} | {before} | {after} | {wrong} |",
        "",
        f"Conflicts in 100 pairs: {100 * before / pairs:.0f} before, {100 * after / pairs:.0f} after.",
        f"Misplaced: {wrong}.",
        f"Commit: {found[0].commit}.",
        "",
    ]
    return "\n".join(lines)
