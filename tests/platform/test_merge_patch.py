"""JSON merge patches, by the examples of RFC 7396."""

from typing import Any

import pytest
from ordering.platform.http.merge_patch import merged
from ordering.platform.problems import Problem


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], {"a": "b"}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        (None, {"a": 1}, {"a": 1}),
    ],
)
def test_merged(target: Any, patch: dict[str, Any], result: dict[str, Any]) -> None:
    assert merged(target, patch) == result


def test_an_object_does_not_outgrow_what_may_be_sent() -> None:
    stored = {"a": {str(number): 0 for number in range(100)}}
    assert merged(stored, {"a": {"0": None, "more": 1}}, "details")["a"]["more"] == 1
    with pytest.raises(Problem) as caught:
        merged(stored, {"a": {"more": 1}}, "details")
    assert (caught.value.status, caught.value.errors[0].pointer) == (400, "/details/a")


def test_it_does_not_outgrow_a_body_by_many_patches() -> None:
    text = "x" * 10_000
    stored = {"a": {str(number): text for number in range(100)}}
    assert len(merged(stored, {"b": {"c": text}}, "details")) == 2
    with pytest.raises(Problem) as caught:
        merged(stored, {"b": {str(number): text for number in range(9)}}, "details")
    assert (caught.value.status, caught.value.errors[0].pointer) == (400, "/details")
    larger = {**stored, "b": stored["a"]}
    assert merged(larger, {"b": {"0": None}}, "details")["b"].keys() == {str(number) for number in range(1, 100)}
