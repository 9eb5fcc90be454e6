"""Scripts of other origins (CORS), which browsers ask for before they send what a form could not send."""

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from ...settings import Settings
from ..problems import from_status, respond_early

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Request-Id",
    "Traceparent",
    "Tracestate",
)
ANSWER_HEADERS = (
    "Allow",
    "ETag",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Request-Id",
    "Retry-After",
    "Traceparent",
    "WWW-Authenticate",
)


def install(app: FastAPI, settings: Settings) -> None:
    """Let scripts of the origins call that the settings name, if any."""
    if settings.cors_origins:
        app.add_middleware(
            Origins,
            allow_origins=settings.cors_origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            expose_headers=ANSWER_HEADERS,
        )


class Origins(CORSMiddleware):
    """Starlette's answers, but a refusal is a problem as every other."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to the question whether a request may be sent."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        status, headers, body = respond_early(from_status(answer.status_code, bytes(answer.body).decode()))
        refusal = Response(body, status)
        kept = [pair for pair in answer.raw_headers if pair[0] not in (b"content-length", b"content-type")]
        refusal.raw_headers = headers + kept
        return refusal
