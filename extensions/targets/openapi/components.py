"""The components that every contract has: parameters, headers, problems, and the words of its examples."""

from __future__ import annotations

from typing import Any

from . import wire
from .schemas import line, object_of, ref, uuid

Json = dict[str, Any]

CREATED_AT = "2026-11-22T08:00:00Z"
MODIFIED_AT = "2026-11-22T08:15:00Z"
CURSOR = "WyIwYzQxIiwiMjAyNi0xMS0yMlQwODowMDowMFoiXQ"
REQUEST_ID = "018f6d2e-7c1a-7b3e-9f00-0a1b2c3d4e5f"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CURSOR_SCHEMA = {"type": "string", "minLength": 1, "maxLength": wire.LONGEST_CURSOR, "pattern": "^[A-Za-z0-9_-]+$"}
ENUM_PATTERN = "^[A-Z][A-Z0-9_]{0,39}$"

PROBLEMS: dict[str, tuple[int, str, str]] = {
    "unauthenticated": (401, "Unauthenticated", "The access token has expired."),
    "gone": (410, "Gone", "What this request made or changed has been deleted since."),
    "precondition-failed": (412, "Precondition failed", "The resource has changed since it was read."),
    "content-too-large": (413, "Content too large", "The body may have at most {max_body_bytes} bytes."),
    "unsupported-media-type": (415, "Unsupported media type", "The body must be application/json."),
    "precondition-required": (428, "Precondition required", "Send If-Match with the ETag of the version read."),
    "too-many-requests": (429, "Too many requests", "The quota of this minute is used up."),
    "internal-error": (500, "Internal error", "The service failed; the request id finds the reason in its log."),
    "service-unavailable": (503, "Unavailable", "The database cannot be reached; try again later."),
}
"""Shared problems: code → status, title, an example's detail. A component of `responses` is named like its code."""

ANY_OPERATION = {
    "401": "unauthenticated",
    "429": "too-many-requests",
    "500": "internal-error",
    "503": "service-unavailable",
}
"""What every operation may answer: status → response."""

OUTCOME_OPEN = "This may have been carried out. Send the same request again to learn it: nothing happens twice."

OTHER_PROBLEMS: dict[str, tuple[int, str, str]] = {
    "method-not-allowed": (405, "Method not allowed", "This resource supports GET, HEAD, POST."),
    "idempotency-key-reused": (422, "Idempotency-Key reused", "The key was used before for a different request."),
}
"""What the `default` answer shows."""


def security_scheme() -> Json:
    """How callers say who they are."""
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            "An access token (JWT) of the OpenID Connect issuer that the deployment trusts. Signature, issuer, "
            "audience, expiry and algorithm are validated as RFC8725 (JWT best current practices) says. The scopes of "
            "a resource are its name with `.read` for reading and `.write` for everything else."
        ),
    }


def shared_parameters() -> Json:
    """Those of the query and the header."""
    return {
        "cursor": {
            "name": "cursor",
            "in": "query",
            "description": "`next` of the page before; absent for the first page. Opaque: never build one.",
            "schema": dict(CURSOR_SCHEMA),
        },
        "limit": {
            "name": "limit",
            "in": "query",
            "description": "How many items a page has at most.",
            "schema": {
                "type": "integer",
                "format": "int32",
                "minimum": 1,
                "maximum": wire.MOST_ITEMS,
                "default": 50,
                "examples": [50],
            },
        },
        "idempotency_key": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": (
                f"A key that the client makes for this request and repeats with each retry, such as a UUID: 1 to "
                f"{wire.LONGEST_KEY} visible characters, as they are or as a string in quotes (RFC 8941), which is the "
                "same key."
            ),
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": wire.LONGEST_KEY_HEADER,
                "pattern": f"^(?:{wire.PLAIN_KEY}|{wire.QUOTED_KEY})$",
                "examples": [REQUEST_ID, f'"{REQUEST_ID}"'],
            },
        },
        "if_match": {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "The `ETag` of the version that was read.",
            "schema": _etags(),
        },
        "sent_if_match": {
            "name": "If-Match",
            "in": "header",
            "description": "The `ETag` of the version that was read, where the action is for that version only.",
            "schema": _etags(),
        },
        "if_none_match": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The `ETag` of the version that the client has already.",
            "schema": _etags(),
        },
    }


def _etags() -> Json:
    return {
        "oneOf": [
            {"type": "string", "description": "Any version.", "const": "*"},
            {
                "type": "string",
                "description": "One of these versions.",
                "maxLength": wire.LONGEST_ETAGS,
                "pattern": f"^{wire.ETAGS}$",
                "examples": ['"7"'],
            },
        ]
    }


def shared_headers(api_url: str) -> Json:
    """Those of answers."""
    return {
        "Accept": _media_type("What a body must be sent as, where another media type was sent.", "application/json"),
        "Accept-Encoding": {
            "description": "Where a compressed body was sent: it must be sent as it is.",
            "schema": {"type": "string", "const": "identity"},
        },
        "Accept-Patch": _media_type(
            "What a patch must be sent as, where another media type was sent.", "application/merge-patch+json"
        ),
        "Access-Control-Allow-Origin": {
            "description": "The origin of the browser application that may read the answer; only for allowed origins.",
            "schema": {
                "type": "string",
                "maxLength": 300,
                "pattern": r"^(?:\*|[a-z][a-z0-9+.-]*://[\x21-\x7E]+)$",
                "examples": [api_url],
            },
        },
        "ETag": {
            "description": "The version of the resource (RFC 9110), for `If-Match` and `If-None-Match`.",
            "required": True,
            "schema": {"type": "string", "maxLength": 20, "pattern": f"^{wire.OWN_ETAG}$", "examples": ['"7"']},
        },
        "Location": {
            "description": "The address of the new resource.",
            "required": True,
            "schema": {
                "type": "string",
                "format": "uri-reference",
                "maxLength": 1000,
                "examples": [f"/resources/{REQUEST_ID}"],
            },
        },
        "RateLimit": {
            "description": "What is left of the caller's quota, and the seconds until it is full again.",
            "schema": {
                "type": "string",
                "maxLength": 100,
                "pattern": r"^[\x20-\x7E]{1,100}$",
                "examples": ['"default";r=99;t=30'],
            },
        },
        "RateLimit-Policy": {
            "description": "The caller's quota, and its window in seconds.",
            "schema": {
                "type": "string",
                "maxLength": 100,
                "pattern": r"^[\x20-\x7E]{1,100}$",
                "examples": ['"default";q=100;w=60'],
            },
        },
        "Request-Id": {
            "description": "The request's identity in the service's log: the caller's if it is a UUID, or a new one.",
            "schema": uuid(REQUEST_ID),
        },
        "Retry-After": {
            "description": "Seconds to wait before the request is sent again.",
            "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86400, "examples": [30]},
        },
        "Traceparent": {
            "description": "Where the request is in the caller's trace, or in a new one (W3C Trace Context).",
            "schema": {
                "type": "string",
                "maxLength": 55,
                "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
                "examples": [f"00-{TRACE_ID}-00f067aa0ba902b7-01"],
            },
        },
        "WWW-Authenticate": {
            "description": "What is wrong with the access token (RFC 6750).",
            "schema": {
                "type": "string",
                "maxLength": 500,
                "pattern": r"^Bearer[\x20-\x7E]*$",
                "examples": ['Bearer error="invalid_token"'],
            },
        },
    }


def _media_type(description: str, value: str) -> Json:
    return {"description": description, "schema": {"type": "string", "const": value}}


def header_refs(*names: str) -> Json:
    """References to these headers, and to those that every answer may have."""
    everywhere = ("Access-Control-Allow-Origin", "RateLimit", "RateLimit-Policy", "Request-Id", "Traceparent")
    return {name: ref("headers", name) for name in (*names, *everywhere)}


def shared_responses(api_url: str, max_body_bytes: int) -> Json:
    """Answers that name no resource."""
    headers = {
        "unauthenticated": ("WWW-Authenticate",),
        "unsupported-media-type": ("Accept", "Accept-Encoding", "Accept-Patch"),
        "too-many-requests": ("Retry-After",),
        "service-unavailable": ("Retry-After",),
    }
    responses: Json = {
        "no-content": {"description": "Done; there is nothing to say", "headers": header_refs()},
        "not-modified": {"description": "The client has the current version", "headers": header_refs("ETag")},
    }
    for code, (status, title, words) in PROBLEMS.items():
        detail = words.format(max_body_bytes=max_body_bytes)
        example = {"value": problem_value(api_url, code, status, title, detail)}
        responses[code] = problem_response(title, {code.replace("-", "_"): example}, *headers.get(code, ()))
    unavailable = responses["service-unavailable"]["content"]["application/problem+json"]["examples"]
    unavailable["outcome_open"] = {"value": problem_value(api_url, "outcome-open", 503, "Outcome open", OUTCOME_OPEN)}
    responses["problem"] = problem_response(
        "Any other problem",
        {
            code.replace("-", "_"): {"value": problem_value(api_url, code, status, title, detail)}
            for code, (status, title, detail) in OTHER_PROBLEMS.items()
        },
    )
    return responses


def problem_response(description: str, examples: Json, *headers: str) -> Json:
    """An answer with a problem, and these headers."""
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": ref("schemas", "Problem"), "examples": examples}},
        "headers": header_refs(*headers),
    }


def problem_value(api_url: str, code: str, status: int, title: str, detail: str) -> Json:
    """A problem as an example."""
    return {
        "type": f"{api_url}/problems/{code}",
        "title": title,
        "status": status,
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
                    "maxItems": 100,
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
                    200,
                    "/query/limit",
                ),
                "code": {
                    "type": "string",
                    "description": "What is wrong, for programs.",
                    "maxLength": 100,
                    "pattern": "^[a-z][a-z0-9_-]*$",
                    "examples": ["out_of_range"],
                },
                "detail": line("What is wrong, for people.", 1000, "Input should be between 1 and 200"),
            },
            required=["pointer", "code", "detail"],
        ),
    }
