"""What the alerts read about connections, by the names of OpenTelemetry's conventions."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import Metric, MetricsData
from ordering.kernel import Unavailable
from ordering.platform import telemetry
from ordering.platform.postgres import Database
from ordering.platform.telemetry.metrics import Durations, MetricSender
from web import Web

Connect = Callable[..., Awaitable[Database]]


class Exporter:
    """Takes what is sent; in place of the one that sends it to a collector."""

    sent: list[MetricsData]

    def __init__(self, *_: Any, **__: Any) -> None:
        Exporter.sent = []

    def export(self, data: MetricsData, *_: Any, **__: Any) -> None:
        self.sent.append(data)

    def shutdown(self, *_: Any, **__: Any) -> None: ...


class Nowhere:
    """Takes spans and logs; one that sends them would try again and again while other tests run."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def export(self, *_: Any, **__: Any) -> None: ...

    def shutdown(self, *_: Any, **__: Any) -> None: ...


def metrics(data: MetricsData) -> dict[str, Metric]:
    found = data.resource_metrics[0].scope_metrics[0].metrics
    return {metric.name.removeprefix("db.client.connection."): metric for metric in found}


def values(found: Mapping[str, Metric]) -> dict[str, int]:
    """Name, and state where it has one → number."""
    return {
        " ".join([name, *map(str, list((point.attributes or {}).values())[1:])]): point.value
        for name, metric in found.items()
        for point in metric.data.data_points
        if hasattr(point, "value")
    }


@pytest.fixture
async def watched(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> tuple[Database, MetricSender]:
    """Two connections, and what sends the metrics of an application that uses them."""
    monkeypatch.setattr(telemetry, "OTLPMetricExporter", Exporter)
    monkeypatch.setattr(telemetry, "OTLPSpanExporter", Nowhere)
    monkeypatch.setattr(telemetry, "OTLPLogExporter", Nowhere)
    library = await connect()
    web = Web(library, otel_exporter_otlp_endpoint="http://127.0.0.1:9")
    del web
    made = library.observe.__self__  # type: ignore[union-attr]
    assert isinstance(made, telemetry.Telemetry)
    return library, made._metrics


async def test_connections_are_told_by_their_state(watched: tuple[Database, MetricSender]) -> None:
    library, sender = watched
    async with library.transaction(), library.transaction():
        waiting = [asyncio.create_task(library.ping()) for _ in range(3)]
        await asyncio.sleep(0)
        sender.send()
        busy = metrics(Exporter.sent[-1])
        # They wait for longer than they may.
        assert not any(await asyncio.gather(*waiting))
    sender.send()
    free = metrics(Exporter.sent[-1])
    assert values(busy) == {"count used": 2, "count idle": 0, "max": 2, "pending_requests": 3, "timeouts": 0}
    assert values(free) == {"count used": 0, "count idle": 2, "max": 2, "pending_requests": 0, "timeouts": 3}
    told = {
        name: (metric.unit, metric.data.is_monotonic) for name, metric in free.items() if name in {"max", "timeouts"}
    }
    assert told == {"max": ("{connection}", False), "timeouts": ("{timeout}", True)}


async def test_only_those_who_wait_are_timed(watched: tuple[Database, MetricSender]) -> None:
    library, sender = watched
    await library.ping()
    async with library.transaction(), library.transaction():
        waiting = asyncio.create_task(library.ping())
        await asyncio.sleep(0)
    assert await waiting
    sender.send(last=True)
    [point] = metrics(Exporter.sent[-1])["wait_time"].data.data_points
    assert point.count == 1


async def test_without_a_database_there_are_no_connections(watched: tuple[Database, MetricSender]) -> None:
    library, sender = watched
    await library.close()
    with pytest.raises(Unavailable):
        await library.fetch("SELECT 1")
    sender.send()
    assert values(metrics(Exporter.sent[-1])) == {
        "count used": 0, "count idle": 0, "max": 2, "pending_requests": 0, "timeouts": 0,
    }  # fmt: skip


UNITS = {"s": "_seconds", "{connection}": "", "{request}": "", "{timeout}": ""}
ROOT = Path(__file__).parents[2]


async def test_the_alerts_ask_for_what_is_sent(watched: tuple[Database, MetricSender]) -> None:
    """By the names that Prometheus makes of OpenTelemetry's: dots, unit, and the ends of histograms and counters."""
    _, sender = watched
    sender.send()
    sent = set()
    for metric in Exporter.sent[-1].resource_metrics[0].scope_metrics[0].metrics:
        name = metric.name.replace(".", "_") + UNITS[metric.unit]
        histogram = not hasattr(metric.data, "is_monotonic")
        counter = getattr(metric.data, "is_monotonic", False)
        ends = ("_count", "_bucket", "_sum") if histogram else ("_total",) if counter else ("",)
        sent |= {name + end for end in ends}
    helpers = ROOT.glob("template/deploy/helm/*/templates/_helpers.tpl.jinja")
    runbooks = (ROOT / "template" / "docs" / "runbooks").glob("*.jinja")
    capabilities = (ROOT / "extensions" / "capabilities").rglob("*.py")
    asked = {
        name
        for path in (ROOT / "extensions" / "targets" / "alerts.py", *helpers, *runbooks, *capabilities)
        for name in re.findall(r"\b(?:db_client|http_server)_\w+(?=\{)", path.read_text(encoding="utf-8"))
    }
    assert len(asked) >= 8
    assert asked <= sent, asked - sent


def test_a_new_series_begins_with_zero() -> None:
    """Prometheus sees what a series grows by: the first error of a pod would not count."""
    durations = Durations[str]("name", "", (0.1,), lambda key: {"key": key})
    durations.record("a", 0.2)
    first, second = (durations.collect(1, 2, introduce=True).data.data_points for _ in range(2))
    assert [(point.count, point.sum, list(point.bucket_counts), point.min) for point in (*first, *second)] == [
        (0, 0, [0, 0], 0),
        (1, 0.2, [0, 1], 0.2),
    ]
    # What is sent last has to be whole.
    durations.record("b", 0.2)
    assert [point.count for point in durations.collect(1, 3).data.data_points] == [1, 1]
