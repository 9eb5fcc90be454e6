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

from ...kernel import Call, StaleVersion
from ..clock import now
from ..postgres.idempotency import Once, fingerprint
from ..problems import FieldError, Problem, from_status, invalid, pointer, printable
from ..request_context import Headers, RequestContext
from . import wire
from .fields import EXPECTED, Digits

Reader = Callable[[RequestContext], Any]

CHUNKED = b"chunked"
MAX_MESSAGE = 300
UUID_LENGTH = 36

_ONE_ETAG = re.compile(wire.OWN_ETAG)
_ETAGS = re.compile(wire.ETAGS)
_VERSION = re.compile(rb'"[1-9][0-9]{0,9}"')
_EACH_ETAG = re.compile(wire.ETAG)
_UUID_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLAIN_KEY = re.compile(wire.PLAIN_KEY)
_QUOTED_KEY = re.compile(wire.QUOTED_KEY)
_ESCAPED = re.compile(r"\\(.)")


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

    cursor: Annotated[str, StringConstraints(min_length=1)] | None = None
    limit: Annotated[int, Digits(1, wire.MOST_ITEMS)] = 50


class IfMatch:
    """The versions that a change is made for (header If-Match); `tags` is None for `*`, any version."""

    __slots__ = ("tags",)

    def __init__(self, tags: Sequence[bytes] | None) -> None:
        self.tags = tags

    def check(self, version: int) -> None:
        """Raise StaleVersion unless the resource still has one of the versions."""
        if self.tags is not None and b'"%d"' % version not in self.tags:
            raise StaleVersion


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
    check_framing(headers, limit)
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


def announces_body(headers: Headers) -> bool:
    """Whether a request has a body, even if it may turn out to be empty."""
    return b"content-length" in headers or b"transfer-encoding" in headers


def check_framing(headers: Headers, limit: int) -> None:
    """Raise problem 413 for a body that says itself that it is too large, and 501 for one in a coding of transfer."""
    length = headers.get(b"content-length")
    if length is not None:
        if length.isdigit() and int(length) > limit:
            raise too_large(limit)
    elif headers.get(b"transfer-encoding", CHUNKED).lower() != CHUNKED:
        raise from_status(501, "Of the transfer codings only chunked is known.", {"Connection": "close"})


def too_large(limit: int) -> Problem:
    """The refusal of a body of more than `limit` bytes; the connection ends, since the rest of it is not read."""
    return Problem(
        413, "content-too-large", f"The body may have at most {limit} bytes.", headers={"Connection": "close"}
    )


def path_reader(name: str, index: int, kind: Any) -> Reader:
    """Reads the segment at `index` of the path, as a UUID or as text."""
    if kind is str:
        return lambda context: context.segments[index]
    if kind is not UUID:
        raise TypeError(f"path parameter '{name}' must be UUID or str, not {kind!r}")

    def read(context: RequestContext) -> UUID:
        value = _uuid(context.segments[index])
        if value is None:
            raise invalid([FieldError(pointer("path", name), "uuid_parsing", "This is not a UUID.")])
        return value

    return read


def query_reader(model: type[Query]) -> Reader:
    """Reads the query string as the model; raises problem 400."""
    validate = model.model_validate_strings

    def read(context: RequestContext) -> Query:
        values, errors = parse_query(context.scope["query_string"])
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


def refuse_query(context: RequestContext) -> None:
    """Raise problem 400 for query parameters where none is expected."""
    values, errors = parse_query(context.scope["query_string"])
    errors += [FieldError(pointer("query", name), "extra_forbidden", UNKNOWN) for name in values]
    if errors:
        raise invalid(errors)


def if_match_reader(context: RequestContext) -> IfMatch:
    """Reads If-Match; raises problem 428 if it is missing, 400 if it is malformed. Weak tags never match."""
    value = context.headers.get(b"if-match")
    if value is None:
        raise Problem(428, "precondition-required", "Send If-Match with the ETag of the version that you changed.")
    return IfMatch(_etags("If-Match", value))


def sent_if_match_reader(context: RequestContext) -> IfMatch | None:
    """Reads If-Match where it may be missing."""
    return if_match_reader(context) if b"if-match" in context.headers else None


def if_none_match_reader(context: RequestContext) -> IfNoneMatch:
    """Reads If-None-Match; raises problem 400 if it is malformed. Weak tags match as strong ones do."""
    value = context.headers.get(b"if-none-match")
    if value is None:
        return _NO_VERSIONS
    tags = _etags("If-None-Match", value)
    return IfNoneMatch(None if tags is None else [tag.removeprefix(b"W/") for tag in tags])


def once_reader(ttl: timedelta) -> Reader:
    """Reads Idempotency-Key, to be kept for `ttl`; raises problem 400 if it is missing or malformed."""

    def read(context: RequestContext) -> Once:
        sent = context.headers.get(b"idempotency-key")
        if sent is None:
            raise invalid([FieldError("/header/Idempotency-Key", "missing", "This header is required.")])
        key = idempotency_key(sent)
        if key is None:
            expected = f"This must be 1 to {wire.LONGEST_KEY} visible characters, as they are or as a string in quotes."
            raise invalid([FieldError("/header/Idempotency-Key", "malformed", expected)])
        scope = context.scope
        return Once(context.caller.subject, key, fingerprint(scope["method"], scope["path"], context.body), ttl)

    return read


def call_reader(method: str, ttl: timedelta, *, names_resource: bool) -> Reader:
    """Reads a call of the method: POST has an Idempotency-Key, and If-Match if it names a resource and the client wants
    to; PUT, PATCH and DELETE have If-Match."""
    if method == "GET":
        return lambda context: Call(context.caller, now())
    if method != "POST":
        return lambda context: Call(context.caller, now(), None, _versions(if_match_reader(context)))
    key = once_reader(ttl)
    if not names_resource:
        return lambda context: Call(context.caller, now(), key(context))

    def read(context: RequestContext) -> Call:
        if b"if-match" not in context.headers:
            return Call(context.caller, now(), key(context))
        try:
            kept = key(context)
        except Problem as problem:
            raise invalid([*problem.errors, *_errors(if_match_reader, context)]) from None
        return Call(context.caller, now(), kept, _versions(if_match_reader(context)))

    return read


def _errors(read: Reader, context: RequestContext) -> Sequence[FieldError]:
    try:
        read(context)
    except Problem as problem:
        return problem.errors
    return ()


def _versions(if_match: IfMatch) -> Sequence[int] | None:
    """The versions behind ETags; one that is none of the service's own stands for no version."""
    tags = if_match.tags
    if tags is None:
        return None
    return [int(tag[1:-1]) for tag in tags if _VERSION.fullmatch(tag)]


def idempotency_key(sent: bytes) -> str | None:
    """The key that a header stands for, which is the same as a string in quotes (RFC 8941) and without; None if it is
    malformed. A UUID is the same in capitals, too."""
    key = sent.decode("latin-1")
    if _UUID_KEY.fullmatch(key):
        return key
    identity = _uuid(key)
    if identity is not None:
        return str(identity)
    if _QUOTED_KEY.fullmatch(key):
        key = _ESCAPED.sub(r"\1", key[1:-1])
        identity = _uuid(key)
        return key if identity is None else str(identity)
    return key if _PLAIN_KEY.fullmatch(key) else None


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
    if len(value) > wire.LONGEST_ETAGS or _ETAGS.fullmatch(value) is None:
        raise invalid([FieldError(pointer("header", header), "malformed", "This must be a list of ETags, or *.")])
    return _EACH_ETAG.findall(value)


UNKNOWN = "This is not known here."
_NO_VERSIONS = IfNoneMatch(())
