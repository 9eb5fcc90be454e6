"""Idempotency-Key: a repeated POST gets the answer that the first one got, and does nothing.

The key is claimed and the answer stored in the same statement as the change itself, so that either all of it happens
or none. A key belongs to the caller that sent it. A second request with a key whose first one is still under way is
refused instead of made to wait: the advisory lock is tried, not awaited.

Whoever deletes a resource takes along the answers that show it: what is left of them says that it is gone.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b, sha256
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from ...kernel import Call, DomainError, Gone, IdempotencyKey, KeyReused, KeyTaken
from .database import Connection, Database, numbered

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode

PURGE_PAUSE_S = 60.0
PURGE_BATCH = 1000

MAX_CALLER_BYTES = 2400  # with a key of 255, an entry of the index takes no more
DIGESTED = "sha256:"
DIGEST_LENGTH = len(DIGESTED) + 64
MADE, CHANGED, GONE = 201, 200, 410

CLAIM_ARGS: Final = 9
CLAIM: Final = """claimed AS (
    INSERT INTO idempotency_key AS known (caller, key, fingerprint, status, version, location, body, expires_at)
    SELECT $1::text, $2::text, $3::bytea, $4::smallint, $5::integer, $6::text, $7::bytea, now() + $8::interval
    WHERE pg_try_advisory_xact_lock($9::bigint)
    ON CONFLICT (caller, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, status = excluded.status, version = excluded.version,
        location = excluded.location, body = excluded.body, expires_at = excluded.expires_at
    WHERE known.expires_at <= now()
    RETURNING 1
)"""


def claiming(statement: str) -> str:
    """The statement with the claim before it; it takes its rows from `claimed`, so that it does nothing without it.

    It may begin with a comma and further table expressions; its own arguments start at `$10`.
    """
    return f"WITH {CLAIM}{statement}"


def adding(statement: str) -> tuple[str, str]:
    """The statement, as `claiming` takes it but with named parameters, for a call with a key and for one without."""
    return numbered(claiming(statement), first=CLAIM_ARGS + 1), numbered(f"WITH claimed AS (SELECT 1){statement}")


def erasing(deletion: str, collection: str) -> str:
    """The deletion, which returns `id`, and with it that of the answers stored about these ids of the collection."""
    return f"""
WITH gone AS ({deletion}),
erased AS (
    UPDATE idempotency_key SET fingerprint = '', status = {GONE}, version = NULL, body = ''
    WHERE location = ANY(ARRAY(SELECT '{collection}/' || id::text FROM gone))
)
SELECT id FROM gone
"""  # noqa: S608 - of names in the code only  # nosec B608


CLAIM_ALONE = claiming(" SELECT 1 FROM claimed")

FIND = """
SELECT fingerprint, status, version, location, body FROM idempotency_key
WHERE caller = $1 AND key = $2 AND expires_at > now()
"""

PURGE = f"""
DELETE FROM idempotency_key WHERE (caller, key) IN (
    SELECT caller, key FROM idempotency_key WHERE expires_at <= now()
    ORDER BY expires_at LIMIT {PURGE_BATCH} FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608 - a constant of this module  # nosec B608


class Claim(NamedTuple):
    """A key with the answer to store under it; `args` are the first `CLAIM_ARGS` arguments of a claiming statement."""

    args: Sequence[Any]


class StoredReply(NamedTuple):
    """An answer given before: `version` is the one behind its ETag, `body` its JSON."""

    fingerprint: bytes
    status: int
    version: int | None
    location: str | None
    body: bytes


class Storable(Protocol):
    """What a key remembers of a reply."""

    @property
    def status(self) -> int: ...
    @property
    def version(self) -> int | None: ...
    @property
    def location(self) -> str | None: ...
    @property
    def body(self) -> bytes: ...


class Once(IdempotencyKey):
    """The promise to answer this request once."""

    __slots__ = ()

    def __init__(self, caller: str, key: str, fingerprint: bytes, ttl: timedelta) -> None:
        # A short and printable subject is stored as it is.
        self.caller = caller if len(caller) < DIGEST_LENGTH and caller.isprintable() else _caller(caller)
        self.key = key
        self.fingerprint = fingerprint
        self.ttl = ttl

    def claim(self, reply: Storable, resource: str | None = None) -> Claim:
        """The claim on the key that stores this reply; `resource` is the path of what it shows, if not its location."""
        return Claim(_arguments(self, reply.status, reply.version, reply.location or resource, reply.body))

    async def replay(self, database: Database) -> StoredReply | None:
        """What `replay` says of this promise."""
        return await replay(database, self)


async def replay(database: Database, key: IdempotencyKey) -> StoredReply | None:
    """The answer stored under the key; `None` if there is none.

    Raises KeyReused if the key stands for another request, Gone if what the answer showed has been deleted.
    """
    row = await database.fetchrow(FIND, key.caller, key.key)
    if row is None:
        return None
    stored = StoredReply(*row)
    if stored.status == GONE:
        raise Gone
    if stored.fingerprint != key.fingerprint:
        raise KeyReused
    return stored


def outcome(call: Call, key: IdempotencyKey, version: int, row: msgspec.Struct, *, made: bool) -> tuple[Any, ...]:
    """The arguments of `CLAIM`, which keep what a call came to: its resource as it is now.

    `made` says that the call has made the resource. The table has that as a status of HTTP, as it always had: instances
    of two releases answer each other's repeated calls.
    """
    call.outcome = _encode(row)
    return _arguments(key, MADE if made else CHANGED, version, call.resource, call.outcome)


def _arguments(
    key: IdempotencyKey, status: int, version: int | None, location: str | None, body: bytes
) -> tuple[Any, ...]:
    lock = blake2b(f"{key.caller}\0{key.key}".encode(), digest_size=8).digest()
    return (
        key.caller,
        key.key,
        key.fingerprint,
        status,
        version,
        location,
        body,
        key.ttl,
        int.from_bytes(lock, signed=True),
    )


def _caller(subject: str) -> str:
    """The subject as it is stored: a digest where it is longer than an index takes, or no text to PostgreSQL."""
    encoded = subject.encode("utf-8", "surrogatepass")
    storable = len(encoded) <= MAX_CALLER_BYTES and b"\0" not in encoded and not subject.startswith(DIGESTED)
    if storable and encoded == subject.encode("utf-8", "replace"):
        return subject
    return DIGESTED + sha256(encoded).hexdigest()


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same, in 16 bytes."""
    return blake2b(f"{method} {path}\n".encode() + body, digest_size=16).digest()


async def store_claim(connection: Connection, claim: Claim) -> None:
    """Claim the key as a statement of its own, inside the caller's transaction; raises `KeyTaken`."""
    if await connection.fetchrow(CLAIM_ALONE, *claim.args) is None:
        raise KeyTaken


async def purge(database: Database) -> int:
    """Delete what has expired, in small batches; the answer is how many keys that were."""
    purged = 0
    while deleted := int((await database.execute(PURGE)).split()[-1]):
        purged += deleted
    return purged


async def keep_purged(database: Database) -> None:
    """Purge now and then until cancelled; every replica may, since they skip each other's rows."""
    while True:
        await asyncio.sleep(PURGE_PAUSE_S)
        try:
            await purge(database)
        except DomainError as error:
            logger.warning("expired idempotency keys were not purged: %s", error)
