"""The names that PostgreSQL and the generated tables own, and how names of the domain give way to them."""

from __future__ import annotations

from ...text.naming import digest

LONGEST_IDENTIFIER = 60  # PostgreSQL silently cuts what is longer than 63; a name and its field share a line of code

LONGEST_COLUMN = 55  # a line of SQL has it twice, `name = :name`

RESERVED_TABLES = frozenset({"idempotency_key", "alembic_version"})
SQL_WORDS = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
    char character check coalesce collate collation column concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable
    desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group
    grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
    json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value
    lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize
    not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision
    primary real references returning right row select session_user setof similar smallint some substring symmetric
    system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar
    variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces
    xmlparse xmlpi xmlroot xmlserialize xmltable
    ctid cmax cmin tableoid xmax xmin
    """.split()
)
"""Reserved and column-name words of PostgreSQL 18, and its system columns."""


def sql_name(name: str) -> str:
    """The name as an unquoted PostgreSQL identifier: `order` → `order_`."""
    return f"{name}_" if name in SQL_WORDS else name


def short(name: str) -> str:
    """The identifier within 60 bytes; a longer one ends in a hash of itself, so it stays stable."""
    if len(name) <= LONGEST_IDENTIFIER:
        return name
    return f"{name[: LONGEST_IDENTIFIER - 9].rstrip('_')}_{digest(name)}"
