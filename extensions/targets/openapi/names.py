"""The paths that the service itself owns."""

from __future__ import annotations

RESERVED_PATHS = frozenset({"livez", "readyz", "docs", "problems", "openapi", "openapi-json", "health", "metrics"})
