"""Logs: one JSON object a line on standard output, with the ids of the request that it belongs to.

What the service and its libraries log goes through `logging`. The lines of requests are encoded by msgspec and written
in batches. Neither holds query strings, headers, bodies, tokens, the caller's name or what the database quotes of rows.
"""

import asyncio
import logging
import sys
from time import gmtime, strftime, time

import msgspec

from .exchange import Exchange, current
from .faults import trace

FLUSH_AFTER_S = 0.05
FLUSH_LINES = 64

_encoder = msgspec.json.Encoder()


class _Clock:
    """The time as RFC 3339 in UTC, with the text of the current second kept."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def read(self, at: float) -> str:
        second = int(at)
        if second != self._second:
            self._second = second
            self._text = strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))
        return f"{self._text}.{int((at - second) * 1e6):06d}Z"


class _Request(msgspec.Struct, tag_field="logger", tag="access", omit_defaults=True, gc=False):
    """The line of one request, by the names of OpenTelemetry's conventions."""

    timestamp: str
    level: str
    method: str = msgspec.field(name="http.request.method")
    status: int = msgspec.field(name="http.response.status_code")
    duration: float = msgspec.field(name="duration_ms")
    request_id: str
    trace_id: str
    span_id: str
    route: str = msgspec.field(name="http.route", default="")
    path: str = msgspec.field(name="url.path", default="")


class AccessLog:
    """Writes a line for every request, at the latest `FLUSH_AFTER_S` seconds after its end."""

    def __init__(self) -> None:
        self._clock = _Clock()
        self._lines: list[_Request] = []
        self._scheduled = False

    def write(self, exchange: Exchange, duration: float) -> None:
        """Add the line of an exchange that took `duration` seconds."""
        status = exchange.status
        line = _Request(
            self._clock.read(time()),
            "INFO" if status < 500 else "ERROR",
            exchange.scope["method"],
            status,
            round(duration * 1e6) / 1000,
            exchange.request_id,
            exchange.trace_id,
            exchange.span_id,
            exchange.route,
            exchange.path,
        )
        self._lines.append(line)
        if len(self._lines) >= FLUSH_LINES:
            self.flush()
        elif not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self._flush_scheduled)

    def flush(self) -> None:
        """Write what has been added so far."""
        lines, self._lines = self._lines, []
        if lines:
            sys.stdout.flush()
            sys.stdout.buffer.write(_encoder.encode_lines(lines))
            sys.stdout.buffer.flush()

    def _flush_scheduled(self) -> None:
        self._scheduled = False
        self.flush()


class JsonFormatter(logging.Formatter):
    """A log record as a line of JSON."""

    def __init__(self) -> None:
        super().__init__()
        self._clock = _Clock()

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": self._clock.read(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        exchange = current.get()
        if exchange is not None:
            line |= {
                "request_id": exchange.request_id,
                "trace_id": exchange.trace_id,
                "span_id": exchange.span_id,
            }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = trace(record.exc_info[1])
        return _encoder.encode(line).decode()


def configure(level: str) -> None:
    """Let everything that is logged with this level or above go to standard output as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.setLevel(level)
    # Those of telemetry stay.
    root.handlers[:] = [handler, *(each for each in root.handlers if not isinstance(each, logging.StreamHandler))]
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
