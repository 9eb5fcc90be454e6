"""What becomes of the traces of callers, and who is not measured."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from opentelemetry import propagate
from opentelemetry.sdk.trace.export import SpanExportResult
from ordering.own.wiring import OwnWiring
from ordering.platform import telemetry
from ordering.platform.http import Operations, Reply
from ordering.platform.http.about import health_router
from ordering.platform.jobs import DONE, FAILED, Job, run
from ordering.settings import Settings
from web import Web

CALLER = f"00-{'a' * 32}-{'b' * 16}-01"


class Spans:
    """Takes spans in place of a collector."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def export(self, spans: Any) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None: ...


@pytest.fixture
def spans(own_tracer: None, monkeypatch: pytest.MonkeyPatch) -> Spans:
    taken = Spans()
    monkeypatch.setattr(telemetry, "OTLPSpanExporter", lambda *_, **__: taken)
    monkeypatch.setattr(telemetry.MetricSender, "send", lambda *_, **__: None)
    return taken


def make(**settings: Any) -> Web:
    router = Operations("things", tag="Things")

    @router.get("/calls", operation_id="get_calls")
    async def get_calls() -> Reply:
        """What this request would hand on to a service that it calls."""
        sent: dict[str, str] = {}
        propagate.inject(sent)
        calls.append(sent)
        return Reply(204)

    async def ready() -> bool:
        return True

    given = {"otel_exporter_otlp_endpoint": "http://127.0.0.1:1", "otel_traces_sampler_arg": 0, **settings}
    return Web(routers=[router, health_router(ready)], **given)


calls: list[dict[str, str]] = []


async def end(web: Web) -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None: ...

    await web.app({"type": "lifespan", "state": {}}, receive, send)


async def test_a_run_of_a_job_is_measured_and_its_calls_go_on_with_its_trace(
    spans: Spans, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[httpx2.Headers] = []
    sends: list[list[Any]] = []
    monkeypatch.setattr(
        telemetry.MetricSender,
        "send",
        lambda self, **_: sends.append([each.collect(0, 1) for each in self._instruments]),
    )

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers)
        return httpx2.Response(200)

    async def work(parts: OwnWiring) -> None:
        await parts.database.fetch("SELECT 1")
        await parts.client("other", "http://other", transport=httpx2.MockTransport(answer)).get("/things")
        if len(sent) > 1:
            raise ValueError

    given = settings.model_copy(update={"otel_exporter_otlp_endpoint": "http://127.0.0.1:1"})
    for code in (DONE, FAILED):
        assert await run(Job("sweep", "@daily", 60, work), OwnWiring(given), given) == code
    first, second = (span for span in spans.spans if span.name == "job sweep")
    assert (first.status.is_ok, second.status.is_ok) == (True, False)
    for span, headers in zip((first, second), sent, strict=True):
        context = span.get_span_context()
        ids, _, flags = headers["traceparent"].rpartition("-")
        assert ids == f"00-{context.trace_id:032x}-{context.span_id:016x}"
        assert int(flags, 16) & 1
    # Those of a service that another test has started may come between them.
    of_jobs = [metrics for metrics in sends if any(metric.name == "job.run.duration" for metric in metrics)]
    collected = [metric for metrics in of_jobs for metric in metrics]
    points = [
        dict(point.attributes)
        for metric in collected
        if metric.name == "job.run.duration"
        for point in metric.data.data_points
    ]
    assert points == [{"job.name": "sweep"}, {"job.name": "sweep", "error.type": "ValueError"}]
    assert any(metric.name == "db.client.operation.duration" and metric.data.data_points for metric in collected)
    # Pools of jobs would hide from the alerts that the service has none.
    assert not any(metric.name.startswith("db.client.connection.max") for metric in collected)


async def test_probes_are_neither_measured_nor_logged(spans: Spans, capfd: pytest.CaptureFixture[str]) -> None:
    web = make(otel_traces_sampler_arg=1, log_level="INFO")
    measured = []
    web.app.state.lifecycle.beat(0)  # one of them fails
    for path in "/livez", "/readyz", "/calls":
        await web.get(path)
    pipeline = web.app.state.pipeline
    measured = [route for _, route, _, _ in pipeline._telemetry._requests._cells]
    await end(web)
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert measured == ["/calls"]
    assert [span.name for span in spans.spans] == ["GET /calls"]
    assert [line["http.route"] for line in lines if line["logger"] == "access"] == ["/calls"]


@pytest.mark.parametrize(
    ("trace_context", "sampled", "continued"),
    [("trust", "01", True), ("trust", "00", True), ("link", "01", False), ("ignore", "01", False)],
)
async def test_the_trace_of_a_caller(spans: Spans, trace_context: str, sampled: str, continued: bool) -> None:
    web = make(trace_context=trace_context)
    calls.clear()
    sent = {"Traceparent": CALLER[:-2] + sampled, "Tracestate": "vendor=value"}
    answered = (await web.get("/calls", headers=sent)).headers["traceparent"].split("-")
    await end(web)
    assert (answered[1] == "a" * 32) is continued
    assert len(spans.spans) == (continued and sampled == "01")
    if continued:
        (call,) = calls
        assert call["traceparent"].split("-")[1] == "a" * 32
        assert call["traceparent"].split("-")[2] != "b" * 16
        assert call["tracestate"] == "vendor=value"


@pytest.mark.parametrize(("trace_context", "links"), [("link", 1), ("ignore", 0)])
async def test_a_trace_may_be_linked(spans: Spans, trace_context: str, links: int) -> None:
    web = make(trace_context=trace_context, otel_traces_sampler_arg=1)
    await web.get("/calls", headers={"Traceparent": CALLER, "Tracestate": "vendor=value"})
    await web.get("/calls")
    await end(web)
    first, second = spans.spans
    assert len(first.links) == links
    assert not second.links
    assert f"{first.context.trace_id:032x}" != "a" * 32
    for link in first.links:
        assert f"{link.context.trace_id:032x}" == "a" * 32
        assert link.context.trace_state.to_header() == "vendor=value"


async def test_callers_do_not_decide_how_much_is_recorded(spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(telemetry, "monotonic", lambda: now)
    web = make()
    for _ in range(3 * telemetry.MAX_ASKED_PER_S):
        await web.get("/calls", headers={"Traceparent": CALLER})
    now += 1
    flags = (await web.get("/calls", headers={"Traceparent": CALLER})).headers["traceparent"][-2:]
    await end(web)
    assert flags == "01"
    assert len(spans.spans) == telemetry.MAX_ASKED_PER_S + 1


async def test_a_broken_tracestate_breaks_nothing(spans: Spans) -> None:
    web = make()
    for state in "x", "=", ",,,", "a=b" * 400, "\u00e9=1":
        response = await web.get("/calls", headers={b"Traceparent": CALLER.encode(), b"Tracestate": state.encode()})
        assert response.status_code == 204
    await asyncio.sleep(0)
    await end(web)
