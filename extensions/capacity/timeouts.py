"""Time-outs from the database to the client."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

LEAST_STATEMENT_MS = 2_000
LONGEST_STATEMENT_MS = 30_000
STATEMENT_STEP_MS = 500
CONNECT_MS = 5_000


class Timeouts(NamedTuple):
    """Time-outs in ms, each within the one before it; `connect_ms` is that of a new connection."""

    client_ms: int
    gateway_ms: int
    service_ms: int
    command_ms: int
    statement_ms: int
    lock_ms: int
    acquire_ms: int
    connect_ms: int = CONNECT_MS


def timeouts(p99_ms: int) -> Timeouts:
    """Time-outs, each within the next: lock < statement < command < service < gateway < client.

    A statement may take ten times the p99 objective, 2 to 30 s in steps of a half; a lock 0.4 of that; a command, which
    is a statement with its transport or a whole transaction, 1.2 of it. A request waits for a connection (0.4) and uses
    it (1.2), so the service has answered after 1.6. Gateway and client wait a second more each: who knows the reason
    reports it.
    """
    wanted = ceil(10 * p99_ms / STATEMENT_STEP_MS) * STATEMENT_STEP_MS
    statement = min(LONGEST_STATEMENT_MS, max(LEAST_STATEMENT_MS, wanted))
    lock, acquire, command = statement * 2 // 5, statement * 2 // 5, statement * 6 // 5
    service = acquire + command
    return Timeouts(
        client_ms=service + 2_000,
        gateway_ms=service + 1_000,
        service_ms=service,
        command_ms=command,
        statement_ms=statement,
        lock_ms=lock,
        acquire_ms=acquire,
    )
