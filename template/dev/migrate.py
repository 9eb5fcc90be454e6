"""Migrations, tried on a database of their own: `dev.migrate new "add a note"`, `check`, `lint` and others.

A revision runs while the release before it serves (docs/deployment.md), so it may neither hold a lock for long nor take
away what that release uses. It may say why a finding does not apply, or what made the removal safe:

    accepts = {"changing-column-type": "A longer varchar rewrites nothing."}  # rule of squawk → reason
    contract_after = "1.4.0"  # the first release that no longer uses what goes; an older one than this
"""

import argparse
import asyncio
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from alembic import command
from alembic.autogenerate import produce_migrations
from alembic.config import Config
from alembic.operations import MigrationScript
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from . import ROOT, alterations, joining, postgres, revisions

SQUAWK = Path(sys.executable).with_name("squawk")
POSTGRESQL = "15.0"  # the oldest that the service supports

# Taste, or met in another way.
NOT_ASKED = (
    "prefer-bigint-over-int",  # the contract bounds each integer
    "prefer-bigint-over-smallint",
    "prefer-text-field",  # the contract bounds each string; a longer varchar rewrites nothing
    "prefer-robust-stmts",  # IF NOT EXISTS would pass over an index whose build has failed
    "require-statement-timeout",  # a concurrent build takes its time; the deadline of the migration job bounds it
)

# Safe as soon as no release that runs uses what goes.
CONTRACTS = {"ban-drop-column", "ban-drop-table"}


def config(url: str) -> Config:
    """Alembic's configuration for the database at this URL."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Bring the database at this URL to the newest version. Raises CommandError where there are several."""
    joining.refuse_branches()
    alembic = config(url)
    try:
        command.upgrade(alembic, "head")
    except CommandError:
        # Two branches may have made the same, and this database has it by the one that comes later now.
        with contextlib.suppress(CommandError):
            command.check(alembic)
            command.stamp(alembic, "base")
            command.stamp(alembic, "head")
            print("The database has all that the revisions make: they are noted as applied.")
            return
        raise


@contextmanager
def server() -> Iterator[str]:
    """The server for throw-away databases: that of DATABASE_URL, or an embedded one."""
    given = os.environ.get("DATABASE_URL")
    with contextlib.nullcontext(given) if given else postgres.server() as url:
        yield url


@contextmanager
def scratch() -> Iterator[Config]:
    """An empty database that is removed when the block ends."""
    with server() as url:
        database = asyncio.run(postgres.create_database(url))
        try:
            yield config(database)
        finally:
            asyncio.run(postgres.drop_database(url, database))


def new(message: str, base: str) -> None:
    """Make one line of the revisions; then, with a message, write one for what has changed in the tables."""
    joined = join(base)
    if not message:
        if not joined:
            raise CommandError('Say what changes: make migration m="add a note"')
        return
    path = write(message, joining.new_id())
    if path:
        print(f"Read it before you commit it: {os.path.relpath(path)}")


def write(message: str, number: str) -> str | None:
    """Write a revision for what the ones there are do not make; the answer is its path, None if they make all."""
    with scratch() as alembic:
        command.upgrade(alembic, "head")
        written = command.revision(
            alembic, message, autogenerate=True, rev_id=number, process_revision_directives=complete
        )
    for script in written if isinstance(written, list) else [written]:
        if script is not None:
            tidy(script.path)
            return str(script.path)
    return None


def join(base: str) -> bool:
    """Make one line of the revisions, and see that each works in its new place; whether there was something to do."""
    joined = joining.join(base)
    if not joined:
        return False
    with scratch() as alembic:
        for each in joined:
            tidy(str(each.path))
            try:
                command.upgrade(alembic, each.id)
            except CommandError as error:
                raise CommandError(
                    f"{os.path.relpath(each.path)} does not work after those that come before it now: {error}\n"
                    f"`make migration rewrite={each.id}` writes it anew for what they do not make; what you wrote into"
                    " it by hand is in git."
                ) from None
    print("Read them before you commit them. A database that had one of them already gets what it lacks with its next")
    print("upgrade; that of `make run` with the next start.")
    return True


def tidy(path: str) -> None:
    """Bring what Alembic wrote into the project's style."""
    for step in (["format"], ["check", "--fix", "--exit-zero"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, "--quiet", path], check=True)  # noqa: S603 - our own tool


def complete(
    context: MigrationContext, _: Iterable[str | None] | Iterable[str], scripts: list[MigrationScript]
) -> None:
    """Rename what domain.yaml renames instead of dropping it, and write no revision where nothing has changed."""
    metadata = context.opts["target_metadata"]
    found = alterations.rename(context, metadata)
    if found:
        rest = produce_migrations(context, metadata)
        if rest.upgrade_ops is not None and rest.downgrade_ops is not None:
            scripts[0].upgrade_ops, scripts[0].downgrade_ops = rest.upgrade_ops, rest.downgrade_ops
        print("It renames what the release that is running uses. Stop that one first, and say so in the revision's")
        print("`accepts`; or expand and contract instead.")
    up, down = scripts[0].upgrade_ops, scripts[0].downgrade_ops
    if up is not None and down is not None and context.connection is not None:
        converted = revisions.unlock(context.connection, metadata, up, down)
        if converted:
            print(f"It converts the values of {', '.join(f'{table}.{column}' for table, column in sorted(converted))}.")
            print("The table is locked meanwhile, and the release that is running knows the old type: say in the")
            print("revision's `accepts` why that is right; or expand and contract instead.")
        # The rest knows the new names alone.
        up.ops[:0] = [rename.operation for rename in found]
        down.ops += [rename.reverse for rename in reversed(found)]
    if up is not None and up.is_empty():
        print("The tables are as the migrations make them: nothing to write.")
        scripts.clear()


def check() -> None:
    """Upgrade, downgrade, upgrade; then the tables must be what the migrations make. Raises CommandError if not."""
    joining.refuse_branches()
    with scratch() as alembic:
        command.upgrade(alembic, "head")
        command.downgrade(alembic, "base")
        command.upgrade(alembic, "head")
        command.revision(alembic, autogenerate=True, process_revision_directives=refuse)
        command.check(alembic)


def refuse(
    context: MigrationContext, revision: Iterable[str | None] | Iterable[str], scripts: list[MigrationScript]
) -> None:
    """Let no revision be missing, also of what Alembic itself does not compare."""
    complete(context, revision, scripts)
    if scripts:
        raise CommandError('The tables are not what the migrations make: make migration m="…"')


def lint() -> bool:
    """Print what is wrong with the SQL of the revisions; whether nothing is."""
    branches = [*joining.findings(joining.read())]
    if branches:
        print(*branches, sep="\n")
        return False
    scripts = [*ScriptDirectory.from_config(config("")).walk_revisions()][::-1]
    findings = [finding for script in scripts for finding in linted(script)]
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"Migrations: {len(scripts)} linted, {len(findings)} findings.")
    return not findings


def linted(revision: Script) -> Iterator[str]:
    """What is wrong with a revision, each with its remedy."""
    name = os.path.relpath(revision.path, ROOT)
    accepted: dict[str, str] = getattr(revision.module, "accepts", {})
    may_contract = False
    if hasattr(revision.module, "contract_after"):
        complaint = contraction(revision.module)
        may_contract = complaint is None
        if complaint:
            yield f"{name}: {complaint}"
    found = set()
    statements = sql(revision)
    for finding in squawk(statements):
        rule = finding["rule_name"]
        if rule == "ban-drop-constraint" and only_succeeded(statements):
            continue
        if rule == "ban-drop-default" and only_converted(statements):
            continue
        found.add(rule)
        if accepted.get(rule, "").strip() or (rule in CONTRACTS and may_contract):
            continue
        yield f"{name}: {rule}: {finding['message']} {finding.get('help') or ''}".rstrip()
    for rule in sorted(accepted.keys() - found):
        yield f"{name}: accepts {rule!r}, which finds nothing here"


def only_succeeded(statements: str) -> bool:
    """Whether a stricter one follows each constraint that goes: values are unique in whatever case from now on."""
    gone = re.findall(r"DROP CONSTRAINT (\w+)", statements)
    return all(f"CREATE UNIQUE INDEX CONCURRENTLY {name}{revisions.IGNORECASE} " in statements for name in gone)


def only_converted(statements: str) -> bool:
    """Whether each column whose default goes gets another type, which is a finding of its own."""
    gone = re.findall(r"ALTER TABLE (\w+) ALTER COLUMN (\w+) DROP DEFAULT", statements)
    return all(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE " in statements for table, column in gone)


def contraction(module: ModuleType) -> str | None:
    """Why the revision must not take anything away yet; None if it may."""
    numbers = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", str(module.contract_after))
    if numbers is None:
        return f"contract_after is {module.contract_after!r}, not a version such as '1.4.0'"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    current = tuple(map(int, project["version"].split(".")))
    if tuple(map(int, numbers.groups())) >= current:
        return f"contract_after {module.contract_after} is not older than this release, {project['version']}"
    return None


def sql(revision: Script) -> str:
    """The statements of one revision."""
    written = io.StringIO()
    alembic = config("")
    alembic.output_buffer = written
    script = ScriptDirectory.from_config(alembic)
    step = MigrationStep.upgrade_from_script(script.revision_map, revision)
    # Not `upgrade`, which would print all branches up to a revision that joins some.
    before = revision.down_revision
    with EnvironmentContext(alembic, script, fn=lambda *_: [step], as_sql=True, starting_rev=before):
        script.run_env()
    return written.getvalue()


def squawk(statements: str) -> list[dict[str, str]]:
    """The findings of squawk: rule_name, message and help of each."""
    options = ("--reporter", "json", "--pg-version", POSTGRESQL, "--exclude", ",".join(NOT_ASKED))
    done = subprocess.run(  # noqa: S603 - our own tool
        [str(SQUAWK), *options], input=statements, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1) or done.stderr:
        raise SystemExit(f"squawk failed: {done.stderr or done.stdout}")
    findings: list[dict[str, str]] = json.loads(done.stdout or "[]")
    return findings


def main() -> int:
    """Carry out a command; 1, with what is wrong, if it fails or finds something."""
    parser = argparse.ArgumentParser(prog="dev.migrate", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    base = argparse.ArgumentParser(add_help=False)
    base.add_argument("--base", default="origin/main", help="the commit whose revisions stay as they are")
    writing = commands.add_parser("new", parents=[base], help="write a revision")
    writing.add_argument("message", help="what changes; empty: only make one line of the revisions")
    writing = commands.add_parser("rewrite", parents=[base], help="write a revision anew, in its place")
    writing.add_argument("revision", help="its id; those after it get nothing to do")
    commands.add_parser("join", parents=[base], help="only make one line of the revisions, where they are none")
    commands.add_parser("check", help="upgrade, downgrade and upgrade, and compare with the tables")
    commands.add_parser("lint", help="look for what locks tables or breaks the release that is running")
    options = parser.parse_args()
    try:
        if options.command == "new":
            new(options.message, options.base)
        elif options.command == "join":
            join(options.base)
        elif options.command == "rewrite":
            for path in joining.rewrite(options.revision, options.base, write):
                tidy(str(path))
        elif options.command == "lint":
            return 0 if lint() else 1
        else:
            check()
    except (CommandError, postgres.PostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
