"""What idempotency keys remember: of whomever, and not of what has been deleted."""

from datetime import timedelta
from uuid import uuid4

import pytest
from dev.examples import EXAMPLES
from ordering.platform.http import Reply
from ordering.platform.postgres import Database, idempotency
from ordering.platform.postgres.idempotency import DIGESTED, Once, fingerprint
from ordering.platform.telemetry import summary
from tests.api import Api
from web import problem

SUBJECTS = [
    "a" * 10_000,
    "".join(chr(0x4E00 + n % 20_000) for n in range(10_000)),
    "\N{PILE OF POO}" * 700,
    "a\0b",
    "a\ud800b",
    "",
    f"{DIGESTED}{'0' * 64}",
]


def once(caller: str, key: str) -> Once:
    return Once(caller, key, fingerprint("POST", "/things", b""), timedelta(hours=1))


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_any_subject_and_the_longest_key_fit(subject: str, database: Database) -> None:
    key = uuid4().hex + "k" * 223
    reply = Reply.stored(201, 1, None, b"{}")
    assert await database.fetchrow(idempotency.CLAIM_ALONE, *once(subject, key).claim(reply).args) is not None
    assert await database.fetchrow(idempotency.CLAIM_ALONE, *once(subject, key).claim(reply).args) is None
    assert await once(subject, key).replay(database) is not None
    for other in (f"{subject}x", once(subject, key).caller):
        if other != subject:
            assert await once(other, key).replay(database) is None


async def test_the_longest_that_is_stored_as_it_is_fits(database: Database) -> None:
    """Of characters that cannot be compressed."""
    subject = "".join(chr(0x10000 + 7919 * n % 0x8000) for n in range(600))
    assert len(subject.encode()) == idempotency.MAX_CALLER_BYTES
    promise = once(subject, uuid4().hex + "".join(chr(33 + 31 * n % 90) for n in range(223)))
    assert promise.caller == subject
    assert await database.fetchrow(idempotency.CLAIM_ALONE, *promise.claim(Reply(204)).args) is not None


@pytest.mark.parametrize("name", EXAMPLES)
async def test_nothing_of_a_deleted_row_is_kept(name: str, api: Api, database: Database) -> None:
    example, keys = EXAMPLES[name], [str(uuid4()), str(uuid4())]
    body = await api.body(name)
    made = await api.post(example.path, body, key=keys[0])
    place = made.headers["Location"]
    other = await api.create(name)
    actions = {"order": "placements"}
    acted = await api.post(f"{place}/{actions[name]}", None, key=keys[1]) if name in actions else None
    assert (await api.delete(place, if_match='"0"')).status_code == 412
    assert (await api.post(example.path, body, key=keys[0])).content == made.content

    assert (await api.delete(place, if_match="*")).status_code == 204
    rows = await database.fetch(
        "SELECT fingerprint, outcome, status, version, body FROM idempotency_key WHERE key = ANY($1)", keys
    )
    assert [tuple(row) for row in rows] == [(b"", "gone", 410, None, b"")] * (1 if acted is None else 2)
    assert problem(await api.post(example.path, body, key=keys[0])) == (410, "gone")
    if acted is not None:
        assert acted.status_code == 200
        assert "Location" not in acted.headers
        assert problem(await api.post(f"{place}/{actions[name]}", None, key=keys[1])) == (410, "gone")
    assert (await api.get(other.headers["Location"])).content == other.content
    left = await database.fetch(
        "SELECT FROM idempotency_key WHERE resource = $1 AND outcome = 'created'", other.headers["Location"][1:]
    )
    assert len(left) == 1


async def test_an_answer_to_an_action_is_repeated_without_a_location(api: Api) -> None:
    order, key = await api.create("order"), str(uuid4())
    path = f"{order.headers['Location']}/placements"
    first, again = [await api.post(path, None, key=key) for _ in range(2)]
    assert (again.status_code, again.content, again.headers["ETag"]) == (200, first.content, first.headers["ETag"])
    assert "Location" not in again.headers


async def test_the_answers_of_a_row_are_found_by_an_index(database: Database) -> None:
    statement = idempotency.erasing("DELETE FROM customers WHERE id = $1 RETURNING id", "/customers")
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(f"EXPLAIN {statement.replace('$1', 'gen_random_uuid()')}")
    assert "ix_idempotency_key_location" in "\n".join(row[0] for row in plan)


def test_what_is_erased_beside_is_not_what_a_statement_is_about() -> None:
    deletion = idempotency.erasing("DELETE FROM customers WHERE id = $1 RETURNING id", "/customers")
    assert summary(deletion) == "DELETE customers"
    assert summary(idempotency.claiming(" INSERT INTO customers SELECT FROM claimed")) == "INSERT customers"
    assert summary(idempotency.PURGE) == "DELETE idempotency_key"
