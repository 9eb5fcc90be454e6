"""`make migration` fills columns of what is computed in the rows that are there, and anew when that is another one."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from harness import rendering
from harness.projects import make, set_up
from harness.repository import GIT, commit_all
from harness.tools import run

ROWS = """
import asyncio, json, sys
import asyncpg
from alembic import command
from dev import migrate, postgres

ID = "01900000-0000-7000-8000-00000000000"
MADE = "(id, due, paid, version, created_at, modified_at) VALUES"
BILLS = f"INSERT INTO bills {MADE} ('{ID}1', 10, 4, 1, now(), now()), ('{ID}2', 9, NULL, 1, now(), now())"
LINES = f"INSERT INTO bill_lines (bill_id, position, quantity, price_amount, price_currency) VALUES "
LINES += f"('{ID}1', 0, 3, 1.50, 'EUR'), ('{ID}1', 1, 2, 10, 'EUR')"
ASKED = "SELECT remaining, total_amount::text, total_currency, most FROM bills ORDER BY id"


async def ask(url, *statements):
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        for statement in statements:
            found = await connection.fetch(statement)
    finally:
        await connection.close()
    return [list(row) for row in found]


with postgres.server() as url:
    config, found = migrate.config(url), []
    command.upgrade(config, "0001")
    asyncio.run(ask(url, BILLS, LINES))
    for revision in sys.argv[1:]:
        command.upgrade(config, revision)
        found.append(asyncio.run(ask(url, ASKED)))
print(json.dumps(found))
"""


def domain(remaining: str = "", **computed: str) -> dict[str, Any]:
    made = {"remaining": f"bigint? computed {remaining}"} if remaining else {}
    line = {"quantity": "int(1..9)", "price": "money(EUR)"}
    lines = {"entity": "BillLine", "fields": line}
    fields = {"due": "bigint", "paid": "bigint?", **made, **computed}
    if computed:
        line["amount"] = "money(EUR) computed quantity * price"
    return {"context": "billing", "aggregates": {"Bill": {"fields": fields, "parts": {"lines": lines}}}}


def change(project: Path, new: dict[str, Any], message: str, tmp_path: Path) -> str:
    """Generate anew what the new domain changes, and write the revision; its identity."""
    tree = rendering.copy_domain(new, tmp_path / message / project.name)
    for folder in ("src", "dev"):
        shutil.copytree(tree / folder, project / folder, dirs_exist_ok=True)
    said = make(project, "migration", f"m={message}")
    assert "It fills" in said
    (written,) = project.glob(f"migrations/versions/20*_{message}.py")
    return written.name.removesuffix(f"_{message}.py")


@pytest.mark.slow
def test_rows_are_filled(tmp_path: Path) -> None:
    project = rendering.copy_domain(domain(), tmp_path / "billing")
    commit_all(project, "Start")
    set_up(project)
    computed = {"total": "money(EUR) computed sum(lines.amount)", "most": "int? computed max(lines.quantity)"}
    first = change(project, domain("due - paid", **computed), "compute", tmp_path)
    second = change(project, domain("due - 2 * paid", **computed), "otherwise", tmp_path)
    found = run(project / ".venv/bin/python", "-c", ROWS, first, second, cwd=project, env=GIT).stdout
    bills: list[list[Any]] = [["24.50", "EUR", 3], ["0", "EUR", None]]
    assert json.loads(found.splitlines()[-1]) == [
        [[remaining, *rest] for remaining, rest in zip(each, bills, strict=True)] for each in ([6, None], [2, None])
    ]
