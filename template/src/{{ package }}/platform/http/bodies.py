"""The JSON bodies of operations: what they must be sent as, and how they are read.

A body is read by pydantic, which keeps the last of two members of one name, and the nearest double of a number. It is
read a second time, with the text of its numbers, only where its signs say that this may have happened.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Context, Decimal
from itertools import islice
from typing import Any, Final, get_args, get_origin

import msgspec
from pydantic import BaseModel, ValidationError

from ...kernel import Money
from ..problems import MAX_ERRORS, FieldError, Problem, invalid, pointer
from ..request_context import RequestContext
from .parameters import UNKNOWN, field_errors

JSON = b"application/json"
MERGE_PATCH = b"application/merge-patch+json"
NO_BODY = "No body is expected here, other than an empty JSON object."
UTF_8 = (b"utf-8", b"utf8")

DIGITS_OF_A_DOUBLE: Final = 17
"""A double is never written with more of them."""
DIGITS_OF_64_BITS: Final = 19
MONEY_MEMBERS: Final = 2

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[^"\\]|\\.)*"'
_PARAMETER = re.compile(rb"(%b)=(%b|%b)" % (_TOKEN, _TOKEN, _QUOTED))
_PARAMETERS = re.compile(rb"(?:;[ \t]*(?:%b=(?:%b|%b)[ \t]*)?)*" % (_TOKEN, _TOKEN, _QUOTED))

_EXACT = Context(prec=1200)  # more digits than any double has
# Fewer digits always stay as they are; an exponent of three digits may lead out of what a double holds.
_LONG_NUMBER = re.compile(rb"[0-9.]{16}|[Ee][+-]?[0-9]{3}")
_LONG_TEXT = re.compile(_LONG_NUMBER.pattern.decode())
_ANYTHING = (Any, object)


def body_reader(model: type[BaseModel], media_type: bytes) -> Callable[[RequestContext], BaseModel]:
    """Reads the body, sent as `media_type`, as a document of the model; raises problem 400 or 415."""
    validate = model.__pydantic_validator__.validate_json
    is_trusted = trusted(model)

    def read(context: RequestContext) -> BaseModel:
        headers = context.headers
        sent = headers.get(b"content-type")
        if sent != media_type and not is_json(sent, media_type):
            raise _unsupported_type(media_type)
        if b"content-encoding" in headers and not is_plain(headers[b"content-encoding"]):
            raise _unsupported_encoding()
        body = context.body
        try:
            document: BaseModel = validate(body)
        except ValidationError as error:
            _refuse_constants(body)
            return _read_again(body, error, validate)
        if not is_trusted(body, document):
            _refuse_constants(body)
            _refuse(_first_errors(parse(body)))
        return document

    return read


def optional(read: Callable[[RequestContext], BaseModel]) -> Callable[[RequestContext], BaseModel | None]:
    """Reads a body that may be left out: an empty JSON object says as little as no body."""

    def read_if_sent(context: RequestContext) -> BaseModel | None:
        if not context.body:
            return None
        document = read(context)
        if document.model_fields_set:
            return document
        context.body = b""  # so that a request with it and one without are the same to an Idempotency-Key
        return None

    return read_if_sent


def refuse_body(context: RequestContext) -> None:
    """Raise problem 400 or 415 for a body where none is read; an empty JSON object says as little as no body."""
    if not context.body:
        return
    headers = context.headers
    if not is_json(headers.get(b"content-type"), JSON) or not is_plain(headers.get(b"content-encoding", b"")):
        raise Problem(415, "unsupported-media-type", NO_BODY)
    document = _decoded(context.body)
    if not isinstance(document, dict):
        raise invalid([FieldError("", "body_forbidden", NO_BODY)])
    if document:
        raise invalid([FieldError(pointer(name), "extra_forbidden", UNKNOWN) for name in document])
    context.body = b""  # so that a request with it and one without are the same to an Idempotency-Key


def is_json(sent: bytes | None, media_type: bytes) -> bool:
    """Whether a content type is the one expected; of its parameters a charset matters, which can only be UTF-8."""
    essence, semicolon, parameters = (sent or b"").partition(b";")
    if essence.rstrip().lower() != media_type or not _PARAMETERS.fullmatch(semicolon + parameters):
        return False
    return all(
        value.strip(b'"').lower() in UTF_8
        for name, value in _PARAMETER.findall(parameters)
        if name.lower() == b"charset"
    )


def is_plain(encodings: bytes) -> bool:
    """Whether a Content-Encoding says that the body is as it is."""
    return all(coding.strip().lower() in (b"", b"identity") for coding in encodings.split(b","))


def _read_again(body: bytes, error: ValidationError, validate: Callable[[bytes], BaseModel]) -> BaseModel:
    """The document, if all that is wrong with it is whole numbers with a point; raises problem 400."""
    try:
        tree = parse(body)
    except ValueError:
        raise invalid(field_errors(error)) from None
    numbers = [each["loc"] for each in error.errors() if each["type"] == "int_type"]
    made = [make_whole(tree, place) for place in numbers]
    found = _first_errors(tree)
    try:
        if not any(made):
            raise error
        document = validate(json.dumps(tree).encode())
    except ValidationError as last:
        refused = field_errors(last)
        known = {each.pointer for each in refused}
        raise invalid([*refused, *(each for each in found if each.pointer not in known)]) from None
    _refuse(found)
    return document


def _refuse_constants(body: bytes) -> None:
    """Raise problem 400 for NaN and Infinity outside of strings, which Python's parsers take for numbers."""
    if b"NaN" in body or b"Infinity" in body:
        _decoded(body)


def _first_errors(tree: Any) -> list[FieldError]:
    """What is wrong with a document beside its types, as far as it is told."""
    return list(islice(errors(tree), MAX_ERRORS + 1))


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise invalid(errors)


def _decoded(body: bytes) -> Any:
    """What the JSON says; raises problem 400 where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise invalid([FieldError("", "json_invalid", "Invalid JSON")]) from None


def _unsupported_type(media_type: bytes) -> Problem:
    expected = media_type.decode()
    accept = "Accept-Patch" if media_type == MERGE_PATCH else "Accept"
    return Problem(
        415,
        "unsupported-media-type",
        f"The body must be sent as {expected}, in UTF-8.",
        headers={accept: expected},
    )


def _unsupported_encoding() -> Problem:
    return Problem(
        415,
        "unsupported-media-type",
        "The body must be sent as it is, without a Content-Encoding.",
        headers={"Accept-Encoding": "identity"},
    )


class Members(dict[str, Any]):
    """A JSON object that has names more than once, and these."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.repeated = [name for name, count in counts.items() if count > 1]


class Number(float):
    """A number with a point or an exponent that may become another one, and its text."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Number":
        number = super().__new__(cls, text)
        number.text = text
        return number

    @property
    def exact(self) -> Decimal | None:
        """The number that the text is; None with an exponent beyond all bounds."""
        try:
            return Decimal(self.text)
        except ArithmeticError:
            return None


def parse(body: bytes) -> Any:
    """The document with `Members` for objects with names twice and `Number` for long fractions; raises ValueError."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_object, parse_float=_fraction)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def errors(value: Any, *place: object) -> Iterator[FieldError]:
    """What a document from `parse` has twice, and which of its numbers would be stored as others."""
    if isinstance(value, Members):
        for name in value.repeated:
            yield FieldError(pointer(*place, name), "repeated", "This member may be sent only once.")
    members: Iterable[tuple[object, Any]] = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for step, inner in members:
        kind = type(inner)  # most values of a long body are plain ones
        if kind is list or kind is dict or kind is Members:
            yield from errors(inner, *place, step)
        elif kind is Number and not _holds(inner):
            detail = f"This number would be stored as {float(inner)!r}; send it as text, or with fewer digits."
            yield FieldError(pointer(*place, step), "inexact_number", detail)


def make_whole(document: Any, place: Sequence[int | str]) -> bool:
    """Replace what is there by a whole number if it is one with a point or an exponent, as 7.0 is 7; whether it was."""
    *way, last = place
    try:
        for step in way:
            document = document[step]
        number = document[last]
    except (LookupError, TypeError):
        return False
    if not isinstance(number, float):
        return False
    exact = number.exact if isinstance(number, Number) else Decimal(repr(number))
    if exact is None or exact.adjusted() > DIGITS_OF_64_BITS or exact != int(exact):
        return False
    document[last] = int(exact)
    return True


def trusted(model: type[BaseModel]) -> Callable[[bytes, BaseModel], bool]:
    """Whether a body that was read as the model can hold no member twice, and no number that is none or another."""
    nested = _nested(model, {})
    kinds = {kind for each in nested for field in each.model_fields.values() for kind in _kinds(field.annotation)}
    has_doubles = not kinds.isdisjoint((float, *_ANYTHING))

    def count(value: Any) -> int:
        """The members of what was sent for a value, or fewer."""
        kind = type(value)
        fields = nested.get(kind)
        if fields is not None:
            names = value.__pydantic_fields_set__
            members = len(names)
            for name in fields:
                if name in names:
                    inner = getattr(value, name)
                    members += MONEY_MEMBERS if type(inner) is Money else count(inner)
            return members
        if kind is Money:
            return MONEY_MEMBERS
        if kind is list:
            return sum(map(count, value))
        if kind is dict:
            return len(value) + sum(map(count, value.values()))
        return 0

    def check(body: bytes, document: BaseModel) -> bool:
        members = count(document)
        # Each member has one colon; where none follows a blank, it has one that follows a quotation mark.
        if body.count(b":") != members and (
            body.count(b'":') != members or b" :" in body or b"\n:" in body or b"\r:" in body or b"\t:" in body
        ):
            return False
        return not has_doubles or not (b"NaN" in body or b"Infinity" in body or _LONG_NUMBER.search(body))

    return check


def _fraction(text: str) -> float:
    return Number(text) if _LONG_TEXT.search(text) else float(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Members(pairs)


def _nested(model: type[BaseModel], known: dict[type[BaseModel], list[str]]) -> dict[type[BaseModel], list[str]]:
    """The fields of the model, and of those inside of it, whose values may have members."""
    if model not in known:
        fields = {name: list(_kinds(field.annotation)) for name, field in model.model_fields.items()}
        known[model] = [name for name, kinds in fields.items() if any(map(_has_members, kinds))]
        for kind in (kind for kinds in fields.values() for kind in kinds if _is_model(kind)):
            _nested(kind, known)
    return known


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of."""
    yield get_origin(annotation) or annotation
    for each in get_args(annotation):
        yield from _kinds(each)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _has_members(kind: Any) -> bool:
    return kind in (Money, dict, *_ANYTHING) or _is_model(kind)


def _holds(number: Number) -> bool:
    """Whether the number that was sent is the double, at most rounded to the digits that were sent."""
    sent, stored = number.exact, Decimal(float(number))
    if sent is None or sent == stored:
        return sent is not None
    digits = "".join(map(str, sent.as_tuple().digits)).rstrip("0")
    half = Decimal((0, (5,), sent.adjusted() - len(digits)))
    return len(digits) <= DIGITS_OF_A_DOUBLE and _EXACT.subtract(sent, stored).copy_abs() <= half
