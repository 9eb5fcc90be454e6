"""What two sides do at one place of a generated file: what is merged is what both asked for, to the last character."""

from collections.abc import Mapping

import pytest
from campaigns.merges import both_ways, sample
from harness.teamwork import PLACES, work

from castrum.merge.by_git import merge_file

SEEDS = 3 * len(PLACES)


@pytest.fixture(scope="module")
def tree() -> Mapping[str, bytes]:
    return sample()


@pytest.mark.xdist_group("teamwork")
@pytest.mark.parametrize("seed", range(SEEDS))
def test_pair(seed: int, tree: Mapping[str, bytes]) -> None:
    each = work(seed, tree)
    merged = both_ways(each)[1]
    if merged is None:
        assert each.expected == (), f"{each.place}, {each.way}, {each.path}: a conflict where none is due"
    else:
        assert each.is_right(merged), f"{each.place}, {each.way}, {each.path}"


@pytest.mark.xdist_group("teamwork")
def test_every_kind_of_place_is_tried_and_a_wrong_merge_is_found(tree: Mapping[str, bytes]) -> None:
    pairs = [work(seed, tree) for seed in range(SEEDS)]
    assert {each.place for each in pairs} == {place.name for place in PLACES}
    blind = [merge_file(each.mine.encode(), each.old.encode(), each.new.encode(), "--union") for each in pairs]
    assert not all(each.is_right(merged.decode()) for each, (merged, _) in zip(pairs, blind, strict=True))
