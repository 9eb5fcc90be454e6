"""Patterns are checked, rewritten to mean the same everywhere, and sampled."""

import re
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import SchemaValidator, core_schema

from extensions.text.patterns import Pattern, PatternError

CONTROLS = r"\x00-\x1F\x7F-\x9F"


@pytest.mark.parametrize(
    ("source", "portable"),
    [
        ("[A-Z]{3}-[0-9]+", "^[A-Z]{3}-[0-9]+$"),
        ("^[A-Z]{2,}$", "^[A-Z]{2,}$"),
        ("a|bc", "^(?:a|bc)$"),
        (".*", f"^[^{CONTROLS}]*$"),
        ("[^x]?", f"^[^x{CONTROLS}]?$"),
        ("(ab)+?", "^(?:ab)+?$"),
        (r"\.\-/", r"^\.-\/$"),
        (r"[\]\-a]", r"^[\]\-a]$"),
        (r"\d{3}\s\w+", "^[0-9]{3} [A-Za-z0-9_]+$"),
        (r"\D\S?\W*", f"^[^0-9{CONTROLS}][^ {CONTROLS}]?[^A-Za-z0-9_{CONTROLS}]*$"),
        (r"[\w.-]+@[^\s@]+", rf"^[A-Za-z0-9_.\-]+@[^ @{CONTROLS}]+$"),
    ],
)
def test_portable_text(source: str, portable: str) -> None:
    assert Pattern(source).text == portable


@pytest.mark.parametrize(
    "source",
    [
        r"[\S]",
        r"[\d-z]",
        r"[a-\d]",
        r"\bx",
        r"\x41",
        "(?=a)",
        "(?P<n>a)",
        r"(a)\1",
        "a++",
        "a{2}{3}",
        "a{3,2}",
        "a{5000}",
        "[",
        "[]",
        "[a",
        "[b-a]",
        "[[a]]",
        "[a&&b]",
        "(",
        ")",
        "a^b",
        "a$b",
        "*",
        "{",
        "}",
        "]",
        "a\n",
        "[\x00-a]",
        "[ -\xff]",
        "(a?)*",
        "\\",
        "(" * 30 + ")" * 30,
    ],
)
def test_refused(source: str) -> None:
    with pytest.raises(PatternError):
        Pattern(source)


@pytest.mark.parametrize(("source", "length"), [("[A-Z0-9]+", 8), ("[a-z]+-[0-9]+", 9), ("[a-z]*", 20)])
def test_samples_of_one_length(source: str, length: int) -> None:
    values = list(islice(Pattern(source).samples(length, length), 30))
    assert len(set(values)) == 30
    assert {len(value) for value in values} == {length}


@settings(max_examples=60)
@given(st.text("ab.[]^-(|)?*+{}1,2$\\d:", max_size=16))
def test_any_text_is_checked_or_refused(source: str) -> None:
    try:
        pattern = Pattern(source)
    except PatternError:
        return
    compiled = re.compile(pattern.text)
    validator = SchemaValidator(core_schema.str_schema(pattern=pattern.text))
    for value in islice(pattern.samples(0, 60), 5):
        assert compiled.fullmatch(value)
        assert validator.validate_python(value) == value
        assert pattern.shortest <= len(value) <= (pattern.longest if pattern.longest is not None else len(value))


@pytest.mark.parametrize("source", [r"\d+", r"\w+", r"[\d\s]+", r"\S+", r"\W\D", r"[^\w]"])
def test_kinds_of_characters_are_those_of_ascii(source: str) -> None:
    """Of what engines take differently, digits, letters and blanks beyond ASCII, none is among them."""
    pattern = Pattern(source)
    rust = SchemaValidator(core_schema.str_schema(pattern=pattern.text))
    for value in ("7", "a", "_", " ", "é", "٣", "\u00a0", "\u2003", "\t", "\n", "7 ", "--", "é٣"):
        ascii_only = re.fullmatch(f"(?a:{source})", value) is not None
        # Where the class is negated, what is beyond ASCII is in it; but no control character, which strings never have.
        expected = ascii_only and not any(each < " " for each in value)
        assert pattern.matches(value) == expected, value
        try:
            rust.validate_python(value)
            taken = True
        except ValueError:
            taken = False
        assert taken == expected, value
