"""What two sides insert in one place: for every kind of unit, a text, and what may be put into it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from .paths import ROOT

NAMES = ("alpha", "gamma", "omega")
NEW, MINE = ("delta", "zeta"), ("beta", "kappa")


@dataclass(frozen=True)
class Place:
    """A place in a file; a comma goes between two items, and may follow the last one."""

    name: str
    path: str
    unit: str
    top: str = ""
    between: str = ""
    bottom: str = ""
    comma: str = ""

    def text(self, names: Sequence[str], *, trails: bool = True) -> str:
        """The file with the units of these names."""
        units = [self._of(name) for name in names]
        if self.comma:
            last = "," if trails and not self.path.endswith(".json") else ""
            units = [f"{unit}{',' if at < len(units) - 1 else last}\n" for at, unit in enumerate(units)]
        return f"{self.top}{self.between.join(units)}{self.bottom}"

    def _of(self, name: str) -> str:
        return self.unit.replace("alpha", name).replace("Alpha", name.title()).replace("ALPHA", name.upper())


@dataclass(frozen=True)
class Case:
    """One file three times, and what it may become: all of both sides, the template's first or in a sorted list."""

    name: str
    path: str
    old: str
    mine: str
    new: str
    expected: frozenset[str]


PLACES = [Place(**each) for each in yaml.safe_load((ROOT / "tests/unit/insertions.yaml").read_text(encoding="utf-8"))]


def cases(seed: int) -> Iterator[Case]:
    """For each kind of unit a case: where both sides insert, how much, and whether the last item has its comma."""
    choose = random.Random(seed)
    for place in PLACES:
        at = choose.randrange(len(NAMES) + 1)
        new, mine = ([*side[: choose.randint(1, 2)]] for side in (NEW, MINE))
        before, after = [*NAMES[:at]], [*NAMES[at:]]
        trails = [choose.random() < 0.5 for _ in range(2)]
        yield Case(
            f"{place.name} at {at}, seed {seed}",
            place.path,
            place.text(NAMES, trails=trails[0]),
            place.text([*before, *mine, *after], trails=trails[0]),
            place.text([*before, *new, *after], trails=trails[1]),
            frozenset(
                place.text([*before, *both, *after], trails=trails[1]) for both in (new + mine, sorted(new + mine))
            ),
        )
