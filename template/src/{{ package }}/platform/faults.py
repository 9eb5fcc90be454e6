"""Exceptions as the log may show them: where they come from, and what they are, without the data that they quote."""

import traceback
from collections.abc import Iterator

import asyncpg
import msgspec
from pydantic_core import ValidationError

QUOTING = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, msgspec.MsgspecError)
"""Their texts repeat rows and arguments."""


def summary(error: BaseException) -> str:
    """Name and text of an error; of one that quotes data, what there is to know besides."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, asyncpg.PostgresError):
        known = {
            "sqlstate": error.sqlstate,
            "constraint": error.constraint_name,
            "table": error.table_name,
            "column": error.column_name,
        }
        text = ", ".join(f"{key} {value}" for key, value in known.items() if value)
    elif isinstance(error, ValidationError):
        errors = error.errors(include_input=False, include_context=False, include_url=False)
        text = ", ".join(f"{'.'.join(map(str, each['loc']))} {each['type']}" for each in errors)
    else:
        text = "" if isinstance(error, QUOTING) else str(error)
    return f"{name}: {text}" if text else name


def trace(error: BaseException) -> str:
    """The traceback of an error and of those that it comes from, the first one first."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    origin = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if origin is not None and id(origin) not in seen:
        yield from _lines(origin, seen)
        yield "\nwhich led to:\n"
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield summary(error)
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _lines(each, seen)
