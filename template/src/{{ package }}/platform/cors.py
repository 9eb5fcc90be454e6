"""Scripts of other origins (CORS), which browsers ask for before they send what a form could not send."""

from uuid import uuid4

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from .problems import from_status, render


class Origins(CORSMiddleware):
    """Starlette's answers, but a refusal is a problem as every other."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to the question whether a request may be sent."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        request_id = str(uuid4())
        problem = from_status(answer.status_code, bytes(answer.body).decode())
        refusal = Response(
            render(problem, request_id=request_id, trace_id=""),
            answer.status_code,
            media_type="application/problem+json",
            headers={"Cache-Control": "no-store", "Request-Id": request_id, "X-Content-Type-Options": "nosniff"},
        )
        kept = [pair for pair in answer.raw_headers if pair[0] not in (b"content-length", b"content-type")]
        refusal.raw_headers += kept
        return refusal
