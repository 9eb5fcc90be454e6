"""What the targets say of a domain, each by itself."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from harness.paths import ROOT
from hypothesis import HealthCheck, given, settings
from strategies import domains

from extensions.language.yaml_reader import load_yaml
from extensions.model.domain import Aggregate
from extensions.pipeline import domain_model, template_model
from extensions.targets.openapi.linting import contract_linting
from extensions.targets.postgres.relation import Table
from extensions.targets.postgres.statements import part_statements, statements
from extensions.targets.postgres.tables import tables
from extensions.targets.python.domain import python_domain
from extensions.targets.python.fields import annotated
from extensions.targets.python.lint import looks_secret, noted
from extensions.targets.python.names import member_names
from extensions.targets.python.types import python_literal
from extensions.targets.tests.scenarios import Move, Refusal, scenarios
from extensions.text.naming import natural
from extensions.text.plain import plain

FAST = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
VAULT: dict[str, Any] = {
    "Vault": {
        "fields": {
            "owner_token": "string(20)",
            "door_code": "string(8) secret",
            "worth": "money",
            "options": {"type": "json", "default": {"lock": None}},
        },
        "parts": {"boxes": {"entity": "Box", "fields": {"label": "string(20)", "price": "money?"}}},
        "filter": ["owner_token"],
        "lifecycle": {
            "states": ["OPEN", "SHUT", "SEALED"],
            "actions": {
                "shut": {"from": "OPEN", "to": "SHUT"},
                "seal": {"from": ["OPEN", "SHUT"], "to": "SEALED"},
            },
        },
    }
}


def _aggregates(aggregates: dict[str, Any]) -> tuple[Aggregate, ...]:
    return domain_model({"context": "bank", "aggregates": aggregates}).aggregates


def _vault() -> tuple[Table, list[Table]]:
    found = tables(domain_model({"context": "bank", "aggregates": VAULT}))
    return found["Vault"], [found["Box"]]


@FAST
@given(domains())
def test_what_templates_read_survives_json(domain: Any) -> None:
    view = template_model(domain, "service")
    assert json.loads(json.dumps(view)) == view
    assert plain(view) == view
    modules = [aggregate["module"] for aggregate in view["code"]["aggregates"]]
    assert modules == sorted((aggregate["module"] for aggregate in view["aggregates"]), key=natural)
    for aggregate in domain_model(domain).aggregates:
        for field in aggregate.all_fields():
            for value in () if field.members else field.examples:
                compile(python_literal(field.type, value).text, "example", "eval")


def test_parameters_are_named_as_their_columns() -> None:
    vault, parts = _vault()
    found = statements(vault, parts)
    assert found.columns == (
        *("id", "owner_token", "door_code", "worth_amount", "worth_currency", "options"),
        *("status", "version", "created_at", "modified_at"),
    )
    assert found.insert_values[:2] == (":id::uuid", ":owner_token::text")
    assert found.update_values == (
        *("owner_token = :owner_token", "door_code = :door_code", "worth_amount = :worth_amount"),
        *("worth_currency = :worth_currency", "options = :options"),
        *("status = :status", "version = :version", "modified_at = :modified_at"),
    )


def test_clients_see_no_secret_columns() -> None:
    vault, parts = _vault()
    found = statements(vault, parts)
    assert found.has_secrets
    assert "door_code" not in found.shown_columns
    assert found.places["worth_amount"] == 2
    assert part_statements(vault, parts, found)[0].place == len(found.shown_columns)
    with pytest.raises(AttributeError):
        found.has_secrets = False  # type: ignore[misc]


def test_scenarios_go_the_shortest_way() -> None:
    (vault,) = _aggregates(VAULT)
    found = scenarios(vault.lifecycle)
    assert found.covers_all_states == {"shut": False, "seal": False}
    assert [Move(start="OPEN", steps='["shut-requests"]', path="sealings", target="SEALED")] == [
        m for m in found.moves if "shut" in m.steps
    ]
    assert Refusal(start="OPEN", steps='["sealings"]', path="shut-requests") in found.refusals
    assert scenarios(None).moves == ()


def test_scenarios_start_where_the_state_is_nearest() -> None:
    lifecycle: dict[str, Any] = {**VAULT["Vault"]["lifecycle"], "initial": ["SHUT", "OPEN"]}
    (vault,) = _aggregates({"Vault": VAULT["Vault"] | {"lifecycle": lifecycle}})
    found = scenarios(vault.lifecycle)
    assert {(move.start, move.steps, move.path) for move in found.moves} == {
        ("OPEN", "[]", "shut-requests"),
        ("OPEN", "[]", "sealings"),
        ("SHUT", "[]", "sealings"),
    }
    assert {(each.start, each.steps) for each in found.refusals} == {("SHUT", "[]"), ("SHUT", '["sealings"]')}
    assert found.elsewhere == '["SEALED"]'


def test_scenarios_over_http_take_no_internal_action() -> None:
    lifecycle: Any = deepcopy(VAULT["Vault"]["lifecycle"])
    lifecycle["actions"]["shut"]["internal"] = True
    lifecycle["actions"]["open"] = {"from": "SHUT", "to": "OPEN"}
    (vault,) = _aggregates({"Vault": VAULT["Vault"] | {"lifecycle": lifecycle}})
    found = scenarios(vault.lifecycle)
    assert found.covers_all_states == {"shut": False, "seal": False, "open": False}
    assert [(move.steps, move.path) for move in found.moves] == [("[]", "sealings")]
    assert {each.path for each in found.refusals} == {"sealings", "openings"}


def test_the_state_that_is_chosen_is_entered() -> None:
    lifecycle: dict[str, Any] = {**VAULT["Vault"]["lifecycle"], "initial": ["SHUT", "OPEN"]}
    fields = VAULT["Vault"]["fields"] | {"shut_at": "datetime? readonly", "sealed_at": "datetime? readonly"}
    body = {"fields": fields, "lifecycle": lifecycle}
    domain = domain_model({"context": "bank", "aggregates": {"Vault": body}})
    assert python_domain(domain, tables(domain))["Vault"].stamps_at_start() == {"SHUT": "shut_at", "OPEN": None}
    body["lifecycle"] = VAULT["Vault"]["lifecycle"]
    domain = domain_model({"context": "bank", "aggregates": {"Vault": body}})
    assert python_domain(domain, tables(domain))["Vault"].stamps_at_start() == {}


def test_linters_of_the_contract_are_told_of_credentials() -> None:
    found = contract_linting(_aggregates(VAULT))
    assert found.credential_places == ("/paths/~1vaults/get/parameters",)
    assert found.has_null
    plain_domain = {"Token": {"fields": {"v1": "int"}}, "ApiThing": {"fields": {"n": "int"}}}
    found = contract_linting(_aggregates(plain_domain))
    assert found.credential_places == ("/components/parameters/token_id",)
    assert (found.has_null, found.has_api_like_path, found.has_version_like_path) == (False, True, False)
    assert found.action_ids == ()


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("int", "Annotated[int, NotNull]"),
        ("Annotated[int, Field(ge=1)]", "Annotated[int, Field(ge=1), NotNull]"),
        ("Annotated[int, Field()] | list[int]", "Annotated[Annotated[int, Field()] | list[int], NotNull]"),
    ],
)
def test_annotations_are_not_nested(annotation: str, expected: str) -> None:
    assert annotated(annotation, "NotNull") == expected


def test_linters_of_the_code_are_told_of_suspects() -> None:
    assert [looks_secret(name) for name in ("token", "api_token_id", "tokens", "PASSWD", "passport")] == [
        *(True, True, False, True, False),
    ]
    assert noted('host = "0.0.0.0"') == 'host = "0.0.0.0"  # noqa: S104 - a text of the domain  # nosec B104'
    assert noted('    "/tmp/x"') == '    "/tmp/x"'


def test_names_of_python_give_way() -> None:
    aggregates = {
        "Line": {
            "fields": {"class": "string(9)", "close": "bool"},
            "parts": {"lines": {"entity": "VeryLongPurchaseLine", "fields": {"n": "int"}}},
            "lifecycle": {"states": ["OPEN", "SHUT"], "actions": {"close": {"from": "OPEN", "to": "SHUT"}}},
        }
    }
    domain = domain_model({"context": "bank", "aggregates": aggregates})
    line = python_domain(domain, tables(domain))["Line"]
    assert [field.attribute for field in line.fields] == ["class_", "close"]
    assert (line.variable, line.parts[0].variable) == ("line", "line_part")
    assert line.method(domain.aggregates[0].actions[0]) == "close_"


FREE = re.compile(r"example|examples|json_schema|input_json_schema|json|places|schemas|covers_all_states|example_\w+")
"""Words whose values have keys of the domain, or are JSON of a contract."""


def _words(view: object) -> Iterator[str]:
    """The words that templates could read, at any depth."""
    if isinstance(view, dict):
        for name, value in view.items():
            yield name
            if not FREE.fullmatch(name):
                yield from _words(value)
    elif isinstance(view, list):
        for each in view:
            yield from _words(each)


def test_templates_have_no_word_that_nobody_reads() -> None:
    templates = [path for path in (ROOT / "template").rglob("*") if path.suffix == ".jinja" or "{" in path.name]
    texts = [str(path.relative_to(ROOT)) for path in templates]
    texts += [path.read_text(encoding="utf-8") for path in templates if path.is_file()]
    read = set(re.findall(r"\.([a-z_]+)", "\n".join(texts)))
    for folder in ("answers", "capacity", "targets"):
        for path in (ROOT / "extensions" / folder).rglob("*.py"):
            read |= set(re.findall(r"""\[["']([a-z_]+)["']\]""", path.read_text(encoding="utf-8")))
    for path in (ROOT / "extensions" / "capabilities").rglob("*.py"):  # by what they are chosen
        read |= set(re.findall(r'"model\.code\.([a-z_]+)"', path.read_text(encoding="utf-8")))
    found = [load_yaml((ROOT / "examples" / name / "domain.yaml").read_bytes()) for name in ("awkward", "everything")]
    words = {word for domain in found for word in _words(template_model(domain, "service"))}
    assert sorted(words - read) == []


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["IN_TRANSIT", "V1A"], ["IN_TRANSIT", "V1A"]),
        (["usd", "inTransit", "In Transit", "in-transit"], ["USD", "IN_TRANSIT", "IN_TRANSIT_2", "IN_TRANSIT_3"]),
        (["18+", "2x", "+", "-", "Größe"], ["N18", "N2X", "WORD", "WORD_2", "GROSSE"]),
        (["a", "A", "a 2"], ["A", "A_2", "A_2_2"]),
    ],
)
def test_names_of_the_words_of_an_enum(words: list[str], names: list[str]) -> None:
    assert member_names(words) == names
    assert all(name.isidentifier() for name in names)
