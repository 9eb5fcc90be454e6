"""The tables that are no aggregate's, and what migrations ask. Only migrations, tools and tests import SQLAlchemy.

Alembic's own table names the newest revisions only. The one here keeps each revision that was applied, with those that
it came after: a release which is older than the newest one finds there how far its own are applied, and its work done.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import asyncpg
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext, MigrationInfo, MigrationStep
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

from .history import as_tuple

Heads = tuple[str, ...]
Steps = Callable[[Heads, MigrationContext], Iterable[Any]]
"""What Alembic is to do: for the newest revisions of the database, the steps from there."""

# Check constraints have no convention: each is named where it is written.
metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

idempotency_key = sa.Table(
    "idempotency_key",
    metadata,
    sa.Column("caller", sa.Text, primary_key=True, comment="Subject of the token that sent the key."),
    sa.Column("key", sa.Text, primary_key=True, comment="The Idempotency-Key header."),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False, comment="Hash of method, path and body."),
    sa.Column("outcome", sa.Text, comment="What the call came to: created, changed, gone; or an endpoint's own word."),
    sa.Column("resource", sa.Text, comment="The resource that it is about: orders/<id>."),
    sa.Column("version", sa.Integer, comment="The version of the resource that the call left."),
    sa.Column("body", sa.LargeBinary, nullable=False, comment="The resource as the call left it, in JSON."),
    sa.Column("status", sa.SmallInteger, nullable=False, comment="The outcome, for instances of template 0.1."),
    sa.Column("location", sa.Text, index=True, comment="The resource, for instances of template 0.1."),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    comment="What calls came to, so that a repeated one is told the same.",
)

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

BEFORE = "in a revision before this one"
ALTERED = re.compile(
    r'ALTER TABLE "?(?P<table>\w+)"? ALTER COLUMN "?(?P<column>\w+)"? TYPE (?P<type>.+?)(?: USING .*)?', re.DOTALL
)


def is_of_the_service(name: str | None, kind: str, _: Any) -> bool:
    """Whether Alembic compares an object of the database with the tables of the service."""
    return kind != "table" or name != TABLE


def defaults_differ(_: MigrationContext, inspected: Any, column: Any, old: Any, __: Any, new: Any) -> bool | None:
    """Whether a column gets another default; None where PostgreSQL can tell, as both are of one type."""
    return None if _affinity(inspected.type) == _affinity(column.type) else old != new


def _affinity(type_: Any) -> tuple[Any, ...]:
    items = _affinity(type_.item_type) if isinstance(type_, sa.ARRAY) else ()
    return (type_._type_affinity, *items)


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
    else:
        gone = set(step.up_revision_ids)
        if step.is_stamp:  # over all that is between
            gone = _lineage(script, gone) - _lineage(script, step.down_revision_ids)
        ctx.execute(applied.delete().where(applied.c.revision.in_(sorted(gone))))


def rename_renumbered(context: MigrationContext) -> None:
    """Give a revision that the database has under a former id its id of now; the message tells which one that was."""
    script: ScriptDirectory = context.opts["script"]
    there = _applied(context)
    for each in script.walk_revisions():
        former = getattr(each.module, "formerly", None)
        if context.connection and former in there and there[former].message == each.doc and each.revision not in there:
            is_newest, is_it = newest.c.version_num == former, applied.c.revision == former
            context.connection.execute(newest.update().where(is_newest).values(version_num=each.revision))
            context.connection.execute(applied.update().where(is_it).values(revision=each.revision))
            after = sa.func.array_replace(applied.c.after, former, each.revision)
            context.connection.execute(applied.update().values(after=after))
            context.connection.commit()
            there = _applied(context)
            print(f"The database has {former} ({each.doc}), which is {each.revision} by now.")


def forget_older(context: MigrationContext) -> None:
    """Leave only the newest revisions in Alembic's table: one that was beside them may come before them by now."""
    script: ScriptDirectory = context.opts["script"]
    heads = set(context.get_current_heads())
    ours = {each.revision for each in script.walk_revisions()}
    older = (heads & ours).difference(_without_older(script, heads & ours))
    if older and context.connection:
        context.connection.execute(newest.delete().where(newest.c.version_num.in_(sorted(older))))
        context.connection.commit()


def noted(steps: Steps, under_way: list[str]) -> Steps:
    """The steps; the ids of the one that Alembic takes are in `under_way` meanwhile."""

    def each(heads: Heads, context: MigrationContext) -> Iterator[Any]:
        for step in steps(heads, context):
            under_way[:] = step.info.up_revision_ids
            yield step

    return each


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
                    f" {there[each].message!r}. Two branches gave one number: `make migration` with both of them gives"
                    " the younger one another."
                )
        foreign = sorted(set(heads) - ours.keys())
        # Beside what led to a later one, others of ours may be there, which have got their place in the line since.
        found = _last_known(heads, ours.keys(), there) | (ours.keys() & there.keys()) if foreign else set(heads)
        missing = list(steps(_without_older(script, found), context))
        lacking = _lacking(script, found, there)
        if lacking and steps.__name__ == "downgrade":
            raise CommandError(f"The database lacks {_listed(lacking)}, which others came after by now: upgrade first.")
        if lacking and steps.__name__ == "upgrade":  # to stamp is to note, not to apply
            print(f"The database has {_listed(sorted(found))} but not {_listed(lacking)}, which comes before by now.")
            revisions = script.revision_map
            missing[:0] = [MigrationStep.upgrade_from_script(revisions, script.get_revision(each)) for each in lacking]
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


def _lacking(script: ScriptDirectory, found: set[str], there: Mapping[str, sa.Row[Any]]) -> list[str]:
    """What comes before these revisions and was not applied with them, in its order.

    It came from another branch. A database without the table has only what was applied in order.
    """
    if not there:
        return []
    applied = there.keys() | _lineage(script, found - there.keys())
    absent = _lineage(script, found) - applied
    return [each.revision for each in [*script.walk_revisions()][::-1] if each.revision in absent]


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
    return {*as_tuple(revision.down_revision), *as_tuple(revision.dependencies)}


def _listed(revisions: Iterable[str]) -> str:
    return ", ".join(revisions)


def rows_refused(error: BaseException, statement: str) -> str | None:
    """What is wrong with the rows, if it is they that the statement failed on."""
    if isinstance(error, asyncpg.RaiseError):
        return str(error)  # the revision's own words
    altered = ALTERED.fullmatch(statement.strip())
    if altered and isinstance(error, (asyncpg.DataError, asyncpg.DatatypeMismatchError)):
        return (
            f"{altered['table']}.{altered['column']}: a value there does not fit {altered['type'].lower()}. "
            f"Change such rows {BEFORE}, or write into its postgresql_using what becomes of them."
        )
    if not isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return None
    table, name = error.table_name, error.constraint_name
    if isinstance(error, asyncpg.NotNullViolationError):
        return (
            f"{table}.{error.column_name}: rows have no value there, and need one from now on. Fill them {BEFORE}: "
            "a new column is nullable or has a default at first (docs/deployment.md)."
        )
    if isinstance(error, asyncpg.UniqueViolationError):
        return f"{table}: {name} allows a value once, and rows have it twice. Change one of them {BEFORE}."
    return f"{table}: {name} refuses rows that are there. Change them {BEFORE}."
