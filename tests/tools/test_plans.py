"""A page reads few of a table's 100 000 rows, whatever it is asked for and ordered by; without the indexes, most."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.repository import GIT
from harness.tools import run

from benchmarks.lists import PROGRAM, costs, question

ROWS = 100_000
FEW = 1_000
"""A page has 51 rows and a rare value a hundred; the rest is for what a filter beside an index passes over."""

SOME = 20_000
"""For a page of one the planner may read in the order of the list: until it meets what is as frequent as it expects."""


@pytest.mark.slow
@pytest.mark.xdist_group("words")
def test_a_page_reads_few_rows(projects: Callable[[str], Path]) -> None:
    """Of an aggregate that is asked for each type in each way, with the planner's defaults."""
    project = projects("words")
    program, asked = (project / ".venv/bin/python", PROGRAM), json.dumps(question(ROWS, thorough=True))
    done = run(*program, cwd=project, env={**GIT, "PYTHONPATH": "."}, stdin=asked)
    found = costs(done.stdout)
    most = {name: SOME if name.startswith("one by ") else FEW for name in found}
    assert {name: indexed.rows for name, (indexed, _) in found.items() if indexed.rows > most[name]} == {}
    assert {name: unindexed.rows for name, (_, unindexed) in found.items() if unindexed.rows < ROWS - 1} == {}
