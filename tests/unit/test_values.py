"""The three-way merge of what YAML holds."""

from typing import Any

import pytest

from castrum.merge.values import MISSING, Disagreement, merge


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        (1, 2, 1, 2),
        (1, 1, 2, 2),
        (1, 2, 2, 2),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "c": 3}, {"a": 1, "b": 2, "c": 3}),
        ({"a": 1, "b": 2}, {"a": 1}, {"b": 2}, {}),
        (MISSING, {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        (["a", "b"], ["a", "b", "c"], ["b", "d"], ["b", "c", "d"]),
        ({"a": {"b": [1]}}, {"a": {"b": [1, 2]}}, {"a": {"b": [1]}, "c": 0}, {"a": {"b": [1, 2]}, "c": 0}),
    ],
)
def test_both_are_heard(base: Any, ours: Any, theirs: Any, expected: Any) -> None:
    merged = merge(base, ours, theirs)
    assert (merged.value, merged.disagreements) == (expected, [])


def test_disagreements_are_named() -> None:
    merged = merge({"a": {"b": 1, "c": 1}}, {"a": {"b": 2}}, {"a": {"b": 3, "c": 4}})
    assert merged.disagreements == [Disagreement("a.b", 2, 3), Disagreement("a.c", MISSING, 4)]
