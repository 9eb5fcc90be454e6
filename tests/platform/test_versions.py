"""Two releases on one database, as during a roll-out and after a rollback: each takes what the other wrote.

`recorded.json` holds requests, their answers and the rows behind them, as release 0.1 of the template left them.
"""

import json
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import httpx2
import pytest
from ordering.kernel import KeyReused
from ordering.platform.http import Reply
from ordering.platform.postgres import Database
from ordering.platform.postgres.idempotency import CLAIM_ALONE, Once, fingerprint
from tests.api import Api

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())

OLD_FIND = """
SELECT fingerprint, status, version, location, body FROM idempotency_key
WHERE caller = $1 AND key = $2 AND expires_at > now()
"""
OLD_ERASURE = """
UPDATE idempotency_key SET fingerprint = '', status = 410, version = NULL, body = ''
WHERE location = ANY(ARRAY[$1::text])
"""
OLD_CLAIM = """WITH claimed AS (
    INSERT INTO idempotency_key AS known (caller, key, fingerprint, status, version, location, body, expires_at)
    SELECT $1::text, $2::text, $3::bytea, $4::smallint, $5::integer, $6::text, $7::bytea, now() + $8::interval
    WHERE pg_try_advisory_xact_lock($9::bigint)
    ON CONFLICT (caller, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, status = excluded.status, version = excluded.version,
        location = excluded.location, body = excluded.body, expires_at = excluded.expires_at
    WHERE known.expires_at <= now()
    RETURNING 1
) SELECT 1 FROM claimed"""


def old_arguments(key: str, path: str, body: bytes, answer: bytes) -> list[Any]:
    """The arguments of the old claim for a POST of `tester` that created something."""
    location = f"{path}/{json.loads(answer)['id']}"
    request = blake2b(f"POST {path}\n".encode() + body, digest_size=16).digest()
    return old_claim(key, request, (201, 1, location, answer))


Kept: TypeAlias = tuple[int, int | None, str | None, bytes]
"""What the old release keeps of a reply: status, version, location and body."""


def old_claim(key: str, request: bytes, kept: Kept, ttl: timedelta = timedelta(hours=1)) -> list[Any]:
    """The arguments of the old claim of `tester`."""
    lock = blake2b(f"tester\0{key}".encode(), digest_size=8).digest()
    return ["tester", key, request, *kept, ttl, int.from_bytes(lock, signed=True)]


@pytest.fixture
async def recorded(api: Api, database: Database) -> None:
    """The recorded rows, and no others."""
    for table, rows in RECORDED["tables"].items():
        valid = [{**row, "expires_at": "2099-01-01"} if "expires_at" in row else row for row in rows]
        insert = f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1)"  # noqa: S608
        await database.execute(insert, valid)


async def send(client: httpx2.AsyncClient, request: dict[str, Any]) -> httpx2.Response:
    headers = {"Idempotency-Key": request["key"]} if request["key"] else {}
    if request["body"]:
        headers["Content-Type"] = "application/json"
    return await client.request(request["method"], request["path"], content=request["body"].encode(), headers=headers)


@pytest.mark.usefixtures("recorded")
async def test_requests_of_before_have_the_answers_of_before(client: httpx2.AsyncClient) -> None:
    """Keys, cursors and ETags; what changes the answer on the way would be a change of the contract."""
    for request in RECORDED["requests"]:
        answer = await send(client, request)
        found = answer.status_code, answer.headers.get("ETag"), answer.headers.get("Location"), answer.text
        assert found == (request["status"], request["etag"], request["location"], request["answer"]), request


@pytest.mark.usefixtures("recorded")
async def test_an_etag_of_before_is_the_version(client: httpx2.AsyncClient) -> None:
    place, etag = (RECORDED["requests"][-1][name] for name in ("path", "etag"))
    assert (await client.get(place, headers={"If-None-Match": etag})).status_code == 304
    assert (await client.delete(place, headers={"If-Match": etag})).status_code == 204


@pytest.mark.usefixtures("recorded")
async def test_answers_of_before_go_with_their_rows(client: httpx2.AsyncClient, database: Database) -> None:
    creation = next(each for each in RECORDED["requests"] if each["path"] == "/customers" and "bob" in each["body"])
    assert (await client.delete(creation["location"], headers={"If-Match": "*"})).status_code == 204
    rows = await database.fetch("SELECT FROM idempotency_key WHERE position('bob' IN encode(body, 'escape')) > 0")
    assert rows == []
    assert (await send(client, creation)).status_code == 410


async def test_a_release_before_reads_what_this_one_writes(api: Api, database: Database) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "name": "Ann"}
    sent = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    key = str(uuid4())
    made = await api.post("/customers", body, key=key)
    answer, location = made.content, made.headers["Location"]
    arguments = old_arguments(key, "/customers", sent, answer)
    row = await database.fetchrow(OLD_FIND, "tester", key)
    assert row is not None
    assert list(row) == [*arguments[2:5], location, answer]
    assert await database.fetchrow(OLD_CLAIM, *arguments) is None

    acted = str(uuid4())
    order = await api.create("order")
    placed = await api.post(f"{order.headers['Location']}/placements", None, key=acted)
    row = await database.fetchrow(OLD_FIND, "tester", acted)
    assert row is not None
    assert (row["status"], row["version"], row["body"]) == (200, 2, placed.content)

    assert (await api.delete(location, if_match="*")).status_code == 204
    row = await database.fetchrow(OLD_FIND, "tester", key)
    assert row is not None
    assert (row["status"], row["version"], row["body"]) == (410, None, b"")  # which it answers with as it is


async def test_a_claim_of_a_release_before_holds(api: Api, database: Database) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "name": "Ann"}
    sent = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    key, answer = str(uuid4()), json.dumps({"id": str(uuid4())}).encode()
    arguments = old_arguments(key, "/customers", sent, answer)
    assert arguments[2] == fingerprint("POST", "/customers", sent)
    async with database.transaction() as connection:
        assert await connection.fetchrow(OLD_CLAIM, *arguments) is not None
        assert (await api.post("/customers", body, key=key)).status_code == 409
    again = await api.post("/customers", body, key=key)
    assert (again.status_code, again.content, again.headers["Location"]) == (201, answer, arguments[5])
    assert (await api.post("/customers", {**body, "name": "Bob"}, key=key)).status_code == 422


CREATION, ACTION = ("POST", "/shelves", b"{}"), ("POST", "/shelves/1/uses", b"")
REPLIES = [
    Reply.stored(201, 1, "/shelves/1", b"{}"),
    Reply.stored(201, 1, "/shelves/2", b"{}"),
    Reply.stored(201, None, "elsewhere", b"{}"),
    Reply.stored(201, 1, None, b"{}"),
    Reply.stored(200, 2, None, b"[]"),
    Reply.stored(202, None, "/shelves/1", b""),
    Reply.stored(204, None, None, b""),
]


def said(reply: Reply) -> tuple[Any, ...]:
    return reply.status, reply.version, reply.location, reply.body


def shown(reply: Reply) -> str | None:
    """The resource that a reply is about, without a location that says so."""
    return "/shelves/1" if reply.status == 200 else None


def kept_of_old(reply: Reply) -> Kept:
    return reply.status, reply.version, reply.location or shown(reply), reply.body


@pytest.fixture(params=range(len(REPLIES)))
def reply(request: pytest.FixtureRequest) -> Reply:
    return REPLIES[request.param]


async def test_old_writes_are_repeated(reply: Reply, library: Database) -> None:
    key, request = str(uuid4()), fingerprint(*CREATION)
    assert await library.fetchrow(OLD_CLAIM, *old_claim(key, request, kept_of_old(reply))) is not None
    stored = await Once("tester", key, request, timedelta(hours=1)).replay(library)
    assert stored is not None
    assert stored == reply.outcome(shown(reply))
    assert said(Reply.of(stored)) == said(reply)


async def test_old_releases_repeat_what_is_written(reply: Reply, library: Database) -> None:
    key, request = str(uuid4()), fingerprint(*CREATION)
    once = Once("tester", key, request, timedelta(hours=1))
    assert await library.fetchrow(CLAIM_ALONE, *once.claim(reply, shown(reply)).args) is not None
    row = await library.fetchrow(OLD_FIND, "tester", key)
    assert row is not None
    assert tuple(row) == (request, *kept_of_old(reply))


@pytest.mark.parametrize("first", REPLIES, ids=range(len(REPLIES)))
@pytest.mark.parametrize("requests", [(CREATION, CREATION), (CREATION, ACTION)], ids=["same", "other"])
async def test_an_old_claim_of_an_expired_key_counts(
    first: Reply, reply: Reply, requests: tuple[tuple[str, str, bytes], ...], library: Database
) -> None:
    """It leaves the new columns as they were, also where the same request makes another resource."""
    key, before, after = str(uuid4()), *(fingerprint(*each) for each in requests)
    expired = Once("tester", key, before, timedelta(0))
    assert await library.fetchrow(CLAIM_ALONE, *expired.claim(first, shown(first)).args) is not None
    assert await library.fetchrow(OLD_CLAIM, *old_claim(key, after, kept_of_old(reply))) is not None
    stored = await Once("tester", key, after, timedelta(hours=1)).replay(library)
    assert stored == reply.outcome(shown(reply))
    if before != after:
        with pytest.raises(KeyReused):
            await Once("tester", key, before, timedelta(hours=1)).replay(library)


@pytest.mark.parametrize("old", [True, False], ids=["of-old", "of-new"])
async def test_a_claim_of_a_key_that_expired_counts(reply: Reply, library: Database, *, old: bool) -> None:
    key, request = str(uuid4()), fingerprint(*CREATION)
    if old:
        expired = old_claim(key, request, (201, 9, "/shelves/9", b"9"), timedelta(0))
        assert await library.fetchrow(OLD_CLAIM, *expired) is not None
    else:
        claim = Once("tester", key, request, timedelta(0)).claim(Reply.stored(201, 9, "/shelves/9", b"9"))
        assert await library.fetchrow(CLAIM_ALONE, *claim.args) is not None
    once = Once("tester", key, request, timedelta(hours=1))
    assert await library.fetchrow(CLAIM_ALONE, *once.claim(reply).args) is not None
    assert await once.replay(library) == reply.outcome()
    row = await library.fetchrow("SELECT outcome, resource, version, body FROM idempotency_key WHERE key = $1", key)
    assert row is not None
    assert tuple(row) == reply.outcome()  # by the new columns alone


async def test_what_an_old_release_deletes_is_gone(api: Api, database: Database) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "name": "Ann"}
    key = str(uuid4())
    made = await api.post("/customers", body, key=key)
    await database.execute(OLD_ERASURE, made.headers["Location"])
    assert (await api.post("/customers", body, key=key)).status_code == 410
    (row,) = await database.fetch("SELECT * FROM idempotency_key WHERE key = $1", key)
    assert "Ann" not in str(dict(row))


@pytest.mark.parametrize("caller", ["ann", "a" * 300, "ä" * 1000, "auth0|x", "line\nbreak", "sha256"])
def test_callers_are_stored_as_before(caller: str) -> None:
    assert Once(caller, "key", b"", timedelta(hours=1)).caller == caller
