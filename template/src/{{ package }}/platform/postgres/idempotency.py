"""Idempotency keys: a repeated call is told what the first one came to, and does nothing.

The key is claimed and the outcome stored in the same statement as the change itself, so that either all of it happens
or none. A key belongs to the caller that sent it. A second call with a key whose first one is still under way is
refused instead of made to wait: the advisory lock is tried, not awaited.

Whoever deletes a resource takes along the outcomes that show it: what is left of them says that it is gone.

Instances that template 0.1 made may run beside these. They know `status` and `location` instead of `outcome` and
`resource`, and neither set nor clear the latter; so all four are written, and where they disagree the older ones count.
The snapshot is in `body` for both: whichever of them deletes a resource erases it, and nothing is stored twice.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b, sha256
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from ...kernel import CHANGED, CREATED, GONE, Call, DomainError, Gone, IdempotencyKey, KeyReused, KeyTaken, Outcome
from . import Connection, Database, Record, numbered

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode

PURGE_PAUSE_S = 60.0
PURGE_BATCH = 1000

MAX_CALLER_BYTES = 2400  # with a key of 255, an entry of the index takes no more
DIGESTED = "sha256:"
DIGEST_LENGTH = len(DIGESTED) + 64
STATUS: Final = {CREATED: 201, CHANGED: 200, GONE: 410}  # for instances of template 0.1, as are both CASEs below
_KIND: Final = {status: kind for kind, status in STATUS.items()}

CLAIM_ARGS: Final = 9
CLAIM: Final = """claimed AS (
    INSERT INTO idempotency_key AS known (
        caller, key, fingerprint, outcome, version, resource, body, expires_at, status, location
    )
    SELECT
        $1::text, $2::text, $3::bytea, $4::text, $5::integer, $6::text, $7::bytea, now() + $8::interval,
        CASE $4::text WHEN 'created' THEN 201 WHEN 'changed' THEN 200 ELSE $4::text::smallint END,
        CASE WHEN $4::text IN ('created', 'changed') THEN '/' || $6::text ELSE $6::text END
    WHERE pg_try_advisory_xact_lock($9::bigint)
    ON CONFLICT (caller, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, outcome = excluded.outcome, version = excluded.version,
        resource = excluded.resource, body = excluded.body, expires_at = excluded.expires_at,
        status = excluded.status, location = excluded.location
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
    """The deletion, which returns `id`, and with it that of the outcomes stored about these ids of the collection."""
    return f"""
WITH gone AS ({deletion}),
erased AS (
    UPDATE idempotency_key
    SET fingerprint = '', outcome = '{GONE}', status = {STATUS[GONE]}, version = NULL, body = ''
    WHERE location = ANY(ARRAY(SELECT '{collection}/' || id::text FROM gone))
)
SELECT id FROM gone
"""  # noqa: S608 - of names in the code only  # nosec B608


CLAIM_ALONE = claiming(" SELECT 1 FROM claimed")

FIND = """
SELECT fingerprint, outcome, resource, version, body, status, location FROM idempotency_key
WHERE caller = $1 AND key = $2 AND expires_at > now()
"""

PURGE = f"""
DELETE FROM idempotency_key WHERE (caller, key) IN (
    SELECT caller, key FROM idempotency_key WHERE expires_at <= now()
    ORDER BY expires_at LIMIT {PURGE_BATCH} FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608 - a constant of this module  # nosec B608


class Claim(NamedTuple):
    """A key with the outcome to store under it; `args` are the first `CLAIM_ARGS` arguments of a claiming statement."""

    args: Sequence[Any]


class Storable(Protocol):
    """A reply of which a key remembers the outcome."""

    def outcome(self, resource: str | None = None) -> Outcome: ...


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
        return Claim(_arguments(self, reply.outcome(resource)))

    async def replay(self, database: Database) -> Outcome | None:
        """What `replay` says of this promise."""
        return await replay(database, self)


async def replay(database: Database, key: IdempotencyKey) -> Outcome | None:
    """The outcome stored under the key; `None` if there is none.

    Raises KeyReused if the key stands for another call, Gone if what the outcome shows has been deleted.
    """
    row = await database.fetchrow(FIND, key.caller, key.key)
    if row is None:
        return None
    stored = _outcome(row)
    if stored.kind == GONE:
        raise Gone
    if row["fingerprint"] != key.fingerprint:
        raise KeyReused
    return stored


def _outcome(row: Record) -> Outcome:
    """What the row says, by the older columns where the newer ones are missing or of an earlier claim."""
    _, kind, resource, version, snapshot, status, location = row
    path = f"/{resource}" if kind in STATUS and resource is not None else resource
    if (str(STATUS.get(kind, kind)), path) == (str(status), location):
        return Outcome(kind, resource, version, snapshot)
    kind = _KIND.get(status)
    if kind is None or (kind == CREATED and not (location or "").startswith("/")):
        return Outcome(str(status), location, version, snapshot)
    return Outcome(kind, location and location.removeprefix("/"), version, snapshot)


def outcome(
    call: Call, key: IdempotencyKey, resource: str, version: int, row: msgspec.Struct, *, made: bool
) -> tuple[Any, ...]:
    """The arguments of `CLAIM`, which keep what a call came to: it made or changed its resource, as it is now."""
    kept = call.outcome = Outcome(CREATED if made else CHANGED, resource, version, _encode(row))
    return _arguments(key, kept)


def _arguments(key: IdempotencyKey, kept: Outcome) -> tuple[Any, ...]:
    kind, resource, version, snapshot = kept
    lock = blake2b(f"{key.caller}\0{key.key}".encode(), digest_size=8).digest()
    return (
        key.caller,
        key.key,
        key.fingerprint,
        kind,
        version,
        resource,
        snapshot,
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
