"""`make migration` writes what the gate takes: nothing that locks a table in use, and nothing left out."""

from pathlib import Path

import pytest
from harness.projects import make, make_fails
from harness.repository import GIT
from harness.tools import run

pytestmark = pytest.mark.xdist_group("ordering")

CHANGES = """
customers.append_column(sa.Column("phone", sa.String(20), index=False))
customers.append_column(sa.Column("rating", sa.Integer))
customers.append_column(sa.Column("code", sa.String(8)))
customers.append_column(sa.Column("parent_id", sa.Uuid))
customers.append_column(sa.Column("vip", sa.Boolean, server_default=sa.text("false"), nullable=False))
sa.Index("ix_customers_phone", customers.c.phone)
customers.append_constraint(sa.UniqueConstraint("code", name="uq_customers_code"))
customers.append_constraint(
    sa.CheckConstraint("rating BETWEEN 1 AND 5", name=sa.sql.naming.conv("ck_customers_rating"))
)
customers.append_constraint(
    sa.ForeignKeyConstraint(["parent_id"], ["customers.id"], name="fk_customers_parent_id", ondelete="RESTRICT")
)
"""


def migrate(project: Path, *arguments: str, check: bool = True) -> str:
    done = run(project / ".venv/bin/python", "-m", "dev.migrate", *arguments, cwd=project, env=GIT, check=check)
    return done.stdout + done.stderr


def test_a_new_revision_locks_nothing_and_lacks_nothing(sample: Path) -> None:
    table = sample / "src/ordering/customer/table.py"
    before = table.read_text(encoding="utf-8")
    table.write_text(before + CHANGES, encoding="utf-8")
    assert "make migration" in migrate(sample, "check", check=False)
    make(sample, "migration", "m=say more of customers")
    revision = sample / "migrations/versions/0002_say_more_of_customers.py"
    written = revision.read_text(encoding="utf-8")
    for name in ("ck_customers_rating", "fk_customers_parent_id"):
        assert f"VALIDATE CONSTRAINT {name}" in written
    assert written.count("postgresql_concurrently=True") == 2
    assert "UNIQUE USING INDEX uq_customers_code" in written
    make(sample, "migrations")
    migrate(sample, "check")

    # A check that changes is another one; one that goes is dropped.
    table.write_text(before + CHANGES.replace("1 AND 5", "1 AND 9"), encoding="utf-8")
    make(sample, "migration", "m=rate up to nine")
    changed = (sample / "migrations/versions/0003_rate_up_to_nine.py").read_text(encoding="utf-8")
    assert changed.index('drop_constraint("ck_customers_rating"') < changed.index("BETWEEN 1 AND 9")
    migrate(sample, "check")
    # That clients may rely on the old one, a person has to weigh.
    assert "ban-drop-constraint" in make_fails(sample, "migrations")


def test_a_missing_check_is_missed(sample: Path) -> None:
    first = sample / "migrations/versions/0001_initial.py"
    text = first.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines(keepends=True) if "ck_orders_status" in line)
    first.write_text(text.replace(line, ""), encoding="utf-8")
    assert "The tables are not what the migrations make" in migrate(sample, "check", check=False)
