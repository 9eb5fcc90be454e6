"""Which renames can be carried out from one domain to the next, and what is said of the others."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.paths import ROOT

from castrum.template import language

THEN = "at the last update; an update, with its migration, for each step:"
CUSTOMER = {"fields": {"email": "email", "note": "text?"}}
LINES = {"entity": "OrderLine", "fields": {"sku": "string(40)", "quantity": "int"}}
ORDER: dict[str, Any] = {
    "fields": {"number": "string(20)", "note": "text?", "total": "money"},
    "parts": {"lines": LINES},
}


def renamed(fields: dict[str, object], **others: object) -> dict[str, Any]:
    return {"fields": fields, **others}


def between(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    domains = [{"context": "shop", "aggregates": each} for each in (old, new)]
    assert [language.model(each)["context"] for each in domains] == ["shop", "shop"], "both are valid"
    return language.renames(domains[0], domains[1])


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "onto an aggregate that goes",
        {"Customer": ORDER | {"renamed_from": "Order"}},
        "Customer.'Customer' was an aggregate THEN remove Customer, Order → Customer",
    ),
    (
        "onto the table of a part that goes",
        {"Customer": CUSTOMER, "OrderLine": {"renamed_from": "Order", "fields": ORDER["fields"]}},
        "OrderLine.its table order_lines was that of Order.lines THEN remove Order.lines, Order → OrderLine",
    ),
    (
        "onto a field that goes",
        {"Customer": CUSTOMER, "Order": renamed({"note": {"type": "string(20)", "renamed_from": "number"}})},
        "Order.fields.note.'note' was a field THEN remove note, number → note",
    ),
    (
        "onto a column of a field that goes",
        {"Customer": CUSTOMER, "Order": renamed({"total_amount": {"type": "text?", "renamed_from": "note"}})},
        "Order.fields.total_amount.total_amount was stored for 'total' THEN remove total, note → total_amount",
    ),
    (
        "onto a field of a part that goes, of an aggregate with a new name",
        {
            "Customer": CUSTOMER,
            "Sale": {
                "renamed_from": "Order",
                "fields": ORDER["fields"],
                "parts": {"lines": LINES | {"fields": {"sku": {"type": "int", "renamed_from": "quantity"}}}},
            },
        },
        "Sale.parts.lines.fields.sku.'sku' was a field THEN remove sku, quantity → sku",
    ),
    (
        "from what never was",
        {"Customer": CUSTOMER, "Sale": ORDER | {"renamed_from": "Ordre"}},
        "Sale.'Ordre' was not an aggregate at the last update, NOTHING; did you mean 'Order'?",
    ),
    (
        "from a field that never was",
        {"Customer": CUSTOMER, "Order": ORDER | {"fields": {"text": {"type": "text", "renamed_from": "remark"}}}},
        "Order.fields.text.'remark' was not a field at the last update, NOTHING",
    ),
]


@pytest.mark.parametrize(("name", "new", "message"), REFUSED, ids=[name for name, *_ in REFUSED])
def test_what_cannot_be_carried_out_is_refused_with_the_steps(name: str, new: dict[str, Any], message: str) -> None:
    found = [
        line.replace(THEN, "THEN")
        .replace("so there is nothing to rename", "NOTHING")
        .removeprefix("aggregates.")
        .replace("renamed_from: ", "")
        for line in between({"Customer": CUSTOMER, "Order": ORDER}, new)
    ]
    assert found == [message]


def test_a_word_may_stay_after_the_rename() -> None:
    done = {"Sale": ORDER | {"renamed_from": "Order"}}
    assert between({"Order": ORDER}, done) == []
    assert between(done, done) == []
    kept = renamed({"remark": {"type": "text?", "renamed_from": "note"}})
    assert between({"Order": kept}, {"Order": kept}) == []


def test_an_input_keeps_the_name_of_the_field_that_it_sets() -> None:
    def lending(aggregate: str, field: str, *former: str) -> dict[str, Any]:
        was = [{"renamed_from": name} for name in former] or [{}, {}]
        kept = {"type": f"ref {aggregate}", "optional": True, "readonly": True} | was[1]
        hold = {"from": "free", "to": "held", "input": {field: f"ref {aggregate}", "till": "date"}}
        free = {"from": "held", "to": "free", "clears": [field]}
        lifecycle = {"states": ["free", "held"], "actions": {"hold": hold, "free": free}}
        book = {"fields": {"title": "text", field: kept}, "lifecycle": lifecycle}
        return {"context": "lending", "aggregates": {"Book": book, aggregate: {"fields": {"name": "text"}} | was[0]}}

    found = language.under_new_names(lending("Patron", "patron"), lending("Reader", "reader", "Patron", "patron"))
    hold = found["aggregates"]["Book"]["lifecycle"]["actions"]["hold"]
    assert hold["input"] == {"reader": "ref Reader", "till": "date"}
    assert found["aggregates"]["Book"]["lifecycle"]["actions"]["free"]["clears"] == ["reader"]
    assert language.model(found)["context"] == "lending", "it is valid under the new names"


def test_what_an_action_sets_keeps_the_name_of_the_field() -> None:
    def billing(field: str, **more: str) -> dict[str, Any]:
        pay = {"from": "open", "to": "paid", "sets": {field: True}}
        invoice = {"number": "text", field: {"type": "bool = false", "readonly": True} | more}
        lifecycle = {"states": ["open", "paid"], "actions": {"pay": pay}}
        return {"context": "billing", "aggregates": {"Invoice": {"fields": invoice, "lifecycle": lifecycle}}}

    found = language.under_new_names(billing("settled"), billing("done", renamed_from="settled"))
    assert found["aggregates"]["Invoice"]["lifecycle"]["actions"]["pay"]["sets"] == {"done": True}


def test_the_check_knows_the_last_update(tmp_path: Path) -> None:
    domain = {"context": "shop", "aggregates": {"Customer": ORDER | {"renamed_from": "Order"}}}
    (tmp_path / "domain.yaml").write_text(yaml.safe_dump(domain, sort_keys=False), encoding="utf-8")
    assert language.problems(tmp_path / "domain.yaml") == []
    recorded = {"domain": {"context": "shop", "aggregates": {"Customer": CUSTOMER, "Order": ORDER}}}
    (tmp_path / ".copier-answers.yml").write_text(yaml.safe_dump(recorded, sort_keys=False), encoding="utf-8")
    path = tmp_path / "domain.yaml"
    said = REFUSED[0][2].removeprefix("Customer.").replace("THEN", THEN)
    assert language.problems(path) == [f"{path}:14:19: aggregates.Customer.renamed_from: {said}"]


DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "releases/*.md", "template/**/*.md*", "examples/**/*.md")
    for path in ROOT.glob(pattern)
)


def test_every_loader_reads_the_examples_in_the_documents() -> None:
    """Also PyYAML's own one, which is stricter within braces than the C library that Castrum reads with."""
    read = 0
    for path in DOCUMENTS:
        for example in re.findall(
            r"^( *)```ya?ml\n(.*?)^\1```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            if not re.search(r"\{[{%]", example[1]):
                yaml.safe_load(example[1])
                read += 1
    assert read > 10


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/domain.yaml")), ids=str)
def test_every_loader_reads_the_examples(path: Path) -> None:
    yaml.safe_load(path.read_text(encoding="utf-8"))


def test_a_list_of_references_leads_to_the_new_name() -> None:
    def shop(tag: str, field: str, **more: Any) -> dict[str, Any]:
        product = {"fields": {"title": "text", field: {"type": f"refs {tag}"} | more}, "filter": [f"{field} any"]}
        return {"context": "shop", "aggregates": {tag: {"fields": {"name": "text"}}, "Product": product}}

    new = shop("Label", "labels", renamed_from="tags")
    new["aggregates"]["Label"]["renamed_from"] = "Tag"
    assert language.under_new_names(shop("Tag", "tags"), new) == shop("Label", "labels")
