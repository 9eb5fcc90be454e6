"""Scripts of other origins (CORS), which browsers ask for before they send what a form could not send."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from .problems import from_status, respond_early


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
