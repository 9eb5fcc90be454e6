"""Headers of the answers."""

from __future__ import annotations

from . import wire
from .json_schema import Json, ref, uuid
from .samples import REQUEST_ID, TRACE_ID

EVERYWHERE = ("Access-Control-Allow-Origin", "RateLimit", "RateLimit-Policy", "Request-Id", "Traceparent")
"""What every answer may have."""


def headers(api_url: str) -> Json:
    """Component → header."""
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
    return {name: ref("headers", name) for name in (*names, *EVERYWHERE)}
