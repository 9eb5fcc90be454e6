"""`make migration` writes what the gate takes: nothing that locks a table in use, and nothing left out."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness.projects import make, make_fails
from harness.repository import GIT, commit_all, git
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


def written_for(project: Path, message: str) -> Path:
    """The file of the revision with this message."""
    (path,) = project.glob(f"migrations/versions/20*_{message}.py")
    return path


SERVE = """
import sys
from dev import postgres
with postgres.server() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def embedded(project: Path) -> Iterator[str]:
    """The URL of a database that the project's own tool brings, as `make run` does."""
    command = [str(project / ".venv/bin/python"), "-c", SERVE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=project, text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()


def test_a_new_revision_locks_nothing_and_lacks_nothing(sample: Path) -> None:
    table = sample / "src/ordering/customer/table.py"
    before = table.read_text(encoding="utf-8")
    table.write_text(before + CHANGES, encoding="utf-8")
    assert "make migration" in migrate(sample, "check", check=False)
    make(sample, "migration", "m=say more of customers")
    revision = written_for(sample, "say_more_of_customers")
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
    changed = written_for(sample, "rate_up_to_nine").read_text(encoding="utf-8")
    assert changed.index('drop_constraint("ck_customers_rating"') < changed.index("CHECK (rating BETWEEN 1 AND 9)")
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
        found[name] = written_for(sample, name).read_text(encoding="utf-8")
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
    text = written_for(sample, "mail").read_text(encoding="utf-8")
    assert "ALTER INDEX uq_customers_email_ignorecase RENAME TO uq_customers_mail_ignorecase" in text
    assert "create_index" not in text
    migrate(sample, "check")


@pytest.fixture
def branching(sample: Path) -> Iterator[Path]:
    """The sample, in which branches are made, and are gone afterwards."""
    yield sample
    git(sample, "switch", "--quiet", "--discard-changes", "main")
    for name in git(sample, "branch", "--format=%(refname:short)").split():
        if name != "main":
            git(sample, "branch", "--quiet", "-D", name)


def test_revisions_of_two_branches_become_one_line(branching: Path) -> None:
    sample = branching
    table = sample / "src/ordering/customer/table.py"
    found = {}
    for name in ("place", "seats"):
        git(sample, "switch", "--quiet", "--create", name, "main")
        text = table.read_text(encoding="utf-8")
        column = f'    sa.Column("{name}", sa.Integer()),\n'
        line = '    sa.Column(\n        "name",\n' if name == "place" else '    sa.Column(\n        "modified_at",\n'
        table.write_text(text.replace(line, column + line, 1), encoding="utf-8")
        make(sample, "migration", f"m=add {name}")
        found[name] = written_for(sample, f"add_{name}")
        commit_all(sample, name)
    git(sample, "merge", "--quiet", "place")
    names = [str(path.relative_to(sample)) for path in found.values()]
    for said in (make_fails(sample, "migrations"), migrate(sample, "check", check=False), make_fails(sample, "run")):
        assert all(name in said for name in names)
        assert "make migration" in said
    said = make(sample, "migration")
    assert f"{names[1]} comes after {names[0]} now" in said
    assert git(sample, "diff", "--name-only") == names[1]
    make(sample, "migrations")
    migrate(sample, "check")
    assert "Say what changes" in make_fails(sample, "migration")
    # One that joins branches is linted as any other.
    for arguments in (("revision", "--head", "0001", "--splice", "--message", "beside"), ("merge", "heads")):
        run(sample / ".venv/bin/alembic", *arguments, cwd=sample, env={**GIT, "PYTHONPATH": "src"})
    assert "Migrations: 5 linted, 0 findings." in make(sample, "migrations")
    migrate(sample, "check")


@pytest.mark.slow
def test_two_branches_may_make_the_same(branching: Path) -> None:
    """The younger revision is written anew, and databases that have it under its id lose nothing."""
    sample = branching
    table = sample / "src/ordering/customer/table.py"
    plain = table.read_text(encoding="utf-8")
    place = f'{plain}customers.append_column(sa.Column("place", sa.Integer()))\n'
    both = f'{place}customers.append_column(sa.Column("seats", sa.Integer()))\n'
    for name, text in (("one", place), ("other", both)):
        git(sample, "switch", "--quiet", "--create", name, "main")
        table.write_text(text, encoding="utf-8")
        make(sample, "migration", f"m={name}")
        commit_all(sample, name)
    path = written_for(sample, "other")
    number = path.name.removesuffix("_other.py")
    with embedded(sample) as url:
        upgrade = "import sys; from dev import migrate; migrate.upgrade(sys.argv[1])"
        python = sample / ".venv/bin/python"
        run(python, "-c", upgrade, url, cwd=sample, env=GIT)
        run("git", "merge", "--quiet", "one", cwd=sample, env=GIT, check=False)
        assert "Merge these first, and say git add: src/ordering/customer/table.py" in make_fails(sample, "migration")
        git(sample, "checkout", "--quiet", "--ours", "--", str(table))
        commit_all(sample, "both")
        said = make_fails(sample, "migration")
        assert f"{path.relative_to(sample)} does not work after" in said
        assert "DuplicateColumn" in said
        assert "There is no revision 0007" in make_fails(sample, "migration", "rewrite=0007")
        assert "HEAD has 0001" in make_fails(sample, "migration", "rewrite=0001", "BASE=HEAD")
        make(sample, "migration", f"rewrite={number}")
        text = path.read_text(encoding="utf-8")
        assert f'revision = "{number}"' in text
        assert "seats" in text
        assert "place" not in text
        migrate(sample, "check")
        said = run(python, "-c", upgrade, url, cwd=sample, env=GIT).stdout
        assert "The database has all that the revisions make" in said
        run(python, "-c", upgrade, url, cwd=sample, env=GIT)
    # Without seats there would be nothing left to do.
    table.write_text(place, encoding="utf-8")
    make(sample, "migration", f"rewrite={number}")
    assert "op." not in path.read_text(encoding="utf-8")
    migrate(sample, "check")
    make(sample, "lint")


KEYS_OF_BEFORE = """\
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="The stored answer: HTTP status."),
        sa.Column("version", sa.Integer(), nullable=True, comment="The stored answer: version behind its ETag."),
        sa.Column("location", sa.Text(), nullable=True, comment="The stored answer: Location header."),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="The stored answer: body, byte for byte."),
"""
"""The columns of idempotency keys that differ in services of template 0.1."""


def test_a_service_of_before_gets_the_columns_of_outcomes(sample: Path) -> None:
    """By one revision, as releases/0.2.0.yaml says, which the release before lives with."""
    first = sample / "migrations/versions/0001_initial.py"
    text = first.read_text(encoding="utf-8")
    start, end = text.index('        sa.Column(\n            "outcome"'), text.index('        sa.Column("expires_at"')
    first.write_text(text[:start] + KEYS_OF_BEFORE + text[end:], encoding="utf-8")
    assert 'make migration m="' in migrate(sample, "check", check=False)
    make(sample, "migration", "m=keep outcomes")
    written = written_for(sample, "keep_outcomes").read_text(encoding="utf-8")
    upgrade = written.partition("def downgrade")[0]
    assert re.findall(r'add_column\(\s*"(\w+)",\s*sa\.Column\(\s*"(\w+)"', upgrade) == [
        ("idempotency_key", "outcome"),
        ("idempotency_key", "resource"),
    ]
    assert {*re.findall(r"op\.(\w+)\(", upgrade)} == {"add_column", "alter_column"}  # of comments
    assert "accepts" not in written
    make(sample, "migrations")
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
    gone = written_for(sample, "forget_both").read_text(encoding="utf-8")
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
