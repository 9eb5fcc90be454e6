"""What tells people of trouble: alerts of Prometheus, and alarms of a cloud."""

from __future__ import annotations

from typing import NamedTuple

PAGE, TICKET = "page", "ticket"

READY = "kube_pod_container_status_ready{ {{- $pods }}}"
WANTED = "db_client_connection_max{ {{- $service }}}"
"""The connections that the pods want: each pod that runs says so, whatever it is asked."""


class Rule(NamedTuple):
    """When somebody is told: PromQL with the chart's variables, for how long it has to hold, and the labels."""

    severity: str
    lasts: str
    expr: str
    window: str = ""
    summary: str = ""


class Alert(NamedTuple):
    """One alert: its name is that of its runbook; `needs` is the condition of the chart's values for it.

    With `each_job` the chart has it once for each job, `$job`, of which it knows `$about` and selects `$cron`.
    """

    name: str
    summary: str
    rules: tuple[Rule, ...]
    needs: str = ""
    each_job: bool = False


class Alarm(NamedTuple):
    """An alarm that Terraform makes, by its name there; several may share a runbook."""

    name: str
    runbook: str
    summary: str


OUTSIDE = Alarm("outside", "NotReachable", "The service does not answer from outside")
CERTIFICATE = Alarm("certificate", "CertificateExpires", "The certificate of the host is not renewed")
DATABASE = (
    Alarm("database-cpu", "DatabaseBusy", "More than 80 % of the database's processors are in use"),
    Alarm("database-memory", "DatabaseBusy", "Less than 10 % of the database's memory is free"),
    Alarm("database-connections", "DatabaseConnections", "More connections are in use than planned"),
    Alarm("database-storage", "DatabaseStorage", "The storage of the database runs out"),
)
"""What each cloud watches; it may watch more."""
