"""The domains whose whole gate runs in CI have every word of the domain language, and what was red once."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from harness.paths import GATED, domain_file
from words import every_word, words_of

from extensions.capacity.bodies import LEAST_LIMIT, largest_body
from extensions.language.yaml_reader import load_yaml
from extensions.pipeline import build_model

Model = dict[str, Any]
RED_ONCE: dict[str, Callable[[Model], bool]] = {
    "an aggregate of references only": lambda model: any(
        {field["kind"] for field in aggregate["fields"]} == {"ref"} for aggregate in model["aggregates"]
    ),
    "an enum of one word": lambda model: any(
        len(enum["members"]) == 1 for aggregate in model["aggregates"] for enum in aggregate["enums"]
    ),
    "a body above 1 MiB": lambda model: largest_body(model) > LEAST_LIMIT,
}


def domain(name: str) -> dict[str, Any]:
    content: dict[str, Any] = load_yaml(domain_file(name).read_bytes())
    return content


def test_every_word_is_in_a_domain_whose_gate_runs() -> None:
    assert len(GATED) <= 4
    missing = every_word().difference(*(words_of(domain(name)) for name in GATED))
    assert not missing, f"write them into tests/domains/words.yaml: {', '.join(sorted(missing))}"


@pytest.mark.parametrize("kind", RED_ONCE)
def test_what_was_red_once_is_in_a_domain_whose_gate_runs(kind: str) -> None:
    assert any(RED_ONCE[kind](build_model(domain(name))) for name in GATED)


@pytest.mark.parametrize("name", GATED)
def test_a_domain_has_no_words_but_those_of_the_language(name: str) -> None:
    assert words_of(domain(name)) <= every_word()


def test_a_word_that_nobody_writes_is_missed() -> None:
    """The words of a domain are what it says, not what could be said."""
    content = copy.deepcopy(domain("words"))
    close = content["aggregates"]["Distinct"]["lifecycle"]["actions"]["close"]
    del close["resource"], content["aggregates"]["Hidden"]["fields"]["whole"]["example"]
    assert words_of(domain("words")) - words_of(content) == {"actions.resource", "int example"}
