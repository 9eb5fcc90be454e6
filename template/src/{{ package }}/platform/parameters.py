"""The parameters of operations: how each kind is read from a request, and what is wrong with one that cannot be."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any, Self
from urllib.parse import unquote_plus
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from .exchange import Exchange, Headers
from .fields import EXPECTED, Digits
from .idempotency import Once, fingerprint
from .problems import FieldError, Problem, invalid, pointer, printable, version_mismatch

Reader = Callable[[Exchange], Any]

MAX_ETAGS = 1000
MAX_PAGE = 200
MAX_MESSAGE = 300
UUID_LENGTH = 36

_ONE_ETAG = re.compile(rb'"[0-9]{1,18}"')
_ETAG = rb'(?:W/)?"[!#-~]*"'
_ETAGS = re.compile(rb"%b(?:, ?%b)*" % (_ETAG, _ETAG))
_EACH_ETAG = re.compile(_ETAG)


class Body(BaseModel):
    """Base of the JSON documents that operations take: nothing unknown, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class Patch(Body):
    """Base of the JSON merge patches (RFC 7396) that operations take; an empty one asks for nothing and is refused."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("empty_patch", "The patch has no members.")
        return self


class Query(BaseModel):
    """Base of the query parameters that operations take; each may be sent once, and unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class PageParameters(Query):
    """Base of the query parameters of a list: which page, and how many items it has at most."""

    cursor: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    limit: Annotated[int, Digits(1, MAX_PAGE)] = 50


class IfMatch:
    """The versions that a change is made for (header If-Match); `tags` is None for `*`, any version."""

    __slots__ = ("tags",)

    def __init__(self, tags: Sequence[bytes] | None) -> None:
        self.tags = tags

    def check(self, version: int) -> None:
        """Raise problem 412 unless the resource still has one of the versions."""
        if self.tags is not None and b'"%d"' % version not in self.tags:
            raise version_mismatch()


class IfNoneMatch:
    """The versions that the client has already (header If-None-Match); `tags` is None for `*`, any version."""

    __slots__ = ("tags",)

    def __init__(self, tags: Sequence[bytes] | None) -> None:
        self.tags = tags

    def matches(self, version: int) -> bool:
        """Whether the client has this version, so that `Reply.not_modified` is the answer."""
        return self.tags is None or b'"%d"' % version in self.tags


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The body, of at most `limit` bytes; raises problem 413, or `ClientDisconnect`."""
    check_content_length(headers, limit)
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise too_large(limit)
        return body
    chunks = bytearray()
    while message["type"] == "http.request":
        chunks += message.get("body", b"")
        if len(chunks) > limit:
            raise too_large(limit)
        if not message.get("more_body"):
            return bytes(chunks)
        message = await receive()
    raise ClientDisconnect


def check_content_length(headers: Headers, limit: int) -> None:
    """Raise problem 413 for a body that says itself that it is too large."""
    length = headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Problem:
    """The refusal of a body of more than `limit` bytes; the connection ends, since the rest of it is not read."""
    return Problem(
        413, "content-too-large", f"The body may have at most {limit} bytes.", headers={"Connection": "close"}
    )


def path_reader(name: str, index: int, kind: Any) -> Reader:
    """Reads the segment at `index` of the path, as a UUID or as text."""
    if kind is str:
        return lambda exchange: exchange.segments[index]
    if kind is not UUID:
        raise TypeError(f"path parameter '{name}' must be UUID or str, not {kind!r}")

    def read(exchange: Exchange) -> UUID:
        value = _uuid(exchange.segments[index])
        if value is None:
            raise invalid([FieldError(pointer("path", name), "uuid_parsing", "This is not a UUID.")])
        return value

    return read


def body_reader(model: type[Body], media_type: bytes) -> Reader:
    """Reads the body, sent as `media_type`, as a document of the model; raises problem 400 or 415."""
    validate = model.model_validate_json

    def read(exchange: Exchange) -> Body:
        sent = exchange.headers.get(b"content-type")
        if (sent != media_type and not _is_json(sent, media_type)) or b"content-encoding" in exchange.headers:
            raise Problem(
                415, "unsupported-media-type", f"The body must be sent as {media_type.decode()}, not compressed."
            )
        body = exchange.body
        try:
            if b"NaN" in body or b"Infinity" in body:
                _refuse_non_finite(body)
            return validate(body)
        except ValidationError as error:
            raise invalid(field_errors(error)) from None

    return read


def query_reader(model: type[Query]) -> Reader:
    """Reads the query string as the model; raises problem 400."""
    validate = model.model_validate_strings

    def read(exchange: Exchange) -> Query:
        values, errors = parse_query(exchange.scope["query_string"])
        try:
            query = validate(values)
        except ValidationError as error:
            raise invalid([*errors, *field_errors(error, "query")]) from None
        if errors:
            raise invalid(errors)
        return query

    return read


def parse_query(text: bytes) -> tuple[dict[str, str], list[FieldError]]:
    """The parameters of a query string by name, and what is wrong with it."""
    values: dict[str, str] = {}
    errors = []
    for part in text.decode("latin-1").split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        try:
            if "%" in part or "+" in part or not part.isascii():
                part.encode("ascii")
                name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
        except UnicodeError:
            errors.append(FieldError("/query", "invalid_encoding", "The query string is not UTF-8, percent-encoded."))
            continue
        if name in values:
            errors.append(FieldError(pointer("query", name), "repeated", "This parameter may be sent only once."))
        values[name] = value
    return values, errors


def refuse_query(exchange: Exchange) -> None:
    """Raise problem 400 for query parameters where none is expected."""
    values, errors = parse_query(exchange.scope["query_string"])
    errors += [FieldError(pointer("query", name), "extra_forbidden", UNKNOWN) for name in values]
    if errors:
        raise invalid(errors)


def if_match_reader(exchange: Exchange) -> IfMatch:
    """Reads If-Match; raises problem 428 if it is missing, 400 if it is malformed. Weak tags never match."""
    value = exchange.headers.get(b"if-match")
    if value is None:
        raise Problem(428, "precondition-required", "Send If-Match with the ETag of the version that you changed.")
    return IfMatch(_etags("If-Match", value))


def if_none_match_reader(exchange: Exchange) -> IfNoneMatch:
    """Reads If-None-Match; raises problem 400 if it is malformed. Weak tags match as strong ones do."""
    value = exchange.headers.get(b"if-none-match")
    if value is None:
        return _NO_VERSIONS
    tags = _etags("If-None-Match", value)
    return IfNoneMatch(None if tags is None else [tag.removeprefix(b"W/") for tag in tags])


def once_reader(ttl: timedelta) -> Reader:
    """Reads Idempotency-Key, to be kept for `ttl`; raises problem 400 if it is missing or malformed."""

    def read(exchange: Exchange) -> Once:
        sent = exchange.headers.get(b"idempotency-key")
        if sent is None:
            raise invalid([FieldError("/header/Idempotency-Key", "missing", "This header is required.")])
        key = _uuid(sent.decode("latin-1"))
        if key is None:
            raise invalid([FieldError("/header/Idempotency-Key", "uuid_parsing", "This is not a UUID.")])
        scope = exchange.scope
        return Once(exchange.caller.subject, str(key), fingerprint(scope["method"], scope["path"], exchange.body), ttl)

    return read


def field_errors(error: ValidationError, *where: str) -> list[FieldError]:
    """Everything that a model has against its input; `where` is the part of the request in front of the pointers."""
    return [
        FieldError(pointer(*where, *problem["loc"]), problem["type"], _message(problem))
        for problem in error.errors(include_url=False, include_input=False)
    ]


def _message(problem: ErrorDetails) -> str:
    if problem["type"] == "extra_forbidden":
        return UNKNOWN
    if expected := EXPECTED.get(problem.get("ctx", {}).get("pattern", "")):
        return f"Input should be {expected}"
    return printable(problem["msg"].removeprefix("Value error, "), MAX_MESSAGE)


def _is_json(sent: bytes | None, media_type: bytes) -> bool:
    """Whether a content type is the one expected, apart from its case and a charset, which can only be UTF-8."""
    if sent is None:
        return False
    essence, *parameters = (part.strip() for part in sent.lower().split(b";"))
    return essence == media_type and all(part in (b"", b"charset=utf-8", b'charset="utf-8"') for part in parameters)


def _refuse_non_finite(body: bytes) -> None:
    """Raise problem 400 for NaN or Infinity outside of strings, which pydantic takes for numbers."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise invalid([FieldError("", "json_invalid", "Invalid JSON")]) from None


def _uuid(text: str) -> UUID | None:
    """The UUID that a text is in its usual form, with hyphens."""
    try:
        return msgspec.convert(text, UUID) if len(text) == UUID_LENGTH else None
    except msgspec.ValidationError:
        return None


def _etags(header: str, value: bytes) -> Sequence[bytes] | None:
    if _ONE_ETAG.fullmatch(value):
        return (value,)
    if value == b"*":
        return None
    if _ETAGS.fullmatch(value) is None or len(value) > MAX_ETAGS:
        raise invalid([FieldError(pointer("header", header), "malformed", "This must be a list of ETags, or *.")])
    return _EACH_ETAG.findall(value)


UNKNOWN = "This is not known here."
_NO_VERSIONS = IfNoneMatch(())
