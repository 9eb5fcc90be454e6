"""`python -m campaigns NAME` with `PYTHONPATH=.:tests`: long runs whose results are kept; `make campaign` starts it."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from harness.paths import DOMAINS

from campaigns import corpora, gates, merges, trees

CAMPAIGNS: dict[str, Callable[..., int]] = {
    "corpora": corpora.run, "gates": gates.run, "merges": merges.run, "trees": trees.run,
}  # fmt: skip

parser = argparse.ArgumentParser(prog="make campaign", description=__doc__)
parser.add_argument("name", choices=CAMPAIGNS)
parser.add_argument("--domains", type=Path, default=DOMAINS, help="folder of domain files, by default tests/domains")
parser.add_argument(
    "--random",
    type=int,
    default=100,
    metavar="N",
    help="how many random domains; of merges, people with six edits; of corpora, seeds of each",
)
parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no other domain after so long")
parser.add_argument("--part", default="1/1", metavar="K/N", help="only the K-th of N parts, which may run at once")
parser.add_argument("--against", default="HEAD~1", metavar="COMMIT", help="of trees, what they are compared with")
options = parser.parse_args()
part, parts = map(int, options.part.split("/"))
more = {"against": options.against} if options.name == "trees" else {}
red = CAMPAIGNS[options.name](
    options.domains, options.random, stop_after_s=60 * options.minutes, part=part, parts=parts, **more
)
sys.exit(1 if red else 0)
