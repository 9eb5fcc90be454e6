"""Two people, two branches, one service: what docs/branches.md says is done, and the gate is green."""

import re
from pathlib import Path

import pytest
from harness.projects import link_node_modules, make, set_up
from harness.repository import GIT, commit_all, git
from harness.tools import BIN, run

ENVIRONMENT = {**GIT, "CASTRUM": str(BIN / "castrum")}
OWN_TABLE = '''"""A table of ours."""

import sqlalchemy as sa

from ..platform.postgres.tables import metadata

remarks = sa.Table("remarks", metadata, sa.Column("id", sa.Uuid(), primary_key=True), comment="What we remark.")
'''
NUMBERED = "from dev import migrate; migrate.write('add remarks', '0002')"
# The database of `make run`: brought up to date as that does, a row is added, and what it has is printed.
DATABASE = """
import asyncio, asyncpg
from dev import STATE, migrate, postgres

async def look(url):
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO remarks VALUES (gen_random_uuid())")
    print("rows:", await connection.fetchval("SELECT count(*) FROM remarks"))
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'customers'"
    print("columns:", *(each[0] for each in await connection.fetch(columns)))
    await connection.close()

with postgres.server(STATE / "postgres") as url:
    migrate.upgrade(url)
    asyncio.run(look(url))
"""


def follow(clone: Path, block: str, *, check: bool = True) -> str:
    """Say the lines of a block, as the page has them."""
    return run("sh", "-e", "-c", block, cwd=clone, env=ENVIRONMENT, check=check, timeout=1500).stdout


def add_field(clone: Path, line: str) -> None:
    domain = clone / "domain.yaml"
    text = domain.read_text(encoding="utf-8")
    after = "      name: string(120) pii\n"
    assert after in text
    domain.write_text(text.replace(after, f"{after}      {line}\n"), encoding="utf-8")


@pytest.mark.slow
def test_two_clones_add_a_field_each(template_repository: Path, tmp_path: Path) -> None:
    seed, origin = tmp_path / "seed", tmp_path / "ordering.git"
    run(
        BIN / "copier", "copy", "--quiet", "--trust", "--defaults", "-d", "service_name=ordering",
        template_repository, seed, env=GIT,
    )  # fmt: skip
    commit_all(seed, "Start")
    set_up(seed)
    (seed / "src/ordering/own/table.py").write_text(OWN_TABLE, encoding="utf-8")
    run(seed / ".venv/bin/python", "-c", NUMBERED, cwd=seed, env=GIT)  # as revisions were counted once
    commit_all(seed, "Remarks")
    git(tmp_path, "clone", "--quiet", "--bare", str(seed), str(origin))
    clones = {}
    for name, line in (("ann", "colour: string(20)?"), ("ben", "seats: int?")):
        clone = clones[name] = tmp_path / name / "ordering"
        clone.parent.mkdir()
        git(tmp_path, "clone", "--quiet", str(origin), str(clone))
        set_up(clone)
        link_node_modules(clone)
        start, work, *_ = page(clone)
        follow(clone, start.replace("a-colour", name))
        add_field(clone, line)
        # The gate is the same after the merge, and takes its time.
        follow(clone, work.replace("make check\n", "").replace("a colour", line.split(":")[0]))
    ann, ben = clones.values()
    with_seats = run(ben / ".venv/bin/python", "-c", DATABASE, cwd=ben, env=GIT).stdout
    assert "seats" in with_seats
    assert "colour" not in with_seats
    follow(ann, "git push origin HEAD:main")  # as the button of the host does

    _, _, merge, finish, *_ = page(ben)
    follow(ben, merge, check=False)
    domain = ben / "domain.yaml"
    merged = domain.read_text(encoding="utf-8")
    assert "<<<<<<<" in merged  # both added a line at one place
    domain.write_text(re.sub(r"^(?:<{7}|={7}|>{7}).*\n", "", merged, flags=re.MULTILINE), encoding="utf-8")
    git(ben, "add", "domain.yaml")
    said = follow(ben, finish)
    assert "passed" in said
    assert re.search(r"_add_seats\.py comes after migrations/versions/\S+_add_colour\.py now", said)
    assert git(ben, "diff", "--name-only", "origin/main", "--", "migrations").endswith("_add_seats.py")
    make(ben, "drift", env={"CASTRUM": ENVIRONMENT["CASTRUM"]})
    both = run(ben / ".venv/bin/python", "-c", DATABASE, cwd=ben, env=GIT).stdout
    assert "rows: 2" in both
    assert "seats" in both
    assert "colour" in both


def page(clone: Path) -> list[str]:
    """The blocks of the page that are said in a shell."""
    text = (clone / "docs" / "branches.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
