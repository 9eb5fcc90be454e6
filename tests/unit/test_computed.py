"""Computed fields: their ranges, their values, and the same in Python, in SQL and after a rename."""

from typing import Any

from castrum.template import language
from extensions.model.computed import evaluate
from extensions.pipeline import verdicts
from extensions.pipeline.reading import domain_model
from extensions.targets.postgres.tables import tables
from extensions.targets.python.domain import python_domain

INVOICE: dict[str, Any] = {
    "fields": {
        "due": "bigint",
        "paid": "bigint?",
        "discount": "money(EUR)",
        "remaining": "bigint? computed due - (paid + 1)",
        "subtotal": "money(EUR) computed sum(lines.amount)",
        "total": "money(EUR) computed subtotal - discount",
        "vat": "money(EUR) computed total * 0.19",
        "most": "int? computed max(lines.quantity)",
        "settled": "bool? computed paid >= due",
    },
    "parts": {
        "lines": {
            "entity": "InvoiceLine",
            "fields": {
                "quantity": "int(1..9)",
                "price": {"type": "money(EUR)", "min": 0},
                "amount": {"type": "money(EUR)", "computed": "quantity * price"},
            },
        }
    },
}


def domain(**changes: Any) -> dict[str, Any]:
    return {"context": "billing", "aggregates": {"Invoice": {**INVOICE, **changes}}}


def test_only_what_can_come_out_of_its_range_is_bounded() -> None:
    (invoice,) = domain_model(domain()).aggregates
    bounded = {field.name: field.computed.is_bounded for field in invoice.all_fields() if field.computed}
    assert bounded == {
        "remaining": True, "subtotal": True, "total": True, "vat": False, "most": False, "settled": False,
        "amount": True,
    }  # fmt: skip
    amount = invoice.parts[0].fields[2].computed
    assert amount is not None
    assert amount.too_low is None, "neither factor is negative"


def test_values() -> None:
    (invoice,) = domain_model(domain()).aggregates
    fields = {field.name: field for field in invoice.fields}
    inner = {"lines": invoice.parts[0].fields}
    euros = {"currency": "EUR"}
    line = {"quantity": 3, "price": {"amount": "1.05"} | euros}
    body: dict[str, Any] = {"due": 5, "paid": 7, "discount": {"amount": "0.1"} | euros, "lines": [line, line]}
    found = {name: evaluate(name, fields, body, inner) for name in fields if fields[name].computed}
    assert found == {
        "remaining": -3,
        "subtotal": {"amount": "6.30"} | euros,
        "total": {"amount": "6.20"} | euros,
        "vat": {"amount": "1.1780"} | euros,
        "most": 3,
        "settled": True,
    }
    empty = {**body, "paid": None, "lines": []}
    assert evaluate("remaining", fields, empty, inner) is None
    assert evaluate("most", fields, empty, inner) is None
    assert evaluate("subtotal", fields, empty, inner) == {"amount": "0"} | euros


def test_python_and_sql() -> None:
    model = domain_model(domain())
    stored = tables(model)
    invoice = python_domain(model, stored)["Invoice"]
    lines = {each.attribute: each.lines[1:] for each in invoice.properties}
    assert lines["remaining"] == ("if self.paid is None:", "    return None", "return self.due - (self.paid + 1)")
    assert lines["total"] == ('return Money(self.subtotal.amount - self.discount.amount, "EUR")',)
    columns = {column.name: column.computed for column in stored["Invoice"].own}
    assert columns["due"] is None
    assert columns["remaining"] == "due - (paid + 1)"
    rows = "FROM invoice_lines WHERE invoice_id = invoices.id"
    total = f"(SELECT coalesce(sum(quantity * price_amount), 0) {rows}) - discount_amount"
    assert columns["total_amount"] == total
    assert columns["vat_amount"] == f"round(({total}) * 0.19, 4)"
    assert columns["vat_currency"] == "'EUR'"
    assert columns["most"] == f"(SELECT max(quantity) {rows})"


def test_names_follow_a_rename() -> None:
    fields = dict(INVOICE["fields"])
    owed = {"type": fields.pop("due"), "renamed_from": "due"}
    fields |= {
        "owed": owed,
        "remaining": "bigint? computed owed - (paid + 1)",
        "settled": "bool? computed paid >= owed",
    }
    line = INVOICE["parts"]["lines"]
    inner = {
        "count": {"type": "int(1..9)", "renamed_from": "quantity"},
        "price": line["fields"]["price"],
        "amount": {"type": "money(EUR)", "computed": "count * price"},
    }
    fields["most"] = "int? computed max(lines.count)"
    new = domain(fields=fields, parts={"lines": {**line, "fields": inner}})
    found = language.under_new_names(domain(), new)["aggregates"]["Invoice"]
    assert found["fields"]["remaining"] == "bigint? computed owed - (paid + 1)"
    assert found["fields"]["most"] == "int? computed max(lines.count)"
    assert found["fields"]["subtotal"] == "money(EUR) computed sum(lines.amount)"
    assert found["parts"]["lines"]["fields"]["amount"]["computed"] == "count * price"


def test_what_a_change_means_for_rows() -> None:
    fields = INVOICE["fields"]
    before = domain(fields={name: fields[name] for name in fields if name != "remaining"})
    changes, advice = verdicts.tables(before, domain())
    assert changes == ["add invoices.remaining"]
    filled = "the revision fills it; the release that is running does not, so deploy without overlap"
    assert advice == [f"invoices.remaining: {filled}"]
    changes, advice = verdicts.tables(domain(), domain(fields={**fields, "remaining": "bigint? computed due - paid"}))
    assert changes == ["change invoices.remaining"]
    assert "anew" in advice[0]
