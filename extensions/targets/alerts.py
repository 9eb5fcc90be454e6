"""The alerts, as one list: the chart's rules, their runbooks and the tests follow it.

A rule asks Prometheus: `$pods` and `$scaler` select what kube-state-metrics says about the service's pods and its
autoscaler, `$service` what the service says about itself; the chart sets these variables. Requests come seldom or
often, so a rule about shares of them also wants a number of them.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from ..capabilities.registry import contributed
from ..capabilities.signals import PAGE, READY, TICKET, WANTED, Alert, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

BURN_RATES = ((14.4, "1h", "5m", PAGE), (6, "6h", "30m", PAGE), (1, "3d", "6h", TICKET))
"""How many times too fast the budget is used, in which window and which short one, and who is told.

https://sre.google/workbook/alerting-on-slos/ has the derivation: 2 % of a month's budget in an hour, 5 % in six.
"""
LEAST_BAD_REQUESTS = 5
"""So many requests have to fail, or to be slow, before their share means anything."""
SLOW_SHARE = 0.01
"""Of 100 requests one may miss the latency objective."""
WAITING_SHARE = 0.05
"""Share of statements that wait for a connection; the plan has fewer than 0.01."""

DESIRED = "max(kube_horizontalpodautoscaler_status_desired_replicas{ {{- $scaler }}})"
OPEN = "db_client_connection_count{ {{- $service }}}"
WAITS = "db_client_connection_wait_time_seconds_count{ {{- $service }}}"
STATEMENTS = "db_client_operation_duration_seconds_count{ {{- $service }}}"
GATEWAYS = {
    "envoy": ("envoy_cluster_upstream_rq_xx", 'envoy_response_code_class="5"'),
    "istio": ("istio_requests_total", 'response_code=~"5.."'),
}
"""Kind of gateway → its counter of answers, and what selects errors; the variable of its name selects the service's."""
RESTARTS = "kube_pod_container_status_restarts_total{ {{- $pods }}}"
BEGUN = "max by (cronjob) (kube_cronjob_status_last_schedule_time{ {{- $cron }}})"
SUCCEEDED = """max by (cronjob) (
  kube_cronjob_status_last_successful_time{ {{- $cron }}} or kube_cronjob_created{ {{- $cron }}}
)"""
DAY_S = 86400

INDENT = 12
"""Columns before an expression in the chart."""


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _speed(burn: float) -> str:
    return "faster than they may" if burn == 1 else f"{burn} times as fast as they may"


def _errors(burn: float, window: str, short: str, severity: str) -> Rule:
    ratio = '{{{{- include "service.errorRatio" (list $service "{}") | nindent {} }}}}'
    limit = f"{burn} * {{{{ .Values.objectives.errorBudget }}}}"
    return Rule(
        severity,
        "",
        _lines(
            "(",
            f"  {ratio.format(window, INDENT + 2)}",
            f") > {limit}",
            "and (",
            f"  {ratio.format(short, INDENT + 2)}",
            f") > {limit}",
            f'and {{{{ include "service.errorCount" (list $service "{window}") }}}} >= {LEAST_BAD_REQUESTS}',
        ),
        window,
        f"Errors use up the budget {_speed(burn)}",
    )


def _slowness(burn: float, window: str, short: str, severity: str) -> Rule:
    seconds = '{{{{- include "service.slowSeconds" (list $service {} "{}") | nindent {} }}}}'
    limit = "{{ .Values.objectives.latencySeconds }}"
    requests = round(LEAST_BAD_REQUESTS / (burn * SLOW_SHARE))
    return Rule(
        severity,
        "",
        _lines(
            f"{seconds.format(burn, window, INDENT)} >= {limit}",
            "and",
            f"{seconds.format(burn, short, INDENT)} >= {limit}",
            f'and {{{{ include "service.requestCount" (list $service "{window}") }}}} >= {requests}',
        ),
        window,
        f"Slow requests use up the budget {_speed(burn)}",
    )


def _certificate(metric: str) -> str:
    return (
        f"min(certmanager_certificate_{metric}_timestamp_seconds{{name={{{{ .Values.alerts.certificate | quote }}}}}})"
    )


def _gateway(kind: str) -> Alert:
    metric, error = GATEWAYS[kind]
    service = f"{{{{- ${kind} }}}}"
    return Alert(
        "GatewayErrors",
        "The gateway answers most requests with an error",
        (
            Rule(
                PAGE,
                "2m",
                _lines(
                    f"sum(rate({metric}{{ {service},{error}}}[5m]))",
                    f"  > 0.5 * sum(rate({metric}{{ {service}}}[5m]))",
                    f"and sum(increase({metric}{{ {service},{error}}}[5m])) >= {LEAST_BAD_REQUESTS}",
                ),
            ),
        ),
        needs=f'eq .Values.alerts.gateway "{kind}"',
    )


ALERTS = (
    Alert(
        "ServiceDown",
        "No pod of the service is ready",
        (
            Rule(
                PAGE,
                "2m",
                _lines(
                    f"absent({READY} == 1)",
                    "and on () (",
                    "  # kube-state-metrics is there; or else the service fell silent, which was not before.",
                    "  count(kube_horizontalpodautoscaler_spec_max_replicas) > 0",
                    f"  or absent_over_time({WANTED}[3m])",
                    f"    and on () count(last_over_time({WANTED}[1d])) > 0",
                    ")",
                ),
            ),
        ),
    ),
    *map(_gateway, GATEWAYS),
    Alert(
        "ReplicasMissing",
        "Fewer pods are ready than the autoscaler wants",
        (
            Rule(
                PAGE,
                "5m",
                _lines(f"2 * count(max by (pod) ({READY}) == 1)", f"  < {DESIRED}"),
                summary="Not even half of the pods that the autoscaler wants are ready",
            ),
            Rule(TICKET, "15m", _lines(f"count(max by (pod) ({READY}) == 1)", f"  < {DESIRED}")),
        ),
    ),
    Alert(
        "ErrorsBurnBudget",
        "Errors use up the budget too fast",
        tuple(_errors(*each) for each in BURN_RATES),
    ),
    Alert(
        "LatencyBurnsBudget",
        "Slow requests use up the budget too fast",
        tuple(_slowness(*each) for each in BURN_RATES),
    ),
    Alert(
        "DatabaseUnreachable",
        "No pod has a connection to the database",
        (Rule(PAGE, "2m", f"sum(last_over_time({OPEN}[3m])) == 0"),),
    ),
    Alert(
        "ConnectionsMissing",
        "The database refuses some of the connections that the pods want",
        (
            Rule(
                TICKET,
                "10m",
                _lines(f"sum(last_over_time({OPEN}[3m]))", f"  < 0.9 * sum(last_over_time({WANTED}[3m]))"),
            ),
        ),
    ),
    Alert(
        "ConnectionsScarce",
        "More requests wait for a connection than planned",
        (
            Rule(
                TICKET,
                "10m",
                _lines(
                    f"sum(rate({WAITS}[30m]))",
                    f"  > {WAITING_SHARE} * sum(rate({STATEMENTS}[30m]))",
                    f"and sum(increase({WAITS}[30m])) >= 30",
                ),
            ),
        ),
    ),
    Alert(
        "AutoscalerAtMaximum",
        "The autoscaler wants as many pods as it may have",
        (
            Rule(
                TICKET,
                "15m",
                _lines(DESIRED, "  >= max(kube_horizontalpodautoscaler_spec_max_replicas{ {{- $scaler }}})"),
            ),
        ),
    ),
    Alert(
        "AutoscalerInactive",
        "The autoscaler cannot read what it scales by",
        (
            Rule(
                TICKET,
                "15m",
                "max(kube_horizontalpodautoscaler_status_condition"
                '{ {{- $scaler }},condition="ScalingActive",status="true"}) == 0',
            ),
        ),
    ),
    Alert(
        "PodsRestart",
        "A pod restarts again and again",
        (Rule(TICKET, "", f"max(increase({RESTARTS}[1h])) >= 3"),),
    ),
    Alert(
        "OutOfMemory",
        "A pod was ended because it needed more memory than it may have",
        (
            Rule(
                TICKET,
                "",
                _lines(
                    f"count(max by (pod) (increase({RESTARTS}[15m])) >= 1",
                    "and max by (pod) (kube_pod_container_status_last_terminated_reason"
                    '{ {{- $pods }},reason="OOMKilled"}) == 1) > 0',
                ),
            ),
        ),
    ),
    Alert(
        "MigrationFailed",
        "The migration of a release failed",
        (
            Rule(
                TICKET,
                "",
                'max(kube_job_failed{ {{- $namespace }},job_name="{{ $name }}-migration",condition="true"}) == 1',
            ),
        ),
    ),
    Alert(
        "JobFailed",
        "A job has not succeeded since it was last begun, and has had the time for it",
        (
            Rule(
                TICKET,
                '{{ include "service.jobSeconds" $about }}s',
                _lines(
                    BEGUN,
                    f"> {SUCCEEDED}",
                    # One run after the other may leave no moment between them.
                    f'and time() - {SUCCEEDED} > {{{{ include "service.jobSeconds" $about }}}}',
                ),
            ),
        ),
        each_job=True,
    ),
    Alert(
        "JobNotStarted",
        "A job was not begun when it should have been",
        (Rule(TICKET, "5m", "time() - max by (cronjob) (kube_cronjob_next_schedule_time{ {{- $cron }}}) > 900"),),
        each_job=True,
    ),
    Alert(
        "SecretNotSynced",
        "External Secrets cannot read the secrets from the cloud",
        (
            Rule(
                TICKET,
                "15m",
                _lines(
                    # Of the namespace, whether Prometheus keeps the labels of whom it asks or those that it is told.
                    "max(externalsecret_status_condition{ {{- $namespace }},{{ $secrets }}}",
                    "  or externalsecret_status_condition{exported_{{ $namespace }},{{ $secrets }}}) == 1",
                ),
            ),
        ),
    ),
    Alert(
        "CertificateExpires",
        "The certificate of the host is not renewed",
        (
            Rule(
                PAGE,
                "5m",
                _lines(
                    f"{_certificate('expiration')} - time() < {2 * DAY_S}",
                    f"and time() - {_certificate('renewal')} > 3600",
                ),
                summary="The certificate of the host expires within two days",
            ),
            Rule(TICKET, "15m", f"time() - {_certificate('renewal')} > {DAY_S}"),
        ),
        needs=".Values.alerts.certificate",
    ),
)
"""What the chart of every service watches by Prometheus, where the Prometheus Operator is."""


def every(uses: Mapping[str, bool]) -> tuple[Alert, ...]:
    """The alerts of the chart, those of the capabilities in use last."""
    return (*ALERTS, *contributed(uses, "alerts"))


def alerts(uses: Mapping[str, bool]) -> list[dict[str, Any]]:
    """The same for templates: each rule has a summary, and its expression is indented."""
    return [{**alert._asdict(), "rules": [_finished(rule, alert) for rule in alert.rules]} for alert in every(uses)]


def _finished(rule: Rule, alert: Alert) -> dict[str, Any]:
    # Two rules of one name need a label that tells them apart.
    window = rule.window or (rule.lasts if len(alert.rules) > 1 else "")
    expr = textwrap.indent(rule.expr, INDENT * " ")
    return rule._replace(expr=expr, window=window, summary=rule.summary or alert.summary)._asdict()


GLOBALS = {
    "alerts": alerts,
}
FILTERS: dict[str, Any] = {}
