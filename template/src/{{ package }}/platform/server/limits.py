"""The limits of connections, and what clients are told that are over one."""

import re

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from ..problems import Problem, from_status, respond_early

MAX_HEAD_BYTES = 65_536
MAX_TARGET_BYTES = 32_768
MAX_HEADERS = 100
MAX_PIPELINED = 32
FEED_BYTES = 16_384
"""So much is parsed at once: no more than this is read beyond a limit."""
SPARE_CONNECTIONS = 64
"""Connections beyond the limit that are still accepted: probes are answered on them, other requests refused."""
LINGER_S = 2.0
"""How long what a client still sends is passed over after the last answer, so that no reset overtakes the answer."""
CANCELLING_S = 1.0
"""How long a request that is ended may take to answer so."""
LEAST_RESERVE = 0.25
MOST_RESERVE = 0.5
"""How much of its time is left to a request that has waited for its turn; within this, twice what answers take."""
TELLING_PAUSE_S = 10.0
TICK_S = 0.25

REQUEST_LINE = re.compile(rb"^([!#$%&'*+.^_`|~0-9A-Za-z-]+) [!-~]+ HTTP/1\.[01]\r?$", re.MULTILINE)

Headers = list[tuple[bytes, bytes]]


def unreadable(error: httptools.HttpParserError, data: bytes | memoryview) -> Problem:
    """The refusal of what the parser does not take: 501 for a request whose method it does not know (RFC 9110, 9.1)."""
    lost_at_method = isinstance(error, httptools.HttpParserInvalidMethodError)
    if lost_at_method and not all(map(_is_method, REQUEST_LINE.findall(data))):
        return from_status(501, "This method is not known; methods are written in capitals.")
    return malformed()


def _is_method(name: bytes) -> bool:
    """Whether the parser knows a method."""
    try:
        httptools.HttpRequestParser(object()).feed_data(name + b" /")
    except httptools.HttpParserInvalidMethodError:
        return False
    return True


def malformed() -> Problem:
    """What is no request."""
    return Problem(400, "malformed-request", "This is no HTTP/1.1 request.")


def busy(detail: str, retry_after_s: int = 1) -> Problem:
    """What may be sent again later."""
    return Problem(503, "service-unavailable", detail, headers={"Retry-After": str(retry_after_s)})


def too_large(url: bytes) -> Problem:
    """The limit that the target or the head of a request is over."""
    if len(url) > MAX_TARGET_BYTES:
        return Problem(414, "target-too-long", f"The target may have at most {MAX_TARGET_BYTES} bytes.")
    detail = f"The head may have at most {MAX_HEADERS} headers and {MAX_HEAD_BYTES} bytes."
    return Problem(431, "headers-too-large", detail)


def rendered(problem: Problem, default_headers: Headers) -> bytes:
    """The whole answer to what did not come as far as to the middleware, as bytes."""
    status, headers, body = respond_early(problem)
    pairs = [*default_headers, *headers, (b"connection", b"close")]
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % pair for pair in pairs) + b"\r\n" + body
