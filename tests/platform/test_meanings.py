"""Every error of the kernel has one code, and what it says comes as far as to the client."""

import inspect

import pytest
from ordering import kernel
from ordering.kernel import DomainError, OutcomeOpen, RuleViolated, Unavailable
from ordering.platform.problems import CATALOGUE, MEANINGS, from_domain

ERRORS = [kind for _, kind in inspect.getmembers(kernel, inspect.isclass) if issubclass(kind, DomainError)]
ABSTRACT = {"ValueRefused"}


def made(kind: type[DomainError]) -> DomainError:
    """An error of this kind."""
    required = [
        parameter
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    return kind(*("what" for _ in required))


@pytest.mark.parametrize("kind", [kind for kind in ERRORS if kind.__name__ not in ABSTRACT])
def test_each_error_has_a_code_with_a_page(kind: type[DomainError]) -> None:
    error = made(kind)
    problem = from_domain(error)
    assert kind in MEANINGS or kind is RuleViolated  # a rule is what a refusal is about that says no more
    assert problem.status == CATALOGUE[problem.code].status
    assert str(error) in (problem.detail, *(each.detail for each in problem.errors))


def test_what_is_derived_has_the_code_of_its_base() -> None:
    class Late(OutcomeOpen):
        """Of somebody's own."""

    assert from_domain(Late()).code == "outcome-open"


@pytest.mark.parametrize("error", [kernel.KeyTaken(), OutcomeOpen(), Unavailable("No.")])
def test_who_may_come_back_hears_when(error: DomainError) -> None:
    assert from_domain(error).headers == {"Retry-After": "1"}
    assert from_domain(kernel.ChangedMeanwhile()).headers == {}
