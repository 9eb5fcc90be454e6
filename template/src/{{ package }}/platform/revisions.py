"""What the database knows of its migrations, so that a release which is older than they are finds its work done.

Alembic's own table names the newest revisions only. The one here keeps each revision that was applied, with those that
it came after: a release that does not know the newest one finds there how far its own are applied. Only migrations
import this module.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

Heads = tuple[str, ...]
Steps = Callable[[Heads, MigrationContext], Iterable[Any]]
"""What Alembic is to do: for the newest revisions of the database, the steps from there."""

TABLE = "applied_revision"
# Not one of the service's tables: revisions neither make nor change it.
applied = sa.Table(
    TABLE,
    sa.MetaData(),
    sa.Column("revision", sa.Text, primary_key=True),
    sa.Column("after", postgresql.ARRAY(sa.Text), nullable=False, comment="The revisions that it came after."),
    sa.Column("message", sa.Text, nullable=False, comment="What tells it from another one of the same number."),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    comment="Revisions that were applied to this database.",
)
newest = sa.table("alembic_version", sa.column("version_num", sa.Text))


def is_of_the_service(name: str | None, kind: str, _: Any) -> bool:
    """Whether Alembic compares an object of the database with the tables of the service."""
    return kind != "table" or name != TABLE


def record(ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]) -> None:
    """Note the revision that was applied, and what came before it; or that one was taken back."""
    script: ScriptDirectory = ctx.opts["script"]
    ctx.execute(sa.schema.CreateTable(applied, if_not_exists=True))
    if step.is_upgrade:
        lineage = _lineage(script, step.up_revision_ids)
        # All of them: the table may be younger than the database.
        rows = [
            {
                "revision": each.revision,
                "after": postgresql.array(sorted(_parents(each)), type_=sa.Text),
                "message": each.doc,
            }
            for each in sorted(map(script.get_revision, lineage), key=lambda each: each.revision)
        ]
        ctx.execute(postgresql.insert(applied).values(rows).on_conflict_do_nothing())
        if not ctx.as_sql:
            # One that was beside this line when it was applied may belong to it by now.
            older = lineage - set(step.up_revision_ids)
            ctx.execute(newest.delete().where(newest.c.version_num.in_(sorted(older))))
    else:
        ctx.execute(applied.delete().where(applied.c.revision.in_(step.up_revision_ids)))


def from_what_is_known(steps: Steps) -> Steps:
    """The steps, for a database that may have revisions of releases after this one, or beside it."""

    def known(heads: Heads, context: MigrationContext) -> Iterable[Any]:
        script: ScriptDirectory = context.opts["script"]
        ours = {each.revision: each for each in script.walk_revisions()}
        there = _applied(context)
        for each in ours.keys() & there.keys():
            if ours[each].doc != there[each].message:
                raise CommandError(
                    f"Revision {each} of this release is {ours[each].doc!r}, that of the database"
                    f" {there[each].message!r}. Two branches gave one number: give the later one another."
                )
        foreign = sorted(set(heads) - ours.keys())
        found = _last_known(heads, ours.keys(), there) if foreign else set(heads)
        missing = list(steps(_without_older(script, found), context))
        if not foreign:
            return missing
        if not all(step.is_upgrade for step in missing):
            raise CommandError(f"Only the release that has {_listed(foreign)} can take the database back from there.")
        if missing:
            print(f"The database is at {_listed(foreign)}, which this release does not know; it gets what is missing.")
        else:
            print(f"The database is ahead of this release, at {_listed(foreign)}: nothing to do.")
        return missing

    return known


def _applied(context: MigrationContext) -> dict[str, sa.Row[Any]]:
    """What the table says, by revision; nothing where there is no table yet."""
    if context.connection is None or not sa.inspect(context.connection).has_table(TABLE):
        return {}
    return {row.revision: row for row in context.connection.execute(sa.select(applied))}


def _last_known(heads: Heads, ours: Collection[str], there: Mapping[str, sa.Row[Any]]) -> set[str]:
    """The newest of our revisions that are applied; raises CommandError where nothing tells."""
    found: set[str] = set()
    waiting = list(heads)
    while waiting:
        revision = waiting.pop()
        if revision in ours:
            found.add(revision)
        elif revision in there and there[revision].after:
            waiting += there[revision].after
        else:
            raise CommandError(
                f"The database is at {_listed(heads)}, and nothing there says that {revision} came after a revision of"
                " this service. Is it the database of another one? Or did a release apply it that kept no table"
                f" {TABLE}? Then deploy that release or a later one."
            )
    return found


def _without_older(script: ScriptDirectory, revisions: set[str]) -> Heads:
    """Those that no other one of them came after."""
    older = {each for revision in revisions for each in _lineage(script, [revision]) if each != revision}
    return tuple(sorted(revisions - older))


def _lineage(script: ScriptDirectory, revisions: Iterable[str]) -> set[str]:
    """The revisions and all that they came after."""
    found: set[str] = set()
    waiting = list(revisions)
    while waiting:
        revision = waiting.pop()
        if revision not in found:
            found.add(revision)
            waiting += _parents(script.get_revision(revision))
    return found


def _parents(revision: Script) -> set[str]:
    return {*_tuple(revision.down_revision), *_tuple(revision.dependencies)}


def _tuple(value: str | Iterable[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _listed(revisions: Iterable[str]) -> str:
    return ", ".join(revisions)
