"""What pages of a list cost the database, as a line of JSON: the rows that are read for each, and the microseconds.

The working directory is the project. Standard input says in JSON how the table is filled, and what is asked for:
`benchmarks/lists.py` makes it.
"""

import asyncio
import importlib
import json
import sys
from statistics import median
from typing import Any

import asyncpg
from dev import migrate, postgres

INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index
WHERE indrelid = $1::regclass AND NOT indisprimary
"""
SCANS = frozenset({"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"})
"""Where a plan looks at rows; those of a bitmap are found by the scan above it."""
LIMIT = 51
SHORT = 2
"""Of a page of one: the shorter it is, the sooner the planner expects to have filled it without an index."""
TIMES = 5

Statement = tuple[str, list[Any]]
Cost = tuple[int, float]


async def cost(connection: "asyncpg.Connection[Any]", statement: Statement) -> Cost:
    """The rows that the statement's plan looks at, and the microseconds that it takes."""
    sql, arguments = statement
    plans = [
        json.loads(await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", *arguments))[0]
        for _ in range(TIMES)
    ]
    return read(plans[-1]["Plan"]), round(1000 * median(plan["Execution Time"] for plan in plans), 1)


def read(node: dict[str, Any]) -> int:
    """The rows that a node of a plan and those below it find or pass over."""
    rows = 0
    if node["Node Type"] in SCANS:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        rows = round((node["Actual Rows"] + removed) * node["Actual Loops"])
    return rows + sum(map(read, node.get("Plans", ())))


async def fill(connection: "asyncpg.Connection[Any]", asked: dict[str, Any]) -> list[str]:
    """Make the rows, and then the indexes, which is faster; the names of these."""
    indexes = await connection.fetch(INDEXES, asked["table"])
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    await connection.execute(asked["filling"], timeout=None)
    for index in indexes:
        await connection.execute(index["definition"], timeout=None)
    await connection.execute(f"VACUUM ANALYZE {asked['table']}", timeout=None)
    return [index["name"] for index in indexes]


async def statements(connection: "asyncpg.Connection[Any]", asked: dict[str, Any]) -> dict[str, Statement]:
    """What is asked for → the service's own statement of the page."""
    page = importlib.import_module(asked["repository"]).PAGE
    found = {}
    for values in asked["filters"]:
        filters = {name: await connection.fetchval(value) for name, value in values.items()}
        filters = {name: [value] if name in asked["several"] else value for name, value in filters.items()}
        found[" and ".join(filters)] = page.statement("-created_at", filters, None, LIMIT)
        if asked["thorough"]:
            found[f"one by {' and '.join(filters)}"] = page.statement("-created_at", filters, None, SHORT)
    middle = await connection.fetchrow(asked["middle"])
    for sort in asked["sorts"]:
        found[f"first page by {sort}"] = page.statement(sort, {}, None, LIMIT)
        found[f"page in the middle by {sort}"] = page.statement(sort, {}, page.cursor(sort, {}, middle), LIMIT)
    return found


async def main(server: str, asked: dict[str, Any]) -> dict[str, list[Cost]]:
    """What is asked for → its cost, and what it costs without any index where that is asked for thoroughly."""
    url = await postgres.create_database(server)
    await asyncio.to_thread(migrate.upgrade, url)
    connection = await asyncpg.connect(url)
    indexes = await fill(connection, asked)
    tried = await statements(connection, asked)
    found = {name: [await cost(connection, statement)] for name, statement in tried.items()}
    if asked["thorough"]:
        for index in indexes:
            await connection.execute(f"DROP INDEX {index}")
        for name, statement in tried.items():
            found[name].append(await cost(connection, statement))
    await connection.close()
    return found


if __name__ == "__main__":
    with postgres.server() as server:
        print(json.dumps(asyncio.run(main(server, json.load(sys.stdin)))))
