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
