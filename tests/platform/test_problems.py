from ordering.kernel import DomainError, RuleViolated
from ordering.platform.problems import (
    CATALOGUE,
    FieldError,
    Problem,
    from_domain,
    from_status,
    invalid,
    pointer,
    printable,
    render,
)

IDS = {"request_id": "r", "trace_id": "t"}


def test_a_pointer_escapes_what_has_a_meaning_in_it() -> None:
    assert pointer() == ""
    assert pointer("a/b", "~", 0) == "/a~1b/~0/0"
    assert pointer("\ud800\n") == "/\ufffd\ufffd"
    assert len(pointer("x" * 1000, "y")) == 200


def test_text_is_cut() -> None:
    assert printable("x" * 10, 10) == "x" * 10
    assert printable("x" * 11, 10) == "x" * 9 + "…"


def test_every_code_has_a_meaning() -> None:
    for code, meaning in CATALOGUE.items():
        assert code == code.lower().replace("_", "-")
        assert 400 <= meaning.status < 600
        assert meaning.title
        assert meaning.text.endswith(".")


def test_a_code_of_ones_own_is_a_title_as_well() -> None:
    body = render(Problem(409, "too-heavy", "It is."), **IDS)
    assert b'/problems/too-heavy","title":"Too heavy"' in body
    assert b"errors" not in body


def test_a_status_has_a_code_if_there_is_one() -> None:
    assert from_status(413).code == "content-too-large"
    assert from_status(402).code == ""
    assert from_status(402).detail == "Payment Required"
    assert from_status(799).detail == "Status 799"


def test_the_domain_may_refuse_without_a_field() -> None:
    assert from_domain(RuleViolated("No.")).errors == []
    assert from_domain(DomainError("No.")).code == "rule-violated"
    assert from_domain(RuleViolated("No.", field="a")).errors == [FieldError("/a", "rule_violated", "No.")]


def test_errors_are_counted() -> None:
    error = FieldError("/a", "wrong", "Wrong.")
    assert invalid([error]).detail == "The request has one error."
    assert invalid([error] * 100).detail == "The request has 100 errors."
    many = invalid([error] * 101)
    assert many.detail == "The request has more than 100 errors."
    assert len(many.errors) == 100
