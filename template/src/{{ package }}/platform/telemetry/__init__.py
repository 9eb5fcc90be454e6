"""OpenTelemetry: traces, metrics and logs by OTLP. It is imported only if an endpoint is set.

Whether a request is recorded is decided before anything of the SDK exists, so that the others cost next to nothing.
Everything is sent from background threads with bounded queues: what cannot be sent is dropped, and no request waits.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from random import random
from time import monotonic, perf_counter, time_ns

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from ... import SERVICE, VERSION
from ...settings import LATENCY_OBJECTIVE_S, Settings
from ..logs import error_trace
from ..postgres import Database
from ..request_context import TRACEPARENT, RequestContext, current
from .metrics import Attributes, Durations, Instrument, MetricSender, Reading

EXPORT_TIMEOUT_S = 5.0
CLOSING_PATIENCE_S = 3.0
MAX_SUMMARIES = 1024
MAX_ASKED_PER_S = 10
"""Requests that are recorded because their caller says so; further ones are recorded by chance, as those of others."""

# https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ and …/database/database-metrics/
# The objective is one more bound: how many requests miss it is counted then, not estimated.
HTTP_BOUNDS = tuple(
    sorted({0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, LATENCY_OBJECTIVE_S})
)
DATABASE_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
JOB_BOUNDS = (0.1, 1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14400)
POOL: Attributes = {"db.client.connection.pool.name": SERVICE}
METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})

RequestKey = tuple[str, str, int, str]
StatementKey = tuple[str, str]


class Telemetry:
    """What the service tells a collector about its requests, its statements and its log."""

    def __init__(self, settings: Settings) -> None:
        endpoint = (settings.otel_exporter_otlp_endpoint or "").rstrip("/")
        resource = Resource.create(
            {
                "service.name": SERVICE,
                "service.version": VERSION,
                "deployment.environment.name": settings.environment,
            }
        )
        self._share = settings.otel_traces_sampler_arg
        self._links = settings.trace_context == "link"
        self._asked = 0
        self._asked_since = monotonic()
        spans = BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=EXPORT_TIMEOUT_S))
        requests = TracerProvider(resource=resource, sampler=ALWAYS_ON, shutdown_on_exit=False)
        requests.add_span_processor(spans)
        self._tracer = requests.get_tracer(__name__)
        # Spans that the service's own code begins belong to a request, or are not recorded.
        others = TracerProvider(resource=resource, sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
        others.add_span_processor(spans)
        trace.set_tracer_provider(others)

        self._requests = Durations("http.server.request.duration", "Duration of requests.", HTTP_BOUNDS, _of_request)
        self._statements = Durations(
            "db.client.operation.duration", "Duration of statements.", DATABASE_BOUNDS, _of_statement
        )
        self._waits = Durations[str](
            "db.client.connection.wait_time",
            "How long was waited for a connection, by those who had to.",
            DATABASE_BOUNDS,
            lambda _: POOL,
        )
        self._runs = Durations("job.run.duration", "Duration of runs of jobs.", JOB_BOUNDS, _of_run)
        self._instruments: list[Instrument] = [self._requests, self._statements, self._waits]
        self._metrics = MetricSender(
            OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=EXPORT_TIMEOUT_S), resource, self._instruments
        )

        logs = LoggerProvider(resource, shutdown_on_exit=False)
        logs.add_log_record_processor(
            BatchLogRecordProcessor(OTLPLogExporter(f"{endpoint}/v1/logs", timeout=EXPORT_TIMEOUT_S))
        )
        self._handler = _Handler(logs)
        logging.getLogger().addHandler(self._handler)
        self._spans = spans
        self._logs = logs

    def begin(self, context: RequestContext) -> None:
        """Decide whether the request is recorded, as its parent was or by chance, and if so, begin its span."""
        if context.sampled is None or (context.sampled and not self._may_ask()):
            context.sampled = random() < self._share  # noqa: S311 - chance, not secrecy
        state = context.headers.get(b"tracestate", b"").decode("latin-1") if context.parent_id else ""
        if not context.sampled:
            if context.parent_id:  # what is called now belongs to the trace of the caller, too
                parent = _context(context.trace_id, context.span_id, sampled=False, state=state)
                context.token = attach(parent)
            return
        parent = Context()
        if context.parent_id:
            parent = _context(context.trace_id, context.parent_id, sampled=True, state=state)
        links = self._links_of(context) if self._links else None
        span = self._tracer.start_span(context.scope["method"], parent, SpanKind.SERVER, links=links)
        ids = span.get_span_context()
        context.trace_id = f"{ids.trace_id:032x}"
        context.span_id = f"{ids.span_id:016x}"
        context.span = span
        context.token = attach(set_span_in_context(span, parent))

    def end(self, context: RequestContext, duration: float) -> None:
        """Measure the request, which took `duration` seconds, and end its span."""
        scope = context.scope
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        key = (method, context.route, context.status, scope["scheme"])
        self._requests.record(key, duration)
        if context.token is not None:
            detach(context.token)
        span = context.span
        if span is None:
            return
        span.update_name(f"{method} {context.route}".rstrip())
        span.set_attributes(
            {**_of_request(key), "url.path": context.path, "network.protocol.version": scope["http_version"]}
        )
        if context.status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end()

    def _may_ask(self) -> bool:
        """Whether one more request may be recorded only because its caller says so."""
        now = monotonic()
        if now - self._asked_since >= 1:
            self._asked, self._asked_since = 0, now
        self._asked += 1
        return self._asked <= MAX_ASKED_PER_S

    def _links_of(self, context: RequestContext) -> list[Link]:
        """The link to the span of the caller, whose trace is another one."""
        found = TRACEPARENT.fullmatch(context.headers.get(b"traceparent", b""))
        if found is None:
            return []
        state = context.headers.get(b"tracestate", b"").decode("latin-1")
        sampled = bool(int(found[3], 16) & 1)
        return [Link(_remote(found[1].decode(), found[2].decode(), sampled=sampled, state=state))]

    def observe(self, sql: str, started: int, failure: BaseException | None) -> None:
        """Measure a statement that began at `started` (ns since the epoch); a span if its request is recorded."""
        ended = time_ns()
        key = (summary(sql), type(failure).__qualname__ if failure is not None else "")
        self._statements.record(key, (ended - started) / 1e9)
        context = current.get()
        if context is None or context.span is None:
            return
        span = self._tracer.start_span(
            key[0],
            kind=SpanKind.CLIENT,
            attributes={**_of_statement(key), "db.query.text": sql},
            start_time=started,
        )
        if failure is not None:
            span.set_status(StatusCode.ERROR)
        span.end(ended)

    @contextmanager
    def run(self, job: str) -> Iterator[None]:
        """Measure a run of a job, and record it as a span of its own trace."""
        self._instruments.append(self._runs)
        span = self._tracer.start_span(f"job {job}", Context(), attributes={"job.name": job})
        token = attach(set_span_in_context(span, Context()))
        begun, failure = perf_counter(), ""
        try:
            yield
        except BaseException as error:
            failure = type(error).__qualname__
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            self._runs.record((job, failure), perf_counter() - begun)
            detach(token)
            span.end()

    def watch(self, database: Database) -> None:
        """Measure its statements, its connections and who waits for one."""
        database.observe = self.observe
        database.observe_wait = partial(self._waits.record, "")
        self._instruments += _of_pool(database)

    async def close(self) -> None:
        """Send what is left, but do not wait for long."""
        logging.getLogger().removeHandler(self._handler)
        closing = threading.Thread(target=self._close, name="telemetry", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, CLOSING_PATIENCE_S)

    def _close(self) -> None:
        self._metrics.close()
        self._spans.shutdown()  # type: ignore[no-untyped-call]
        self._logs.shutdown()


class _Handler(logging.Handler):
    """Hands log records to OpenTelemetry, except for those about sending them."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._provider = provider

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("opentelemetry", "urllib3")):
            return
        context = current.get()
        error = record.exc_info[1] if record.exc_info else None
        attributes = {"exception.stacktrace": error_trace(error)} if error else {}
        self._provider.get_logger(record.name).emit(
            timestamp=int(record.created * 1e9),
            context=_context(context.trace_id, context.span_id, sampled=bool(context.sampled)) if context else None,
            severity_number=_SEVERITIES.get(record.levelno, SeverityNumber.UNSPECIFIED),
            severity_text=record.levelname,
            body=record.getMessage(),
            attributes={**attributes, "request.id": context.request_id} if context else attributes,
        )


@lru_cache(MAX_SUMMARIES)
def summary(sql: str) -> str:
    """What a statement is about, in words of few possible values: its change, else what it reads last.

    Of several changes that is its own, without those in parentheses, or the first one there. What it does to
    idempotency keys beside comes after what it does to anything else.
    """
    within = _CHANGES.findall(sql)
    found = _CHANGES.findall(_outside(sql)) or sorted(within, key=lambda change: change[1] == "idempotency_key")
    if found:
        return f"{found[0][0]} {found[0][1]}"
    tables = _READS.findall(sql)
    return f"SELECT {tables[-1]}" if tables else sql.split(maxsplit=1)[0]


def _outside(sql: str) -> str:
    """The text without what is in parentheses."""
    shorter = _INNERMOST.sub("", sql)
    return sql if shorter == sql else _outside(shorter)


def _of_request(key: RequestKey) -> Attributes:
    method, route, status, scheme = key
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "http.response.status_code": status,
        "url.scheme": scheme,
    }
    if route:
        attributes["http.route"] = route
    if status >= 500:
        attributes["error.type"] = str(status)
    return attributes


def _of_statement(key: StatementKey) -> Attributes:
    name, failure = key
    operation, _, table = name.partition(" ")
    attributes: dict[str, str | int] = {
        "db.system.name": "postgresql",
        "db.operation.name": operation,
        "db.query.summary": name,
    }
    if table:
        attributes["db.collection.name"] = table
    if failure:
        attributes["error.type"] = failure
    return attributes


def _of_run(key: tuple[str, str]) -> Attributes:
    name, failure = key
    return {"job.name": name, "error.type": failure} if failure else {"job.name": name}


def _of_pool(database: Database) -> list[Reading]:
    """https://opentelemetry.io/docs/specs/semconv/database/database-metrics/#connection-pools"""
    state, name = "db.client.connection.state", "db.client.connection"

    def count() -> list[tuple[Attributes, int]]:
        usage = database.usage()
        return [({**POOL, state: "used"}, usage.used), ({**POOL, state: "idle"}, usage.idle)]

    return [
        Reading(f"{name}.count", "Open connections.", "{connection}", count),
        Reading(f"{name}.max", "Connections wanted.", "{connection}", lambda: [(POOL, database.usage().wanted)]),
        Reading(
            f"{name}.pending_requests",
            "Who waits for a connection.",
            "{request}",
            lambda: [(POOL, database.usage().pending)],
        ),
        Reading(
            f"{name}.timeouts",
            "Who waited for a connection in vain.",
            "{timeout}",
            lambda: [(POOL, database.usage().timeouts)],
            grows=True,
        ),
    ]


def _context(trace_id: str, span_id: str, *, sampled: bool, state: str = "") -> Context:
    """The context of a span that was begun elsewhere."""
    return set_span_in_context(NonRecordingSpan(_remote(trace_id, span_id, sampled=sampled, state=state)), Context())


def _remote(trace_id: str, span_id: str, *, sampled: bool, state: str) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    others = TraceState.from_header([state]) if state else None
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flags, trace_state=others)


_CHANGES = re.compile(r"(?<!DO )(?<!FOR )\b(INSERT|DELETE|UPDATE)(?: INTO| FROM)?\s+(\w+)")
_INNERMOST = re.compile(r"\([^()]*\)")
_READS = re.compile(r"\bFROM\s+(\w+)")
_SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}
