"""The JSON bodies of operations: what they must be sent as, and how they are read."""

import json
import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from ..problems import MAX_ERRORS, FieldError, Problem, invalid, pointer
from ..request_context import RequestContext
from . import json_text
from .parameters import UNKNOWN, field_errors

JSON = b"application/json"
MERGE_PATCH = b"application/merge-patch+json"
NO_BODY = "No body is expected here, other than an empty JSON object."
UTF_8 = (b"utf-8", b"utf8")

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[^"\\]|\\.)*"'
_PARAMETER = re.compile(rb"(%b)=(%b|%b)" % (_TOKEN, _TOKEN, _QUOTED))
_PARAMETERS = re.compile(rb"(?:;[ \t]*(?:%b=(?:%b|%b)[ \t]*)?)*" % (_TOKEN, _TOKEN, _QUOTED))


def body_reader(model: type[BaseModel], media_type: bytes) -> Callable[[RequestContext], BaseModel]:
    """Reads the body, sent as `media_type`, as a document of the model; raises problem 400 or 415."""
    validate = model.__pydantic_validator__.validate_json
    trusted = json_text.trusted(model)

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
        if not trusted(body, document):
            _refuse_constants(body)
            _refuse(_errors(json_text.parse(body)))
        return document

    return read


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
        tree = json_text.parse(body)
    except ValueError:
        raise invalid(field_errors(error)) from None
    numbers = [each["loc"] for each in error.errors() if each["type"] == "int_type"]
    made = [json_text.make_whole(tree, place) for place in numbers]
    found = _errors(tree)
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


def _errors(tree: Any) -> list[FieldError]:
    """What is wrong with a document beside its types, as far as it is told."""
    return list(islice(json_text.errors(tree), MAX_ERRORS + 1))


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
