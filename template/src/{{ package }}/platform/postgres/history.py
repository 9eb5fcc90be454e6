"""The revisions that this release was built on, and whether the database has them.

They are read from their files: the running service loads neither Alembic nor SQLAlchemy.
"""

import ast
import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from . import Database
from .sessions import Misdirected

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parents[4] / "migrations" / "versions"

OPENING_PATIENCE_S = 2.0
LOOKING_PATIENCE_S = 10.0
SHORTEST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0

TABLES = """
SELECT to_regclass('alembic_version') IS NOT NULL AS newest, to_regclass('applied_revision') IS NOT NULL AS applied
"""
NEWEST = "SELECT version_num FROM alembic_version"
APPLIED = "SELECT revision FROM applied_revision"


class Revision(NamedTuple):
    """A revision as its file has it."""

    id: str
    after: tuple[str, ...]
    """The revisions that it comes after."""
    needs: tuple[str, ...]
    """Others that have to be applied before it."""
    path: Path


def read(folder: Path = FOLDER) -> list[Revision]:
    """The revisions in the folder, by the names of their files; none where there is no folder."""
    found = (_revision(path, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.py")))
    return [each for each in found if each is not None]


def _revision(path: Path, text: str) -> Revision | None:
    """What the assignments of the file say; None if it is no revision."""
    given: dict[str, Any] = {}
    for node in _module(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                try:
                    given[target.id] = ast.literal_eval(value)
                except (TypeError, ValueError):
                    continue  # what is computed is nothing that Alembic asks for
    revision = given.get("revision")
    if not isinstance(revision, str):
        return None
    return Revision(revision, as_tuple(given.get("down_revision")), as_tuple(given.get("depends_on")), path)


def _module(text: str) -> ast.Module:
    """The file up to its first function: what follows says nothing of its place, and is long."""
    try:
        return ast.parse(text.partition("\ndef ")[0])
    except SyntaxError:  # a decorator, or a text that looks like a function
        return ast.parse(text)


def as_tuple(value: Any) -> tuple[str, ...]:
    """The revisions that are given as none, one or several."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(map(str, value))


def lineage(revisions: Mapping[str, Revision], ids: Iterable[str]) -> set[str]:
    """These of the revisions, and all that come before them."""
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        each = waiting.pop()
        if each in revisions and each not in found:
            found.add(each)
            waiting += (*revisions[each].after, *revisions[each].needs)
    return found


def missing(revisions: Mapping[str, Revision], newest: Collection[str], applied: Collection[str]) -> list[Revision]:
    """Those of the revisions that a database lacks.

    `newest` are its newest ones as Alembic notes them, `applied` all that its migrations have noted: these count where
    there are any, because a revision may have got its place in the line after a later one was applied.
    """
    there = {*applied} | lineage(revisions, (each for each in newest if each not in applied))
    return [each for each in revisions.values() if each.id not in there]


class History:
    """Whether the database has the revisions of this release: looked at until it has them all, then remembered.

    Revisions that this release does not know are later ones, which it can live with.
    """

    def __init__(self, database: Database, folder: Path = FOLDER) -> None:
        self._database = database
        self._revisions = {each.id: each for each in read(folder)}
        self._is_complete = not self._revisions
        self._missing: list[str] = []
        self._looked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to look; returns when that was done once, or after a short while."""
        self._task = asyncio.create_task(self._look_until_complete())
        try:
            async with asyncio.timeout(OPENING_PATIENCE_S):
                await self._looked.wait()
        except TimeoutError:
            pass  # the connections say in the log that there is no database

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def is_complete(self) -> bool:
        """Whether the database was seen to have all revisions."""
        return self._is_complete

    async def _look_until_complete(self) -> None:
        pause = SHORTEST_PAUSE_S
        while not self._is_complete:
            try:
                async with asyncio.timeout(LOOKING_PATIENCE_S):
                    await self._look()
            except asyncpg.InsufficientPrivilegeError as error:
                logger.warning("whether the database has the revisions of this release is not known: %s", error)
                self._is_complete = True
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, Misdirected):
                pass  # the connections of the requests meet the same, and tell
            self._looked.set()
            if not self._is_complete:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _look(self) -> None:
        async with self._database.apart() as fetch:
            ((newest, applied),) = await fetch(TABLES)
            heads = {row["version_num"] for row in await fetch(NEWEST)} if newest else set()
            noted = {row["revision"] for row in await fetch(APPLIED)} if applied else set()
        lacking = [each.path.name for each in missing(self._revisions, heads, noted)]
        if lacking != self._missing and lacking:
            logger.error("not ready: the database lacks %s; run the migrations of this release", _listed(lacking))
        elif self._missing and not lacking:
            logger.warning("the database has all revisions of this release now")
        self._missing = lacking
        self._is_complete = not lacking


def _listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")
