"""The tally of what the language says of nine systems: complete, true to the domain files, and added up."""

import pytest
from harness import tally
from harness.tally import KINDS, PAGES, WAYS, Line, Page, Row, is_said, summary, used_too_often

REVIEWED = {
    "cargo-shipping": (19, 18, 13),
    "chinook": (43, 10, 1),
    "eshop-ordering": (21, 6, 17),
    "jh-online-shop": (22, 5, 2),
    "lending-library": (8, 11, 19),
    "museum": (13, 1, 10),
    "saleor-product": (78, 22, 24),
    "stripe-billing": (120, 10, 22),
    "train-travel": (34, 4, 16),
}
"""Fields, relations and rules that the review counted in each; none of them may be dropped."""

FLOOR = {"field": 325, "relation": 78, "rule": 96}
"""How many are said directly; more only raise it."""

TALLY = tally.pages()


def every_row() -> list[Row]:
    return [row for page in TALLY.values() for row in page.rows]


def test_no_source_is_dropped() -> None:
    assert TALLY.keys() == REVIEWED.keys()


@pytest.mark.parametrize("name", TALLY)
def test_no_item_is_dropped_or_added(name: str) -> None:
    rows = TALLY[name].rows
    assert tuple(sum(row.kind == kind for row in rows) for kind in KINDS) == REVIEWED[name]
    assert len({(row.item, row.kind) for row in rows}) == len(rows)


@pytest.mark.parametrize("name", TALLY)
def test_what_a_row_quotes_is_in_the_domain_at_that_place(name: str) -> None:
    page = TALLY[name]
    wrong = [
        f"{row.item}: {line.text!r} is not at {line.place}"
        for row in page.rows
        for line in row.lines
        if not is_said(page.domain, line)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", TALLY)
def test_a_row_says_how(name: str) -> None:
    for row in TALLY[name].rows:
        assert row.way in WAYS, row
        assert bool(row.lines) or row.way != "direct", f"{row.item} quotes no line"
        assert bool(row.why) is (row.way != "direct"), (
            f"{row.item}: what is not said directly, and only that, has a reason"
        )
        assert not (row.lines and row.way == "none"), f"{row.item} has a line and is not said"


@pytest.mark.parametrize("name", TALLY)
def test_no_line_is_quoted_for_more_than_it_says(name: str) -> None:
    assert used_too_often(TALLY[name]) == []


def test_the_page_says_what_the_rows_add_up_to() -> None:
    assert summary(TALLY) in (PAGES / "README.md").read_text(encoding="utf-8"), summary(TALLY)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_said_directly_once_still_is(kind: str) -> None:
    assert sum(row.way == "direct" for row in every_row() if row.kind == kind) >= FLOOR[kind]


def test_a_line_that_is_not_there_is_noticed() -> None:
    domain = {
        "types": {"T": {"d": "date"}},
        "aggregates": {
            "A": {
                "fields": {"b": "string(9)? unique", "c": {"type": "int", "min": 1}},
                "filter": ["b", "c from to"],
                "unique": [["b", "c"]],
            }
        },
    }
    there = [
        "A.fields b: string(9)? unique",
        "A.fields.b unique",
        "A.fields.c min: 1",
        "A.filter c from to",
        "A.unique [b, c]",
        "A fields:",
        "types.T d: date",
    ]
    missing = [
        "A.fields b: string(9)?",
        "A.fields.b string(9)",
        "A.fields.c min: 2",
        "A.filter c",
        "A.unique [c, b]",
        "A parts:",
        "B.fields b:",
        "types.A d: date",
    ]
    assert [each for each in [*there, *missing] if is_said(domain, Line(*each.split(" ", 1)))] == there


def test_a_line_that_is_quoted_twice_is_noticed() -> None:
    line = Line("A.fields", "b: int")
    rows = tuple(
        Row(f"{kind} {number}", kind, "direct", (line,), "") for kind in ("field", "rule") for number in range(2)
    )
    assert used_too_often(Page("a", rows[1:3], {}, {})) == []
    assert used_too_often(Page("a", rows[:2], {}, {})) == [line]
    assert used_too_often(Page("a", rows, {line: 2}, {})) == []
