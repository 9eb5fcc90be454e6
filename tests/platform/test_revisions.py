"""Releases come and go in any order on one database; each finds what it needs, or says why it does not."""

import asyncio
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from dev import ROOT, postgres

REVISION = '''"""Make {revision}."""

from alembic import op

revision = {revision!r}
down_revision = {after!r}


def upgrade() -> None:
    op.execute("CREATE TABLE made_by_{revision} ()")


def downgrade() -> None:
    op.execute("DROP TABLE made_by_{revision}")
'''
Release = Callable[[Mapping[str, str | tuple[str, ...]]], Config]
FORMS = [("0002", "0003", "0004"), ("9f3c1d2ab4e7", "1b0de5c84f20", "e27a90c3d615")]


@pytest.fixture
def database(server: str) -> Iterator[str]:
    url = asyncio.run(postgres.create_database(server))
    yield url
    asyncio.run(postgres.drop_database(server, url))


@pytest.fixture
def release(database: str, tmp_path: Path) -> Release:
    """A release as its image has it: the first revision of this service, and more of them after those named."""

    def make(revisions: Mapping[str, str | tuple[str, ...]]) -> Config:
        folder = tmp_path / "+".join(["N", *revisions])
        if not folder.exists():
            shutil.copytree(ROOT / "migrations", folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "alembic.ini", folder)
            for revision, after in revisions.items():
                file = folder / "migrations" / "versions" / f"{revision}.py"
                file.write_text(REVISION.format(revision=revision, after=after))
        config = Config(folder / "alembic.ini", stdout=io.StringIO())
        config.attributes["url"] = database
        return config

    return make


def rows(database: str, statement: str) -> list[asyncpg.Record]:
    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(database)
        try:
            return await connection.fetch(statement)
        except asyncpg.PostgresSyntaxError:  # several statements, which answer nothing
            await connection.execute(statement)
            return []
        finally:
            await connection.close()

    return asyncio.run(fetch())


def heads(database: str) -> set[str]:
    return {row["version_num"] for row in rows(database, "SELECT version_num FROM alembic_version")}


def made(database: str) -> set[str]:
    found = rows(database, "SELECT tablename FROM pg_tables WHERE tablename LIKE 'made_by_%'")
    return {row["tablename"].removeprefix("made_by_") for row in found}


def migration_job() -> list[str]:
    """The command of the chart's migration job, which is that of the compose file too."""
    (chart,) = (ROOT / "deploy" / "helm").glob("*/templates/migration.yaml")
    commands = {
        words
        for path in (chart, ROOT / "compose.yaml")
        for words in re.findall(r"(?:command|entrypoint): \[(alembic, [^\]]+)\]", path.read_text())
    }
    (words,) = commands
    return words.split(", ")


def test_the_migration_job_of_an_older_release_finds_its_work_done(release: Release, database: str) -> None:
    program, *arguments = migration_job()
    releases = release({}), release({"0002": "0001"})
    for number, ahead in ((0, False), (1, False), (0, True)):
        done = subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            cwd=Path(str(releases[number].config_file_name)).parent,
            env={**os.environ, "DATABASE_URL": database, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert ("ahead of this release, at 0002: nothing to do" in done.stdout) == ahead
    assert heads(database) == {"0002"}


@pytest.mark.parametrize("ids", FORMS)
def test_releases_may_be_several_revisions_behind(release: Release, database: str, ids: tuple[str, ...]) -> None:
    two, three, four = ids
    line: dict[str, str | tuple[str, ...]] = {two: "0001", three: two, four: three}
    command.upgrade(release(line), "head")
    for behind in ({}, {two: "0001"}, {two: "0001", three: two}):
        command.upgrade(release(behind), "head")
        assert heads(database) == {four}
    command.upgrade(release({**line, "later": four}), "head")
    assert heads(database) == {"later"}


def test_a_hotfix_gets_its_revision_beside_a_later_one(
    release: Release, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    next_one, hotfix = release({"two": "0001"}), release({"fix": "0001"})
    command.upgrade(next_one, "head")
    command.upgrade(hotfix, "head")
    assert "at two, which this release does not know; it gets what is missing" in capsys.readouterr().out
    assert heads(database) == {"two", "fix"}
    assert made(database) == {"two", "fix"}
    for again in (next_one, hotfix, release({})):
        command.upgrade(again, "head")
        assert "ahead of this release" in capsys.readouterr().out
    command.upgrade(release({"two": "0001", "fix": "0001", "both": ("two", "fix")}), "head")
    assert heads(database) == {"both"}
    command.upgrade(hotfix, "head")
    assert "ahead of this release, at both: nothing to do" in capsys.readouterr().out
    assert heads(database) == {"both"}


def test_a_hotfix_may_join_the_line_after_what_it_was_beside(release: Release, database: str) -> None:
    command.upgrade(release({"two": "0001"}), "head")
    command.upgrade(release({"fix": "0001"}), "head")
    joined: dict[str, str | tuple[str, ...]] = {"two": "0001", "fix": "two"}
    command.upgrade(release(joined), "head")
    command.upgrade(release({**joined, "three": "fix"}), "head")
    assert made(database) == {"two", "fix", "three"}
    command.upgrade(release({**joined, "three": "fix", "four": "three"}), "head")
    assert made(database) == {"two", "fix", "three", "four"}
    command.upgrade(release({}), "head")


def test_a_database_older_than_the_table_is_known_with_its_next_revision(release: Release, database: str) -> None:
    command.upgrade(release({"two": "0001"}), "head")
    rows(database, "DROP TABLE applied_revision")
    command.upgrade(release({"two": "0001", "three": "two"}), "head")
    for behind in ({}, {"two": "0001"}):
        command.upgrade(release(behind), "head")
    assert heads(database) == {"three"}


def test_a_revision_that_was_applied_by_hand_is_known(release: Release, database: str) -> None:
    command.upgrade(release({}), "head")
    written = release({"two": "0001"})
    written.output_buffer = io.StringIO()
    command.upgrade(written, "0001:head", sql=True)
    rows(database, written.output_buffer.getvalue())
    command.upgrade(release({}), "head")
    assert heads(database) == {"two"}


@pytest.mark.parametrize(
    "history",
    [
        "UPDATE alembic_version SET version_num = 'other'",
        "UPDATE alembic_version SET version_num = 'other'; DROP TABLE applied_revision",
        "UPDATE alembic_version SET version_num = 'other';"  # noqa: ISC004 - one history
        "INSERT INTO applied_revision VALUES ('other', '{root}', 'Start.'), ('root', '{}', 'Go on.')",
        "INSERT INTO alembic_version VALUES ('other')",
    ],
)
def test_foreign_revisions_are_an_error(release: Release, database: str, history: str) -> None:
    command.upgrade(release({}), "head")
    rows(database, history)
    before = heads(database)
    with pytest.raises(CommandError, match=r"nothing there says that (other|root) came after"):
        command.upgrade(release({"two": "0001"}), "head")
    assert heads(database) == before
    assert made(database) == set()


def test_only_who_has_a_revision_takes_it_back(release: Release, database: str) -> None:
    next_one = release({"two": "0001"})
    command.upgrade(next_one, "head")
    for target in ("-1", "base"):
        with pytest.raises(CommandError, match="Only the release that has two"):
            command.downgrade(release({}), target)
    assert heads(database) == {"two"}
    command.downgrade(next_one, "0001")
    assert [row["revision"] for row in rows(database, "SELECT revision FROM applied_revision")] == ["0001"]
    command.upgrade(release({"three": "0001"}), "head")
    with pytest.raises(CommandError, match="three"):
        command.check(release({}))


@pytest.mark.parametrize("target", ["head", "0001", "two"])
def test_two_revisions_of_one_number_are_an_error(release: Release, database: str, target: str) -> None:
    command.upgrade(release({"two": "0001"}), "head")
    other = release({"two": "0001", "three": "two"})
    (file,) = Path(str(other.config_file_name)).parent.glob("migrations/versions/two.py")
    file.write_text(file.read_text().replace("Make two.", "Make another thing."))
    with pytest.raises(CommandError, match=r"Revision two of this release is 'Make another thing\.', that of the"):
        command.upgrade(other, target)
    assert heads(database) == {"two"}


@pytest.mark.parametrize("target", ["head", "fix"])
def test_what_came_before_later_is_applied_later(release: Release, database: str, target: str) -> None:
    """A revision of a branch was applied before one of another branch came before it."""
    command.upgrade(release({"fix": "0001"}), "head")
    rows(database, "INSERT INTO made_by_fix DEFAULT VALUES")
    joined: dict[str, str | tuple[str, ...]] = {"one": "0001", "two": "one", "fix": "two", "three": "fix"}
    command.upgrade(release(joined), target)
    later = set() if target == "fix" else {"three"}
    assert made(database) == {"one", "two", "fix"} | later
    assert heads(database) == (later or {"fix"})
    for again in (release(joined), release({"one": "0001", "two": "one"}), release({"fix": "0001"}), release(joined)):
        command.upgrade(again, "head")
    assert heads(database) == {"three"}
    assert len(rows(database, "SELECT * FROM made_by_fix")) == 1
    command.downgrade(release(joined), "base")
    assert made(database) == set()


def test_what_is_lacking_is_neither_stamped_away_nor_passed_on_the_way_back(release: Release, database: str) -> None:
    command.upgrade(release({"fix": "0001"}), "head")
    joined = release({"one": "0001", "fix": "one"})
    with pytest.raises(CommandError, match=r"lacks one, .* upgrade first"):
        command.downgrade(joined, "0001")
    command.stamp(joined, "head")
    assert made(database) == {"fix"}
    command.upgrade(joined, "head")
    assert made(database) == {"one", "fix"}


def test_a_revision_that_fails_in_its_new_place_leaves_all_as_it_was(release: Release, database: str) -> None:
    command.upgrade(release({"fix": "0001"}), "head")
    rows(database, "CREATE TABLE made_by_one ()")
    with pytest.raises(CommandError, match="DuplicateTable"):
        command.upgrade(release({"one": "0001", "fix": "one"}), "head")
    assert heads(database) == {"fix"}
    # Whoever sees that it is there says so.
    for stamp in ("one", "head"):
        command.stamp(release({"one": "0001", "fix": "one"}), stamp)
    command.upgrade(release({"one": "0001", "fix": "one"}), "head")
    assert heads(database) == {"fix"}


def test_what_is_stamped_away_is_not_applied_any_more(release: Release, database: str) -> None:
    line = release({"two": "0001", "three": "two", "four": "three"})
    command.upgrade(line, "head")
    command.stamp(line, "0001")
    assert [row["revision"] for row in rows(database, "SELECT revision FROM applied_revision")] == ["0001"]


@pytest.mark.parametrize("joins", [True, False])
def test_a_renumbered_revision_is_known_by_its_message(release: Release, database: str, joins: bool) -> None:
    """Two branches counted the same number; the one that this database has got another one when they were merged."""
    command.upgrade(release({"0002": "0001", "0003": "0002"}), "0002")
    rows(database, "INSERT INTO made_by_0002 DEFAULT VALUES")
    merged = release({"0002": "0001", "new": "0002", "later": "new"} if joins else {"new": "0001"})
    folder = Path(str(merged.config_file_name)).parent / "migrations" / "versions"
    new = folder / "new.py"
    new.write_text(new.read_text().replace("Make new.", "Make 0002.").replace("down_", 'formerly = "0002"\ndown_'))
    if joins:
        elder = REVISION.format(revision="other", after="0001").replace("'other'", "'0002'")
        (folder / "0002.py").write_text(elder)
    command.upgrade(merged, "head")
    assert made(database) == ({"0002", "other", "later"} if joins else {"0002"})
    assert heads(database) == ({"later"} if joins else {"new"})
    assert len(rows(database, "SELECT * FROM made_by_0002")) == 1
    command.upgrade(merged, "head")


def test_a_revision_that_joins_two_is_applied_and_taken_back(release: Release, database: str) -> None:
    joined = release({"a": "0001", "b": "0001", "both": ("a", "b")})
    command.upgrade(joined, "head")
    assert heads(database) == {"both"}
    command.downgrade(joined, "base")
    assert made(database) == set()
