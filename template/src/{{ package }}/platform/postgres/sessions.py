"""Sessions with PostgreSQL: how one begins, the limits in force in it, how values travel, and what its errors mean.

A pooler gives each transaction another session, so what is set or prepared for a session is lost. Behind one, each
statement is therefore an explicit transaction, which sets its limits itself or finds them set for its role.

Numbers and moments travel as text, which Python reads several times faster than asyncpg puts them together from their
binary parts: in a list these are most of the values.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import reduce
from typing import Any, TypeAlias, TypeVar

import asyncpg
import msgspec
from pydantic import BaseModel

from ...kernel import (
    AlreadyExists,
    DomainError,
    InvalidValue,
    ReferenceNotFound,
    StillReferenced,
    Unavailable,
    ValueRefused,
)
from ...settings import Settings, database_url
from ..problems import pointer

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

T = TypeVar("T")

STATEMENT_CACHE_SIZE = 512

UNTOLD = (
    "DATABASE_URL leads to a connection pooler, behind which time limits and prepared statements are lost: "
    "set DATABASE_POOLER=transaction, or let DATABASE_URL lead to PostgreSQL itself"
)

# What poolers say to parameters of a session and to transactions, and what comes of statements prepared in another one.
POOLERS_ERRORS = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.DuplicatePreparedStatementError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.ProtocolViolationError,
)

IN_FORCE = """
SELECT
    pg_backend_pid() AS pid,
    current_user AS role,
    (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name = ANY($1))::text AS settings
"""

INFINITE = {
    "infinity": datetime.max.replace(tzinfo=UTC),
    "-infinity": datetime.min.replace(tzinfo=UTC),
}

# Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html
LOST_CONNECTION = ("08", "57P", "40003", "25006", "25P03", "25P04")  # also: the primary has become a standby
OPEN_OUTCOME = ("08", "57P", "40003")  # of these, where a commit may have come before
ROLLED_BACK = ("40001", "40P01")  # serialization failure, deadlock: the same again may succeed
BUSY = ("40", "53", "55P03", "57014")  # rolled back by the server, out of resources, lock or statement time-out
BAD_VALUE = ("22", "23502", "23514")  # data exceptions, not-null and check violations
UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"
RESTRICT_VIOLATION = "23001"

ANY = "*"
"""Stands in the pointer of a constraint for the place of an item in its list: `/lines/*/sku`, `/tag_ids/*`."""

# What PostgreSQL says in the detail of an error, in whatever language: the columns of a key with their values, and the
# whole row, which begins with the resource that a part belongs to and the part's place in it.
_KEY = re.compile(r"\)=\((?P<values>.*)\)", re.DOTALL)
_ROW = re.compile(r"\([0-9a-f-]{36}, (?P<position>[0-9]+)[,)]")


class Misdirected(Exception):
    """DATABASE_URL leads to something that DATABASE_POOLER does not fit; the message says what is missing."""


class Sessions:
    """Opens sessions as the settings want them.

    `begin` is what a transaction sets first, empty where the limits are in force without it.
    """

    def __init__(self, settings: Settings, application_name: str) -> None:
        self._settings = settings
        self._pooled = settings.database_pooler != "none"
        self._limits = {
            "TimeZone": "UTC",
            "DateStyle": "ISO",
            "jit": "off",
            "statement_timeout": str(settings.database_statement_timeout_ms),
            "lock_timeout": str(settings.database_lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(settings.database_idle_transaction_timeout_ms),
        }
        self._start = {**self._limits, "application_name": application_name, "tcp_keepalives_idle": "60"}
        local = {"application_name": application_name.replace("'", "''"), **self._limits}
        self.begin = ""
        if settings.database_pooler == "transaction":
            self.begin = " ".join(f"SET LOCAL {name} = '{value}';" for name, value in local.items())

    def alone(self, method: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
        """A connection's method that runs one statement, as a transaction of its own behind a pooler too."""
        if not self._pooled:
            return method
        begin = f"BEGIN; {self.begin}"

        async def run(connection: Connection, sql: str, *args: Any) -> T:
            await connection.execute(begin)
            try:
                result = await method(connection, sql, *args)
            except asyncpg.PostgresError:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
            return result

        return run

    async def open(self) -> Connection:
        """A connection whose limits were seen to be in force; raises `Misdirected` or what asyncpg raises."""
        settings = self._settings
        try:
            connection = await asyncpg.connect(
                database_url(settings.secrets_dir, settings.database_url.get_secret_value()),
                timeout=settings.database_connect_timeout_s,
                statement_cache_size=0 if self._pooled else STATEMENT_CACHE_SIZE,
                max_cached_statement_lifetime=0,
                server_settings=None if self._pooled else self._start,
            )
        except POOLERS_ERRORS as error:
            raise Misdirected(self._refusal(error)) from error
        try:
            await register_codecs(connection)
            await self._check(connection)
        except POOLERS_ERRORS as error:
            connection.terminate()
            raise Misdirected(self._refusal(error)) from error
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _check(self, connection: Connection) -> None:
        (found,) = await self.alone(asyncpg.Connection.fetch)(connection, IN_FORCE, list(self._limits))
        if not self._pooled and found["pid"] != connection.get_server_pid():
            raise Misdirected(UNTOLD)  # a pooler keeps the process id of PostgreSQL to itself
        settings = msgspec.json.decode(found["settings"])
        # The first word of `ISO, MDY` is the style.
        missing = {name: value for name, value in self._limits.items() if settings[name].split(",")[0] != value}
        if not missing:
            return
        if self._settings.database_pooler != "transaction-role":
            raise Misdirected(f"{UNTOLD}; not in force: {', '.join(missing)}")
        role = found["role"].replace('"', '""')
        statements = " ".join(f"ALTER ROLE \"{role}\" SET {name} = '{value}';" for name, value in missing.items())
        raise Misdirected(f"DATABASE_POOLER=transaction-role counts on limits that the role has not: {statements}")

    def _refusal(self, error: Exception) -> str:
        if not self._pooled:
            return UNTOLD
        return f"the pooler at DATABASE_URL gives no session to a transaction: {error}"


async def register_codecs(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let a new connection use the codecs."""
    for name, (encode, decode) in _CODECS.items():
        await connection.set_type_codec(name, schema="pg_catalog", encoder=encode, decoder=decode)


def _json(value: Any) -> str:
    return _encode(value).decode()


def _text(moment: datetime) -> str:
    """A moment as RFC 3339 has it, in half the time that isoformat() takes."""
    if not isinstance(moment, datetime):
        raise TypeError("a moment is expected")
    text: str = _to_builtins(moment)
    return text


def _moment(text: str) -> datetime:
    """The moment, in UTC, that `timestamptz` has as its text."""
    return _from_iso(text) if text[-3:] == "+00" else _other_moment(text)


def _other_moment(text: str) -> datetime:
    infinite = INFINITE.get(text)
    return _from_iso(text).astimezone(UTC) if infinite is None else infinite


_encode = msgspec.json.Encoder().encode
_to_builtins = msgspec.to_builtins
_from_iso = datetime.fromisoformat
_CODECS: dict[str, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    "jsonb": (_json, msgspec.json.decode),
    "numeric": (str, Decimal),
    "timestamptz": (_text, _moment),
}


class RolledBack(Unavailable):
    """The server has undone a transaction because of another one; the same again may succeed."""

    def __init__(self, code: str) -> None:
        super().__init__("The database is too busy to answer in time.")
        self.sqlstate = code


def meaning_of(error: asyncpg.PostgresError, constraints: Mapping[str, str]) -> DomainError | None:
    """What the error means to a caller, None if it means nothing; `constraints` are the places that they guard."""
    code = error.sqlstate or ""
    if code.startswith(LOST_CONNECTION):
        return Unavailable("The connection to the database was lost.")
    if code in ROLLED_BACK:
        return RolledBack(code)
    if code.startswith(BUSY):
        return Unavailable("The database is too busy to answer in time.")
    if code.startswith(BAD_VALUE):
        return _refused(InvalidValue, "A value cannot be stored.", error, constraints)
    if code == UNIQUE_VIOLATION:
        several = " " in constraints.get(error.constraint_name or "", "")
        taken = "Another resource has these values already." if several else "Another resource has this value already."
        return _refused(AlreadyExists, taken, error, constraints)
    # References point at `id`, and no referring column has that name: so the columns in the detail, in whatever
    # language it is, tell on which side the key was violated.
    if code == RESTRICT_VIOLATION or (code == FOREIGN_KEY_VIOLATION and "(id)=(" in (error.detail or "")):
        return StillReferenced("Other resources still refer to this one.")
    if code == FOREIGN_KEY_VIOLATION:
        return _refused(ReferenceNotFound, "There is no such resource.", error, constraints)
    return None


def _refused(
    refusal: type[ValueRefused], message: str, error: asyncpg.PostgresError, constraints: Mapping[str, str]
) -> ValueRefused:
    place = constraints.get(error.constraint_name or "", "")
    return refusal(message, place=place, said=error.detail or "")


def place_in(body: BaseModel, refusal: ValueRefused) -> str | None:
    """The JSON pointers of the item's values in this body; None where the refusal is about no item or none of these."""
    if ANY not in refusal.place:
        return None
    places = [place[1:].split("/") for place in refusal.place.split()]
    part, members = places[0][0], [place[2:] for place in places]
    if members == [[]]:  # a list of values
        index = _index(_member(body, part) or [], refusal)
        return None if index is None else pointer(part, index)
    index = _index([_values(item, members) for item in _member(body, part) or ()], refusal)
    return None if index is None else " ".join(pointer(part, index, *member) for member in members)


def _values(item: BaseModel, members: list[list[str]]) -> Any:
    """The item's value, or a tuple of several; None where one of them is absent, and so like no other."""
    if len(members) == 1:
        return reduce(_member, members[0], item)
    sent = {field.alias or name for name, field in type(item).model_fields.items()}
    values = tuple(_member(item, name) for (name,) in members if name in sent)
    return None if None in values else values


def _index(values: list[Any], refusal: ValueRefused) -> int | None:
    if isinstance(refusal, InvalidValue):
        row = _ROW.search(refusal.said)
        return int(row["position"]) if row and int(row["position"]) < len(values) else None
    # A key looks like a row where its value is a number.
    key = _KEY.search(refusal.said)
    if key is None:
        return None
    if isinstance(refusal, AlreadyExists):
        texts = [None if value is None else str(value).casefold() for value in values]
        repeated = [index for index, text in enumerate(texts) if text is not None and text in texts[:index]]
        equal = [index for index, value in enumerate(values) if value is not None and value in values[:index]]
        return next(iter(equal or repeated), None)
    return next((index for index, value in enumerate(values) if str(value) == key["values"]), None)


def _member(model: BaseModel | None, wire: str) -> Any:
    """The value of the member that has this name in JSON; None where there is no such object."""
    for name, field in type(model).model_fields.items() if model else ():
        if (field.alias or name) == wire:
            return getattr(model, name)
    return None
