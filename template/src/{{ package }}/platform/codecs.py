"""How values travel between Python and PostgreSQL, where asyncpg's own way is missing or slow.

Numbers and moments travel as text, which Python reads several times faster than asyncpg puts them together from their
binary parts: in a list these are most of the values.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec

INFINITE = {
    "infinity": datetime.max.replace(tzinfo=UTC),
    "-infinity": datetime.min.replace(tzinfo=UTC),
}


async def register(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Let a new connection use the codecs."""
    for name, (encode, decode) in _CODECS.items():
        await connection.set_type_codec(name, schema="pg_catalog", encoder=encode, decoder=decode)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _moment(text: str) -> datetime:
    """The moment, in UTC, that `timestamptz` has as its text."""
    return _from_iso(text) if text[-3:] == "+00" else _other_moment(text)


def _other_moment(text: str) -> datetime:
    infinite = INFINITE.get(text)
    return _from_iso(text).astimezone(UTC) if infinite is None else infinite


_from_iso = datetime.fromisoformat
_CODECS: dict[str, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    "jsonb": (_json, msgspec.json.decode),
    "numeric": (str, Decimal),
    "timestamptz": (datetime.isoformat, _moment),
}
