"""A service as Prometheus sees it, minute by minute, and promtool, which tells what its alerts make of that."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from .helm import Manifest
from .kubernetes import of_kind, only, workload
from .tools import run

STEP_S = 30
"""How often the service sends its metrics, and kube-state-metrics is asked."""
STEPS_A_MINUTE = 60 // STEP_S
EVALUATION = "1m"
OTHERS = {"job": "kube-state-metrics", "instance": "10.0.0.9:8080"}


@dataclass(frozen=True)
class State:
    """What a service does for a while. Shares are those of requests, statements, connections."""

    pods: int
    wanted: int
    requests_a_second: float
    unready: int = 0
    hash: str = "7d9f8b6c5"
    former: int = 0
    """Pods of the release before, which are there as well."""
    errors: float = 0.0
    slow: float = 0.0
    waits: float = 0.0
    connected: float = 1.0
    refused: float = 0.0
    """Share of requests that the gateway answers with an error."""
    telemetry: bool = True
    kubernetes: bool = True
    restarts: int = 0
    """Restarts of one pod in each step, the reason for which is `reason`."""
    reason: str = "Error"
    series: Mapping[str, float] = field(default_factory=dict)
    """Others, as they are written, and their value."""


class World:
    """Series of one service, named as its chart names it; `let` makes time pass."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        """The names and the numbers of what a chart makes."""
        target = workload(manifests)
        scaler = only(manifests, "HorizontalPodAutoscaler")
        self.name = target["metadata"]["name"]
        self.namespace = target["metadata"]["namespace"]
        self.container = target["spec"]["template"]["spec"]["containers"][0]["name"]
        self.least, self.most = (scaler["spec"][key] for key in ("minReplicas", "maxReplicas"))
        settings = only(manifests, "ConfigMap")["data"]
        self.pool = int(settings["DATABASE_POOL_SIZE"])
        labels = target["metadata"]["labels"]
        self.job = f"{labels['app.kubernetes.io/part-of']}/{labels['app.kubernetes.io/name']}"
        self.latency = 0.3
        self.steps = 0
        self._values: dict[str, list[float | None]] = {}
        self._counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._due: dict[str, float] = defaultdict(float)
        self._turn = 0
        self._seen: set[str] = set()

    @property
    def minutes(self) -> int:
        return self.steps // STEPS_A_MINUTE

    def healthy(self, requests_a_second: float, **changes: Any) -> State:
        """As many pods as it has at least, and all is well."""
        return replace(State(self.least, self.least, requests_a_second), **changes)

    def let(self, state: State, minutes: float) -> "World":
        """So many minutes pass in this state."""
        for _ in range(round(minutes * STEPS_A_MINUTE)):
            self._step(state)
            self.steps += 1
        return self

    def _step(self, state: State) -> None:
        current = [f"{self.name}-{state.hash}-{number:05}" for number in range(state.pods)]
        pods = [f"{self.name}-6f7c8d9b4-{number:05}" for number in range(state.former)] + current
        if state.kubernetes:
            self._kubernetes(state, pods)
        self._count_requests(state, pods)
        if state.telemetry:
            self._service(state, pods)
        requests = self._counts["gateway"]
        for status, share in (("2", 1 - state.refused), ("5", state.refused)):
            requests[status] += state.requests_a_second * STEP_S * share
            route = {"envoy_cluster_name": f"httproute/{self.namespace}/{self.name}/rule/0"}
            self._put(
                _series("envoy_cluster_upstream_rq_xx", {**route, "envoy_response_code_class": status}),
                requests[status],
            )
        for written, value in state.series.items():
            self._put(written, value)

    def _kubernetes(self, state: State, pods: Sequence[str]) -> None:
        for number, pod in enumerate(pods):
            labels = {"namespace": self.namespace, "pod": pod, "container": self.container, **OTHERS}
            self._put(_series("kube_pod_container_status_ready", labels), float(number >= state.unready))
            restarts = self._counts[pod]["restarts"]
            if number == 0:
                self._counts[pod]["restarts"] += state.restarts
            self._put(_series("kube_pod_container_status_restarts_total", labels), restarts)
            if restarts:
                ended = {**labels, "reason": state.reason}
                self._put(_series("kube_pod_container_status_last_terminated_reason", ended), 1)
        labels = {"namespace": self.namespace, "horizontalpodautoscaler": self.name, **OTHERS}
        self._put(_series("kube_horizontalpodautoscaler_status_desired_replicas", labels), state.wanted)
        self._put(_series("kube_horizontalpodautoscaler_spec_max_replicas", labels), self.most)
        condition = {**labels, "condition": "ScalingActive", "status": "true"}
        self._put(_series("kube_horizontalpodautoscaler_status_condition", condition), 1)
        # Others have an autoscaler, too, and pods that are not ready.
        other = {"namespace": "others", "horizontalpodautoscaler": "other", **OTHERS}
        self._put(_series("kube_horizontalpodautoscaler_spec_max_replicas", other), 3)
        desk = {"namespace": self.namespace, "pod": f"{self.name}-desk-6b7c8d9f4-00000", "container": "desk", **OTHERS}
        self._put(_series("kube_pod_container_status_ready", desk), 0)

    def _count_requests(self, state: State, pods: Sequence[str]) -> None:
        """Whole requests, to one pod after the other, as many as are due by now."""
        served = pods[state.unready :]
        if not served:
            return
        due = {
            "requests": state.requests_a_second * STEP_S,
            "errors": state.requests_a_second * STEP_S * state.errors,
            "slow": state.requests_a_second * STEP_S * state.slow,
            "waits": state.requests_a_second * STEP_S * state.waits,
        }
        for what, number in due.items():
            self._due[what] += number
            whole = int(self._due[what] + 1e-6)
            self._due[what] -= whole
            share, rest = divmod(whole, len(served))
            for place, pod in enumerate(served):
                one_more = (place - self._turn) % len(served) < rest
                self._counts[pod][what] += share + one_more
        self._turn += 1

    def _service(self, state: State, pods: Sequence[str]) -> None:
        for number, pod in enumerate(pods):
            if number < state.unready and state.restarts:
                continue
            counts = self._counts[pod]
            labels = {"job": self.job, "instance": pod}
            pool = {**labels, "db_client_connection_pool_name": self.container}
            for kind, share in (("used", 0.25), ("idle", 0.75)):
                connections = {**pool, "db_client_connection_state": kind}
                self._put(_series("db_client_connection_count", connections), self.pool * share * state.connected)
            self._put(_series("db_client_connection_max", pool), self.pool)
            self._count(_series("db_client_connection_wait_time_seconds_count", pool), counts["waits"])
            statements = {**labels, "db_query_summary": "SELECT orders"}
            self._count(_series("db_client_operation_duration_seconds_count", statements), counts["requests"])
            self._histogram(labels, "200", counts["requests"] - counts["errors"], counts["slow"])
            self._histogram(labels, "503", counts["errors"], 0)

    def _histogram(self, labels: Mapping[str, str], status: str, requests: float, slow: float) -> None:
        name = "http_server_request_duration_seconds"
        labels = {**labels, "http_response_status_code": status}
        self._count(_series(f"{name}_count", labels), requests)
        for bound in (0.05, self.latency, 1.0, "+Inf"):
            quick = bound in (0.05, self.latency)
            self._count(_series(f"{name}_bucket", {**labels, "le": str(bound)}), requests - slow * quick)

    def _count(self, series: str, value: float) -> None:
        """A series of the service's own comes with its first request, and begins with zero."""
        if series in self._seen:
            self._put(series, value)
        elif value:
            self._seen.add(series)
            self._put(series, 0)

    def _put(self, series: str, value: float) -> None:
        values = self._values.setdefault(series, [])
        values += [None] * (self.steps - len(values))
        values.append(value)

    def input_series(self) -> list[dict[str, str]]:
        """As promtool reads them. What kube-state-metrics no longer has is stale at once; what is sent just ends."""
        found = []
        for series, values in self._values.items():
            scraped = OTHERS["job"] in series
            padded = [*values, *[None] * (self.steps - len(values))]
            found.append({"series": series, "values": " ".join(_written(padded, scraped=scraped))})
        return found


def _series(name: str, labels: Mapping[str, str]) -> str:
    return f"{name}{{{','.join(f'{key}={json.dumps(value)}' for key, value in labels.items())}}}"


def _written(values: Sequence[float | None], *, scraped: bool) -> Iterator[str]:
    """Runs of the same slope as one word."""
    start = 0
    while start < len(values):
        first, end = values[start], start + 1
        if first is None:
            end = next((at for at in range(start, len(values)) if values[at] is not None), len(values))
            if scraped and start:
                yield "stale"
                start += 1
            if end > start:
                yield f"_x{end - start}"
            start = end
            continue
        slope = (values[end] or 0) - first if end < len(values) and values[end] is not None else 0
        while end < len(values) and values[end] is not None and values[end] == first + slope * (end - start):
            end += 1
        yield f"{first:.12g}{slope:+.12g}x{end - start - 1}"
        start = end


@dataclass
class Case:
    """What has to be so in a world: name → PromQL, at which minute, and its value; None is no result."""

    name: str
    world: World
    wanted: list[tuple[str, float, float | None]] = field(default_factory=list)

    def fires(self, alert: str, severity: str, minute: float) -> "Case":
        """The alert fires by then."""
        firing = f'ALERTS{{alertstate="firing",alertname="{alert}",severity="{severity}"}}'
        self.wanted.append((f"count(count({firing})) or vector(0)", minute, 1))
        return self

    def pages(self, minute: float) -> "Case":
        """Somebody is called by then."""
        self.wanted.append(('count(count(ALERTS{alertstate="firing",severity="page"})) or vector(0)', minute, 1))
        return self

    def silent(self, matching: str = "") -> "Case":
        """Until the end, nobody was told anything, or none of these."""
        never = f'count(count_over_time(ALERTS{{alertstate="firing"{matching}}}[30d]))'
        self.wanted.append((never, self.world.minutes - 1, None))
        return self


def complaints(folder: Path, rules: Mapping[str, Any], cases: Sequence[Case]) -> str:
    """What promtool finds otherwise; empty if all is as wanted."""
    (folder / "rules.yaml").write_text(yaml.safe_dump(dict(rules)), encoding="utf-8")
    tests = [
        {
            "name": case.name,
            "interval": f"{STEP_S}s",
            "input_series": case.world.input_series(),
            "promql_expr_test": [
                {
                    "expr": expr,
                    "eval_time": f"{round(minute * 60)}s",
                    "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
                }
                for expr, minute, value in case.wanted
            ],
        }
        for case in cases
    ]
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": EVALUATION, "tests": tests}
    # JSON is YAML, and written in a hundredth of the time.
    (folder / "tests.yaml").write_text(json.dumps(document), encoding="utf-8")
    done = run("promtool", "test", "rules", folder / "tests.yaml", check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def rules_of(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """The rules of a chart as Prometheus reads them."""
    return {"groups": [group for each in of_kind(manifests, "PrometheusRule") for group in each["spec"]["groups"]]}
