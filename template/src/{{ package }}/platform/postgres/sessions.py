"""Sessions with PostgreSQL: how one begins, the limits that are in force in it, and how values travel in it.

A pooler gives each transaction another session, so what is set or prepared for a session is lost. Behind one, each
statement is therefore an explicit transaction, which sets its limits itself or finds them set for its role.

Numbers and moments travel as text, which Python reads several times faster than asyncpg puts them together from their
binary parts: in a list these are most of the values.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import asyncpg
import msgspec

from ...settings import Settings, database_url

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


INFINITE = {
    "infinity": datetime.max.replace(tzinfo=UTC),
    "-infinity": datetime.min.replace(tzinfo=UTC),
}


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
