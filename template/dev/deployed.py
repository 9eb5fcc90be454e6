"""Report a deployment: `python3 -m dev.deployed ENVIRONMENT success|failure`. Needs nothing but Python and git.

Prints the event, and sends it by OTLP/HTTP if OTEL_EXPORTER_OTLP_ENDPOINT says where to. How often, how soon after the
commit and with what success we deploy are sums over these events. Names: OpenTelemetry's conventions for CI/CD.
"""

import json
import os
import re
import sys
import time
import urllib.request

from . import ROOT, git

NANOSECONDS = 1_000_000_000


def main() -> int:
    """Report; 0 even if nobody takes the event: that must not fail a deployment which has succeeded."""
    environment, outcome = sys.argv[1:]
    attributes = event(environment, outcome)
    print(json.dumps(attributes, indent=2))
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if endpoint:
        try:
            send(f"{endpoint.rstrip('/')}/v1/logs", attributes)
        except OSError as error:
            print(f"The event could not be sent: {error}", file=sys.stderr)
    return 0


def event(environment: str, outcome: str) -> dict[str, str | int]:
    """What is to be known of a deployment of the commit that is checked out; the lead time is in seconds."""
    committed = int(git.text("log", "-1", "--format=%ct"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    name, version = (re.findall(rf'^{key} = "(.+)"$', project, re.MULTILINE)[0] for key in ("name", "version"))
    return {
        "service.name": name,
        "service.version": version,
        "deployment.environment.name": environment,
        "deployment.status": "succeeded" if outcome == "success" else "failed",
        "deployment.lead_time": int(time.time()) - committed,
        "vcs.ref.head.revision": git.text("rev-parse", "HEAD"),
    }


def send(url: str, attributes: dict[str, str | int]) -> None:
    """Send one log record. Raises OSError if it is not taken."""
    record = {
        "timeUnixNano": str(int(time.time() * NANOSECONDS)),
        "eventName": "deployment",
        "severityNumber": 9 if attributes["deployment.status"] == "succeeded" else 17,
        "attributes": [attribute(name, value) for name, value in attributes.items()],
    }
    resource = {"attributes": [attribute("service.name", str(attributes["service.name"]))]}
    body = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": {}, "logRecords": [record]}]}]}
    request = urllib.request.Request(  # noqa: S310 - the address is our own setting
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
        pass


def attribute(name: str, value: str | int) -> dict[str, object]:
    """An attribute as OTLP has it in JSON."""
    return {"key": name, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


if __name__ == "__main__":
    sys.exit(main())
