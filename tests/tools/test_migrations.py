"""`make migration` writes what the gate takes: nothing that locks a table in use, and nothing left out."""

import re
import shutil
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

CIRCLE = """
customers.append_column(sa.Column("last_order_id", sa.Uuid))
customers.append_constraint(
    sa.ForeignKeyConstraint(
        ["last_order_id"], ["orders.id"], name="fk_customers_last_order_id", ondelete="RESTRICT", use_alter=True
    )
)
"""

CUSTOMER_ID = (
    r'    sa\.Column\(\n        "customer_id",.*?\n    \),\n',
    r'    sa\.Index\([^\n]*"customer_id".*?\),\n',
    r'    sa\.ForeignKeyConstraint\(\n        \["customer_id"\],.*?\n    \),\n',
)


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
    make(sample, "migration", 'm=rate up to "nine"')  # a docstring that ends with a quote
    changed = (sample / "migrations/versions/0003_rate_up_to_nine.py").read_text(encoding="utf-8")
    assert changed.index('drop_constraint("ck_customers_rating"') < changed.index("BETWEEN 1 AND 9")
    migrate(sample, "check")
    # That clients may rely on the old one, a person has to weigh.
    assert "ban-drop-constraint" in make_fails(sample, "migrations")


@pytest.mark.slow
def test_values_stay_unique_while_their_case_begins_or_ceases_to_count(sample: Path) -> None:
    """Each step locks nothing, and a field that is renamed meanwhile takes its index along."""
    table = sample / "src/ordering/customer/table.py"
    ignoring = table.read_text(encoding="utf-8")
    index = 'sa.Index("uq_customers_email_ignorecase", sa.text("lower(normalize(email))"), unique=True)'
    plain = ignoring.replace(index, 'sa.UniqueConstraint("email", name="uq_customers_email")')
    assert plain != ignoring
    found = {}
    for name, text in (("plain", plain), ("ignoring", ignoring)):
        table.write_text(text, encoding="utf-8")
        make(sample, "migration", f"m={name}")
        found[name] = next(sample.glob(f"migrations/versions/*_{name}.py")).read_text(encoding="utf-8")
        make(sample, "migrations")
        migrate(sample, "check")
    up = {name: " ".join(text.partition("def downgrade")[0].split()) for name, text in found.items()}
    assert up["plain"].index('create_index("uq_customers_email"') < up["plain"].index("drop_index(")
    assert up["ignoring"].index('create_index( "uq_customers_email_ignorecase"') < up["ignoring"].index(
        "drop_constraint("
    )
    renamed = ignoring.replace('"email"', '"mail"').replace("(email)", "(mail)").replace("_email_", "_mail_")
    renamed = renamed.replace("sa.String(254),", 'sa.String(254),\n        info={"renamed_from": "email"},')
    table.write_text(renamed, encoding="utf-8")
    make(sample, "migration", "m=mail")
    text = next(sample.glob("migrations/versions/*_mail.py")).read_text(encoding="utf-8")
    assert "ALTER INDEX uq_customers_email_ignorecase RENAME TO uq_customers_mail_ignorecase" in text
    assert "create_index" not in text
    migrate(sample, "check")


def test_a_missing_check_is_missed(sample: Path) -> None:
    first = sample / "migrations/versions/0001_initial.py"
    text = first.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines(keepends=True) if "ck_orders_status" in line)
    first.write_text(text.replace(line, ""), encoding="utf-8")
    assert "The tables are not what the migrations make" in migrate(sample, "check", check=False)


@pytest.mark.slow
def test_tables_that_refer_to_each_other_go_and_come(sample: Path, tmp_path: Path) -> None:
    code, kept = sample / "src/ordering", tmp_path / "kept"
    with (code / "customer/table.py").open("a", encoding="utf-8") as stream:
        stream.write(CIRCLE)
    make(sample, "migration", "m=tell the last order")
    kept.mkdir()
    for name in ("customer", "order"):
        (code / name).rename(kept / name)
    make(sample, "migration", "m=forget both")
    gone = (sample / "migrations/versions/0003_forget_both.py").read_text(encoding="utf-8")
    upgrade, _, downgrade = gone.partition("def downgrade")
    assert upgrade.index('drop_table("order_lines")') < upgrade.index('drop_table("orders")')
    assert "create_foreign_key" in downgrade
    for name in ("customer", "order"):
        (kept / name).rename(code / name)
    make(sample, "migration", "m=remember both")
    # Up, down to nothing, up again, and nothing is missing.
    migrate(sample, "check")


@pytest.mark.slow
def test_a_table_goes_after_the_column_that_refers_to_it(sample: Path) -> None:
    orders = sample / "src/ordering/order/table.py"
    text = orders.read_text(encoding="utf-8")
    for pattern in CUSTOMER_ID:
        text, count = re.subn(pattern, "", text, flags=re.DOTALL)
        assert count
    orders.write_text(text, encoding="utf-8")
    shutil.rmtree(sample / "src/ordering/customer")
    make(sample, "migration", "m=forget the customers")
    migrate(sample, "check")
