"""The whole gate of generated services, `make check`, for domains that nobody tried before.

What was green or red is added to `benchmarks/campaigns/gates.jsonl`, a line for each domain and commit, so that a
campaign goes on where it was stopped: a domain that was green with what generates services now is not run again.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from harness import rendering
from harness.paths import CACHE, DOMAINS, ROOT
from harness.projects import link_node_modules, set_up
from harness.repository import GIT, commit_all
from harness.tools import clean_environment
from strategies import invent_one

from extensions.language.yaml_reader import load_yaml

RESULTS = ROOT / "benchmarks" / "campaigns"
GENERATED = ("template", "extensions", "questions", "copier.yml")
"""What decides how a generated service looks."""
KEPT = (".venv", "uv.lock")
PATIENCE_S = 3600
TAIL = 40


@dataclass
class Outcome:
    """One domain's gate: `content` tells what the service is made of, `said` how it ended where it is red."""

    domain: str
    commit: str
    content: str
    green: bool
    seconds: int
    said: list[str] = field(default_factory=list)


def domains(folder: Path, count: int) -> Iterator[tuple[str, Any]]:
    """Name and domain: those of the folder, then as many random ones, by their seed."""
    for path in sorted(folder.glob("*.yaml")):
        yield path.stem, load_yaml(path.read_bytes())
    for seed in range(count):
        yield f"random-{seed:03d}", invent_one(seed)


def content(domain: Any) -> str:
    """The digest of everything that a generated service is made of: the domain, and the template as it is committed."""
    made_of = [*(_git("rev-parse", f"HEAD:{name}") for name in GENERATED), json.dumps(domain)]
    return sha256("\n".join(made_of).encode()).hexdigest()


def outcomes(path: Path) -> dict[str, Outcome]:
    """Domain → its last outcome."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {each.domain: each for each in (Outcome(**json.loads(line)) for line in lines)}


def gate(domain: Any, place: Path, log: Path) -> bool:
    """Generate the service in this place, keeping its environment from the last one, and run `make check` in it."""
    for path in place.iterdir() if place.exists() else ():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    kept = {name: place / name for name in KEPT if (place / name).exists()}
    aside = place.with_name(f"{place.name}-kept")
    aside.mkdir(parents=True, exist_ok=True)
    for name, path in kept.items():
        path.rename(aside / name)
    shutil.rmtree(place, ignore_errors=True)
    rendering.copy_domain(domain, place, {"service_name": "campaign"})
    for name in kept:
        (aside / name).rename(place / name)
    commit_all(place, "Start")
    if ".venv" not in kept:
        set_up(place)
    link_node_modules(place)
    with log.open("wb") as output:
        done = subprocess.run(
            ["make", "check"], cwd=place, env={**clean_environment(), **GIT}, stdout=output, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    return done.returncode == 0


def run(
    folder: Path = DOMAINS, count: int = 100, *, stop_after_s: float = float("inf"), part: int = 1, parts: int = 1
) -> int:
    """Run what is not green yet, and write the results; the answer is how many are red.

    Of several parts, which may run at once, this one takes every domain whose turn it is.
    """
    if changed := _git("status", "--porcelain", "--", *GENERATED):
        raise SystemExit(f"Commit first what services are generated from, so that the results name it:\n{changed}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    data = RESULTS / "gates.jsonl"
    work = CACHE / "campaign"
    work.mkdir(parents=True, exist_ok=True)
    commit, begun = _git("rev-parse", "--short=12", "HEAD"), time.monotonic()
    known = outcomes(data)
    for name, domain in islice(domains(folder, count), part - 1, None, parts):
        last, made_of = known.get(name), content(domain)
        if last and last.green and last.content == made_of:
            continue
        if time.monotonic() - begun > stop_after_s:
            print("The time is up; the next run goes on here.")
            break
        started, log = time.monotonic(), work / f"{name}.log"
        # What is red is looked at elsewhere, where the same seed may make another domain.
        log.with_suffix(".yaml").write_text(json.dumps(domain, indent=2, ensure_ascii=False), encoding="utf-8")
        green = gate(domain, work / f"service-{part}", log)
        said = [] if green else _tail(log)
        known[name] = Outcome(name, commit, made_of, green, round(time.monotonic() - started), said)
        with data.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(known[name]), ensure_ascii=False) + "\n")
        print(f"{name}: {'green' if green else f'red, see {log}'} after {known[name].seconds} s", flush=True)
    found = list(outcomes(data).values())
    (RESULTS / "gates.md").write_text(summary(found), encoding="utf-8")
    return sum(not each.green for each in found)


def summary(found: list[Outcome]) -> str:
    """The results in a few lines, with the red ones by name."""
    lines = [
        "# Gates of generated services",
        "",
        "`make campaign NAME=gates` generates a service for each domain of `tests/domains` and for 100 random ones,",
        "and runs its `make check`: format, lint, types, layers, contract, migrations, and tests with Schemathesis.",
        "`gates.jsonl` has a line for each domain and commit; these are the last ones.",
        "",
        "| domains | green | red | mean seconds |",
        "|---|---|---|---|",
    ]
    for title, those in (
        ("of `tests/domains`", [each for each in found if not each.domain.startswith("random-")]),
        ("random", [each for each in found if each.domain.startswith("random-")]),
    ):
        if those:
            green = sum(each.green for each in those)
            mean = sum(each.seconds for each in those) // len(those)
            lines.append(f"| {title} | {green} | {len(those) - green} | {mean} |")
    red = sorted(each.domain for each in found if not each.green)
    lines += ["", f"Red: {', '.join(red)}." if red else "None is red.", ""]
    commits = sorted({each.commit for each in found})
    lines += [f"Commits: {', '.join(commits)}.", ""]
    return "\n".join(lines)


def _tail(log: Path) -> list[str]:
    """The last lines of the log, without what belongs to this machine."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    return [line.replace(str(ROOT), "…") for line in lines]


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, text=True, capture_output=True, check=True).stdout.strip()
