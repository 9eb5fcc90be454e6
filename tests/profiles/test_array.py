"""The profiles cover what they promise to cover."""

from hypothesis import given
from hypothesis import strategies as st

from extensions.answers.given import questions
from profiles import profiles
from profiles.array import Array, Row, all_pairs, pairs_of
from profiles.values import FREE

VALUES = st.dictionaries(
    st.sampled_from("abcdef"), st.integers(2, 4).map(lambda count: tuple(range(count))), min_size=2
)

CONTRADICT = {
    (("availability", "99.5"), ("rpo_minutes", 0)),
    (("availability", "99.5"), ("rto_minutes", 5)),
    (("availability", "99.95"), ("rto_minutes", 500)),
    (("availability", "99.99"), ("rto_minutes", 500)),
    (("p99_ms", 10000), ("peak_rps", 5000)),
    (("peak_rps", 1), ("release", "canary")),
}
"""The pairs of values that the template refuses to take together."""


@given(VALUES, st.integers(2, 5))
def test_an_array_has_every_pair_that_may_be(values: dict[str, tuple[int, ...]], forbidden: int) -> None:
    def allowed(row: Row) -> bool:
        first, second = sorted(row)[:2]
        return int(row[first]) + int(row[second]) != forbidden

    array = Array(values, allowed)
    contradictory = array.grow()
    assert all(allowed(row) for row in array.rows)
    had = {pair for row in array.rows for pair in pairs_of(row)}
    assert had.isdisjoint(contradictory)
    assert had.union(contradictory) == set(all_pairs(values))
    first, second = sorted(values)[:2]
    assert {(left, right) for ((left, _), (right, _)) in contradictory} <= {(first, second)}


def test_an_array_only_grows() -> None:
    values = {"a": (0, 1), "b": (0, 1)}
    array = Array(values, lambda _: True)
    array.grow()
    before = list(array.rows)
    larger = Array(values | {"c": (0, 1, 2)}, lambda _: True, before)
    larger.grow()
    assert larger.rows[: len(before)] == [row | {"c": 0} for row in before]


def test_an_array_is_much_smaller_than_all_combinations() -> None:
    values = {name: tuple(range(4)) for name in "abcdefgh"}
    array = Array(values, lambda _: True)
    array.grow()
    assert len(array.rows) < 45


def test_every_question_is_in_the_profiles() -> None:
    asked = questions()
    free = {name for name, question in asked.items() if "choices" not in question} - {"domain", "region"}
    assert free == FREE.keys(), "values.FREE says what profiles answer to questions without choices"


def test_every_value_is_in_a_profile() -> None:
    rows = profiles.committed()
    missing = [
        (name, value)
        for name, values in profiles.VALUES.items()
        for value in values
        if not any(row[name] == value for row in rows)
    ]
    assert not missing, "run `python -m profiles`"


def test_every_pair_that_may_be_is_in_a_profile() -> None:
    array = Array(profiles.VALUES, profiles.allowed, profiles.committed())
    committed = len(array.rows)
    contradictory = array.grow()
    assert len(array.rows) == committed, "run `python -m profiles`"
    assert set(contradictory) == CONTRADICT


def test_no_profile_is_refused() -> None:
    refused = [row for row in profiles.committed() if not profiles.allowed(row)]
    assert not refused
