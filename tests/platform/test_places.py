"""The database names a constraint; the problem names the item of the request that broke it."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import pytest
from ordering.kernel import AlreadyExists, InvalidValue, ReferenceNotFound, ValueRefused
from ordering.platform.http.parameters import Body
from ordering.platform.postgres.sessions import place_in
from ordering.platform.problems import from_domain
from pydantic import Field

ORDER = "018f6d2e-7c1a-7b3e-9f00-000000000001"
KNOWN, UNKNOWN = UUID(int=1), UUID(int=2)


class Way(Body):
    start_id: UUID
    end_id: UUID


class Line(Body):
    class_: Annotated[str, Field(alias="class")]
    product_id: UUID = KNOWN
    weight: Decimal = Decimal(1)
    email: str | None = None
    way: Way | None = None


class Order(Body):
    lines: list[Line] | None = None
    tags: Annotated[list[UUID] | None, Field(alias="tag_ids")] = None


def order(**values: list[object]) -> Order:
    """An order with a line for each value of a member."""
    ((name, each),) = values.items()
    return Order(lines=[Line.model_validate({"class": str(index)} | {name: value}) for index, value in enumerate(each)])


def pointers(meaning: type[ValueRefused], member: str, said: str, body: Order) -> list[str]:
    refusal = meaning("No.", place=f"/lines/*/{member}", said=said)
    problem = from_domain(refusal, place_in(body, refusal))
    assert problem.detail == "No."
    return [error.pointer for error in problem.errors]


def missing(value: object) -> str:
    return f'Key (product_id)=({value}) is not present in table "products".'


def taken(member: str, value: object) -> str:
    return f"Key (order_id, {member})=({ORDER}, {value}) already exists."


def test_the_first_item_that_refers_to_nothing() -> None:
    body = order(product_id=[KNOWN, UNKNOWN, UNKNOWN])
    assert pointers(ReferenceNotFound, "product_id", missing(UNKNOWN), body) == ["/lines/1/product_id"]


def test_the_first_item_with_an_object_that_refers_to_nothing() -> None:
    ways = [None, {"start_id": UNKNOWN, "end_id": KNOWN}, {"start_id": KNOWN, "end_id": UNKNOWN}]
    body = order(way=ways)
    said = f'Key (way_end_id)=({UNKNOWN}) is not present in table "places".'
    assert pointers(ReferenceNotFound, "way/end_id", said, body) == ["/lines/2/way/end_id"]


def test_the_first_of_a_list_that_refers_to_nothing() -> None:
    said = f'Key (tag_id)=({UNKNOWN}) is not present in table "tags".'
    refusal = ReferenceNotFound("No.", place="/tag_ids/*", said=said)
    assert place_in(Order.model_validate({"tag_ids": [KNOWN, UNKNOWN, UNKNOWN]}), refusal) == "/tag_ids/1"
    assert place_in(Order(), refusal) is None
    assert [error.pointer for error in from_domain(refusal).errors] == ["/tag_ids"]


def test_the_item_that_repeats_another_one() -> None:
    decimals = order(weight=[Decimal(2), Decimal("1.5"), Decimal("1.50"), Decimal(2)])
    assert pointers(AlreadyExists, "weight", taken("weight", "1.50"), decimals) == ["/lines/2/weight"]
    absent = order(email=[None, None, "a@b.example", "a@b.example"])
    assert pointers(AlreadyExists, "email", taken("email", "a@b.example"), absent) == ["/lines/3/email"]


@pytest.mark.parametrize("value", ["7", "0", "2"])
def test_the_item_whose_value_looks_like_a_place(value: str) -> None:
    repeated = order(weight=[Decimal(5), Decimal(value), Decimal(value), Decimal(9)])
    assert pointers(AlreadyExists, "weight", taken("weight", value), repeated) == ["/lines/2/weight"]
    texts = order(email=[value, "x", value])
    assert pointers(AlreadyExists, "email", taken("email", value), texts) == ["/lines/2/email"]


def test_the_item_that_differs_in_case_only() -> None:
    said = f"Key (order_id, lower(email::text))=({ORDER}, a@b.example) already exists."
    body = order(email=["x@b.example", "a@b.example", "A@B.example"])
    assert pointers(AlreadyExists, "email", said, body) == ["/lines/2/email"]


def test_the_name_in_json() -> None:
    body = order(**{"class": ["a), (b", "c", "a), (b"]})
    assert pointers(AlreadyExists, "class", taken("class", "a), (b"), body) == ["/lines/2/class"]


def test_the_item_that_repeats_several_values_of_another_one() -> None:
    places = "/lines/*/product_id /lines/*/email /lines/*/set_by_the_service"
    said = f"Key (order_id, product_id, lower(email))=({ORDER}, {KNOWN}, a@b.example) already exists."
    lines = [
        ("a", KNOWN, "a@b.example"),
        ("b", KNOWN, None),
        ("c", UNKNOWN, "a@b.example"),
        ("d", KNOWN, None),
        ("e", KNOWN, "A@b.example"),
    ]
    body = Order(
        lines=[Line.model_validate({"class": one, "product_id": two, "email": mail}) for one, two, mail in lines]
    )
    refusal = AlreadyExists("No.", place=places, said=said)
    named = [error.pointer for error in from_domain(refusal, place_in(body, refusal)).errors]
    assert named == ["/lines/4/product_id", "/lines/4/email", "/lines/4/set_by_the_service"]
    assert [error.pointer for error in from_domain(refusal).errors] == ["/lines"]


def test_several_values_of_what_is_no_item() -> None:
    refusal = AlreadyExists("No.", place="/number /buyer_id", said=taken("number", 1))
    assert place_in(Order(), refusal) is None
    assert [error.pointer for error in from_domain(refusal).errors] == ["/number", "/buyer_id"]
    own = AlreadyExists("No.", place="/labels/of two words")
    assert [error.pointer for error in from_domain(own).errors] == ["/labels/of two words"]


@pytest.mark.parametrize(("position", "place"), [(0, "/lines/0/weight"), (2, "/lines/2/weight"), (9, "/lines")])
def test_the_row_that_breaks_a_check(position: int, place: str) -> None:
    body = order(weight=[Decimal(1)] * 3)
    said = f"Failing row contains ({ORDER}, {position}, -1, x)."
    assert pointers(InvalidValue, "weight", said, body) == [place]


@pytest.mark.parametrize("said", ["", "Der Schlüssel existiert nicht.", missing(UUID(int=9))])
def test_the_part_where_the_item_cannot_be_told(said: str) -> None:
    assert pointers(ReferenceNotFound, "product_id", said, order(product_id=[KNOWN])) == ["/lines"]
    assert pointers(ReferenceNotFound, "product_id", said, Order()) == ["/lines"]
    assert pointers(ReferenceNotFound, "nothing", missing(KNOWN), order(product_id=[KNOWN])) == ["/lines"]


def test_what_is_no_item_has_its_own_place() -> None:
    refusal = AlreadyExists("No.", place="/number", said=taken("number", 1))
    assert place_in(Order(), refusal) is None
    assert [error.pointer for error in from_domain(refusal).errors] == ["/number"]
