"""The YAML of the contract: what is written is read back, and it looks like a person's."""

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extensions.text import yamltext

SHORT = ["a: b", "a #b", "x:", "- a", "null", "No", "'a'", '"x"', "1.5", "1e3", "0x1F", "2026-01-01", "~", "1.2.3"]
LINES = ["{a", "a\nb", "a\n", "\n", "a \nb", " a\nb", "a\n\n b\n\n"]
LONG = ["a" * 200, "word " * 40, "word  " * 40, " ".join(["word"] * 60), " " + " ".join(["word"] * 60), "\ufeff"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from([*SHORT, *LINES, *LONG])
SCALARS = TEXTS | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_reads_back_as_written(document: dict[str, Any]) -> None:
    assert yaml.safe_load(yamltext.dump(document, spaced=[()])) == document


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("A customer's commitment, to buy.", "A customer's commitment, to buy."),
        ("yes", '"yes"'),
        ("10.00", '"10.00"'),
        ("3.1.0", "3.1.0"),
        (r"^[0-9]\d$", r"^[0-9]\d$"),
        ('"7"', "'\"7\"'"),
        ('"it\'s" 7', "'\"it''s\" 7'"),
        ("tab\there", '"tab\\there"'),
        (1e-07, "1.0e-07"),
        (None, "null"),
        (True, "true"),
        ([], "[]"),
        ({}, "{}"),
        (["id", "a,b", "c?", 1], '[id, "a,b", "c?", 1]'),
        ({"$ref": "#/components/schemas/Order"}, '{ $ref: "#/components/schemas/Order" }'),
    ],
)
def test_values_are_written_plainly(value: object, text: str) -> None:
    assert yamltext.dump({"key": value}) == f"key: {text}\n"


def test_long_texts_are_folded() -> None:
    text = yamltext.dump({"key": " ".join(["word"] * 30)})
    assert text.startswith("key: >-\n  word word")
    assert max(map(len, text.splitlines())) <= yamltext.WIDTH


def test_paragraphs_are_literal() -> None:
    assert yamltext.dump({"key": "one\n\ntwo"}) == "key: |-\n  one\n\n  two\n"


def test_sequences_are_indented_and_long_ones_are_blocks() -> None:
    assert yamltext.dump({"key": [{"a": 1, "b": [{"c": 2}]}]}) == "key:\n  - a: 1\n    b:\n      - c: 2\n"
    assert yamltext.dump({"key": ["word" * 20, "word" * 20]}).count("\n  - word") == 2
    assert yamltext.dump({"key": [[1, 2], [{"a": 1}], {}]}) == "key:\n  - [1, 2]\n  - - a: 1\n  - {}\n"


def test_blank_lines_separate_what_is_asked_for() -> None:
    document = {"a": {"b": {"d": 1, "e": 2}, "c": {"$ref": "x"}}, "f": 1}
    assert yamltext.dump(document, spaced=[(), ("a",)]) == (
        "a:\n  b:\n    d: 1\n    e: 2\n\n  c: { $ref: x }\n\nf: 1\n"
    )
