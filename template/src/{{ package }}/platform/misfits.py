"""What a revision meets in the rows that are there, as one sentence: the column, and what to do about it.

The server's own words quote rows. Only migrations import this module.
"""

import re

import asyncpg

BEFORE = "in a revision before this one"
ALTERED = re.compile(
    r'ALTER TABLE "?(?P<table>\w+)"? ALTER COLUMN "?(?P<column>\w+)"? TYPE (?P<type>.+?)(?: USING .*)?', re.DOTALL
)


def sentence(error: BaseException, statement: str) -> str | None:
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
