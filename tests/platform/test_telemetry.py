import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics.export import HistogramDataPoint
from ordering.platform import telemetry
from ordering.platform.http import Operations, Reply
from ordering.platform.postgres import Database
from ordering.platform.telemetry import metrics, summary
from ordering.platform.telemetry.metrics import Durations
from ordering.settings import LATENCY_OBJECTIVE_S
from web import THING_ID, Web, things_router

ONE = f"/things/{THING_ID}"
TRACE = "a" * 32
SAMPLED = {"Traceparent": f"00-{TRACE}-{'b' * 16}-01", "Tracestate": "vendor=1"}
KINDS: dict[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


class Collector:
    """Takes what is sent by OTLP, on loopback."""

    def __init__(self, url: str, received: dict[str, list[Any]]) -> None:
        self.url = url
        self.received = received

    def spans(self) -> list[Any]:
        return [
            span
            for sent in self.received["/v1/traces"]
            for resource in sent.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def metrics(self) -> dict[str, Any]:
        return {
            metric.name: metric
            for sent in self.received["/v1/metrics"]
            for resource in sent.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def logs(self) -> list[Any]:
        return [
            record
            for sent in self.received["/v1/logs"]
            for resource in sent.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    received: dict[str, list[Any]] = {path: [] for path in KINDS}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
            received[self.path].append(KINDS[self.path].FromString(content))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Collector(f"http://127.0.0.1:{server.server_port}", received)
        server.shutdown()


@pytest.fixture
async def web(own_tracer: None, collector: Collector, library: Database) -> AsyncIterator[Web]:
    """An application that reports to the collector, and reads a shelf."""
    router = Operations("things", tag="Things")

    @router.get("/shelf", operation_id="get_shelf")
    async def get_shelf(database: Database) -> Reply:
        with trace.get_tracer("tests").start_as_current_span("inner"):
            await database.fetch("SELECT id FROM shelf WHERE id = $1", THING_ID)
        logging.getLogger("service").warning("a shelf was read")
        return Reply(204)

    @router.get("/wrong", operation_id="get_wrong")
    async def get_wrong(database: Database) -> Reply:
        await database.fetch("SELECT nothing FROM nowhere")
        return Reply(204)

    web = Web(
        library,
        routers=[router, things_router()],
        otel_exporter_otlp_endpoint=collector.url + "/",
        otel_traces_sampler_arg=0,
    )
    yield web
    library.observe = library.observe_wait = None


async def ended(web: Web) -> None:
    """End the application, so that all has been sent."""
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None: ...

    await web.app({"type": "lifespan", "state": {}}, receive, send)


def attributes(item: Any) -> dict[str, Any]:
    return {
        pair.key: pair.value.int_value or pair.value.string_value or pair.value.double_value for pair in item.attributes
    }


async def test_a_recorded_request_is_a_span_with_its_statements(web: Web, collector: Collector) -> None:
    response = await web.get("/shelf", headers=SAMPLED)
    await web.get("/shelf")
    await ended(web)
    spans = {span.name: span for span in collector.spans()}
    assert set(spans) == {"GET /shelf", "SELECT shelf", "inner"}
    server, inner, statement = spans["GET /shelf"], spans["inner"], spans["SELECT shelf"]
    assert server.trace_id.hex() == statement.trace_id.hex() == TRACE
    assert server.parent_span_id.hex() == "b" * 16
    assert (statement.parent_span_id, inner.parent_span_id) == (inner.span_id, server.span_id)
    assert response.headers["traceparent"] == f"00-{TRACE}-{server.span_id.hex()}-01"
    assert attributes(server) == {
        "http.request.method": "GET",
        "http.response.status_code": 204,
        "http.route": "/shelf",
        "network.protocol.version": "1.1",
        "url.path": "/shelf",
        "url.scheme": "http",
    }
    assert attributes(statement) == {
        "db.collection.name": "shelf",
        "db.operation.name": "SELECT",
        "db.query.summary": "SELECT shelf",
        "db.query.text": "SELECT id FROM shelf WHERE id = $1",
        "db.system.name": "postgresql",
    }
    resource = attributes(collector.received["/v1/traces"][0].resource_spans[0].resource)
    assert resource["service.name"]
    assert resource["deployment.environment.name"] == "production"


async def test_what_fails_is_marked(web: Web, collector: Collector) -> None:
    assert (await web.get("/wrong", headers=SAMPLED)).status_code == 500
    await ended(web)
    spans = {span.name: span for span in collector.spans()}
    assert spans["GET /wrong"].status.code == spans["SELECT nowhere"].status.code == 2
    assert attributes(spans["GET /wrong"])["error.type"] == "500"
    assert attributes(spans["SELECT nowhere"])["error.type"] == "UndefinedTableError"


async def test_every_request_and_statement_is_measured(web: Web, collector: Collector) -> None:
    for _ in range(3):
        await web.get("/shelf")
    await web.request("BREW", "/nothing", token=None)
    await ended(web)
    requests = collector.metrics()["http.server.request.duration"]
    assert requests.unit == "s"
    points = {attributes(point).get("http.route"): point for point in requests.histogram.data_points}
    assert points["/shelf"].count == sum(points["/shelf"].bucket_counts) == 3
    assert LATENCY_OBJECTIVE_S in points["/shelf"].explicit_bounds
    assert 0 < points["/shelf"].min <= points["/shelf"].sum / 3 <= points["/shelf"].max
    assert attributes(points[None])["http.request.method"] == "_OTHER"
    [statements] = collector.metrics()["db.client.operation.duration"].histogram.data_points
    assert statements.count == 3
    assert collector.spans() == []


async def test_logs_are_sent_with_the_ids_of_their_request(web: Web, collector: Collector) -> None:
    response = await web.get("/shelf")
    await web.post("/things", json={"name": "broken"})
    logging.getLogger("service").warning("by itself")
    logging.getLogger("opentelemetry.sdk").warning("about sending")
    await ended(web)
    records = {record.body.string_value: record for record in collector.logs()}
    assert "about sending" not in records
    read = records["a shelf was read"]
    assert read.trace_id.hex() == response.headers["traceparent"].split("-")[1]
    assert attributes(read)["request.id"] == response.headers["request-id"]
    assert read.severity_text == "WARNING"
    assert records["by itself"].trace_id == b""
    assert "RuntimeError" in attributes(records["the request failed"])["exception.stacktrace"]


async def test_a_share_of_new_traces_is_recorded(collector: Collector) -> None:
    web = Web(otel_exporter_otlp_endpoint=collector.url, otel_traces_sampler_arg=1)
    response = await web.get(ONE)
    unsampled = await web.get(ONE, headers={"Traceparent": f"00-{TRACE}-{'b' * 16}-00"})
    await ended(web)
    [span] = collector.spans()
    assert span.trace_id.hex() == response.headers["traceparent"].split("-")[1]
    assert response.headers["traceparent"].endswith("-01")
    assert unsampled.headers["traceparent"].endswith("-00")


async def test_metrics_are_sent_now_and_then(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "EXPORT_PAUSE_S", 0.01)
    web = Web(otel_exporter_otlp_endpoint=collector.url)
    await web.get(ONE)
    async with asyncio.timeout(10):
        while not collector.metrics():  # noqa: ASYNC110 - another thread fills it
            await asyncio.sleep(0.01)
    await ended(web)


async def test_without_a_collector_nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "CLOSING_PATIENCE_S", 0.1)
    web = Web(otel_exporter_otlp_endpoint="http://127.0.0.1:9", otel_traces_sampler_arg=1)
    assert (await web.get(ONE)).status_code == 200
    async with asyncio.timeout(20):
        await ended(web)


def test_the_bounds_of_a_histogram_are_upper_ones() -> None:
    durations = Durations[str]("name", "", (0.1, 1.0), lambda key: {"key": key})
    for seconds in 0.1, 0.5, 1.0, 2.0:
        durations.record("a", seconds)
    [point] = durations.collect(1, 2).data.data_points
    assert isinstance(point, HistogramDataPoint)
    assert (point.bucket_counts, point.count, point.sum, point.min, point.max) == ([1, 2, 1], 4, 3.6, 0.1, 2.0)
    assert point.attributes == {"key": "a"}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "SELECT"),
        ("SELECT a, (SELECT b FROM parts) FROM things WHERE id = $1", "SELECT things"),
        ("DELETE FROM things WHERE id IN (SELECT id FROM things FOR UPDATE SKIP LOCKED)", "DELETE things"),
        ("UPDATE things SET a = $1", "UPDATE things"),
        (
            "WITH a AS (INSERT INTO keys DEFAULT VALUES ON CONFLICT DO UPDATE SET b = 1)\nINSERT INTO things",
            "INSERT things",
        ),
        ("TRANSACTION", "TRANSACTION"),
    ],
)
def test_a_statement_is_told_in_two_words(sql: str, expected: str) -> None:
    assert summary(sql) == expected
