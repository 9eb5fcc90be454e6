"""A replica gets no requests while its database lacks what its release was built on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx2
import pytest
from dev import ROOT, migrate, postgres
from ordering.app import create_app
from ordering.platform.http.about import health_router
from ordering.platform.postgres import Database
from ordering.platform.postgres.history import History, missing, read
from ordering.settings import Settings
from pydantic import SecretStr
from sockets import until
from web import Web, problem

Connect = Callable[..., Awaitable[Database]]

PLAIN = '''"""add a note"""

import sqlalchemy as sa

revision = "{id}"
down_revision = {after!r}
depends_on = {needs!r}


def upgrade() -> None:
    pass
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three revisions, the second of which got its place between the others."""
    for name, after in (("0001", None), ("second", "0001"), ("third", ("second",))):
        (tmp_path / f"{name}_add.py").write_text(PLAIN.format(id=name, after=after, needs=None))
    return tmp_path


@pytest.fixture
async def url(server: str) -> AsyncIterator[str]:
    made = await postgres.create_database(server)
    yield made
    await postgres.drop_database(server, made)


def test_revisions_are_read_from_their_files(folder: Path) -> None:
    (folder / "__init__.py").touch()
    (folder / "computed.py").write_text('revision = "a" + "b"\ndown_revision = None\n')
    (folder / "typed.py").write_text(
        '"""x\ndef y\n"""\nrevision: str = "t"\ndown_revision: str | None = "0001"\n'
        'depends_on = [\n    "a",\n    "b",\n]\n@decorated\ndef upgrade() -> None: ...\n'
    )
    found = {each.id: each for each in read(folder)}
    assert found.keys() == {"0001", "second", "third", "t"}
    assert found["0001"].after == ()
    assert found["third"].after == ("second",)
    assert (found["t"].after, found["t"].needs) == (("0001",), ("a", "b"))
    assert read(folder / "none") == []


def test_the_revisions_of_this_service_are_found() -> None:
    assert [each.path.parent for each in read()] == [ROOT / "migrations" / "versions"]


@pytest.mark.parametrize(
    ("newest", "applied", "lacking"),
    [
        ((), (), {"0001", "second", "third"}),
        (("0001",), (), {"second", "third"}),
        (("third",), (), set()),  # a database that is older than the table
        (("third",), ("0001", "third"), {"second"}),
        (("later",), ("0001", "second", "third", "later"), set()),
        (("later",), (), {"0001", "second", "third"}),  # nothing tells that it came after ours
        (("second", "later"), ("later",), {"third"}),
    ],
)
def test_what_a_database_lacks(folder: Path, newest: tuple[str], applied: tuple[str], lacking: set[str]) -> None:
    revisions = {each.id: each for each in read(folder)}
    assert {each.id for each in missing(revisions, newest, applied)} == lacking


async def test_a_replica_is_ready_when_its_database_has_all_revisions(
    url: str, connect: Connect, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await connect(url, database_pool_size=1)
    await until(lambda: database._idle)
    monkeypatch.setattr("ordering.platform.postgres.history.LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr("ordering.platform.postgres.history.SHORTEST_PAUSE_S", 0.01)
    history = History(database, folder)
    web = Web(routers=[health_router(database.is_reachable, None, history.is_complete)])
    async with database.transaction():  # the only connection of the requests
        await history.open()
        answer = await web.get("/readyz", token=None)
        assert problem(answer) == (503, "service-unavailable")
        assert answer.json()["detail"] == "The database lacks revisions of this release."
    assert "lacks 0001_add.py, second_add.py, third_add.py; run the migrations" in caplog.text
    await database.execute("CREATE TABLE alembic_version (version_num text)")
    await database.execute("CREATE TABLE applied_revision (revision text)")
    await database.execute("INSERT INTO applied_revision VALUES ('0001'), ('third'), ('later')")
    await database.execute("INSERT INTO alembic_version VALUES ('later')")
    await until(lambda: "lacks second_add.py;" in caplog.text)
    assert problem(await web.get("/readyz", token=None)) == (503, "service-unavailable")
    await database.execute("INSERT INTO applied_revision VALUES ('second')")
    assert history._task is not None
    await history._task
    assert (await web.get("/readyz", token=None)).status_code == 200
    assert len([each for each in caplog.messages if "lacks" in each]) == 2
    # It was seen, and is not asked again.
    await database.execute("DROP TABLE applied_revision, alembic_version")
    assert (await web.get("/readyz", token=None)).status_code == 200
    await history.close()


async def test_the_application_waits_for_its_own_revisions(url: str, settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"database_url": SecretStr(url)}))
    transport = httpx2.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://s") as client:
        assert (await client.get("/readyz")).json()["detail"] == "The database lacks revisions of this release."
        await asyncio.to_thread(migrate.upgrade, url)
        while (answer := await client.get("/readyz")).status_code != 200:
            assert "lacks" in answer.json()["detail"]
            await asyncio.sleep(0.05)


async def test_it_is_looked_at_again_when_the_database_has_come(
    url: str, connect: Connect, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await connect(url)
    monkeypatch.setattr("ordering.platform.postgres.history.SHORTEST_PAUSE_S", 0.01)
    asked = []

    async def away(*_: object, **__: object) -> None:
        asked.append(True)
        raise OSError

    with monkeypatch.context() as during:
        during.setattr(asyncpg, "connect", away)
        history = History(database, folder)
        await history.open()
        await until(lambda: len(asked) > 1)
        assert not await history.is_complete()
    for each in ("0001", "second", "third"):
        (folder / f"{each}_add.py").unlink()
    await database.execute("CREATE TABLE alembic_version AS SELECT 'third' AS version_num")
    assert history._task is not None
    await history._task
    assert await history.is_complete()


async def test_who_may_not_look_is_told_and_works(
    url: str, connect: Connect, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = await connect(url)
    await database.execute("CREATE TABLE alembic_version (version_num text)")
    role = f"reader_{url.rpartition('/')[2]}"
    await database.execute(f"CREATE ROLE {role}")
    await database.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET role = {role}")
    history = History(await connect(url), folder)
    await history.open()
    assert await history.is_complete()
    assert "permission denied for table alembic_version" in caplog.text
    await database.execute(f"DROP ROLE {role}")


async def test_a_release_without_revisions_asks_nothing(connect: Connect, tmp_path: Path) -> None:
    history = History(await connect(), tmp_path)
    assert await history.is_complete()
    await history.open()
    await history.close()
