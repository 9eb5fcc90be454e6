"""Tests that share something expensive run in one process."""

import pytest


@pytest.mark.xdist_group("together")
def test_a_group_is_seen(request: pytest.FixtureRequest) -> None:
    in_worker = hasattr(request.config, "workerinput")
    assert request.node.nodeid.endswith("@together") == in_worker
