"""Problem details (RFC 9457) in the contract: their shape, and their examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .catalogue import CATALOGUE
from .headers import header_refs
from .json_schema import Json, line, object_of, ref
from .samples import REQUEST_ID, TRACE_ID
from .wire import LONGEST_POINTER, MOST_ERRORS, MOST_ITEMS

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARED_PROBLEMS = {
    "unauthenticated": "The access token has expired.",
    "gone": "What this request made or changed has been deleted since.",
    "precondition-failed": "The resource has changed since it was read.",
    "content-too-large": "The body may have at most {max_body_bytes} bytes.",
    "unsupported-media-type": "The body must be application/json.",
    "precondition-required": "Send If-Match with the ETag of the version read.",
    "too-many-requests": "The quota of this minute is used up.",
    "internal-error": "The service failed; the request id finds the reason in its log.",
    "service-unavailable": "The database cannot be reached; try again later.",
}
"""Problems that name no resource: code → the detail of its example. A component of `responses` is named like its code.
"""

ANY_OPERATION = {
    "401": "unauthenticated",
    "429": "too-many-requests",
    "500": "internal-error",
    "503": "service-unavailable",
}
"""What every operation may answer: status → response."""

OUTCOME_OPEN = "This may have been carried out. Send the same request again to learn it: nothing happens twice."

OTHER_PROBLEMS = {
    "method-not-allowed": "This resource supports GET, HEAD, POST.",
    "idempotency-key-reused": "The key was used before for a different request.",
}
"""What the `default` answer shows: code → the detail of its example."""


def problem_response(description: str, examples: Json, *headers: str) -> Json:
    """An answer with a problem, and these headers."""
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": ref("schemas", "Problem"), "examples": examples}},
        "headers": header_refs(*headers),
    }


def problem_examples(api_url: str, details: Mapping[str, str]) -> Json:
    """Examples of problems by their codes: code → detail."""
    return {code.replace("-", "_"): {"value": problem_value(api_url, code, detail)} for code, detail in details.items()}


def problem_value(api_url: str, code: str, detail: str) -> Json:
    """A problem as an example; its code is one of the catalogue."""
    meaning = CATALOGUE[code]
    return {
        "type": f"{api_url}/problems/{code}",
        "title": meaning.title,
        "status": meaning.status,
        "detail": detail,
        "instance": f"urn:uuid:{REQUEST_ID}",
        "trace_id": TRACE_ID,
    }


def problem_schemas(api_url: str) -> Json:
    """The shape of every problem."""
    return {
        "Problem": object_of(
            "What went wrong (RFC 9457).",
            {
                "type": {
                    "type": "string",
                    "format": "uri",
                    "description": "The kind of problem; the address of a page that explains it.",
                    "maxLength": 500,
                    "examples": [f"{api_url}/problems/invalid-request"],
                },
                "title": line("The kind of problem in words.", 100, "Invalid request"),
                "status": {
                    "type": "integer",
                    "format": "int32",
                    "description": "The status of the answer.",
                    "minimum": 400,
                    "maximum": 599,
                    "examples": [400],
                },
                "detail": line("What happened in this case.", 1000, "The request has one error."),
                "instance": {
                    "type": "string",
                    "format": "uri",
                    "description": "The request, by its id.",
                    "maxLength": 500,
                    "examples": [f"urn:uuid:{REQUEST_ID}"],
                },
                "errors": {
                    "type": "array",
                    "description": "What is wrong in the request, one by one.",
                    "maxItems": MOST_ERRORS,
                    "items": ref("schemas", "ProblemError"),
                },
                "trace_id": {
                    "type": "string",
                    "description": "The trace of the request (W3C Trace Context).",
                    "minLength": 32,
                    "maxLength": 32,
                    "pattern": "^[0-9a-f]{32}$",
                    "examples": [TRACE_ID],
                },
            },
            required=["type", "title", "status", "detail", "instance"],
        ),
        "ProblemError": object_of(
            "One thing that is wrong in a request.",
            {
                "pointer": line(
                    "A JSON pointer (RFC 6901) into the body, or into `/path`, `/query` or `/header`.",
                    LONGEST_POINTER,
                    "/query/limit",
                ),
                "code": {
                    "type": "string",
                    "description": "What is wrong, for programs.",
                    "maxLength": 100,
                    "pattern": "^[a-z][a-z0-9_-]*$",
                    "examples": ["out_of_range"],
                },
                "detail": line("What is wrong, for people.", 1000, f"Input should be between 1 and {MOST_ITEMS}"),
            },
            required=["pointer", "code", "detail"],
        ),
    }
