"""What becomes of references when what they refer to is deleted: over random tables, as a plain reading says it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from library import Connect
from ordering.kernel import StillReferenced
from ordering.platform.postgres import Database, deletion
from ordering.platform.postgres.deletion import Deletion, Reference, Resources

TABLES = """
DROP TABLE IF EXISTS node, leaf, item CASCADE;
CREATE TABLE node (id uuid PRIMARY KEY, version integer NOT NULL, modified_at timestamptz NOT NULL);
CREATE TABLE leaf (id uuid PRIMARY KEY, version integer NOT NULL, modified_at timestamptz NOT NULL,
    node_id uuid REFERENCES node ON DELETE RESTRICT, other_id uuid REFERENCES node ON DELETE RESTRICT);
ALTER TABLE node ADD COLUMN node_id uuid REFERENCES node ON DELETE RESTRICT,
    ADD COLUMN leaf_id uuid REFERENCES leaf ON DELETE RESTRICT;
CREATE TABLE item (owner_id uuid REFERENCES node ON DELETE CASCADE, position integer, PRIMARY KEY (owner_id, position),
    leaf_id uuid REFERENCES leaf ON DELETE RESTRICT, node_id uuid REFERENCES node ON DELETE RESTRICT);
"""
KINDS = {"node": Resources("node", "/nodes", {"item": "owner_id"}), "leaf": Resources("leaf", "/leaves")}
PLACES = [
    ("node", "leaf", "leaf", "node_id"),
    ("node", "leaf", "leaf", "other_id"),
    ("node", "node", "node", "node_id"),
    ("leaf", "node", "node", "leaf_id"),
    ("leaf", "node", "item", "leaf_id"),
    ("node", "node", "item", "node_id"),
]
BEFORE, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
Rows = dict[UUID, dict[str, Any]]


class Case(NamedTuple):
    """Policies by the references, and rows by their tables; an item of a node is among its `items`."""

    policies: dict[tuple[str, str, str, str], str]
    rows: dict[str, Rows]

    def deletion(self, root: str) -> Deletion:
        kinds, at = [root], 0
        while at < len(kinds):
            kinds += [
                owner
                for (target, owner, table, _), policy in self.policies.items()
                if (target, policy, table) == (kinds[at], "cascade", owner) and owner not in kinds
            ]
            at += 1
        references = [
            Reference(*place, of="owner_id" if place[2] == "item" else "id", goes=policy == "cascade")
            for place, policy in self.policies.items()
            if policy != "restrict" and place[0] in kinds
        ]
        return Deletion([KINDS[kind] for kind in kinds], references)

    def referring(self) -> Iterator[tuple[tuple[str, UUID], tuple[str, UUID], str, dict[str, Any], str, bool]]:
        """Target, owner, policy, and the row or item with the member that refers."""
        for (target, owner, table, column), policy in self.policies.items():
            for identity, row in self.rows[owner].items():
                for holder in row["items"] if table == "item" else [row]:
                    if holder[column] is not None:
                        yield (target, holder[column]), (owner, identity), policy, holder, column, table == "item"


def drawn(random: Random) -> Case:
    ids = {kind: [UUID(int=random.getrandbits(128), version=4) for _ in range(random.randint(1, 6))] for kind in KINDS}

    def some(kind: str) -> UUID | None:
        return random.choice(ids[kind]) if random.random() < 0.4 else None

    nodes = {
        each: {
            "node_id": some("node"),
            "leaf_id": some("leaf"),
            "items": [{"leaf_id": some("leaf"), "node_id": some("node")} for _ in range(random.randint(0, 2))],
        }
        for each in ids["node"]
    }
    leaves = {each: {"node_id": some("node"), "other_id": some("node"), "items": []} for each in ids["leaf"]}
    words = ["restrict", "cascade", "clear", "cascade", "clear"]
    rows: dict[str, Rows] = {"node": nodes, "leaf": leaves}
    for each in (row for kind in rows.values() for row in kind.values()):
        each.update(version=1, modified_at=BEFORE)
    return Case({place: random.choice(words) for place in PLACES}, rows)


def expected(case: Case, root: tuple[str, UUID]) -> bool:
    """Carry the deletion out on the rows; False where it is refused."""
    going = {root}
    while (
        more := {
            owner
            for target, owner, policy, _, _, is_item in case.referring()
            if target in going and policy == "cascade" and not is_item
        }
        - going
    ):
        going |= more
    found = [each for each in case.referring() if each[0] in going and each[1] not in going]
    if any(policy == "restrict" for _, _, policy, _, _, _ in found):
        return False
    changed, dropped = set(), []
    for _, owner, policy, holder, column, _ in found:
        changed.add(owner)
        if policy == "clear":
            holder[column] = None
        else:
            dropped.append(holder)
    for kind, identity in changed:
        row = case.rows[kind][identity]
        row.update(
            version=2, modified_at=NOW, items=[item for item in row["items"] if all(item is not x for x in dropped)]
        )
    for kind, identity in going:
        del case.rows[kind][identity]
    return True


async def store(database: Database, case: Case) -> None:
    await database.execute("TRUNCATE node, leaf, item, idempotency_key")
    for kind, rows in case.rows.items():
        for each, row in rows.items():
            sql = f"INSERT INTO {kind} (id, version, modified_at) VALUES ($1, $2, $3)"  # noqa: S608 - names of this module
            await database.execute(sql, each, row["version"], row["modified_at"])
            await database.execute(REMEMBER, str(each), f"{KINDS[kind].path}/{each}")
    for each, row in case.rows["node"].items():
        sql = "UPDATE node SET node_id = $2, leaf_id = $3 WHERE id = $1"
        await database.execute(sql, each, row["node_id"], row["leaf_id"])
        for place, item in enumerate(row["items"]):
            sql = "INSERT INTO item VALUES ($1, $2, $3, $4)"
            await database.execute(sql, each, place, item["leaf_id"], item["node_id"])
    for each, row in case.rows["leaf"].items():
        sql = "UPDATE leaf SET node_id = $2, other_id = $3 WHERE id = $1"
        await database.execute(sql, each, row["node_id"], row["other_id"])


REMEMBER = """
INSERT INTO idempotency_key (caller, key, fingerprint, outcome, version, resource, body, status, location, expires_at)
VALUES ('me', $1, 'f', 'created', 1, substr($2, 2), 'b', 201, $2, now() + interval '1 day')
"""


async def stored(database: Database) -> dict[str, Rows]:
    found: dict[str, Rows] = {"node": {}, "leaf": {}}
    for kind, rows in found.items():
        for row in await database.fetch(f"SELECT * FROM {kind}"):  # noqa: S608 - names of this module
            rows[row["id"]] = {**{name: value for name, value in row.items() if name != "id"}, "items": []}
    for row in await database.fetch("SELECT * FROM item ORDER BY owner_id, position"):
        found["node"][row["owner_id"]]["items"].append({"leaf_id": row["leaf_id"], "node_id": row["node_id"]})
    return found


async def forgotten(database: Database) -> set[str]:
    rows = await database.fetch("SELECT key FROM idempotency_key WHERE outcome = 'gone' AND body = ''")
    return {row["key"] for row in rows}


@pytest.fixture
async def database(connect: Connect) -> AsyncIterator[Database]:
    database = await connect()
    await database.execute(TABLES)
    yield database
    await database.execute("DROP TABLE node, leaf, item CASCADE; TRUNCATE idempotency_key")


async def test_random_tables_are_left_as_a_plain_reading_says(database: Database) -> None:
    refused = gone = changed = 0
    for seed in range(120):
        case = drawn(random := Random(seed))
        await store(database, case)
        before = {str(each) for rows in case.rows.values() for each in rows}
        kind = random.choice([*KINDS])
        identity = random.choice([*case.rows[kind]])
        plan = case.deletion(kind)
        if expected(case, (kind, identity)):
            assert await plan.carry_out(database, identity, 1, NOW), seed
            left = {str(each) for rows in case.rows.values() for each in rows}
            assert await forgotten(database) == before - left, seed
            gone += len(before) - len(left) > 1
            changed += any(row["version"] == 2 for rows in case.rows.values() for row in rows.values())
        else:
            with pytest.raises(StillReferenced):
                await plan.carry_out(database, identity, 1, NOW)
            assert await forgotten(database) == set(), seed
            refused += 1
        assert await stored(database) == case.rows, seed
    assert min(refused, gone, changed) > 15


ONE, TWO, THREE = (UUID(int=number, version=4) for number in (1, 2, 3))
CASCADE = Deletion([KINDS["node"], KINDS["leaf"]], [Reference("node", "leaf", "leaf", "node_id", of="id", goes=True)])


async def add(database: Database, *leaves: UUID) -> None:
    await database.execute("INSERT INTO node VALUES ($1, 1, now())", ONE)
    for leaf in leaves:
        await database.execute("INSERT INTO leaf VALUES ($1, 1, now(), $2)", leaf, ONE)


async def test_only_the_version_that_was_read_is_deleted(database: Database) -> None:
    await add(database, TWO)
    assert not await CASCADE.carry_out(database, ONE, 2, NOW)
    assert not await CASCADE.carry_out(database, THREE, 1, NOW)
    assert len(await database.fetch("SELECT id FROM node UNION ALL SELECT id FROM leaf")) == 2


async def test_a_deletion_has_a_bound(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await add(database, TWO, THREE)
    monkeypatch.setattr(deletion, "MOST", 2)
    with pytest.raises(StillReferenced, match="More than 2 resources"):
        await CASCADE.carry_out(database, ONE, 1, NOW)
    assert len(await database.fetch("SELECT id FROM leaf")) == 2
    monkeypatch.setattr(deletion, "MOST", 3)
    assert await CASCADE.carry_out(database, ONE, 1, NOW)
    assert await database.fetch("SELECT id FROM leaf") == []


async def test_what_comes_at_the_same_time_goes_along(database: Database) -> None:
    await add(database)
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO leaf VALUES ($1, 1, now(), $2)", TWO, ONE)
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        deleting = asyncio.create_task(CASCADE.carry_out(database, ONE, 1, NOW))
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE $1 = ANY(pg_blocking_pids(pid))", pid):
            assert not deleting.done()
            await asyncio.sleep(0.01)
    assert await deleting
    assert await database.fetch("SELECT id FROM leaf") == []
