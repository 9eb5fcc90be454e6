"""A database with some rows for a generated project, tokens, and ids of resources to ask for, as a line of JSON.

The working directory is the project. Arguments: the URL of the server, the folder of the issuer, the service's name,
how many tokens, what they are for, the file of the SQL that makes the rows, the SQL that finds ids, more such SQL.
"""

import asyncio
import json
import sys
from pathlib import Path

import asyncpg
from dev import contract, migrate, postgres, run

try:
    last_issuer = run.last_issuer
except AttributeError:  # the service of a commit before `dev.run` had it
    from dev.issuer import last_used as last_issuer


async def fill(database: str, rows: str, queries: list[str]) -> list[list[str]]:
    """Make the rows; the ids that each query finds."""
    connection = await asyncpg.connect(database)
    await connection.execute(rows)
    await connection.execute("ANALYZE")
    found = [[str(row[0]) for row in await connection.fetch(query)] for query in queries]
    await connection.close()
    return found


def main() -> None:
    """Do all of it."""
    server, folder, service, tokens, resource, rows, *queries = sys.argv[1:]
    database = asyncio.run(postgres.create_database(server))
    migrate.upgrade(database)
    ids = asyncio.run(fill(database, Path(rows).read_text(encoding="utf-8"), queries))
    known = last_issuer(Path(folder))
    # Tokens of the same length, however many other resources there are.
    scopes = [scope for scope in contract.scopes() if scope.startswith(f"{resource}.")]
    given = [known.token(audience=service, scopes=scopes, subject=f"caller-{number}") for number in range(int(tokens))]
    print(json.dumps({"database": database, "tokens": given, "ids": ids}))


if __name__ == "__main__":
    main()
