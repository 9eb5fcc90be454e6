"""Problem details (RFC 9457): the one shape of every error that the service answers with."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple
from uuid import uuid4

import msgspec

from ..about import API_URL
from ..kernel import DomainError, RuleViolated, TransitionRefused

MAX_DETAIL = 300
MAX_ERRORS = 100
MAX_POINTER = 200
NO_SNIFFING = (b"x-content-type-options", b"nosniff")

Pairs = list[tuple[bytes, bytes]]


class Meaning(NamedTuple):
    """What a problem code stands for, as its page at `/problems/{code}` tells."""

    status: int
    title: str
    text: str


CATALOGUE: dict[str, Meaning] = {
    "invalid-request": Meaning(400, "Invalid request", "The request does not fit the contract; `errors` lists where."),
    "malformed-request": Meaning(400, "Malformed request", "What was sent is no HTTP/1.1 request."),
    "unauthenticated": Meaning(401, "Unauthenticated", "A valid access token of the expected issuer is required."),
    "insufficient-scope": Meaning(403, "Insufficient scope", "The access token does not carry the scope needed."),
    "not-found": Meaning(404, "Not found", "There is no such resource, or no longer."),
    "method-not-allowed": Meaning(405, "Method not allowed", "The header `Allow` lists what the resource supports."),
    "request-timeout": Meaning(408, "Request timeout", "The request did not arrive within the time that it may take."),
    "already-exists": Meaning(409, "Already exists", "Another resource has the same value in a unique field."),
    "reference-not-found": Meaning(409, "Reference not found", "The request names a resource that does not exist."),
    "changed-meanwhile": Meaning(409, "Changed meanwhile", "Another request changed the resource at the same time."),
    "request-in-progress": Meaning(409, "Request in progress", "A request with the same Idempotency-Key is running."),
    "rule-violated": Meaning(409, "Rule violated", "A business rule does not allow this."),
    "still-referenced": Meaning(409, "Still referenced", "Other resources refer to this one; remove them first."),
    "transition-refused": Meaning(409, "Transition refused", "The action is not possible in the resource's state."),
    "gone": Meaning(
        410,
        "Gone",
        "What the request with this Idempotency-Key made or changed has been deleted, and its answer with it.",
    ),
    "precondition-failed": Meaning(412, "Precondition failed", "The resource has changed since the version sent."),
    "content-too-large": Meaning(413, "Content too large", "The body is larger than the service accepts."),
    "target-too-long": Meaning(414, "Target too long", "The path with its query is longer than the service accepts."),
    "unsupported-media-type": Meaning(415, "Unsupported media type", "The body is not in a format that is accepted."),
    "idempotency-key-reused": Meaning(
        422, "Idempotency-Key reused", "The Idempotency-Key was used before for a different request."
    ),
    "precondition-required": Meaning(428, "Precondition required", "Send If-Match with the ETag of the version read."),
    "too-many-requests": Meaning(429, "Too many requests", "The caller's quota is used up; see `Retry-After`."),
    "headers-too-large": Meaning(431, "Headers too large", "The headers are more or longer than the service accepts."),
    "internal-error": Meaning(500, "Internal error", "The service failed; the request id finds the reason in its log."),
    "not-implemented": Meaning(501, "Not implemented", "The service knows no such method, or no such transfer coding."),
    "service-unavailable": Meaning(
        503, "Unavailable", "Something that the service needs is not there; try again later."
    ),
    "outcome-open": Meaning(
        503,
        "Outcome open",
        "The answer of the database was lost, or took too long: the request may have been carried out. Send the very "
        "same one again: its Idempotency-Key or If-Match keeps anything from happening twice, and the answer tells.",
    ),
}

_OF_STATUS = {
    HTTPStatus.BAD_REQUEST: "invalid-request",
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.FORBIDDEN: "insufficient-scope",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.GONE: "gone",
    HTTPStatus.REQUEST_TIMEOUT: "request-timeout",
    HTTPStatus.PRECONDITION_FAILED: "precondition-failed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "content-too-large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "target-too-long",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported-media-type",
    HTTPStatus.TOO_MANY_REQUESTS: "too-many-requests",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "headers-too-large",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal-error",
    HTTPStatus.NOT_IMPLEMENTED: "not-implemented",
    HTTPStatus.SERVICE_UNAVAILABLE: "service-unavailable",
}


class FieldError(msgspec.Struct, frozen=True):
    """One thing wrong in a request: a JSON pointer into the body, `/path`, `/query` or `/header`, a code, a text."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """An answer that says no: `status`, a `code` of the catalogue, a `detail` for people, and where it comes from."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = printable(detail, MAX_DETAIL)
        self.errors = errors
        self.headers = headers or {}


class _Body(msgspec.Struct, omit_defaults=True):
    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: Sequence[FieldError] = ()
    trace_id: str = ""


_encode = msgspec.json.Encoder().encode


def render(problem: Problem, *, request_id: str, trace_id: str) -> bytes:
    """The problem as `application/problem+json`; `instance` is the request's URN, which the log knows as well."""
    meaning = CATALOGUE.get(problem.code)
    if problem.code:
        kind = f"{API_URL}/problems/{problem.code}"
        title = meaning.title if meaning else problem.code.replace("-", " ").capitalize()
    else:
        kind, title = "about:blank", phrase(problem.status)
    return _encode(
        _Body(kind, title, problem.status, problem.detail, f"urn:uuid:{request_id}", problem.errors, trace_id)
    )


def respond(problem: Problem, *, request_id: str, trace_id: str = "") -> tuple[int, Pairs, bytes]:
    """The status, the headers and the body that say so; the edge has more headers, which every answer has."""
    body = render(problem, request_id=request_id, trace_id=trace_id)
    headers = [
        (b"content-length", b"%d" % len(body)),
        (b"content-type", b"application/problem+json"),
        (b"cache-control", b"no-store"),
    ]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers.items()]
    return problem.status, headers, body


def respond_early(problem: Problem) -> tuple[int, Pairs, bytes]:
    """The whole answer to what does not come as far as to the edge."""
    request_id = str(uuid4())
    status, headers, body = respond(problem, request_id=request_id)
    return status, [*headers, NO_SNIFFING, (b"request-id", request_id.encode())], body


def from_domain(error: DomainError) -> Problem:
    """The problem that a refusal of the domain model is answered with."""
    if isinstance(error, TransitionRefused):
        return Problem(409, "transition-refused", str(error))
    field = error.field if isinstance(error, RuleViolated) else None
    errors = [FieldError(f"/{escape(field)}", "rule_violated", printable(str(error), MAX_DETAIL))] if field else []
    return Problem(409, "rule-violated", str(error), errors=errors)


def from_status(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Problem:
    """The problem for a bare HTTP status, as ordinary FastAPI endpoints raise it; without a code where none fits."""
    code = _OF_STATUS.get(HTTPStatus(status), "") if status in HTTPStatus._value2member_map_ else ""
    return Problem(status, code, detail or phrase(status), headers=headers)


def invalid(errors: Sequence[FieldError]) -> Problem:
    """The problem for a request that does not fit the contract, with at most `MAX_ERRORS` of its errors."""
    count = len(errors)
    number = f"more than {MAX_ERRORS}" if count > MAX_ERRORS else count
    detail = "The request has one error." if count == 1 else f"The request has {number} errors."
    return Problem(400, "invalid-request", detail, errors=errors[:MAX_ERRORS])


def not_found(what: str, identity: object) -> Problem:
    """The problem for a resource that is not there, or no longer."""
    return Problem(404, "not-found", f"There is no {what} {identity}.")


def gone() -> Problem:
    """The problem for a repeated request whose answer went with the resource that it showed."""
    return Problem(410, "gone", "What this request made or changed has been deleted since.")


def version_mismatch() -> Problem:
    """The problem for a change that was made for another version than the current one."""
    return Problem(412, "precondition-failed", "The resource has changed since it was read.")


def changed_meanwhile() -> Problem:
    """The problem for an action on a resource that another request has changed at the same time."""
    return Problem(409, "changed-meanwhile", "The resource was changed by another request; send this one again.")


def outcome_open() -> Problem:
    """The problem for a request that was given up, or whose connection was lost, when it may have been committed."""
    return Problem(
        503,
        "outcome-open",
        "This may have been carried out. Send the same request again to learn it: nothing happens twice.",
        headers={"Retry-After": "1"},
    )


def phrase(status: int) -> str:
    """The standard phrase of a status, such as `Not Found`."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901) to the place that the parts lead to; the empty pointer is the whole document."""
    return "".join(f"/{escape(part)}" for part in parts)[:MAX_POINTER]


def escape(part: object) -> str:
    """One reference token of a JSON pointer, printable."""
    return printable(str(part), MAX_POINTER).replace("~", "~0").replace("/", "~1")


def printable(text: str, limit: int) -> str:
    """The text without control characters and lone surrogates, cut to `limit` characters."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
