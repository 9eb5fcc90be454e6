"""The problems that a service answers with: the contract's examples, `platform/problems.py` and its pages follow it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Meaning(NamedTuple):
    """What a problem code stands for, as its page at `/problems/{code}` tells."""

    status: int
    title: str
    text: str


CATALOGUE = {
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
"""Code → what it stands for."""

GLOBALS: dict[str, Any] = {"problem_catalogue": CATALOGUE}
FILTERS: dict[str, Any] = {}
