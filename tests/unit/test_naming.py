"""Names: casing, plurals, nouns of actions, and words that are taken."""

import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extensions.answers import checks as answers
from extensions.targets.postgres import names as sql_names
from extensions.targets.python import names as python_names
from extensions.text import english, naming


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Order", "order"),
        ("OrderLine", "order_line"),
        ("HTTPRoute", "http_route"),
        ("APIKey", "api_key"),
        ("OAuth2Client", "o_auth2_client"),
        ("IBAN", "iban"),
        ("A", "a"),
        ("ABTest", "ab_test"),
        ("Version2", "version2"),
        ("X509Certificate", "x509_certificate"),
        ("order-line", "order_line"),
    ],
)
def test_snake(name: str, expected: str) -> None:
    assert naming.snake(name) == expected


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("tags", "tag"),
        ("sale_tags", "sale_tag"),
        ("categories", "category"),
        ("people", "person"),
        ("children", "child"),
        ("addresses", "address"),
        ("boxes", "box"),
        ("batches", "batch"),
        ("dishes", "dish"),
        ("prizes", "prize"),
        ("sizes", "size"),
        ("caches", "cache"),
        ("quizzes", "quiz"),
        ("statuses", "status"),
        ("viruses", "virus"),
        ("buses", "bus"),
        ("houses", "house"),
        ("causes", "cause"),
        ("uses", "use"),
        ("nurses", "nurse"),
        ("movies", "movie"),
        ("ties", "tie"),
        ("days", "day"),
        ("heroes", "hero"),
        ("photos", "photo"),
        ("analyses", "analysis"),
        ("leaves", "leaf"),
        ("series", "series"),
        ("equipment", "equipment"),
        ("related", "related"),
        ("boss", "boss"),
        ("s", "s"),
    ],
)
def test_singular(plural: str, expected: str) -> None:
    assert english.singular(plural) == expected


@pytest.mark.parametrize(
    ("singular", "expected"),
    [
        ("order", "orders"),
        ("order_line", "order_lines"),
        ("person", "people"),
        ("category", "categories"),
        ("day", "days"),
        ("box", "boxes"),
        ("batch", "batches"),
        ("address", "addresses"),
        ("status", "statuses"),
        ("analysis", "analyses"),
        ("bus", "buses"),
        ("sku", "skus"),
        ("skus", "skus"),
        ("settings", "settings"),
        ("equipment", "equipment"),
        ("data", "data"),
        ("series", "series"),
        ("alias", "aliases"),
        ("lens", "lenses"),
        ("quiz", "quizzes"),
        ("child", "children"),
        ("leaf", "leaves"),
        ("photo", "photos"),
        ("hero", "heroes"),
        ("salesman", "salesmen"),
        ("human", "humans"),
        ("a", "as"),
        ("y", "ys"),
        ("v2", "v2s"),
    ],
)
def test_plural(singular: str, expected: str) -> None:
    assert english.plural(singular) == expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("place", "placements"),
        ("ship", "shipments"),
        ("cancel", "cancellations"),
        ("approve", "approvals"),
        ("pay", "payments"),
        ("activate", "activations"),
        ("authorize", "authorizations"),
        ("certify", "certifications"),
        ("reject", "rejections"),
        ("reserve", "reservations"),
        ("repack", "repackings"),
        ("re_open", "re-openings"),
        ("mark_paid", "mark-paid-requests"),
        ("zap", "zap-requests"),
        ("del", "del-requests"),
    ],
)
def test_action_noun(action: str, expected: str) -> None:
    assert english.action_noun(action) == expected


@pytest.mark.parametrize(
    "name", ["class", "import", "json", "copy", "model_config", "type", "date", "self", "touch", "none", "register"]
)
def test_attributes_give_way(name: str) -> None:
    attribute = python_names.attribute_name(name)
    assert attribute == (name if name == "none" else f"{name}_")
    assert attribute.isidentifier()
    assert not keyword.iskeyword(attribute)


@pytest.mark.parametrize(
    "name",
    ["platform", "con", "nul", "com1", "tags", "cvs", "build", "dist", "app", "tests", "class", "import"],
)
def test_modules_give_way(name: str) -> None:
    assert python_names.module_name(name) == f"{name}_"


@pytest.mark.parametrize("name", ["test", "build", "con", "coverage", "requests", "google", "json", "class"])
def test_packages_give_way(name: str) -> None:
    assert answers.package_name(name) == f"{name}_service"


@pytest.mark.parametrize("name", ["order", "user", "references", "ctid", "group", "select"])
def test_columns_give_way(name: str) -> None:
    assert sql_names.sql_name(name) == f"{name}_"


@settings(max_examples=60)
@given(st.text("abc_", min_size=1, max_size=200))
def test_identifiers_fit(name: str) -> None:
    assert len(sql_names.short(name)) <= sql_names.LONGEST_IDENTIFIER
    assert sql_names.short(name) == name or len(name) > sql_names.LONGEST_IDENTIFIER


@pytest.mark.parametrize("name", ["assert", "datetime", "id", "list_page", "router", "store", "touch"])
def test_methods_give_way(name: str) -> None:
    assert python_names.method_name(name) != name
    assert python_names.method_name("place") == "place"


def test_entities_give_way() -> None:
    assert [python_names.entity_name(name) for name in ("Order", "Claim")] == ["Order", "ClaimModel"]


def test_shortened_identifiers_differ() -> None:
    assert sql_names.short("a" * 80 + "b") != sql_names.short("a" * 80 + "c")


def test_natural_order() -> None:
    names = ["a.b", "a2", "a2.b", "a10", "a_b", "ab", "B"]
    assert sorted(sorted(names), key=naming.natural) == names
