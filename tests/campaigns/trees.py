"""What is generated now and at another commit, byte by byte: a change of the generator alone changes nothing.

The trees are those of the examples with their answers, of the domain files of a folder, and of random domains with
answers of their own. The result is added to `benchmarks/campaigns/trees.jsonl`.
"""

import json
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness import rendering
from harness.paths import CACHE, DOMAINS, EXAMPLES, ROOT
from strategies import invent_one

from extensions.language.yaml_reader import load_yaml

RESULTS = ROOT / "benchmarks" / "campaigns"
ANSWERS = {
    "cloud": ["aws", "gcp", "azure"],
    "repository_host": ["github", "gitlab"],
    "release": ["rolling", "canary", "blue-green"],
    "availability": ["99.5", "99.9", "99.95", "99.99"],
    "peak_rps": ["20", "100", "600"],
    "p99_ms": ["200", "300", "800"],
    "rpo_minutes": ["1", "5", "60"],
    "data_class": ["public", "internal", "confidential", "restricted"],
    "folder": ["", "services/campaign"],
}
ORIGIN = re.compile(rb"^_(?:src_path|commit): .*\n", re.MULTILINE)
"""What the answers say of the place and the commit of the template."""
Digests = dict[str, str]


def cases(folder: Path, count: int) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Name, domain and answers of every tree."""
    for name in EXAMPLES:
        domain = load_yaml((ROOT / "examples" / name / "domain.yaml").read_bytes())
        yield f"example-{name}", domain, rendering.answers(name)
    for path in sorted(folder.glob("*.yaml")):
        yield path.stem, load_yaml(path.read_bytes()), {"service_name": "campaign"}
    for seed in range(count):
        chosen = random.Random(seed)
        answers = {name: chosen.choice(values) for name, values in ANSWERS.items()}
        yield f"random-{seed:03d}", invent_one(seed), {"service_name": "campaign", **answers}


def digests(template: Path, domain: Any, answers: dict[str, Any]) -> Digests:
    """Path and mode → digest of every file that this template makes; what it says instead where it refuses."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place, "campaign")
        try:
            with rendering.template_of(template):
                rendering.copy_domain(domain, tree, answers)
        except Exception as error:  # noqa: BLE001 - the same refusal, whatever it is
            return {"refused": str(error).replace(place, "…").replace(str(template), "…")}
        return {
            f"{path.relative_to(tree)} {path.stat().st_mode:o}": sha256(ORIGIN.sub(b"", path.read_bytes())).hexdigest()
            for path in sorted(tree.rglob("*"))
            if path.is_file()
        }


def run(folder: Path = DOMAINS, count: int = 200, *, against: str = "HEAD~1", **_: Any) -> int:
    """Compare, and write the result; the answer is how many trees differ."""
    other = _git("rev-parse", "--short=12", against)
    checkout = CACHE / f"trees-{other}"
    if not checkout.exists():
        _git("worktree", "prune")
        _git("worktree", "add", "--detach", str(checkout), other)
    try:
        known = CACHE / f"trees-{other}.json"
        before: dict[str, Digests] = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
        differing, number, refused = [], 0, 0
        for name, domain, answers in cases(folder, count):
            number += 1
            key = sha256(json.dumps([domain, answers], default=str).encode()).hexdigest()
            if key not in before:
                before[key] = digests(checkout, domain, answers)
            now = digests(ROOT, domain, answers)
            refused += "refused" in now
            if now != before[key]:
                differing.append(name)
                changed = sorted({path for path, _ in before[key].items() ^ now.items()})
                print(f"{name}: {', '.join(changed[:5])} and others of {len(changed)}", flush=True)
        known.write_text(json.dumps(before), encoding="utf-8")
    finally:
        shutil.rmtree(checkout, ignore_errors=True)
        _git("worktree", "prune")
    print(f"{number} trees ({refused} refused), {len(differing)} of them differ from {other}")
    if not _git("status", "--porcelain"):
        RESULTS.mkdir(parents=True, exist_ok=True)
        line = {
            "commit": _git("rev-parse", "--short=12", "HEAD"), "against": other, "trees": number, "refused": refused,
            "differing": differing,
        }  # fmt: skip
        with (RESULTS / "trees.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
    return len(differing)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, text=True, capture_output=True, check=True).stdout.strip()
