"""What the profiles answer: every choice of every question, and of the free ones a few values that matter."""

from collections.abc import Mapping
from typing import Any

from harness.paths import EXAMPLES

from extensions.answers.given import questions
from profiles.array import Value

FREE: Mapping[str, tuple[Value, ...]] = {
    "service_name": ("ordering", "ab", "a-service-with-the-longest-name-allowed4"),
    "description": ("Takes orders.", 'Takes "orders", 100 % of them: {{ really }} \\ #1 - naïve & <fast>'),
    "organisation": ("Acme", 'Łódź & Sons\' "Trading" GmbH'),
    "owner_team": ("Team Ordering", "Ops: 'R&D' #7"),
    "owner_email": ("ordering@example.com",),
    "api_url": ("https://orders.example", "https://api.orders.example.com:8443"),
    "repository": ("acme/ordering", "acme-group/order.desk_2"),
    "folder": ("", "services/order-desk_2"),
    "environments": ("staging, production", "live", "test, integration, staging, pre-live, production"),
    "peak_rps": (100, 1, 5000),
    "p99_ms": (300, 50, 10000),
    "rpo_minutes": (5, 0, 1440),
    "rto_minutes": (30, 5, 500),
    "rows_per_day": (100_000, 0, 20_000_000),
    "retention_days": (365, 30),
}
"""Question without choices → values, the first as good as the default."""

REGIONS = {
    "aws": ("eu-central-1", "us-gov-west-1"),
    "gcp": ("europe-west3", "us-central1"),
    "azure": ("germanywestcentral", "westus3"),
}
"""Cloud → its default region and another; what a profile calls `region` is an index into these."""

UNLIKE_CHOICES = frozenset({"domain"})
"""Questions that a profile answers in another way: the domain is that of an example."""


def choices(question: Mapping[str, Any]) -> tuple[Value, ...]:
    """The values of a question with choices, its default first."""
    listed = question["choices"]
    values = tuple(listed.values() if isinstance(listed, dict) else listed)
    return tuple(sorted(values, key=lambda value: value != question["default"]))


def values() -> dict[str, tuple[Value, ...]]:
    """Parameter of a profile → its values. A question that nobody thought of here is an error."""
    found: dict[str, tuple[Value, ...]] = {"example": tuple(EXAMPLES)}
    for name, question in questions().items():
        if name in UNLIKE_CHOICES:
            continue
        if name == "region":
            found[name] = ("default", "other")
        elif "choices" in question:
            found[name] = choices(question)
        else:
            found[name] = FREE[name]
    return found


def answers(row: Mapping[str, Value]) -> dict[str, Value]:
    """What a profile answers, as Copier takes it."""
    given = {name: value for name, value in row.items() if name not in ("example", "region")}
    return given | {"region": REGIONS[str(row["cloud"])][row["region"] == "other"]}
