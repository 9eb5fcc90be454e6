"""A covering array: few combinations of values in which every pair of values that may meet does meet."""

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

Value = str | int
Row = dict[str, Value]
Pair = tuple[tuple[str, Value], tuple[str, Value]]

TRIES = 300
"""Random completions after which a pair that was never allowed counts as contradictory."""


def pairs_of(row: Mapping[str, Value]) -> Iterator[Pair]:
    """Every pair of values that a row brings together, in the order of its parameters' names."""
    return itertools.combinations(sorted(row.items()), 2)


def all_pairs(values: Mapping[str, Sequence[Value]]) -> list[Pair]:
    """Every pair of values of two different parameters."""
    return [
        ((left, a), (right, b))
        for left, right in itertools.combinations(sorted(values), 2)
        for a in values[left]
        for b in values[right]
    ]


class Array:
    """Rows over ``values``; the first value of a parameter is its default.

    ``allowed`` says whether a whole row may be: it is asked, never told.
    """

    def __init__(
        self, values: Mapping[str, Sequence[Value]], allowed: Callable[[Row], bool], rows: Sequence[Row] = ()
    ) -> None:
        self.values = values
        self.allowed = allowed
        self.rows = [self.completed(row) for row in rows]
        self.chance = random.Random(2)

    def completed(self, row: Row) -> Row:
        """The row with the defaults of the parameters that it does not name: what it was before they existed."""
        return {name: row.get(name, choices[0]) for name, choices in self.values.items()}

    def missing(self) -> list[Pair]:
        """The pairs that no row has, contradictory ones among them."""
        had = {pair for row in self.rows for pair in pairs_of(row)}
        return [pair for pair in all_pairs(self.values) if pair not in had]

    def grow(self) -> list[Pair]:
        """Add rows until every pair that may be is in one; the pairs that may not."""
        contradictory: list[Pair] = []
        missing = self.missing()
        while missing:
            row = self._row_with(missing[0], set(missing))
            if row is None:
                contradictory.append(missing.pop(0))
                continue
            self.rows.append(row)
            had = set(pairs_of(row))
            missing = [pair for pair in missing if pair not in had]
        return contradictory

    def _row_with(self, pair: Pair, missing: set[Pair]) -> Row | None:
        """An allowed row with the pair, and with as many other missing pairs as a greedy look finds."""
        row = self._completion(dict(pair))
        if row is None:
            return None
        fixed = {name for name, _ in pair}
        for name in sorted(self.values.keys() - fixed, key=lambda _: self.chance.random()):
            candidates = [{**row, name: value} for value in self.values[name]]
            gains = [(len(missing & set(pairs_of(candidate))), candidate) for candidate in candidates]
            for _, candidate in sorted(gains, key=lambda gain: -gain[0]):
                if self.allowed(candidate):
                    row = candidate
                    break
        return row

    def _completion(self, part: Row) -> Row | None:
        """Some allowed row that has the part: the defaults if they fit, else what chance finds."""
        row = self.completed(part)
        for _ in range(TRIES):
            if self.allowed(row):
                return row
            row = {name: self.chance.choice(choices) for name, choices in self.values.items()} | part
        return None
