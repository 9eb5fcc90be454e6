"""Migrations, tried on a database of their own: `dev.migrate new "add a note"`, `dev.migrate check`."""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from alembic import command
from alembic.autogenerate import produce_migrations
from alembic.config import Config
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

from . import ROOT, joining, postgres, renames, revisions, rewriting


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
    found = renames.carry_out(context, metadata)
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.migrate", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("new")
    writing.add_argument("message", help="what changes; empty: only make one line of the revisions")
    writing.add_argument("--base", default="origin/main", help="the commit whose revisions stay as they are")
    writing = commands.add_parser("rewrite")
    writing.add_argument("revision", help="its id; those after it get nothing to do")
    writing.add_argument("--base", default="origin/main", help="the commit whose revisions stay as they are")
    joined = commands.add_parser("join", help="only make one line of the revisions, where they are none")
    joined.add_argument("--base", default="origin/main", help="the commit whose revisions stay as they are")
    commands.add_parser("check")
    options = parser.parse_args()
    try:
        if options.command == "new":
            new(options.message, options.base)
        elif options.command == "join":
            join(options.base)
        elif options.command == "rewrite":
            for path in rewriting.rewrite(options.revision, options.base, write):
                tidy(str(path))
        else:
            check()
    except (CommandError, postgres.PostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
