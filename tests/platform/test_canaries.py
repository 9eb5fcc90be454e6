"""What is personal or secret is in no log, whatever the database refuses."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pydantic
import pytest
import yaml
from dev import ROOT, migrate, postgres
from ordering.kernel import RuleViolated
from ordering.platform import telemetry
from ordering.platform.http import Operations, Reply
from ordering.platform.logs import JsonFormatter, error_summary, error_trace
from sqlalchemy.exc import DBAPIError
from web import Web, problem

CANARY = "ann@canary.example"
TABLES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE person (
    id uuid PRIMARY KEY,
    email varchar(40) NOT NULL UNIQUE,
    api_key text,
    age integer CHECK (age > 0),
    balance numeric(4, 2),
    born date,
    stays int4range,
    boss text REFERENCES person (email),
    EXCLUDE USING gist (api_key WITH =, stays WITH &&)
);
INSERT INTO person (id, email, api_key, age, stays)
VALUES (gen_random_uuid(), 'ann@canary.example', 'ann@canary.example', 1, '[1,9]');
"""
INSERT = "INSERT INTO person (id, email, api_key, age, boss, balance, stays) VALUES ($1, $2, $3, $4, $5, $6, $7)"
REFUSED = {
    "unique": (INSERT, CANARY, None, 1, None, None, None),
    "check": (INSERT, "bob@canary.example", CANARY, -1, None, None, None),
    "not null": (INSERT, None, CANARY, 1, None, None, None),
    "reference": (INSERT, "bob@canary.example", None, 1, "who@canary.example", None, None),
    "too long": (INSERT, f"{'x' * 40}{CANARY}", None, 1, None, None, None),
    "overflow": (INSERT, "bob@canary.example", CANARY, 1, None, 123456, None),
    "exclusion": (INSERT, "bob@canary.example", CANARY, 1, None, None, asyncpg.Range(2, 3)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture(scope="module")
def own_server(folder: Path) -> Iterator[str]:
    """A server whose log is ours alone."""
    with postgres.server(folder) as url:
        yield url


@pytest.fixture
async def connection(own_server: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    url = await postgres.create_database(own_server)
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    yield connection
    await connection.close()
    await postgres.drop_database(own_server, url)


def test_the_server_of_the_tests_logs_what_that_of_compose_does() -> None:
    command = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["postgres"]["command"]
    assert set(postgres.LOGGING) == {word.removeprefix("--") for word in command if word.startswith("--log_")}


async def log_of(connection: "asyncpg.Connection[Any]") -> str:
    """What the server has logged so far. That of a statement is there before its answer."""
    return (Path(await connection.fetchval("SHOW data_directory")).parent / "log").read_text()


async def refuse(connection: "asyncpg.Connection[Any]", kind: str) -> asyncpg.PostgresError:
    statement, *arguments = REFUSED[kind]
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await connection.execute(statement, uuid4(), *arguments)
    return refusal.value


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_refused_row_is_in_no_log(kind: str, connection: "asyncpg.Connection[Any]") -> None:
    refused = await refuse(connection, kind)
    log = await log_of(connection)
    assert str(refused.as_dict()["message"]) in log
    assert "canary" not in log.partition("CREATE TABLE")[0] + log.rpartition("'[1,9]'")[2]
    seen = error_trace(refused)
    assert "canary" not in seen
    assert refused.sqlstate in seen
    assert refused.constraint_name is None or refused.constraint_name in seen
    assert "in refuse" in seen


async def test_arguments_are_in_no_log(connection: "asyncpg.Connection[Any]") -> None:
    with pytest.raises(asyncpg.DataError):
        await connection.fetch("SELECT $1::text::jsonb", f'{{"{CANARY}"')
    await connection.fetch("SELECT pg_sleep(0.6), $1::text", CANARY)  # slower than what is logged
    log = await log_of(connection)
    assert "pg_sleep" in log
    assert "canary" not in log.rpartition("'[1,9]'")[2]


@pytest.mark.parametrize("kind", REFUSED)
async def test_what_comes_of_a_refusal_quotes_nothing_either(kind: str, connection: "asyncpg.Connection[Any]") -> None:
    refused = await refuse(connection, kind)
    try:
        try:
            raise refused
        except asyncpg.PostgresError as error:
            raise ExceptionGroup("both", [RuleViolated("no"), error]) from error
    except ExceptionGroup as group:
        group.__cause__.__context__ = group  # type: ignore[union-attr]
        seen = error_trace(group)
    assert "canary" not in seen
    assert seen.count(refused.sqlstate or "") >= 1
    assert "RuleViolated: no" in seen


class Person(pydantic.BaseModel):
    email: str
    age: int


def test_other_errors_that_quote_their_input_are_told_without_it() -> None:
    with pytest.raises(pydantic.ValidationError) as invalid:
        Person.model_validate({"email": None, "age": CANARY})
    assert (
        error_summary(invalid.value)
        == "pydantic_core._pydantic_core.ValidationError: email string_type, age int_parsing"
    )
    assert error_summary(asyncpg.InterfaceError(CANARY)) == "asyncpg.exceptions._base.InterfaceError"
    assert error_summary(RuntimeError("a reason")) == "RuntimeError: a reason"
    assert error_summary(RuntimeError()) == "RuntimeError"


async def test_an_unexpected_refusal_is_logged_and_answered_without_its_row(
    connection: "asyncpg.Connection[Any]", caplog: pytest.LogCaptureFixture
) -> None:
    router = Operations("things", tag="Things")

    @router.post("/moves", operation_id="move")
    async def move() -> Reply:
        raise await refuse(connection, "exclusion")

    answer = await Web(routers=[router]).post("/moves")
    assert problem(answer) == (500, "internal-error")
    assert "canary" not in answer.text
    (record,) = (each for each in caplog.records if each.name.startswith("ordering."))
    line = json.loads(JsonFormatter().format(record))
    assert "canary" not in json.dumps(line)
    assert "23P01" in line["exception"]
    sent: list[dict[str, Any]] = []

    class Provider:
        def get_logger(self, _: str) -> Any:
            return type("Logger", (), {"emit": lambda _, **entry: sent.append(entry)})()

    telemetry._Handler(Provider()).emit(record)  # type: ignore[arg-type]
    assert "canary" not in str(sent)
    assert "23P01" in sent[0]["attributes"]["exception.stacktrace"]


async def test_a_migration_that_is_refused_is_told_without_rows(
    connection: "asyncpg.Connection[Any]", own_server: str
) -> None:
    name = await connection.fetchval("SELECT current_database()")
    url = own_server.rpartition("/")[0] + f"/{name}"
    await connection.execute("CREATE TABLE customers (email text); INSERT INTO customers VALUES ($canary$ann$canary$)")
    with pytest.raises(migrate.CommandError) as refusal:
        await asyncio.to_thread(migrate.upgrade, url)
    assert "42P07" in str(refusal.value)
    assert "CREATE TABLE customers" in str(refusal.value)
    assert not isinstance(refusal.value.__cause__, DBAPIError)
