import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library import Connect
from ordering.kernel import CHANGED, CREATED, AlreadyExists, KeyReused, KeyTaken, Outcome, RuleViolated, Unavailable
from ordering.platform.http import Reply
from ordering.platform.postgres import Database, idempotency
from ordering.platform.postgres.idempotency import (
    CLAIM_ARGS,
    Once,
    claiming,
    fingerprint,
)

NEW_SHELF = claiming(" INSERT INTO shelf (id, label) SELECT $10::uuid, $11::text FROM claimed RETURNING id")
REPLY = Reply.stored(201, 7, "/shelves/1", b'{"a":1}')


def once(key: str = "", *, caller: str = "ann", body: bytes = b"{}", ttl: timedelta = timedelta(hours=1)) -> Once:
    return Once(caller, key or uuid4().hex, fingerprint("POST", "/shelves", body), ttl)


async def add_shelf(library: Database, promise: Once, reply: Reply = REPLY) -> bool:
    """Whether the key was free, and so the shelf made."""
    shelf_id = uuid4()
    return await library.fetchrow(NEW_SHELF, *promise.claim(reply).args, shelf_id, shelf_id.hex) is not None


def test_a_fingerprint_tells_requests_apart() -> None:
    requests = [("POST", "/a", b""), ("PUT", "/a", b""), ("POST", "/b", b""), ("POST", "/a", b"{}")]
    assert len({fingerprint(*request) for request in requests}) == len(requests)
    assert fingerprint(*requests[0]) == fingerprint(*requests[0])


def said(reply: Reply) -> tuple[int, int | None, str | None, bytes]:
    return reply.status, reply.version, reply.location, reply.body


REPLIES = st.builds(
    Reply.stored,
    st.sampled_from([200, 201]) | st.integers(100, 599),
    st.none() | st.integers(1, 2**31 - 1),
    st.none() | st.sampled_from(["/", "/orders/1", "//host/1", "orders/1", "https://host/orders/1", "", "?a"]),
    st.binary(),
)


@given(REPLIES)
def test_a_reply_is_made_again_from_its_outcome(reply: Reply) -> None:
    assert said(Reply.of(reply.outcome())) == said(reply)


def test_what_a_reply_says_of_a_resource_is_no_http() -> None:
    assert REPLY.outcome() == Outcome(CREATED, "shelves/1", 7, b'{"a":1}')
    assert Reply(200, version=2).outcome("/shelves/1") == Outcome(CHANGED, "shelves/1", 2, b"")


async def test_the_first_claim_stores_the_outcome(library: Database) -> None:
    promise = once()
    assert len(promise.claim(REPLY).args) == CLAIM_ARGS
    assert await promise.replay(library) is None
    assert await add_shelf(library, promise)
    assert await promise.replay(library) == (CREATED, "shelves/1", 7, b'{"a":1}')


@pytest.mark.parametrize("status", [200, 201, 202, 204, 303, 410])
@pytest.mark.parametrize("location", [None, "/shelves/1", "shelves/1", "https://example.com/shelves/1"])
async def test_what_is_repeated_is_the_same(status: int, location: str | None, library: Database) -> None:
    """However often the statement has run: PostgreSQL plans it anew without its arguments."""
    for body in (b"", b'{"a":1}') * 4:
        promise, reply = once(), Reply.stored(status, None if body else 3, location, body)
        assert await add_shelf(library, promise, reply)
        stored = await promise.replay(library)
        assert stored == reply.outcome()
        assert said(Reply.of(stored)) == said(reply)


async def test_the_second_claim_does_nothing(library: Database) -> None:
    promise = once()
    assert await add_shelf(library, promise)
    assert not await add_shelf(library, once(promise.key, body=b"other"), Reply(200))
    stored = await promise.replay(library)
    assert stored is not None
    assert stored.kind == CREATED


async def test_another_request_with_the_same_key_is_refused(library: Database) -> None:
    promise = once()
    await add_shelf(library, promise)
    with pytest.raises(KeyReused):
        await once(promise.key, body=b"other").replay(library)


async def test_keys_belong_to_their_callers(library: Database) -> None:
    promise = once()
    assert await add_shelf(library, promise)
    assert await add_shelf(library, once(promise.key, caller="bob"))


async def test_a_change_that_fails_leaves_the_key_free(library: Database) -> None:
    promise, shelf_id = once(), uuid4()
    await library.execute("INSERT INTO shelf (id, label) VALUES ($1, $2)", shelf_id, shelf_id.hex)
    with pytest.raises(AlreadyExists):
        await library.fetchrow(NEW_SHELF, *promise.claim(REPLY).args, uuid4(), shelf_id.hex)
    assert await promise.replay(library) is None
    assert await add_shelf(library, promise)


async def test_a_key_whose_request_is_under_way_is_refused_at_once(library: Database) -> None:
    promise = once()
    async with library.transaction() as connection:
        await idempotency.store_claim(connection, promise.claim(REPLY))
        assert not await add_shelf(library, promise)
        assert await promise.replay(library) is None
    assert await promise.replay(library) is not None


async def test_a_claim_in_a_transaction_that_is_rolled_back_is_none(library: Database) -> None:
    promise = once()

    async def claim_and_refuse() -> None:
        async with library.transaction() as connection:
            await idempotency.store_claim(connection, promise.claim(REPLY))
            raise RuleViolated("no")

    with pytest.raises(RuleViolated):
        await claim_and_refuse()
    assert await add_shelf(library, promise)
    with pytest.raises(KeyTaken):
        await claim_and_refuse()


async def test_of_many_at_once_one_wins(connect: Connect) -> None:
    library = await connect(database_pool_size=8, database_acquire_timeout_s=5)
    promise = once()
    won = await asyncio.gather(*(add_shelf(library, promise) for _ in range(40)))
    assert won.count(True) == 1
    assert await promise.replay(library) is not None


async def test_expired_keys_are_free_again(library: Database) -> None:
    promise = once(ttl=timedelta(0))
    assert await add_shelf(library, promise)
    assert await promise.replay(library) is None
    again = once(promise.key, body=b"other")
    assert await add_shelf(library, again, Reply(200))
    assert await again.replay(library) == (CHANGED, None, None, b"")


async def test_expired_keys_are_purged_in_batches(library: Database) -> None:
    await idempotency.purge(library)
    kept = once()
    await add_shelf(library, kept)
    await library.execute(
        "INSERT INTO idempotency_key (caller, key, fingerprint, status, body, expires_at) "
        "SELECT 'old', n::text, '', 200, '', now() - interval '1 hour' FROM generate_series(1, $1::int) AS n",
        2 * idempotency.PURGE_BATCH + 1,
    )
    assert await idempotency.purge(library) == 2 * idempotency.PURGE_BATCH + 1
    assert await kept.replay(library) is not None


async def test_purging_goes_on_in_the_background(library: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PURGE_PAUSE_S", 0.01)
    runs = asyncio.Queue[None]()

    async def purge(_: Database) -> int:
        runs.put_nowait(None)
        raise Unavailable("no database")

    monkeypatch.setattr(idempotency, "purge", purge)
    purging = asyncio.create_task(idempotency.keep_purged(library))
    for _ in range(2):
        await runs.get()
    purging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await purging
