"""Bodies are stored as they were sent, or refused: no member is there twice, and no number becomes another one."""

import json
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ordering.kernel import Money
from ordering.platform.http import bodies
from ordering.platform.http.bodies import body_reader
from ordering.platform.http.fields import Int64, JsonObject, MoneyIn
from ordering.platform.http.parameters import Body, Patch
from ordering.platform.problems import MAX_ERRORS, Problem
from pydantic import BaseModel, Field

JSON = b"application/json"
SAME = settings(derandomize=True, deadline=None)


class Line(Body):
    sku: str
    price: MoneyIn | None = None
    counts: list[Int64] = Field(default_factory=list)


class Sent(Body):
    name: str | None = None
    counter: Int64 | None = None
    total: MoneyIn | None = None
    data: JsonObject | None = None
    lines: list[Line] = Field(default_factory=list)
    called: Annotated[str | None, Field(alias="class")] = None


class SentPatch(Patch, Sent):
    pass


class Flat(Body):
    name: str
    counter: Int64 = 0


class RequestContext:
    def __init__(self, body: bytes) -> None:
        self.body = body
        self.headers = {b"content-type": JSON}


def read(body: bytes | str, model: type[BaseModel] = Sent) -> Any:
    return body_reader(model, JSON)(RequestContext(body.encode() if isinstance(body, str) else body))  # type: ignore[arg-type]


def refused(body: bytes | str, model: type[BaseModel] = Sent) -> list[tuple[str, str]]:
    with pytest.raises(Problem) as refusal:
        read(body, model)
    assert refusal.value.status == 400
    return [(error.pointer, error.code) for error in refusal.value.errors]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"name": "first", "name": "second"}', ["/name"]),
        ('{"name": "first", "\\u006eame": "second"}', ["/name"]),
        ('{"name" : "first", "name"\t:"second"}', ["/name"]),
        ('{"name"\n:"a","name"\r:"b"}', ["/name"]),
        ('{"name": "a:b", "name": "\\":"}', ["/name"]),
        ('{"name": null, "name": "a", "name": "b"}', ["/name"]),
        ('{"class": "a", "class": "a"}', ["/class"]),
        ('{"total": {"amount": "1", "currency": "EUR", "amount": "2"}}', ["/total/amount"]),
        ('{"total": null, "total": {"amount": "1", "currency": "EUR"}}', ["/total"]),
        ('{"lines": [{"sku": "a"}, {"sku": "b", "sku": "c"}]}', ["/lines/1/sku"]),
        ('{"lines": [{"sku": "b", "price": {"currency": "EUR", "amount": "1", "currency": "EUR"}}]}',
         ["/lines/0/price/currency"]),
        ('{"data": {"a": [{"b/c": 1, "b/c": 1}], "d": 1, "d": 2}}', ["/data/d", "/data/a/0/b~1c"]),
        ('{"data": {}, "data": {"a": 1, "b": 2}}', ["/data"]),
    ],
)  # fmt: skip
def test_a_member_is_sent_once(body: str, expected: list[str]) -> None:
    for model in (Sent, SentPatch):
        assert refused(body, model) == [(place, "repeated") for place in expected]


@pytest.mark.parametrize("blank", [" ", "\n", "\r", "\t", " \n"])
def test_blanks_before_a_colon_hide_no_member(blank: str) -> None:
    assert refused(f'{{"name": "a", "name"{blank}: "b"}}', Flat) == [("/name", "repeated")]


class WithDefault(Body):
    name: str
    total: MoneyIn = Money(Decimal(1), "EUR")


def test_members_of_a_default_are_not_taken_for_sent_ones() -> None:
    assert refused('{"name": "a", "name": "b", "name": "c"}', WithDefault) == [("/name", "repeated")]


def test_a_member_of_a_flat_body_is_sent_once() -> None:
    assert refused('{"name": "a", "counter": 1, "counter": 1}', Flat) == [("/counter", "repeated")]
    assert read('{"name": "a:b: c", "counter" : 1}', Flat).counter == 1


def test_a_repeated_member_is_told_beside_what_else_is_wrong() -> None:
    assert refused('{"name": 1, "name": 2, "lines": [{"sku": "a", "sku": "b", "x": 1}]}') == [
        ("/name", "string_type"),
        ("/lines/0/x", "extra_forbidden"),
        ("/lines/0/sku", "repeated"),
    ]


@pytest.mark.parametrize(
    ("literal", "stored"),
    [
        ("9007199254740993", 2**53 + 1),
        ("9007199254740993.0", 2**53 + 1),
        ("-9223372036854775808.000", -(2**63)),
        ("9223372036854775807e0", 2**63 - 1),
        ("12.5e1", 125),
        ("7.0", 7),
        ("-0.0", 0),
        ("0e-400", 0),
    ],
)
def test_a_whole_number_is_stored_as_it_was_sent(literal: str, stored: int) -> None:
    document = read(
        f'{{"counter": {literal}, "name": "1.5", "data": {{"x": 1.5}}, '
        f'"lines": [{{"sku": "a", "counts": [1, {literal}]}}]}}'
    )
    assert (document.counter, document.lines[0].counts) == (stored, [1, stored])
    assert type(document.counter) is int
    assert document.data == {"x": 1.5}


@pytest.mark.parametrize(
    "literal",
    [
        "7.5",
        "4503599627370497.5",
        "1.00000000000000000001",
        "0.99999999999999999999",
        "1e-400",
        "1e400",
        "1e99999999999",
    ],
)
def test_what_is_no_whole_number_is_refused(literal: str) -> None:
    assert [place for place, _ in refused(f'{{"counter": {literal}}}')] == ["/counter"]


@pytest.mark.parametrize("literal", ["9223372036854775808", "9223372036854775808.0", "-9.3e18"])
def test_a_whole_number_has_64_bits(literal: str) -> None:
    ((place, code),) = refused(f'{{"counter": {literal}}}')
    assert (place, code.partition("_than")[0]) == ("/counter", "greater" if literal[0] == "-" else "less")


@pytest.mark.parametrize(
    "literal", ["0.1", "0.10000000000000001", "1.5e300", "1e-300", "5e-324", "2.50", "-0.0", "1e2"]
)
def test_a_double_may_be_sent_as_any_writer_writes_it(literal: str) -> None:
    if abs(float(literal)) < 2**53:
        assert read(f'{{"data": {{"x": [{literal}]}}}}').data == {"x": [float(literal)]}
    assert not list(bodies.errors(bodies.parse(f"[{literal}]".encode())))


@pytest.mark.parametrize(
    "literal",
    [
        "3.14159265358979323846",
        "9007199254740990.6",
        "4503599627370497.25",
        "9589050151144884e-18",
        "1e-400",
        "3e-324",
        "0.30000000000000001665",
    ],
)
def test_a_number_that_would_be_stored_as_another_is_refused(literal: str) -> None:
    assert refused(f'{{"data": {{"a": [1, {literal}]}}}}') == [("/data/a/1", "inexact_number")]
    assert refused(f'{{"data": {{"x": {literal}}}}}', SentPatch) == [("/data/x", "inexact_number")]


@SAME
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_double_is_refused(number: float) -> None:
    for text in (repr(number), f"{number:.17g}", f"{number:.16e}"):
        assert not list(bodies.errors(bodies.parse(f"[{text}]".encode())))


@SAME
@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(-99, 0))
def test_a_number_of_fifteen_digits_stays_as_it_is(digits: int, exponent: int) -> None:
    """So that those are not compared, however many there are: that takes longer than to read them."""
    literal = f"{digits}e{exponent}"
    assert Decimal(repr(float(literal))) == Decimal(literal)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(bodies, "_holds")
        assert not list(bodies.errors(bodies.parse(f"[{literal}]".encode())))


def test_plain_values_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_into = []
    errors = bodies.errors
    monkeypatch.setattr(
        bodies, "errors", lambda value, *place: looked_into.append(place) or list(errors(value, *place))
    )
    monkeypatch.setattr(bodies.Number, "__new__", None)
    assert refused(f'{{"counter": "1", "data": {{"a": [{"1, 1.5, " * 1000}null]}}}}')
    assert looked_into == [(), ("data",), ("data", "a")]


def test_no_more_errors_are_sought_than_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sought = []
    monkeypatch.setattr(bodies, "_holds", sought.append)
    told = refused(f'{{"counter": "1", "data": {{"a": [{"0.3000000000000000166, " * 1000}null]}}}}')
    assert len(told) == MAX_ERRORS
    assert len(sought) == MAX_ERRORS + 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text('aé:" 1\\\U0001f600', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c:", '":', "é"]), inner, max_size=3)
    ),
    max_leaves=8,
)
LINES = st.fixed_dictionaries(
    {"sku": st.sampled_from(["x", ":"])}, optional={"counts": st.lists(st.integers(0, 9), max_size=2)}
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "a:b", '":', " : ", ""]),
        "counter": st.integers(-(2**63), 2**63 - 1),
        "total": st.sampled_from([None, {"amount": "1.00", "currency": "EUR"}]),
        "data": st.dictionaries(st.sampled_from(["a", "b:"]), VALUES, max_size=2),
        "lines": st.lists(LINES, max_size=3),
    },
)  # fmt: skip
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\n:\t"), (",", " : ")])


def places(value: Any, *way: Any) -> list[tuple[Any, ...]]:
    """The ways to all objects inside of a value that have members."""
    found = [way] if isinstance(value, dict) and value else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        found += places(each, *way, step)
    return found


class Twice(dict[str, Any]):
    """An object whose first member is written twice; `items` is what `json.dumps` asks for."""

    def items(self) -> Any:
        pairs = list(super().items())
        return [*pairs, pairs[0]]


def with_one_twice(value: Any, way: tuple[Any, ...]) -> Any:
    if not way:
        return Twice(value)
    step, *rest = way
    if isinstance(value, dict):
        return {**value, step: with_one_twice(value[step], tuple(rest))}
    return [with_one_twice(each, tuple(rest)) if index == step else each for index, each in enumerate(value)]


@SAME
@given(document=DOCUMENTS, separators=SEPARATORS)
def test_whatever_is_sent_is_taken_and_nothing_twice(document: Any, separators: tuple[str, str]) -> None:
    written = json.dumps(document, separators=separators, ensure_ascii=False)
    taken = read(written)
    assert taken.model_fields_set == {"called" if name == "class" else name for name in document}
    for way in places(document):
        twice = json.dumps(with_one_twice(document, way), separators=separators)
        assert [code for _, code in refused(twice)] == ["repeated"]


def test_ordinary_bodies_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has nothing unusual is not parsed a second time, nested as it may be."""
    monkeypatch.delattr(bodies, "parse")
    line = {"sku": "a", "price": {"amount": "1.00", "currency": "EUR"}, "counts": [1, 2]}
    for separators in ((",", ":"), (", ", ": ")):
        for document in (
            {"name": "n", "total": {"amount": "1.00", "currency": "EUR"}, "lines": [line, line]},
            {"name": "08:00", "data": {"a": {"b": [1.5, {"c": None}]}}},
            {"name": "n", "total": None},
        ):
            read(json.dumps(document, separators=separators))
