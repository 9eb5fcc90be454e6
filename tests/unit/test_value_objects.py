"""Value objects: what a change of a type, or of a field that is of one, means for rows, clients and names."""

from copy import deepcopy
from typing import Any

import pytest
import yaml
from harness.answers import SERVICE
from harness.paths import ROOT

from castrum.compatibility import contract
from castrum.rename.renaming import declared
from castrum.template import language
from extensions.pipeline import build_model, problems_of, template_model
from extensions.pipeline.renamed import under_new_names
from extensions.pipeline.verdicts import tables
from extensions.targets.openapi.document import contract as document

Domain = dict[str, Any]

ADDRESS: Domain = {"street": "string(120)", "city": "string(60)", "zip": "string(12)?"}
USES: Domain = {"name": "string(80)", "billing": "Address", "shipping": "Address?"}


def domain(address: Domain, uses: Domain) -> Domain:
    return {"context": "shop", "types": {"Address": address}, "aggregates": {"Customer": {"fields": uses}}}


def in_part(address: Domain, uses: Domain) -> Domain:
    parts = {"visits": {"entity": "Visit", "fields": uses}}
    customer = {"fields": {"name": "string(80)"}, "parts": parts}
    return {"context": "shop", "types": {"Address": address}, "aggregates": {"Customer": customer}}


OLD = domain(ADDRESS, USES)
FILL = "rows that exist need a value; add it nullable, fill it, then require it"
LOOK = "customers: look for rows that {} refuses before the revision does, which fails on them"
KNOWN = "the release that is running knows it as {}; deploy without overlap"
WHOLE = "ck_customers_shipping_street_shipping_city"


@pytest.mark.parametrize(
    ("new", "changes", "advice"),
    [
        (domain(ADDRESS, USES), [], []),
        (
            domain(ADDRESS | {"land": "string(2)?"}, USES),
            ["add customers.billing_land", "add customers.shipping_land"],
            [],
        ),
        (
            domain(ADDRESS | {"land": "string(2)"}, USES),
            ["add customers.billing_land", "add customers.shipping_land"],
            [f"customers.billing_land: {FILL}", LOOK.format(f"{WHOLE}_shipping_land")],
        ),
        (
            domain(ADDRESS | {"land": "string(2) = DE"}, USES),
            ["add customers.billing_land", "add customers.shipping_land"],
            [LOOK.format(f"{WHOLE}_shipping_land")],
        ),
        (
            domain(ADDRESS, USES | {"seat": "Address?"}),
            ["add customers.seat_street", "add customers.seat_city", "add customers.seat_zip"],
            [],
        ),
        (
            domain(ADDRESS, USES | {"billing": "Address?"}),
            ["change customers.billing_street", "change customers.billing_city"],
            [],
        ),
        (
            domain(
                {"street": "string(120)", "town": {"type": "string(60)", "renamed_from": "city"}, "zip": "string(12)?"},
                {"name": "string(80)", "billing": "Address", "sent": {"type": "Address?", "renamed_from": "shipping"}},
            ),
            [
                "rename customers.billing_city to billing_town",
                "rename customers.shipping_street to sent_street",
                "rename customers.shipping_city to sent_town",
                "rename customers.shipping_zip to sent_zip",
            ],
            [
                f"customers.billing_town: {KNOWN.format('billing_city')}",
                f"customers.sent_street: {KNOWN.format('shipping_street')}",
                f"customers.sent_town: {KNOWN.format('shipping_city')}",
                f"customers.sent_zip: {KNOWN.format('shipping_zip')}",
            ],
        ),
    ],
)
def test_tables(new: Domain, changes: list[str], advice: list[str]) -> None:
    assert tables(OLD, new) == (changes, advice)


PLACES: Domain = {"on": "date", "at": "Address", "next": "Address?"}


@pytest.mark.parametrize(
    ("new", "changes", "advice"),
    [
        (in_part(ADDRESS, PLACES), [], []),
        (in_part(ADDRESS | {"land": "string(2)?"}, PLACES), ["add visits.at_land", "add visits.next_land"], []),
        (
            in_part(ADDRESS | {"land": "string(2)"}, PLACES),
            ["add visits.at_land", "add visits.next_land"],
            [
                f"visits.at_land: {FILL}",
                LOOK.replace("customers", "visits").format("ck_visits_next_street_next_city_next_land"),
            ],
        ),
        (
            in_part(ADDRESS, {"on": "date", "place": {"type": "Address", "renamed_from": "at"}, "next": "Address?"}),
            [f"rename visits.at_{name} to place_{name}" for name in ADDRESS],
            [f"visits.place_{name}: {KNOWN.format(f'at_{name}')}" for name in ADDRESS],
        ),
    ],
)
def test_tables_of_parts(new: Domain, changes: list[str], advice: list[str]) -> None:
    assert tables(in_part(ADDRESS, PLACES), new) == (changes, advice)


@pytest.mark.parametrize(
    ("new", "breaking", "others"),
    [
        (
            in_part(ADDRESS | {"land": "string(2)"}, PLACES),
            ["AddressInput: land became required"],
            ["Address: land is new"],
        ),
        (
            in_part(ADDRESS, PLACES | {"before": "Address?"}),
            [],
            ["Visit: before is new", "VisitInput: before is new"],
        ),
        (
            in_part(ADDRESS, PLACES | {"next": "Address"}),
            ["VisitInput.next: no longer takes null", "VisitInput: next became required"],
            ["Visit: next became required"],
        ),
    ],
)
def test_clients_of_parts(new: Domain, breaking: list[str], others: list[str]) -> None:
    old = in_part(ADDRESS, PLACES)
    found = contract.compare(*(document(build_model(each), SERVICE) for each in (old, new)))
    assert [sorted(each) for each in found] == [breaking, others]


LEADING: Domain = {
    "context": "shop",
    "types": {"Route": {"start": "ref Place", "end": "ref Place?", "km": "int?"}},
    "aggregates": {
        "Trip": {"fields": {"route": "Route", "way_back": "Route?"}},
        "Place": {"name": "string(80)"},
    },
}


def test_a_reference_inside_is_a_foreign_key_of_its_column() -> None:
    (trip, place) = template_model(LEADING, "shop")["aggregates"]
    keys = {each["pointer"]: (each["name"], each["columns"]) for each in trip["constraints"] if each["kind"] == "fk"}
    assert keys == {
        f"/{use}/{end}_id": (f"fk_trips_{use}_{end}_id", [f"{use}_{end}_id"])
        for use in ("route", "way_back")
        for end in ("start", "end")
    }
    assert [each["columns"] for each in trip["indexes"] if each["columns"][0].endswith("_id")] == [
        *([column] for _, (column,) in keys.values())
    ]
    assert place["constraints"][0]["kind"] == "pk"


def test_what_an_object_always_refers_to_is_made_before_it() -> None:
    assert template_model(LEADING, "shop")["code"]["tables"][0]["name"] == "places"
    trip = template_model(LEADING, "shop")["aggregates"][0]["code"]
    assert [(each["place"], each["module"]) for each in trip["example_references"]] == [
        ('("route", "start_id")', "place")
    ]
    assert list(trip["example_body"]["route"]) == ["start_id", "km"]
    assert trip["example_patch"] == {"way_back": None}
    alone = deepcopy(LEADING)
    del alone["aggregates"]["Trip"]["fields"]["way_back"]
    trip = template_model(alone, "shop")["aggregates"][0]["code"]
    assert trip["example_patch"]["route"].keys() == {"start_id", "km"}
    assert [each["place"] for each in trip["example_patch_places"]] == ['("route", "start_id")']
    assert "way_back" not in trip["example_body"]


def test_a_reference_inside_follows_the_name_of_what_it_leads_to() -> None:
    new = yaml.safe_load(yaml.dump(LEADING, sort_keys=False).replace("Place", "Spot"))
    new["aggregates"]["Spot"] = {"renamed_from": "Place", "fields": {"name": "string(80)"}}
    assert problems_of(new) == []
    followed = under_new_names(LEADING, new)
    assert followed["types"]["Route"]["start"] == "ref Spot"
    assert followed["types"]["Route"]["end"] == "ref Spot?"


HIDING = domain(ADDRESS | {"key": "string(20) secret"}, USES)


def test_what_becomes_secret_inside_goes_from_answers_and_stays_in_its_column() -> None:
    old = domain(ADDRESS | {"key": "string(20)"}, USES)
    assert tables(old, HIDING) == ([], [])
    breaking, others = contract.compare(*(document(build_model(each), SERVICE) for each in (old, HIDING)))
    assert breaking == ["Address: key is gone"]
    assert others == []


def test_a_secret_inside_is_written_only() -> None:
    paper = document(build_model(HIDING), SERVICE)
    schemas = paper["components"]["schemas"]
    assert schemas["Address"]["properties"].keys() == ADDRESS.keys()
    for sent in ("AddressInput", "AddressPatch"):
        assert schemas[sent]["properties"]["key"]["writeOnly"] is True
    shown = paper["components"]["examples"]
    assert "key" in shown["Customer.create"]["value"]["billing"]
    assert shown["Customer"]["value"]["billing"].keys() == ADDRESS.keys()
    model = template_model(HIDING, "shop")
    customer = model["aggregates"][0]["code"]
    assert {"billing_key", "shipping_key"} <= {*customer["columns"]}
    assert {"billing_key", "shipping_key"}.isdisjoint(customer["shown_columns"])
    (address,) = model["code"]["value_objects"]["objects"]
    assert [each["attribute"] for each in address["show"]] == ["street", "city", "zip_"]
    assert [each["attribute"] for each in address["read"]] == ["street", "city", "zip_", "key"]


def test_whether_an_object_is_there_is_told_by_what_readers_see() -> None:
    hidden_first = domain({"key": "string(20) secret", **ADDRESS}, USES)
    billing, shipping = template_model(hidden_first, "shop")["aggregates"][0]["fields"][1:]
    assert shipping["code"]["view_from_row"].startswith("None if row[5] is None else AddressMapper.show(row[5:8])")
    assert billing["code"]["view_from_row"] == "AddressMapper.show(row[2:5])"


def test_what_is_in_parts_alone_has_no_patch() -> None:
    model = template_model(in_part(ADDRESS, PLACES), "shop")
    (address,) = model["code"]["value_objects"]["objects"]
    ways = ("is_sent", "is_changed", "is_optional", "is_kept", "is_in_parts")
    assert [address[way] for way in ways] == [True, False, False, False, True]
    schemas = document(model, SERVICE)["components"]["schemas"]
    assert "AddressInput" in schemas
    assert "AddressPatch" not in schemas


@pytest.mark.parametrize(
    ("new", "breaking", "others"),
    [
        (
            domain(ADDRESS | {"land": "string(2)"}, USES),
            ["AddressInput: land became required"],
            ["Address: land is new", "AddressPatch: land is new"],
        ),
        (
            domain(ADDRESS | {"land": "string(2)?"}, USES),
            [],
            ["Address: land is new", "AddressInput: land is new", "AddressPatch: land is new"],
        ),
        (
            domain(ADDRESS, USES | {"seat": "Address"}),
            ["CustomerCreate: seat became required"],
            ["Customer: seat is new", "CustomerPatch: seat is new"],
        ),
        (
            domain(ADDRESS, USES | {"billing": "Address?"}),
            ["Customer: billing became optional"],
            [
                "CustomerCreate.billing: takes null",
                "CustomerCreate: billing became optional",
                "CustomerPatch.billing: takes null",
            ],
        ),
        (
            domain(ADDRESS, USES | {"shipping": "Address"}),
            [
                "CustomerCreate.shipping: no longer takes null",
                "CustomerCreate: shipping became required",
                "CustomerPatch.shipping: no longer takes null",
            ],
            ["Customer: shipping became required"],
        ),
    ],
)
def test_clients(new: Domain, breaking: list[str], others: list[str]) -> None:
    found = contract.compare(*(document(build_model(each), SERVICE) for each in (OLD, new)))
    assert [sorted(each) for each in found] == [breaking, others]


def test_another_name_of_a_type_is_nothing_to_rows_and_clients() -> None:
    new = yaml.safe_load(yaml.dump(OLD, sort_keys=False).replace("Address", "Place"))
    assert tables(OLD, new) == ([], [])
    assert contract.compare(*(document(build_model(each), SERVICE) for each in (OLD, new))) == ([], [])


def test_a_renamed_field_inside_of_a_type() -> None:
    fields = {"street": "string(120)", "town": {"type": "string(60)", "renamed_from": "city"}, "zip": "string(12)?"}
    for body in (fields, {"description": "Where somebody lives.", "fields": fields}):
        new = domain(body, USES)
        assert language.renames(OLD, new) == []
        assert [each.what for each in declared(build_model(OLD), build_model(new))] == ["Address.city → Address.town"]
        followed = under_new_names(OLD, new)
        assert list(followed["types"]["Address"]) == ["street", "town", "zip"]
        assert problems_of(followed) == []
    taken = domain({**ADDRESS, "post": "int"} | {"zip": {"type": "string(12)?", "renamed_from": "post"}}, USES)
    del taken["types"]["Address"]["post"]
    (problem,) = language.renames(domain(ADDRESS | {"post": "int"}, USES), taken)
    assert problem.startswith("types.Address.fields.zip.renamed_from: 'zip' was a field at the last update")


def test_one_schema_and_one_class_for_all_that_is_of_a_type() -> None:
    schemas = document(build_model(OLD), SERVICE)["components"]["schemas"]
    shown = schemas["Customer"]["properties"]
    assert [shown[name]["$ref"].rpartition("/")[2] for name in ("billing", "shipping")] == ["Address", "Address"]
    assert schemas["Address"]["required"] == ["street", "city"]
    code = template_model(OLD, "shop")["code"]["value_objects"]
    assert [each["name"] for each in code["objects"]] == ["Address"]


def test_a_domain_without_types_has_none_of_it() -> None:
    plain = yaml.safe_load((ROOT / "examples/ordering/domain.yaml").read_text(encoding="utf-8"))
    assert template_model(plain, "shop")["code"]["value_objects"] is None


def test_an_object_that_is_readonly_everywhere_is_nothing_that_clients_send() -> None:
    model = template_model(domain(ADDRESS, {"name": "string(80)", "last": "Address? readonly"}), "shop")
    assert [each["is_sent"] for each in model["code"]["value_objects"]["objects"]] == [False]
    assert {"AddressInput", "AddressPatch"}.isdisjoint(document(model, SERVICE)["components"]["schemas"])


def test_the_widest_table_has_so_many_columns_and_no_more() -> None:
    fields = {f"f{number}": "int" for number in range(25)}
    uses: Domain = {f"u{number}": "Address" for number in range(20)}
    assert problems_of(domain(fields, uses)) == []
    (problem,) = problems_of(domain(deepcopy(fields), uses | {"one": "int"}))
    assert problem == "aggregates.Customer: has 501 columns with those of its types; at most 500 are possible"


MARKS: Domain = {"paid_at": "datetime?", "why": "enum(late, other)?"}


def marked(marks: Domain, *, field: str = "marks", **sets: Any) -> Domain:
    lifecycle = {"states": ["open", "paid"], "actions": {"pay": {"from": "open", "to": "paid", "sets": sets}}}
    invoice = {"fields": {"number": "string(20)", field: "Marks readonly"}, "lifecycle": lifecycle}
    return {"context": "shop", "types": {"Marks": marks}, "aggregates": {"Invoice": invoice}}


def test_an_action_sets_what_is_inside_and_keeps_the_rest() -> None:
    new = marked(MARKS, **{"marks.paid_at": "now", "marks.why": "late"})
    invoice = template_model(new, "shop")["aggregates"][0]
    assert invoice["fields"][1]["code"]["model"] == "Marks = field(default_factory=Marks)"
    (pay,) = invoice["lifecycle"]["actions"]
    (assigned,) = pay["assigns"]
    assert assigned["python"] == "replace(self.marks, paid_at=at, why=MarksWhy.LATE)"
    shown = document(build_model(new), SERVICE)["components"]["examples"]
    assert shown["Invoice"]["value"]["marks"] == {}
    assert shown["Invoice.paid"]["value"]["marks"].keys() == MARKS.keys()


def test_an_object_that_starts_empty_is_added_to_rows_and_breaks_nobody() -> None:
    old = marked(MARKS)
    del old["types"], old["aggregates"]["Invoice"]["fields"]["marks"]
    old["aggregates"]["Invoice"]["lifecycle"]["actions"]["pay"].pop("sets")
    new = marked(MARKS, **{"marks.paid_at": "now"})
    assert tables(old, new) == (["add invoices.marks_paid_at", "add invoices.marks_why"], [])
    breaking, _ = contract.compare(*(document(build_model(each), SERVICE) for each in (old, new)))
    assert breaking == []


def test_what_an_action_sets_inside_follows_the_names_of_both() -> None:
    old = marked(MARKS, **{"marks.paid_at": "now"})
    inside = {"settled_at": {"type": "datetime?", "renamed_from": "paid_at"}, "why": MARKS["why"]}
    new = marked(inside, field="stamps", **{"stamps.settled_at": "now"})
    new["aggregates"]["Invoice"]["fields"]["stamps"] = {"type": "Marks readonly", "renamed_from": "marks"}
    followed = under_new_names(old, new)
    assert problems_of(followed) == []
    assert followed["aggregates"]["Invoice"]["lifecycle"]["actions"]["pay"]["sets"] == {"stamps.settled_at": "now"}
