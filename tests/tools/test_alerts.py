"""The alerts by promtool: whoever should be called is called in time, and nobody is called for nothing.

Names and numbers of the series come from the rendered chart, for services of several sizes.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness import helm, rendering
from harness.helm import Manifest
from harness.kubernetes import of_kind, only
from harness.prometheus import Case, World, complaints, rules_of
from harness.tools import require, run

from extensions.capabilities.registry import registered
from extensions.targets import alerts

PROFILES: dict[str, dict[str, Any]] = {
    "default": {},
    "small": {"availability": "99.5", "peak_rps": "5", "rpo_minutes": "60", "rto_minutes": "600", "cloud": "azure"},
    "large": {"peak_rps": "10000", "availability": "99.95", "cloud": "gcp", "release": "canary"},
}
QUIET = 1 / 60
HOUR = 60
USES = {name: not each.question for name, each in registered().items()}
"""What every service has."""
VALUES = {"alerts": {"enabled": True, "certificate": "host", "gateway": "envoy"}}

Rendered = Callable[[str], list[Manifest]]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Profile → the objects of production, with every alert."""
    made: dict[str, list[Manifest]] = {}

    def objects(profile: str) -> list[Manifest]:
        if profile not in made:
            answers = {"service_name": "ordering", **PROFILES[profile]}
            tree = rendering.copy(tmp_path_factory.mktemp(profile) / "ordering", answers)
            chart = tree / "deploy" / "helm" / "ordering"
            helm.let_have_jobs(chart)
            made[profile] = helm.manifests(chart, values=[chart / "values-production.yaml", VALUES])
        return made[profile]

    return objects


@pytest.fixture(params=PROFILES)
def manifests(request: pytest.FixtureRequest, rendered: Rendered) -> list[Manifest]:
    return rendered(request.param)


@pytest.fixture
def default(rendered: Rendered) -> list[Manifest]:
    return rendered("default")


@pytest.fixture
def judge(tmp_path: Path) -> Callable[[list[Manifest], list[Case]], None]:
    def judged(manifests: list[Manifest], cases: list[Case]) -> None:
        require("promtool")
        assert complaints(tmp_path, rules_of(manifests), cases) == ""

    return judged


Judge = Callable[[list[Manifest], list[Case]], None]


def test_prometheus_accepts_the_rules(manifests: list[Manifest], tmp_path: Path) -> None:
    require("promtool")
    (tmp_path / "rules.yaml").write_text(json.dumps(rules_of(manifests)), encoding="utf-8")
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", tmp_path / "rules.yaml")


# Everything down


def outages(manifests: list[Manifest], rps: float) -> Iterator[Case]:
    """An hour is well, then nothing answers."""

    def world() -> World:
        return (made := World(manifests)).let(made.healthy(rps), HOUR)

    ends: dict[str, dict[str, Any]] = {
        "the pods are gone": {"pods": 0, "telemetry": False},
        "the pods crash": {"unready": 99, "telemetry": False, "restarts": 1},
        "the pods are not ready": {"unready": 99},
        "the cluster is gone": {"pods": 0, "telemetry": False, "kubernetes": False},
    }
    for name, changes in ends.items():
        made = world()
        state = made.healthy(rps)
        unready = min(changes.get("unready", 0), state.pods)
        made.let(replace(state, **{**changes, "unready": unready}), 20)
        yield Case(f"{name} at {rps:.2f} requests/s", made).pages(HOUR + 5).pages(HOUR + 15)


@pytest.mark.parametrize("rps", [QUIET, 100.0])
def test_everything_down_calls_somebody_within_five_minutes(
    rps: float, manifests: list[Manifest], judge: Judge
) -> None:
    judge(manifests, list(outages(manifests, rps)))


@pytest.mark.parametrize("rps", [QUIET, 1.0, 100.0, 10_000.0])
def test_the_database_down_calls_somebody_within_five_minutes(
    rps: float, default: list[Manifest], judge: Judge
) -> None:
    """Whether the pods become unready, so that requests end at the gateway, or answer them with errors."""
    cases = []
    for unready in (0, 99):
        world = World(default)
        state = world.healthy(rps)
        world.let(state, HOUR)
        world.let(replace(state, connected=0, errors=1.0, unready=min(unready, state.pods)), 10)
        cases.append(Case(f"{unready} unready", world).fires("DatabaseUnreachable", "page", HOUR + 5))
    judge(default, cases)


def test_without_kube_state_metrics_silence_is_an_outage_and_a_start_is_none(
    default: list[Manifest], judge: Judge
) -> None:
    silent, absent = World(default), World(default)
    state = replace(silent.healthy(1.0), kubernetes=False)
    silent.let(state, HOUR).let(replace(state, telemetry=False), HOUR)
    absent.let(replace(state, telemetry=False), HOUR)
    judge(
        default,
        [
            Case("the service fell silent", silent).fires("ServiceDown", "page", HOUR + 5),
            Case("nothing was ever there", absent).silent(),
        ],
    )


# A healthy day


def day(world: World, night: float, noon: float) -> World:
    """A day in hours: load that comes and goes, a release, an error now and then, a database that fails over."""
    busy = max(world.least, min(world.most - 1, 2 * world.least))
    quiet = world.healthy(night)
    few = replace(quiet, errors=0.0002)
    world.let(quiet, HOUR).let(few, HOUR / 2)
    # More pods are wanted, and start.
    world.let(replace(quiet, requests_a_second=noon, pods=busy, unready=busy - world.least, wanted=busy), 1.5)
    full = replace(quiet, requests_a_second=noon, pods=busy, wanted=busy)
    world.let(full, HOUR / 2)
    # A release: the new pods come while the old ones are there, and then these go.
    world.let(replace(full, hash="5b6c7d8f9", former=busy, pods=1, unready=0), 2)
    world.let(replace(full, hash="5b6c7d8f9", former=busy // 2), 2)
    released = replace(full, hash="5b6c7d8f9")
    world.let(released, HOUR / 2)
    # The standby takes over.
    world.let(replace(released, connected=0, errors=min(1.0, 0.02 / max(noon, 0.05))), 1)
    world.let(released, HOUR / 2)
    # A node goes, and a pod with it, until there is another.
    world.let(replace(released, pods=busy - 1), 4).let(released, HOUR / 2)
    world.let(replace(released, pods=world.least, wanted=world.least, requests_a_second=night), HOUR)
    return world


LOADS = {
    "default": [(QUIET, QUIET), (0.2, 1.0), (20.0, 100.0), (3_000.0, 10_000.0)],
    "small": [(QUIET, QUIET), (1.0, 5.0)],
    "large": [(3_000.0, 10_000.0)],
}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_healthy_day_is_silent(profile: str, rendered: Rendered, judge: Judge) -> None:
    manifests = rendered(profile)
    judge(manifests, [Case(f"{load}", day(World(manifests), *load)).silent() for load in LOADS[profile]])


def test_a_service_that_nobody_asks_is_silent(manifests: list[Manifest], judge: Judge) -> None:
    world = World(manifests)
    judge(manifests, [Case("a night", world.let(world.healthy(0), 2 * HOUR)).silent()])


# Few requests


def test_few_requests(default: list[Manifest], judge: Judge) -> None:
    """One error of few is no outage; errors for ten minutes are one, though they are ten."""
    quiet = World(default).healthy(QUIET)

    def of(minutes: float, **changes: Any) -> World:
        return World(default).let(quiet, 2 * HOUR).let(replace(quiet, **changes), minutes).let(quiet, HOUR / 2)

    seldom = replace(quiet, requests_a_second=1 / 3600)
    hourly = World(default).let(seldom, 3 * HOUR).let(replace(seldom, errors=1.0, slow=1.0), HOUR).let(seldom, HOUR)
    judge(
        default,
        [
            Case("an error", of(1, errors=1.0)).silent(),
            Case("three errors", of(3, errors=1.0)).silent(),
            Case("an hourly request fails", hourly).silent(),
            Case("slow for two minutes", of(2, slow=1.0)).silent(),
            Case("ten errors", of(10, errors=1.0)).fires("ErrorsBurnBudget", "page", 2 * HOUR + 11),
            Case("slow for twenty minutes", of(20, slow=1.0)).fires("LatencyBurnsBudget", "page", 2 * HOUR + 20),
        ],
    )


# Each alert: a world in which it fires, and the one beside it in which it does not.


def after(world: World, hours: float, minutes: float, rps: float = 100.0, **changes: Any) -> World:
    """Healthy hours, then something else."""
    state = world.healthy(rps)
    return world.let(state, hours * HOUR).let(replace(state, **changes), minutes)


def certificate(world: World, expires: float, renewed: float) -> World:
    """Both in days from the end."""
    end = (HOUR + 30) * 60
    names = {"expiration": expires, "renewal": renewed}
    series = {
        f'certmanager_certificate_{name}_timestamp_seconds{{name="host",namespace="gateway"}}': end + days * 86400
        for name, days in names.items()
    }
    return after(world, 1, 30, series=series)


def job(failed: int) -> dict[str, float]:
    labels = 'namespace="services",job_name="ordering-migration",condition="true"'
    # A pod of it may fail: it is tried again.
    return {f"kube_job_failed{{{labels}}}": failed, 'kube_job_status_failed{job_name="ordering-migration"}': 1}


def cron(**seconds: float) -> dict[str, float]:
    """What kube-state-metrics says of the job `sweep`: when it was made, begun, done, and is to be begun again."""
    return {f'kube_cronjob_{name}{{namespace="services",cronjob="ordering-sweep"}}': at for name, at in seconds.items()}


def secret(place: str, name: str = "ordering") -> dict[str, float]:
    return {f'externalsecret_status_condition{{name="{name}",{place},condition="Ready",status="False"}}': 1}


def inactive(value: int) -> dict[str, float]:
    labels = 'namespace="services",horizontalpodautoscaler="ordering",condition="ScalingActive"'
    return {f'kube_horizontalpodautoscaler_status_condition{{{labels},status="true",job="kube-state-metrics",'
            f'instance="10.0.0.9:8080"}}': value}  # fmt: skip


def at_most(world: World, pods: int, minutes: float) -> World:
    return after(world, 1, minutes, pods=pods, wanted=pods)


Make = Callable[[World], World]
# Alert and severity → what makes it fire by the end, and what does not.
BOTH: dict[tuple[str, str], tuple[Make, Make]] = {
    ("ServiceDown", "page"): (lambda w: after(w, 1, 5, unready=3), lambda w: after(w, 1, 60, unready=2)),
    ("GatewayErrors", "page"): (lambda w: after(w, 1, 8, refused=0.9), lambda w: after(w, 1, 30, refused=0.3)),
    ("ReplicasMissing", "page"): (lambda w: after(w, 1, 8, unready=2), lambda w: after(w, 1, 60, unready=1)),
    ("ReplicasMissing", "ticket"): (lambda w: after(w, 1, 18, unready=1), lambda w: after(w, 1, 14, unready=1)),
    ("ErrorsBurnBudget", "page"): (lambda w: after(w, 2, 5, errors=0.5), lambda w: after(w, 2, 90, errors=0.004)),
    ("ErrorsBurnBudget", "ticket"): (lambda w: after(w, 2, 90, errors=0.004), lambda w: after(w, 2, 90, errors=0.0005)),
    ("LatencyBurnsBudget", "page"): (lambda w: after(w, 2, 40, slow=0.3), lambda w: after(w, 2, 90, slow=0.04)),
    ("LatencyBurnsBudget", "ticket"): (lambda w: after(w, 2, 90, slow=0.04), lambda w: after(w, 2, 90, slow=0.005)),
    ("DatabaseUnreachable", "page"): (lambda w: after(w, 1, 5, connected=0), lambda w: after(w, 1, 60, connected=0.25)),
    ("ConnectionsMissing", "ticket"): (
        lambda w: after(w, 1, 16, connected=0.5),
        lambda w: after(w, 1, 60, connected=0.95),
    ),
    ("ConnectionsScarce", "ticket"): (lambda w: after(w, 1, 60, waits=0.2), lambda w: after(w, 1, 60, waits=0.01)),
    ("AutoscalerAtMaximum", "ticket"): (lambda w: at_most(w, w.most, 20), lambda w: at_most(w, w.most - 1, 60)),
    ("AutoscalerInactive", "ticket"): (
        lambda w: after(w, 1, 20, series=inactive(0), kubernetes=False),
        lambda w: after(w, 1, 20, series=inactive(1), kubernetes=False),
    ),
    ("PodsRestart", "ticket"): (
        lambda w: w.let(replace(w.healthy(1), restarts=1), 2).let(w.healthy(1), 5),
        lambda w: w.let(replace(w.healthy(1), restarts=1), 0.5).let(w.healthy(1), 30),
    ),
    ("OutOfMemory", "ticket"): (
        lambda w: after(after(w, 0.5, 0.5, restarts=1, reason="OOMKilled"), 0, 5, reason="OOMKilled"),
        lambda w: after(after(w, 0.5, 0.5, restarts=1), 0, 5),
    ),
    ("MigrationFailed", "ticket"): (lambda w: after(w, 1, 5, series=job(1)), lambda w: after(w, 1, 5, series=job(0))),
    ("JobFailed", "ticket"): (
        lambda w: after(w, 1, 40, series=cron(created=0, status_last_schedule_time=3600)),
        lambda w: after(w, 1, 40, series=cron(status_last_schedule_time=3600, status_last_successful_time=3700)),
    ),
    ("JobNotStarted", "ticket"): (
        lambda w: after(w, 1, 25, series=cron(next_schedule_time=3600)),
        lambda w: after(w, 1, 60, series=cron(next_schedule_time=6600)),
    ),
    ("SecretNotSynced", "ticket"): (
        lambda w: after(w, 1, 20, series=secret('namespace="external-secrets",exported_namespace="services"')),
        lambda w: after(w, 1, 20, series=secret('namespace="others"') | secret('namespace="services"', "another")),
    ),
    ("CertificateExpires", "page"): (lambda w: certificate(w, 1, -28), lambda w: certificate(w, 1, 0.5)),
    ("CertificateExpires", "ticket"): (lambda w: certificate(w, 20, -2), lambda w: certificate(w, 29, -0.5)),
    ("TelemetryMissing", "ticket"): (
        lambda w: after(w, 1, 18, telemetry=False),
        lambda w: after(w, 1, 5, telemetry=False),
    ),
}  # fmt: skip


def test_each_alert_fires_and_keeps_silent(default: list[Manifest], judge: Judge) -> None:
    cases = []
    for (name, severity), (fire, keep) in BOTH.items():
        fired, kept = fire(World(default)), keep(World(default))
        cases.append(Case(f"{name} {severity} fires", fired).fires(name, severity, fired.minutes - 1))
        silent = f',alertname="{name}",severity="{severity}"'
        cases.append(Case(f"{name} {severity} keeps silent", kept).silent(silent))
    judge(default, cases)


def test_a_job_that_runs_again_and_again_has_not_failed(default: list[Manifest], judge: Judge) -> None:
    """Nor one that takes long, or that is tried for the second time; one that never succeeded has."""
    state = World(default).healthy(1.0)
    often, long, never = World(default), World(default), World(default)
    for minute in range(60):  # a run takes the whole minute up to the next one
        series = cron(created=0, status_last_schedule_time=60 * minute, status_last_successful_time=60 * minute - 1)
        often.let(replace(state, series=series), 1)
    begun = cron(created=0, status_last_schedule_time=3600, status_last_successful_time=1200)
    long.let(state, HOUR).let(replace(state, series=begun), 20)
    long.let(replace(state, series={**begun, **cron(status_last_successful_time=4800)}), HOUR)
    never.let(replace(state, series=cron(created=0)), HOUR)
    never.let(replace(state, series=cron(created=0, status_last_schedule_time=3600)), 30)
    judge(
        default,
        [
            Case("often", often).silent(),
            Case("long", long).silent(),
            Case("never", never).fires("JobFailed", "ticket", HOUR + 29),
        ],
    )


def test_each_secret_of_the_chart_is_watched(default: list[Manifest], judge: Judge) -> None:
    """Also where Prometheus keeps the namespace as it is told."""
    names = {each["metadata"]["name"] for each in of_kind(default, "ExternalSecret")}
    assert len(names) == 2
    worlds = {name: after(World(default), 1, 20, series=secret('namespace="services"', name)) for name in names}
    judge(default, [Case(name, world).fires("SecretNotSynced", "ticket", 79) for name, world in worlds.items()])


def test_the_list_is_what_the_chart_has(manifests: list[Manifest]) -> None:
    made = [
        (rule["alert"], rule["labels"]["severity"])
        for group in rules_of(manifests)["groups"]
        for rule in group["rules"]
    ]
    here = [alert for alert in alerts.every(USES) if "istio" not in alert.needs]
    jobs = len(of_kind(manifests, "CronJob"))
    listed = [(alert, rule) for alert in here for _ in range(jobs if alert.each_job else 1) for rule in alert.rules]
    assert made == [(alert.name, rule.severity) for alert, rule in listed]
    assert {*made} == {*BOTH}


def test_promtool_can_complain(default: list[Manifest], tmp_path: Path) -> None:
    """Without the rule for it, an outage is not noticed; with a wrong expectation, a healthy hour is no proof."""
    require("promtool")
    (group,) = rules_of(default)["groups"]
    rules = {"groups": [{**group, "rules": [rule for rule in group["rules"] if rule["alert"] != "ServiceDown"]}]}
    world = after(World(default), 1, 10, unready=3)
    assert "FAILED" in complaints(tmp_path, rules, [Case("down", world).pages(65)])
    assert "FAILED" in complaints(tmp_path, rules_of(default), [Case("down", world).silent()])


# A release is judged by its own requests.


def test_a_release_is_judged_by_its_requests(rendered: Rendered, tmp_path: Path) -> None:
    """A new version without requests, or with one error, is not judged; one that answers with errors ends."""
    require("promtool")
    manifests = rendered("large")
    queries = {
        each["name"]: each["provider"]["prometheus"]["query"].replace("{{args.hash}}", "7d9f8b6c5")
        for each in only(manifests, "AnalysisTemplate")["spec"]["metrics"]
    }
    (latency,) = re.findall(
        r"< ([\d.]+)$", only(manifests, "AnalysisTemplate")["spec"]["metrics"][1]["successCondition"]
    )

    def case(name: str, rps: float, *, ends: bool, **changes: Any) -> Case:
        world = World(manifests)
        state = replace(world.healthy(0), former=3)
        world.let(state, HOUR).let(replace(state, requests_a_second=rps, **changes), 6)
        judged = (
            f"({queries['errors']}) > 14.4 * 0.0005" if "errors" in changes else f"({queries['latency']}) >= {latency}"
        )
        return Case(name, world, [(f"count({judged})", world.minutes, 1 if ends else None)])

    cases = [
        case("no requests", 0, ends=False, errors=1.0),
        case("no requests, latency", 0, ends=False, slow=1.0),
        case("one error", 1 / 360, ends=False, errors=1.0),
        case("errors", 1.0, ends=True, errors=0.5),
        case("well", 1.0, ends=False, errors=0.001),
        case("slow", 1.0, ends=True, slow=0.5),
    ]
    assert complaints(tmp_path, {"groups": []}, cases) == ""
