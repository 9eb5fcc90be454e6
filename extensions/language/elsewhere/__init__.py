"""What people write who come from elsewhere, and what to write here: tables of data, and how they are read."""

from __future__ import annotations

from .keys import answer_key, counterpart, embedded, relation
from .known import Known
from .lines import answer_line, answer_list
from .policies import answer_policy
from .remedies import Remedy

__all__ = [
    "Known",
    "Remedy",
    "answer_key",
    "answer_line",
    "answer_list",
    "answer_policy",
    "counterpart",
    "embedded",
    "relation",
]
