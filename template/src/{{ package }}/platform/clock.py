"""The one clock of the service, so that a test can replace it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time: aware, UTC, to the microsecond, which is what a `timestamptz` column keeps."""
    return datetime.now(UTC)
