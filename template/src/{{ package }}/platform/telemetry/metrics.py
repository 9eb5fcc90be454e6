"""Histograms of durations, counted in plain lists, and readings of a pool; a thread of their own sends them by OTLP.

The measuring side costs a dictionary look-up and two additions; OpenTelemetry's own instruments cost twenty times that.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from math import inf
from time import time_ns
from typing import Generic, NamedTuple, Protocol, TypeVar

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

KeyT = TypeVar("KeyT", bound=Hashable)
Attributes = Mapping[str, str | int]

EXPORT_PAUSE_S = 30.0


@dataclass(slots=True)
class _Cell:
    counts: list[int]
    sum: float = 0.0
    min: float = inf
    max: float = 0.0
    introduced: bool = False


class Instrument(Protocol):
    """Something that is measured."""

    def collect(self, start: int, now: int, *, introduce: bool = False) -> Metric:
        """All that has been counted since `start`; both times are in nanoseconds since the epoch.

        With `introduce`, a new series is zero the first time: who reads it sees what it grows by, not what it begins
        with, and would miss the first errors after a quiet time.
        """


class Durations(Generic[KeyT]):
    """A histogram in seconds. Its series are told apart by keys, which `attributes` turns into names and values."""

    def __init__(
        self, name: str, description: str, bounds: tuple[float, ...], attributes: Callable[[KeyT], Attributes]
    ) -> None:
        self._name = name
        self._description = description
        self._bounds = bounds
        self._attributes = attributes
        self._cells: dict[KeyT, _Cell] = {}

    def record(self, key: KeyT, seconds: float) -> None:
        """Count one duration."""
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = _Cell([0] * (len(self._bounds) + 1))
        cell.counts[bisect_left(self._bounds, seconds)] += 1
        cell.sum += seconds
        if seconds < cell.min:
            cell.min = seconds
        if seconds > cell.max:
            cell.max = seconds

    def collect(self, start: int, now: int, *, introduce: bool = False) -> Metric:
        """As every instrument."""
        points = []
        for key, cell in list(self._cells.items()):
            told = cell if cell.introduced or not introduce else _Cell([0] * len(cell.counts), min=0.0)
            cell.introduced = True
            counts = list(told.counts)
            points.append(
                HistogramDataPoint(
                    attributes=self._attributes(key),
                    start_time_unix_nano=start,
                    time_unix_nano=now,
                    count=sum(counts),
                    sum=told.sum,
                    bucket_counts=counts,
                    explicit_bounds=self._bounds,
                    min=told.min,
                    max=told.max,
                )
            )
        return Metric(self._name, self._description, "s", Histogram(points, AggregationTemporality.CUMULATIVE))


class Reading(NamedTuple):
    """A number that somebody else keeps, and that is read when it is sent; `grows` if it never falls."""

    name: str
    description: str
    unit: str
    read: Callable[[], list[tuple[Attributes, int]]]
    grows: bool = False

    def collect(self, start: int, now: int, *, introduce: bool = False) -> Metric:
        """As every instrument."""
        points = [NumberDataPoint(attributes, start, now, value) for attributes, value in self.read()]
        data = Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=self.grows)
        return Metric(self.name, self.description, self.unit, data)


class MetricSender:
    """Sends what `instruments` measure now and then, until it is closed; the list may grow."""

    def __init__(self, exporter: MetricExporter, resource: Resource, instruments: list[Instrument]) -> None:
        self._exporter = exporter
        self._resource = resource
        self._instruments = instruments
        self._scope = InstrumentationScope(__name__)
        self._start = time_ns()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._thread.start()

    def send(self, *, last: bool = False) -> None:
        """Send what has been counted so far; a failure is logged by the exporter, and made good by the next time."""
        now = time_ns()
        metrics = [each.collect(self._start, now, introduce=not last) for each in list(self._instruments)]
        scopes = [ScopeMetrics(self._scope, metrics, "")]
        self._exporter.export(MetricsData([ResourceMetrics(self._resource, scopes, "")]))

    def close(self) -> None:
        """Send for the last time."""
        self._closing.set()
        self._thread.join()
        self.send(last=True)
        self._exporter.shutdown()

    def _run(self) -> None:
        while not self._closing.wait(EXPORT_PAUSE_S):
            self.send()
