"""Identifiers that the service makes."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7: unguessable enough to be public, and ordered by time, so that new rows land at the end of an index."""
    return uuid7()
