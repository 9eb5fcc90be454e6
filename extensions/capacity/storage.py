"""Storage of the database and its backups: what the rows take, and how long a restore of them takes."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from ..capabilities.registry import clouds

if TYPE_CHECKING:
    from .load import Growth

GIB = 2**30
SMALLEST_STORAGE_GIB = 32
STORAGE_FREE = 0.3
"""Share of the storage that stays free: dead rows before a vacuum, rebuilt indexes, write-ahead log."""
GROWTH_DAYS = 90
"""The storage is provisioned for the rows of so many days, and grows by itself from there."""
HOT_DAYS = 7
"""Rows of so many days are what most requests read: they should fit into memory."""

BACKUP_DAYS = {"public": 7, "internal": 14, "confidential": 30, "restricted": 35}
"""Class of the data → days for which backups are kept."""
LEAST_BACKUP_DAYS = 7
"""The same where it is not production."""
BACKUP_RPO_MINUTES = 5
"""How old the newest point is to which the log in the backup storage can restore."""
RESTORE_BASE_MINUTES = 15
RESTORE_GIB_PER_MINUTE = 5
FAILOVER_MINUTES = 2


def stored_gib(rows_per_day: int, days: int, row_bytes: int) -> float:
    """What the rows of so many days take, with the share that stays free: `rows · days · bytes / 0.7`."""
    return rows_per_day * days * row_bytes / (1 - STORAGE_FREE) / GIB


def hot_gib(growth: Growth) -> float:
    """What the rows of a week take, which are those that most requests read."""
    return growth.rows_per_day * min(HOT_DAYS, growth.retention_days) * growth.row_bytes / GIB


def storage_step_gib(gib: float) -> int:
    """The next power of two from 32 GiB on: sizes that every cloud sells."""
    size = SMALLEST_STORAGE_GIB
    while size < gib:
        size *= 2
    return size


def storage_gib(growth: Growth, cloud: str) -> tuple[int, int]:
    """Storage to provision, for the rows of 90 days, and the limit of its growth, for all; at least twice as much."""
    rows, days, size = growth
    largest = clouds()[cloud].largest_storage_gib
    first = min(storage_step_gib(stored_gib(rows, min(days, GROWTH_DAYS), size)), largest // 2)
    return first, min(max(2 * first, storage_step_gib(stored_gib(rows, days, size))), largest)


def point_in_time_days(backup_days: int, cloud: str) -> int:
    """Days back to any second of which the database can be restored: a backup and the log after it are kept so long."""
    return min(backup_days, clouds()[cloud].log_days)


def restore_minutes(gib: float) -> int:
    """How long a restore from a backup takes: 15 minutes for the instance, and one for 5 GiB."""
    return RESTORE_BASE_MINUTES + ceil(gib / RESTORE_GIB_PER_MINUTE)
