"""Traces, metrics and logs by OpenTelemetry, which every service has."""

from ..contributions import Capability, Egress, Setting, Variable
from ..signals import READY, TICKET, WANTED, Alert, Rule

ENDPOINT = ".Values.settings.OTEL_EXPORTER_OTLP_ENDPOINT"

CAPABILITY = Capability(
    dependencies=(
        "opentelemetry-api>=1.45,<2",
        "opentelemetry-exporter-otlp-proto-http>=1.45,<2",
        "opentelemetry-sdk>=1.45,<2",
    ),
    settings=(
        Setting(
            "otel_exporter_otlp_endpoint",
            "HttpUrl | None",
            None,
            "Collector for traces, metrics and logs by OTLP over HTTP; unset is off.",
            schema='{"type": "string", "pattern": "^(https?://.+)?$"}',
        ),
        Setting(
            "trace_context",
            'Literal["trust", "link", "ignore"]',
            "trust",
            "What to do with `traceparent` of callers: continue their trace, link to it, or nothing.",
            schema='{"enum": ["trust", "link", "ignore"]}',
        ),
        Setting(
            "otel_traces_sampler_arg",
            "float",
            0.1,
            "Share of new traces that is recorded.",
            schema='{"type": "number", "minimum": 0, "maximum": 1}',
            limits="ge=0, le=1",
        ),
    ),
    environment=(Variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel-collector.observability:4318"),),
    egress=(Egress("telemetry", ("observability",), (), 4318, needs=ENDPOINT),),
    alerts=(
        Alert(
            "TelemetryMissing",
            "Pods are ready, and Prometheus has no metrics of them: nobody sees errors and latency",
            (Rule(TICKET, "5m", f"absent_over_time({WANTED}[10m])\n  and on () max({READY}) == 1"),),
            needs=ENDPOINT,
        ),
    ),
)
