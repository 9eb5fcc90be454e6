"""Which seeds of a corpus run: a few in the fast set, more in CI, those that are asked for in a campaign."""

import os
import sys
from typing import Any

import pytest

SEEDS = "CASTRUM_SEEDS"
"""Names other seeds than those of CI, as `20-39`, counted from the first one of each corpus."""


def chosen(count: int, in_ci: int) -> range:
    """The first of so many, as CI has them, or those that the campaign asks for."""
    if asked_for := os.environ.get(SEEDS):
        low, high = map(int, asked_for.split("-"))
        return range(min(low, count), min(high + 1, count))
    return range(in_ci)


def seeds(first: int, count: int, quick: int) -> list[Any]:
    """So many seeds; those after the quick ones are for CI. `make campaign NAME=corpora` asks for others."""
    slow = pytest.mark.slow
    numbers = (first + number for number in chosen(sys.maxsize, count))
    return [pytest.param(number, marks=[slow] * (number >= first + quick)) for number in numbers]
