"""Identifiers that the service makes."""

from uuid import UUID

from msgspec import to_builtins
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7: unguessable enough to be public, and ordered by time, so that new rows land at the end of an index."""
    return uuid7()


def text(identity: UUID) -> str:
    """What `str(identity)` is, in a fifth of the time."""
    written: str = to_builtins(identity)
    return written
