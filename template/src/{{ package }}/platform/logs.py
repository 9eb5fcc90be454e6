"""Logs: one JSON object a line on standard output, with the ids of the request that it belongs to.

What the service and its libraries log goes through `logging`. The lines of requests are encoded by msgspec and written
in batches. Neither holds query strings, headers, bodies, tokens, the caller's name or what the database quotes of rows:
of errors they have where they come from and what they are.
"""

import asyncio
import logging
import sys
import traceback
from collections.abc import Iterator
from time import gmtime, strftime, time

import asyncpg
import msgspec
from pydantic_core import ValidationError

from .request_context import RequestContext, current

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

    def write(self, context: RequestContext, duration: float) -> None:
        """Add the line of an context that took `duration` seconds."""
        status = context.status
        line = _Request(
            self._clock.read(time()),
            "INFO" if status < 500 else "ERROR",
            context.scope["method"],
            status,
            round(duration * 1e6) / 1000,
            context.request_id,
            context.trace_id,
            context.span_id,
            context.route,
            context.path,
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
        context = current.get()
        if context is not None:
            line |= {
                "request_id": context.request_id,
                "trace_id": context.trace_id,
                "span_id": context.span_id,
            }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = error_trace(record.exc_info[1])
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


QUOTING = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, msgspec.MsgspecError)
"""Their texts repeat rows and arguments."""


def error_summary(error: BaseException) -> str:
    """Name and text of an error; of one that quotes data, what there is to know besides."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, asyncpg.PostgresError):
        known = {
            "sqlstate": error.sqlstate,
            "constraint": error.constraint_name,
            "table": error.table_name,
            "column": error.column_name,
        }
        text = ", ".join(f"{key} {value}" for key, value in known.items() if value)
    elif isinstance(error, ValidationError):
        errors = error.errors(include_input=False, include_context=False, include_url=False)
        text = ", ".join(f"{'.'.join(map(str, each['loc']))} {each['type']}" for each in errors)
    else:
        text = "" if isinstance(error, QUOTING) else str(error)
    return f"{name}: {text}" if text else name


def error_trace(error: BaseException) -> str:
    """The traceback of an error and of those that it comes from, the first one first."""
    return "\n".join(_error_lines(error, set()))


def _error_lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    origin = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if origin is not None and id(origin) not in seen:
        yield from _error_lines(origin, seen)
        yield "\nwhich led to:\n"
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield error_summary(error)
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _error_lines(each, seen)
