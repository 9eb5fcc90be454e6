"""From the mapping in `domain.yaml` to declarations, with every problem on the way; a module for each thing read."""

from __future__ import annotations

from .aggregates import is_whole_aggregate
from .document import parse

__all__ = ["is_whole_aggregate", "parse"]
